/** The session under every policy of notifiers. */

import {
  comparePolicies,
  type PolicyComparison,
  type PolicyRecorder,
} from '../control/isolation/policies.ts';
import { type Done, type Repeatable, runAgain } from '../control/isolation/run-again.ts';
import { NOTIFIER_POLICY_NAMES } from '../spec/notifiers.ts';
import type { Debuggee } from './debuggee.ts';
import { Cancelled } from './errors.ts';
import { Bar } from './progress.ts';
import type { Session } from './session.ts';

const TITLE = 'Running the session again under every policy';

function repeatable({ smmu, debugger: control, checkers }: Debuggee): Repeatable {
  return {
    smmu,
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

/**
 * Runs what was done again, under each policy. It gives way between two policies, and stops when the request is
 * cancelled; the session itself stays as it is.
 * @param requestId sequence number of the request that wants it
 */
export async function policies(session: Session, requestId: number): Promise<PolicyComparison> {
  const { debuggee } = session;
  debuggee.requireStopped();
  const bar = new Bar(session, TITLE, `policies-${requestId}`, requestId);
  const runs: PolicyRecorder[] = [];
  try {
    for (const [i, policy] of NOTIFIER_POLICY_NAMES.entries()) {
      bar.show(policy, (i / NOTIFIER_POLICY_NAMES.length) * 100);
      await session.host.clock.breathe();
      if (session.cancelled.has(requestId)) throw new Cancelled();
      runs.push(runAgain(repeatable(debuggee), policy));
    }
  } finally {
    bar.end();
  }
  return comparePolicies(runs);
}
