/** Which worlds a thing belongs to that caches keep, that is under way, or that somebody is told. */

import { isWorld, type World } from '../../bits/world.ts';

/** Members that hold a world. */
const WORLD_MEMBERS = ['world', 'actsOn', 'queue', 'space'] as const;
/** Members that hold worlds. */
const LIST_MEMBERS = ['worlds', 'deviceWorlds', 'obtained'] as const;
/** Members in which the thing itself, or what it is about, stands. */
const INNER_MEMBERS = ['entry', 'tag', 'space', 'transaction', 'device', 'event', 'of', 'told'] as const;
/** Members that hold such things. */
const INNER_LISTS = ['decisions'] as const;
const DEEPEST = 4;

/**
 * The worlds that a thing names, in itself or in what it wraps: a tag, a transaction, an entry on its way out. Told by
 * the members that such things have in common, so that a new kind of them is not shown because nobody thought of it.
 */
export function worldsOfEntry(entry: unknown): readonly World[] {
  const found = new Set<World>();
  collect(entry, found, DEEPEST);
  return [...found];
}

function collect(value: unknown, found: Set<World>, depth: number): void {
  if (typeof value !== 'object' || value === null || depth === 0) return;
  const members = value as Readonly<Record<string, unknown>>;
  for (const name of WORLD_MEMBERS) add(members[name], found);
  // What is kept of the granule protection table is Root's, whoever asked for it (3.25).
  if ('gpi' in members) found.add('root');
  for (const name of LIST_MEMBERS) {
    const list = members[name];
    if (Array.isArray(list)) for (const one of list) add(one, found);
  }
  for (const name of INNER_MEMBERS) collect(members[name], found, depth - 1);
  for (const name of INNER_LISTS) {
    const list = members[name];
    if (Array.isArray(list)) for (const one of list) collect(one, found, depth - 1);
  }
}

function add(value: unknown, found: Set<World>): void {
  if (typeof value !== 'string') return;
  // A queue is named by its world: `CMDQ s`.
  const [, world = value] = /^\w+ (\w+)$/.exec(value) ?? [];
  if (isWorld(world)) found.add(world);
}
