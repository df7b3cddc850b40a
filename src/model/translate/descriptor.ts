/**
 * How a VMSAv8-64 descriptor is read: DDI 0487 D8.3. Descriptors and addresses are two 32-bit halves throughout.
 */

import { GRANULES, type Granule } from '../../spec/translation.ts';
import type { Tables } from './configuration.ts';

export const INVALID = 0;
const TABLE_DESCRIPTOR = 1;
/** A block or a page. */
export const LEAF_DESCRIPTOR = 2;

/** The field of a descriptor that holds its address: where a leaf leads, or the next table. */
export function addressField(kind: number): 'OA' | 'NextTable' {
  return kind === LEAF_DESCRIPTOR ? 'OA' : 'NextTable';
}

/** The first level that may hold a block: level 1 for 4 KiB (0 when addresses have 52 bits), 2 otherwise (1 then). */
export function firstBlockLevel(granuleBits: number, wide: boolean): number {
  return (granuleBits === 12 ? 1 : 2) - (wide ? 1 : 0);
}

/**
 * What a stage-1 or stage-2 descriptor is.
 * @param lo bits [31:0] of the descriptor
 */
export function descriptorKind(lo: number, level: number, granuleBits: number, wide: boolean): number {
  if ((lo & 1) === 0) return INVALID;
  if (level === 3) return (lo & 2) !== 0 ? LEAF_DESCRIPTOR : INVALID;
  if ((lo & 2) !== 0) return TABLE_DESCRIPTOR;
  return level >= firstBlockLevel(granuleBits, wide) ? LEAF_DESCRIPTOR : INVALID;
}

/** log2 of the bytes that one descriptor of a level covers. */
export function levelShift(level: number, granuleBits: number): number {
  return granuleBits + (3 - level) * (granuleBits - 3);
}

/** Bits that index the table at the start of a walk, concatenated tables included. */
export function indexBitsAt(inputBits: number, level: number, granuleBits: number): number {
  return Math.max(0, inputBits - levelShift(level, granuleBits));
}

/** The index into a table: bits [shift + bits - 1 : shift] of the address. */
export function tableIndex(hi: number, lo: number, shift: number, bits: number): number {
  const value = shift >= 32 ? hi >>> (shift - 32) : shift === 0 ? lo : (lo >>> shift) | (hi << (32 - shift));
  return value & ((1 << bits) - 1);
}

/**
 * Bits [63:32] of the address in a descriptor: the next table, or the output before its offset bits are cut off.
 * @param wide 52-bit descriptors: 64 KiB keeps address bits [51:48] in [15:12]; DS=1 has [49:48] in place and
 * [51:50] in [9:8]
 */
export function addressHi(hi: number, lo: number, granuleBits: number, wide: boolean): number {
  const base = hi & 0xffff;
  if (!wide) return base;
  return granuleBits === 16
    ? base | (((lo >>> 12) & 0xf) << 16)
    : base | (hi & 0x30000) | (((lo >>> 8) & 3) << 18);
}

/** Bits [31:0] of the address in a descriptor. */
export function addressLo(lo: number, granuleBits: number): number {
  return (lo & -(1 << granuleBits)) >>> 0;
}

/** Bits [63:32] of the address that a descriptor holds; of bits [31:0] see {@link addressLo}. */
export function outputHi(hi: number, lo: number, tables: Tables): number {
  return addressHi(hi, lo, tables.granuleBits, tables.wide);
}

/** Bits [63:32] of a leaf's address with the offset of the input below it. */
export function joinHi(baseHi: number, inHi: number, shift: number): number {
  if (shift <= 32) return baseHi;
  const mask = (1 << (shift - 32)) - 1;
  return (baseHi & ~mask) | (inHi & mask);
}

/** Bits [31:0] of a leaf's address with the offset of the input below it. */
export function joinLo(baseLo: number, inLo: number, shift: number): number {
  if (shift >= 32) return inLo;
  const mask = (1 << shift) - 1;
  return (baseLo & ~mask) | (inLo & mask);
}

/**
 * Which of bits [63:32] of an address of VMSAv8-32 are left: it has 40 bits, and is cut where PAs have fewer (3.4).
 */
export function cutTo(oasBits: number): number {
  return oasBits < 40 ? 2 ** (oasBits - 32) - 1 : -1;
}

/** The address exceeds the output range. */
export function beyond(addrHi: number, outputBits: number): boolean {
  return addrHi >>> (outputBits - 32) !== 0;
}

/** Whether the contiguous hint stands in a leaf: bit 52. */
export function isContiguous(hi: number): boolean {
  return (hi & 0x100000) !== 0;
}

const CONTIGUOUS = new Map<number, Granule['contiguous']>(
  Object.values(GRANULES).map((granule) => [granule.log2, granule.contiguous]),
);

/** How many neighbouring leaves the contiguous hint joins (DDI 0487 D8.7); 1 at a level that has no hint. */
export function contiguousCount(level: number, granuleBits: number): number {
  return CONTIGUOUS.get(granuleBits)?.[level] ?? 1;
}

/** Whether a descriptor or a byte order needs its halves exchanged and reversed (CD.ENDI=1). */
export function swap32(word: number): number {
  return ((word >>> 24) | ((word >>> 8) & 0xff00) | ((word << 8) & 0xff0000) | (word << 24)) >>> 0;
}
