import { UserError } from '../../bits/user-error.ts';
import type { World } from '../../bits/world.ts';
import { enableQueue } from '../../control/enable-queue.ts';
import { replayConsumed } from '../../control/replay-consumed.ts';
import { Breakpoints } from '../../control/stops/breakpoints.ts';
import { worldName } from '../../inspect/text.ts';
import { WORLD_PREFIX } from '../../spec/registers.ts';
import type { Args } from '../args.ts';
import { placeBreakpoints } from '../breakpoints/set.ts';
import { Debuggee } from '../debuggee.ts';
import { prepareDevices } from '../device-changes.ts';
import { announce, resume } from '../execution.ts';
import type { Handlers } from '../handler.ts';
import { readLaunch } from '../inputs.ts';
import { openWithProgress } from '../progress.ts';
import type { Session } from '../session.ts';
import { tellFindings, tellNote } from '../tell.ts';

/** A protocol id; the event that carries it is about all threads. */
const FIRST_THREAD = 1;

export const LAUNCH: Handlers = {
  async launch(session, args, request) {
    await openAndBegin(session, args, request.seq);
    return undefined;
  },

  attach() {
    throw new UserError('attaching is not supported by this version', {
      where: 'request',
      todo: 'write "request": "launch" and name a memory dump',
    });
  },

  configurationDone(session) {
    session.configured = true;
    session.afterResponse(() => begin(session));
    return undefined;
  },

  async restart(session, args, request) {
    const again = (args['arguments'] as Args | undefined) ?? session.launchArgs;
    if (!again) throw new UserError('there is nothing to restart', { todo: 'launch a session first' });
    await session.close();
    // Clients keep why each thread stands; those of before do not stand any more.
    session.afterResponse(() =>
      session.event('continued', { threadId: FIRST_THREAD, allThreadsContinued: true }),
    );
    await openAndBegin(session, again, request.seq);
    return undefined;
  },

  async terminate(session) {
    if (session.launched) session.debuggee.debugger.pause();
    await session.close();
    session.afterResponse(() => session.event('terminated'));
    return undefined;
  },

  async disconnect(session) {
    await session.close();
    session.afterResponse(() => session.end());
    return undefined;
  },

  /** What can be cancelled was cancelled when the request arrived; see HURRY. */
  cancel() {
    return undefined;
  },
};

async function openAndBegin(session: Session, args: Args, requestId: number): Promise<void> {
  try {
    await open(session, args, requestId);
  } catch (error) {
    // The client learns why from the response; there is nothing to debug then.
    session.afterResponse(() => session.event('terminated'));
    throw error;
  }
  session.afterResponse(() => begin(session));
}

async function open(session: Session, args: Args, requestId: number): Promise<void> {
  if (session.launched) await session.close();
  const inputs = readLaunch(args);
  const machine = await openWithProgress(session, inputs, requestId);
  const debuggee = new Debuggee(inputs, machine, session.host.clock, {
    breakpoints: inputs.noDebug ? noBreakpoints() : session.breakpoints,
    tell: (note) => tellNote(session, note),
    notice: (findings, operation) => {
      if (session.debuggee.viewer.hides(operation) === null) tellFindings(session, findings);
    },
  });
  session.launchArgs = args;
  session.attach(debuggee);
  const { program } = machine;
  session.programLines = (file) => (program?.files.includes(file) ? program.lines(file) : null);
  placeBreakpoints(session);
  session.output(machine.description);
  const { viewer } = debuggee;
  for (const warning of machine.warnings)
    session.output(`warning: ${viewer.said(warning, null)}`, 'important');
  for (const world of debuggee.queueWorlds) prepareQueue(session, world);
  prepareDevices(session);
}

/** What people want of the command queue of a world before anything runs. */
function prepareQueue(session: Session, world: World): void {
  const { inputs, debugger: control, smmu } = session.debuggee;
  const prefix = WORLD_PREFIX[world];
  // A state that software never set up has no queue to enable.
  if (world !== 'ns' && smmu.bank.lo(`${prefix}CMDQ_BASE`) === 0 && smmu.bank.hi(`${prefix}CMDQ_BASE`) === 0)
    return;
  if (inputs.enableQueue && enableQueue(control, world)) {
    session.output(`enableQueue: ${prefix}CR0.CMDQEN set in the model; stepping back takes it back`);
  }
  if (inputs.replayConsumed) {
    const count = replayConsumed(control, world);
    const of = world === 'ns' ? '' : ` of ${worldName(world)}`;
    session.output(
      `replayConsumed: ${count} consumed commands${of} are pending again; stepping back takes it back`,
    );
  }
}

function noBreakpoints(): Breakpoints {
  const none = new Breakpoints();
  none.setFilters([]);
  return none;
}

/** Once a capture is open and the client has said all it has to say: the first stop, or off we go. */
function begin(session: Session): void {
  if (!session.launched || !session.configured) return;
  const { debuggee } = session;
  if (debuggee.lastStop || debuggee.running) return;
  const thread = debuggee.debugger.threads[0]?.key ?? 'dma';
  if (!debuggee.inputs.stopOnEntry || debuggee.inputs.noDebug) {
    resume(session, thread);
    return;
  }
  const position = debuggee.debugger.position(thread);
  const text = position.at === 'rest' ? position.why : '';
  announce(session, { thread, reason: 'entry', text, hit: null });
}
