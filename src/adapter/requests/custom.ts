import { UserError } from '../../bits/user-error.ts';
import { isWorld } from '../../bits/world.ts';
import { enableQueue } from '../../control/enable-queue.ts';
import { queueThread } from '../../control/thread.ts';
import { queueSummary } from '../../inspect/queues.ts';
import { treeChildren } from '../../inspect/tree.ts';
import { type Args, countOf, numberOf } from '../args.ts';
import { textOr } from '../breakpoints/requests.ts';
import type { CustomRequest, CustomRequests } from '../custom-requests.ts';
import { announce } from '../execution.ts';
import type { Handlers } from '../handler.ts';
import { historyPage, rewindTo } from '../history.ts';
import type { Session } from '../session.ts';
import { whyAt } from '../why-at.ts';
import { textOf } from './sources.ts';

/** Entries in an answer to a client that does not say how many. */
const HISTORY_PAGE = 1000;

type Custom = {
  readonly [Name in CustomRequest]: (session: Session, args: Args) => CustomRequests[Name]['body'];
};

/** The compiler names a request of the list that has no answer here. */
const ANSWERS: Custom = {
  'smmu/tree': (session, args) => {
    const { id } = args;
    return { nodes: treeChildren(session.debuggee.smmu, typeof id === 'string' ? id : null) };
  },

  'smmu/state': ({ debuggee }) => ({
    capture: debuggee.name,
    description: debuggee.machine.description,
    threads: debuggee.debugger.threads.map(({ key, name }) => ({ id: debuggee.threadId(key), key, name })),
    worlds: (['ns'] as const).map((world) => ({
      world,
      smmuEnabled: debuggee.smmu.state(world).smmuEnabled,
      cmdqEnabled: debuggee.smmu.state(world).cmdqEnabled,
      commandsPending: queueSummary(debuggee.smmu, 'CMDQ', world).pending,
      eventsPending: queueSummary(debuggee.smmu, 'EVENTQ', world).pending,
    })),
    history: debuggee.debugger.history.length,
    warnings: debuggee.machine.warnings,
  }),

  'smmu/document': (session, args) => ({ text: textOf(session, textOr(args['uri'])) }),

  'smmu/history': ({ debuggee }, args) => {
    const count = countOf(args['count'], HISTORY_PAGE);
    const { length } = debuggee.debugger.history;
    return historyPage(debuggee, countOf(args['start'], Math.max(0, length - count)), count);
  },

  'smmu/rewind': (session, args) => {
    const stop = rewindTo(session, numberOf(args['to'], -1));
    session.afterResponse(() => announce(session, stop));
    return { history: session.debuggee.debugger.history.length };
  },

  'smmu/why': (session, args) => ({
    text: whyAt(session.debuggee, textOr(args['uri']), countOf(args['line'], 0)),
  }),

  'smmu/enableQueue': (session, args) => {
    const { debuggee } = session;
    debuggee.requireStopped();
    const world = args['world'] ?? 'ns';
    if (typeof world !== 'string' || !isWorld(world)) {
      throw new UserError(`${JSON.stringify(world)} is no security state`, { where: 'world' });
    }
    const changed = enableQueue(debuggee.debugger, world);
    if (changed) {
      const stop = debuggee.debugger.standing(queueThread(world).key);
      session.afterResponse(() => announce(session, stop));
    }
    return { changed };
  },
};

export const CUSTOM: Handlers = ANSWERS;
