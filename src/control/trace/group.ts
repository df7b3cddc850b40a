import type { U64 } from '../../bits/u64.ts';

/** What the lines of one translation have said so far. A value: each line makes a new one. */
export interface Group {
  /** The thread that traced it. */
  readonly thread: number;
  readonly sid: number;
  /** PA in bytes of the CD, -1 when the trace does not quote it. */
  readonly cd: number;
  /** From `smmuv3_decode_cd_tt`, by half: what the CD says. */
  readonly tables: readonly [Table | null, Table | null];
  readonly asid: number;
  /** Whether the TLB of the trace had it; null before it was asked. */
  readonly hit: boolean | null;
  /** The address that was looked up: the page. */
  readonly page: U64 | null;
  /** Level of the leaf, -1 before it is reached. */
  readonly leaf: number;
  /** The walk has begun. */
  readonly walking: boolean;
  /** Why the model cannot do the same, or null. */
  readonly foreign: string | null;
}

/** One half of a CD's tables. */
export interface Table {
  /** TTB: PA in bytes. */
  readonly base: number;
  /** TxSZ. */
  readonly size: number;
  /** log2 of the granule in bytes. */
  readonly granule: 12 | 14 | 16;
}

export function groupOf(thread: number, sid: number): Group {
  return {
    thread,
    sid,
    cd: -1,
    tables: [null, null],
    asid: -1,
    hit: null,
    page: null,
    leaf: -1,
    walking: false,
    foreign: null,
  };
}

const VA55 = 0x800000;

/** Which half of the CD translates an address (3.4.1): 1 where VA[55] is set. */
export function halfOf({ hi }: U64): 0 | 1 {
  return (hi & VA55) !== 0 ? 1 : 0;
}

/** log2 of the granule by what an entry of a level translates; null for what no granule gives. */
export function granuleOf(level: number, entryBytes: number): 12 | 14 | 16 | null {
  const bits = Math.round(Math.log2(entryBytes));
  for (const granule of [12, 14, 16] as const) {
    if (granule + (3 - level) * (granule - 3) === bits) return granule;
  }
  return null;
}

const VA_BITS = 48;

/** The least TxSZ with which a walk begins at a level (DDI 0487 D8.2): what the trace shows of it. */
export function leastSize(level: number, granule: number): number {
  return 64 - Math.min(VA_BITS, granule + (4 - level) * (granule - 3));
}
