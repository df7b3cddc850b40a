/** Event records by the bit positions of IHI 0070 7.3, as text: most significant byte first. */

import { SID } from './smmu.ts';

/** A field of a record: bits [msb:lsb] of 256 and what they hold. The bits are those of chapter 7.3. */
export type Bits = readonly [msb: number, lsb: number, value: bigint | number];

/** The record as bytes, made from bit positions. */
export function bytes(...fields: readonly Bits[]): string {
  let all = 0n;
  for (const [msb, lsb, value] of fields) {
    const width = BigInt(msb - lsb + 1);
    if (BigInt(value) >> width !== 0n) throw new RangeError(`${value} in ${width} bits`);
    all |= BigInt(value) << BigInt(lsb);
  }
  return all.toString(16).padStart(64, '0');
}

/** Words of a record as the same text: most significant byte first. */
export const shown = (words: Iterable<number> | null | undefined): string =>
  [...(words ?? [])]
    .reverse()
    .map((word) => (word >>> 0).toString(16).padStart(8, '0'))
    .join('');

export const number = (n: number): Bits => [7, 0, n];
export const SSV: Bits = [11, 11, 1];
export const ssid = (n: number): Bits => [31, 12, n];
export const stream = (n = SID): Bits => [63, 32, n];
export const PNU: Bits = [97, 97, 1];
export const IND: Bits = [98, 98, 1];
export const RNW: Bits = [99, 99, 1];
export const S2: Bits = [103, 103, 1];
export const cls = (n: number): Bits => [105, 104, n];
export const input = (n: bigint | number): Bits => [191, 128, n];
export const fetch = (n: bigint | number): Bits => [247, 195, BigInt(n) >> 3n];
export const ipa = (n: bigint | number): Bits => [247, 204, BigInt(n) >> 12n];
