/** From an event record to the transaction that it describes. */

import { fieldOf } from '../../bits/layout.ts';
import type { World } from '../../bits/world.ts';
import { DATA } from '../../model/memory.ts';
import { type Transaction, transaction } from '../../model/plan.ts';
import { entryAddress, ring } from '../../model/queues/ring.ts';
import type { Smmu } from '../../model/smmu.ts';
import { EVENT_HEADER, eventByNumber } from '../../spec/events.ts';
import { eventName, eventText } from '../event-text.ts';
import type { Explanation } from './explanation.ts';
import { explainTransaction } from './transaction.ts';

/** A record, and what the transaction that it describes comes to now. */
export interface EventExplanation {
  /** The record on one line. */
  readonly record: string;
  /** Null where the record does not say enough. */
  readonly now: Explanation | null;
  /** What to know about the comparison, without full stops. */
  readonly remarks: readonly string[];
}

/**
 * The transaction of a record, as far as the record says it; null when it has no StreamID or no access.
 * PnU and InD are those after the STE's overrides (7.3), so that overrides are not seen.
 */
export function recordedTransaction(words: Uint32Array, world: World): Transaction | null {
  const layout = eventByNumber(EVENT_HEADER.fields.EventNumber.get(words, 0))?.layout;
  if (!layout) return null;
  const field = (name: string): number | null => fieldOf(layout, name)?.get(words, 0) ?? null;
  const sid = field('StreamID');
  if (sid === null) return null;
  const input = fieldOf(layout, 'InputAddr');
  return transaction({
    world,
    sid,
    ssid: field('SSV') === 1 ? (field('SubstreamID') ?? 0) : -1,
    vaHi: input?.hi(words, 0) ?? 0,
    vaLo: input?.lo(words, 0) ?? 0,
    write: field('RnW') === 0,
    privileged: field('PnU') === 1,
    instruction: field('InD') === 1,
  });
}

/**
 * Explains record `index` of the event queue, by planning its transaction with what registers and memory say now.
 * @returns null when the record cannot be read
 */
export function explainEvent(smmu: Smmu, index: number, world: World = 'ns'): EventExplanation | null {
  const q = ring(smmu.bank, 'EVENTQ', world);
  const words = new Uint32Array(8);
  if (smmu.memory(world).load(entryAddress(q, index % 2 ** q.log2size), words, 0, 8) !== DATA) return null;
  return explainRecord(smmu, words, world);
}

/** Explains the record in `words` (8 words). */
function explainRecord(smmu: Smmu, words: Uint32Array, world: World = 'ns'): EventExplanation {
  const record = eventText(words);
  const asked = recordedTransaction(words, world);
  if (asked === null)
    return { record, now: null, remarks: ['the record names no stream, so nothing can be tried again'] };
  const layout = eventByNumber(EVENT_HEADER.fields.EventNumber.get(words, 0))?.layout ?? EVENT_HEADER;
  const now = explainTransaction(smmu, smmu.plan({ kind: 'transaction', transaction: asked }));
  const remarks: string[] = [];
  if (!fieldOf(layout, 'InputAddr'))
    remarks.push('the record has no address and no kind of access: a read of address 0 was tried');
  const name = eventName(words);
  if (now.outcome !== name)
    remarks.push(
      `the same access comes to ${now.outcome} now: registers, tables or caches have changed since ${name} was recorded, or the record leaves out what decided`,
    );
  return { record, now, remarks };
}
