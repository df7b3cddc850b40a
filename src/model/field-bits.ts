/** Which bits of structures, commands and registers count, by the features: IHI 0070 chapter 5, 4.1.5 and chapter 6. */

import type { Field, Layout } from '../bits/layout.ts';
import { FEATURE_EFFECTS, type FeatureEffect, type OffEffect } from '../spec/feature-effects.ts';
import { holds, type IdValues } from '../spec/features.ts';

/** Bits of a layout, as words. */
export interface FieldBits {
  /** Those that a field claims whose feature is there: what an SMMU looks at. */
  readonly counts: Uint32Array;
  /** Those that are reserved: nobody claims them, or only fields that are RES0 without their feature. */
  readonly reserved: Uint32Array;
}

const BY_LAYOUT = new Map<string, FeatureEffect[]>();
for (const effect of FEATURE_EFFECTS) {
  // A field of which only some values hang on a feature is there all the same.
  if (effect.values !== undefined || effect.kind === 'event') continue;
  BY_LAYOUT.set(effect.of, [...(BY_LAYOUT.get(effect.of) ?? []), effect]);
}

const NO_EFFECTS: readonly FeatureEffect[] = [];
const WITHOUT_EFFECT: readonly OffEffect[] = ['RES0', 'IGNORED'];
const RESERVED: readonly OffEffect[] = ['RES0', 'UNMATCHED'];

/** By its ID registers, what of each layout counts. */
export class FieldBitsByLayout {
  readonly #ids: IdValues;
  readonly #rulesOff: ReadonlySet<string>;
  readonly #known = new Map<Layout, FieldBits>();

  /** @param rulesOff ids of validity rules that are left out: a field that one of them ignores counts then */
  constructor(ids: IdValues, rulesOff: ReadonlySet<string>) {
    this.#ids = ids;
    this.#rulesOff = rulesOff;
  }

  /** @param name by which the tables of effects know the layout: `STE`, `CR0`; default: its own name */
  of(layout: Layout, name: string = layout.name): FieldBits {
    const before = this.#known.get(layout);
    if (before) return before;
    const bits = this.#find(layout, BY_LAYOUT.get(name) ?? NO_EFFECTS);
    this.#known.set(layout, bits);
    return bits;
  }

  #find(layout: Layout, all: readonly FeatureEffect[]): FieldBits {
    const off = all.filter(
      ({ needs, rule }) =>
        !needs.every((test) => holds(this.#ids, test)) && !(rule !== undefined && this.#rulesOff.has(rule)),
    );
    const counts = new Uint32Array(layout.words);
    const unreserved = new Uint32Array(layout.words);
    for (const field of layout.list) {
      const mine = off.filter((effect) => effect.field === null || effect.field === field.name);
      claim(
        counts,
        field,
        mine.filter((effect) => WITHOUT_EFFECT.includes(effect.off)),
      );
      claim(
        unreserved,
        field,
        mine.filter((effect) => RESERVED.includes(effect.off)),
      );
    }
    return { counts, reserved: unreserved.map((word) => ~word) };
  }
}

/** Sets the bits of a field, except those that the effects take away. */
function claim(bits: Uint32Array, { msb, lsb }: Field, without: readonly FeatureEffect[]): void {
  for (let bit = lsb; bit <= msb; bit++) {
    const at = bit - lsb;
    const gone = without.some(({ bits: part }) => !part || (at <= part[0] && at >= part[1]));
    if (!gone) bits[bit >>> 5] = ((bits[bit >>> 5] as number) | (1 << (bit & 31))) >>> 0;
  }
}

let latest: {
  readonly ids: IdValues;
  readonly rulesOff: ReadonlySet<string>;
  readonly bits: FieldBitsByLayout;
} | null = null;

/** The bits that count with these ID registers; asked again for the same ones, the same object. */
export function fieldBits(ids: IdValues, rulesOff: ReadonlySet<string>): FieldBitsByLayout {
  if (latest?.rulesOff === rulesOff && sameIds(latest.ids, ids)) return latest.bits;
  latest = { ids, rulesOff, bits: new FieldBitsByLayout(ids, rulesOff) };
  return latest.bits;
}

function sameIds(a: IdValues, b: IdValues): boolean {
  const keys = Object.keys(b) as (keyof IdValues)[];
  return keys.length === Object.keys(a).length && keys.every((key) => a[key] === b[key]);
}

/** A copy of the structure at `words[at]` in which only those bits are left that count. */
export function countingWords(bits: FieldBits, words: Uint32Array, at: number): Uint32Array {
  const w = words.slice(at, at + bits.counts.length);
  keepCounting(bits, w);
  return w;
}

/** Clears what does not count, in place. */
function keepCounting({ counts }: FieldBits, w: Uint32Array): void {
  for (let i = 0; i < counts.length; i++) w[i] = (w[i] as number) & (counts[i] as number);
}

/** The bits of a structure with some fields reserved and others not, whatever the features. */
export function withReserved(
  bits: FieldBits,
  layout: Layout,
  reserved: readonly string[],
  never: readonly string[],
): FieldBits {
  const words = bits.reserved.slice();
  for (const field of layout.list) {
    if (reserved.includes(field.name)) claim(words, field, []);
    else if (never.includes(field.name)) release(words, field);
  }
  return { counts: bits.counts, reserved: words };
}

function release(bits: Uint32Array, { msb, lsb }: Field): void {
  for (let bit = lsb; bit <= msb; bit++)
    bits[bit >>> 5] = ((bits[bit >>> 5] as number) & ~(1 << (bit & 31))) >>> 0;
}

/** The lowest reserved bit of the structure at `words[at]` that is not 0, counted from its bit 0; -1 if there is none. */
export function reservedBitSet({ reserved }: FieldBits, words: Uint32Array, at: number): number {
  for (let i = 0; i < reserved.length; i++) {
    const found = ((words[at + i] as number) & (reserved[i] as number)) >>> 0;
    if (found !== 0) return i * 32 + (31 - Math.clz32(found & -found));
  }
  return -1;
}
