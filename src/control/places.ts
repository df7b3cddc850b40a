import type { Operation, Plan } from '../model/plan.ts';
import type { Smmu } from '../model/smmu.ts';
import { sameOperation } from './same-operation.ts';
import type { ThreadKey } from './thread.ts';

/** Where a thread stands within an operation. */
export interface Place {
  readonly plan: Plan;
  /** The step before which it stands. */
  readonly cursor: number;
  /** The last step whose breakpoints were met; a step before the first of the operation when none was. */
  readonly judged: number;
}

interface Kept extends Place {
  /** Value of `changes` when it was planned. */
  readonly made: number;
}

/**
 * Where each thread stands. When the SMMU has changed, operations are planned again at their next use, and a thread
 * stays at its step or goes to the first step that has become another.
 */
export class Places {
  readonly #smmu: Smmu;
  readonly #operationOf: (thread: ThreadKey, old: Plan | null) => Operation | null;
  readonly #places = new Map<ThreadKey, Kept>();
  #changes = 0;

  /** @param operationOf what a thread does next, which may be what it stood before already */
  constructor(smmu: Smmu, operationOf: (thread: ThreadKey, old: Plan | null) => Operation | null) {
    this.#smmu = smmu;
    this.#operationOf = operationOf;
  }

  /** How often the SMMU has changed. */
  get changes(): number {
    return this.#changes;
  }

  /** The thread's place, planned on the present state; null when it has no operation. */
  get(thread: ThreadKey): Place | null {
    const old = this.#places.get(thread);
    if (old && old.made === this.#changes) return old;
    const operation = this.#operationOf(thread, old?.plan ?? null);
    if (operation === null) {
      this.#places.delete(thread);
      return null;
    }
    const plan = this.#smmu.plan(operation);
    if (!old || !sameOperation(old.plan.operation, operation)) return this.put(thread, plan, 0);
    const cursor = keptCursor(old, plan);
    return this.put(thread, plan, cursor, cursor === old.cursor ? old.judged : cursor - 1);
  }

  /** The plan before which the thread stands, as it was when somebody asked last. */
  latest(thread: ThreadKey): Plan | null {
    return this.#places.get(thread)?.plan ?? null;
  }

  put(thread: ThreadKey, plan: Plan, cursor: number, judged = cursor - 1): Place {
    const place = { plan, cursor, judged, made: this.#changes };
    this.#places.set(thread, place);
    return place;
  }

  /** The thread goes to a step of its operation, if it has one: the last by default. */
  move(thread: ThreadKey, step = Number.POSITIVE_INFINITY): void {
    const current = this.get(thread);
    if (current) this.put(thread, current.plan, Math.min(step, current.plan.steps.length - 1));
  }

  /** The SMMU has changed. */
  changed(): void {
    this.#changes++;
  }

  /** The SMMU has changed by what the thread did: it has left its place. */
  left(thread: ThreadKey): void {
    this.#places.delete(thread);
    this.#changes++;
  }
}

/** Where a cursor goes when its operation is planned anew: nowhere, or to the first step that has become another. */
function keptCursor(old: Place, plan: Plan): number {
  for (let at = 0; at < old.cursor; at++) {
    if (old.plan.steps[at]?.text !== plan.steps[at]?.text) return Math.min(at, plan.steps.length - 1);
  }
  return Math.min(old.cursor, plan.steps.length - 1);
}
