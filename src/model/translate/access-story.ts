/** What a plan says of the SMMU's own accesses for a transaction: their memory attributes (IHI 0070 13.8). */

import type { Recorder, Transaction } from '../plan.ts';
import type { WorldState } from '../state.ts';
import type { Answer } from './answer.ts';
import { contextFetchAttributes, stage1WalkAttributes, stage2WalkAttributes } from './attribute-sources.ts';
import { attributesText } from './attribute-text.ts';

/** Bit 55 of the input address, in its upper half: which of two tables translates (3.4.1). */
const UPPER_RANGE = 1 << 23;

/** The attributes of every kind of access that the transaction may have made, as one step. */
export function recordAccesses(recorder: Recorder, state: WorldState, t: Transaction, answer: Answer): void {
  const { stream, context } = answer;
  if (stream === null) return;
  recorder.step('decide', () => {
    const parts = [`STE ${attributesText(state.tableAttributes)}`];
    if (context !== null) {
      const half = context.twoRanges && (t.vaHi & UPPER_RANGE) !== 0 ? 1 : 0;
      parts.push(`CD ${attributesText(contextFetchAttributes(stream.words))}`);
      parts.push(`stage-1 tables ${attributesText(stage1WalkAttributes(context.words, half))}`);
    }
    if (stream.stage2 !== null) {
      parts.push(`stage-2 tables ${attributesText(stage2WalkAttributes(stream.words))}`);
    }
    return `reads of the SMMU are: ${parts.join('; ')}`;
  });
}
