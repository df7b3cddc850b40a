/** Measures a bench and its baseline in alternating batches: what disturbs the machine for a while disturbs both. */

import { cpuNs, median } from './clock.ts';

/** Does something `count` times. */
export type Work = (count: number) => void;

export interface Bench {
  readonly name: string;
  /** What the figure is for. */
  readonly unit: string;
  readonly run: Work;
  /** The least that `run` does at once. Default 1. */
  readonly step?: number;
  /** The hand-written walk to compare with: of the same addresses where the bench translates. */
  readonly baseline: Work;
  /** Remarks for people, asked after the measurement. */
  readonly note?: () => string;
}

export interface Measured {
  readonly name: string;
  readonly unit: string;
  /** CPU nanoseconds for one unit: the median of the rounds. */
  readonly ns: number;
  /** The median of the rounds' ratios to the baseline of the same round. */
  readonly ratio: number;
  /** CPU nanoseconds of one hand-written walk. */
  readonly baseline: number;
  readonly note: string;
}

export interface Pace {
  readonly rounds: number;
  /** CPU milliseconds of one batch, about. */
  readonly batchMs: number;
}

const WARM_UP_BATCHES = 3;

/** Finds how often `work` is done in one batch, and warms it up on the way. */
function calibrate(work: Work, batchMs: number, step = 1): number {
  const target = batchMs * 1e6;
  let count = Math.max(16, step);
  for (;;) {
    // The shorter of two: one alone may hold a collection, or the compiler.
    const spent = Math.min(timed(work, count), timed(work, count)) * count;
    if (spent >= target / 2) {
      const fitting = Math.max(1, Math.round((count * target) / spent / step)) * step;
      for (let i = 0; i < WARM_UP_BATCHES; i++) work(fitting);
      return fitting;
    }
    count *= 2;
  }
}

function timed(work: Work, count: number): number {
  const from = cpuNs();
  work(count);
  return (cpuNs() - from) / count;
}

/** Runs one bench and its baseline in turn, and takes medians over the rounds. */
function measureOne(bench: Bench, pace: Pace): Measured {
  const count = calibrate(bench.run, pace.batchMs, bench.step);
  const baselineCount = calibrate(bench.baseline, pace.batchMs / 2);
  // Before the rounds only: a collection between batches would make each pay for fresh pages of memory.
  globalThis.gc?.();
  const rounds = Array.from({ length: pace.rounds }, () => {
    const baseline = timed(bench.baseline, baselineCount);
    return { baseline, ns: timed(bench.run, count) };
  });
  return {
    name: bench.name,
    unit: bench.unit,
    ns: median(rounds.map(({ ns }) => ns)),
    ratio: median(rounds.map(({ ns, baseline }) => ns / baseline)),
    baseline: median(rounds.map(({ baseline }) => baseline)),
    note: bench.note?.() ?? '',
  };
}

/**
 * Measures benches one after the other, all of them warmed up before: the code that they share is then as general as
 * it is in a session.
 */
export function measure(benches: readonly Bench[], pace: Pace): Measured[] {
  for (const bench of benches) calibrate(bench.run, pace.batchMs, bench.step);
  return benches.map((bench) => measureOne(bench, pace));
}
