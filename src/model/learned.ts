/** Planning what becomes known of memory and registers: effects without a write of software. */

import { hex } from '../bits/u64.ts';
import type { Effect, Learned, Outcome, Recorder } from './plan.ts';

/**
 * The effects of a {@link Learned}. No earlier value is remembered as one that hardware may still hold, because the
 * moment at which it was overwritten is not known.
 */
export function planLearned(
  learned: Learned,
  effects: Effect[],
  recorder: Recorder | null,
): Partial<Outcome> & Pick<Outcome, 'result'> {
  const { space, memory, registers } = learned;
  for (const { offset, value, what } of registers) {
    effects.push({ kind: 'register', offset, value, what });
    recorder?.step('register', `${what}: ${hex(value)} at ${hex(offset, 4)}`);
  }
  for (const { pa, words, what } of memory) {
    effects.push({ kind: 'memory', space, pa, words, what });
    recorder?.step('memory', `${what} at ${hex(pa)}`);
  }
  return { result: 'ok' };
}
