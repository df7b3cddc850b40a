/** What an explanation is made of: plain JSON. */

import type { MapRun } from '../maps.ts';
import type { Row } from '../rows.ts';

/** A structure that was looked at on the way. */
export interface Consulted {
  /** `STE 0x8`, `stage 1 level 3 descriptor`. */
  readonly name: string;
  /** PA in hexadecimal, or null for what has no address of its own. */
  readonly address: string | null;
  readonly space: string;
  /** 64-bit words in hexadecimal; empty when they could not be read. */
  readonly raw: readonly string[];
  readonly source: 'memory' | 'cache';
  /** Why there are no words, or null. */
  readonly unreadable: string | null;
  /** The fields that decided, with value and meaning. */
  readonly decided: readonly Row[];
}

/** The rule that decided. */
export interface Rule {
  /** Id of a rule of the project's tables, or the section. */
  readonly id: string;
  /** `IHI 0070 7.3.16`. */
  readonly section: string;
  readonly text: string;
}

/** What one stage made of its input, side by side with the other one. */
export interface StageResult {
  readonly stage: 1 | 2;
  /** Input address in hexadecimal: IOVA or IPA. */
  readonly input: string;
  /** Output address in hexadecimal, or null. */
  readonly output: string | null;
  readonly text: string;
}

/** The mappings around an input address, in the tables that should have had it. */
export interface Nearest {
  readonly stage: 1 | 2;
  /** IOVA or IPA in hexadecimal. */
  readonly input: string;
  /** The run that holds the address, when one does. */
  readonly inside: MapRun | null;
  readonly below: MapRun | null;
  readonly above: MapRun | null;
  /** Descriptors that were read. */
  readonly reads: number;
  /** False: the search ended at its limit, or met tables that could not be read. */
  readonly complete: boolean;
}

/** A signature that fits: how such faults often come about. Never certain. */
export interface Hint {
  readonly id: string;
  readonly text: string;
}

/** One field or descriptor with another value. */
export interface Change {
  /** `STE 0x8`, `register CR0`. */
  readonly structure: string;
  /** `V [0]`, or `descriptor`. */
  readonly field: string;
  /** PA in hexadecimal of the structure; offset of a register. */
  readonly address: string;
  readonly from: string;
  readonly to: string;
  /** What the new value means, or null. */
  readonly meaning: string | null;
}

/** Changes after which the same access passes, tried on a copy. */
export interface Cure {
  readonly changes: readonly Change[];
  /** What the access comes to with them. */
  readonly outcome: string;
  /** True: with the changes the access passes. False: they lead further, and `outcome` says where it ends then. */
  readonly verified: boolean;
  /** What else to know before doing it. */
  readonly caution: string | null;
}

/** Why an operation came to what it came to. */
export interface Explanation {
  /** What was asked, in a sentence without its full stop. */
  readonly asked: string;
  /** The event, the error, or the result: `F_TRANSLATION`, `CERROR_ILL`, `ok`. */
  readonly outcome: string;
  readonly reason: string;
  readonly rule: Rule | null;
  readonly consulted: readonly Consulted[];
  /** Both stages side by side; empty where there is one at most. */
  readonly stages: readonly StageResult[];
  readonly nearest: Nearest | null;
  readonly hints: readonly Hint[];
  /** The smallest change first. */
  readonly cures: readonly Cure[];
  /** Why no change is proposed, or null. */
  readonly noCure: string | null;
  /** What software should know beside the fault. */
  readonly noticed: readonly string[];
  /** What follows. */
  readonly consequence: string;
}
