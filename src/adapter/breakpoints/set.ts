/** Breakpoints that clients set: kept by the session, told of whatever is debugged. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import type { LineRequest, Verified } from '../../control/stops/breakpoints.ts';
import type { Args } from '../args.ts';
import { countOf } from '../args.ts';
import { bounded } from '../errors.ts';
import type { Session } from '../session.ts';
import { standAt, standsOf } from './lines.ts';
import { wishesOf } from './requests.ts';

const NOTHING_HERE = 'no line from here on means anything to a breakpoint';
const NOT_OPEN = 'nothing is being debugged yet';

/** A breakpoint in the protocol's form. */
export function answerOf(
  session: Session,
  { id, verified, message, line }: Verified,
): DebugProtocol.Breakpoint {
  return {
    id,
    verified,
    ...(message === undefined ? {} : { message: bounded(message) }),
    ...(line === undefined ? {} : { line: session.line(line) }),
  };
}

/** A line that the client sent, from 1. */
export function lineFrom(session: Session, line: unknown): number {
  const given = countOf(line, 1);
  return session.client.linesStartAt1 ? given : given + 1;
}

/** Sets the breakpoints of a document, which is kept for the next launch. */
export function setSource(session: Session, document: string, asked: readonly Args[]): readonly Verified[] {
  if (asked.length === 0) session.sources.delete(document);
  else session.sources.set(document, asked);
  return session.breakpoints.setSource(document, located(session, document, asked));
}

function located(session: Session, document: string, asked: readonly Args[]): LineRequest[] {
  const stands = session.launched ? standsOf(session, document) : NOT_OPEN;
  return asked.map((item) => {
    const line = lineFrom(session, item['line']);
    const found = typeof stands === 'string' ? undefined : standAt(stands, line);
    return {
      ...wishesOf(item),
      asked: line,
      target: found?.target ?? (typeof stands === 'string' ? stands : NOTHING_HERE),
      ...(found ? { line: found.line } : {}),
    };
  });
}

/**
 * Something else is being debugged: places are looked up anew, and the client hears of those that became others.
 * To be called once the debuggee is attached to the session.
 */
export function placeBreakpoints(session: Session): void {
  const changed = [...session.breakpoints.attach(session.launched ? session.debuggee.smmu : null)];
  for (const [document, asked] of session.sources) {
    const before = session.breakpoints.source(document);
    const after = session.breakpoints.setSource(document, located(session, document, asked));
    changed.push(...after.filter((now, i) => !same(now, before[i])));
  }
  for (const one of changed) {
    session.event('breakpoint', { reason: 'changed', breakpoint: answerOf(session, one) });
  }
}

function same(a: Verified, b: Verified | undefined): boolean {
  return b !== undefined && a.verified === b.verified && a.message === b.message && a.line === b.line;
}
