import type { HistoryEntry } from '../../src/adapter/custom-requests.ts';
import { lineWords } from '../../src/adapter/notifier-words.ts';

const LINE = /^line \d+: /;

/** An operation of the history in words: what it did, and where it came from. */
export function entryWords({ text, thread, line, file }: HistoryEntry): {
  readonly label: string;
  readonly where: string;
} {
  if (line !== undefined) return { label: text.replace(LINE, '') || text, where: lineWords(line, file) };
  return { label: text, where: originOf(thread) };
}

function originOf(thread: HistoryEntry['thread']): string {
  if (thread === 'program') return 'program';
  return thread === 'dma' ? 'DMA' : thread.replace('cmdq.', 'CMDQ ');
}

/** Operations in a row that one statement made. */
export interface Statement {
  /** The first of them: going back to before the statement is going back to before this one. */
  readonly entry: HistoryEntry;
  readonly count: number;
}

/** Entries, the oldest first, as statements, the newest first. */
export function statements(entries: readonly HistoryEntry[]): Statement[] {
  const found: Statement[] = [];
  for (const entry of entries) {
    const last = found.at(-1);
    const isSame =
      last &&
      entry.line !== undefined &&
      last.entry.line === entry.line &&
      last.entry.file === entry.file &&
      last.entry.text === entry.text;
    if (isSame) found[found.length - 1] = { entry: last.entry, count: last.count + 1 };
    else found.push({ entry, count: 1 });
  }
  return found.reverse();
}
