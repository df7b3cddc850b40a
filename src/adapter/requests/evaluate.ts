import { UserError } from '../../bits/user-error.ts';
import { countOf } from '../args.ts';
import { coloured } from '../colour.ts';
import type { FrameRef } from '../debuggee.ts';
import { Cancelled } from '../errors.ts';
import { completions } from '../evaluate/completions.ts';
import { evaluate } from '../evaluate/index.ts';
import type { Handlers } from '../handler.ts';
import type { Session } from '../session.ts';
import type { Children } from '../variable-node.ts';
import { variable, wantsHex } from './variables.ts';

/** Contexts in which an expression is evaluated again and again without anybody asking: they change nothing. */
const LOOKING = new Set<unknown>(['watch', 'hover', 'variables', 'clipboard']);
/** Lines of a structure on the clipboard. */
const CLIPBOARD_LINES = 10_000;

export const EVALUATE: Handlers = {
  async evaluate(session, args, request) {
    const { expression, context } = args;
    if (typeof expression !== 'string' || expression.trim() === '') {
      throw new UserError('there is nothing to evaluate', { todo: 'type help' });
    }
    const cancelled = (): boolean => session.cancelled.has(request.seq);
    const answer = await evaluate(session, {
      text: expression,
      context: LOOKING.has(context) ? 'look' : 'console',
      frame: frameOf(session, args['frameId']),
      cancelled,
    });
    if (cancelled()) throw new Cancelled();
    if (context === 'clipboard')
      return { result: plainText(answer.value, answer.children), variablesReference: 0 };
    const {
      name: _,
      evaluateName: _again,
      value,
      ...rest
    } = variable(session, { name: '', ...answer }, wantsHex(args));
    return { result: coloured(value, session.client.ansi && context === 'repl'), ...rest };
  },

  completions(session, args) {
    const text = typeof args['text'] === 'string' ? args['text'] : '';
    const { columnsStartAt1 } = session.client;
    const column = countOf(args['column'], text.length + 1);
    const before = text.slice(0, columnsStartAt1 ? Math.max(column - 1, 0) : column);
    const { items, from } = completions(session, before, frameOf(session, args['frameId']));
    return {
      targets: items.map(({ label, type }) => ({
        label,
        type,
        start: columnsStartAt1 ? from + 1 : from,
        length: before.length - from,
      })),
    };
  },
};

/** The frame that a request names, or null: none named, or one that is gone. */
export function frameOf(session: Session, frameId: unknown): FrameRef | null {
  return (session.launched && session.debuggee.frames.get(countOf(frameId, 0))) || null;
}

/** All there is to read: a structure line by line. */
function plainText(value: string, children: Children | undefined): string {
  const lines = (children?.names?.() ?? []).map((node) => `${node.name} = ${node.value}`);
  const indexed = children?.page?.(0, Math.min(children.indexed ?? 0, CLIPBOARD_LINES)) ?? [];
  lines.push(...indexed.map((node) => `${node.name} = ${node.value}`));
  // A text of several lines says the same as what it opens to.
  return lines.length === 0 || value.includes('\n') ? value : [value, ...lines].join('\n');
}
