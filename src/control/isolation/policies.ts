/** The same operations under every policy of notifiers, side by side. */

import type { World } from '../../bits/world.ts';
import type { NotifyDecision } from '../../model/notifiers/decision.ts';
import type { Effect, Operation, Outline, Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Consumer, NotifierPolicy } from '../../spec/notifiers.ts';
import type { Checker } from '../checker.ts';
import type { IsolationFinding } from './breach.ts';
import { IsolationChecker } from './checker.ts';
import { decisionsOf, hasWrongSpace, isInvalidating } from './decisions.ts';
import { accepts } from './registration.ts';

/** What one policy makes of the session, run again from its start. */
export interface PolicyColumn {
  readonly policy: NotifierPolicy;
  readonly registered: number;
  readonly refused: number;
  readonly told: number;
  readonly untold: number;
  /** Mappings that a consumer was left with. */
  readonly missed: number;
  readonly wrongSpace: number;
  readonly findings: readonly string[];
  /** QEMU would have aborted here. */
  readonly aborts: number;
}

/** One invalidation and device, with what each policy makes of it, in the order of the columns. */
export interface PolicyRow {
  readonly cause: string;
  /** What did it, where it is a statement of a script: `line 7: cmd s TLBI_NH_ALL`; else empty. */
  readonly place: string;
  readonly device: string;
  readonly consumer: Consumer;
  readonly actsOn: World;
  readonly outcomes: readonly string[];
  readonly differs: boolean;
}

export interface PolicyComparison {
  readonly columns: readonly PolicyColumn[];
  readonly rows: readonly PolicyRow[];
}

/** A decision with the number of the operation that caused it. */
interface Dated {
  readonly at: number;
  readonly place: string;
  readonly decision: NotifyDecision;
}

/**
 * Takes note of one run. What is taken back is not forgotten: a script's test blocks are all part of what was compared.
 */
export class PolicyRecorder implements Checker {
  readonly policy: NotifierPolicy;
  readonly decisions: Dated[] = [];
  readonly findings: IsolationFinding[] = [];
  registered = 0;
  refused = 0;
  readonly #isolation = new IsolationChecker();
  readonly #placeOf: (entry: number) => string;
  #operations = 0;

  /** @param placeOf where an entry of the history stands in a script, in words */
  constructor(policy: NotifierPolicy, placeOf: (entry: number) => string = () => '') {
    this.policy = policy;
    this.#placeOf = placeOf;
  }

  concerns(smmu: Smmu, outline: Outline): boolean {
    return this.#isolation.concerns(smmu, outline);
  }

  judge(smmu: Smmu, plan: Plan): readonly IsolationFinding[] {
    return this.#isolation.judge(smmu, plan);
  }

  committed(smmu: Smmu, operation: Operation, effects: readonly Effect[], entry: number): void {
    this.#isolation.committed(smmu, operation, effects, entry);
    this.findings.push(...this.#isolation.foundIn(effects));
    if (operation.kind === 'device' && operation.change.what === 'register') {
      if (accepts(smmu, effects)) this.registered++;
      else this.refused++;
    }
    for (const decision of decisionsOf(smmu, effects).filter(isInvalidating))
      this.decisions.push({ at: this.#operations, place: this.#placeOf(entry), decision });
    this.#operations++;
  }

  undone(entry: number): void {
    this.#isolation.undone(entry);
  }

  reverted(to: number, entry: number): void {
    this.#isolation.reverted(to, entry);
  }

  /** All of it in numbers. */
  column(): PolicyColumn {
    const decisions = this.decisions.map(({ decision }) => decision);
    const told = decisions.filter(({ delivered }) => delivered);
    return {
      policy: this.policy,
      registered: this.registered,
      refused: this.refused,
      told: told.length,
      untold: decisions.length - told.length,
      missed: new Set(this.findings.flatMap(({ mapping }) => mapping ?? [])).size,
      wrongSpace: told.filter(hasWrongSpace).length,
      findings: this.findings.map(({ text }) => text),
      aborts: decisions.filter(({ reason }) => reason === 'qemu-aborts').length,
    };
  }
}

interface Group {
  readonly at: number;
  readonly place: string;
  readonly first: NotifyDecision;
  /** By policy: what became of it, each outcome once. */
  readonly outcomes: Map<NotifierPolicy, Set<string>>;
}

/** Lays runs of the same operations side by side. */
export function comparePolicies(runs: readonly PolicyRecorder[]): PolicyComparison {
  const groups = new Map<string, Group>();
  for (const { policy, decisions } of runs) {
    for (const { at, place, decision } of decisions) {
      const { device, notifier, actsOn } = decision;
      const key = `${at} ${actsOn} ${notifier} ${device}`;
      let group = groups.get(key);
      if (group === undefined) {
        group = { at, place, first: decision, outcomes: new Map() };
        groups.set(key, group);
      }
      const outcomes = group.outcomes.get(policy) ?? new Set();
      group.outcomes.set(policy, outcomes.add(outcomeText(decision)));
    }
  }
  const sorted = [...groups.values()].sort((a, b) => a.at - b.at);
  return {
    columns: runs.map((run) => run.column()),
    rows: sorted.map(({ place, first: { cause, device, consumer, actsOn }, outcomes: by }) => {
      const outcomes = runs.map(({ policy }) => [...(by.get(policy) ?? [NOBODY])].join('; '));
      return { cause, place, device, consumer, actsOn, outcomes, differs: new Set(outcomes).size > 1 };
    }),
  };
}

const NOBODY = 'not registered';

function outcomeText({ delivered, reason, event, action, obtained }: NotifyDecision): string {
  if (reason === 'qemu-aborts') return 'QEMU aborts';
  if (!delivered) return `not told (${reason})`;
  const into = event === null ? '' : `, ${event.space}`;
  if (action?.done === false) return `told${into}: refuses`;
  const other = event !== null && obtained.some((space) => space !== event.space);
  return `told${into}${other ? `, obtained in ${[...new Set(obtained)].join(' and ')}` : ''}`;
}
