/** Benches of the history: what a step costs with it, and what a million steps keep. */

import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { History } from '../../src/control/history.ts';
import { commandTitle, outlineToRun } from '../../src/control/run-ahead.ts';
import { Breakpoints } from '../../src/control/stops/breakpoints.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { Journal } from '../../src/model/effects.ts';
import type { CommandCase } from './cases.ts';
import { median } from './clock.ts';
import { longQueue } from './long-queue.ts';
import type { Bench, Work } from './rounds.ts';

export const REVERSE = 'reverse_million';
export const REVERSE_MAXIMAL = 'reverse_million_maximal';
const STEP = 'history_step';
const LOG2SIZE = 10;
/** So many entries, then the history begins anew: the bench is no measure of memory. */
const LIMIT = 1_000_000;

/**
 * Steps over commands as a debugger runs: outline, judge, commit.
 * @param keeps with journal and history
 */
function stepper(like: CommandCase, keeps: boolean): Work {
  const smmu = longQueue(like, LOG2SIZE);
  const prod = offsetOf('CMDQ_PROD');
  const breakpoints = new Breakpoints();
  breakpoints.attach(smmu);
  let journal = new Journal();
  let history = new History();
  return (count) => {
    for (let done = 0; done < count; done++) {
      const next = smmu.nextCommand('ns');
      if ('idle' in next) {
        smmu.bank.poke(prod, smmu.bank.peek(prod) ^ (1 << LOG2SIZE));
        done--;
        continue;
      }
      const outline = outlineToRun(smmu, next.operation, breakpoints);
      if (outline === null) throw new Error(`${STEP}: a command must be planned`);
      if (!keeps) {
        smmu.commit(outline.effects);
        continue;
      }
      const command = commandTitle(smmu, outline);
      const mark = journal.length;
      smmu.commit(outline.effects, journal);
      history.push({ thread: 'cmdq.ns', operation: outline.operation, mark, command });
      if (history.length < LIMIT) continue;
      journal = new Journal();
      history = new History();
    }
  };
}

/** A step with the history, beside the same step without it. */
export function historyBench(like: CommandCase): Bench {
  const note = (): string => 'beside the same step without the history';
  return { name: STEP, unit: 'step', run: stepper(like, true), baseline: stepper(like, false), note };
}

/** What a million commands cost, and taking them back. */
export interface Gone {
  readonly steps: number;
  /** CPU milliseconds to run them, and to go back to the first. */
  readonly runMs: number;
  readonly backMs: number;
  /** Bytes that the history keeps, after a collection. */
  readonly retained: number;
  /** Growth of the resident set in bytes, at its peak. */
  readonly grown: number;
  /** Bytes kept for one. */
  readonly bytes: number;
}

const CHILD = path.resolve(import.meta.dirname, 'reverse-child.ts');

/** Runs a million commands through the debugger and back, in processes of their own; medians. */
export function measureReverse(runs: number, policy: 'combined' | 'maximal'): Gone {
  const args = ['--expose-gc', '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', CHILD, policy];
  const all = Array.from(
    { length: runs },
    () => JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Gone,
  );
  const of = (key: keyof Gone): number => median(all.map((one) => one[key]));
  return {
    steps: of('steps'),
    runMs: of('runMs'),
    backMs: of('backMs'),
    retained: of('retained'),
    grown: of('grown'),
    bytes: of('bytes'),
  };
}
