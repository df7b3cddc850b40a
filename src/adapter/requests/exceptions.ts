import { listOf, textOr, wishesOf } from '../breakpoints/requests.ts';
import { answerOf } from '../breakpoints/set.ts';
import { NotNow } from '../errors.ts';
import { explain } from '../explain.ts';
import type { Handlers } from '../handler.ts';

export const EXCEPTIONS: Handlers = {
  setExceptionBreakpoints(session, args) {
    const asked = [
      ...ids(args['filters']).map((id) => ({ id })),
      ...listOf(args['filterOptions']).map((item) => ({ ...wishesOf(item), id: textOr(item['filterId']) })),
    ];
    const made = session.breakpoints.setFilters(asked);
    return { breakpoints: made.map((one) => answerOf(session, one)) };
  },

  exceptionInfo(session, args) {
    const { debuggee } = session;
    debuggee.requireStopped();
    const thread = debuggee.thread(args['threadId']);
    const position = debuggee.debugger.position(thread);
    const hit =
      debuggee.lastStop?.thread === thread ? debuggee.lastStop.hit : debuggee.debugger.hitAt(thread);
    if (hit?.reason !== 'exception') throw new NotNow('the thread does not stand at an exception');
    const { reason, more } =
      position.at === 'operation'
        ? explain(debuggee.smmu, position.plan, hit, debuggee.debugger.findingsAt(thread))
        : { reason: [hit.text], more: [] };
    return {
      exceptionId: hit.filter,
      // A sentence a line, as clients show it.
      description: reason.join('\n'),
      breakMode: 'always',
      details: {
        message: [...reason, ...more].join(' '),
        typeName: hit.filter,
        fullTypeName: hit.filter,
        // Shown below the description.
        stackTrace: more.join('\n'),
      },
    };
  },
};

function ids(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((id): id is string => typeof id === 'string') : [];
}
