/** Hardware's updates of descriptors: IHI 0070 3.13. Effects of the plan; what is read after them sees them. */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import type { Machine } from '../machine.ts';
import type { Recorder } from '../plan.ts';
import type { Answer } from './answer.ts';
import { swap32 } from './descriptor.ts';

const pending = new Uint32Array(2);

/** Upper half of what {@link readPending} found, in memory's byte order. */
export function pendingHi(): number {
  return pending[1] as number;
}

/** Lower half of what {@link readPending} found. */
export function pendingLo(): number {
  return pending[0] as number;
}

/** Whether an update of this very translation has changed the doubleword already. */
export function readPending(answer: Answer, space: World, paHi: number, paLo: number): boolean {
  const { updates } = answer;
  for (let i = updates.length - 1; i >= 0; i--) {
    const { space: in_, paHi: hi, paLo: lo } = updates[i] as (typeof updates)[number];
    if (in_ !== space || hi !== paHi || lo !== paLo >>> 0) continue;
    pending[0] = (updates[i] as (typeof updates)[number]).lo;
    pending[1] = (updates[i] as (typeof updates)[number]).hi;
    return true;
  }
  return false;
}

/**
 * Plans an atomic update.
 * @param paHi where the descriptor lies, PA as halves
 * @param hi the new descriptor
 * @returns false when the write aborts: the memory can be read, but not written
 */
export function update(
  machine: Machine,
  answer: Answer,
  space: World,
  paHi: number,
  paLo: number,
  hi: number,
  lo: number,
  bigEndian: boolean,
  what: string,
  recorder: Recorder | null,
): boolean {
  const pa = paHi * 2 ** 32 + (paLo >>> 0);
  if (!machine.own(space).canStore(pa)) return false;
  recorder?.step('update', () => `hardware updates ${what} at ${hex(pa)}`, 'AF');
  answer.updates.push({
    space,
    paHi,
    paLo: paLo >>> 0,
    hi: bigEndian ? swap32(lo) : hi >>> 0,
    lo: bigEndian ? swap32(hi) : lo >>> 0,
    what,
  });
  return true;
}
