import type { CommandSpec } from './commands/command.ts';
import { CONFIG_COMMANDS } from './commands/config.ts';
import { TLBI_SECURE_COMMANDS } from './commands/tlbi-secure.ts';
import { TLBI_STAGE1_COMMANDS } from './commands/tlbi-stage1.ts';
import { TLBI_STAGE2_COMMANDS } from './commands/tlbi-stage2.ts';
import { TRAFFIC_COMMANDS } from './commands/traffic.ts';

export type {
  CommandSpec,
  ConfigScope,
  ConfigStructure,
  Legality,
  QueueWorld,
  TlbScope,
} from './commands/command.ts';
export { COMMAND_BYTES } from './commands/command.ts';

/** Every command of the architecture by its name (chapter 4). */
export const COMMANDS = {
  ...CONFIG_COMMANDS,
  ...TLBI_STAGE1_COMMANDS,
  ...TLBI_STAGE2_COMMANDS,
  ...TLBI_SECURE_COMMANDS,
  ...TRAFFIC_COMMANDS,
} as const;

export type CommandName = keyof typeof COMMANDS;

/** The commands in the order of their opcodes. */
export const COMMAND_LIST: readonly (CommandSpec & { readonly name: CommandName })[] = Object.values(
  COMMANDS,
).sort((a, b) => a.opcode - b.opcode);

const BY_OPCODE: (CommandSpec & { readonly name: CommandName })[] = [];
for (const spec of COMMAND_LIST) BY_OPCODE[spec.opcode] = spec;

/** The command with that opcode (0 to 255), or undefined: CERROR_ILL, unless {@link isImpdefOpcode}. */
export function commandByOpcode(opcode: number): (CommandSpec & { readonly name: CommandName }) | undefined {
  return BY_OPCODE[opcode];
}

const { Opcode } = COMMANDS.CMD_SYNC.layout.fields;

/** The opcode of the command at `w[at]`: every command has it in the same place. */
export function opcodeOf(w: Uint32Array, at: number): number {
  return Opcode.get(w, at);
}

/** Opcodes 0x80 to 0x8F are IMPLEMENTATION DEFINED. */
export function isImpdefOpcode(opcode: number): boolean {
  return opcode >= 0x80 && opcode <= 0x8f;
}

const { Range } = COMMANDS.CMD_CFGI_STE_RANGE.layout.fields;

/** CMD_CFGI_STE_RANGE with this Range is CMD_CFGI_ALL (4.3.6). */
export const RANGE_ALL = 31;

/** Names of a command with one field fixed. */
export const COMMAND_ALIASES = {
  CMD_CFGI_ALL: {
    command: 'CMD_CFGI_STE_RANGE',
    field: 'Range',
    value: RANGE_ALL,
    section: '4.3.6',
    doc: 'Drops all cached configuration of the security state.',
  },
} as const satisfies Readonly<
  Record<string, { command: CommandName; field: string; value: number; section: string; doc: string }>
>;

/** The name of the command at `w[at]` with CMD_, aliases included; undefined for a reserved opcode. */
export function commandNameOf(w: Uint32Array, at: number): CommandName | 'CMD_CFGI_ALL' | undefined {
  const spec = BY_OPCODE[opcodeOf(w, at)];
  if (spec === COMMANDS.CMD_CFGI_STE_RANGE && Range.get(w, at) === RANGE_ALL) return 'CMD_CFGI_ALL';
  return spec?.name;
}

const { CS } = COMMANDS.CMD_SYNC.layout.fields;

/** CMD_SYNC.CS. */
export const CS_SIG_NONE = CS.names.SIG_NONE;
export const CS_SIG_IRQ = CS.names.SIG_IRQ;
export const CS_SIG_SEV = CS.names.SIG_SEV;
