import type { DebugProtocol } from '@vscode/debugprotocol';
import { UserError } from '../../bits/user-error.ts';
import { isWorld, WORLDS, type World } from '../../bits/world.ts';
import { enableQueue } from '../../control/enable-queue.ts';
import { queueThread } from '../../control/thread.ts';
import { queueSummary } from '../../inspect/queues.ts';
import { type TreeNode, treeChildren, treeRoots } from '../../inspect/tree.ts';
import { type Args, countOf, numberOf, shown } from '../args.ts';
import { textOr } from '../breakpoints/requests.ts';
import type { CustomRequest, CustomRequests } from '../custom-requests.ts';
import type { Debuggee } from '../debuggee.ts';
import { announce } from '../execution.ts';
import type { Handlers } from '../handler.ts';
import { historyPage, rewindTo } from '../history.ts';
import { notifierOrder, notifiersAt } from '../notifier-order.ts';
import { decisionKind, notifierColumn, rowOrigin } from '../notifier-words.ts';
import { notifierMatrix, notifierPage } from '../notifiers.ts';
import { policiesWithProgress } from '../policies.ts';
import type { Session } from '../session.ts';
import { whyAt } from '../why-at.ts';
import { textOf } from './sources.ts';

/** Entries in an answer to a client that does not say how many. */
const HISTORY_PAGE = 1000;

type Custom = {
  readonly [Name in CustomRequest]: (
    session: Session,
    args: Args,
    request: DebugProtocol.Request,
  ) => CustomRequests[Name]['body'] | Promise<CustomRequests[Name]['body']>;
};

/** The compiler names a request of the list that has no answer here. */
const ANSWERS: Custom = {
  'smmu/tree': (session, args) => {
    const { id } = args;
    const world = worldOrAll(args['world']);
    return { nodes: treeOf(session.debuggee, typeof id === 'string' ? id : null, world) };
  },

  'smmu/state': ({ debuggee }) => ({
    capture: debuggee.name,
    description: debuggee.machine.description,
    threads: debuggee.debugger.threads.map(({ key, name }) => ({ id: debuggee.threadId(key), key, name })),
    worlds: debuggee.queueWorlds.map((world) => ({
      world,
      smmuEnabled: debuggee.smmu.state(world).smmuEnabled,
      cmdqEnabled: debuggee.smmu.state(world).cmdqEnabled,
      commandsPending: queueSummary(debuggee.smmu, 'CMDQ', world).pending,
      eventsPending: queueSummary(debuggee.smmu, 'EVENTQ', world).pending,
    })),
    history: debuggee.debugger.history.length,
    warnings: debuggee.machine.warnings.map((text) => debuggee.viewer.said(text, null)),
  }),

  'smmu/document': (session, args) => ({ text: textOf(session, textOr(args['uri'])) }),

  'smmu/history': ({ debuggee }, args) => {
    const count = countOf(args['count'], HISTORY_PAGE);
    const { length } = debuggee.debugger.history;
    const start = countOf(args['start'], Math.max(0, length - count));
    return historyPage(debuggee, start, count, worldOrAll(args['world']));
  },

  'smmu/notifiers': ({ debuggee }, args) => {
    const world = worldOrAll(args['world']);
    const count = countOf(args['count'], HISTORY_PAGE);
    if (Array.isArray(args['at'])) {
      const places = args['at'].map((place) => countOf(place, -1)).filter((place) => place >= 0);
      return notifiersAt(debuggee, places.slice(0, HISTORY_PAGE), world);
    }
    const start = args['start'] === undefined ? null : countOf(args['start'], 0);
    return notifierPage(debuggee, { start, count, world });
  },

  'smmu/notifierOrder': ({ debuggee }, args) =>
    notifierOrder(debuggee, {
      world: worldOrAll(args['world']),
      text: textOr(args['text']),
      decision: decisionKind(args['decision']),
      column: notifierColumn(args['column']),
      descending: args['descending'] === true,
      origin: rowOrigin(args['origin']),
    }),

  'smmu/notifierMatrix': ({ debuggee }) => ({ rows: notifierMatrix(debuggee) }),

  'smmu/showWorld': (session, args) => {
    session.shownWorld = worldOrAll(args['world']);
    // Numbers of frames and variables stay: what is asked for meanwhile is answered.
    session.afterResponse(() => session.changed());
    return {};
  },

  'smmu/policies': (session, _args, { seq }) => policiesWithProgress(session, seq),

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
    const world = worldOf(args['world'] ?? 'ns');
    debuggee.viewer.require(world);
    const changed = enableQueue(debuggee.debugger, world);
    if (changed) {
      const stop = debuggee.debugger.standing(queueThread(world).key);
      session.afterResponse(() => announce(session, stop));
    }
    return { changed };
  },
};

/** The Streams tree: the root of a hidden world says so, and leads nowhere. */
function treeOf({ smmu, worlds, viewer }: Debuggee, id: string | null, shown: World | null): TreeNode[] {
  if (id !== null) return treeChildren(smmu, id);
  const wanted = worlds.filter((world) => shown === null || world === shown);
  return treeRoots(smmu, wanted).map((node) => {
    const hidden = worlds.find((world) => world === node.id && !viewer.sees(world));
    if (hidden === undefined) return node;
    const { label, kind } = node;
    const description = viewer.text(hidden);
    return { id: node.id, label, description, tooltip: '', icon: 'lock', kind, collapsible: 'none' };
  });
}

/** The state that a request is about; null: all of them. */
function worldOrAll(given: unknown): World | null {
  return given === undefined ? null : worldOf(given);
}

function worldOf(given: unknown): World {
  if (typeof given === 'string' && isWorld(given)) return given;
  throw new UserError(`${shown(given)} is no security state`, {
    where: 'world',
    todo: `write ${WORLDS.join(', ')}`,
  });
}

export const CUSTOM: Handlers = ANSWERS;
