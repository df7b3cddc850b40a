import type { World } from '../../../src/bits/world.ts';
import type { Result } from '../../../src/model/plan.ts';
import type { RecordedEvent } from '../../kit/records.ts';
import type { Access, Registers, TestOptions, TestSmmu, Values } from '../../kit/smmu.ts';

/** Everything that a configuration consists of, as changes to the base of test/kit/smmu.ts. */
export interface SetUp {
  /** Whose stream it is; default: Non-secure. */
  readonly world?: World;
  /** Which states there are beside the Non-secure one. */
  readonly worlds?: TestOptions['worlds'];
  readonly registers?: Registers;
  readonly ste?: Values;
  readonly cd?: Values;
  readonly access?: Access;
  readonly sid?: number;
  readonly iova?: number;
  /** What else lies in memory. */
  readonly prepare?: (m: TestSmmu) => void;
}

/** A fault of stage 2, as its record tells it: CLASS (0 CD, 1 TT, 2 IN) and the IPA. */
export interface Stage2Fault {
  readonly event: RecordedEvent;
  readonly class: 0 | 1 | 2;
  readonly ipa: bigint;
}

/**
 * What a configuration gives: an event, a result, null for a silent abort; `translates`: an output address, through
 * stage 2; `legal`: anything but C_BAD_STE, where the tables behind the STE are not those of the test.
 */
export type Gives = RecordedEvent | Stage2Fault | Result | 'translates' | 'legal' | null;

/** The smallest configuration that a rule forbids, beside one that it allows. */
export interface RuleCase {
  /** Id in test/vectors/spec/validity.json. */
  readonly id: string;
  /** What both configurations share. */
  readonly base?: SetUp;
  readonly breaks: SetUp;
  readonly holds: SetUp;
  /** What the forbidden one gives; 'ok' and 'translates': the rule forgives. */
  readonly gives: RecordedEvent | Stage2Fault | 'ok' | 'translates' | null;
  /** FetchAddr of the record. */
  readonly fetch?: bigint;
  /** What the allowed one gives; default: a translation. */
  readonly otherwise?: Gives;
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
