/** When a record may stand for more than one event: IHI 0070 7.3.1. */

import type { World } from '../../bits/world.ts';
import { EVENT_BYTES, EVENTS, type EventName, type EventSpec } from '../../spec/events.ts';
import type { RegisterBank } from '../bank.ts';
import { DATA, type SparseMemory } from '../memory.ts';
import { entryAddress, ring } from '../queues/ring.ts';

const EVENT_WORDS = EVENT_BYTES / 4;
const last = new Uint32Array(EVENT_WORDS);

/** Bits of a record that may differ, as a mask of the word: events that say so leave InputAddr[11:0] out. */
const PAGE_OFFSET = 0xfff;

/**
 * Whether the last unread record already says what a new one would. Records of stalls never merge; others only where
 * STE.MEV lets them, or before there is an STE to ask.
 * @param record the new record, of a transaction that is not stalled
 * @param mev STE.MEV of its stream; false before it is known
 */
export function isMerged(
  bank: RegisterBank,
  memory: SparseMemory,
  world: World,
  event: EventName,
  record: Uint32Array,
  mev: boolean,
): boolean {
  const spec: EventSpec = EVENTS[event];
  if (!mev && spec.mevIgnored !== true) return false;
  const queue = ring(bank, 'EVENTQ', world);
  if (queue.empty || queue.inconsistent) return false;
  const entries = 2 ** queue.log2size;
  const pa = entryAddress(queue, (queue.prod + entries - 1) % entries);
  if (memory.load(pa, last, 0, EVENT_WORDS) !== DATA) return false;
  const { InputAddr } = spec.layout.fields;
  const offsetWord = spec.mergeIgnore && InputAddr ? InputAddr.lsb >>> 5 : -1;
  for (let i = 0; i < EVENT_WORDS; i++) {
    const differs = (last[i] as number) ^ (record[i] as number);
    if ((i === offsetWord ? differs & ~PAGE_OFFSET : differs) !== 0) return false;
  }
  return true;
}
