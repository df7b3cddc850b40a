import { UserError } from '../../bits/user-error.ts';
import type { Debugger } from '../../control/debugger.ts';
import type { Stop } from '../../control/stop.ts';
import type { ThreadKey } from '../../control/thread.ts';
import { type Args, countOf } from '../args.ts';
import { NotNow } from '../errors.ts';
import { announce, resume } from '../execution.ts';
import type { Handler, Handlers } from '../handler.ts';
import { resumeBack } from '../run-back.ts';
import type { Session } from '../session.ts';
import { frameOf } from './evaluate.ts';

/** A request that moves a thread at once: the response first, then the stop; what fails is a refusal. */
function moving(move: (debug: Debugger, thread: ThreadKey, args: Args) => Stop): Handler {
  return (session, args) => {
    const { debuggee } = session;
    debuggee.requireStopped();
    const stop = move(debuggee.debugger, debuggee.thread(args['threadId']), args);
    session.afterResponse(() => announce(session, stop));
    return undefined;
  };
}

/** The instructions of this debuggee are its micro-steps. */
function byInstruction(args: Args): boolean {
  return args['granularity'] === 'instruction';
}

/** Targets have the numbers of their steps, from 1. */
const FIRST_TARGET = 1;

export const EXECUTION: Handlers = {
  next: moving((debug, thread, args) => (byInstruction(args) ? debug.stepIn(thread) : debug.next(thread))),
  stepIn: moving((debug, thread, args) => {
    const target = countOf(args['targetId'], 0);
    if (target === 0 && args['targetId'] === undefined) return debug.stepIn(thread);
    const step = target - FIRST_TARGET;
    if (debug.stepInTargets(thread).some((one) => one.step === step)) return debug.stepInto(thread, step);
    throw new NotNow('this target is gone');
  }),
  stepOut: moving((debug, thread, args) =>
    byInstruction(args) ? debug.stepIn(thread) : debug.stepOut(thread),
  ),
  stepBack: moving((debug, thread, args) => debug.stepBack(thread, byInstruction(args))),

  stepInTargets(session, args) {
    const { debuggee } = session;
    debuggee.requireStopped();
    const frame = frameOf(session, args['frameId']);
    if (!frame) throw new NotNow('this stack frame is gone');
    const targets = debuggee.debugger.stepInTargets(frame.thread);
    return { targets: targets.map(({ step, name }) => ({ id: step + FIRST_TARGET, label: name })) };
  },

  restartFrame(session, args) {
    const { debuggee } = session;
    debuggee.requireStopped();
    const frame = frameOf(session, args['frameId']);
    if (!frame) throw new NotNow('this stack frame is gone');
    // A line of a program begins with its operation.
    const stop = debuggee.debugger.restartFrame(frame.thread, Math.max(frame.index, 0));
    if (!stop)
      throw new UserError('nothing runs in this frame', { todo: 'start a transaction with translate' });
    session.afterResponse(() => announce(session, stop));
    return undefined;
  },

  reverseContinue(session, args) {
    const { debuggee } = session;
    debuggee.requireStopped();
    const thread = debuggee.thread(args['threadId']);
    session.afterResponse(() => resumeBack(session, thread));
    return undefined;
  },

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
