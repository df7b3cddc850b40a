/** From a fault to its event: recorded, merged, suppressed, or a stall: IHI 0070 7.2.1 and 3.12. */

import type { World } from '../../bits/world.ts';
import type { QueueWorld } from '../../spec/commands.ts';
import type { EventName } from '../../spec/events.ts';
import { feature } from '../../spec/features.ts';
import type { Changeable } from '../effects.ts';
import type { Effect, Fault, Recorder, Recording, Transaction } from '../plan.ts';
import { writeEvent } from '../queues/event-queue.ts';
import { ring } from '../queues/ring.ts';
import { eventQueueOwner, queueSpace } from '../queues/world-queues.ts';
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
  waiting: 'the event queue cannot take it now, so the record waits',
  unknown: 'the GPT entry of the event queue is not in the image, so the record may be written or not',
  'stall-limit': 'as many stalls as IDR5.STALL_MAX are outstanding, the record waits',
};

/** Whether the event queue takes records (7.2.1). */
function isEventqWritable(on: Changeable, state: WorldState, world: QueueWorld): boolean {
  const { full, inconsistent } = ring(on.bank, 'EVENTQ', world);
  return state.eventqEnabled && !state.eventqAborted && !full && !inconsistent;
}

/** Whether an event is left out (`event:F_UUT` in {@link WorldState.rulesOff}): what raises it ends silently then. */
function isEventOff({ rulesOff }: WorldState, event: EventName | null): boolean {
  return rulesOff.size !== 0 && rulesOff.has(`event:${event}`);
}

/** Whether one more stall could be recorded. */
export function isStallRecordable(on: Changeable, state: WorldState, world: World): boolean {
  const { stalls } = on.traffic;
  const to = eventQueueOwner(state.rulesOff, world);
  if (to === null || !belowLimit(stalls, feature(state.ids, 'IDR5.STALL_MAX'))) return false;
  return isEventqWritable(on, state, to);
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
  recorder: Recorder | null,
): Recording {
  const to = eventQueueOwner(state.rulesOff, world);
  if (to === null || isEventOff(state, event)) return 'none';
  if (on.traffic.mergeEvents && isEventqWritable(on, state, to)) {
    const memory = on.own(queueSpace(state.rulesOff, to));
    if (isMerged(on.bank, memory, to, event, record, mev)) return 'merged';
  }
  return writeEvent({ machine: on, world: to, effects, recorder }, record, false);
}

/** Records tell of refused fetches with IDR0.RME_IMPL (3.25.3). */
export function withGpcf(fault: Fault, { ids, rulesOff }: WorldState): Fault {
  if (fault.gpc !== true) return fault;
  const tells = feature(ids, 'IDR0.RME_IMPL') === 1 && !rulesOff.has('gpc:FETCH');
  return tells ? fault : { ...fault, gpc: false };
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
  const fault = answer.fault === null ? null : withGpcf(answer.fault, state);
  if (fault === null) return;
  const off = isEventOff(state, fault.event);
  if (off && answer.result === 'stall') answer.result = 'abort';
  recorder?.step(
    'fault',
    `${fault.event ?? 'terminated without an event'}: ${fault.reason}`,
    fault.field ?? null,
    fault,
  );
  if (off) return;
  if (answer.result === 'stall') stall(on, t, state, fault, answer, effects, recorder);
  else {
    const { privileged, instruction } = answer;
    answer.record = encodeRecord(fault, { transaction: t, privileged, instruction }, -1);
    if (answer.record === null || fault.event === null || answer.recording === 'suppressed') return;
    const mev = answer.stream?.mev ?? false;
    answer.recording = recordEvent(on, state, t.world, fault.event, answer.record, mev, effects, recorder);
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
  recorder: Recorder | null,
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
    const to = eventQueueOwner(state.rulesOff, t.world);
    if (answer.record !== null && to !== null) {
      const signals = { machine: on, world: to, effects, recorder };
      answer.recording = writeEvent(signals, answer.record, true);
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
