/**
 * What the model is compared with: a stage-1 walk written by hand for one purpose. 4 KiB granule, 48-bit input and
 * output, tables below 4 GiB in one flat array; no configuration, no caches, no recording.
 */

export const WALKED = 0;
export const FAULT_ABORT = 1;
export const FAULT_TRANSLATION = 2;
export const FAULT_ACCESS = 3;

/** Where the last walk arrived: output address [47:32] and [31:0], level, and attributes with hierarchical ones in. */
export const walked = { hi: 0, lo: 0, level: 0, attributes: 0 };

const AF = 1 << 10;
const VALID = 1;
const TABLE_OR_PAGE = 2;
/** APTable, XNTable and PXNTable in the upper half of a table descriptor. */
const AP_TABLE_1 = 1 << 30;
const AP_TABLE_0 = 1 << 29;
const XN_TABLE = 1 << 28;
const PXN_TABLE = 1 << 27;

/**
 * Walks, and leaves the result in {@link walked}.
 * @param words memory from `base` on
 * @param base PA in bytes
 * @param ttb PA of the level-0 table in bytes
 */
export function walk(words: Uint32Array, base: number, ttb: number, vaHi: number, vaLo: number): number {
  if (vaHi >>> 16 !== 0) return FAULT_TRANSLATION;
  let table = ttb;
  let tables = 0;
  let shift = 39;
  for (let level = 0; level < 4; level++) {
    const bits = shift >= 32 ? vaHi >>> (shift - 32) : (vaLo >>> shift) | (vaHi << (32 - shift));
    const at = (table - base + (bits & 511) * 8) >>> 2;
    if (at + 1 >= words.length) return FAULT_ABORT;
    const lo = words[at] as number;
    const hi = words[at + 1] as number;
    if ((lo & VALID) === 0) return FAULT_TRANSLATION;
    if ((lo & TABLE_OR_PAGE) !== 0 && level < 3) {
      tables |= hi;
      table = (lo & 0xfffff000) >>> 0;
      shift -= 9;
      continue;
    }
    if (level === 0 || (level === 3 && (lo & TABLE_OR_PAGE) === 0)) return FAULT_TRANSLATION;
    if ((lo & AF) === 0) return FAULT_ACCESS;
    let ap = (lo >>> 6) & 3;
    if ((tables & AP_TABLE_1) !== 0) ap |= 2;
    if ((tables & AP_TABLE_0) !== 0) ap &= ~1;
    let attributes = ((lo >>> 2) & 0x3cf) | (ap << 4) | (((hi >>> 21) & 3) << 10);
    if ((tables & XN_TABLE) !== 0) attributes |= 0x800;
    if ((tables & PXN_TABLE) !== 0) attributes |= 0x400;
    const mask = (1 << shift) - 1;
    walked.hi = hi & 0xffff;
    walked.lo = (lo & 0xfffff000 & ~mask) | (vaLo & mask);
    walked.level = level;
    walked.attributes = attributes;
    return WALKED;
  }
  return FAULT_TRANSLATION;
}
