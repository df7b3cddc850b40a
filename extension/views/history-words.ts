import type { HistoryEntry } from '../../src/adapter/custom-requests.ts';

const LINE = /^line \d+: /;

/** An operation of the history in words: what it did, and where it came from. */
export function entryWords({ text, thread, line }: HistoryEntry): {
  readonly label: string;
  readonly where: string;
} {
  if (line !== undefined) return { label: text.replace(LINE, '') || text, where: `line ${line}` };
  return { label: text, where: originOf(thread) };
}

function originOf(thread: HistoryEntry['thread']): string {
  if (thread === 'program') return 'program';
  return thread === 'dma' ? 'DMA' : thread.replace('cmdq.', 'CMDQ ');
}
