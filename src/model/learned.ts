/** Planning what becomes known of memory and registers: effects without a write of software. */

import { hex } from '../bits/u64.ts';
import type { StructureCache } from './caches/structures.ts';
import type { Effect, Learned, Outcome, Recorder } from './plan.ts';

/**
 * The effects of a {@link Learned}. No earlier value is remembered as one that hardware may still hold, because the
 * moment at which it was overwritten is not known.
 */
export function planLearned(
  structures: StructureCache,
  learned: Learned,
  effects: Effect[],
  recorder: Recorder | null,
): Partial<Outcome> & Pick<Outcome, 'result'> {
  const { space, memory, registers } = learned;
  for (const { offset, value, what } of registers) {
    effects.push({ kind: 'register', offset, value, what });
    recorder?.step('register', () => `${what}: ${hex(value)} at ${hex(offset, 4)}`);
  }
  for (const { pa, words, what, guessedBefore } of memory) {
    if (guessedBefore) forgetGuess(structures, pa, effects);
    effects.push({ kind: 'memory', space, pa, words, what });
    recorder?.step('memory', () => `${what} at ${hex(pa)}`);
  }
  return { result: 'ok' };
}

/** Takes the structures out of the cache that were read at a place before it was known. */
function forgetGuess(structures: StructureCache, pa: number, effects: Effect[]): void {
  for (const entry of structures.entries()) {
    if (entry.pa !== pa || entry.leaving) continue;
    const what = `the ${entry.structure} was a guess`;
    effects.push({ kind: 'store', store: structures, op: 'remove', entry, what });
  }
}
