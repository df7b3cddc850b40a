/** Expressions that name a place: they open to what lies there, and can be set. */

import { hex, hex64 } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import { isWorld, type World } from '../../bits/world.ts';
import { parseExpression } from '../../control/expression/parse.ts';
import type { Scope, Value } from '../../control/expression/value.ts';
import type { StackFrame } from '../../control/position.ts';
import { DATA } from '../../model/memory.ts';
import { doublewordSlot, slotRow } from '../edit/slot.ts';
import { structureScope } from '../scopes/structure.ts';
import type { Session } from '../session.ts';
import { type Node, named } from '../variable-node.ts';
import type { Answer } from './command.ts';
import { registerAnswer } from './reg.ts';
import { locatedBy, structureOf, type Where } from './scope.ts';
import { cdAnswer, steAnswer } from './structures.ts';
import { worldIn } from './words.ts';

const CALLED = /^(ste|cd|at|mem)\s*\((.*)\)(?:\s*\.\s*([A-Za-z_]\w*))?$/s;
const REGISTER = /^reg\.(.+)$/s;
const NAMED = /^([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))?$/;
const WORD = /^[\w.]+$/;

/**
 * What lies at the place that an expression names; null when it names none.
 * @throws UserError when it does, but nothing is there
 */
export function placeNamed(session: Session, text: string, where: Where): Answer | null {
  const called = CALLED.exec(text);
  if (called && balanced(called[2] as string)) {
    const [, head = '', inside = '', field] = called;
    const args = splitArguments(inside);
    const whole = atCall(session, head, args, where.scope, text);
    return field === undefined ? whole : fieldOfAnswer(whole, field, text);
  }
  const register = REGISTER.exec(text)?.[1];
  if (register !== undefined && WORD.test(register) && !isWorld(register))
    return registerAnswer(session, register);
  const name = NAMED.exec(text);
  return name ? inFrames(where.frames, name[1] as string, name[2]) : null;
}

/** Brackets that close only what was opened inside: `ste(8).X + ste(9)` is no single call. */
function balanced(text: string): boolean {
  let depth = 0;
  for (const char of text) {
    if (char === '(') depth++;
    if (char === ')' && --depth < 0) return false;
  }
  return depth === 0;
}

function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const char = text[i];
    if (char === '(') depth++;
    if (char === ')') depth--;
    if (i === text.length || (char === ',' && depth === 0)) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  return parts;
}

function atCall(session: Session, head: string, args: readonly string[], scope: Scope, text: string): Answer {
  // The words of the console are taken as well: `cd(8 ssid=1)`.
  const values = args.map((arg) => (/^\w+\s+\w+=/.test(arg) ? null : parseExpression(arg).evaluate(scope)));
  if (head === 'at') return atAddress(session, values, text);
  if (head === 'mem') return inMemory(session, values, text);
  const last = values[values.length - 1];
  const named = typeof last === 'string' ? last : undefined;
  const world = worldIn(session.debuggee, named);
  const [sid, ssid] = (named === undefined ? values : values.slice(0, -1)).map((value) =>
    numberOf(value, text),
  );
  if (sid === undefined) throw new UserError(`${text} names no StreamID`, { todo: `write ${head}(8)` });
  return head === 'ste' ? steAnswer(session, sid, world) : cdAnswer(session, sid, ssid ?? 0, world);
}

function numberOf(value: Value | null | undefined, text: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'bigint' && value >= 0n && value < 2n ** 32n) return Number(value);
  throw new UserError(`${text} needs numbers below 2^32`, { todo: 'write ste(8) or cd(8, 1)' });
}

function atAddress(session: Session, values: readonly (Value | null)[], text: string): Answer {
  const place = locatedBy(values.filter((value) => value !== null));
  if (!place) {
    throw new UserError(`${text} names no structure`, {
      todo: 'write at(STE, 0x40000200), with an aligned address',
    });
  }
  const { layout, space, pa } = place;
  session.debuggee.viewer.require(space);
  const words = new Uint32Array(layout.words);
  const status = session.debuggee.smmu.memory(space).load(pa, words, 0, words.length);
  return {
    value: `${hex(pa)} (${space})`,
    type: `${layout.name} in memory`,
    memory: { space, pa },
    children: structureScope({ layout: layout.name, space, pa, words, status }),
  };
}

function inMemory(
  session: Session,
  [address, space = 'ns']: readonly (Value | null)[],
  text: string,
): Answer {
  const { smmu } = session.debuggee;
  const world: World | null = typeof space === 'string' && isWorld(space) ? space : null;
  const slot = world !== null && typeof address === 'bigint' ? doublewordSlot(world, Number(address)) : null;
  if (!slot || world === null)
    throw new UserError(`${text} names no memory`, { todo: 'write mem(0x40000000)' });
  session.debuggee.viewer.require(world);
  const words = new Uint32Array(2);
  if (smmu.memory(world).load(slot.base, words, 0, 2) !== DATA) {
    throw new UserError(`the memory at PA ${hex(slot.base)} (${world}) is not in the image`);
  }
  const [lo, hi] = words as unknown as [number, number];
  return {
    value: hex64(hi, lo, 16),
    type: `doubleword at PA ${hex(slot.base)} (${world})`,
    memory: { space: world, pa: slot.base },
    ...(slotRow(smmu, slot) ? { slot } : {}),
  };
}

/** A structure or a field of the frames around: `Config`, `STE.Config`, `STE`. */
function inFrames(frames: readonly StackFrame[], first: string, second: string | undefined): Answer | null {
  for (const one of frames) {
    const layout = structureOf(one);
    if (!layout) continue;
    const whole: Answer = {
      value:
        `${layout.name} ${one.frame.pa === null ? '' : `at PA ${hex(one.frame.pa)} (${one.frame.space})`}`.trim(),
      ...(one.frame.pa === null ? {} : { memory: { space: one.frame.space, pa: one.frame.pa } }),
      children: structureScope(one.frame),
    };
    if (layout.name === first)
      return second === undefined ? whole : fieldOfAnswer(whole, second, `${first}.${second}`);
    if (second === undefined && Object.hasOwn(layout.fields, first))
      return fieldOfAnswer(whole, first, first);
  }
  return null;
}

/** A field of a structure as the variables show it. */
function fieldOfAnswer(of: Answer, field: string, text: string): Answer {
  const nodes: readonly Node[] = (of.children ?? named(() => [])).names?.() ?? [];
  const found = nodes.find(({ name }) => name === field);
  if (found) return found;
  throw new UserError(`${text}: there is no ${field}`, {
    todo: `it has ${nodes.map(({ name }) => name).join(', ')}`,
  });
}
