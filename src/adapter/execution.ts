import { UserError } from '../bits/user-error.ts';
import { policyTable } from '../control/isolation/policy-table.ts';
import type { Stop } from '../control/stop.ts';
import { FILTERS } from '../control/stops/index.ts';
import type { ThreadKey } from '../control/thread.ts';
import { policiesNow } from './policies.ts';
import type { Session } from './session.ts';
import { toldByStop } from './tell.ts';

/** Tells the client that a thread stopped. All others stand too: one thread runs at a time. */
export function announce(session: Session, at: Stop): void {
  const { debuggee } = session;
  if (at.reason === 'end') {
    end(session);
    return;
  }
  const stop = debuggee.shown(at);
  debuggee.lastStop = stop;
  if (stop.hit) toldByStop(session, stop.hit.filter);
  debuggee.forgetNumbers();
  const description = describe(stop);
  session.event('stopped', {
    reason: stop.reason,
    threadId: debuggee.threadId(stop.thread),
    allThreadsStopped: true,
    ...(stop.hit && stop.hit.ids.length > 0 ? { hitBreakpointIds: stop.hit.ids } : {}),
    ...(description === '' ? {} : { description }),
    ...(stop.text === '' ? {} : { text: stop.text }),
  });
}

/** What clients show beside the thread: people read a filter's label, not its id. */
function describe({ hit, text, reason }: Stop): string {
  const label = hit && FILTERS.find(({ id }) => id === text)?.label;
  if (hit) return `Paused on ${label ?? text}`;
  return text === '' && reason === 'goto' ? 'Paused after a jump' : text;
}

/** The program has ended: its exit code is the number of expectations that did not come true. */
function end(session: Session): void {
  const exitCode = session.debuggee.debugger.program?.failures ?? 0;
  session.output(
    exitCode === 0 ? 'the program has ended' : `the program has ended; ${exitCode} expectations failed`,
  );
  if (session.debuggee.inputs.policies) session.output(policiesText(session));
  session.event('exited', { exitCode });
  session.event('terminated');
}

/** The session under each policy as a table, or why there is none. */
function policiesText({ debuggee }: Session): string {
  try {
    return policyTable(policiesNow(debuggee)).join('\n');
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message;
  }
}

/** Lets a thread run in the background and tells the client where it stops. */
export function resume(session: Session, thread: ThreadKey): void {
  const { debuggee } = session;
  debuggee.forgetNumbers();
  debuggee.runs(
    debuggee.debugger.continue(thread).then(
      (stop) => {
        // After a disconnect or a restart there is nobody to tell.
        if (session.launched && session.debuggee === debuggee) announce(session, stop);
      },
      (error: unknown) => {
        session.output(`internal error while running: ${String(error)}; please report it`, 'stderr');
        session.event('terminated');
      },
    ),
  );
}
