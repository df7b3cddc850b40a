import { describe, expect, test } from 'vitest';
import { type Extent, flatten, unite, wholePages } from '../../src/capture/extents.ts';

/** Repeatable numbers below `limit`. */
function random(seed: number): (limit: number) => number {
  let x = seed;
  return (limit) => {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((x / 2 ** 32) * limit);
  };
}

describe('overlapping extents', () => {
  test('give each byte to the one that came first', () => {
    const next = random(7);
    for (let round = 0; round < 300; round++) {
      const extents: Extent[] = Array.from({ length: 1 + next(12) }, (_, i) => ({
        base: next(60),
        size: next(25),
        offset: 1000 * i,
      }));
      const expected = Array.from({ length: 100 }, (_, byte) => {
        const owner = extents.find((e) => byte >= e.base && byte < e.base + e.size);
        return owner ? owner.offset + byte - owner.base : -1;
      });
      const found = new Array<number>(100).fill(-1);
      let end = 0;
      for (const { base, size, offset } of flatten(extents)) {
        expect(base).toBeGreaterThanOrEqual(end);
        end = base + size;
        for (let i = 0; i < size; i++) found[base + i] = offset + i;
      }
      expect(found).toEqual(expected);
    }
  });

  test('come out quickly however they nest', () => {
    const count = 100_000;
    const nested = Array.from({ length: count }, (_, i) => ({
      base: (count - i) * 4096,
      size: i * 8192 + 1,
      offset: i,
    }));
    const start = performance.now();
    expect(flatten(nested).length).toBeLessThanOrEqual(2 * count);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

test('ranges that touch or overlap are one', () => {
  const ranges = [
    { base: 30, size: 5 },
    { base: 0, size: 10 },
    { base: 10, size: 5 },
    { base: 12, size: 1 },
    { base: 50, size: 0 },
  ];
  expect(unite(ranges)).toEqual([
    { base: 0, size: 15 },
    { base: 30, size: 5 },
  ]);
});

test('only whole pages count', () => {
  expect(wholePages([{ base: 0x800, size: 0x2000 }])).toEqual([{ base: 0x1000, size: 0x1000 }]);
  expect(wholePages([{ base: 0x800, size: 0x1000 }])).toEqual([]);
});
