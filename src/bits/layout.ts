import type { Field, FieldSpec } from './field.ts';
import { compile } from './field.ts';

export type { Field, FieldSpec } from './field.ts';

/** The declaration of a structure's fields by name. */
export type FieldSpecs = Readonly<Record<string, FieldSpec>>;

type Declared<S> = S extends { readonly names: infer N } ? Field & { readonly names: N } : Field;

/** A structure, register, command, event record or descriptor: named bit ranges of `sizeBits` bits. */
export interface Layout<D extends FieldSpecs = FieldSpecs> {
  readonly name: string;
  /** Section of Arm IHI 0070 (or of the manual named in it). */
  readonly section: string;
  readonly sizeBits: number;
  /** Number of 32-bit words. */
  readonly words: number;
  readonly fields: { readonly [K in keyof D]: Declared<D[K]> };
  /** The same fields, in the order of the declaration. */
  readonly list: readonly Field[];
}

/**
 * Declares a structure. Bits that no field claims are RES0.
 * @throws RangeError when a field lies outside the structure: a mistake in a table
 */
export function layout<const D extends FieldSpecs>(
  name: string,
  section: string,
  sizeBits: number,
  specs: D,
): Layout<D> {
  const fields: Record<string, Field> = {};
  for (const [key, spec] of Object.entries(specs)) {
    const field = compile(key, spec);
    if (field.msb >= sizeBits) throw new RangeError(`${name}.${key}: bit ${field.msb} of ${sizeBits}`);
    fields[key] = field;
  }
  return {
    name,
    section,
    sizeBits,
    words: Math.ceil(sizeBits / 32),
    fields: fields as Layout<D>['fields'],
    list: Object.values(fields),
  };
}

/** The bits that no field of the layout claims (RES0), as words. */
export function reservedMask(of: Layout): Uint32Array {
  const mask = new Uint32Array(of.words).fill(0xffff_ffff);
  for (const { msb, lsb } of of.list) {
    for (let bit = lsb; bit <= msb; bit++) mask[bit >>> 5] = (mask[bit >>> 5] ?? 0) & ~(1 << (bit & 31));
  }
  const tail = of.sizeBits & 31;
  if (tail !== 0) mask[of.words - 1] = (mask[of.words - 1] ?? 0) & (2 ** tail - 1);
  return mask;
}

/** The bits that a field takes in the word where it begins, as a mask of that word. */
export function maskOf({ msb, lsb }: Pick<Field, 'msb' | 'lsb'>): number {
  const shift = lsb & 31;
  return (2 ** Math.min(shift + msb - lsb + 1, 32) - 2 ** shift) >>> 0;
}

/** A value to encode: a Number below 2^53, or the two halves of a 64-bit word. */
export type FieldValue = number | { readonly hi: number; readonly lo: number };

/** Values by field name; a field that is not named is zero. */
export type FieldValues<D extends FieldSpecs> = { readonly [K in keyof D]?: FieldValue };

/**
 * A new structure with the given values; not for hot code.
 * @throws RangeError when a value does not fit its field
 */
export function encode<D extends FieldSpecs>(of: Layout<D>, values: FieldValues<D>): Uint32Array {
  const words = new Uint32Array(of.words);
  encodeInto(of, words, 0, values);
  return words;
}

/** Writes the given values into a structure at `w[at]` and leaves its other fields; errors as {@link encode}. */
export function encodeInto<D extends FieldSpecs>(
  of: Layout<D>,
  w: Uint32Array,
  at: number,
  values: FieldValues<D>,
): void {
  for (const [name, value] of Object.entries(values) as [string, FieldValue | undefined][]) {
    if (value === undefined) continue;
    const field = fieldOf(of, name);
    if (!field) throw new RangeError(`${of.name} has no field ${name}`);
    if (typeof value === 'number') {
      field.set(w, at, value);
      if (field.get(w, at) !== value) throw new RangeError(misfit(of, field, `0x${value.toString(16)}`));
    } else {
      field.setHalves(w, at, value.hi, value.lo);
      if (field.hi(w, at) !== value.hi || field.lo(w, at) !== value.lo) {
        throw new RangeError(misfit(of, field, `${value.hi}:${value.lo}`));
      }
    }
  }
}

/** All fields of the structure at `w[at]` by name; not for hot code. Values above 2^53 are rounded. */
export function decode<D extends FieldSpecs>(
  of: Layout<D>,
  w: Uint32Array,
  at = 0,
): { readonly [K in keyof D]: number } {
  const values: Record<string, number> = {};
  for (const field of of.list) values[field.name] = field.get(w, at);
  return values as { readonly [K in keyof D]: number };
}

/** The field of that name, or undefined: for names that come from people. */
export function fieldOf(of: Layout, name: string): Field | undefined {
  return Object.hasOwn(of.fields, name) ? of.fields[name] : undefined;
}

function misfit(of: Pick<Layout, 'name'>, field: Field, value: string): string {
  return `${of.name}.${field.name}: ${value} does not fit bits [${field.msb}:${field.lsb}]`;
}
