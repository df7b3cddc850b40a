/** What a data breakpoint watches: bytes or bits of memory or of a register. */

import type { Field } from '../../bits/layout.ts';
import { hex, parseNumber } from '../../bits/u64.ts';
import { isWorld, type World } from '../../bits/world.ts';

export type Access = 'write' | 'read' | 'readWrite';

/** A stretch of memory or of the registers. */
export interface DataPlace {
  /** A PA space, or `reg` for places of the register bank. */
  readonly space: World | 'reg';
  /** PA in bytes; of registers the place in the bank. */
  readonly pa: number;
  readonly bytes: number;
  /** The bits that count, little-endian over the bytes; left out, all of them. */
  readonly mask?: bigint;
}

/** A mask says which bits of a few words count; larger stretches are watched whole. */
const MASK_BYTES = 64;
const LARGEST = 2 ** 52;

/** The place of a field of the structure or register at `pa`, in whole words. */
export function placeOfField(
  space: DataPlace['space'],
  pa: number,
  field: Pick<Field, 'msb' | 'lsb'>,
): DataPlace {
  const first = field.lsb >>> 5;
  const bytes = ((field.msb >>> 5) - first + 1) * 4;
  const width = BigInt(field.msb - field.lsb + 1);
  const mask = ((1n << width) - 1n) << BigInt(field.lsb - first * 32);
  const all = (1n << BigInt(bytes * 8)) - 1n;
  const place = { space, pa: pa + first * 4, bytes };
  return mask === all ? place : { ...place, mask };
}

/** `ns:0x80001000+8&0xff00`: the same text in every session, so that a breakpoint survives a restart. */
export function dataId({ space, pa, bytes, mask }: DataPlace): string {
  return `${space}:${hex(pa)}+${bytes}${mask === undefined ? '' : `&0x${mask.toString(16)}`}`;
}

const FORM = /^([a-z]+):(0x[0-9a-f]{1,13})\+([0-9]{1,16})(?:&(0x[0-9a-f]{1,128}))?$/;

/** Reads what {@link dataId} writes; null for any other text. */
export function parseDataId(text: string): DataPlace | null {
  const match = FORM.exec(text);
  if (!match) return null;
  const [, space = '', address = '', count = '', mask] = match;
  const pa = parseNumber(address);
  const bytes = Number(count);
  if ((space !== 'reg' && !isWorld(space)) || pa === null || bytes < 1 || pa + bytes > LARGEST) return null;
  if (mask === undefined) return { space, pa, bytes };
  const bits = BigInt(mask);
  if (bytes > MASK_BYTES || pa % 4 !== 0 || bits === 0n || bits >> BigInt(bytes * 8) !== 0n) return null;
  return { space, pa, bytes, mask: bits };
}

/** The bits of the 32-bit word at `at` that count; 0 when the word lies beside the place. */
export function wordMask({ pa, bytes, mask }: DataPlace, at: number): number {
  const from = Math.max(pa, at);
  const to = Math.min(pa + bytes, at + 4);
  if (from >= to) return 0;
  if (mask !== undefined) return Number((mask >> BigInt((at - pa) * 8)) & 0xffff_ffffn);
  return (2 ** ((to - at) * 8) - 2 ** ((from - at) * 8)) >>> 0;
}

/** Whether bytes of the same space are among those of the place. */
export function overlaps(place: DataPlace, space: DataPlace['space'], pa: number, bytes: number): boolean {
  return place.space === space && pa < place.pa + place.bytes && place.pa < pa + bytes;
}
