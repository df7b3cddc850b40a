/** What a session knows of decisions about notifiers beside themselves: when they were made, and what was found. */

import type { NotifyDecision } from '../../model/notifiers/decision.ts';
import type { Effect } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Finding } from '../finding.ts';

interface Known {
  /** Number of the entry of the history that made it. */
  readonly entry: number;
  /** Texts of findings about it. */
  readonly findings: readonly string[];
}

/**
 * Keyed by the decision itself: one that is taken back leaves the log of the SMMU, and comes back as the same object, so
 * nothing here has to be taken back.
 */
export class DecisionNotes {
  readonly #known = new WeakMap<NotifyDecision, Known>();

  /** Takes note of the decisions among the effects of entry `entry`. */
  note(smmu: Smmu, effects: readonly Effect[], entry: number, findings: readonly Finding[]): void {
    for (const decision of decisionsOf(smmu, effects)) {
      const own = findings.filter((finding) => 'about' in finding && finding.about === decision);
      this.#known.set(decision, { entry, findings: own.map(({ text }) => text) });
    }
  }

  /** The entry of the history that made a decision; null when it was made before the history began. */
  entryOf(decision: NotifyDecision): number | null {
    return this.#known.get(decision)?.entry ?? null;
  }

  findingsOf(decision: NotifyDecision): readonly string[] {
    return this.#known.get(decision)?.findings ?? [];
  }
}

/** The decisions that effects bring, in order. */
export function decisionsOf(smmu: Smmu, effects: readonly Effect[]): readonly NotifyDecision[] {
  const found: NotifyDecision[] = [];
  for (const effect of effects) {
    if (effect.kind === 'store' && effect.op === 'insert' && effect.store === smmu.notifiers.log)
      found.push(effect.entry as NotifyDecision);
  }
  return found;
}
