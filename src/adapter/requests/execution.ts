import type { Debugger } from '../../control/debugger.ts';
import type { Stop } from '../../control/stop.ts';
import type { ThreadKey } from '../../control/thread.ts';
import type { Args } from '../args.ts';
import { announce, resume } from '../execution.ts';
import type { Handler, Handlers } from '../handler.ts';
import type { Session } from '../session.ts';

/** A request that moves a thread at once: the response first, then the stop; what fails is a refusal. */
function moving(move: (debug: Debugger, thread: ThreadKey) => Stop): Handler {
  return (session, args) => {
    const { debuggee } = session;
    debuggee.requireStopped();
    const stop = move(debuggee.debugger, debuggee.thread(args['threadId']));
    session.afterResponse(() => announce(session, stop));
    return undefined;
  };
}

const stepIn = moving((debug, thread) => debug.stepIn(thread));
const stepBack = moving((debug, thread) => debug.stepBack(thread));
const next = moving((debug, thread) => debug.next(thread));

/** The instructions of this debuggee are its micro-steps. */
function byInstruction(args: Args): boolean {
  return args['granularity'] === 'instruction';
}

export const EXECUTION: Handlers = {
  next: (session, args, request) => (byInstruction(args) ? stepIn : next)(session, args, request),
  stepIn,
  stepOut: moving((debug, thread) => debug.stepOut(thread)),
  stepBack,
  reverseContinue: moving((debug, thread) => debug.reverseContinue(thread)),

  continue(session, args) {
    const { debuggee } = session;
    debuggee.requireStopped();
    const thread = debuggee.thread(args['threadId']);
    session.afterResponse(() => resume(session, thread));
    return { allThreadsContinued: false };
  },

  pause(session, args) {
    const { debuggee } = session;
    debuggee.thread(args['threadId']);
    // Asked once more: when the pause arrived, the thread may not have run yet.
    debuggee.debugger.pause();
    session.afterResponse(() => repeatStop(session));
    return undefined;
  },
};

/** Pausing what stands already: the client may have missed that, so it hears it again. */
function repeatStop(session: Session): void {
  const { debuggee } = session;
  if (!debuggee.running && debuggee.lastStop) announce(session, debuggee.lastStop);
}
