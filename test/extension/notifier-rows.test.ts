import { describe, expect, it } from 'vitest';
import { BY_TIME, NotifierRows, PAGE_ROWS } from '../../extension/views/notifiers/rows.ts';
import type { NotifierRow } from '../../src/adapter/custom-requests.ts';
import { notifierRow, RowList } from '../kit/notifier-rows.ts';

const numbers = (rows: readonly NotifierRow[]) => rows.map(({ number }) => number);
const MANY = 100_000;
const many = Array.from({ length: MANY }, (_, i) =>
  notifierRow(i, {
    device: `dev${i % 7}`,
    ...(i % 1000 === 5 ? { delivered: false, reason: 'policy' as const, space: null } : {}),
  }),
);

describe('the rows of the Notifier events view', () => {
  it('ask for the pages in sight alone while they stand in the order of time', async () => {
    const source = new RowList(many);
    const rows = new NotifierRows(source);
    await rows.refresh();
    expect([rows.total, rows.matching, source.sent, source.orders]).toEqual([MANY, MANY, 0, 0]);
    expect(numbers(await rows.window(50_000, 40))).toEqual(Array.from({ length: 40 }, (_, i) => 50_000 + i));
    expect(source.sent).toBe(PAGE_ROWS);
    await rows.window(50_010, 40);
    expect(source.sent).toBe(PAGE_ROWS);
    expect(numbers(await rows.window(MANY - 2, 40))).toEqual([MANY - 2, MANY - 1]);
    expect(numbers(await rows.window(PAGE_ROWS - 1, 2))).toEqual([PAGE_ROWS - 1, PAGE_ROWS]);
  });

  it('filter by decision and by all words, in any column, and get only the rows in sight', async () => {
    const source = new RowList(many);
    const rows = new NotifierRows(source);
    await rows.select({ ...BY_TIME, decision: 'untold' });
    expect([rows.matching, rows.total, source.sent]).toEqual([100, MANY, 0]);
    expect(numbers(await rows.window(0, 2))).toEqual([5, 1005]);
    await rows.select({ ...BY_TIME, text: 'DEV3 policy' });
    const found = await rows.window(0, 1000);
    expect(found.length).toBe(rows.matching);
    expect(numbers(found)).toEqual(
      numbers(many.filter(({ device, reason }) => device === 'dev3' && reason === 'policy')),
    );
    await rows.select({ ...BY_TIME, text: 'nowhere' });
    expect([rows.matching, await rows.window(0, 10)]).toEqual([0, []]);
  });

  it('sort by a column, equal ones in the order of time, from either end, and back', async () => {
    const rows = new NotifierRows(
      new RowList(['b10', 'a', 'b9', 'a'].map((device, i) => notifierRow(i, { device }))),
    );
    const sorted = async (column: 'device' | 'time', descending: boolean) => {
      await rows.select({ ...BY_TIME, sort: { column, descending } });
      return numbers(await rows.window(0, 4));
    };
    expect(await sorted('device', false)).toEqual([1, 3, 2, 0]);
    expect(await sorted('device', true)).toEqual([0, 2, 1, 3]);
    expect(await sorted('time', true)).toEqual([3, 2, 1, 0]);
    expect(await sorted('time', false)).toEqual([0, 1, 2, 3]);
  });

  it('sort ranges by their addresses, not by their texts', async () => {
    const ranges = ['0x10000-0x1ffff', null, '0x9000-0x9fff'];
    const rows = new NotifierRows(new RowList(ranges.map((range, i) => notifierRow(i, { range }))));
    await rows.select({ ...BY_TIME, sort: { column: 'range', descending: false } });
    expect(numbers(await rows.window(0, 3))).toEqual([1, 2, 0]);
  });

  it('follow the session: what was added, changed or taken back', async () => {
    const source = new RowList([notifierRow(0), notifierRow(1, { history: null })]);
    const rows = new NotifierRows(source);
    await rows.select({ ...BY_TIME, decision: 'told' });
    expect(rows.matching).toBe(2);
    source.list[1] = notifierRow(1, { delivered: false, reason: 'asid' });
    await rows.refresh();
    expect(numbers(await rows.window(0, 9))).toEqual([0]);
    source.list.push(notifierRow(2));
    await rows.refresh();
    expect(numbers(await rows.window(0, 9))).toEqual([0, 2]);
    source.list.length = 0;
    await rows.refresh();
    expect([rows.matching, rows.total]).toEqual([0, 0]);
  });

  it('let a later filter overtake an earlier one', async () => {
    const rows = new NotifierRows(new RowList(many));
    const first = rows.select({ ...BY_TIME, text: 'dev1' });
    const second = rows.select({ ...BY_TIME, decision: 'untold' });
    expect(await Promise.all([first, second])).toEqual([false, true]);
    expect(rows.matching).toBe(100);
  });

  it('find the first row of an operation where it is shown, and say so where it is not', async () => {
    const rows = new NotifierRows(new RowList(many));
    await rows.refresh();
    expect(await rows.positionOf({ from: 1006, to: 1009 })).toBe(1006);
    await rows.select({ ...BY_TIME, decision: 'untold', sort: { column: 'time', descending: true } });
    expect(await rows.positionOf({ from: 1005, to: 1006 })).toBe(98);
    expect(await rows.positionOf({ from: 1006, to: 1007 })).toBe(-1);
  });
});
