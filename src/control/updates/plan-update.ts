/** In which order to write a structure that hardware may read at any time: IHI 0070 3.21.3.1. */

import { isValid, type ReadBy, safeBits, type UpdatedStructure, usedBits } from './used.ts';

/** A single-copy atomic write of 64 bits. */
export interface DoublewordWrite {
  readonly kind: 'write';
  /** Which doubleword of the structure. */
  readonly dw: number;
  readonly hi: number;
  readonly lo: number;
}

/** The covering CMD_CFGI_* for every stream that uses the structure, a CMD_SYNC, and waiting for its completion. */
export interface Synchronisation {
  readonly kind: 'sync';
}

export type UpdateStep = DoublewordWrite | Synchronisation;

/** An order of writes by which hardware never sees a mixture of old and new. */
export interface UpdatePlan {
  readonly steps: readonly UpdateStep[];
  readonly syncs: number;
  /** At no moment hardware finds the structure invalid. */
  readonly hitless: boolean;
  /** The structure is made invalid on the way, because bits that are read change in more than one doubleword. */
  readonly breaks: boolean;
  /** The doublewords in which bits change that are read both before and after: one at most can change without a break. */
  readonly critical: readonly number[];
}

/** Collects writes and closes each group that changed something with a synchronisation. */
class Sequence {
  readonly steps: UpdateStep[] = [];
  readonly #memory: Uint32Array;
  syncs = 0;

  constructor(from: Uint32Array) {
    this.#memory = from.slice();
  }

  /** Writes doublewords `first` to `last` of `value`, those that change. */
  group(value: Uint32Array, first: number, last: number): void {
    let changed = false;
    for (let dw = first; dw <= last; dw++) {
      const [lo, hi] = [value[dw * 2] as number, value[dw * 2 + 1] as number];
      if (this.#memory[dw * 2] === lo && this.#memory[dw * 2 + 1] === hi) continue;
      this.#memory[dw * 2] = lo;
      this.#memory[dw * 2 + 1] = hi;
      this.steps.push({ kind: 'write', dw, hi, lo });
      changed = true;
    }
    if (!changed) return;
    this.steps.push({ kind: 'sync' });
    this.syncs++;
  }
}

/** What may be written before anything else: the bits that are not read yet, and those that are safe at any time. */
function writtenAhead(
  from: Uint32Array,
  to: Uint32Array,
  usedBefore: Uint32Array,
  usedAfter: Uint32Array,
  safe: Uint32Array,
): Uint32Array {
  const free = from.map(
    (_, i) => ~(usedBefore[i] as number) | ((safe[i] as number) & (usedAfter[i] as number)),
  );
  const needed = (i: number): boolean =>
    (((from[i] as number) ^ (to[i] as number)) & (free[i] as number) & (usedAfter[i] as number)) !== 0;
  // A doubleword in which only bits change that are never read waits for the end: ahead it could cost a synchronisation.
  return from.map((word, i) => {
    if (!needed(i) && !needed(i ^ 1)) return word;
    return (word & ~(free[i] as number)) | ((to[i] as number) & (free[i] as number));
  });
}

/**
 * The writes and synchronisations that turn one content into another.
 *
 * What is not read may be written ahead. If then bits that are read differ in one doubleword only, that one is written
 * at once, and at last what is no longer read is tidied up; otherwise the structure is made invalid meanwhile.
 *
 * @param from what stands in memory, and has been invalidated since it was written
 * @param to what is to stand there
 */
export function planUpdate(
  structure: UpdatedStructure,
  from: Uint32Array,
  to: Uint32Array,
  by: ReadBy = {},
): UpdatePlan {
  const usedBefore = usedBits(structure, from, by);
  const usedAfter = usedBits(structure, to, by);
  const safe = safeBits(structure, from, to);
  const ahead = writtenAhead(from, to, usedBefore, usedAfter, safe);
  const critical: number[] = [];
  const last = from.length / 2 - 1;
  for (let dw = 0; dw <= last; dw++) {
    const differs = [dw * 2, dw * 2 + 1].some(
      (i) => (((ahead[i] as number) ^ (to[i] as number)) & (usedAfter[i] as number)) !== 0,
    );
    if (differs) critical.push(dw);
  }
  const sequence = new Sequence(from);
  const [first] = critical;
  if (first !== undefined && critical.length === 1) {
    ahead[first * 2] = from[first * 2] as number;
    ahead[first * 2 + 1] = from[first * 2 + 1] as number;
    sequence.group(ahead, 0, last);
    sequence.group(to, first, first);
    sequence.group(to, 0, last);
  } else if (critical.length > 1) {
    sequence.group(new Uint32Array(from.length), 0, 0);
    sequence.group(to, 1, last);
    sequence.group(to, 0, 0);
  } else sequence.group(to, 0, last);
  const breaks = critical.length > 1;
  return {
    steps: sequence.steps,
    syncs: sequence.syncs,
    hitless: !breaks && isValid(structure, from) && isValid(structure, to),
    breaks,
    critical,
  };
}
