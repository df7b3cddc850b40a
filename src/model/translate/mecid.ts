/** Memory encryption contexts of Realm accesses: IHI 0070 chapter 18, 5.2 (MECID) and 6.3.162 (R_GMECID). */

import { feature } from '../../spec/features.ts';
import { STE } from '../../spec/ste.ts';
import type { Recorder } from '../plan.ts';
import type { WorldState } from '../state.ts';
import type { Answer } from './answer.ts';
import { statementOff } from './spaces.ts';

const { MECID } = STE.fields;

/** There are no encryption contexts: accesses bear no MECID. */
export const NO_MECID = -1;
/** What accesses to other spaces than Realm bear. */
const DEFAULT_MECID = 0;

/** The bits of a MECID that there are: R_MECIDR has their number less one. */
function supported(mecid: number, state: WorldState): number {
  if (statementOff(state, 'world:R-MECID')) return DEFAULT_MECID;
  return mecid & (2 ** (feature(state.ids, 'R_MECIDR.MECIDSIZE') + 1) - 1);
}

/** MECID of a transaction that passes: that of its STE where it reaches Realm memory. */
export function accessMecid(state: WorldState, answer: Answer): number {
  if (!state.features.mec) return NO_MECID;
  const { stream, space } = answer;
  if (space !== 'realm' || stream === null) return DEFAULT_MECID;
  return supported(MECID.get(stream.words, 0), state);
}

/** Says as a step what the transaction and the accesses for it bear; nothing of streams that reach no Realm memory. */
export function recordMecid(recorder: Recorder, state: WorldState, answer: Answer, mecid: number): void {
  const { stream } = answer;
  if (mecid === NO_MECID || state.world !== 'realm' || stream === null) return;
  recorder.step('decide', () => {
    const own = supported(MECID.get(stream.words, 0), state);
    const global = supported(state.gmecid, state);
    return `MECID: the access bears ${mecid}; CD and tables ${own}; stream table and queues ${global}`;
  });
}
