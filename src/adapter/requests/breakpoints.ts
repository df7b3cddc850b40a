import { UserError } from '../../bits/user-error.ts';
import type { Verified } from '../../control/stops/breakpoints.ts';
import { type Access, type DataPlace, dataId, parseDataId } from '../../control/stops/data-place.ts';
import { type Args, numberOf } from '../args.ts';
import { placeOfAnswer, type Watched, watchedBy } from '../breakpoints/data.ts';
import { standsOf } from '../breakpoints/lines.ts';
import { listOf, textOr, wishesOf } from '../breakpoints/requests.ts';
import { answerOf, lineFrom, setSource } from '../breakpoints/set.ts';
import { placeNamed } from '../evaluate/path.ts';
import { whereOf } from '../evaluate/scope.ts';
import type { Handlers } from '../handler.ts';
import type { Session } from '../session.ts';
import { frameOf } from './evaluate.ts';
import { parseReference } from './memory.ts';
import { uriOf } from './sources.ts';

/** Locations in one answer. */
const LOCATIONS = 10_000;

/** Answers in the order of the request: what could not be read is refused, the rest is set. */
function answers<T>(
  session: Session,
  read: readonly (T | string)[],
  set: (list: readonly T[]) => readonly Verified[],
): { breakpoints: object[] } {
  const made = [...set(read.filter((item): item is T & Exclude<T, string> => typeof item !== 'string'))];
  return {
    breakpoints: read.map((item) => {
      if (typeof item === 'string') return { verified: false, message: item };
      return answerOf(session, made.shift() as Verified);
    }),
  };
}

export const BREAKPOINTS: Handlers = {
  setBreakpoints(session, args) {
    const document = uriOf(session, args);
    const asked = Array.isArray(args['breakpoints'])
      ? listOf(args['breakpoints'])
      : listOf(args['lines']).map((_, i) => ({ line: (args['lines'] as unknown[])[i] }));
    const made = setSource(session, document, asked);
    return { breakpoints: made.map((one) => answerOf(session, one)) };
  },

  breakpointLocations(session, args) {
    const stands = session.launched ? standsOf(session, uriOf(session, args)) : [];
    const first = lineFrom(session, args['line']);
    const last = args['endLine'] === undefined ? first : lineFrom(session, args['endLine']);
    const found = typeof stands === 'string' ? [] : stands;
    return {
      breakpoints: found
        .filter(({ line }) => line >= first && line <= last)
        .slice(0, LOCATIONS)
        .map(({ line }) => ({ line: session.line(line) })),
    };
  },

  setFunctionBreakpoints(session, args) {
    const list = listOf(args['breakpoints']).map((item) => ({
      ...wishesOf(item),
      name: textOr(item['name']),
    }));
    const made = session.breakpoints.setFunctions(list);
    return { breakpoints: made.map((one) => answerOf(session, one)) };
  },

  setInstructionBreakpoints(session, args) {
    const read = listOf(args['breakpoints']).map((item) => {
      const place = reference(item['instructionReference']);
      if (typeof place === 'string') return place;
      return { ...wishesOf(item), space: place.space, pa: place.pa + numberOf(item['offset'], 0) };
    });
    return answers(session, read, (list) => session.breakpoints.setInstructions(list));
  },

  dataBreakpointInfo(session, args) {
    const watched = watchedPlace(session, args);
    if (typeof watched === 'string') return { dataId: null, description: watched };
    const id = dataId(watched.place);
    session.dataNames.set(id, watched.name);
    return {
      dataId: id,
      description: watched.name,
      accessTypes: watched.place.space === 'reg' ? ['write'] : ['read', 'write', 'readWrite'],
      canPersist: true,
    };
  },

  setDataBreakpoints(session, args) {
    const read = listOf(args['breakpoints']).map((item) => {
      const id = textOr(item['dataId']);
      const place: DataPlace | null = parseDataId(id);
      if (place === null) return `${JSON.stringify(id)} names no data; ask dataBreakpointInfo for an id`;
      const type = item['accessType'];
      const access: Access = type === 'read' || type === 'readWrite' ? type : 'write';
      const name = session.dataNames.get(id);
      return { ...wishesOf(item), ...place, access, ...(name === undefined ? {} : { name }) };
    });
    return answers(session, read, (list) => session.breakpoints.setData(list));
  },
};

/** What is to be watched: what {@link watchedBy} knows by itself, or any expression that names a place in a frame. */
function watchedPlace(session: Session, args: Args): Watched | string {
  const { debuggee } = session;
  const watched = watchedBy(debuggee, args);
  const text = textOr(args['name']).trim();
  if (typeof watched !== 'string' || args['asAddress'] === true || args['variablesReference']) return watched;
  try {
    const answer = placeNamed(session, text, whereOf(debuggee, frameOf(session, args['frameId'])));
    const place = answer && placeOfAnswer(answer);
    return place ? { place, name: text } : watched;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

function reference(value: unknown): ReturnType<typeof parseReference> | string {
  try {
    return parseReference(value);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}
