/** Event records as they lie in memory: IHI 0070 7.3. */

import type { Field } from '../../bits/layout.ts';
import { CLASS_TT, EVENT_BYTES, EVENTS } from '../../spec/events.ts';
import type { Fault, PageHint, Transaction } from '../plan.ts';
import { normalised } from '../translate/access-kind.ts';
import { PERM } from '../translate/permission.ts';

const EVENT_WORDS = EVENT_BYTES / 4;

/** The access that a record describes, after the STE's overrides. */
export interface RecordedAccess {
  readonly transaction: Transaction;
  readonly privileged: boolean;
  readonly instruction: boolean;
}

type Fields = Readonly<Record<string, Field | undefined>>;

/**
 * The 32-byte record of a fault, as 8 words. Which fields there are is the table's matter: a value goes where the
 * event has a field of that name.
 * @param stag stall tag, or -1 when the transaction is not stalled
 * @returns null for a fault without event
 */
export function encodeRecord(fault: Fault, access: RecordedAccess, stag: number): Uint32Array | null {
  if (fault.event === null) return null;
  const spec = EVENTS[fault.event];
  const fields: Fields = spec.layout.fields;
  const transaction = normalised(access.transaction);
  const words = new Uint32Array(EVENT_WORDS);
  const put = (name: string, value: number): void => fields[name]?.set(words, 0, value);
  const bit = (name: string, value: boolean): void => put(name, value ? 1 : 0);
  // F_UUT shows what came in: no STE has been looked at (7.3.2).
  const incoming = fault.event === 'F_UUT';
  const privileged = incoming ? transaction.privileged : access.privileged;
  const instruction = incoming ? transaction.instruction : access.instruction;
  const stage2 = fault.stage === 2;
  put('EventNumber', spec.number);
  put('StreamID', transaction.sid);
  if (transaction.ssid >= 0) {
    put('SSV', 1);
    put('SubstreamID', transaction.ssid);
  }
  bit('PnU', privileged);
  bit('InD', instruction && !transaction.write);
  bit('RnW', !transaction.write || fault.readRefused === true);
  bit('S2', stage2);
  put('CLASS', fault.class);
  put('FetchAddr', fault.fetchAddr);
  bit('GPCF', fault.gpc === true);
  if (stage2) {
    put('IPA', fault.ipa ?? 0);
    bit('NSIPA', transaction.world === 's' && fault.ipaNs === true);
    if (fault.class === CLASS_TT) bit('TTRnW', fault.tableWrite !== true);
  }
  if (stag >= 0) {
    put('Stall', 1);
    put('STAG', stag);
  }
  // Of a Translation Request: what was asked for, before overrides (7.3.6); it is one of one unit.
  put('RWXPriv', requestedRights(transaction));
  put('Span', 1);
  fields['InputAddr']?.setHalves(words, 0, transaction.vaHi, transaction.vaLo);
  return words;
}

/** R, which every request asks for, then W, X and Priv. */
function requestedRights(t: Transaction): number {
  const pasid = t.ssid >= 0;
  return 8 | (t.write ? 4 : 0) | (pasid && t.instruction ? 2 : 0) | (pasid && t.privileged ? 1 : 0);
}

/** The names of the access rights in a hint, by their bits of {@link PERM}. */
const HINTED = { pR: PERM.pr, pW: PERM.pw, pX: PERM.px, uR: PERM.ur, uW: PERM.uw, uX: PERM.ux } as const;

/** The record of a page request hint, E_PAGE_REQUEST (7.3.19). */
export function encodeHint(hint: PageHint): Uint32Array {
  const { layout, number } = EVENTS.E_PAGE_REQUEST;
  const { fields } = layout;
  const words = new Uint32Array(EVENT_WORDS);
  fields.EventNumber.set(words, 0, number);
  fields.StreamID.set(words, 0, hint.sid);
  if (hint.ssid >= 0) {
    fields.SSV.set(words, 0, 1);
    fields.SubstreamID.set(words, 0, hint.ssid);
  }
  for (const [name, right] of Object.entries(HINTED)) {
    fields[name as keyof typeof HINTED].set(words, 0, hint.permissions & right ? 1 : 0);
  }
  fields.Span.set(words, 0, hint.span);
  fields.InputAddr.setHalves(words, 0, hint.addressHi, hint.addressLo);
  return words;
}
