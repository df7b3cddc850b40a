import { describe, expect, it } from 'vitest';
import { detailLines, GRID_COLUMNS, gridRow } from '../../extension/views/notifiers/cells.ts';
import { rowsAsCsv, rowsAsJson } from '../../extension/views/notifiers/export.ts';
import type { NotifierRow } from '../../src/adapter/custom-requests.ts';
import {
  decisionKind,
  isFound,
  isFrom,
  notifierColumn,
  rowOrigin,
  rowSentence,
} from '../../src/adapter/notifier-words.ts';
import { notifierRow } from '../kit/notifier-rows.ts';

const cell = (id: string, row: NotifierRow) =>
  gridRow(row).cells[GRID_COLUMNS.findIndex((column) => column.id === id)];

describe('a decision as a row', () => {
  it.each<[string, Partial<NotifierRow>, string, string]>([
    ['told', {}, 'told', 'good'],
    ['not told', { delivered: false, reason: 'policy' }, 'not told', 'quiet'],
    ['not told with a finding', { delivered: false, findings: ['a mapping is left'] }, 'not told', 'bad'],
    ['another space', { space: 's', obtained: ['ns'] }, 'told wrong space', 'warning'],
    ['a mapping that stays', { kept: 2 }, 'told keeps 2', 'warning'],
    ['an abort', { delivered: false, reason: 'qemu-aborts' }, 'QEMU aborts', 'bad'],
  ])('says %s in words and by a sign', (_, more, text, tone) => {
    const decision = cell('decision', notifierRow(0, more));
    expect([[decision?.text, decision?.more].join(' ').trim(), decision?.tone]).toEqual([text, tone]);
    expect(decision?.icon).toMatch(/^\S$/);
  });

  it('says when, from what queue, in which space, and what is held', () => {
    const row = notifierRow(3, { line: 12, queue: 's', actsOn: 'ns', space: 'ns', obtained: ['s', 'ns'] });
    expect(cell('time', row)).toMatchObject({ text: 'op 4', more: 'line 12' });
    expect(cell('time', notifierRow(3, { history: null }))).toMatchObject({ text: 'next' });
    expect(cell('command', row)).toMatchObject({ more: 'by Secure on Non-secure' });
    expect(cell('space', row)).toEqual({ text: 'Non-secure', more: 'held Secure' });
    expect(cell('range', notifierRow(0, { range: null }))).toMatchObject({ text: '–' });
  });

  it('is one sentence for screen readers, with the name of each column', () => {
    expect(gridRow(notifierRow(0)).label).toBe(rowSentence(notifierRow(0)));
    expect(rowSentence(notifierRow(0))).toBe(
      'Time op 1, Command CMD_TLBI_S_EL2_VA on Secure, Device nic sid 0x8, Consumer vhost #0, ' +
        'Decision told, Range 0x1000-0x1fff, Space Secure, Reason delivered the range overlaps',
    );
  });

  it('has details: the whole reason, both spaces, what the consumer said, each finding', () => {
    const lines = detailLines(
      notifierRow(0, {
        whole: '0x0-0xffff',
        message: 'Wrong target AS',
        findings: ['a lost UNMAP'],
        kept: 1,
      }),
    );
    expect(lines[0]).toBe('CMD_TLBI_S_EL2_VA: the range overlaps');
    expect(lines[1]).toContain(
      'Range 0x1000-0x1fff (of 0x0-0xffff). UNMAP in Secure, mappings held in Secure',
    );
    expect(lines.slice(2)).toEqual(['vhost says: Wrong target AS', '⚠ a lost UNMAP']);
  });

  it('does not say the command twice', () => {
    const row = notifierRow(0, { why: 'CMD_TLBI_S_EL2_VA: nobody holds it' });
    expect(cell('reason', row)).toMatchObject({ text: 'delivered', more: 'nobody holds it' });
    expect(detailLines(row)[0]).toBe('CMD_TLBI_S_EL2_VA: nobody holds it');
  });

  it('matches by the kind of decision and every word, findings and messages too', () => {
    const row = notifierRow(0, { obtained: ['ns'], message: 'Wrong target AS', findings: ['lost'] });
    expect(isFound(row, ['vhost', 'target'], 'wrong-space')).toBe(true);
    expect(isFound(row, ['lost'], 'findings')).toBe(true);
    expect(isFound(row, ['vhost', 'vfio'], 'all')).toBe(false);
    expect(isFound(row, [], 'untold')).toBe(false);
    expect(isFound(notifierRow(0), [], 'wrong-space')).toBe(false);
    expect(decisionKind('findings')).toBe('findings');
    expect([decisionKind('constructor'), notifierColumn('toString')]).toEqual(['all', 'time']);
  });
});

describe('the origin of a decision', () => {
  it('is a line, or operations from one to before another; what is not done has none', () => {
    const row = notifierRow(0, { history: 5, line: 9 });
    expect([isFrom(row, { line: 9 }), isFrom(row, { line: 8 })]).toEqual([true, false]);
    const included = notifierRow(0, { history: 5, line: 9, file: '/a/b.smmu' });
    const origins = [{ line: 9, file: '/a/b.smmu' }, { line: 9, file: '/a/c.smmu' }, { line: 9 }];
    expect(origins.map((origin) => isFrom(included, origin))).toEqual([true, false, false]);
    expect(isFrom(row, { line: 9, file: '/a/b.smmu' })).toBe(false);
    expect(cell('time', included)).toMatchObject({ more: 'line 9 of b.smmu' });
    expect([isFrom(row, { from: 4, to: 6 }), isFrom(row, { from: 4, to: 5 })]).toEqual([true, false]);
    expect(isFrom(notifierRow(0, { history: null }), { from: 0, to: 9 })).toBe(false);
  });

  it('is read from what a client sends, or is none', () => {
    expect(rowOrigin({ line: 3 })).toEqual({ line: 3 });
    expect(rowOrigin({ line: 3, file: '/a/b.smmu' })).toEqual({ line: 3, file: '/a/b.smmu' });
    expect(rowOrigin({ from: 1, to: 2, more: 3 })).toEqual({ from: 1, to: 2 });
    expect([undefined, null, 3, {}, { line: '3' }, { from: 1 }].map(rowOrigin)).toEqual(Array(6).fill(null));
  });
});

describe('an export', () => {
  const odd = notifierRow(1, { device: 'a "b", c', why: '=1+1', findings: ['one', 'two'], history: null });

  it('is CSV with every field, quoted where it must be, and no formula', () => {
    const [head, first, ...rest] = rowsAsCsv([odd]).split('\r\n');
    expect(head?.split(',').sort()).toEqual([...Object.keys(odd), 'line', 'file'].sort());
    expect(first).toContain('"a ""b"", c"');
    expect(first).toContain(`"'=1+1"`);
    expect(first).toContain('one; two');
    expect(rest).toEqual(['']);
  });

  it('is JSON that reads back as the rows', () => {
    expect(JSON.parse(rowsAsJson([odd]))).toEqual([odd]);
  });
});
