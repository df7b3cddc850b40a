import type { Effect, Operation, Plan } from '../model/plan.ts';
import type { Smmu } from '../model/smmu.ts';
import type { Finding } from './finding.ts';

/** Watches what software does and tells what it got wrong, though nothing fails. A new one is a new entry of a list. */
export interface Checker {
  /**
   * Whether {@link judge} may say something about such an operation; false is a promise, and cheap.
   * @param smmu as it is before the operation
   */
  concerns(smmu: Smmu, operation: Operation): boolean;
  /** What there is to say about an operation that is planned and not committed. Changes nothing. */
  judge(smmu: Smmu, plan: Plan): readonly Finding[];
  /** The operation was committed as an entry of the history. */
  committed?(smmu: Smmu, operation: Operation, effects: readonly Effect[], entry: number): void;
  /** The entries of the history from this one on were taken back. */
  undone?(entry: number): void;
}
