/** Bench of replaying a trace: what `runTrace` does for a line, with every operation planned and committed. */

import { runTrace } from '../../src/control/trace/run.ts';
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
