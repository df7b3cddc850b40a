const NUMERAL =
  /(?:0x([0-9a-f]+(?:_[0-9a-f]+)*)|0b([01]+(?:_[01]+)*)|([0-9]+(?:_[0-9]+)*))([kmgt]?)(?![0-9a-z_.])/iy;

const SHIFTS: Readonly<Record<string, bigint>> = { '': 0n, k: 10n, m: 20n, g: 30n, t: 40n };

/** A numeral found in a text. */
export interface Numeral {
  readonly value: bigint;
  readonly length: number;
}

/**
 * The numeral that begins at an offset: decimal, 0x or 0b, with `_` between digits and with a suffix K, M, G or T.
 * @returns null when there is none, or when something follows that belongs to no numeral (`12ab`)
 */
export function numeralAt(text: string, offset: number): Numeral | null {
  NUMERAL.lastIndex = offset;
  const match = NUMERAL.exec(text);
  if (!match) return null;
  const [whole, hexDigits, binaryDigits, decimalDigits, suffix = ''] = match;
  const digits =
    hexDigits !== undefined
      ? `0x${hexDigits}`
      : binaryDigits !== undefined
        ? `0b${binaryDigits}`
        : (decimalDigits ?? '');
  const shift = SHIFTS[suffix.toLowerCase()] ?? 0n;
  return { value: BigInt(digits.replaceAll('_', '')) << shift, length: whole.length };
}
