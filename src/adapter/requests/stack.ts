import type { DebugProtocol } from '@vscode/debugprotocol';
import { type StackFrame, stackAt } from '../../control/position.ts';
import { type ThreadKey, worldOf } from '../../control/thread.ts';
import { operationText } from '../../control/words.ts';
import { commandText } from '../../inspect/command-text.ts';
import { layoutByName } from '../../inspect/layouts.ts';
import type { Operation, Plan } from '../../model/plan.ts';
import { type Args, countOf } from '../args.ts';
import type { Debuggee } from '../debuggee.ts';
import { type DocumentRef, lineOfField } from '../documents.ts';
import type { Handlers } from '../handler.ts';
import type { Session } from '../session.ts';
import { sourceOf } from '../source.ts';
import { memoryReference } from '../variable-node.ts';
import { inHex } from './variables.ts';

export const STACK: Handlers = {
  threads(session) {
    // Some clients ask before the launch is done; no threads is a truthful answer.
    if (!session.launched) return { threads: [] };
    const { debuggee, shownWorld } = session;
    const threads = debuggee.debugger.threads.filter(({ key }) => {
      const world = worldOf(key);
      return (
        shownWorld === null || world === null || world === shownWorld || key === debuggee.lastStop?.thread
      );
    });
    return { threads: threads.map(({ key, name }) => ({ id: debuggee.threadId(key), name })) };
  },

  stackTrace(session, args) {
    const { debuggee } = session;
    debuggee.requireStopped();
    const thread = debuggee.thread(args['threadId']);
    const position = debuggee.debugger.position(thread);
    const lines = thread === 'program' ? programPlaces(session) : [];
    // At the beginning of a statement the line is what people want to see; the operation opens with the first step in.
    const begins = lines.length > 0 && position.at === 'operation' && position.cursor === 0;
    const notified =
      position.at === 'operation' && !begins
        ? notifiedPlaces(session, position.plan, position.cursor, lines[0])
        : [];
    const operation =
      position.at === 'operation' && !begins
        ? stackAt(position.plan, position.cursor).map((frame) => ({
            ref: { thread, index: frame.index },
            ...place(session, position.plan, frame),
          }))
        : [];
    const resting = position.at === 'rest' && lines.length === 0;
    const all = resting
      ? [{ ref: { thread, index: -1 }, ...restingPlace(session, debuggee, thread, position.why) }]
      : [
          ...notified.map((frame) => ({ ref: { thread, index: -1 }, ...frame })),
          ...operation,
          ...lines.map((line, at) => ({ ref: { thread, index: begins && at === 0 ? 0 : -1 }, ...line })),
        ];
    const start = countOf(args['startFrame'], 0);
    const levels = countOf(args['levels'], 0) || all.length;
    return {
      stackFrames: all.slice(start, start + levels).map(({ ref, ...frame }, at) => ({
        id: debuggee.frames.keyed(`${thread}/${start + at}`, ref),
        column: session.column(1),
        ...frame,
        name: formatted(frame, args),
        canRestart: ref.index >= 0,
      })),
      totalFrames: all.length,
    };
  },
};

/** The name of a frame as the client wants it: with its line, or what it belongs to. */
function formatted({ name, line, source }: Place, args: Args): string {
  const format = (args['format'] ?? {}) as { hex?: unknown; line?: unknown; module?: unknown };
  const numbers = format.hex === true ? inHex(name) : name;
  const module = format.module === true && source?.name !== undefined ? `${source.name}: ` : '';
  return `${module}${numbers}${format.line === true ? ` line ${line}` : ''}`;
}

type Place = Pick<DebugProtocol.StackFrame, 'name' | 'line'> & Partial<DebugProtocol.StackFrame>;

/** Before a notifier is told, or is not: who, and why, at the command or at the line of the program that makes it so. */
function notifiedPlaces(session: Session, plan: Plan, cursor: number, line: Place | undefined): Place[] {
  const step = plan.steps[cursor];
  if (step?.kind !== 'notify') return [];
  const at = plan.operation.kind === 'command' ? commandPlace(session, plan.operation) : line;
  return [{ ...(at ?? { line: session.line(1) }), name: step.text }];
}

/** The lines of the program, innermost first. */
function programPlaces(session: Session): Place[] {
  const { debuggee } = session;
  const { program } = debuggee.debugger;
  const hidden = debuggee.hiddenAt('program');
  return (program?.stack() ?? []).map(({ file, line, name }, depth) => ({
    name: depth === 0 ? debuggee.viewer.said(name, hidden) : name,
    source: { name: file.split(/[/\\]/).pop() ?? file, path: file },
    line: session.line(line),
  }));
}

/** Where a thread at rest stands: at the queue's next entry, or nowhere. */
function restingPlace(session: Session, debuggee: Debuggee, thread: ThreadKey, why: string): Place {
  const world = worldOf(thread);
  if (world === null) return { name: why, line: session.line(1) };
  const source = sourceOf(session, { kind: 'queue', world, queue: 'CMDQ' });
  const line = debuggee.queues.lineOfNext('CMDQ', world);
  return { name: why, source, line: session.line(line) };
}

function place(session: Session, plan: Plan, { frame, field, index }: StackFrame): Place {
  const { operation } = plan;
  if (index === 0 && operation.kind === 'command') {
    return {
      name: frame.words.length >= 4 ? commandText(frame.words) : frame.name,
      ...commandPlace(session, operation),
      instructionPointerReference: memoryReference(operation.world, operation.pa),
    };
  }
  const name = index === 0 ? operationText(plan) : frame.name;
  const document = documentOf(frame);
  if (!document) return { name, line: session.line(1) };
  const line = lineOfField(frame.layout, frame.words, field, frame.space);
  return { name, source: sourceOf(session, document), line: session.line(line) };
}

/** Where a command stands in its queue. */
function commandPlace(
  session: Session,
  { world, index }: Extract<Operation, { kind: 'command' }>,
): Pick<Place, 'source' | 'line'> {
  const line = session.debuggee.queues.lineOfEntry('CMDQ', world, index);
  return { source: sourceOf(session, { kind: 'queue', world, queue: 'CMDQ' }), line: session.line(line) };
}

/** The document of the structure that a frame is about. */
function documentOf(frame: StackFrame['frame']): DocumentRef | null {
  if (frame.pa === null || !layoutByName(frame.layout)) return null;
  return { kind: 'structure', space: frame.space, layout: frame.layout, pa: frame.pa };
}
