import type { ThreadKey } from '../control/thread.ts';
import { announce } from './execution.ts';
import type { Session } from './session.ts';

/** Lets everything run backwards in the background and tells the client where it stops. */
export function resumeBack(session: Session, thread: ThreadKey): void {
  const { debuggee } = session;
  debuggee.forgetNumbers();
  debuggee.runs(
    debuggee.debugger.runBack(thread).then(
      (stop) => {
        // After a disconnect or a restart there is nobody to tell.
        if (session.launched && session.debuggee === debuggee) announce(session, stop);
      },
      (error: unknown) => {
        session.output(
          `internal error while running backwards: ${String(error)}; please report it`,
          'stderr',
        );
        session.event('terminated');
      },
    ),
  );
}
