/** One answer of `translate` in JSON. */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import type { Outcome } from '../../model/plan.ts';

/** The answer to one transaction. */
export type TranslateAnswer =
  | { readonly ok: true; readonly pa: string; readonly pas: World }
  | {
      readonly ok: false;
      readonly outcome: string;
      readonly event: string | null;
      /** The 32 bytes of the record in memory order, 64 hexadecimal digits. */
      readonly record: string | null;
      /** What was found, in words. */
      readonly reason: string | null;
    };

type Parts = Pick<Outcome, 'result' | 'pa' | 'space' | 'fault' | 'record' | 'recording' | 'missing'>;

/** The answer that an outcome is. An event that CD.R suppresses is none. */
export function answerOf(outcome: Parts): TranslateAnswer {
  const { result, fault, missing } = outcome;
  if (result === 'ok') return { ok: true, pa: hex(outcome.pa), pas: outcome.space };
  const reported = fault !== null && fault.event !== null && outcome.recording !== 'suppressed';
  const absent = missing ? `the ${missing.structure} at ${hex(missing.pa)} is not in the image` : null;
  return {
    ok: false,
    outcome: result === 'miss' ? 'absent' : result,
    event: reported ? fault.event : null,
    record: reported && outcome.record ? bytesText(outcome.record) : null,
    reason: fault?.reason ?? absent,
  };
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
