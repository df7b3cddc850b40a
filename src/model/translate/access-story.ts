/** What a plan says of the SMMU's own accesses for a transaction: their memory attributes (IHI 0070 13.8). */

import { REGISTERS } from '../../spec/registers.ts';
import type { RegisterBank } from '../bank.ts';
import type { Recorder, Transaction } from '../plan.ts';
import type { Answer } from './answer.ts';
import {
  contextFetchAttributes,
  stage1WalkAttributes,
  stage2WalkAttributes,
  tableAttributes,
} from './attribute-sources.ts';
import { attributesText } from './attribute-text.ts';

const { RA } = REGISTERS.STRTAB_BASE.layout.fields;
/** Bit 55 of the input address, in its upper half: which of two tables translates (3.4.1). */
const UPPER_RANGE = 1 << 23;

/** The attributes of every kind of access that the transaction may have made, as one step. */
export function recordAccesses(recorder: Recorder, bank: RegisterBank, t: Transaction, answer: Answer): void {
  const { stream, context } = answer;
  if (stream === null) return;
  const base = Uint32Array.of(bank.lo('STRTAB_BASE'), bank.hi('STRTAB_BASE'));
  const cr1 = bank.lo('CR1');
  recorder.step('decide', () => {
    const parts = [`STE ${attributesText(tableAttributes(cr1, RA.get(base, 0) === 1))}`];
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
