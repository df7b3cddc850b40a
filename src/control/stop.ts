import type { Hit } from './stops/stop.ts';
import type { ThreadKey } from './thread.ts';

/** Why a thread stopped, as the protocol names it; `end`: the program has ended. */
export type StopReason = 'entry' | 'step' | 'pause' | 'goto' | 'restart' | 'end' | Hit['reason'];

/** Where and why a thread stopped. It stands before the step it names; nothing of the operation is committed. */
export interface Stop {
  readonly thread: ThreadKey;
  readonly reason: StopReason;
  /** For people; empty when the reason says it all. */
  readonly text: string;
  readonly hit: Hit | null;
}

/** What moving an operation forward came to. */
export type Advance =
  | { readonly result: 'stopped'; readonly stop: Stop }
  | { readonly result: 'committed' }
  /** The operation cannot complete, and trying again would not change that. */
  | { readonly result: 'stuck'; readonly why: string }
  /** The program has ended. */
  | { readonly result: 'ended' };
