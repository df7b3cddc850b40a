import type { Clock } from '../control/clock.ts';
import type { LaunchInputs, OpenedMachine } from './inputs.ts';

/** How far the opening of a capture has come. */
export interface OpenProgress {
  /** What is being done, for people. */
  readonly text: string;
  readonly done: number;
  readonly total: number;
}

/** What a session needs from its surroundings: files and time. Everything else in the adapter is plain code. */
export interface Host {
  readonly clock: Clock;
  /**
   * Opens a capture with its registers.
   * @param signal cancels; the opening then fails and leaves nothing behind
   * @throws UserError with a text for people
   */
  open(
    inputs: LaunchInputs,
    progress: (progress: OpenProgress) => void,
    signal: AbortSignal,
  ): Promise<OpenedMachine>;
}
