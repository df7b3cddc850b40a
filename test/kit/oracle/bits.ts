/** Bits of BigInts. Slow on purpose: this folder is a second reading of the architecture, and shares nothing with src. */

/** Bits [high:low]. */
export function bits(value: bigint, high: number, low: number): bigint {
  return (value >> BigInt(low)) & ones(high - low + 1);
}

/** Bits [high:low] as a Number. */
export function num(value: bigint, high: number, low: number = high): number {
  return Number(bits(value, high, low));
}

export function bit(value: bigint, n: number): boolean {
  return bits(value, n, n) === 1n;
}

/** `n` ones. */
export function ones(n: number): bigint {
  return (1n << BigInt(n)) - 1n;
}

/** Whether anything is set at or above bit `n`. */
export function exceeds(value: bigint, n: number): boolean {
  return value >> BigInt(n) !== 0n;
}

/** The low `n` bits cleared. */
export function alignDown(value: bigint, n: number): bigint {
  return (value >> BigInt(n)) << BigInt(n);
}

/** The eight bytes of a doubleword in the other order. */
export function swapBytes(value: bigint): bigint {
  let out = 0n;
  for (let i = 0; i < 8; i++) out |= bits(value, i * 8 + 7, i * 8) << BigInt(56 - i * 8);
  return out;
}
