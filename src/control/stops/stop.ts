import type { Outline, Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Finding } from '../finding.ts';

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
  match(
    plan: Plan,
    at: number,
    enabled: ReadonlySet<string>,
    peek: Peek,
    findings?: readonly Finding[],
  ): string | null;
  /**
   * Whether any step of the operation may be matched, judged without its steps; true where that is not known. False
   * is a promise.
   * @param smmu as it is before the operation
   */
  mayMatch(outline: Outline, enabled: ReadonlySet<string>, smmu: Smmu): boolean;
}

/** What asked for a stop, as the protocol names it. */
export type HitReason =
  | 'exception'
  | 'breakpoint'
  | 'function breakpoint'
  | 'data breakpoint'
  | 'instruction breakpoint';

/** A stop that was found. */
export interface Hit {
  /** The exception's id; empty when it was a breakpoint. */
  readonly filter: string;
  /** Index of the step before which to stop; -1 for a line of a program. */
  readonly step: number;
  readonly reason: HitReason;
  /** The breakpoints that asked for it, by the ids that setting them answered. */
  readonly ids: readonly number[];
  /** For people. */
  readonly text: string;
}

/** What setting a breakpoint comes to. */
export interface Verified {
  readonly id: number;
  readonly verified: boolean;
  /** Why it cannot stop, or not yet. */
  readonly message?: string;
  /** The line where it lies now, from 1. */
  readonly line?: number;
}

/** What every kind of breakpoint may ask beside its place. */
export interface Wishes {
  /** An expression that must come to true. */
  readonly condition?: string;
  /** `5`, `> 3`, `% 10`: see `hit-condition.ts`. */
  readonly hitCondition?: string;
  /** Said instead of stopping. */
  readonly logMessage?: string;
}

/** An operation that breakpoints look at, before anything of it has happened. */
export interface View {
  readonly smmu: Smmu;
  readonly plan: Plan;
  readonly findings: readonly Finding[];
  /** The entry of the history that the operation is or will be, where that is known. */
  readonly entry?: number | undefined;
}

/** Where a breakpoint lies. */
export interface Site {
  readonly reason: HitReason;
  /** What is there, for people. */
  label(view: View, step: number): string;
  /** The steps before which it asks to stop, ascending. */
  steps(view: View): readonly number[];
  /** False promises that {@link steps} is empty, judged without steps. */
  may(outline: Outline, smmu: Smmu): boolean;
}

/** What a log message was said about. */
export interface Where {
  readonly id: number;
  readonly view: View | null;
  /** -1 for a line of a program. */
  readonly step: number;
  readonly file?: string;
  readonly line?: number;
  /** When, see `momentOf`. */
  readonly moment?: number | undefined;
}
