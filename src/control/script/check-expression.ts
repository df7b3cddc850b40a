/** Names and parts in expressions, before anything runs. */

import type { Layout } from '../../bits/layout.ts';
import type { QueueName } from '../../model/queues/ring.ts';
import { worldsWith } from '../../model/queues/world-queues.ts';
import { EVENT_LIST } from '../../spec/events.ts';
import { parseExpression } from '../expression/parse.ts';
import { ExpressionError, type Value } from '../expression/value.ts';
import type { ScriptNames } from './check-names.ts';
import { fieldNamed, registerNamed, SCRIPT_STRUCTURES, scriptRegisters } from './names.ts';
import { nearest } from './nearest.ts';
import { error } from './parse-bind.ts';
import { DEVICE_PARTS, SCOPE_NAMES, scopeName } from './scope-names.ts';
import type { Problem, Word } from './statement.ts';

/** What an expression comes to, where that can be told without running, and what is wrong with it. */
export interface Checked {
  readonly value: Value | null;
  readonly problems: readonly Problem[];
}

const NOTHING: Checked = { value: null, problems: [] };
const EVENT_PARTS: readonly string[] = [
  ...new Set(['name', ...EVENT_LIST.flatMap(({ layout }) => layout.list.map(({ name }) => name))]),
];
const QUEUE_PARTS = ['cons', 'prod'] as const;
const QUEUES = new Map<string, QueueName>([
  ['cmdq', 'CMDQ'],
  ['eventq', 'EVENTQ'],
  ['priq', 'PRIQ'],
]);

/**
 * Checks one expression: names that nothing has made, fields and registers that do not exist, and what cannot be
 * computed. A text that is no expression at all is the parser's to tell.
 */
export function checkExpression(word: Word, names: ScriptNames, text = word.text, offset = 0): Checked {
  const column = word.start + (word.quoted ? 1 : 0) + offset;
  const at = (from: number, length: number) => ({
    line: word.line,
    start: column + from,
    end: column + from + length,
  });
  try {
    const expression = parseExpression(text);
    const problems: Problem[] = [];
    for (const name of expression.names) {
      if (names.get(name) || scopeName(name)) continue;
      problems.push(unknown(at(placeOf(text, name), name.length), name, 'name', known(names)));
    }
    problems.push(
      ...parts(text, names).map(({ from, ...p }) =>
        unknown(at(from, p.name.length), p.name, p.what, p.known),
      ),
    );
    if (problems.length > 0) return { value: null, problems };
    const constant = expression.names.every((name) => names.name(name) !== undefined);
    return { value: constant ? expression.evaluate(names) : null, problems };
  } catch (mistake) {
    if (!(mistake instanceof ExpressionError)) throw mistake;
    // The parser has told what is no expression; what remains are operands that cannot be computed with.
    return parses(text) ? { value: null, problems: [error(at(0, text.length), mistake.message)] } : NOTHING;
  }
}

function parses(text: string): boolean {
  try {
    parseExpression(text);
    return true;
  } catch {
    return false;
  }
}

/** Where a name stands as a word of its own, not as part of another word and not behind a dot. */
function placeOf(text: string, name: string): number {
  const found = new RegExp(`(?<![\\w.$])${name.replaceAll('$', '\\$')}(?![\\w$])`).exec(text);
  return found?.index ?? Math.max(text.indexOf(name), 0);
}

function known(names: ScriptNames): string[] {
  return [...names.list().map(({ name }) => name), ...SCOPE_NAMES.map(({ name }) => name)];
}

/** More names than these are too many to list. */
const LISTED = 12;

/** A problem with a word that names nothing, and the fix where one is near. */
export function unknown(
  span: { readonly line: number; readonly start: number; readonly end: number },
  name: string,
  what: string,
  candidates: Iterable<string>,
): Problem {
  const known = [...candidates];
  const meant = nearest(name, known);
  if (meant === null) {
    const there = known.length > 0 && known.length <= LISTED ? `; there are ${known.join(', ')}` : '';
    return error(span, `there is no ${what} "${name}"${there}`);
  }
  return {
    ...error(span, `there is no ${what} "${name}"; did you mean ${meant}?`),
    fix: { title: `Change to ${meant}`, replacement: meant },
  };
}

interface UnknownPart {
  readonly from: number;
  readonly name: string;
  readonly what: string;
  readonly known: readonly string[];
}

const PARTS =
  /(?<![\w.])(?:(ste|cd)\([^()]*\)\.(\w+)|reg\.(\w+)\.(\w+)(?:\.(\w+))?|(\w+)\.(\w+)(?:\.(\w+))?)/g;

function parts(text: string, names: ScriptNames): UnknownPart[] {
  return [...text.matchAll(PARTS)].flatMap((found) => {
    const [whole, structure, field, world, stem, registerField, bag, part, deeper] = found;
    const end = found.index + whole.length;
    if (structure !== undefined && field !== undefined) {
      const of: Layout = structure === 'ste' ? SCRIPT_STRUCTURES.STE : SCRIPT_STRUCTURES.CD;
      if (fieldNamed(of, field)) return [];
      return [
        missing(
          end,
          field,
          `field of ${of.name}`,
          of.list.map(({ name }) => name),
        ),
      ];
    }
    if (world !== undefined && stem !== undefined) return registerPart(end, world, stem, registerField);
    if (bag === undefined || part === undefined) return [];
    const tail = deeper === undefined ? 0 : deeper.length + 1;
    const wrong = bagPart(end - tail, bag, part, names);
    return wrong.length > 0 || deeper === undefined ? wrong : bagPart(end, `${bag}.${part}`, deeper, names);
  });
}

/** @param end where the part ends in the text */
function bagPart(end: number, bag: string, part: string, names: ScriptNames): UnknownPart[] {
  const of = partsOf(bag, names);
  return of === null || of.some((name) => name.toLowerCase() === part.toLowerCase())
    ? []
    : [missing(end, part, `part of ${bag}`, of)];
}

function missing(end: number, name: string, what: string, candidates: readonly string[]): UnknownPart {
  return { from: end - name.length, name, what, known: candidates };
}

function registerPart(end: number, world: string, stem: string, field: string | undefined): UnknownPart[] {
  const found = registerNamed([world, stem, ...(field === undefined ? [] : [field])].join('.'));
  if (!('unknown' in found)) return [];
  const tail = field === undefined ? 0 : field.length + 1;
  if (found.unknown === 'world')
    return [missing(end - tail - stem.length - 1, world, 'world', ['ns', 's', 'realm', 'root'])];
  if (found.unknown === 'register') {
    return [missing(end - tail, stem, `register of ${world}`, registerStems(world))];
  }
  const whole = registerNamed(`${world}.${stem}`);
  const fields = 'unknown' in whole ? [] : whole.register.layout.list.map(({ name }) => name);
  return [missing(end, field ?? '', `field of ${stem}`, fields)];
}

function registerStems(world: string): readonly string[] {
  return world === 'ns' || world === 's' || world === 'realm' || world === 'root'
    ? scriptRegisters(world).map(({ stem }) => stem)
    : [];
}

/**
 * The parts of a bag, or null when they are not known before it runs.
 * @param bag its name; `cmdq.s` for the parts of a part
 */
export function partsOf(bag: string, names: ScriptNames): readonly string[] | null {
  if (names.get(bag)?.kind === 'device') return DEVICE_PARTS;
  if (names.get(bag) !== undefined) return null;
  if (bag === 'event') return EVENT_PARTS;
  const [name = '', world] = bag.split('.');
  const queue = QUEUES.get(name);
  if (queue === undefined) return null;
  const worlds: readonly string[] = worldsWith(queue);
  if (world === undefined) return [...QUEUE_PARTS, ...worlds];
  return worlds.includes(world) ? QUEUE_PARTS : null;
}
