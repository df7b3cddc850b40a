/** Long arrays as short lists: equal neighbours become one node, and what is still too long becomes groups. */

/** A stretch of an array. `key` null: an element by itself. */
export interface Run {
  readonly first: number;
  readonly last: number;
  readonly key: string | null;
}

/** Nodes that a person still oversees. */
const LIST_LIMIT = 512;
/** Elements that are looked at to find runs; longer stretches are split without looking. */
const SCAN_LIMIT = 65_536;
/** Elements of the smallest group. */
export const GROUP = 256;

/** How a stretch is listed: as runs, as single elements, or as groups that are opened one by one. */
export type Listing =
  | { readonly kind: 'runs'; readonly runs: readonly Run[] }
  | { readonly kind: 'groups'; readonly groups: readonly Run[] };

/**
 * Lists elements first .. last.
 * @param keyOf elements with equal keys are alike; null is like nothing else
 * @param whole the stretch is a whole array, so even a single run stays one; otherwise a single run was opened and
 *   its elements are wanted one by one
 */
export function listing(
  first: number,
  last: number,
  keyOf: (index: number) => string | null,
  whole: boolean,
): Listing {
  const count = last - first + 1;
  if (count > SCAN_LIMIT) return { kind: 'groups', groups: groups(first, last) };
  const runs = runsOf(first, last, keyOf);
  if (runs.length === 1 && !whole && count > 1) {
    if (count > LIST_LIMIT) return { kind: 'groups', groups: groups(first, last) };
    return { kind: 'runs', runs: singles(first, last) };
  }
  if (runs.length > LIST_LIMIT) return { kind: 'groups', groups: groups(first, last) };
  return { kind: 'runs', runs };
}

/** Equal neighbours, joined. */
function runsOf(first: number, last: number, keyOf: (index: number) => string | null): Run[] {
  const runs: Run[] = [];
  let start = first;
  let key = keyOf(first);
  for (let i = first + 1; i <= last; i++) {
    const next = keyOf(i);
    if (next !== null && next === key) continue;
    runs.push({ first: start, last: i - 1, key });
    start = i;
    key = next;
  }
  runs.push({ first: start, last, key });
  return runs;
}

function singles(first: number, last: number): Run[] {
  const all: Run[] = [];
  for (let i = first; i <= last; i++) all.push({ first: i, last: i, key: null });
  return all;
}

/** Aligned groups of 256, larger powers of two where that would still be too many. */
function groups(first: number, last: number): Run[] {
  let size = GROUP;
  while ((last - first + 1) / size > LIST_LIMIT) size *= 2;
  const all: Run[] = [];
  let from = first;
  while (from <= last) {
    const to = Math.min(last, (Math.floor(from / size) + 1) * size - 1);
    all.push({ first: from, last: to, key: null });
    from = to + 1;
  }
  return all;
}
