import { expect, test } from 'vitest';
import { ReferenceStack, WordStack } from '../../src/model/chunked.ts';
import { Journal } from '../../src/model/effects.ts';
import { SparseMemory } from '../../src/model/memory.ts';
import type { Effect } from '../../src/model/plan.ts';
import { Smmu } from '../../src/model/smmu.ts';

/** A PA above 2^32, so that both halves count. */
const PA = 0x3_4000_0000;
const RAM = { base: PA, size: 0x100000 };

function machine(): { smmu: Smmu; memory: SparseMemory; realm: SparseMemory } {
  const empty = { fill: () => 0, ranges: [RAM] };
  const [memory, realm] = [new SparseMemory(empty), new SparseMemory(empty)];
  return { smmu: new Smmu({ memory: { ns: memory, realm } }), memory, realm };
}

function write(pa: number, words: readonly number[], space: 'ns' | 'realm' = 'ns'): Effect {
  return { kind: 'memory', space, pa, words: Uint32Array.from(words), what: 'a write' };
}

function read(memory: SparseMemory, pa: number): number | null {
  const word = new Uint32Array(1);
  return memory.load(pa, word, 0, 1) === 0 ? (word[0] as number) : null;
}

test('words of memory go back one by one, in each address space, present or absent', () => {
  const { smmu, memory, realm } = machine();
  memory.store(PA + 4, Uint32Array.of(0xffff_fff0), 0, 1);
  const journal = new Journal();
  smmu.commit([write(PA, [1, 2, 3]), write(PA + 4, [9], 'realm')], journal);
  expect([0, 4, 8].map((at) => read(memory, PA + at))).toEqual([1, 2, 3]);
  expect(read(realm, PA + 4)).toBe(9);
  journal.undo(smmu, 0);
  expect([0, 4, 8].map((at) => read(memory, PA + at))).toEqual([null, 0xffff_fff0, null]);
  expect(read(realm, PA + 4)).toBeNull();
  expect(journal).toHaveLength(0);
});

test('a write longer than what is packed goes back as well', () => {
  const { smmu, memory } = machine();
  memory.store(PA + 400, Uint32Array.of(5), 0, 1);
  const journal = new Journal();
  smmu.commit([write(PA, Array<number>(1000).fill(7))], journal);
  expect([read(memory, PA), read(memory, PA + 3996)]).toEqual([7, 7]);
  journal.undo(smmu, 0);
  expect([0, 400, 3996].map((at) => read(memory, PA + at))).toEqual([null, 5, null]);
});

test('registers go back to what they held, those of far pages too', () => {
  const { smmu } = machine();
  const { bank } = smmu;
  const journal = new Journal();
  const far = 2 ** 40 + 8;
  const register = (offset: number, value: number): Effect => ({ kind: 'register', offset, value, what: '' });
  smmu.commit([register(0x20, 0x8000_0001), register(0x20, 2), register(far, 3)], journal);
  expect(bank.peek(0x20)).toBe(2);
  journal.undo(smmu, 0);
  expect([bank.peek(0x20), bank.peek(far)]).toEqual([0, 0]);
});

test('a mark in the middle is a place to go back to', () => {
  const { smmu } = machine();
  const journal = new Journal();
  const marks: number[] = [];
  for (let value = 1; value <= 10; value++) {
    marks.push(journal.length);
    smmu.commit([{ kind: 'register', offset: 0x20, value, what: '' }], journal);
  }
  for (const value of [7, 3, 0]) {
    journal.undo(smmu, marks[value] ?? -1);
    expect(smmu.bank.peek(0x20)).toBe(value);
    expect(journal.length).toBe(marks[value]);
  }
});

test('stores get back the entry itself, in the opposite order', () => {
  const { smmu } = machine();
  const seen: string[] = [];
  const store = {
    insert: (entry: unknown) => seen.push(`+${String(entry)}`),
    remove: (entry: unknown) => seen.push(`-${String(entry)}`),
  };
  const effect = (op: 'insert' | 'remove', entry: string): Effect => ({
    kind: 'store',
    store: store as never,
    op,
    entry,
    what: '',
  });
  const journal = new Journal();
  smmu.commit([effect('insert', 'a'), effect('remove', 'b'), effect('insert', 'c')], journal);
  journal.undo(smmu, 0);
  expect(seen).toEqual(['+a', '-b', '+c', '-c', '+b', '-a']);
});

test('signals leave nothing to take back', () => {
  const { smmu } = machine();
  const journal = new Journal();
  smmu.commit([{ kind: 'signal', what: 'an interrupt' }], journal);
  expect(journal).toHaveLength(0);
});

test('a stack of words holds millions, gives each back, and lets its memory go', () => {
  const stack = new WordStack();
  const COUNT = 1_000_000;
  for (let i = 0; i < COUNT; i++) stack.push(i * 7);
  expect([stack.length, stack.at(0), stack.at(999_999)]).toEqual([COUNT, 0, 6_999_993]);
  stack.truncate(500_000);
  stack.push(0xffff_ffff);
  expect([stack.pop(), stack.pop(), stack.length]).toEqual([0xffff_ffff, 499_999 * 7, 499_999]);
  let wrong = 0;
  for (let i = stack.length - 1; i >= 0; i--) if (stack.pop() !== i * 7) wrong++;
  expect([wrong, stack.length]).toEqual([0, 0]);
});

test('a stack of references gives each back across its chunks', () => {
  const stack = new ReferenceStack<{ n: number }>();
  for (let n = 0; n < 40_000; n++) stack.push({ n });
  expect([stack.length, stack.at(16_384).n, stack.at(39_999).n]).toEqual([40_000, 16_384, 39_999]);
  let wrong = 0;
  for (let n = 39_999; n >= 0; n--) if (stack.pop().n !== n) wrong++;
  expect([wrong, stack.length]).toEqual([0, 0]);
});
