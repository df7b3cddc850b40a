/**
 * What hardware may fetch of a structure whose doublewords have several values: it reads 64 bits at once, but the
 * doublewords of a structure in any order and at different times (IHI 0070 3.21.3).
 */

import { STE } from '../../spec/ste.ts';
import { isValid, type ReadBy, safeBits, type UpdatedStructure, usedBits } from './used.ts';

/** A value of a doubleword that hardware may fetch. */
export interface Doubleword {
  readonly hi: number;
  readonly lo: number;
}

/** A content that hardware may fetch and that software never meant. */
export interface Mix {
  readonly words: Uint32Array;
  /** More combinations were possible than were looked at. */
  readonly bounded: boolean;
}

/** Combinations that are looked at before only those remain in which one doubleword is out of step. */
const MIX_LIMIT = 4096;

/** Whether two contents are the same to hardware, as `meant` has it; `safe` bits may differ. */
export function sameInUse(
  structure: UpdatedStructure,
  mix: Uint32Array,
  meant: Uint32Array,
  by: ReadBy,
  safe: Uint32Array,
): boolean {
  return sameBits(mix, meant, decisive(structure, meant, by, safe));
}

/** The bits by which hardware tells another content from `meant`. */
function decisive(
  structure: UpdatedStructure,
  meant: Uint32Array,
  by: ReadBy,
  safe: Uint32Array,
): Uint32Array {
  return usedBits(structure, meant, by).map((word, i) => word & ~(safe[i] as number));
}

function sameBits(a: Uint32Array, b: Uint32Array, mask: Uint32Array): boolean {
  return a.every((word, i) => ((word ^ (b[i] as number)) & (mask[i] as number)) === 0);
}

/** The different values of one doubleword, as far as bits are concerned that may be read. */
function distinct(values: readonly Doubleword[], may: Uint32Array, dw: number): Doubleword[] {
  const [low, high] = [may[dw * 2] as number, may[dw * 2 + 1] as number];
  const seen = new Map<string, Doubleword>();
  // The newest of equal ones stands for them: what is shown is then what software wrote last.
  for (const value of values) seen.set(`${(value.hi & high) >>> 0}:${(value.lo & low) >>> 0}`, value);
  return [...seen.values()];
}

function set(words: Uint32Array, dw: number, { hi, lo }: Doubleword): void {
  words[dw * 2] = lo;
  words[dw * 2 + 1] = hi;
}

/** Calls `visit` with every combination until it says so; `words` is reused. */
function combinations(
  choices: readonly (readonly Doubleword[])[],
  words: Uint32Array,
  visit: (words: Uint32Array) => boolean,
  dw = 1,
): boolean {
  const values = choices[dw];
  if (!values) return visit(words);
  for (const value of values) {
    set(words, dw, value);
    if (combinations(choices, words, visit, dw + 1)) return true;
  }
  return false;
}

/** As {@link combinations}, but only those in which at most one doubleword differs from one of `bases`. */
function neighbours(
  choices: readonly (readonly Doubleword[])[],
  bases: readonly Uint32Array[],
  visit: (words: Uint32Array) => boolean,
): boolean {
  const words = new Uint32Array(choices.length * 2);
  for (const base of bases)
    for (const [dw, values] of choices.entries())
      for (const value of values) {
        words.set(base);
        set(words, dw, value);
        if (visit(words)) return true;
      }
  return false;
}

const { Config, S2S, EATS } = STE.fields;

/** Whether an STE has stalls of stage 2 and ATS at once, which is ILLEGAL while stage 2 is on (5.2, EATS). */
export function stallsWithAts(structure: UpdatedStructure, words: Uint32Array): boolean {
  const stage2 = structure === 'STE' && (Config.get(words, 0) & 2) !== 0;
  return stage2 && S2S.get(words, 0) === 1 && EATS.get(words, 0) !== 0;
}

/**
 * A content that hardware may fetch and that is none of those that software means; null when there is none. An invalid
 * structure is always meant: some doubleword was written so.
 * @param values of each doubleword, the oldest first
 * @param start the content that was the only one, the last time
 * @param end the content in memory
 * @param torn a doubleword was written in two halves: what stood between is not meant either
 */
export function findMix(
  structure: UpdatedStructure,
  values: readonly (readonly Doubleword[])[],
  start: Uint32Array,
  end: Uint32Array,
  torn: boolean,
  by: ReadBy = {},
): Mix | null {
  const safe = safeBits(structure, start, end);
  const ofStart = decisive(structure, start, by, safe);
  const ofEnd = decisive(structure, end, by, safe);
  const readable = new Uint32Array(end.length);
  let found: Uint32Array | null = null;
  const meantToStall = stallsWithAts(structure, start) || stallsWithAts(structure, end);
  const visit = (words: Uint32Array): boolean => {
    if (!isValid(structure, words)) return false;
    if (sameBits(words, start, ofStart) || sameBits(words, end, ofEnd)) return false;
    const worst = !meantToStall && stallsWithAts(structure, words);
    if (found === null || worst) found = words.slice();
    // One is enough to tell; one that makes the structure ILLEGAL tells more.
    return worst || structure !== 'STE';
  };
  let bounded = false;
  let worstFound = false;
  for (const first of distinct(values[0] ?? [], new Uint32Array(2).fill(0xffff_ffff), 0)) {
    const words = end.slice();
    set(words, 0, first);
    // Whatever the others hold, an invalid structure is not read any further.
    const may = usedBits(structure, words, by, 1);
    for (let i = 0; i < readable.length; i++) readable[i] = (readable[i] as number) | (may[i] as number);
    const choices = values.map((of, dw) => (dw === 0 ? [first] : distinct(of, may, dw)));
    if (worstFound) continue;
    const count = choices.reduce((product, of) => product * of.length, 1);
    if (count > MIX_LIMIT) {
      bounded = true;
      worstFound = neighbours(choices, [start, end], visit);
    } else worstFound = combinations(choices, words, visit);
  }
  // Values of one doubleword alone were all in memory at some time, with everything else as it is (3.21.3).
  const changing = values.filter((of, dw) => distinct(of, readable, dw).length > 1).length;
  if (found === null || (!torn && changing <= 1)) return null;
  return { words: found, bounded };
}
