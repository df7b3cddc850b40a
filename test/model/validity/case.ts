import type { Result } from '../../../src/model/plan.ts';
import type { RecordedEvent } from '../../kit/records.ts';
import type { Access, Registers, TestSmmu, Values } from '../../kit/smmu.ts';

/** Everything that a configuration consists of, as changes to the base of test/kit/smmu.ts. */
export interface SetUp {
  readonly registers?: Registers;
  readonly ste?: Values;
  readonly cd?: Values;
  readonly access?: Access;
  readonly sid?: number;
  readonly iova?: number;
  /** What else lies in memory. */
  readonly prepare?: (m: TestSmmu) => void;
}

/** The smallest configuration that a rule forbids, beside one that it allows. */
export interface RuleCase {
  /** Id in test/vectors/spec/validity.json. */
  readonly id: string;
  /** What both configurations share. */
  readonly base?: SetUp;
  readonly breaks: SetUp;
  readonly holds: SetUp;
  /** What the forbidden one gives; null: a silent abort, 'ok': the rule forgives. */
  readonly gives: RecordedEvent | 'ok' | null;
  /** FetchAddr of the record. */
  readonly fetch?: bigint;
  /** What the allowed one gives; default: a translation. */
  readonly otherwise?: RecordedEvent | Result | null;
  /** Rules that forbid the same, so that they have to be off as well for the difference to show. */
  readonly alsoCaughtBy?: readonly string[];
}

export function joined(base: SetUp | undefined, change: SetUp): SetUp {
  return {
    ...base,
    ...change,
    registers: { ...base?.registers, ...change.registers },
    ste: { ...base?.ste, ...change.ste },
    cd: { ...base?.cd, ...change.cd },
    access: { ...base?.access, ...change.access },
    prepare: (m) => {
      base?.prepare?.(m);
      change.prepare?.(m);
    },
  };
}
