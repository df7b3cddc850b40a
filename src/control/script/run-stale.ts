import type { Smmu } from '../../model/smmu.ts';
import type { Finding } from '../finding.ts';
import { staleUses } from '../stale/judge.ts';
import type { StaleUse } from '../stale/use.ts';
import type { Checker } from './run.ts';

/** Sections of the rules that a stale use breaks: software invalidates what it changes; tags belong to one set of tables. */
const STALE_RULE = '3.21';
const CLASH_RULE = '3.3.3';

/** Notices stale uses and address-space clashes of transactions. */
export function staleChecker(smmu: Smmu): Checker {
  return { judge: (plan) => staleUses(smmu, plan).flatMap(findingOf) };
}

function findingOf({ certainty, class: kind, step, what, differs, clash }: StaleUse): readonly Finding[] {
  if (kind === 'allowed') return [];
  const finding = { certainty, class: kind, step, text: `${what}: ${differs}` } as const;
  if (clash === null) return [{ ...finding, kind: 'stale-use', more: [], rule: STALE_RULE }];
  const more = [`filled by ${clash.filledBy}, used by ${clash.usedBy}`];
  return [{ ...finding, kind: 'address-space-clash', more, rule: CLASH_RULE }];
}
