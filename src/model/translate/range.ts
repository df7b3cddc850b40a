/** Which half of a context translates an address, and whether the address lies in it: IHI 0070 3.4.1. */

import type { ContextConfig, Half } from './configuration.ts';

/** VMSAv8-32 LPAE: the address bits above the table's range, all zeroes for TTB0 and all ones for TTB1. */
function lpaeHalf(context: ContextConfig, vaLo: number): Half | null {
  const [low, high] = context.halves;
  const above = (half: Half): number => (half.inputBits >= 32 ? 0 : (vaLo >>> 0) >>> half.inputBits);
  if (!context.twoRanges) return low.inputBits >= 32 || above(low) === 0 ? low : null;
  const ones = high.inputBits >= 32 ? 0 : 2 ** (32 - high.inputBits) - 1;
  if (low.inputBits < 32) {
    if (above(low) === 0) return low;
    // With T1SZ=0 everything that is not in TTB0 belongs to TTB1.
    return high.inputBits >= 32 || above(high) === ones ? high : null;
  }
  // With T0SZ=0 everything that is not in TTB1 belongs to TTB0; with both 0 there is only TTB0.
  return high.inputBits < 32 && above(high) === ones ? high : low;
}

/**
 * Which half translates the address: VA[55], or TTB0 always where there is only that.
 * @returns null when the address lies in neither
 */
export function halfOfAddress(context: ContextConfig, vaHi: number, vaLo: number): Half | null {
  if (context.format === 'VMSAv8-32') return vaHi === 0 ? lpaeHalf(context, vaLo) : null;
  const upper = (vaHi & 0x800000) !== 0;
  if (upper && !context.twoRanges) return null;
  const half = context.halves[upper ? 1 : 0];
  return inRange(half, upper, vaHi, vaLo) ? half : null;
}

/**
 * Whether the address lies in the range of its half: the bits above the input size equal VA[55], or are zero where
 * there is one range; TBI frees [63:56].
 */
function inRange(half: Half, ones: boolean, vaHi: number, vaLo: number): boolean {
  const top = half.tbi ? vaHi & 0xffffff : vaHi;
  const all = ones ? (half.tbi ? 0xffffff : 0xffffffff) : 0;
  const differs = (top ^ all) >>> 0;
  if (half.inputBits >= 32) return differs >>> (half.inputBits - 32) === 0;
  return differs === 0 && ((ones ? ~vaLo : vaLo) >>> 0) >>> half.inputBits === 0;
}
