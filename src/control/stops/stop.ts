import type { Outline, Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';

/** One choice that people can switch on: what clients call an exception filter. */
export interface Filter {
  /** Bare name of the event, error or condition; also the exception id of a stop. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly byDefault: boolean;
}

/** Reads 32 bits of a register as it is before the operation, by byte offset. */
export type Peek = (offset: number) => number;

/** One kind of stop. A new kind is a new file and a line in the list of `stops/index.ts`. */
export interface StopKind {
  readonly filters: readonly Filter[];
  /** The filter among `enabled` that asks to stop before step `at` of the plan, or null. */
  match(plan: Plan, at: number, enabled: ReadonlySet<string>, peek: Peek): string | null;
  /**
   * Whether any step of the operation may be matched, judged without its steps; true where that is not known. False
   * is a promise.
   * @param smmu as it is before the operation
   */
  mayMatch(outline: Outline, enabled: ReadonlySet<string>, smmu: Smmu): boolean;
}

/** A stop that was found. */
export interface Hit {
  readonly filter: string;
  /** Index of the step before which to stop. */
  readonly step: number;
}
