/** From a fault to its event: recorded, merged, suppressed, or a stall: IHI 0070 7.2.1 and 3.12. */

import type { World } from '../../bits/world.ts';
import type { EventName } from '../../spec/events.ts';
import { feature } from '../../spec/features.ts';
import type { Changeable } from '../effects.ts';
import type { Effect, Fault, Recorder, Recording, Transaction } from '../plan.ts';
import { writeEvent } from '../queues/event-queue.ts';
import { ring } from '../queues/ring.ts';
import { belowLimit, insertStall, type StallPhase } from '../stalls.ts';
import type { WorldState } from '../state.ts';
import type { Answer } from '../translate/answer.ts';
import { isMerged } from './merge.ts';
import { encodeRecord } from './record.ts';

const RECORDING_TEXT: Readonly<Record<Recording, string>> = {
  none: 'nothing to record',
  written: 'the record goes to the event queue',
  full: 'the event queue is full, the record is lost',
  disabled: 'the event queue is disabled (CR0.EVENTQEN=0), the record is lost',
  suppressed: 'the configuration suppresses the record',
  aborted: 'the record cannot be written (GERROR.EVENTQ_ABT_ERR)',
  merged: 'the last record of the queue stands for it as well',
  'stall-limit': 'as many stalls as IDR5.STALL_MAX are outstanding, the record waits',
};

/** Whether the event queue takes records (7.2.1). */
function isEventqWritable(on: Changeable, state: WorldState, world: World): boolean {
  const { full, inconsistent } = ring(on.bank, 'EVENTQ', world);
  return state.eventqEnabled && !state.eventqAborted && !full && !inconsistent;
}

/** Whether one more stall could be recorded. */
export function isStallRecordable(on: Changeable, state: WorldState, world: World): boolean {
  const { stalls } = on.traffic;
  return belowLimit(stalls, feature(state.ids, 'IDR5.STALL_MAX')) && isEventqWritable(on, state, world);
}

/**
 * Records an event of what is not stalled.
 * @param mev STE.MEV of the stream; false where there is no STE yet
 */
export function recordEvent(
  on: Changeable,
  state: WorldState,
  world: World,
  event: EventName,
  record: Uint32Array,
  mev: boolean,
  effects: Effect[],
): Recording {
  const memory = on.memory(world);
  if (on.traffic.mergeEvents && isEventqWritable(on, state, world)) {
    if (isMerged(on.bank, memory, world, event, record, mev)) return 'merged';
  }
  return writeEvent(on.bank, memory, state, world, record, false, effects);
}

/** What follows from the fault in an answer: a record in the event queue, a stall, or nothing. */
export function reportFault(
  on: Changeable,
  t: Transaction,
  state: WorldState,
  answer: Answer,
  effects: Effect[],
  recorder: Recorder | null,
): void {
  const { fault, result } = answer;
  if (fault === null) return;
  recorder?.step(
    'fault',
    `${fault.event ?? 'terminated without an event'}: ${fault.reason}`,
    fault.field ?? null,
    fault,
  );
  if (result === 'stall') stall(on, t, state, fault, answer, effects);
  else {
    const { privileged, instruction } = answer;
    answer.record = encodeRecord(fault, { transaction: t, privileged, instruction }, -1);
    if (answer.record === null || fault.event === null || answer.recording === 'suppressed') return;
    const mev = answer.stream?.mev ?? false;
    answer.recording = recordEvent(on, state, t.world, fault.event, answer.record, mev, effects);
  }
  recorder?.step('event', `${fault.event}: ${RECORDING_TEXT[answer.recording]}`, null, fault);
}

/** Holds a transaction; its record is written now or waits, and is never lost (7.2.1). */
function stall(
  on: Changeable,
  t: Transaction,
  state: WorldState,
  fault: Fault,
  answer: Answer,
  effects: Effect[],
): void {
  const { stalls, policy } = on.traffic;
  const twin = policy.duplicates === 'suppress' ? stalls.twinOf(t) : undefined;
  let phase: StallPhase = 'waiting';
  let stag = -1;
  if (twin) {
    phase = 'suppressed';
    answer.recording = 'suppressed';
  } else if (!belowLimit(stalls, feature(state.ids, 'IDR5.STALL_MAX'))) {
    answer.recording = 'stall-limit';
  } else {
    const tag = stalls.freeTag();
    const { privileged, instruction } = answer;
    answer.record = encodeRecord(fault, { transaction: t, privileged, instruction }, tag);
    if (answer.record !== null) {
      const memory = on.memory(t.world);
      answer.recording = writeEvent(on.bank, memory, state, t.world, answer.record, true, effects);
    }
    if (answer.recording === 'written') {
      phase = 'recorded';
      stag = tag;
    }
  }
  // A copy: the caller may use its transaction again.
  const transaction = { ...t };
  const order = stalls.nextOrder;
  effects.push(insertStall(stalls, { order, phase, stag, transaction, fault, behind: twin?.order ?? -1 }));
}
