/** Decisions in another order than that of time, and only those that are looked for. */

import type { World } from '../bits/world.ts';
import type { CustomRequests, NotifierRow } from './custom-requests.ts';
import type { Debuggee } from './debuggee.ts';
import {
  type DecisionKind,
  isFound,
  isFrom,
  NOTIFIER_COLUMNS,
  type RowOrder,
  type RowOrigin,
  searchWords,
  sortedBy,
} from './notifier-words.ts';
import { notifierPage } from './notifiers.ts';

/** Rows that are made at once. */
const CHUNK = 4096;

/** What is looked for. */
export interface RowSearch extends RowOrder {
  /** Null: of every state. */
  readonly world: World | null;
  readonly text: string;
  readonly decision: DecisionKind;
  /** Null: from whatever. */
  readonly origin: RowOrigin | null;
}

/** Places (as `start` of a page counts them) of the decisions that are found, in the order that is asked for. */
export function notifierOrder(
  debuggee: Debuggee,
  { world, text, decision, origin, column, descending }: RowSearch,
): CustomRequests['smmu/notifierOrder']['body'] {
  const words = searchWords(text);
  const found: { at: number; key: number | string }[] = [];
  let total = 0;
  for (let start = 0; start === 0 || start < total; start += CHUNK) {
    const page = notifierPage(debuggee, { start, count: CHUNK, world });
    total = page.total;
    for (const [i, row] of page.rows.entries())
      if (isFound(row, words, decision) && (origin === null || isFrom(row, origin)))
        found.push({ at: start + i, key: NOTIFIER_COLUMNS[column].key(row) });
  }
  return { order: sortedBy(found, descending), total };
}

/** The page with the decisions at some places; a place beyond the end is left out. */
export function notifiersAt(
  debuggee: Debuggee,
  places: readonly number[],
  world: World | null,
): CustomRequests['smmu/notifiers']['body'] {
  const rows: NotifierRow[] = [];
  for (const start of places) rows.push(...notifierPage(debuggee, { start, count: 1, world }).rows);
  return { ...notifierPage(debuggee, { start: 0, count: 0, world }), rows };
}
