/** A debugger that shows a viewer no operation of a world that is hidden from it. */

import { UserError } from '../../bits/user-error.ts';
import type { World } from '../../bits/world.ts';
import type { Clock } from '../../control/clock.ts';
import { Debugger, type DebuggerOptions, type Transacted } from '../../control/debugger.ts';
import type { Finding } from '../../control/finding.ts';
import type { Position, StepTarget } from '../../control/position.ts';
import { type ThreadInfo, type ThreadKey, worldOf } from '../../control/thread.ts';
import type { Variant } from '../../control/what-if.ts';
import type { Plan, Transaction } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Viewer } from './viewer.ts';

export class ViewedDebugger extends Debugger {
  readonly #viewer: Viewer;

  constructor(smmu: Smmu, clock: Clock, viewer: Viewer, options: DebuggerOptions) {
    super(smmu, clock, { ...options, viewed: viewer });
    this.#viewer = viewer;
  }

  override get threads(): readonly ThreadInfo[] {
    return super.threads.filter(({ key }) => {
      const world = worldOf(key);
      return world === null || this.#viewer.sees(world);
    });
  }

  override position(thread: ThreadKey): Position {
    const position = super.position(thread);
    if (position.at !== 'operation') return position;
    const hidden = this.#viewer.hides(position.plan.operation);
    return hidden === null
      ? { ...position, plan: this.#viewer.plan(position.plan) }
      : { at: 'rest', why: this.#viewer.text(hidden) };
  }

  override findingsAt(thread: ThreadKey): readonly Finding[] {
    return this.hiddenAt(thread) === null ? super.findingsAt(thread) : [];
  }

  override stepInTargets(thread: ThreadKey): readonly StepTarget[] {
    return this.hiddenAt(thread) === null ? super.stepInTargets(thread) : [];
  }

  override get lastTransaction(): Plan | null {
    const plan = super.lastTransaction;
    return plan && this.#viewer.hides(plan.operation) === null ? this.#viewer.plan(plan) : null;
  }

  override variants(thread: ThreadKey): readonly Variant[] {
    return super
      .variants(thread)
      .flatMap(({ text, plan }) =>
        this.#viewer.hides(plan.operation) === null
          ? [{ text: this.#viewer.said(text, null), plan: this.#viewer.plan(plan) }]
          : [],
      );
  }

  override transact(transaction: Transaction, step = false): Transacted {
    this.#viewer.require(transaction.world);
    const done = super.transact(transaction, step);
    const dropped = done.dropped && this.#viewer.hides(done.dropped.operation) === null ? done.dropped : null;
    return { ...done, plan: this.#viewer.plan(done.plan), dropped };
  }

  override dryRun(transaction: Transaction): Plan {
    this.#viewer.require(transaction.world);
    return this.#viewer.plan(super.dryRun(transaction));
  }

  override perform(...[thread, operation, text]: Parameters<Debugger['perform']>): Plan {
    const hidden = this.#viewer.hides(operation);
    if (hidden !== null) throw new UserError(`${this.#viewer.text(hidden)} cannot be changed`);
    return this.#viewer.plan(super.perform(thread, operation, text));
  }

  /** The world of the operation before which a thread stands, where that is hidden. */
  hiddenAt(thread: ThreadKey): World | null {
    const position = super.position(thread);
    return position.at === 'operation' ? this.#viewer.hides(position.plan.operation) : null;
  }
}
