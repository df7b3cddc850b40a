import { UserError } from '../../bits/user-error.ts';
import { countOf } from '../args.ts';
import { completions, evaluate } from '../evaluate/index.ts';
import type { Handlers } from '../handler.ts';
import { variable } from './variables.ts';

/** Contexts in which an expression is evaluated again and again without anybody asking: they change nothing. */
const LOOKING = new Set<unknown>(['watch', 'hover', 'variables']);

export const EVALUATE: Handlers = {
  evaluate(session, args) {
    const { expression, context, format } = args;
    if (typeof expression !== 'string' || expression.trim() === '') {
      throw new UserError('there is nothing to evaluate', { todo: 'type help' });
    }
    const answer = evaluate(session, expression, LOOKING.has(context) ? 'look' : 'console');
    const hex = (format as { hex?: unknown } | undefined)?.hex === true;
    const { name: _, value, ...rest } = variable(session, { name: '', ...answer }, hex);
    return { result: value, ...rest };
  },

  completions(session, args) {
    const text = typeof args['text'] === 'string' ? args['text'] : '';
    const column = countOf(args['column'], text.length + 1);
    const before = text.slice(0, session.client.columnsStartAt1 ? Math.max(column - 1, 0) : column);
    const start = Math.max(before.lastIndexOf(' '), before.lastIndexOf('\t')) + 1;
    return {
      targets: completions(before.trimStart()).map((label) => ({
        label,
        type: label.endsWith('=') ? 'property' : 'keyword',
        start: session.client.columnsStartAt1 ? start + 1 : start,
        length: before.length - start,
      })),
    };
  },
};
