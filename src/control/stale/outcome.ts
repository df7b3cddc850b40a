/** Outcomes compared by what a client and software see of them. */

import { hex } from '../../bits/u64.ts';
import type { Outcome } from '../../model/plan.ts';
import { attributesText } from '../../model/translate/attribute-text.ts';
import type { Difference } from './entries.ts';

/** An outcome in a few words. */
export function outcomeText({ result, pa, space, fault }: Outcome): string {
  if (result === 'ok') return `${hex(pa)} (${space})`;
  return fault?.event ?? result;
}

/** What an ATS completion grants, as bits. */
function granted({ ats }: Outcome): number {
  if (ats === null || ats.status !== 'success') return 0;
  return (ats.read ? 1 : 0) | (ats.write ? 2 : 0) | (ats.execute ? 4 : 0);
}

function compareCompletions(old: Outcome, now: Outcome): Difference | null {
  const [a, b] = [old.ats, now.ats];
  if (a === null || b === null) return null;
  const [may, might] = [granted(old), granted(now)];
  if ((may & ~might) !== 0) return { class: 'unsafe', text: 'the completion grants more than the tables do' };
  if (may !== 0 && a.address !== b.address && a.shift === b.shift)
    return {
      class: 'unsafe',
      text: `the completion gives ${hex(a.address)}, the tables give ${hex(b.address)}`,
    };
  if (may === might) return null;
  return { class: 'spurious-fault', text: 'the completion grants less than the tables do' };
}

/** How what a transaction comes to with the caches differs from what it comes to without; null when it does not. */
export function compareOutcomes(old: Outcome, now: Outcome): Difference | null {
  const text = `it comes to ${outcomeText(old)}, read anew to ${outcomeText(now)}`;
  if (old.result !== 'ok') {
    const same = old.result === now.result && old.fault?.event === now.fault?.event;
    return same ? null : { class: 'spurious-fault', text };
  }
  if (now.result !== 'ok') return { class: 'unsafe', text };
  if (old.ats !== null || now.ats !== null) return compareCompletions(old, now);
  if (old.pa !== now.pa || old.space !== now.space || old.becomes !== now.becomes)
    return { class: 'unsafe', text };
  if (old.attributes !== now.attributes) {
    const [a, b] = [attributesText(old.attributes), attributesText(now.attributes)];
    return { class: 'unsafe', text: `it bears the attributes ${a}, read anew ${b}` };
  }
  return old.mpam === now.mpam ? null : { class: 'unsafe', text: 'it bears another MPAM label' };
}
