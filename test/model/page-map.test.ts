import { expect, test } from 'vitest';
import { PageMap } from '../../src/model/caches/page-map.ts';
import { Tlb, type TlbEntry } from '../../src/model/caches/tlb.ts';

const space = new Tlb().space({ world: 'ns', streamWorld: 'NS-EL1', vmid: 0, asid: 1, aset: 0, stage: 1 });

function entryOf(page: number, pa: number): TlbEntry {
  return {
    space,
    global: false,
    pageHi: Math.floor(page / 2 ** 32),
    pageLo: page | 0,
    shift: 12,
    paHi: 0,
    paLo: pa,
    level: 3,
    granuleBits: 12,
    permissions: 0,
    attributes: 0,
    leafShift: 12,
    spaces: 0,
    nested: null,
    leaving: false,
    descriptorAtHi: 0,
    descriptorAtLo: 0,
    descriptorHi: 0,
    descriptorLo: 0,
  };
}

/** Repeatable pseudo-random numbers below `limit`. */
function randomOf(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** Pages that crowd: neighbours at the bottom, equal low halves above them, and the top of the space. */
const PAGES = [
  ...Array.from({ length: 40 }, (_, i) => i),
  ...Array.from({ length: 40 }, (_, i) => i * 2 ** 32 + 7),
  ...Array.from({ length: 40 }, (_, i) => 2 ** 41 - 1 - i * 8),
];

test('answers as a Map does, whatever is stored, removed and emptied in between', () => {
  const random = randomOf(1);
  const map = new PageMap();
  const model = new Map<number, TlbEntry>();
  for (let step = 0; step < 20_000; step++) {
    const page = PAGES[random(PAGES.length)] as number;
    const what = random(100);
    if (what < 55) {
      const entry = entryOf(page, step);
      expect(map.set(entry)).toBe(model.get(page) ?? null);
      model.set(page, entry);
    } else if (what < 99) {
      map.delete(entryOf(page, 0));
      model.delete(page);
    } else {
      map.clear();
      model.clear();
    }
    expect(map.size).toBe(model.size);
    const asked = PAGES[random(PAGES.length)] as number;
    expect(map.get(asked)).toBe(model.get(asked));
  }
  expect(new Set(map.values())).toEqual(new Set(model.values()));
});

const NEAR = { pageHi: 0, pageLo: 5 };

test('some entry is found as long as there is one', () => {
  const map = new PageMap();
  expect(map.near(NEAR)).toBeUndefined();
  const far = entryOf(2 ** 40, 1);
  map.set(far);
  expect(map.near(NEAR)).toBe(far);
  map.delete(far);
  expect(map.near(NEAR)).toBeUndefined();
});
