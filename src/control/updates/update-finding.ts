import type { World } from '../../bits/world.ts';
import type { Finding } from '../finding.ts';
import type { UpdatedStructure } from './used.ts';

/** Which structure of which stream. */
export interface EntryName {
  readonly structure: UpdatedStructure;
  readonly world: World;
  /** The StreamID; of an L1STD the first one that it serves. */
  readonly sid: number;
  /** CD: its index; L1CD: the first index that it serves; otherwise 0. */
  readonly index: number;
  /** How many StreamIDs an L1STD serves, or CDs an L1CD; otherwise 1. */
  readonly span: number;
  /** PA in bytes. */
  readonly pa: number;
}

/** What kind of mistake leads to a mix of old and new. */
export type MixKind = 'neither' | 'valid-too-early' | 'stall-with-ats' | 'torn';

/** What is wrong with an update. */
export type UpdateMistake = MixKind | 'v-zero-window' | 'published-early' | 'missing-invalidation';

/** A mistake in the order of writes and invalidations of one structure. */
export interface UpdateFinding extends Finding {
  readonly kind: 'update-sequence';
  readonly mistake: UpdateMistake;
  readonly entry: EntryName;
  /** The operation at which it became one: its place in the history. */
  readonly operation: number;
}
