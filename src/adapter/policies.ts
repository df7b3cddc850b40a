/** The session under every policy of notifiers. */

import { UserError } from '../bits/user-error.ts';
import { comparePolicies, type PolicyComparison, type PolicyRun } from '../control/isolation/policies.ts';
import { type Done, type Repeatable, runAgain } from '../control/isolation/run-again.ts';
import { NOTIFIER_POLICY_NAMES } from '../spec/notifiers.ts';
import type { Debuggee } from './debuggee.ts';
import { Cancelled } from './errors.ts';
import { Bar } from './progress.ts';
import type { Session } from './session.ts';

const TITLE = 'Running the session again under every policy';

function repeatable({ machine, debugger: control, checkers, viewer }: Debuggee): Repeatable {
  if (viewer.masks) {
    throw new UserError('policies are compared by what all Security states do', {
      where: 'viewerWorld',
      todo: 'leave it out to compare them',
    });
  }
  return {
    smmu: machine.smmu,
    length: control.history.length,
    beginning: () => control.beginning(),
    at(entry): Done {
      const operation = control.history.at(entry)?.operation ?? null;
      if (operation !== null) return { operation };
      const revertTo = checkers.isolation.revertsTo(entry);
      return revertTo === null ? null : { revertTo };
    },
  };
}

/** Runs what was done again, under each policy; the session itself stays as it is. */
export function policiesNow(debuggee: Debuggee): PolicyComparison {
  const session = repeatable(debuggee);
  return comparePolicies(NOTIFIER_POLICY_NAMES.map((policy) => runAgain(session, policy).result()));
}

/**
 * The same, but it gives way between two policies.
 * @param watch asked between two policies whether to stop, and told how far it has come (percent)
 */
export async function policiesOf(
  { host, debuggee }: Session,
  watch: { readonly cancelled: () => boolean; readonly show?: (text: string, percent: number) => void },
): Promise<PolicyComparison> {
  debuggee.requireStopped();
  const session = repeatable(debuggee);
  const runs: PolicyRun[] = [];
  for (const [i, policy] of NOTIFIER_POLICY_NAMES.entries()) {
    watch.show?.(policy, (i / NOTIFIER_POLICY_NAMES.length) * 100);
    await host.clock.breathe();
    if (watch.cancelled()) throw new Cancelled();
    runs.push(runAgain(session, policy).result());
  }
  return comparePolicies(runs);
}

/** The same, with a progress bar. @param requestId sequence number of the request that wants it */
export async function policiesWithProgress(session: Session, requestId: number): Promise<PolicyComparison> {
  const bar = new Bar(session, TITLE, `policies-${requestId}`, requestId);
  try {
    return await policiesOf(session, {
      cancelled: () => session.cancelled.has(requestId),
      show: (text, percent) => bar.show(text, percent),
    });
  } finally {
    bar.end();
  }
}
