import type { IdValues } from '../features.ts';

/** The ID registers of an SMMU that people know. */
export interface Preset {
  readonly name: string;
  /** Names of before, which stay valid. */
  readonly aliases?: readonly string[];
  /** What it is, for people: no sentence, no capital letter needed. */
  readonly doc: string;
  /** Where the values come from, so that anyone can look them up. */
  readonly source: string;
  /** What the source leaves open, and what was taken instead. */
  readonly note?: string;
  /** Non-secure ID registers; one that is missing is 0. */
  readonly values: IdValues;
}
