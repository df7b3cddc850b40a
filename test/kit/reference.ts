/**
 * Stage 1 of VMSAv8-64 once more, short and slow, with BigInt and nothing of src: DDI 0487 D8 by IHI 0070 3.4 and 5.4.
 * What it is for: random descriptors, on which two independent readings of the architecture must agree.
 */

export interface ReferenceContext {
  readonly granule: 12n | 14n | 16n;
  readonly txsz: bigint;
  readonly ttb: bigint;
  /** Bits of the implementation's addresses, and of CD.IPS. */
  readonly oas: bigint;
  readonly ips: bigint;
  readonly ds: boolean;
  readonly had: boolean;
  readonly affd: boolean;
  readonly wxn: boolean;
  readonly pan: boolean;
  readonly bigEndian: boolean;
  /** EL2 without E2H: one privilege level. */
  readonly el2: boolean;
}

export interface ReferenceAccess {
  readonly write: boolean;
  readonly privileged: boolean;
  readonly instruction: boolean;
}

/** The output address, or the event. */
export type ReferenceAnswer =
  | bigint
  | 'F_TRANSLATION'
  | 'F_ADDR_SIZE'
  | 'F_ACCESS'
  | 'F_PERMISSION'
  | 'F_WALK_EABT';

const bit = (value: bigint, n: number): boolean => ((value >> BigInt(n)) & 1n) === 1n;
const bits = (value: bigint, high: number, low: number): bigint =>
  (value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);

/** Bits of the address in a descriptor, all 52 of them where the descriptor has so many. */
function addressOf(c: ReferenceContext, descriptor: bigint): bigint {
  const low = Number(c.granule);
  const base = bits(descriptor, 47, low) << c.granule;
  if (c.granule === 16n) return c.oas === 52n ? base | (bits(descriptor, 15, 12) << 48n) : base;
  return c.ds ? base | (bits(descriptor, 49, 48) << 48n) | (bits(descriptor, 9, 8) << 50n) : base;
}

function hasBlock(c: ReferenceContext, level: bigint): boolean {
  if (c.granule === 12n) return level === 2n || level === 1n || (level === 0n && c.ds);
  if (c.granule === 14n) return level === 2n || (level === 1n && c.ds);
  return level === 2n || (level === 1n && c.oas === 52n);
}

function isPermitted(c: ReferenceContext, leaf: bigint, tables: bigint, access: ReferenceAccess): boolean {
  const above = c.had ? 0n : tables;
  const writable = !bit(leaf, 7) && !bit(above, 62);
  if (c.el2) {
    const executable = !bit(leaf, 54) && !bit(above, 60) && !(c.wxn && writable);
    return access.write ? writable : access.instruction ? executable : true;
  }
  const user = bit(leaf, 6) && !bit(above, 61);
  if (access.instruction && !access.write) {
    if (access.privileged) {
      const userWrites = user && writable;
      return !bit(leaf, 53) && !bit(above, 59) && !userWrites && !(c.wxn && writable);
    }
    return !bit(leaf, 54) && !bit(above, 60) && !(c.wxn && user && writable);
  }
  if (!access.privileged) return user && (!access.write || writable);
  return !(c.pan && user) && (!access.write || writable);
}

/**
 * Walks.
 * @param read 8 bytes at a PA as they lie in memory, least significant first; null: external abort
 * @param va below 2^(64-TxSZ)
 */
export function referenceWalk(
  c: ReferenceContext,
  va: bigint,
  access: ReferenceAccess,
  read: (pa: bigint) => bigint | null,
): ReferenceAnswer {
  const stride = c.granule - 3n;
  const size = 64n - c.txsz;
  let levels = (size - c.granule + stride - 1n) / stride;
  if (levels < 1n) levels = 1n;
  const output = c.ips < c.oas ? c.ips : c.oas;
  let level = 4n - levels;
  let tables = 0n;
  const firstBits = size - (c.granule + (3n - level) * stride);
  let alignment = firstBits + 3n;
  if (output === 52n && alignment < 6n) alignment = 6n;
  let table = (c.ttb >> alignment) << alignment;
  let indexBits = firstBits;
  for (;;) {
    const shift = c.granule + (3n - level) * stride;
    const index = (va >> shift) & ((1n << indexBits) - 1n);
    const raw = read(table + index * 8n);
    if (raw === null) return 'F_WALK_EABT';
    const bytes = raw.toString(16).padStart(16, '0').match(/../g) ?? [];
    const descriptor = c.bigEndian ? BigInt(`0x${bytes.reverse().join('')}`) : raw;
    const type = descriptor & 3n;
    const leaf = level === 3n ? type === 3n : type === 1n && hasBlock(c, level);
    if (!leaf && !(type === 3n && level < 3n)) return 'F_TRANSLATION';
    const address = addressOf(c, descriptor);
    if (address >> output !== 0n) return 'F_ADDR_SIZE';
    if (leaf) {
      if (!bit(descriptor, 10) && !c.affd) return 'F_ACCESS';
      if (!isPermitted(c, descriptor, tables, access)) return 'F_PERMISSION';
      const offset = (1n << shift) - 1n;
      return (address & ~offset) | (va & offset);
    }
    tables |= descriptor;
    table = address;
    indexBits = stride;
    level++;
  }
}
