/** The same operations under every policy of notifiers, side by side. */

import type { World } from '../../bits/world.ts';
import type { NotifyDecision } from '../../model/notifiers/decision.ts';
import type { HeldMapping } from '../../model/notifiers/device.ts';
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
  /** The first of them, {@link MOST_FINDINGS} at most. */
  readonly findings: readonly string[];
  /** How many further findings there were. */
  readonly moreFindings: number;
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
  /** Those of the first operations, as many as were kept of every run. */
  readonly rows: readonly PolicyRow[];
  /** How many further ones there were; what policies make of them stands in the columns only. */
  readonly more: number;
}

/** More findings of a run are counted, not kept. */
const MOST_FINDINGS = 1000;
/** More rows of a run are counted, not kept; those of one operation are kept or counted together. */
const MOST_ROWS = 10_000;

/** One invalidation and device in one run. */
interface Row extends Omit<PolicyRow, 'outcomes' | 'differs'> {
  /** Number of the operation that caused it. */
  readonly at: number;
  readonly notifier: number;
  readonly outcome: string;
}

/** What is left of a run when it has ended: nothing of its machine. */
export interface PolicyRun {
  readonly column: PolicyColumn;
  readonly rows: readonly Row[];
  /** How many rows there were. */
  readonly rowCount: number;
  /** Number of the first operation whose rows were not kept. */
  readonly end: number;
}

/**
 * Takes note of one run: counts of everything, and no more rows and findings than people read. What is taken back is not
 * forgotten: a script's test blocks are all part of what was compared.
 */
export class PolicyRecorder implements Checker {
  readonly policy: NotifierPolicy;
  readonly #rows: Row[] = [];
  readonly #findings: string[] = [];
  readonly #missed = new Set<HeldMapping>();
  readonly #isolation = new IsolationChecker();
  readonly #placeOf: (entry: number) => string;
  /** Each outcome once: there are few different ones. */
  readonly #outcomes = new Map<string, string>();
  readonly #most: { readonly rows: number; readonly findings: number };
  #registered = 0;
  #refused = 0;
  #told = 0;
  #untold = 0;
  #wrongSpace = 0;
  #aborts = 0;
  #findingCount = 0;
  #rowCount = 0;
  #operations = 0;
  #end = Number.POSITIVE_INFINITY;

  /**
   * @param placeOf where an entry of the history stands in a script, in words
   * @param most how many rows and findings are kept
   */
  constructor(
    policy: NotifierPolicy,
    placeOf: (entry: number) => string = () => '',
    most: { readonly rows: number; readonly findings: number } = { rows: MOST_ROWS, findings: MOST_FINDINGS },
  ) {
    this.policy = policy;
    this.#placeOf = placeOf;
    this.#most = most;
  }

  concerns(smmu: Smmu, outline: Outline): boolean {
    return this.#isolation.concerns(smmu, outline);
  }

  judge(smmu: Smmu, plan: Plan): readonly IsolationFinding[] {
    return this.#isolation.judge(smmu, plan);
  }

  committed(smmu: Smmu, operation: Operation, effects: readonly Effect[], entry: number): void {
    this.#isolation.committed(smmu, operation, effects, entry);
    for (const { text, mapping } of this.#isolation.foundIn(effects)) {
      this.#findingCount++;
      if (this.#findings.length < this.#most.findings) this.#findings.push(text);
      if (mapping !== null) this.#missed.add(mapping);
    }
    if (operation.kind === 'device' && operation.change.what === 'register') {
      if (accepts(smmu, effects)) this.#registered++;
      else this.#refused++;
    }
    this.#take(decisionsOf(smmu, effects).filter(isInvalidating), entry);
    this.#operations++;
  }

  undone(entry: number): void {
    this.#isolation.undone(entry);
  }

  reverted(to: number, entry: number): void {
    this.#isolation.reverted(to, entry);
  }

  /** What there is to compare. */
  result(): PolicyRun {
    return { column: this.column(), rows: this.#rows, rowCount: this.#rowCount, end: this.#end };
  }

  /** All of it in numbers. */
  column(): PolicyColumn {
    return {
      policy: this.policy,
      registered: this.#registered,
      refused: this.#refused,
      told: this.#told,
      untold: this.#untold,
      missed: this.#missed.size,
      wrongSpace: this.#wrongSpace,
      findings: this.#findings,
      moreFindings: this.#findingCount - this.#findings.length,
      aborts: this.#aborts,
    };
  }

  /** Takes note of the decisions of one operation. */
  #take(decisions: readonly NotifyDecision[], entry: number): void {
    const groups = new Map<string, { readonly first: NotifyDecision; readonly outcomes: Set<string> }>();
    for (const decision of decisions) {
      if (decision.delivered) this.#told++;
      else this.#untold++;
      if (hasWrongSpace(decision)) this.#wrongSpace++;
      if (decision.reason === 'qemu-aborts') this.#aborts++;
      const key = keyOf(decision);
      const outcome = outcomeText(decision);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { first: decision, outcomes: new Set([outcome]) });
      else group.outcomes.add(outcome);
    }
    this.#rowCount += groups.size;
    if (groups.size > 0 && this.#rows.length >= this.#most.rows)
      this.#end = Math.min(this.#end, this.#operations);
    if (groups.size === 0 || this.#end < Number.POSITIVE_INFINITY) return;
    const place = this.#placeOf(entry);
    const at = this.#operations;
    for (const { first, outcomes } of groups.values()) {
      const { cause, device, consumer, actsOn, notifier } = first;
      const outcome = this.#once([...outcomes].join('; '));
      this.#rows.push({ at, cause, place, device, consumer, actsOn, notifier, outcome });
    }
  }

  #once(outcome: string): string {
    const known = this.#outcomes.get(outcome);
    if (known !== undefined) return known;
    this.#outcomes.set(outcome, outcome);
    return outcome;
  }
}

/** Of one operation: what policies are compared in. */
function keyOf({ actsOn, notifier, device }: Pick<Row, 'actsOn' | 'notifier' | 'device'>): string {
  return `${actsOn} ${notifier} ${device}`;
}

/** Lays runs of the same operations side by side. */
export function comparePolicies(runs: readonly PolicyRun[]): PolicyComparison {
  // A run that kept fewer operations says nothing of the others.
  const end = Math.min(...runs.map((run) => run.end));
  const groups = new Map<string, { readonly first: Row; readonly outcomes: Map<NotifierPolicy, string> }>();
  let more = 0;
  for (const {
    column: { policy },
    rows,
    rowCount,
  } of runs) {
    let compared = 0;
    for (const row of rows) {
      if (row.at >= end) break;
      compared++;
      const key = `${row.at} ${keyOf(row)}`;
      const group = groups.get(key) ?? { first: row, outcomes: new Map() };
      groups.set(key, group);
      group.outcomes.set(policy, row.outcome);
    }
    more = Math.max(more, rowCount - compared);
  }
  const sorted = [...groups.values()].sort((a, b) => a.first.at - b.first.at);
  return {
    columns: runs.map(({ column }) => column),
    rows: sorted.map(({ first: { cause, place, device, consumer, actsOn }, outcomes: by }) => {
      const outcomes = runs.map(({ column }) => by.get(column.policy) ?? NOBODY);
      return { cause, place, device, consumer, actsOn, outcomes, differs: new Set(outcomes).size > 1 };
    }),
    more,
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
