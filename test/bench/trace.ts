/** Bench of replaying a trace: what `runTrace` does for a line, with every operation planned and committed. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runTrace } from '../../src/control/trace/run.ts';
import type { Bench, Work } from './rounds.ts';

const TRACE = path.resolve(import.meta.dirname, '../fixtures/traces/boot.log');

/** Replays the trace of a kernel's start again and again; the figure is for one line. */
export function traceBench(baseline: Work): Bench {
  const text = readFileSync(TRACE, 'utf8');
  const { lines, compared, differing } = runTrace(text, TRACE);
  if (differing > 0) throw new Error(`${differing} answers differ from the trace`);
  const run: Work = (count) => {
    for (let done = 0; done < count; done += lines) {
      if (runTrace(text, TRACE).compared !== compared)
        throw new Error('the trace is answered in another way');
    }
  };
  const note = (): string => `${lines} lines, ${compared} answers compared`;
  return { name: 'replay_trace', unit: 'line', run, step: lines, baseline, note };
}
