import type { DecisionBatch, NotifyDecision } from '../../model/notifiers/decision.ts';
import type { HeldMapping } from '../../model/notifiers/device.ts';
import type { Effect, Operation, Outline, Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Checker } from '../checker.ts';
import type { IsolationFinding } from './breach.ts';
import { batchesOf, decisionsOf, judgeDecisions } from './decisions.ts';
import { type Fates, HeldWatch } from './held.ts';
import { judgeRegistration } from './registration.ts';
import { judgeSpaces } from './spaces.ts';

interface Judged {
  readonly fates: Fates;
  readonly findings: readonly IsolationFinding[];
}

const NONE: readonly string[] = [];

/** Watches who is told of invalidations, and which physical address spaces are reached. */
export class IsolationChecker implements Checker {
  readonly #held = new HeldWatch();
  readonly #reverts = new Map<number, number>();
  /** By the effects of the plan: they are what comes back when it is committed. */
  readonly #judged = new WeakMap<readonly Effect[], Judged>();
  /**
   * Numbers of the entries of the history that made decisions. What is taken back leaves the log of the SMMU, and comes
   * back as the same object, so nothing of this has to be taken back.
   */
  readonly #entries = new WeakMap<DecisionBatch, number>();
  /** What was found about decisions, of those where something was. */
  readonly #found = new WeakMap<NotifyDecision, readonly string[]>();

  /** The entry of the history that made a decision; null when it was made before the history began. */
  entryOf(decision: NotifyDecision): number | null {
    return this.#entries.get(decision.batch) ?? null;
  }

  /** What was found about a decision. */
  findingsOf(decision: NotifyDecision): readonly string[] {
    return this.#found.get(decision) ?? NONE;
  }

  /** Whether a consumer holds a mapping though it was invalidated. */
  isMissed(smmu: Smmu, mapping: HeldMapping): boolean {
    return this.#held.isMissed(smmu, mapping);
  }

  /** What was found in the plan with these effects. */
  foundIn(effects: readonly Effect[]): readonly IsolationFinding[] {
    return this.#judged.get(effects)?.findings ?? [];
  }

  /** To which entry an entry of the history takes everything back; null when it does not. */
  revertsTo(entry: number): number | null {
    return this.#reverts.get(entry) ?? null;
  }

  concerns(smmu: Smmu, { operation }: Outline): boolean {
    if (operation.kind === 'transaction' || operation.kind === 'device') return true;
    return smmu.notifiers.devices.size > 0;
  }

  judge(smmu: Smmu, plan: Plan): readonly IsolationFinding[] {
    const decisions = decisionsOf(smmu, plan.effects);
    const fates = this.#held.judge(smmu, plan, decisions);
    const findings = [
      ...judgeSpaces(smmu, plan),
      ...judgeRegistration(smmu, plan),
      ...judgeDecisions(smmu, plan, decisions),
      ...fates.findings,
    ];
    this.#judged.set(plan.effects, { fates, findings });
    return findings;
  }

  committed(smmu: Smmu, _operation: Operation, effects: readonly Effect[], entry: number): void {
    const judged = this.#judged.get(effects);
    if (judged !== undefined) this.#held.committed(judged.fates, entry);
    const texts = new Map<NotifyDecision, string[]>();
    for (const { decision, text } of judged?.findings ?? []) {
      if (decision !== null) texts.set(decision, [...(texts.get(decision) ?? []), text]);
    }
    for (const [decision, found] of texts) this.#found.set(decision, found);
    for (const batch of batchesOf(smmu, effects)) this.#entries.set(batch, entry);
  }

  undone(entry: number): void {
    this.#held.undone(entry);
    for (const one of this.#reverts.keys()) if (one >= entry) this.#reverts.delete(one);
  }

  reverted(to: number, entry: number): void {
    this.#held.reverted(to, entry);
    this.#reverts.set(entry, to);
  }
}
