import type { Args } from '../args.ts';
import type { Handlers } from '../handler.ts';
import type { Session } from '../session.ts';
import { BREAKPOINTS } from './breakpoints.ts';
import { CUSTOM } from './custom.ts';
import { DISASSEMBLE } from './disassemble.ts';
import { EVALUATE } from './evaluate.ts';
import { EXCEPTIONS } from './exceptions.ts';
import { EXECUTION } from './execution.ts';
import { GOTO } from './goto.ts';
import { INITIALIZE } from './initialize.ts';
import { LAUNCH } from './launch.ts';
import { MEMORY } from './memory.ts';
import { MODULES } from './modules.ts';
import { SET } from './set.ts';
import { SOURCES } from './sources.ts';
import { STACK } from './stack.ts';
import { VARIABLES } from './variables.ts';

/** Every request that is answered, by name. */
export const HANDLERS: Handlers = {
  ...INITIALIZE,
  ...LAUNCH,
  ...EXECUTION,
  ...STACK,
  ...VARIABLES,
  ...EXCEPTIONS,
  ...BREAKPOINTS,
  ...SOURCES,
  ...EVALUATE,
  ...SET,
  ...GOTO,
  ...DISASSEMBLE,
  ...MODULES,
  ...MEMORY,
  ...CUSTOM,
};

/** What is done when a request arrives, before its turn: requests that end what holds up the others. */
export const HURRY: Readonly<Record<string, (session: Session, args: Args) => void>> = {
  pause: stopRunning,
  terminate: interrupt,
  disconnect: interrupt,
  restart: interrupt,
  cancel(session, args) {
    const id = args['requestId'];
    if (typeof id === 'number' && session.waiting.has(id)) session.cancelled.add(id);
    const { opening } = session;
    if (opening && (args['requestId'] === opening.requestId || args['progressId'] === opening.progressId)) {
      opening.abort();
    }
  },
};

function stopRunning(session: Session): void {
  if (session.launched) session.debuggee.debugger.pause();
}

function interrupt(session: Session): void {
  session.opening?.abort();
  if (session.handling !== null) session.cancelled.add(session.handling);
  stopRunning(session);
}
