/** Words with which people and files say what a transaction is. */

import type { TransactionKind } from '../model/plan.ts';

/** Untranslated, a Translation Request, or a Translated transaction of ATS (3.9). */
const ATS_KINDS = { u: 'ordinary', tr: 'request', tt: 'translated' } as const satisfies Readonly<
  Record<string, TransactionKind>
>;

/** The words of {@link atsKind}, for messages. */
export const ATS_WORDS: readonly string[] = Object.keys(ATS_KINDS);

/** The kind of transaction that `u`, `tr` or `tt` names, or null. */
export function atsKind(word: string): TransactionKind | null {
  return Object.hasOwn(ATS_KINDS, word) ? ATS_KINDS[word as keyof typeof ATS_KINDS] : null;
}

/** What to write where memory attributes are wanted. */
export const ATTRIBUTES_FORM =
  'write a byte of MAIR, or a name such as WB, NC, Normal-iWB-oNC-ISH or Device-nGnRE';
