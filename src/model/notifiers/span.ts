/** Ranges of 64-bit addresses, as uint32 halves. */

import { hex64, hiOf, loOf } from '../../bits/u64.ts';
import type { HeldMapping, NotifierSpec } from './device.ts';

const TWO_32 = 2 ** 32;

/** First and last address, inclusive. */
export interface Span {
  readonly firstHi: number;
  readonly firstLo: number;
  readonly lastHi: number;
  readonly lastLo: number;
}

/** Below 0, 0 or above 0, as `a` is less than, equal to or greater than `b`. */
export function compare(aHi: number, aLo: number, bHi: number, bLo: number): number {
  return (aHi >>> 0) - (bHi >>> 0) || (aLo >>> 0) - (bLo >>> 0);
}

/**
 * The span that begins at an address.
 * @param bytes 1 or more; it ends with the address space at the latest
 */
export function spanOf(hi: number, lo: number, bytes: number): Span {
  const low = (lo >>> 0) + loOf(bytes - 1);
  const high = (hi >>> 0) + hiOf(bytes - 1) + (low >= TWO_32 ? 1 : 0);
  const fits = high < TWO_32;
  return {
    firstHi: hi >>> 0,
    firstLo: lo >>> 0,
    lastHi: fits ? high : 0xffff_ffff,
    lastLo: fits ? low >>> 0 : 0xffff_ffff,
  };
}

export function spanOfMapping({ iovaHi, iovaLo, shift }: HeldMapping): Span {
  return spanOf(iovaHi, iovaLo, 2 ** shift);
}

export function spanOfNotifier({ startHi, startLo, endHi, endLo }: NotifierSpec): Span {
  return { firstHi: startHi, firstLo: startLo, lastHi: endHi, lastLo: endLo };
}

/** What two spans share, or null. */
export function overlap(a: Span, b: Span): Span | null {
  const first = compare(a.firstHi, a.firstLo, b.firstHi, b.firstLo) >= 0 ? a : b;
  const last = compare(a.lastHi, a.lastLo, b.lastHi, b.lastLo) <= 0 ? a : b;
  if (compare(first.firstHi, first.firstLo, last.lastHi, last.lastLo) > 0) return null;
  return { firstHi: first.firstHi, firstLo: first.firstLo, lastHi: last.lastHi, lastLo: last.lastLo };
}

/** Whether `inner` lies in `outer` as a whole. */
export function contains(outer: Span, inner: Span): boolean {
  return (
    compare(outer.firstHi, outer.firstLo, inner.firstHi, inner.firstLo) <= 0 &&
    compare(inner.lastHi, inner.lastLo, outer.lastHi, outer.lastLo) <= 0
  );
}

/** Bytes less 1, as halves. */
export function maskOf({ firstHi, firstLo, lastHi, lastLo }: Span): readonly [number, number] {
  const lo = (lastLo >>> 0) - (firstLo >>> 0);
  const hi = (lastHi >>> 0) - (firstHi >>> 0) - (lo < 0 ? 1 : 0);
  return [hi >>> 0, lo >>> 0];
}

/** An address aligned down to 2^shift, as halves. */
export function alignedDown(hi: number, lo: number, shift: number): readonly [number, number] {
  if (shift >= 64) return [0, 0];
  if (shift >= 32) return [(hi & -(2 ** (shift - 32))) >>> 0, 0];
  return [hi >>> 0, (lo - (lo % 2 ** shift)) >>> 0];
}

/** `0x1000-0x1fff`, both inclusive. */
export function spanText({ firstHi, firstLo, lastHi, lastLo }: Span): string {
  return `${hex64(firstHi, firstLo)}-${hex64(lastHi, lastLo)}`;
}

/** log2 of the largest power of two that divides an address; 64 for address 0. */
function alignmentOf(hi: number, lo: number): number {
  const low = lo >>> 0;
  if (low !== 0) return 31 - Math.clz32(low & -low);
  const high = hi >>> 0;
  return high === 0 ? 64 : 63 - Math.clz32(high & -high);
}

/**
 * A range as aligned powers of two, in ascending order, as QEMU splits it.
 * @param bytes a multiple of 4096, below 2^53
 */
export function piecesOf(hi: number, lo: number, bytes: number): readonly Span[] {
  const pieces: Span[] = [];
  let [atHi, atLo] = [hi >>> 0, lo >>> 0];
  for (let left = bytes; left > 0; ) {
    const size = Math.min(2 ** alignmentOf(atHi, atLo), 2 ** Math.floor(Math.log2(left)));
    pieces.push(spanOf(atHi, atLo, size));
    left -= size;
    const low = atLo + loOf(size);
    atHi = (atHi + hiOf(size) + (low >= TWO_32 ? 1 : 0)) >>> 0;
    atLo = low >>> 0;
  }
  return pieces;
}
