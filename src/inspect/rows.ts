/** Fields of a structure as plain rows: what trees, variables, hovers, documents and the command line all show. */

import { type Field, type Layout, reservedMask } from '../bits/layout.ts';
import { hex64, toNumber } from '../bits/u64.ts';
import { valueText as meaningOf } from '../bits/values.ts';
import type { World } from '../bits/world.ts';

/** One field with its value. */
export interface Row {
  readonly name: string;
  /** `[3:1]`, or `[0]` for a single bit. */
  readonly bits: string;
  /** The value: decimal when small, otherwise hexadecimal. Address fields: bytes. */
  readonly value: string;
  /** What this value means: a value's text, `reserved`, or null where values have no names. */
  readonly label: string | null;
  /** What the field means. */
  readonly doc: string;
  readonly section: string | null;
  /** The address in bytes, of an address field below 2^53. */
  readonly address: number | null;
  /** Certainty of the facts, when it is not high. */
  readonly conf: 'medium' | 'low' | null;
  /** Feature without which the field is RES0. */
  readonly needs: string | null;
  /** The field holds something other than zero. */
  readonly set: boolean;
}

/** What decides between alternative meanings of the same bits. */
export interface RowContext {
  /** Security state of the structure: a few encodings differ. Default: ns. */
  readonly world?: World;
  /** Granule of the table that a descriptor belongs to, as log2 of bytes. */
  readonly granuleBits?: number;
  /** Descriptors are those of VMSAv9-128. */
  readonly d128?: boolean;
}

/** `[3:1]`, or `[0]`. */
export function bitsText(field: Pick<Field, 'msb' | 'lsb'>): string {
  return field.msb === field.lsb ? `[${field.lsb}]` : `[${field.msb}:${field.lsb}]`;
}

/** The value of a field as text: small ones in decimal, others and addresses in hexadecimal. */
export function valueText(field: Field, words: Uint32Array, at: number): string {
  const hi = field.hi(words, at);
  const lo = field.lo(words, at);
  if (field.address === true) return hex64(hi, lo);
  return hi === 0 && (lo < 10 || field.width <= 6) ? String(lo) : hex64(hi, lo);
}

/** What the field's value means in that world; `reserved` when the table names values there but not this one. */
export function labelOf(field: Field, value: number, world: World = 'ns'): string | null {
  const text = meaningOf(field, value, world);
  if (text !== undefined) return text;
  const named = Object.keys(field.values ?? {}).some(
    (key) => !key.includes('/') || key.startsWith(`${world}/`),
  );
  return named ? 'reserved' : null;
}

/** Whether the bits have this field's meaning, where they have more than one. */
function meant(field: Field, context: RowContext): boolean {
  if (field.alternativeTo === undefined || field.when === undefined) return true;
  switch (field.when) {
    case 'D128':
      return context.d128 === true;
    case '!D128':
      return context.d128 !== true;
    case '64KB granule':
      return context.granuleBits === 16;
    default:
      return true;
  }
}

/** One field of the structure at `words[at]`. */
export function row(field: Field, words: Uint32Array, at: number, context: RowContext = {}): Row {
  const hi = field.hi(words, at);
  const lo = field.lo(words, at);
  const value = toNumber(hi, lo);
  return {
    name: field.name,
    bits: bitsText(field),
    value: valueText(field, words, at),
    label: labelOf(field, value, context.world),
    doc: field.doc,
    section: field.section ?? null,
    address: field.address === true && Number.isSafeInteger(value) ? value : null,
    conf: field.conf ?? null,
    needs: field.needs ?? null,
    set: value !== 0,
  };
}

/**
 * All fields of the structure at `words[at]`, in the order of the declaration, then the reserved bits that are set.
 * Undefined encodings stay values and print as such.
 */
export function rows(of: Layout, words: Uint32Array, at = 0, context: RowContext = {}): Row[] {
  const all = of.list.filter((f) => meant(f, context)).map((f) => row(f, words, at, context));
  return [...all, ...reservedRows(of, words, at)];
}

/** Ranges of bits that no field claims but that are not zero. */
function reservedRows(of: Layout, words: Uint32Array, at: number): Row[] {
  const mask = reservedMask(of);
  const found: Row[] = [];
  const bit = (i: number): boolean => i < of.sizeBits && ((mask[i >>> 5] as number) & (1 << (i & 31))) !== 0;
  for (let lsb = 0; lsb < of.sizeBits; lsb++) {
    if (!bit(lsb)) continue;
    let msb = lsb;
    while (bit(msb + 1) && (msb & 63) !== 63) msb++;
    const value = extract(words, at, msb, lsb);
    if (value !== '0x0') {
      const bits = bitsText({ msb, lsb });
      found.push({
        name: `RES0 ${bits}`,
        bits,
        value,
        label: 'should be 0',
        doc: 'Reserved: software writes 0.',
        section: null,
        address: null,
        conf: null,
        needs: null,
        set: true,
      });
    }
    lsb = msb;
  }
  return found;
}

/** Bits [msb:lsb] of one 64-bit word, in hexadecimal. */
function extract(words: Uint32Array, at: number, msb: number, lsb: number): string {
  let hi = 0;
  let lo = 0;
  for (let i = lsb; i <= msb; i++) {
    if (((words[at + (i >>> 5)] as number) & (1 << (i & 31))) === 0) continue;
    const to = i - lsb;
    if (to < 32) lo = (lo | (1 << to)) >>> 0;
    else hi = (hi | (1 << (to - 32))) >>> 0;
  }
  return hex64(hi, lo);
}

/** `Config [3:1] = 5 (stage 1 only)`: a row on one line. */
export function rowText(r: Row): string {
  return `${r.name} ${r.bits} = ${r.value}${r.label === null ? '' : ` (${r.label})`}`;
}

/** The words of a structure as 64-bit numbers in hexadecimal, lowest first. */
export function rawWords(words: Uint32Array, at = 0, count: number = words.length - at): string[] {
  const raw: string[] = [];
  for (let i = at; i + 1 < at + count; i += 2)
    raw.push(hex64(words[i + 1] as number, words[i] as number, 16));
  if (count & 1) raw.push(hex64(0, words[at + count - 1] as number, 8));
  return raw;
}
