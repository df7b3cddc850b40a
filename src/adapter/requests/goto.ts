/** Going elsewhere: to another line of a program, back in the history, past commands of a queue. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import { hex } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import type { World } from '../../bits/world.ts';
import type { Committed } from '../../control/history.ts';
import { skipTo } from '../../control/skip-commands.ts';
import type { Stop } from '../../control/stop.ts';
import { queueThread } from '../../control/thread.ts';
import { entryAtLine } from '../../inspect/queues.ts';
import { ring } from '../../model/queues/ring.ts';
import { countOf } from '../args.ts';
import { lineFrom } from '../breakpoints/set.ts';
import type { Debuggee } from '../debuggee.ts';
import { type DocumentRef, parseDocumentUri } from '../documents.ts';
import { NotNow } from '../errors.ts';
import { announce } from '../execution.ts';
import type { Handlers } from '../handler.ts';
import { Numbers } from '../numbers.ts';
import { uriOf } from './sources.ts';

/** Where a line leads. */
type Target =
  | { readonly kind: 'jump'; readonly file: string; readonly line: number }
  | { readonly kind: 'rewind'; readonly to: number }
  | { readonly kind: 'skip'; readonly world: World; readonly index: number };

interface Named {
  readonly label: string;
  readonly target: Target;
}

/** Entries of the history that are looked through. */
const LOOKED_THROUGH = 200_000;
/** Times that a line ran, the latest first. */
const TIMES = 5;

const TARGETS = new WeakMap<Debuggee, Numbers<Target>>();

function targetsOf(debuggee: Debuggee): Numbers<Target> {
  const known = TARGETS.get(debuggee);
  if (known) return known;
  const made = new Numbers<Target>();
  TARGETS.set(debuggee, made);
  return made;
}

export const GOTO: Handlers = {
  gotoTargets(session, args): { targets: DebugProtocol.GotoTarget[] } {
    const { debuggee } = session;
    debuggee.requireStopped();
    const line = lineFrom(session, args['line']);
    const uri = uriOf(session, args);
    const document = parseDocumentUri(uri);
    const named =
      document?.kind === 'queue'
        ? inQueue(debuggee, document, line)
        : document
          ? []
          : inProgram(debuggee, uri, line);
    const numbers = targetsOf(debuggee);
    return {
      targets: named.map(({ label, target }) => ({
        id: numbers.add(target),
        label,
        line: session.line(line),
      })),
    };
  },

  goto(session, args) {
    const { debuggee } = session;
    debuggee.requireStopped();
    debuggee.thread(args['threadId']);
    const target = targetsOf(debuggee).get(countOf(args['targetId'], 0));
    if (!target) throw new NotNow('this target is gone');
    const stop = go(debuggee, target);
    targetsOf(debuggee).forget();
    session.afterResponse(() => announce(session, stop));
    return undefined;
  },
};

function go({ debugger: control }: Debuggee, target: Target): Stop {
  const refuse = (what: string): never => {
    throw new UserError(what, { todo: 'ask for the targets of the line again' });
  };
  switch (target.kind) {
    case 'jump':
      return (
        control.jump(target.file, target.line) ??
        refuse(`line ${target.line} cannot be reached from where the program stands`)
      );
    case 'rewind':
      return (
        control.rewind(control.threads[0]?.key ?? 'dma', target.to) ??
        refuse('this part of the history is gone')
      );
    case 'skip':
      return skipTo(control, target.world, target.index)
        ? { ...control.standing(queueThread(target.world).key), reason: 'goto' }
        : refuse('the command is not pending any more');
  }
}

/** The latest entries of the history for which a test holds, the latest first. */
function latest(
  { debugger: control }: Debuggee,
  most: number,
  test: (entry: Committed) => boolean,
): number[] {
  const { history } = control;
  const found: number[] = [];
  const end = Math.max(0, history.length - LOOKED_THROUGH);
  for (let i = history.length - 1; i >= end && found.length < most; i--) {
    const entry = history.at(i);
    if (entry && test(entry)) found.push(i);
  }
  return found;
}

function inProgram(debuggee: Debuggee, file: string, line: number): Named[] {
  const { program } = debuggee.debugger;
  if (!program?.files.includes(file) || !program.lines(file).includes(line)) return [];
  const ran = latest(debuggee, TIMES, (entry) => {
    const place = debuggee.debugger.placeOf(entry);
    return place?.line === line && place.file === file;
  });
  return [
    { label: `Go on at line ${line}`, target: { kind: 'jump', file, line } },
    ...ran.map(
      (to): Named => ({
        label: `Back to when line ${line} ran (entry ${to})`,
        target: { kind: 'rewind', to },
      }),
    ),
  ];
}

function inQueue(
  debuggee: Debuggee,
  { queue, world }: DocumentRef & { kind: 'queue' },
  line: number,
): Named[] {
  if (queue !== 'CMDQ') return [];
  const document = debuggee.queues.document(queue, world);
  const place = entryAtLine(document, line);
  if (place === null) return [];
  const index = place % document.entries;
  const name = `CMDQ ${world}[${hex(index)}]`;
  const of = ring(debuggee.smmu.bank, 'CMDQ', world);
  const ahead = (index - of.cons + document.entries) % document.entries;
  const skip: Named[] =
    ahead > 0 && ahead < of.used
      ? [{ label: `Skip to ${name}`, target: { kind: 'skip', world, index } }]
      : [];
  const consumed = latest(
    debuggee,
    TIMES,
    ({ operation }) =>
      operation?.kind === 'command' &&
      operation.queue === undefined &&
      operation.world === world &&
      operation.index === index,
  );
  return [
    ...skip,
    ...consumed.map(
      (to): Named => ({ label: `Back to before ${name} (entry ${to})`, target: { kind: 'rewind', to } }),
    ),
  ];
}
