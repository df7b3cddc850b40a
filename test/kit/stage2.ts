import type { TestSmmu, Values } from './smmu.ts';
import { entryBits, map, type Path } from './tables.ts';

/** The starting-level table of {@link S2_STE}, above all that {@link TestSmmu.table} hands out in a test. */
export const S2TTB = 0x4c000000;

/** A usable stage 2: 4 KiB, 40-bit IPA, two concatenated tables at level 1; stage 1 is off. */
export const S2_STE: Values = {
  Config: 6,
  S2VMID: 3,
  S2AA64: 1,
  S2TG: 0,
  S2T0SZ: 24,
  S2SL0: 1,
  S2PS: 5,
  S2TTB,
  S2R: 1,
};

/** The starting-level table for Non-secure IPAs in {@link SECURE_S2_STE}. */
export const NONSECURE_S2TTB = 0x4d000000;

/** {@link S2_STE} of a Secure stream: Secure IPAs by {@link S2TTB}, Non-secure ones by tables like them. */
export const SECURE_S2_STE: Values = {
  ...S2_STE,
  S2TTB: NONSECURE_S2TTB,
  S_S2TTB: S2TTB,
  S_S2TG: 0,
  S_S2T0SZ: 24,
  S_S2SL0: 1,
};

/** Both stages, by {@link S2_STE}. */
export const NESTED_STE: Values = { ...S2_STE, Config: 7 };

/** Bits of a stage-2 leaf descriptor (DDI 0487 D8.3). */
export const S2_LEAF = {
  /** S2AP[0]. */
  READ: 1n << 6n,
  /** S2AP[1]. */
  WRITE: 1n << 7n,
  AF: 1n << 10n,
  /** SH: inner shareable. */
  INNER: 3n << 8n,
  /** MemAttr with S2FWB=0: Normal, inner and outer write-back. */
  WRITE_BACK: 0xfn << 2n,
  /** MemAttr with S2FWB=0: Device-nGnRnE. */
  DEVICE: 0n,
  DBM: 1n << 51n,
  CONTIGUOUS: 1n << 52n,
  /** XN[1:0], bits [54:53]: 1 EL0 only, 2 none, 3 EL1 only. */
  XN_EL0: 1n << 53n,
  XN: 2n << 53n,
  XN_EL1: 3n << 53n,
} as const;

/** Read, write, accessed, cacheable. */
export const S2_PAGE = S2_LEAF.READ | S2_LEAF.WRITE | S2_LEAF.AF | S2_LEAF.INNER | S2_LEAF.WRITE_BACK;

export interface Stage2Mapping {
  /** log2 of the granule. */
  readonly granule?: 12n | 14n | 16n;
  readonly t0sz?: bigint;
  readonly ttb?: number;
  /** Level of the first tables, as S2SL0 says it; default 1. */
  readonly start?: bigint;
  readonly ipa: bigint;
  readonly pa: bigint;
  /** Level of the leaf; default 3. */
  readonly level?: bigint;
  /** Attribute bits of the leaf; default {@link S2_PAGE}. */
  readonly attributes?: bigint;
  /** Bits of every table descriptor above it: AF, where S2HAFT is on. */
  readonly tables?: bigint;
  readonly bigEndian?: boolean;
  /** Descriptors with 52-bit addresses (64 KiB and a 52-bit OAS, or S2DS=1). */
  readonly wide?: boolean;
}

/**
 * Writes a stage-2 mapping and the tables above it.
 * @returns the address of the descriptor at each level
 */
export function mapStage2(on: TestSmmu, mapping: Stage2Mapping): Path {
  const { ipa, t0sz = 24n, ttb = S2TTB, start = 1n, ...rest } = mapping;
  // With S2DS=1 the bits of SH hold OA[51:50].
  const large = mapping.wide === true && mapping.granule !== 16n;
  const attributes = mapping.attributes ?? (large ? S2_PAGE & ~S2_LEAF.INNER : S2_PAGE);
  return map(on, { ...rest, iova: ipa, txsz: t0sz, ttb, start, attributes });
}

const IDENTITY_BYTES = 1n << 31n;

/**
 * Maps IPA to the same PA, from 0 to 2 GiB, by blocks: every table and page of a {@link TestSmmu}.
 * @param mapping what is not as in {@link S2_STE}; the walk begins above level 3
 */
export function identity(on: TestSmmu, mapping: Omit<Stage2Mapping, 'ipa' | 'pa' | 'level'> = {}): void {
  const { granule = 12n, start = 1n } = mapping;
  // The largest blocks are those of level 1 with 4 KiB, of level 2 otherwise (DDI 0487 D8.3).
  const level = granule === 12n && start <= 1n ? 1n : 2n;
  if (start > level) throw new RangeError(`no blocks in a walk from level ${start}`);
  const block = 1n << entryBits(granule, level);
  for (let at = 0n; at < IDENTITY_BYTES; at += block) mapStage2(on, { ...mapping, ipa: at, pa: at, level });
}
