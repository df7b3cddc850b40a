/**
 * Range TLB invalidation (4.4.1.1), with IDR3.RIL and TG not 0: the bytes from Address up to, but not including,
 * Address + (NUM + 1) * 2^SCALE * granule. It does not wrap and does not spill from TTB0 into TTB1.
 * TG == 0 means the entry that contains Address, of any granule and level.
 */
export const RANGE_GRANULE_LOG2: readonly (number | undefined)[] = [undefined, 12, 14, 16];

/** A larger SCALE counts as this. */
export const RANGE_SCALE_MAX = 39;

/** SCALE has 5 bits without IDR5.DS, then 6. */
export const RANGE_SCALE_BITS = { withoutDS: 5, withDS: 6 } as const;

/**
 * log2 of the alignment that Address must have, by TG and TTL; elsewhere the range is UNPREDICTABLE if misaligned.
 * A TTL of 0 stands for any level.
 */
export const RANGE_ALIGNMENT_LOG2: readonly (Readonly<Record<number, number>> | undefined)[] = [
  undefined,
  { 1: 30, 2: 21 },
  { 0: 14, 1: 36, 2: 25, 3: 14 },
  { 0: 16, 1: 42, 2: 29, 3: 16 },
];

/** The same for 128-bit descriptors (TTL128=1): if misaligned, nothing need be removed. */
export const RANGE_ALIGNMENT_LOG2_128: readonly (Readonly<Record<number, number>> | undefined)[] = [
  undefined,
  { 1: 28, 2: 20 },
  { 1: 34, 2: 24, 3: 14 },
  { 1: 40, 2: 28, 3: 16 },
];

/**
 * Whether range fields are illegal (CERROR_ILL): a granule, but neither range nor level.
 * @param ds IDR5.DS: without it TTL 1 of the 16KB granule counts as 0
 */
export function rangeIsIllegal(tg: number, num: number, scale: number, ttl: number, ds: boolean): boolean {
  if (tg === 0 || num !== 0 || scale !== 0) return false;
  return ttl === 0 || (tg === 2 && ttl === 1 && !ds);
}
