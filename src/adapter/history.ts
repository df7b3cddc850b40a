/** The history as clients see it. */

import { UserError } from '../bits/user-error.ts';
import type { World } from '../bits/world.ts';
import type { Committed } from '../control/history.ts';
import type { Stop } from '../control/stop.ts';
import type { HistoryEntry } from './custom-requests.ts';
import type { Debuggee } from './debuggee.ts';
import { type DeviceWorlds, pluggedIn, worldsOfOperation } from './operation-worlds.ts';
import type { Session } from './session.ts';

/** Entries in one answer. */
const PAGE = 10_000;
/** A line of the program's files. */
interface EntryLine {
  /** From 1. */
  readonly line: number;
  /** Path of an included file; left out where it is the program's own. */
  readonly file?: string;
}

/** The line of the program that an entry is about; null for other entries. */
export function lineOfEntry({ debugger: control }: Debuggee, entry: Committed): EntryLine | null {
  const place = control.placeOf(entry);
  if (place === null) return null;
  const { file, line } = place;
  return file === control.program?.files[0] ? { line } : { line, file };
}

/** How far back the plugging of a device is looked for that is gone. */
const PLUGGED_BEFORE = 10_000;

/** The states of a device: as it is, or as it was plugged in before entry `index`. */
function deviceWorlds({ smmu, debugger: control }: Debuggee, index: number): DeviceWorlds {
  const now = pluggedIn(smmu);
  return (name) => {
    const worlds = now(name);
    for (let at = index; worlds.length === 0 && at >= Math.max(0, index - PLUGGED_BEFORE); at--) {
      const operation = control.history.at(at)?.operation;
      if (operation?.kind !== 'device' || operation.change.what !== 'plug') continue;
      if (operation.change.device.name === name) return operation.change.device.worlds;
    }
    return worlds;
  };
}

/**
 * Entries from `start` on, the oldest first, and how many there are in all.
 * @param shown leaves out what is of other states; null: of none
 */
export function historyPage(
  debuggee: Debuggee,
  start: number,
  count: number,
  shown: World | null = null,
): { entries: HistoryEntry[]; total: number } {
  const { debugger: control, viewer, smmu } = debuggee;
  const from = Math.max(0, start);
  const entries = control.history.page(from, Math.min(count, PAGE)).map((entry, i) => {
    const { operation } = entry;
    const worlds =
      operation === null ? [] : worldsOfOperation(operation, smmu, deviceWorlds(debuggee, from + i));
    const hidden = entry.operation && viewer.hides(entry.operation);
    return {
      index: from + i,
      thread: entry.thread,
      text: viewer.said(entry.text, hidden),
      ...lineOfEntry(debuggee, entry),
      ...(worlds.length === 0 ? {} : { worlds }),
    };
  });
  return { entries: entries.filter((entry) => isOf(entry, shown)), total: control.history.length };
}

/** What belongs to no state belongs to each of them. */
function isOf({ worlds = [] }: HistoryEntry, shown: World | null): boolean {
  return shown === null || worlds.length === 0 || worlds.includes(shown);
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
