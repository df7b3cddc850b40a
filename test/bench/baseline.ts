/**
 * What the model is compared with: a stage-1 walk written by hand for one purpose. 4 KiB granule, 48-bit input and
 * output, tables below 4 GiB in one flat array; no configuration, no caches, no recording.
 */

export const WALKED = 0;
export const FAULT_ABORT = 1;
export const FAULT_TRANSLATION = 2;
export const FAULT_ACCESS = 3;
export const FAULT_PERMISSION = 4;

/** Where the last walk arrived: output address [47:32], [31:0], and the upper halves of the table descriptors. */
export const walked = { hi: 0, lo: 0, tables: 0 };

/**
 * Walks for an unprivileged read.
 * @param words memory from `base` on
 * @param base PA in bytes
 * @param ttb PA of the level-0 table in bytes
 */
export function walk(words: Uint32Array, base: number, ttb: number, vaHi: number, vaLo: number): number {
  let table = ttb;
  let tables = 0;
  let shift = 39;
  for (let level = 0; level < 4; level++) {
    const bits = shift >= 32 ? vaHi >>> (shift - 32) : (vaLo >>> shift) | (vaHi << (32 - shift));
    const at = (table - base + (bits & 511) * 8) >>> 2;
    if (at + 1 >= words.length) return FAULT_ABORT;
    const lo = words[at] as number;
    const hi = words[at + 1] as number;
    if ((lo & 1) === 0) return FAULT_TRANSLATION;
    if ((lo & 2) !== 0 && level < 3) {
      tables |= hi;
      table = (lo & 0xfffff000) >>> 0;
      shift -= 9;
      continue;
    }
    if (level === 0 || (level === 3 && (lo & 2) === 0)) return FAULT_TRANSLATION;
    if ((lo & 0x400) === 0) return FAULT_ACCESS;
    if ((lo & 0x40) === 0 || (tables & 0x20000000) !== 0) return FAULT_PERMISSION;
    const mask = (1 << shift) - 1;
    walked.hi = hi & 0xffff;
    walked.lo = ((lo & 0xfffff000 & ~mask) | (vaLo & mask)) >>> 0;
    walked.tables = tables;
    return WALKED;
  }
  return FAULT_TRANSLATION;
}
