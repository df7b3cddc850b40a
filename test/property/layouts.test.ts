import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encode, type Field, type Layout, reservedMask } from '../../src/bits/layout.ts';
import { CD } from '../../src/spec/cd.ts';
import { COMMAND_LIST } from '../../src/spec/commands.ts';
import { S1_LEAF, S2_LEAF, TABLE } from '../../src/spec/descriptors.ts';
import { DPT_L0_BLOCK, DPT_L0_NOACCESS, DPT_L0_TABLE, DPT_L1 } from '../../src/spec/dpt.ts';
import { EVENT_HEADER, EVENT_LIST } from '../../src/spec/events.ts';
import { GPT_L0_BLOCK, GPT_L0_TABLE, GPT_L1_CONTIG, GPT_L1_GRANULES } from '../../src/spec/gpt.ts';
import { L1CD } from '../../src/spec/l1cd.ts';
import { L1STD } from '../../src/spec/l1std.ts';
import { PRIQ_ENTRY } from '../../src/spec/priq.ts';
import { REGISTER_LIST } from '../../src/spec/registers.ts';
import { STE } from '../../src/spec/ste.ts';
import { VMS } from '../../src/spec/vms.ts';
import { patience, runs } from './runs.ts';

const ALL: readonly Layout[] = [
  STE,
  CD,
  L1STD,
  L1CD,
  VMS,
  GPT_L0_BLOCK,
  GPT_L0_TABLE,
  GPT_L1_CONTIG,
  GPT_L1_GRANULES,
  DPT_L0_NOACCESS,
  DPT_L0_BLOCK,
  DPT_L0_TABLE,
  DPT_L1,
  PRIQ_ENTRY,
  S1_LEAF,
  S2_LEAF,
  TABLE,
  EVENT_HEADER,
  ...COMMAND_LIST.map((command) => command.layout),
  ...EVENT_LIST.map((event) => event.layout),
  ...REGISTER_LIST.map((register) => register.layout),
];

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
