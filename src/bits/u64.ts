/**
 * 64-bit words as two 32-bit halves, and as Numbers where they are below 2^53.
 * Every half that a function returns is in 0 .. 2^32 - 1, never negative.
 */

const TWO32 = 0x1_0000_0000;

/** A 64-bit word. */
export interface U64 {
  readonly hi: number;
  readonly lo: number;
}

/** The word as a Number: exact when no more than 53 bits are significant, otherwise rounded. */
export function toNumber(hi: number, lo: number): number {
  return hi * TWO32 + lo;
}

/** Bits [63:32] of `n`, an integer not below 0. */
export function hiOf(n: number): number {
  return Math.floor(n / TWO32) >>> 0;
}

/** Bits [31:0] of `n`, an integer not below 0. */
export function loOf(n: number): number {
  return n >>> 0;
}

/** `n` in hexadecimal with 0x, filled with zeros to `digits`. */
export function hex(n: number, digits = 1): string {
  return `0x${n.toString(16).padStart(digits, '0')}`;
}

/** The word in hexadecimal with 0x, filled with zeros to `digits`. */
export function hex64(hi: number, lo: number, digits = 1): string {
  const high = hi >>> 0;
  const low = lo >>> 0;
  if (high === 0) return hex(low, digits);
  return `0x${(high.toString(16) + low.toString(16).padStart(8, '0')).padStart(digits, '0')}`;
}

const NUMERAL = /^(?:0x([0-9a-f]+(?:_[0-9a-f]+)*)|0b([01]+(?:_[01]+)*)|([0-9]+(?:_[0-9]+)*))$/i;

/**
 * Reads an unsigned 64-bit numeral: decimal, 0x or 0b, with `_` between digits.
 * @returns null when the text is anything else or the value needs more than 64 bits
 */
export function parseHex64(text: string): U64 | null {
  const match = NUMERAL.exec(text.trim());
  if (!match) return null;
  const [, hexDigits, binaryDigits, decimalDigits] = match;
  const digits = hexDigits ?? binaryDigits ?? decimalDigits ?? '';
  const base = hexDigits !== undefined ? 16 : binaryDigits !== undefined ? 2 : 10;
  let hi = 0;
  let lo = 0;
  for (const digit of digits) {
    if (digit === '_') continue;
    const low = lo * base + Number.parseInt(digit, 16);
    lo = low % TWO32;
    hi = hi * base + Math.floor(low / TWO32);
    if (hi >= TWO32) return null;
  }
  return { hi, lo };
}

const SCALES: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/**
 * Reads an unsigned integer below 2^53: decimal, 0x or 0b, with `_` between digits and with a suffix K, M or G
 * (times 2^10, 2^20, 2^30).
 * @returns null when the text is anything else or the value is too large to be exact
 */
export function parseNumber(text: string): number | null {
  const trimmed = text.trim();
  const scale = SCALES[trimmed.slice(-1).toLowerCase()];
  const word = parseHex64(scale === undefined ? trimmed : trimmed.slice(0, -1));
  if (!word) return null;
  const value = toNumber(word.hi, word.lo);
  const scaled = value * (scale ?? 1);
  return value <= Number.MAX_SAFE_INTEGER && scaled <= Number.MAX_SAFE_INTEGER ? scaled : null;
}
