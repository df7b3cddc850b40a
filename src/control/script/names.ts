/** Names of the tables as people write them in scripts: in upper or lower case, commands with or without CMD_. */

import { type Field, fieldOf, type Layout } from '../../bits/layout.ts';
import { isWorld, type World } from '../../bits/world.ts';
import { CD } from '../../spec/cd.ts';
import { COMMAND_ALIASES, COMMAND_LIST, COMMANDS, type CommandSpec } from '../../spec/commands.ts';
import { EVENT_LIST, type EventSpec } from '../../spec/events.ts';
import { L1CD } from '../../spec/l1cd.ts';
import { L1STD } from '../../spec/l1std.ts';
import { REGISTER_LIST, type Register, worldRegister } from '../../spec/registers.ts';
import { STE } from '../../spec/ste.ts';

/** The structures of which statements name fields. */
export const SCRIPT_STRUCTURES = { STE, CD, L1STD, L1CD } as const;

/** A command by a name that people write; an alias fixes one field. */
export interface NamedCommand {
  /** As the manual has it, with CMD_. */
  readonly name: string;
  readonly spec: CommandSpec;
  readonly section: string;
  readonly doc: string;
  /** The field that an alias fixes, and its value. */
  readonly fixed: { readonly field: string; readonly value: number } | null;
}

const COMMANDS_BY_NAME = new Map<string, NamedCommand>();
for (const spec of COMMAND_LIST) {
  const { name, section, doc } = spec;
  COMMANDS_BY_NAME.set(name.slice('CMD_'.length), { name, spec, section, doc, fixed: null });
}
for (const [name, { command, field, value, section, doc }] of Object.entries(COMMAND_ALIASES)) {
  COMMANDS_BY_NAME.set(name.slice('CMD_'.length), {
    name,
    spec: COMMANDS[command],
    section,
    doc,
    fixed: { field, value },
  });
}

/** Names of the commands without CMD_, aliases included. */
export const MNEMONICS: readonly string[] = [...COMMANDS_BY_NAME.keys()];

/** The command of that name, with or without CMD_, in upper or lower case. */
export function commandSpecNamed(name: string): NamedCommand | undefined {
  return COMMANDS_BY_NAME.get(name.toUpperCase().replace(/^CMD_/, ''));
}

const EVENTS_BY_NAME = new Map(EVENT_LIST.map((spec) => [spec.name as string, spec]));

/** The event of that name, in upper or lower case. */
export function eventSpecNamed(name: string): EventSpec | undefined {
  return EVENTS_BY_NAME.get(name.toUpperCase());
}

const FOLDED = new WeakMap<Layout, ReadonlyMap<string, Field>>();

/** The field of that name; upper and lower case do not count where that leaves one. */
export function fieldNamed(of: Layout, name: string): Field | undefined {
  const exact = fieldOf(of, name);
  if (exact) return exact;
  let folded = FOLDED.get(of);
  if (!folded) {
    folded = new Map(of.list.map((field) => [field.name.toLowerCase(), field]));
    FOLDED.set(of, folded);
  }
  return folded.get(name.toLowerCase());
}

/** Security states as people write several: `ns,s`. What is none is left out. */
export function worldList(text: string): readonly World[] {
  return text.split(',').filter(isWorld);
}

/** A register of a world, and perhaps one of its fields. */
export interface NamedRegister {
  readonly world: World;
  readonly register: Register;
  /** null: the whole register. */
  readonly field: Field | null;
}

/** Registers of a world that have a name of their own: not one of an array, and not a counter's. */
export function scriptRegisters(world: World): readonly Register[] {
  return REGISTER_LIST.filter((register) => register.world === world && register.array === undefined);
}

/**
 * `ns.CR0` or `ns.CR0.SMMUEN`, in upper or lower case.
 * @returns which part is not known, when one is not
 */
export function registerNamed(
  text: string,
): NamedRegister | { readonly unknown: 'world' | 'register' | 'field' } {
  const [world = '', stem = '', field, ...more] = text.split('.');
  if (!isWorld(world)) return { unknown: 'world' };
  const register = worldRegister(world, stem.toUpperCase()) ?? foldedRegister(world, stem);
  if (!register || register.array !== undefined) return { unknown: 'register' };
  if (field === undefined) return { world, register, field: null };
  const found = more.length === 0 ? fieldNamed(register.layout, field) : undefined;
  return found ? { world, register, field: found } : { unknown: 'field' };
}

function foldedRegister(world: World, stem: string): Register | undefined {
  const folded = stem.toLowerCase();
  return scriptRegisters(world).find((register) => register.stem.toLowerCase() === folded);
}
