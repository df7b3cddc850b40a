/** Event records as they lie in memory: IHI 0070 7.3. */

import type { Field } from '../../bits/layout.ts';
import { CLASS_TT, EVENT_BYTES, EVENTS } from '../../spec/events.ts';
import type { Fault, Transaction } from '../plan.ts';

const EVENT_WORDS = EVENT_BYTES / 4;

/** The access that a record describes, after the STE's overrides. */
export interface RecordedAccess {
  readonly transaction: Transaction;
  readonly privileged: boolean;
  readonly instruction: boolean;
}

/**
 * The 32-byte record of a fault, as 8 words. Which fields there are is the table's matter: a value goes where the
 * event has a field of that name.
 * @param stag stall tag, or -1 when the transaction is not stalled
 * @throws never; a fault without event has no record and must not be passed
 */
export function encodeRecord(fault: Fault, access: RecordedAccess, stag: number): Uint32Array | null {
  if (fault.event === null) return null;
  const spec = EVENTS[fault.event];
  const fields: Readonly<Record<string, Field | undefined>> = spec.layout.fields;
  const { transaction } = access;
  const words = new Uint32Array(EVENT_WORDS);
  const put = (name: string, value: number): void => fields[name]?.set(words, 0, value);
  put('EventNumber', spec.number);
  put('StreamID', transaction.sid);
  if (transaction.ssid >= 0) {
    put('SSV', 1);
    put('SubstreamID', transaction.ssid);
  }
  put('PnU', access.privileged ? 1 : 0);
  put('InD', access.instruction && !transaction.write ? 1 : 0);
  const writes = transaction.write || transaction.kind === 'atomic';
  put('RnW', writes && fault.lacksRead !== true ? 0 : 1);
  put('S2', fault.stage === 2 ? 1 : 0);
  put('CLASS', fault.class);
  put('FetchAddr', fault.fetchAddr);
  if (fault.ipa !== undefined) put('IPA', fault.ipa);
  if (fault.stage === 2 && fault.class === CLASS_TT) put('TTRnW', fault.tableWrite === true ? 0 : 1);
  if (stag >= 0) {
    put('Stall', 1);
    put('STAG', stag);
  }
  fields['InputAddr']?.setHalves(words, 0, transaction.vaHi, transaction.vaLo);
  return words;
}
