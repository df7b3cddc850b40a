/** Benches of replaying a trace: the model alone with every operation planned, and all that a session has around it. */

import { checkersOf } from '../../src/control/checkers.ts';
import { Debugger } from '../../src/control/debugger.ts';
import { TraceProgram } from '../../src/control/trace/program.ts';
import { runTrace, traceMachine } from '../../src/control/trace/run.ts';
import type { CachePolicy } from '../../src/model/smmu.ts';
import { trace } from '../kit/traces.ts';
import type { Bench, Work } from './rounds.ts';

const FILE = 'boot.log';

/** Replays the trace of a kernel's start again and again; the figure is for one line. */
export function traceBench(baseline: Work): Bench {
  const text = trace('boot');
  const { lines, compared, differing } = runTrace(text, FILE);
  if (differing > 0) throw new Error(`${differing} answers differ from the trace`);
  const run: Work = (count) => {
    for (let done = 0; done < count; done += lines) {
      if (runTrace(text, FILE).compared !== compared) throw new Error('the trace is answered in another way');
    }
  };
  const note = (): string => `${lines} lines, ${compared} answers compared`;
  return { name: 'replay_trace', unit: 'line', run, step: lines, baseline, note };
}

/** Bench of the same trace through the debugger: history, breakpoints as by default, and every checker. */
export function debuggedTraceBench(baseline: Work, policy: CachePolicy): Bench {
  const text = trace('boot');
  let entries = 0;
  const replay = (): number => {
    const smmu = traceMachine(text, policy);
    const program = new TraceProgram(smmu, text, FILE);
    const { list } = checkersOf(smmu, (entry) => debug.entryText(entry));
    let findings = 0;
    const debug: Debugger = new Debugger(smmu, CLOCK, {
      program,
      checkers: list,
      notice: () => findings++,
    });
    debug.breakpoints.setFilters([]);
    // A run that does not give way is at its end when it comes back.
    void debug.continue('program');
    if (findings > 0 || program.failures > 0 || program.next().kind !== 'end')
      throw new Error('the trace has not come to its end, or not as it should');
    entries = debug.history.length;
    return program.counts.lines;
  };
  const lines = replay();
  const run: Work = (count) => {
    for (let done = 0; done < count; done += lines) replay();
  };
  const note = (): string => `${lines} lines, ${entries} entries of history, every checker`;
  const name = policy === 'maximal' ? 'replay_trace_debugged_maximal' : 'replay_trace_debugged';
  return { name, unit: 'line', run, step: lines, baseline, note };
}

/** Time stands still, so that a run is one piece. */
const CLOCK = { now: () => 0, breathe: () => Promise.resolve() };
