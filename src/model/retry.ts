/** Stalled transactions that go on: IHI 0070 3.12.2 (retry, suppressed and early), 7.2.1 (records that waited). */

import { hex, hex64 } from '../bits/u64.ts';
import type { World } from '../bits/world.ts';
import { Ahead } from './ahead.ts';
import type { Changeable } from './effects.ts';
import { isStallRecordable } from './events/report.ts';
import type { Effect, Recorder, Result, Transaction } from './plan.ts';
import { insertStall, removeStall, type Stall, stallEnds } from './stalls.ts';
import type { Derive, WorldState } from './state.ts';
import { translateTraffic } from './traffic.ts';
import { Answer } from './translate/answer.ts';

/** Turns an answer into effects: what caches keep, and what is recorded. */
export type Settle = (
  on: Changeable,
  t: Transaction,
  state: WorldState,
  answer: Answer,
  effects: Effect[],
) => void;

const NO_WORDS = new Uint32Array(0);

function whose(t: Transaction): string {
  if (t.kind === 'no-stream-id') return 'a device without StreamID';
  return `StreamID ${hex(t.sid)}${t.ssid >= 0 ? ` SubstreamID ${hex(t.ssid)}` : ''}`;
}

/** The frame and the first step of a transaction. */
export function recordArrival(recorder: Recorder, t: Transaction, before = ''): void {
  const direction = t.write ? 'write' : t.instruction ? 'instruction fetch' : 'read';
  const plain = t.kind === 'ordinary' || t.kind === 'no-stream-id';
  const what = `${before}${plain ? '' : `${t.kind} `}${direction}`;
  recorder.enter(0, {
    kind: 'transaction',
    name: () => `${what} ${hex64(t.vaHi, t.vaLo)} by ${whose(t)}`,
    layout: 'TRANSACTION',
    space: t.world,
    pa: null,
    words: NO_WORDS,
    status: 0,
    level: 0,
  });
  recorder.step('begin', () => `${whose(t)}: ${what} at ${hex64(t.vaHi, t.vaLo)}`);
}

/**
 * Goes on with stalled transactions that planned effects set free: those that CMD_RESUME retries, those whose record
 * can be written now, and those whose twin is gone. Each is computed on the SMMU as it will be by then.
 * @param effects what is planned; gets what follows
 * @param synchronised a CMD_SYNC is consumed
 */
export function wakeStalls(
  on: Changeable,
  derive: Derive,
  effects: Effect[],
  recorder: Recorder | null,
  synchronised: boolean,
  settle: Settle,
): void {
  const { stalls: now, policy } = on.traffic;
  const early = synchronised && policy.earlyRetry === 'sync';
  const touched = effects.some((effect) => effect.kind === 'store' && effect.store === now);
  if (!(touched || early || now.waits)) return;
  const ahead = new Ahead(on, effects, derive, recorder);
  const { stalls } = ahead.traffic;
  const follow = (stall: Stall, isEarly: boolean): void => {
    const { transaction: t } = stall;
    if (recorder) recordArrival(recorder, t, isEarly ? 'early retry of ' : 'retry of ');
    const answer = new Answer();
    const state = ahead.state(t.world);
    translateTraffic(ahead, state, t, answer, recorder);
    const more = isEarly ? afterEarly(ahead, stall, answer) : [removeStall(stalls, stall)];
    if (more === null) return;
    settle(ahead, t, state, answer, more);
    if (answer.result !== 'stall') more.push(stallEnds(t, answer.result, answer.pa));
    effects.push(...ahead.apply(more));
  };
  const recorded = early ? stalls.entries().filter(({ phase }) => phase === 'recorded') : [];
  for (const stall of recorded) follow(stall, true);
  const until = stalls.nextOrder;
  const recordable = (world: World): boolean => isStallRecordable(ahead, ahead.state(world), world);
  for (let stall = stalls.next(recordable, until); stall; stall = stalls.next(recordable, until)) {
    follow(stall, false);
  }
  ahead.flushChecks(effects);
}

const ENDS: ReadonlySet<Result> = new Set(['ok', 'abort', 'razwi']);

/**
 * A retry that nobody asked for records nothing, and the tag stays taken until the record is answered; null where the
 * transaction remains stalled (3.12.2.2).
 */
function afterEarly(ahead: Ahead, stall: Stall, answer: Answer): Effect[] | null {
  if (!ENDS.has(answer.result)) return null;
  answer.fault = null;
  const { stalls } = ahead.traffic;
  return [removeStall(stalls, stall), insertStall(stalls, { ...stall, phase: 'retried' })];
}
