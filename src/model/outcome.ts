/** What operations come to, and the last step of a plan that says so. */

import { hex } from '../bits/u64.ts';
import type { Missing, Outcome, Recorder } from './plan.ts';
import type { Answer } from './translate/answer.ts';
import { NO_MECID } from './translate/mecid.ts';
import { NO_LABEL } from './translate/mpam.ts';

/** The answer is reused, so what the text needs is taken now. */
export function recordEnd(recorder: Recorder, answer: Answer): void {
  const { result, pa, space, becomes, ats } = answer;
  const as = becomes === null ? '' : `, as ${becomes}`;
  if (result === 'ok' && ats === null && becomes !== 'no-op')
    recorder.step('end', () => `output address ${hex(pa)} (${space})${as}`);
  else recorder.step('end', endText(answer));
}

/** `STE 8 at 0x40000200 is not in the image`. */
export function endsAtMissing(missing: Missing | null): string {
  return `${missing?.structure ?? 'memory'} at ${hex(missing?.pa ?? 0)} is not in the image`;
}

function endText(answer: Answer): string {
  if (answer.ats !== null) return answer.ats.text;
  if (answer.becomes === 'no-op') return 'completes without effect';
  switch (answer.result) {
    case 'absent':
    case 'miss':
      return endsAtMissing(answer.missing);
    case 'razwi':
      return 'terminated: reads give zero, writes are ignored (CD.A=0)';
    case 'stall':
      return 'stalled';
    case 'not-modelled':
      return answer.fault?.reason ?? 'not modelled';
    default:
      return 'terminated with an abort';
  }
}

/**
 * What an operation comes to, but for what `some` says: nothing happened. Field by field, since a debugger makes one for
 * every command and spreading costs more than the rest.
 */
export function outcome(some: Partial<Outcome> & Pick<Outcome, 'result'>): Outcome {
  const made: Outcome = {
    result: some.result,
    pa: some.pa ?? 0,
    space: some.space ?? 'ns',
    fault: some.fault ?? null,
    record: some.record ?? null,
    recording: some.recording ?? 'none',
    missing: some.missing ?? null,
    tlbHit: some.tlbHit ?? false,
    attributes: some.attributes ?? 0,
    mpam: some.mpam ?? NO_LABEL,
    mecid: some.mecid ?? NO_MECID,
    command: some.command ?? null,
    cerror: some.cerror ?? 0,
    ats: some.ats ?? null,
    becomes: some.becomes ?? null,
  };
  return some.refused === undefined ? made : { ...made, refused: some.refused };
}
