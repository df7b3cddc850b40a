/** The history as clients see it. */

import { UserError } from '../bits/user-error.ts';
import type { World } from '../bits/world.ts';
import type { Committed } from '../control/history.ts';
import type { Stop } from '../control/stop.ts';
import type { HistoryEntry } from './custom-requests.ts';
import type { Debuggee } from './debuggee.ts';
import type { Session } from './session.ts';

/** Entries in one answer. */
const PAGE = 10_000;
const LINE = /^line (\d+): /;

/** The line of the program that an entry is about, from 1; null for other entries. */
export function lineOfEntry({ thread, text }: Committed): number | null {
  const line = thread === 'program' ? LINE.exec(text)?.[1] : undefined;
  return line === undefined ? null : Number(line);
}

/** The Security state that an entry is about: of a queue, of a transaction, of an access; null where there is none. */
function worldOfEntry({ operation }: Committed): World | null {
  if (operation?.kind === 'command') return operation.world;
  if (operation?.kind === 'transaction') return operation.transaction.world;
  if (operation?.kind === 'register') return operation.world ?? 'ns';
  return operation?.kind === 'memory' ? operation.space : null;
}

/** Entries from `start` on, the oldest first, and how many there are in all. */
export function historyPage(
  { debugger: control, viewer }: Debuggee,
  start: number,
  count: number,
): { entries: HistoryEntry[]; total: number } {
  const from = Math.max(0, start);
  const entries = control.history.page(from, Math.min(count, PAGE)).map((entry, i) => {
    const line = lineOfEntry(entry);
    const world = worldOfEntry(entry);
    const hidden = entry.operation && viewer.hides(entry.operation);
    return {
      index: from + i,
      thread: entry.thread,
      text: viewer.said(entry.text, hidden),
      ...(line === null ? {} : { line }),
      ...(world === null ? {} : { world }),
    };
  });
  return { entries, total: control.history.length };
}

/**
 * Takes everything back from entry `to` on.
 * @throws UserError when the history is not that long
 */
export function rewindTo(session: Session, to: number): Stop {
  const { debuggee } = session;
  debuggee.requireStopped();
  const { debugger: control } = debuggee;
  const thread = debuggee.lastStop?.thread ?? control.threads[0]?.key ?? 'dma';
  const stop = Number.isInteger(to) ? control.rewind(thread, to) : null;
  if (stop) return stop;
  throw new UserError(`there is no operation ${to} in the history`, {
    todo: `it has ${control.history.length}`,
  });
}
