/** What two plans of the same operation come to, side by side. */

import { hex } from '../../bits/u64.ts';
import { outcomeText } from '../../inspect/walk-story.ts';
import type { Plan } from '../../model/plan.ts';
import { attributesText } from '../../model/translate/attribute-text.ts';
import { cerrorName } from '../../spec/cerror.ts';

/** Something that two plans have differently. */
export interface Difference {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

const NONE = 'none';

/** What an operation comes to, in one line: `PA 0x43dc4000 (ns), Normal …`, `F_TRANSLATION (abort): …`, `consumed`. */
export function outcomeInWords({ operation, outcome }: Plan): string {
  if (operation.kind === 'transaction' || outcome.missing) return outcomeText(outcome);
  return outcome.cerror === 0 ? outcome.result : `${outcome.result}, ${cerrorText(outcome.cerror)}`;
}

function cerrorText(code: number): string {
  return cerrorName(code) ?? `CERROR ${code}`;
}

/** The parts of an outcome by their names, each in words. */
function outcomeParts({ operation, outcome, steps }: Plan): ReadonlyMap<string, string> {
  const { fault, result } = outcome;
  const parts = new Map<string, string>([['result', result]]);
  if (result === 'ok' && operation.kind === 'transaction') {
    parts.set('PA', `${hex(outcome.pa)} (${outcome.space})`);
    parts.set('attributes', attributesText(outcome.attributes));
    if (outcome.tlbHit) parts.set('from', 'the TLB');
  }
  if (fault) {
    parts.set('event', fault.event ?? NONE);
    parts.set('reason', fault.reason);
    parts.set('rule', fault.rule);
    if (fault.stage > 0) parts.set('level', `stage ${fault.stage} level ${fault.level}`);
  }
  if (outcome.recording !== 'none') parts.set('record', outcome.recording);
  if (outcome.cerror !== 0) parts.set('CERROR', cerrorText(outcome.cerror));
  parts.set('steps', String(steps.length));
  return parts;
}

/** What one plan has that the other has not, or has differently. */
export function differences(before: Plan, after: Plan): Difference[] {
  const [a, b] = [outcomeParts(before), outcomeParts(after)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((name) => a.get(name) !== b.get(name))
    .map((name) => ({ name, before: a.get(name) ?? NONE, after: b.get(name) ?? NONE }));
}
