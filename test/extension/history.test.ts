import { describe, expect, it } from 'vitest';
import { newest, PAGE, type Part, within } from '../../extension/views/history-groups.ts';
import { entryWords, statements } from '../../extension/views/history-words.ts';

/** Every operation of some parts, in the order in which they are shown; groups are opened. */
function shown(parts: readonly Part[]): number[] {
  return parts.flatMap(({ kind, span: { start, end } }) =>
    kind === 'group'
      ? shown(within({ start, end }))
      : Array.from({ length: end - start }, (_, i) => end - 1 - i),
  );
}

const spans = (parts: readonly Part[]) => parts.map(({ kind, span }) => [kind, span.start, span.end]);

describe('the layout of a history', () => {
  it('is empty without operations, and one page while they fit', () => {
    expect(newest(0)).toEqual([]);
    expect(spans(newest(PAGE))).toEqual([['entries', 0, PAGE]]);
  });

  it('shows the newest page, and older operations in groups that begin at multiples of the page', () => {
    expect(spans(newest(650))).toEqual([
      ['entries', 450, 650],
      ['group', 400, 450],
      ['group', 200, 400],
      ['group', 0, 200],
    ]);
  });

  it('opens a million operations by levels of one page at most', () => {
    const levels = [newest(1_000_000)];
    for (let parts = levels[0]; parts; ) {
      const group = parts.findLast(({ kind }) => kind === 'group');
      if (!group) break;
      parts = within(group.span);
      levels.push(parts);
    }
    expect(levels.length).toBe(3);
    for (const level of levels) expect(level.length).toBeLessThanOrEqual(PAGE + 1);
    expect(spans(levels.at(-1) ?? [])).toEqual([['entries', 0, PAGE]]);
  });

  it.each([1, 199, 200, 201, 401, 40_000, 40_201, 40_399])(
    'shows each of %i operations once, the newest first',
    (total) => {
      expect(shown(newest(total))).toEqual(Array.from({ length: total }, (_, i) => total - 1 - i));
    },
  );
});

describe('an operation in words', () => {
  it('says its line apart from what it does', () => {
    const entry = { index: 0, thread: 'program', text: 'line 10: dma nic read 0x1000 64', line: 10 } as const;
    expect(entryWords(entry)).toEqual({ label: 'dma nic read 0x1000 64', where: 'line 10' });
  });

  it('says the queue or the thread where there is no line', () => {
    const text = 'CMDQ[0x23a9] SYNC';
    expect(entryWords({ index: 0, thread: 'cmdq.ns', text })).toEqual({ label: text, where: 'CMDQ ns' });
    expect(entryWords({ index: 0, thread: 'dma', text: 'x' }).where).toBe('DMA');
    expect(entryWords({ index: 0, thread: 'program', text: 'x' }).where).toBe('program');
  });
});

describe('operations of one statement', () => {
  const at = (index: number, line: number, text: string) =>
    ({ index, thread: 'program', line, text: `line ${line}: ${text}` }) as const;

  it('are one row, which goes back to before the first', () => {
    const entries = [
      at(4, 7, 'invalidate ns all'),
      at(5, 7, 'invalidate ns all'),
      at(6, 9, 'dma nic read 0 4'),
    ];
    expect(statements(entries).map(({ entry, count }) => [entry.index, count])).toEqual([
      [6, 1],
      [4, 2],
    ]);
  });

  it('stay apart where there are no lines: each command of a queue is its own', () => {
    const command = (index: number) => ({ index, thread: 'cmdq.ns', text: 'SYNC' }) as const;
    expect(statements([command(0), command(1)]).map(({ count }) => count)).toEqual([1, 1]);
  });
});
