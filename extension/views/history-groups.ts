/** How a long history is laid out: the newest operations one by one, the older ones in groups that open lazily. */

/** Operations from `start` on, as many as `end` says, the last one excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type Part =
  | { readonly kind: 'entries'; readonly span: Span }
  | { readonly kind: 'group'; readonly span: Span };

/** Rows that one level has at most, and operations that are asked for at once. */
export const PAGE = 200;

/** The top level: the last {@link PAGE} operations, then groups of what was before, the newest first. */
export function newest(total: number): readonly Part[] {
  const start = Math.max(0, total - PAGE);
  return [...(total > 0 ? [entries({ start, end: total })] : []), ...groups({ start: 0, end: start })];
}

/** What a group holds. */
export function within(span: Span): readonly Part[] {
  return span.end - span.start <= PAGE ? [entries(span)] : groups(span);
}

/** Groups begin at multiples of their size, so that one keeps its place while the history grows. */
function groups({ start, end }: Span): readonly Part[] {
  let size = PAGE;
  while ((end - start) / size > PAGE) size *= PAGE;
  const parts: Part[] = [];
  for (let to = end; to > start; ) {
    const from = Math.max(start, Math.floor((to - 1) / size) * size);
    parts.push({ kind: 'group', span: { start: from, end: to } });
    to = from;
  }
  return parts;
}

function entries(span: Span): Part {
  return { kind: 'entries', span };
}
