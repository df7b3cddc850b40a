/** One answer of `translate` in JSON. */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import type { AtsCompletion, AtsStatus } from '../../model/ats/completion.ts';
import type { Outcome, Transaction } from '../../model/plan.ts';
import { attributesText } from '../../model/translate/attribute-text.ts';

/** The answer to one transaction. */
export type TranslateAnswer =
  | {
      readonly ok: true;
      /** Output address: a PA, or with split-stage ATS (STE.EATS=2) an IPA. */
      readonly pa: string;
      readonly pas: World;
      /** Memory attributes of the output, as the result of a translation has them. */
      readonly attr?: string;
      /** Of a Translation Request: what its completion grants. */
      readonly ats?: AtsAnswer;
    }
  | {
      readonly ok: false;
      readonly outcome: string;
      readonly event: string | null;
      /** The 32 bytes of the record in memory order, 64 hexadecimal digits. */
      readonly record: string | null;
      /** What was found, in words. */
      readonly reason: string | null;
    };

/** What a Translation Completion grants (3.9.1.2). */
export interface AtsAnswer {
  /** First translated address of the range, and its bytes. */
  readonly address: string;
  readonly size: string;
  readonly ipa: boolean;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  readonly privileged: boolean;
}

type Parts = Pick<
  Outcome,
  'result' | 'pa' | 'space' | 'fault' | 'record' | 'recording' | 'missing' | 'attributes' | 'ats'
>;

/**
 * The answer that an outcome is. An event that CD.R suppresses is none.
 * @param iova the input address, for its place in what a Translation Completion grants
 */
export function answerOf(outcome: Parts, iova: Pick<Transaction, 'vaHi' | 'vaLo'>): TranslateAnswer {
  const { result, fault, missing, ats } = outcome;
  const granted = ats !== null && result === 'ok' ? completionAnswer(ats, outcome, iova) : null;
  if (granted) return granted;
  if (result === 'ok' && ats === null) {
    const attr = attributesText(outcome.attributes);
    return { ok: true, pa: hex(outcome.pa), pas: outcome.space, attr };
  }
  const reported = fault !== null && fault.event !== null && outcome.recording !== 'suppressed';
  const absent = missing ? `the ${missing.structure} at ${hex(missing.pa)} is not in the image` : null;
  return {
    ok: false,
    outcome: ats === null ? (result === 'miss' ? 'absent' : result) : REFUSALS[ats.status],
    event: reported ? fault.event : null,
    record: reported && outcome.record ? bytesText(outcome.record) : null,
    reason: fault?.reason ?? ats?.text ?? absent,
  };
}

/** A request that is not granted: Unsupported Request, Completer Abort, or Success with R=W=0 (3.9.1.2). */
const REFUSALS: Readonly<Record<AtsStatus, string>> = { ur: 'ur', ca: 'ca', success: 'no-access' };

/** The answer to a request that was granted anything. */
function completionAnswer(
  ats: AtsCompletion,
  { space }: Parts,
  { vaHi, vaLo }: Pick<Transaction, 'vaHi' | 'vaLo'>,
): TranslateAnswer | null {
  const { address, shift, isIpa, read, write, execute, privileged } = ats;
  if (ats.status !== 'success' || !(read || write)) return null;
  const size = 2 ** shift;
  const within = ((vaHi % 2 ** Math.max(shift - 32, 0)) * 2 ** 32 + vaLo) % size;
  const grants = { address: hex(address), size: hex(size), ipa: isIpa, read, write, execute, privileged };
  return { ok: true, pa: hex(address + within), pas: space, ats: grants };
}

/** Words as bytes in memory order, in hexadecimal. */
export function bytesText(words: Uint32Array): string {
  let text = '';
  for (const word of words) {
    for (let shift = 0; shift < 32; shift += 8)
      text += ((word >>> shift) & 0xff).toString(16).padStart(2, '0');
  }
  return text;
}
