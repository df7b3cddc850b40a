import type { Node } from '../variable-node.ts';
import type { Viewer } from '../viewer/viewer.ts';

/**
 * A variable that opens to entries, fetched in pages and shown one by one.
 * @param type what the entries are, for people
 */
export function list<Entry>(
  name: string,
  entries: readonly Entry[],
  show: (entry: Entry) => Node,
  type?: string,
): Node {
  const head = {
    name,
    value: `${entries.length} ${entries.length === 1 ? 'entry' : 'entries'}`,
    ...(type !== undefined && { type }),
  };
  if (entries.length === 0) return head;
  return {
    ...head,
    children: {
      indexed: entries.length,
      page: (start, count) => entries.slice(start, start + count).map(show),
    },
  };
}

/** Makes a list of a scope, without what is hidden. */
export type Lister = <Entry>(
  name: string,
  entries: readonly Entry[],
  show: (entry: Entry) => Node,
  type?: string,
) => Node;

/** Entries that belong to a hidden world keep their places and say nothing else. */
export function listerFor(viewer: Viewer): Lister {
  return (name, entries, show, type) =>
    list(
      name,
      entries,
      (entry) => {
        const hidden = viewer.hidesEntry(entry);
        return hidden === null ? show(entry) : { name: 'entry', value: viewer.text(hidden) };
      },
      type,
    );
}
