import { FILTERS } from '../../control/stops/index.ts';
import { NotNow } from '../errors.ts';
import { explain } from '../explain.ts';
import type { Handlers } from '../handler.ts';

const KNOWN = new Set(FILTERS.map((filter) => filter.id));

export const EXCEPTIONS: Handlers = {
  setExceptionBreakpoints(session, args) {
    const asked = [...ids(args['filters']), ...optionIds(args['filterOptions'])];
    session.filters = asked.filter((id) => KNOWN.has(id));
    if (session.launched) session.debuggee.debugger.setFilters(session.filters);
    return {
      breakpoints: asked.map((id) =>
        KNOWN.has(id) ? { verified: true } : { verified: false, message: `there is no filter ${id}` },
      ),
    };
  },

  exceptionInfo(session, args) {
    const { debuggee } = session;
    debuggee.requireStopped();
    const thread = debuggee.thread(args['threadId']);
    const position = debuggee.debugger.position(thread);
    const hit =
      debuggee.lastStop?.thread === thread ? debuggee.lastStop.hit : debuggee.debugger.hitAt(thread);
    if (!hit || position.at !== 'operation') throw new NotNow('the thread does not stand at an exception');
    const { reason, more } = explain(debuggee.smmu, position.plan, hit);
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

function optionIds(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return ids(list.map((option: unknown) => (option as { filterId?: unknown } | null)?.filterId));
}
