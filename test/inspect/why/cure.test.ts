/** What is consulted, what is nearest, and that each cure is true. */

import { expect, test } from 'vitest';
import type { Explanation } from '../../../src/inspect/why/explanation.ts';
import { explanationLines } from '../../../src/inspect/why/lines.ts';
import { explainTransaction } from '../../../src/inspect/why/transaction.ts';
import { cacheContents, fingerprint } from '../../kit/machine.ts';
import { type Access, SID, STRTAB, TestSmmu, transaction, type Values } from '../../kit/smmu.ts';
import { identity, NESTED_STE } from '../../kit/stage2.ts';
import { LEAF, map, TABLE, USER_PAGE } from '../../kit/tables.ts';

function why(m: TestSmmu, iova: number | string, access: Access = {}): Explanation {
  const plan = m.smmu.plan({ kind: 'transaction', transaction: transaction(SID, iova, access) });
  return explainTransaction(m.smmu, plan);
}

function stage1(cd: Values = {}, ste: Values = {}): TestSmmu {
  const m = new TestSmmu({ caches: 'none' });
  m.ste(ste);
  m.cd(cd);
  return m;
}

test('each structure is told with its address, its words and the fields that decided', () => {
  const m = stage1();
  map(m, { iova: 0x1000n, pa: 0x42341000n });
  const { consulted, rule } = why(m, 0x2000);
  expect(consulted.map(({ name }) => name)).toEqual([
    'STE 0x8',
    'CD 0',
    'stage 1 level 0 descriptor',
    'stage 1 level 1 descriptor',
    'stage 1 level 2 descriptor',
    'stage 1 level 3 descriptor',
  ]);
  expect(consulted[0]).toMatchObject({ address: '0x40000200', space: 'ns', source: 'memory' });
  expect(consulted[0]?.decided).toMatchObject([{ name: 'Config', value: '5' }]);
  expect(consulted[5]?.decided).toMatchObject([{ name: 'Valid', value: '0' }]);
  expect(rule?.section).toBe('IHI 0070 7.3.13');
});

test('structures from a cache are told so, and an invalidation cures what only the cache has wrong', () => {
  const m = new TestSmmu();
  m.ste({ V: 0 });
  m.cd();
  map(m, { iova: 0x1000n, pa: 0x42341000n });
  expect(why(m, 0x1000).consulted[0]?.source).toBe('memory');
  m.ste({ Config: 0 });
  m.dma(0x1000);
  m.ste();
  const { consulted, cures } = why(m, 0x1000);
  expect(consulted[0]).toMatchObject({ name: 'STE 0x8', source: 'cache' });
  expect(cures).toMatchObject([{ changes: [], verified: true }]);
  expect(cures[0]?.caution).toMatch(/memory is right already: invalidate .*configuration cache hit: STE 0x8/);
});

test('the nearest mappings are whole runs below and above, with their PA and permissions', () => {
  const m = stage1();
  for (const n of [0n, 1n, 2n]) map(m, { iova: 0x10000n + n * 4096n, pa: 0x42340000n + n * 4096n });
  map(m, { iova: 0x40000000n, pa: 0x80000000n, level: 2n, attributes: USER_PAGE | LEAF.READ_ONLY });
  const { nearest } = why(m, 0x20000);
  expect(nearest).toMatchObject({ stage: 1, input: '0x20000', inside: null, complete: true });
  expect(nearest?.below).toMatchObject({ iova: '0x10000', size: 0x3000, pa: '0x42340000', privPerm: 'rw-' });
  expect(nearest?.above).toMatchObject({
    iova: '0x40000000',
    size: 0x200000,
    pa: '0x80000000',
    privPerm: 'r-x',
  });
  expect(nearest?.reads).toBeLessThan(20_000);
});

test('a nested stream shows both stages side by side, and searches the one that lacks the address', () => {
  const m = stage1({}, NESTED_STE);
  identity(m);
  map(m, { iova: 0x1000n, pa: 0x90000000n });
  const lacks2 = why(m, 0x1000);
  expect(lacks2.stages).toMatchObject([
    { stage: 1, input: '0x1000', output: '0x90000000', text: 'maps it' },
    { stage: 2, input: '0x90000000', output: null },
  ]);
  expect(lacks2.nearest).toMatchObject({ stage: 2, below: { iova: '0x0', size: 2 ** 31 }, above: null });
  const lacks1 = why(m, 0x5000);
  expect(lacks1.stages[0]?.text).toMatch(/^lacks it: /);
  expect(lacks1.nearest).toMatchObject({ stage: 1, below: { iova: '0x1000', pa: '0x90000000' } });
});

test('explaining changes nothing', () => {
  const m = stage1();
  map(m, { iova: 0x1000n, pa: 0x42341000n, attributes: USER_PAGE | LEAF.READ_ONLY });
  const before = [fingerprint(m.smmu), ...cacheContents(m.smmu), m.smmu.bank.version];
  why(m, 0x1000, { write: true });
  why(m, 0x9000);
  expect([fingerprint(m.smmu), ...cacheContents(m.smmu), m.smmu.bank.version]).toEqual(before);
});

const READ_ONLY = USER_PAGE | LEAF.READ_ONLY;

/** Faults, and the change of one thing that lets the access pass. */
const CURES: readonly [string, (m: TestSmmu) => void, Access, readonly string[]][] = [
  ['STE.V=0', (m) => m.ste({ V: 0 }), {}, ['STE.V [0] 0 -> 1']],
  ['CD.V=0', (m) => m.cd({ V: 0 }), {}, ['CD.V [31] 0 -> 1']],
  ['STE.Config=0', (m) => m.ste({ Config: 0 }), {}, ['STE.Config [3:1] 0 -> 5']],
  ['a reserved granule', (m) => m.cd({ TG0: 3 }), {}, ['CD.TG0 [7:6] 3 -> 0']],
  ['walks disabled', (m) => m.cd({ EPD0: 1 }), {}, ['CD.EPD0 [14] 1 -> 0']],
  [
    'AF=0',
    (m) => void map(m, { iova: 0x1000n, pa: 0x42341000n, attributes: USER_PAGE & ~LEAF.AF }),
    {},
    ['S1_LEAF.AF [10] 0 -> 1'],
  ],
  [
    'a read-only page',
    (m) => void map(m, { iova: 0x1000n, pa: 0x42341000n, attributes: READ_ONLY }),
    { write: true },
    ['S1_LEAF.AP2 [7] 1 -> 0'],
  ],
  [
    'a read-only page of the kernel',
    (m) => void map(m, { iova: 0x1000n, pa: 0x42341000n, attributes: READ_ONLY & ~LEAF.USER }),
    { write: true },
    ['S1_LEAF.AP2 [7] 1 -> 0', 'S1_LEAF.AP1 [6] 0 -> 1'],
  ],
  [
    'a page of which bit 0 was cleared',
    (m) => {
      const path = map(m, { iova: 0x1000n, pa: 0x42341000n });
      m.descriptor(path.get(3n) ?? 0, 0x42341000n | USER_PAGE | 2n);
    },
    {},
    ['S1_LEAF.Valid [0] 0 -> 1'],
  ],
];

test.each(CURES)(
  '%s: the smallest change is named first, and with it the access passes',
  (_what, damage, access, changes) => {
    const m = stage1();
    map(m, { iova: 0x1000n, pa: 0x42341000n });
    damage(m);
    const { cures, noCure } = why(m, 0x1000, access);
    expect(noCure).toBeNull();
    expect(cures[0]?.verified).toBe(true);
    expect(cures[0]?.changes.map(({ field, from, to }) => `${field} ${from} -> ${to}`)).toEqual(changes);
    expect(cures[0]?.outcome).toContain('PA 0x42341000');
  },
);

test('a table that takes the right away is named, not only the leaf', () => {
  const m = stage1();
  map(m, { iova: 0x1000n, pa: 0x42341000n, tables: TABLE.READ_ONLY });
  expect(why(m, 0x1000, { write: true })).toMatchObject({
    cures: [],
    noCure: expect.stringContaining('one or two fields'),
  });
  const one = stage1();
  const path = map(one, { iova: 0x1000n, pa: 0x42341000n });
  const [lo = 0, hi = 0] = one.words(path.get(2n) ?? 0, 2);
  one.descriptor(path.get(2n) ?? 0, (BigInt(hi) << 32n) | BigInt(lo) | TABLE.READ_ONLY);
  expect(why(one, 0x1000, { write: true }).cures[0]?.changes[0]).toMatchObject({
    structure: 'stage 1 level 2 descriptor',
    field: 'TABLE.APTable1 [62]',
  });
});

test('where one change is not enough, what comes next is told', () => {
  const m = stage1();
  m.ste({ V: 0 });
  m.cd({ V: 0 });
  map(m, { iova: 0x1000n, pa: 0x42341000n });
  const { cures } = why(m, 0x1000);
  expect(cures[0]).toMatchObject({ verified: true });
  expect(cures[0]?.changes.map(({ field }) => field)).toEqual(['STE.V [0]', 'CD.V [31]']);
  m.store(STRTAB + SID * 64, new Uint32Array(16));
  m.ste({ V: 0, S1CDMax: 0 });
  m.store(0x40400000, new Uint32Array(16));
  const unfinished = why(m, 0x1000).cures[0];
  expect(unfinished).toMatchObject({ verified: false });
  expect(unfinished?.outcome).toContain('C_BAD_CD');
});

test('a new page continues its neighbour, and elsewhere is called an example', () => {
  const m = stage1();
  map(m, { iova: 0x1000n, pa: 0x42341000n });
  const next = why(m, 0x2000).cures[0];
  expect(next?.changes[0]).toMatchObject({
    address: expect.stringMatching(/^0x/),
    from: '0x0',
    to: '0x42342743',
  });
  expect(next?.outcome).toContain('PA 0x42342000');
  expect(why(m, 0x5000).cures[0]?.changes[0]?.meaning).toContain('only an example');
  expect(why(m, 0x5000).cures).toHaveLength(1);
  expect(why(m, 0x8000_0000).noCure).toMatch(
    /^map the address: the walk ends at the stage 1 level 1 descriptor/,
  );
});

test('a cure that opens everything says so', () => {
  const m = new TestSmmu({ registers: { 'CR0.SMMUEN': 0, 'GBPA.ABORT': 1 } });
  expect(why(m, 0x1000).cures.at(-1)).toMatchObject({
    changes: [{ field: 'GBPA.ABORT [20]', from: '1', to: '0' }],
    caution: expect.stringContaining('untranslated'),
  });
});

test('an access that passes is explained without cure', () => {
  const m = stage1();
  map(m, { iova: 0x1000n, pa: 0x42341000n });
  const e = why(m, 0x1000);
  expect(e).toMatchObject({ outcome: 'ok', cures: [], noCure: null, nearest: null, rule: null });
  expect(explanationLines(e).at(-1)).toBe('What follows: the access goes to memory.');
});
