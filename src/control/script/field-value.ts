/** Values that people give to fields. */

import type { Field } from '../../bits/layout.ts';

/** The bits of a value that a field can hold: an address field holds the upper bits of an address in place. */
function holdable({ msb, lsb, width, address }: Field): bigint {
  const ones = (1n << BigInt(width)) - 1n;
  return address === true ? ones << BigInt(lsb & 63) : msb - lsb >= 63 ? (1n << 64n) - 1n : ones;
}

/** Why a value does not fit a field, as the end of a sentence that begins with the value; null when it fits. */
export function misfit(field: Field, value: bigint): string | null {
  const held = holdable(field);
  if (value >= 0n && (value & ~held) === 0n) return null;
  if (field.address === true && value >= 0n) {
    const [top, low] = [field.msb & 63, field.lsb & 63];
    return `is no address that ${field.name} can hold: only bits [${top}:${low}] may be set`;
  }
  return `does not fit ${field.name}, which takes 0 to ${held < 10n ? held : `0x${held.toString(16)}`}`;
}
