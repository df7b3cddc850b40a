/** What a stale use is. */

import type { Location } from '../../model/caches/location.ts';
import type { StructureEntry } from '../../model/caches/structures.ts';
import type { TlbEntry } from '../../model/caches/tlb.ts';
import type { TlbStore, Used } from '../../model/caches/used.ts';
import type { Dated, Version } from '../../model/caches/versions.ts';
import type { Plan, Transaction } from '../../model/plan.ts';

/**
 * `certain`: the model answered from an old version that no invalidation has named. `possible`: it answered from an entry
 * that is on its way out, or hardware may hold an old version of something that is read here.
 */
export type Certainty = 'certain' | 'possible';

/**
 * `unsafe`: address, space or attributes differ, more is permitted, or what was valid is not any more.
 * `spurious-fault`: the old version denies. `allowed`: nothing that software could see differs, or the architecture
 * lets hardware differ.
 */
export type StaleClass = 'unsafe' | 'spurious-fault' | 'allowed';

/** Two configurations whose translations bear the same tags (3.3.3), though their tables differ. */
export interface Clash {
  /** The transaction that filled the entry. */
  readonly filler: Transaction;
  /** The structures of both, for people: `StreamID 0x8, CD 0`. */
  readonly filledBy: string;
  readonly usedBy: string;
}

/** A TLB entry and the TLB that keeps it. */
export interface StoredEntry {
  readonly store: TlbStore;
  readonly entry: TlbEntry;
}

/** Something old that others are made from. */
export interface Remade {
  /** `the old configuration`, for people. */
  readonly from: string;
  /** The moment from which on it is surely gone. */
  readonly until: number;
}

/** One use of what no longer stands in memory. */
export interface StaleUse {
  readonly certainty: Certainty;
  readonly class: StaleClass;
  /** Index of the step of the plan that used it, or that would. */
  readonly step: number;
  /** The entry that was hit; null when only hardware may hold one. */
  readonly used: Used | null;
  /** The entry, for people: `TLB entry 0x1000 + 0x1000 bytes -> 0x80000000 (ASID=1, VMID=5)`. */
  readonly what: string;
  /** How it differs from what is read anew, for people. */
  readonly differs: string;
  /** The TLB entry or the structure that is old: the one that was hit, or that hardware may hold. */
  readonly tlb: StoredEntry | null;
  readonly structure: StructureEntry | null;
  /** What invalidations are held against; null under the policy `combined` for structures. */
  readonly location: Location | null;
  /** The overwritten value that hardware may have read; null where a hit tells. */
  readonly version: Dated<Version> | null;
  /** What the entry could be made from again after it was removed; null where that does not matter. */
  readonly remade: Remade | null;
  readonly clash: Clash | null;
  /** What reading everything anew comes to. */
  readonly fresh: Plan;
}
