import { type Checkers, checkersOf } from '../../src/control/checkers.ts';
import type { Clock } from '../../src/control/clock.ts';
import { Debugger, type DebuggerOptions } from '../../src/control/debugger.ts';
import type { ProgramNote } from '../../src/control/program.ts';
import type { Smmu } from '../../src/model/smmu.ts';

/** A debugger with every checker of a session, and what it says. */
export interface Watched {
  readonly debug: Debugger;
  readonly checkers: Checkers;
  /** What checkers noticed about operations that were committed. */
  readonly findings: string[];
  readonly notes: ProgramNote[];
}

const CLOCK: Clock = {
  now: () => performance.now(),
  breathe: () => new Promise((resolve) => setImmediate(resolve)),
};

/** A debugger as a session makes it. */
export function watched(smmu: Smmu, options: DebuggerOptions = {}, clock: Clock = CLOCK): Watched {
  const findings: string[] = [];
  const notes: ProgramNote[] = [];
  const checkers = checkersOf(smmu, (entry) => debug.entryText(entry));
  const debug: Debugger = new Debugger(smmu, clock, {
    ...options,
    checkers: checkers.list,
    tell: (note) => notes.push(note),
    notice: (found, _operation, entry) => {
      for (const { certainty, text } of found) findings.push(`entry ${entry}: ${certainty}: ${text}`);
    },
  });
  return { debug, checkers, findings, notes };
}
