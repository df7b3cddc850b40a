/** What was done, done again from its start under another policy of notifiers. */

import { Journal } from '../../model/effects.ts';
import type { Effect, Operation } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { NotifierPolicy } from '../../spec/notifiers.ts';
import { Watch } from '../watch.ts';
import { PolicyRecorder } from './policies.ts';

/** What was done, in order: an operation, or a return to how it was after so many entries. */
export type Done = { readonly operation: Operation } | { readonly revertTo: number } | null;

/** A session as something that can be done again. */
export interface Repeatable {
  readonly smmu: Smmu;
  /** How many entries there are. */
  readonly length: number;
  at(entry: number): Done;
  /** Effects that take the SMMU back to its start. */
  beginning(): readonly Effect[];
}

/** An operation under a policy: rules that it would set are of that policy too. */
export function underPolicy(operation: Operation, policy: NotifierPolicy): Operation {
  if (operation.kind !== 'device' || operation.change.what !== 'rules') return operation;
  const { change } = operation;
  return { ...operation, change: { ...change, rules: { ...change.rules, policy } } };
}

/** The operation that sets a policy, and leaves what is accepted. */
export function policyOperation(smmu: Smmu, policy: NotifierPolicy): Operation {
  return { kind: 'device', change: { what: 'rules', rules: { policy, accepts: smmu.notifiers.accepts } } };
}

/** Does everything again, and leaves the SMMU exactly as it was: all that changes is taken back. */
export function runAgain(
  { smmu, length, at, beginning }: Repeatable,
  policy: NotifierPolicy,
): PolicyRecorder {
  const recorder = new PolicyRecorder(policy);
  const watch = new Watch(smmu, [recorder]);
  const journal = new Journal();
  const marks: number[] = [];
  try {
    smmu.commit(beginning(), journal);
    smmu.commit(smmu.plan(policyOperation(smmu, policy)).effects, journal);
    for (let entry = 0; entry < length; entry++) {
      const done = at(entry);
      marks.push(journal.length);
      if (done === null) continue;
      if ('revertTo' in done) {
        smmu.commit(journal.inverse(marks[done.revertTo] ?? journal.length), journal);
        watch.reverted(done.revertTo, entry);
        continue;
      }
      const plan = smmu.plan(underPolicy(done.operation, policy));
      watch.judge(plan, entry);
      smmu.commit(plan.effects, journal);
      watch.committed(plan.operation, plan.effects, entry);
    }
    return recorder;
  } finally {
    journal.undo(smmu, 0);
  }
}
