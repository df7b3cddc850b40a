/** What can be watched: a variable, an expression, or bytes at an address. */

import { fieldOf } from '../../bits/layout.ts';
import { hex, parseNumber } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import { isWorld, type World } from '../../bits/world.ts';
import { findStructure, registerOf } from '../../control/stops/bags.ts';
import { type DataPlace, placeOfField } from '../../control/stops/data-place.ts';
import { offsetOf } from '../../model/bank.ts';
import { type Args, countOf } from '../args.ts';
import type { Debuggee } from '../debuggee.ts';
import { placeOfSlot } from '../edit/slot.ts';
import type { Answer } from '../evaluate/command.ts';
import { parseReference } from '../requests/memory.ts';
import { childNamed, type Node } from '../variable-node.ts';
import { textOr } from './requests.ts';

/** Something to watch, with a name for people. */
export interface Watched {
  readonly place: DataPlace;
  readonly name: string;
}

const STRUCTURE =
  /^(ste|cd)\s*\(\s*([0-9a-fx_]+)\s*(?:,\s*([0-9][0-9a-fx_]*)\s*)?(?:,\s*([a-z]+)\s*)?\)(?:\.(\w+))?$/i;
const REGISTER = /^reg\.(?:(ns|s|realm|root)\.)?(\w+)(?:\.(\w+))?$/;
/** Fields may hold at most that much; an address without a size is a descriptor's. */
const DOUBLEWORD = 8;

/**
 * What the arguments of a dataBreakpointInfo request mean.
 * @returns why it cannot be watched, when it cannot
 */
export function watchedBy(debuggee: Debuggee, args: Args): Watched | string {
  const name = textOr(args['name']);
  const bytes = countOf(args['bytes'], 0);
  if (args['asAddress'] === true) return atAddress(name, bytes);
  const reference = countOf(args['variablesReference'], 0);
  if (reference > 0) return byVariable(debuggee, reference, name);
  return byExpression(debuggee, name.trim(), bytes);
}

function byVariable(debuggee: Debuggee, reference: number, name: string): Watched | string {
  const children = debuggee.variables.get(reference);
  if (!children) return 'this variable is gone';
  const node = childNamed(children, name);
  if (!node) return `${name} cannot be watched`;
  const place = placeOf(node);
  return place ? { place, name } : `${name} lies in no memory and no register`;
}

/** Where lies what an expression names: a field, all of a structure, or a doubleword; null for what lies nowhere. */
export function placeOfAnswer({ slot, memory, children }: Answer): DataPlace | null {
  const whole = slot ? undefined : children?.names?.().find(({ data }) => data)?.data;
  return placeOf({
    ...(slot ? { slot } : {}),
    ...(memory ? { memory } : {}),
    ...(whole ? { data: whole } : {}),
  });
}

function placeOf({ slot, data, memory }: Pick<Node, 'slot' | 'data' | 'memory'>): DataPlace | null {
  if (slot) return placeOfSlot(slot);
  if (data) return data;
  return memory ? { space: memory.space, pa: memory.pa, bytes: DOUBLEWORD } : null;
}

function byExpression(debuggee: Debuggee, text: string, bytes: number): Watched | string {
  const structure = STRUCTURE.exec(text);
  if (structure) return inStructure(debuggee, text, structure);
  const register = REGISTER.exec(text);
  if (register) return inRegister(text, register);
  return /^(?:[a-z]+:)?[0-9]/.test(text)
    ? atAddress(text, bytes)
    : `${text} cannot be watched; write ste(8).S1ContextPtr, cd(8, 1).TTB0, reg.ns.CR0 or an address`;
}

function inStructure(debuggee: Debuggee, text: string, match: RegExpExecArray): Watched | string {
  const kind = (match[1] as string).toLowerCase() === 'ste' ? 'ste' : 'cd';
  const sid = parseNumber(match[2] ?? '');
  const ssid = parseNumber(match[3] ?? '0');
  if (sid === null || ssid === null || sid >= 2 ** 32 || ssid >= 2 ** 32) return `${text} names no stream`;
  const world = match[4] ?? 'ns';
  if (!isWorld(world)) return `${world} is no security state`;
  const found = findStructure(debuggee.smmu, kind, sid, kind === 'ste' ? -1 : ssid, world);
  if (!found) return `there is no ${kind.toUpperCase()} for StreamID ${hex(sid)}`;
  const { layout, space, pa } = found;
  if (match[5] === undefined) return { place: { space, pa, bytes: layout.words * 4 }, name: text };
  const field = fieldOf(layout, match[5]);
  if (!field) return `${layout.name} has no field ${match[5]}`;
  return { place: placeOfField(space, pa, field), name: text };
}

function inRegister(text: string, match: RegExpExecArray): Watched | string {
  const world: World = isWorld(match[1] ?? '') ? (match[1] as World) : 'ns';
  const register = registerOf(world, match[2] ?? '');
  if (!register) return `there is no register ${match[2]}`;
  const at = offsetOf(register.short);
  if (match[3] === undefined)
    return { place: { space: 'reg', pa: at, bytes: register.width / 8 }, name: text };
  const field = fieldOf(register.layout, match[3]);
  return field
    ? { place: placeOfField('reg', at, field), name: text }
    : `${register.short} has no field ${match[3]}`;
}

function atAddress(text: string, bytes: number): Watched | string {
  try {
    const { space, pa } = parseReference(text);
    const count = bytes || DOUBLEWORD;
    return { place: { space, pa, bytes: count }, name: `${count} bytes at ${hex(pa)} (${space})` };
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}
