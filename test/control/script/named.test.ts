/** Names of very many statements: each state has its own, and shares the rest. */

import { expect, test } from 'vitest';
import { Named } from '../../../src/control/script/execute/named.ts';

test('another value of a name leaves the one before as it was', () => {
  const first = Named.none<number>().with('a', 1);
  const second = first.with('a', 2).with('b', 3);
  expect([first.get('a'), first.get('b')]).toEqual([1, undefined]);
  expect([second.get('a'), second.get('b')]).toEqual([2, 3]);
});

test('what goes on from an earlier state sees nothing of what came after it', () => {
  const first = Named.none<number>().with('a', 1).with('b', 2);
  const later = first.with('b', 3).with('c', 4);
  const other = first.with('c', 5);
  const further = other.with('a', 6);
  expect(['a', 'b', 'c'].map((name) => later.get(name))).toEqual([1, 3, 4]);
  expect(['a', 'b', 'c'].map((name) => other.get(name))).toEqual([1, 2, 5]);
  expect(['a', 'b', 'c'].map((name) => further.get(name))).toEqual([6, 2, 5]);
  expect(['a', 'b', 'c'].map((name) => first.get(name))).toEqual([1, 2, undefined]);
});

test('10,000 names are put there once each: what went on is not copied', () => {
  let copied = 0;
  const states = [Named.none<{ readonly at: number }>()];
  for (let i = 0; i < 10_000; i++) {
    const before = states.at(-1) ?? Named.none<{ readonly at: number }>();
    const set = Map.prototype.set;
    Map.prototype.set = function (this: Map<unknown, unknown>, key: unknown, value: unknown) {
      copied++;
      return set.call(this, key, value);
    };
    try {
      states.push(before.with(`device${i}`, { at: i }));
    } finally {
      Map.prototype.set = set;
    }
  }
  expect(copied).toBe(10_000);
  expect(states.at(-1)?.get('device9999')?.at).toBe(9999);
  expect(states[5000]?.get('device5000')).toBeUndefined();
  expect(states[5001]?.get('device5000')?.at).toBe(5000);
});
