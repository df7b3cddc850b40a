import { expect, test } from 'vitest';
import { History, type NewEntry } from '../../src/control/history.ts';
import type { Operation } from '../../src/model/plan.ts';
import { transaction } from '../../src/model/plan.ts';

const THREAD = 'cmdq.ns';

function command(index: number, more: Partial<Operation & { kind: 'command' }> = {}): Operation {
  return { kind: 'command', world: 'ns', index, pa: 0x8_4000_0000 + index * 16, ...more };
}

function consumed(index: number, name: string, more: Partial<NewEntry> = {}): NewEntry {
  return { thread: THREAD, operation: command(index), mark: index * 2, command: name, ...more };
}

test('an empty history has no last entry, no page and nothing to pop', () => {
  const history = new History();
  expect([history.length, history.last, history.at(0), history.at(-1), history.pop()]).toEqual([
    0,
    null,
    null,
    null,
    null,
  ]);
  expect(history.page(0, 10)).toEqual([]);
});

test('a command comes back as it was pushed, with its text', () => {
  const history = new History();
  const ecmdq = command(0x2c, { queue: 3, world: 's' });
  history.push(consumed(0x2c, 'CMD_TLBI_NH_VA'));
  history.push({ thread: 'cmdq.s', operation: ecmdq, mark: 4_000_000_000, command: 'CMD_CFGI_ALL' });
  const [first, second] = history.page(0, 2);
  expect(first).toMatchObject({
    thread: THREAD,
    mark: 0x58,
    text: 'CMDQ[0x2c] TLBI_NH_VA',
    extra: undefined,
  });
  expect(first?.operation).toEqual(command(0x2c));
  expect(second).toMatchObject({ thread: 'cmdq.s', mark: 4_000_000_000, text: 'ECMDQ 3[0x2c] CFGI_ALL' });
  expect(second?.operation).toEqual(ecmdq);
});

test('other operations keep their object; a text is made when somebody looks, by the operation if by nothing else', () => {
  const history = new History();
  const dma: Operation = { kind: 'transaction', transaction: transaction({ sid: 8, vaHi: 0, vaLo: 0x1000 }) };
  let asked = 0;
  history.push({ thread: 'dma', operation: dma, mark: 0 });
  history.push({ thread: 'dma', operation: null, mark: 0, text: () => `let x (${++asked})` });
  history.push({ thread: THREAD, operation: command(1), mark: 0, text: 'CMDQ[0x1] unreadable' });
  expect(history.at(0)?.operation).toBe(dma);
  expect(history.at(0)?.text).toBe('read sid=0x8 iova=0x1000');
  expect(asked).toBe(0);
  expect(history.at(1)).toMatchObject({ operation: null, text: 'let x (1)' });
  expect(history.last?.text).toBe('CMDQ[0x1] unreadable');
});

test('popping goes back over packed and other entries in order, and pushing goes on from there', () => {
  const history = new History();
  const all: NewEntry[] = [];
  for (let i = 0; i < 100_000; i++) {
    const entry =
      i % 7 === 0
        ? { thread: 'dma' as const, operation: null, mark: i * 2, text: `statement ${i}` }
        : consumed(i, i % 3 === 0 ? 'CMD_SYNC' : 'CMD_TLBI_NH_ASID');
    all.push(entry);
    history.push(entry);
  }
  while (history.length > 40_000) {
    const entry = all.pop();
    const got = history.pop();
    if (got?.thread !== entry?.thread || got?.mark !== entry?.mark || got?.text === '')
      throw new Error(`entry ${history.length} is another`);
  }
  expect(history.last).toMatchObject({ mark: 79_998, text: 'CMDQ[0x9c3f] SYNC' });
  history.push(consumed(5, 'CMD_SYNC'));
  expect(history).toHaveLength(40_001);
  expect(history.page(39_998, 10).map(({ text }) => text)).toEqual([
    'statement 39998',
    'CMDQ[0x9c3f] SYNC',
    'CMDQ[0x5] SYNC',
  ]);
});

test('an extra is each entry’s own, and none where none was given', () => {
  const history = new History();
  const [a, b] = [{ line: 1 }, { line: 2 }];
  const given = [a, a, undefined, a, b, undefined, b, a];
  for (const [i, extra] of given.entries()) history.push(consumed(i, 'CMD_SYNC', { extra }));
  expect(history.page(0, 8).map(({ extra }) => extra)).toEqual(given);
  for (let i = given.length - 1; i >= 4; i--) expect(history.pop()?.extra).toBe(given[i]);
  history.push(consumed(4, 'CMD_SYNC', { extra: b }));
  expect(history.page(0, 5).map(({ extra }) => extra)).toEqual([a, a, undefined, a, b]);
});
