import { type TestSmmu, TTB0 } from './smmu.ts';

/** Bits of a stage-1 leaf descriptor. */
export const LEAF = {
  AF: 1n << 10n,
  nG: 1n << 11n,
  /** AP[1]: unprivileged access. */
  USER: 1n << 6n,
  /** AP[2]: read-only. */
  READ_ONLY: 1n << 7n,
  DBM: 1n << 51n,
  CONTIGUOUS: 1n << 52n,
  PXN: 1n << 53n,
  UXN: 1n << 54n,
} as const;

/** Hierarchical bits of a table descriptor. */
export const TABLE = {
  PXN: 1n << 59n,
  UXN: 1n << 60n,
  /** APTable[0]: no unprivileged access below. */
  NO_USER: 1n << 61n,
  /** APTable[1]: no write below. */
  READ_ONLY: 1n << 62n,
} as const;

/** What an ordinary page of a process bears. */
export const USER_PAGE = LEAF.AF | LEAF.nG | LEAF.USER;

export interface Mapping {
  /** log2 of the granule. */
  readonly granule?: 12n | 14n | 16n;
  readonly txsz?: bigint;
  readonly ttb?: number;
  /** Level of the first table, where something else than the input size decides: stage 2, by S2SL0. */
  readonly start?: bigint;
  readonly iova: bigint;
  readonly pa: bigint;
  /** Level of the leaf; default 3. */
  readonly level?: bigint;
  /** Attribute bits of the leaf; default {@link USER_PAGE}. */
  readonly attributes?: bigint;
  /** Attribute bits of every table descriptor above it. */
  readonly tables?: bigint;
  readonly bigEndian?: boolean;
  /** Descriptors with 52-bit addresses: 64 KiB keeps [51:48] in [15:12], DS=1 [51:50] in [9:8]. */
  readonly wide?: boolean;
}

/** The first level of a walk: as few levels as the input size needs. */
export function startLevel(granule: bigint, txsz: bigint): bigint {
  const bits = 64n - txsz;
  let level = 3n;
  while (granule + (4n - level) * (granule - 3n) < bits) level--;
  return level;
}

/** log2 of what one entry of a level covers. */
export function entryBits(granule: bigint, level: bigint): bigint {
  return granule + (3n - level) * (granule - 3n);
}

/** The address field of a descriptor. */
export function addressField(pa: bigint, granule: bigint, wide: boolean): bigint {
  const low = pa & ((1n << 48n) - 1n);
  if (!wide) return pa;
  if (granule === 16n) return low | (((pa >> 48n) & 0xfn) << 12n);
  return (pa & ((1n << 50n) - 1n)) | (((pa >> 50n) & 3n) << 8n);
}

/** Where the descriptors of a mapping lie, by level. */
export type Path = ReadonlyMap<bigint, number>;

const known = new WeakMap<TestSmmu, Map<string, number>>();

/**
 * Writes a mapping and the tables above it; tables of earlier mappings with the same TTB are joined.
 * @returns the address of the descriptor at each level
 */
export function map(on: TestSmmu, mapping: Mapping): Path {
  const granule = mapping.granule ?? 12n;
  const txsz = mapping.txsz ?? 16n;
  const leafLevel = mapping.level ?? 3n;
  const wide = mapping.wide ?? false;
  const tables = known.get(on) ?? new Map<string, number>();
  known.set(on, tables);
  const path = new Map<bigint, number>();
  const start = mapping.start ?? startLevel(granule, txsz);
  let level = start;
  if (leafLevel < level || leafLevel > 3n) throw new RangeError(`no level ${leafLevel} in this walk`);
  const va = mapping.iova & ((1n << (64n - txsz)) - 1n);
  let table = mapping.ttb ?? TTB0;
  for (;;) {
    const shift = entryBits(granule, level);
    const first = level === start;
    const index = first ? va >> shift : (va >> shift) & ((1n << (granule - 3n)) - 1n);
    const at = table + Number(index) * 8;
    path.set(level, at);
    if (level === leafLevel) {
      const type = level === 3n ? 3n : 1n;
      const bits = addressField(mapping.pa, granule, wide) | (mapping.attributes ?? USER_PAGE) | type;
      on.descriptor(at, bits, mapping.bigEndian);
      return path;
    }
    const key = `${at}`;
    const next = tables.get(key) ?? on.table();
    tables.set(key, next);
    on.descriptor(
      at,
      addressField(BigInt(next), granule, wide) | 3n | (mapping.tables ?? 0n),
      mapping.bigEndian,
    );
    table = next;
    level++;
  }
}
