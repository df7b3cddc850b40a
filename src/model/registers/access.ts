/** Who may access which register, and which of its bits exist: IHI 0070 6.2. */

import { maskOf } from '../../bits/layout.ts';
import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { REGISTERS, type Register, registerAt, worldRegister } from '../../spec/registers.ts';
import type { RegisterBank } from '../bank.ts';
import type { FieldBitsByLayout } from '../field-bits.ts';
import type { QueueMachine } from '../machine.ts';
import { blockOf, controlPageOf, offsetOf } from '../places.ts';
import { ecmdqStride } from '../queues/ecmdq.ts';
import { worldRuleOff } from '../world-rules.ts';
import { counterWordAt, isHiddenFromNonSecure } from './counters.ts';
import type { RegisterWord } from './word-write.ts';

/** The register word at a place, or null where there is none: RES0. */
function registerWordAt(bank: RegisterBank, place: number): RegisterWord | null {
  const at = blockOf(place);
  if (at === null) return null;
  if (at.block === 'PMCG') return counterWordAt(bank, at, place);
  const { copy } = at;
  const controls = at.block === 'CMDQCP' ? controlPageOf(copy).world : null;
  const stride = controls === null ? 0 : ecmdqStride(bank, controls);
  const whole = registerAt(at.block, at.offset, stride);
  if (whole) return { ...whole, word: 0, place, copy, world: controls ?? whole.register.world };
  const upper = at.offset >= 4 ? registerAt(at.block, at.offset - 4, stride) : undefined;
  return upper?.register.width === 64
    ? { ...upper, word: 1, place, copy, world: controls ?? upper.register.world }
    : null;
}

/**
 * The register word that an access reaches, whether or not it may; null where there is none. The offset alone chooses
 * the bank (6.1).
 * @param offset bytes from the base of the SMMU
 * @param world physical address space of the access
 */
export function wordReached(machine: QueueMachine, offset: number, world: World): RegisterWord | null {
  const { bank } = machine;
  const place = bank.placeAt(offset);
  const at = place === null ? null : registerWordAt(bank, place);
  const { rulesOff } = machine.state('ns');
  if (at === null || at.world === null || rulesOff.size === 0) return at;
  if (worldRuleOff(rulesOff, at.world, 'REGISTERS')) return null;
  if (at.world !== 'ns' || !rulesOff.has('world:MMIO-BANK')) return at;
  const own = worldRegister(world, at.register.stem);
  return own === undefined ? at : registerWordAt(bank, offsetOf(own.short) + at.word * 4);
}

/** Which physical address spaces reach the registers of a world (6.2): Root reaches all. */
export const REACHED_BY: Readonly<Record<World, readonly World[]>> = {
  ns: ['ns', 's', 'realm', 'root'],
  s: ['s', 'root'],
  realm: ['realm', 'root'],
  root: ['root'],
};

/** Registers of counter groups that are Secure (10.5). */
const SECURE_COUNTER_REGISTERS: ReadonlySet<Register> = new Set([
  REGISTERS.PMCG_SCR,
  REGISTERS.PMCG_S_MPAMIDR,
]);

/** Why an access reads zero and writes nothing, or null when it reaches the register. */
export function unreachable(
  machine: QueueMachine,
  { register, copy, world: registers }: RegisterWord,
  world: World,
): string | null {
  const { name, needs } = register;
  const { bank, options } = machine;
  const { bits, rulesOff } = machine.state('ns');
  const open = register === REGISTERS.S_INIT && options.secureInitOpen;
  if (registers !== null && !open && !reaches(rulesOff, registers, world)) {
    return `${name} is RAZ/WI to an access in ${world} space (6.2)`;
  }
  if (register.block === 'ROOT' && !machine.state('root').present)
    return `${name} does not exist here (it needs ROOT_IDR0.ROOT_IMPL): RAZ/WI`;
  if (SECURE_COUNTER_REGISTERS.has(register) && !REACHED_BY.s.includes(world))
    return `${name} is RAZ/WI to an access in ${world} space (10.5)`;
  if (register.block === 'PMCG' && world === 'ns') {
    if (isHiddenFromNonSecure(bank, copy))
      return `${name} is RAZ/WI to Non-secure while PMCG_SCR.NSRA is 0 (10.5)`;
  }
  if (needs !== undefined && bits.of(register.layout, register.short).reserved.every(isFull)) {
    return `${name} does not exist here (it needs ${needs}): RAZ/WI`;
  }
  return null;
}

function reaches(rulesOff: ReadonlySet<string>, registers: World, access: World): boolean {
  const within = REACHED_BY[registers].includes(access);
  if (rulesOff.size === 0) return within;
  if (worldRuleOff(rulesOff, registers, 'ACCESS')) return registers === 'ns' ? access === 'ns' : true;
  return within || (registers === 's' && rulesOff.has('world:CANNOT-REGS'));
}

function isFull(word: number): boolean {
  return word === 0xffffffff;
}

/** The bits of a word that fields claim whose features are there; the others are RES0. */
export function existingBits(bits: FieldBitsByLayout, { register, word }: RegisterWord): number {
  return ~(bits.of(register.layout, register.short).reserved[word] as number) >>> 0;
}

/** Names of the fields that a mask of a word touches, for people. */
export function fieldNames({ register, word }: RegisterWord, mask: number): string {
  const names = register.layout.list.filter(
    (field) => field.lsb >>> 5 === word && (maskOf(field) & mask) !== 0,
  );
  return names.map((field) => field.name).join(', ');
}

/** `0x20: no register`. */
export function nothingAt(offset: number): string {
  return `there is no register at offset ${hex(offset)}: RES0`;
}
