/** Attributes of accesses that registers and commands describe: MSIs (3.18, 6.3.23, 4.7.3). */

const DEVICE = ['Device-nGnRnE', 'Device-nGnRE', 'Device-nGRE', 'Device-GRE'] as const;
const CACHEABILITY = ['', 'NC', 'WT', 'WB'] as const;

/** Names of SH: 1 is reserved and acts as 0. */
export const SHAREABILITY_NAMES = ['NSH', 'NSH', 'OSH', 'ISH'] as const;

/** Whether a MemAttr, encoded as STE.MemAttr, is a Device type; the reserved encodings act as Device-nGnRnE (5.2). */
export function isDeviceType(memAttr: number): boolean {
  return memAttr >>> 2 === 0 || (memAttr & 3) === 0;
}

/** The memory type of a MemAttr: outer cacheability in bits [3:2], inner in bits [1:0], or a Device type. */
export function memoryTypeText(memAttr: number): string {
  if (memAttr >>> 2 === 0) return DEVICE[memAttr & 3] as string;
  if (isDeviceType(memAttr)) return DEVICE[0];
  return `Normal i${CACHEABILITY[memAttr & 3]}-o${CACHEABILITY[memAttr >>> 2]}`;
}

/** Normal, Non-cacheable at both levels. */
const NON_CACHEABLE = 0b0101;

/** The shareability that counts: Device types and Normal Non-cacheable are Outer Shareable whatever SH says. */
export function shareabilityText(memAttr: number, sh: number): string {
  return isDeviceType(memAttr) || memAttr === NON_CACHEABLE ? 'OSH' : (SHAREABILITY_NAMES[sh] ?? 'NSH');
}
