import type { Node } from '../variable-node.ts';

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
