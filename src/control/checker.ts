import type { Effect, Operation, Outline, Plan } from '../model/plan.ts';
import type { Smmu } from '../model/smmu.ts';
import type { Finding } from './finding.ts';

/** Watches what software does and tells what it got wrong, though nothing fails. A new one is a new entry of a list. */
export interface Checker {
  /**
   * Whether {@link judge} must see an operation; false is a promise, and cheap.
   * @param smmu as it is before the operation
   */
  concerns(smmu: Smmu, outline: Outline): boolean;
  /**
   * What there is to say about an operation that is planned and not committed. Changes nothing.
   * @param entry which entry of the history it would be
   */
  judge(smmu: Smmu, plan: Plan, entry: number): readonly Finding[];
  /** The operation was committed as an entry of the history. */
  committed?(smmu: Smmu, operation: Operation, effects: readonly Effect[], entry: number): void;
  /** The entries of the history from this one on were taken back. */
  undone?(entry: number): void;
  /** Everything is as it was before entry `to`, by something new: entry `entry`. */
  reverted?(to: number, entry: number): void;
}
