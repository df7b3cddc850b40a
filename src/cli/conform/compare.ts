/** Compares answers with expectations, under the masks that make event records comparable. */

import { EVENTS, type EventName } from '../../spec/events.ts';
import type { CaseAnswer, CaseStep, ConformCase, StepAnswer } from './case.ts';

export type Verdict = 'passed' | 'failed' | 'undecided' | 'left out' | 'answered';

export interface Judgement {
  readonly verdict: Verdict;
  /** What differs: step and key. */
  readonly why: string;
  /** Steps whose expected stale answer differs from the fresh one, and how many of them were answered stale. */
  readonly visibleStale: number;
  readonly answeredStale: number;
  /** Indices of the visible-stale steps that were answered fresh. */
  readonly freshInstead: readonly number[];
}

const numbers = (...names: readonly EventName[]): ReadonlySet<number> =>
  new Set(names.map((name) => EVENTS[name].number));
const LEAF_FAULTS = numbers('F_TRANSLATION', 'F_ADDR_SIZE', 'F_ACCESS', 'F_PERMISSION');
const WALK_ABORT = EVENTS.F_WALK_EABT.number;
const FETCH_ABORTS = numbers('F_STE_FETCH', 'F_CD_FETCH');
const S2_BIT = 1 << 7;

/** Record as 8 words, from hex in memory order. */
function wordsOf(record: string): number[] {
  const words: number[] = [];
  for (let i = 0; i < 8; i++) {
    const bytes = record.slice(i * 8, i * 8 + 8).match(/../g) ?? [];
    words.push(Number.parseInt(bytes.reverse().join('') || '0', 16));
  }
  return words;
}

/** The 8 words of a record that count: number, SSV, StreamID, access and stage, addresses. */
function comparable(record: string): string {
  const w = wordsOf(record);
  const at = (i: number): number => w[i] ?? 0;
  const type = at(0) & 0xff;
  const out = [at(0) & 0x8ff, at(1), 0, 0, 0, 0, 0, 0];
  if (LEAF_FAULTS.has(type)) {
    out[2] = at(2) & 0x80000000;
    out[3] = at(3) & 0x38e;
    out[4] = at(4);
    out[5] = at(5);
    if (at(3) & S2_BIT) {
      out[6] = at(6) & 0xfffff000;
      out[7] = at(7) & 0xfffff;
    }
  } else if (type === WALK_ABORT) {
    out[3] = at(3) & 0x38e;
    out[4] = at(4);
    out[5] = at(5);
  }
  if (type === WALK_ABORT || FETCH_ABORTS.has(type)) {
    out[6] = at(6) & 0xfffffff8;
    out[7] = at(7) & 0xfffff;
  }
  return out.map((x) => (x >>> 0).toString(16)).join(' ');
}

/** The first key in which two answers differ, or null. */
export function difference(op: CaseStep['op'], want: StepAnswer, got: StepAnswer): string | null {
  if (op === 'dma') {
    if (Boolean(want.ok) !== Boolean(got.ok)) return 'ok';
    if (want.ok && Number(want.pa) !== Number(got.pa ?? 0)) return 'pa';
  }
  if (op === 'cmd' && want.cons !== undefined && Number(want.cons) !== Number(got.cons ?? -1)) return 'cons';
  if (op !== 'mem') {
    const a = (want.ev ?? []).map(comparable).join('\n');
    const b = (got.ev ?? []).map(comparable).join('\n');
    if (a !== b) return 'ev';
  }
  if (want.gerror !== undefined && Number(want.gerror) !== Number(got.gerror ?? 0)) return 'gerror';
  return null;
}

/** Judges what was answered to a case. */
export function judgeCase(of: ConformCase, answer: CaseAnswer): Judgement {
  const nothing = { visibleStale: 0, answeredStale: 0, freshInstead: [] };
  if (answer.leftOut !== undefined) return { verdict: 'left out', why: answer.leftOut, ...nothing };
  if (of.expect === undefined && of.arch_expect === undefined)
    return { verdict: 'answered', why: '', ...nothing };
  const disputed = of.qemu_deviates !== undefined;
  const freshInstead: number[] = [];
  let visibleStale = 0;
  let why = '';
  for (const [i, step] of of.steps.entries()) {
    const want = of.expect?.steps[i];
    const arch = of.arch_expect?.[String(i)];
    const got = answer.steps[i] ?? {};
    // Where the architecture's answer is known, the other implementation's entry should not have been there.
    const stale = !arch && want?.fresh !== undefined && difference(step.op, want, want.fresh) !== null;
    if (stale) visibleStale++;
    if (arch && difference(step.op, arch, got) === null) continue;
    // Where the architecture's answer is known, another implementation's is no excuse.
    const wrong = arch ? 'arch' : want ? difference(step.op, want, got) : null;
    if (wrong === null) continue;
    if (!arch && want?.fresh && difference(step.op, want.fresh, got) === null) {
      if (stale) freshInstead.push(i);
      continue;
    }
    why ||= `step ${i}: ${wrong}`;
  }
  const counts = { visibleStale, answeredStale: visibleStale - freshInstead.length, freshInstead };
  if (disputed && of.arch_expect === undefined) return { verdict: 'undecided', why, ...counts };
  return { verdict: why === '' ? 'passed' : 'failed', why, ...counts };
}
