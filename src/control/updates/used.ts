/** What hardware reads of a structure, as masks, from the tables of `spec/used-bits.ts`. */

import type { Field, Layout } from '../../bits/layout.ts';
import type { World } from '../../bits/world.ts';
import { type FieldCondition, SAFE_BITS, USED_BITS, type UsedBits } from '../../spec/used-bits.ts';

/** A structure that software updates while hardware may read it. */
export type UpdatedStructure = keyof typeof USED_BITS;

/** What decides, beside the structure itself, which of its bits are read. */
export interface ReadBy {
  /** Security state of the stream. Default: Non-secure. */
  readonly world?: World;
  /** Bits that count with the features there are (`FieldBits.counts` of the model). Default: all. */
  readonly counts?: Uint32Array;
}

interface Test {
  readonly field: Field;
  readonly values: ReadonlySet<number>;
}

interface Rule {
  readonly mask: Uint32Array;
  readonly tests: readonly Test[];
  readonly worlds: readonly World[] | null;
}

interface Compiled {
  readonly layout: Layout;
  readonly valid: Test;
  /** The bits of the field that makes it valid: always read. */
  readonly always: Uint32Array;
  readonly rules: readonly Rule[];
  readonly safe: readonly { readonly mask: Uint32Array; readonly unless: readonly Test[] }[];
}

function fieldNamed(of: Layout, name: string): Field {
  const field = of.fields[name];
  if (!field) throw new RangeError(`${of.name} has no field ${name}`);
  return field;
}

/** @param part bits of each field, counted from its own bit 0; default: all */
function maskOf(of: Layout, names: readonly string[], part?: readonly [number, number]): Uint32Array {
  const mask = new Uint32Array(of.words);
  for (const name of names) {
    const { lsb, msb } = fieldNamed(of, name);
    const [high, low] = part ? [lsb + part[0], lsb + part[1]] : [msb, lsb];
    for (let bit = low; bit <= high; bit++) mask[bit >>> 5] = (mask[bit >>> 5] as number) | (1 << (bit & 31));
  }
  return mask;
}

function compile(structure: UpdatedStructure): Compiled {
  const { layout, valid, rules, rest }: UsedBits = USED_BITS[structure];
  const test = ({ field, in: values }: FieldCondition): Test => ({
    field: fieldNamed(layout, field),
    values: new Set(values),
  });
  const named = new Set([valid.field, ...rules.flatMap(({ fields }) => fields)]);
  const others = rest ? layout.list.map(({ name }) => name).filter((name) => !named.has(name)) : [];
  return {
    layout,
    valid: test(valid),
    always: maskOf(layout, [valid.field]),
    rules: [
      { mask: maskOf(layout, others), tests: [], worlds: null },
      ...rules.map(({ fields, when, worlds }) => ({
        mask: maskOf(layout, fields),
        tests: when.map(test),
        worlds: worlds ?? null,
      })),
    ],
    safe: SAFE_BITS.filter((safe) => safe.structure === structure).map(({ field, bits, unless }) => ({
      mask: maskOf(layout, [field], bits),
      unless: unless.map(test),
    })),
  };
}

const COMPILED: Readonly<Record<UpdatedStructure, Compiled>> = {
  STE: compile('STE'),
  CD: compile('CD'),
  L1STD: compile('L1STD'),
  L1CD: compile('L1CD'),
};

const ALL_KNOWN = 0xff;

/** Whether a test holds, or may hold because the doubleword of its field is not known. */
function mayHold({ field, values }: Test, words: Uint32Array, known: number): boolean {
  return ((known >>> (field.lsb >>> 6)) & 1) === 0 || values.has(field.get(words, 0));
}

/**
 * The bits that hardware reads of a structure with this content.
 * @param words the whole structure
 * @param known which doublewords of `words` count, bit n for doubleword n; what hangs on others is taken as read
 */
export function usedBits(
  structure: UpdatedStructure,
  words: Uint32Array,
  by: ReadBy = {},
  known = ALL_KNOWN,
): Uint32Array {
  const { always, valid, rules } = COMPILED[structure];
  const used = always.slice();
  if (!mayHold(valid, words, known)) return used;
  const world = by.world ?? 'ns';
  for (const rule of rules) {
    if (rule.worlds !== null && !rule.worlds.includes(world)) continue;
    if (!rule.tests.every((test) => mayHold(test, words, known))) continue;
    for (let i = 0; i < used.length; i++) used[i] = (used[i] as number) | (rule.mask[i] as number);
  }
  const { counts } = by;
  if (counts) for (let i = 0; i < used.length; i++) used[i] = (used[i] as number) & (counts[i] as number);
  return used;
}

/** The bits that may change at any time when `from` becomes `to`. */
export function safeBits(structure: UpdatedStructure, from: Uint32Array, to: Uint32Array): Uint32Array {
  const { layout, safe } = COMPILED[structure];
  const bits = new Uint32Array(layout.words);
  for (const { mask, unless } of safe) {
    const unsafe = unless.some(
      ({ field, values }) => values.has(field.get(from, 0)) || values.has(field.get(to, 0)),
    );
    if (!unsafe) for (let i = 0; i < bits.length; i++) bits[i] = (bits[i] as number) | (mask[i] as number);
  }
  return bits;
}

/** Whether hardware takes a structure with this content for valid, as far as its V or Span says. */
export function isValid(structure: UpdatedStructure, words: Uint32Array): boolean {
  const { valid } = COMPILED[structure];
  return valid.values.has(valid.field.get(words, 0));
}

/** The layout of a structure. */
export function layoutOf(structure: UpdatedStructure): Layout {
  return COMPILED[structure].layout;
}

/** Name of the field that makes a structure valid: `V`, or `Span` of an L1STD. */
export function validField(structure: UpdatedStructure): string {
  return COMPILED[structure].valid.field.name;
}
