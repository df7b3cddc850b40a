import { Cancelled } from '../errors.ts';
import type { Session } from '../session.ts';

/** How long a search keeps the event loop, in milliseconds: a request to cancel is heard in time. */
const SLICE_MS = 50;
/** A search ends with what it has found by then. */
const LONGEST_MS = 5000;

/** The time that a search may take. */
export interface Slices {
  /** Gives way when it is time for that; throws Cancelled when the client wants nothing any more. */
  pause(): Promise<void>;
  /** Whether the search has taken as long as it may. */
  readonly over: boolean;
  /** For a walk that cannot give way: it is to end when it has taken as long as it may. */
  readonly stop: () => boolean;
}

export function slices({ host }: Session, cancelled: () => boolean): Slices {
  const { clock } = host;
  const end = clock.now() + LONGEST_MS;
  let sliceEnd = clock.now() + SLICE_MS;
  const over = (): boolean => clock.now() >= end;
  return {
    async pause() {
      if (clock.now() < sliceEnd) return;
      await clock.breathe();
      if (cancelled()) throw new Cancelled();
      sliceEnd = clock.now() + SLICE_MS;
    },
    get over() {
      return over();
    },
    stop: over,
  };
}
