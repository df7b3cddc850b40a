import type { Effect, Operation, Outline, Plan } from '../model/plan.ts';
import type { Smmu } from '../model/smmu.ts';
import type { Checker } from './checker.ts';
import type { Finding } from './finding.ts';

const NOTHING: readonly Finding[] = [];

/** All checkers of a debugger as one; each plan is judged once. */
export class Watch {
  readonly #smmu: Smmu;
  readonly #checkers: readonly Checker[];
  readonly #judged = new WeakMap<Plan, readonly Finding[]>();

  constructor(smmu: Smmu, checkers: readonly Checker[]) {
    this.#smmu = smmu;
    this.#checkers = checkers;
  }

  /** Whether anybody must see an operation before it is committed. */
  concerns(outline: Outline): boolean {
    return this.#checkers.some((checker) => checker.concerns(this.#smmu, outline));
  }

  /**
   * What there is to say about a plan.
   * @param entry which entry of the history it would be
   */
  judge(plan: Plan, entry: number): readonly Finding[] {
    const known = this.#judged.get(plan);
    if (known) return known;
    const concerned = this.#checkers.filter((checker) => checker.concerns(this.#smmu, plan));
    if (concerned.length === 0) return NOTHING;
    const findings = withoutRepeats(concerned.flatMap((checker) => checker.judge(this.#smmu, plan, entry)));
    this.#judged.set(plan, findings);
    return findings;
  }

  committed(operation: Operation, effects: readonly Effect[], entry: number): void {
    for (const checker of this.#checkers) checker.committed?.(this.#smmu, operation, effects, entry);
  }

  undone(entry: number): void {
    for (const checker of this.#checkers) checker.undone?.(entry);
  }

  reverted(to: number, entry: number): void {
    for (const checker of this.#checkers) checker.reverted?.(to, entry);
  }
}

function withoutRepeats(findings: readonly Finding[]): readonly Finding[] {
  const kinds = new Set(findings.map(({ kind }) => kind));
  return findings.filter(({ unless }) => unless === undefined || !kinds.has(unless));
}
