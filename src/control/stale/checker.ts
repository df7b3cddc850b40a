import type { Effect, Operation, Outline, Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Checker } from '../checker.ts';
import type { Finding } from '../finding.ts';
import { explainStale } from './explain.ts';
import { staleUses } from './judge.ts';
import type { OriginLog } from './origins.ts';
import type { StaleUse } from './use.ts';

/** Sections of the rules: software invalidates what it changes; tags belong to one set of tables. */
const STALE_RULE = '3.21';
const CLASH_RULE = '3.3.3';

/** Notices stale uses and address-space clashes of transactions. */
export class StaleChecker implements Checker {
  readonly #origins: OriginLog;

  /** @param origins when entries were made, shared by all who ask; fed here */
  constructor(origins: OriginLog) {
    this.#origins = origins;
  }

  concerns(_smmu: Smmu, { operation }: Outline): boolean {
    return operation.kind === 'transaction';
  }

  judge(smmu: Smmu, plan: Plan): readonly Finding[] {
    return staleUses(smmu, plan, this.#origins).flatMap((use) =>
      use.class === 'allowed' ? [] : [this.#finding(smmu, plan, use, use.class)],
    );
  }

  committed(_smmu: Smmu, operation: Operation, effects: readonly Effect[], entry: number): void {
    this.#origins.record(operation, effects, entry);
  }

  #finding(smmu: Smmu, plan: Plan, use: StaleUse, kind: Finding['class']): Finding {
    const { certainty, step, what, differs, clash } = use;
    return {
      kind: clash === null ? 'stale-use' : 'address-space-clash',
      certainty,
      class: kind,
      step,
      text: `${what}: ${differs}`,
      more: detailsOf(explainStale(smmu, plan, use, this.#origins).text),
      rule: clash === null ? STALE_RULE : CLASH_RULE,
    };
  }
}

/** What an explanation says beyond its heading, which the finding's own text has. */
function detailsOf(text: string): string[] {
  return text
    .split('\n')
    .slice(2)
    .map((line) => line.trim());
}
