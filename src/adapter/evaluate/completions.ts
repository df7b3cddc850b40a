/** What may be typed next on the console. */

import { isWorld, WORLDS } from '../../bits/world.ts';
import { knownNames } from '../../control/stops/known-names.ts';
import { layoutByName } from '../../inspect/layouts.ts';
import { registersOf } from '../../inspect/registers.ts';
import { CD } from '../../spec/cd.ts';
import { registerByName } from '../../spec/registers.ts';
import { STE } from '../../spec/ste.ts';
import type { FrameRef } from '../debuggee.ts';
import type { Session } from '../session.ts';
import { COMMANDS } from './index.ts';
import { structureOf, whereOf } from './scope.ts';

/** One thing that may follow. */
export interface Completion {
  readonly label: string;
  readonly type: 'function' | 'keyword' | 'property' | 'field' | 'variable' | 'value';
}

/** In one answer: more is not read. */
const MOST = 200;
const FUNCTIONS = ['ste(', 'cd(', 'at(', 'mem('];

/**
 * What fits at the end of a text.
 * @returns the offset in the text from which a completion replaces it
 */
export function completions(
  session: Session,
  before: string,
  frame: FrameRef | null,
): { items: readonly Completion[]; from: number } {
  const words = before.trimStart().split(/\s+/);
  const last = words[words.length - 1] ?? '';
  const command = words.length > 1 ? COMMANDS.find(({ name }) => name === words[0]) : undefined;
  if (command) return { items: commandWords(command.words, words, last), from: before.length - last.length };
  // Only the expression's last part is replaced.
  const part = /[A-Za-z_]\w*$/.exec(before)?.[0] ?? '';
  const from = before.length - part.length;
  const head = before.slice(0, from);
  return { items: matching(part, candidates(session, head, frame)), from };
}

function commandWords(known: readonly string[], words: readonly string[], last: string): Completion[] {
  const given = new Set(words.slice(1, -1).map((word) => word.replace(/=.*$/, '=')));
  return known
    .filter((word) => word.startsWith(last) && !given.has(word))
    .map((label) => ({ label, type: label.endsWith('=') ? 'property' : 'keyword' }));
}

function matching(part: string, all: readonly Completion[]): Completion[] {
  const wanted = part.toLowerCase();
  const seen = new Set<string>();
  const found = all.filter(({ label }) => {
    if (seen.has(label) || !label.toLowerCase().startsWith(wanted)) return false;
    seen.add(label);
    return true;
  });
  return found.slice(0, MOST);
}

function candidates(session: Session, head: string, frame: FrameRef | null): Completion[] {
  const fields = (names: readonly string[]): Completion[] => names.map((label) => ({ label, type: 'field' }));
  if (/\bste\([^()]*\)\.$/.test(head)) return fields(STE.list.map(({ name }) => name));
  if (/\bcd\([^()]*\)\.$/.test(head)) return fields(CD.list.map(({ name }) => name));
  const structure = /\bat\(\s*(\w+)[^()]*\)\.$/.exec(head)?.[1] ?? /\b(\w+)\.$/.exec(head)?.[1] ?? '';
  const register = /\breg\.(?:(ns|s|realm|root)\.)?(?:(\w+)\.)?$/.exec(head);
  if (register) {
    const [, world, name] = register;
    if (name !== undefined) return fields(registerByName(name)?.layout.list.map((field) => field.name) ?? []);
    const registers = registersOf(world !== undefined && isWorld(world) ? world : 'ns').map(
      ({ short }) => short,
    );
    return fields(world === undefined ? [...WORLDS, ...registers] : registers);
  }
  if (head.endsWith('.')) return fields(layoutByName(structure)?.list.map(({ name }) => name) ?? []);
  const commands: Completion[] =
    head.trim() === '' ? COMMANDS.map(({ name }) => ({ label: name, type: 'keyword' })) : [];
  const around = session.launched ? whereOf(session.debuggee, frame).frames : [];
  return [
    ...commands,
    ...FUNCTIONS.map((label): Completion => ({ label, type: 'function' })),
    ...around.flatMap((one) => fields(structureOf(one)?.list.map(({ name }) => name) ?? [])),
    ...knownNames().map((label): Completion => ({ label, type: 'variable' })),
  ];
}
