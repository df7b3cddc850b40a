import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encode, type Field, type Layout, reservedMask } from '../../src/bits/layout.ts';
import { ALL } from '../kit/layouts.ts';
import { patience, runs } from './runs.ts';

const word = fc.nat({ max: 2 ** 32 - 1 });

/** Words of a structure, with one word before and one behind it. */
function wordsOf(of: Layout): fc.Arbitrary<Uint32Array> {
  return fc
    .array(word, { minLength: of.words + 2, maxLength: of.words + 2 })
    .map((words) => Uint32Array.from(words));
}

/** A field by its bits, from the words as one number: another way than the compiled readers go. */
function bitsOf(words: Uint32Array, at: number, { msb, lsb, width, address }: Field): bigint {
  let all = 0n;
  for (let i = msb >>> 5; i >= lsb >>> 5; i--) all = (all << 32n) | BigInt(words[at + i] as number);
  const value = (all >> BigInt(lsb & 31)) & ((1n << BigInt(width)) - 1n);
  return address ? value << BigInt(lsb & 63) : value;
}

const halves = (value: bigint): { hi: number; lo: number } => ({
  hi: Number(value >> 32n),
  lo: Number(value & 0xffffffffn),
});

test(
  `every field of ${ALL.length} layouts reads what its bits hold, and encoding what was read gives them back`,
  () => {
    for (const of of ALL) {
      const reserved = reservedMask(of);
      const property = fc.property(wordsOf(of), (words) => {
        const values: Record<string, { hi: number; lo: number }> = {};
        for (const field of of.list) {
          const value = bitsOf(words, 1, field);
          const read = { hi: field.hi(words, 1), lo: field.lo(words, 1) };
          expect([of.name, field.name, read]).toEqual([of.name, field.name, halves(value)]);
          if (value < 2n ** 53n) expect(BigInt(field.get(words, 1))).toBe(value);
          values[field.name] = read;
        }
        const defined = words.slice(1, -1).map((each, i) => each & ~(reserved[i] as number));
        expect([of.name, ...encode(of, values)]).toEqual([of.name, ...defined]);
      });
      fc.assert(property, runs(12));
    }
  },
  patience,
);

test(
  'writing a field changes its own bits and no other',
  () => {
    for (const of of ALL) {
      const property = fc.property(wordsOf(of), wordsOf(of), (words, source) => {
        for (const field of of.list) {
          const wanted = bitsOf(source, 1, field);
          const { hi, lo } = halves(wanted);
          const changed = words.slice();
          field.setHalves(changed, 1, hi, lo);
          expect([of.name, field.name, bitsOf(changed, 1, field)]).toEqual([of.name, field.name, wanted]);
          const before = halves(bitsOf(words, 1, field));
          field.setHalves(changed, 1, before.hi, before.lo);
          expect([of.name, field.name, ...changed]).toEqual([of.name, field.name, ...words]);
        }
      });
      fc.assert(property, runs(4));
    }
  },
  patience,
);
