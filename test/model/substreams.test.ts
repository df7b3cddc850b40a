import { describe, expect, test } from 'vitest';
import { contextsOf } from '../../src/model/caches/config.ts';
import { record } from '../kit/records.ts';
import { CDTAB, NOWHERE, SID, TestSmmu, type Values } from '../kit/smmu.ts';
import { map } from '../kit/tables.ts';

const IOVA = 0x7000;
const PA = 0x50000000;
const LEAF = 0x40600000;

/** A stream with a CD table; every CD that a test names translates IOVA to PA + its index pages. */
function substreams(ste: Values, cds: Readonly<Record<number, number>>): TestSmmu {
  const m = new TestSmmu();
  m.ste(ste);
  for (const [index, at] of Object.entries(cds)) {
    const TTB0 = m.table();
    m.cd({ TTB0, ASID: Number(index) }, at);
    map(m, { ttb: TTB0, iova: BigInt(IOVA), pa: BigInt(PA + Number(index) * 0x1000) });
  }
  return m;
}

/** What a transaction gives: the index of the CD that translated it, `bypass`, or the record. */
function meaning(m: TestSmmu, ssid?: number): number | string | number[][] {
  const { outcome } = m.dma(IOVA, ssid === undefined ? {} : { ssid });
  if (outcome.result !== 'ok') return m.drain();
  return outcome.pa === IOVA ? 'bypass' : (outcome.pa - PA) / 0x1000;
}

describe('S1DSS, SSV and SubstreamID (linear table of 4 CDs)', () => {
  const cds = Object.fromEntries([0, 1, 2, 3].map((i) => [i, CDTAB + i * 64]));
  const disabled = [record('F_STREAM_DISABLED', { sid: SID })];
  const tooFar = [record('C_BAD_SUBSTREAMID', { sid: SID, ssid: 4 })];
  test.each([
    [0, undefined, disabled],
    [0, 0, 0],
    [0, 3, 3],
    [0, 4, tooFar],
    [1, undefined, 'bypass'],
    [1, 0, 0],
    [1, 3, 3],
    [1, 4, tooFar],
    [2, undefined, 0],
    [2, 0, disabled],
    [2, 1, 1],
    [2, 4, tooFar],
    [3, undefined, disabled],
    [3, 0, 0],
    [3, 2, 2],
  ])('S1DSS=%i, SubstreamID %s', (S1DSS, ssid, wanted) => {
    expect(meaning(substreams({ S1CDMax: 2, S1DSS }, cds), ssid)).toEqual(wanted);
  });

  test('S1CDMax=0: one CD, whatever S1DSS says, and no substreams', () => {
    for (const S1DSS of [0, 1, 2, 3]) {
      const m = substreams({ S1CDMax: 0, S1DSS }, cds);
      expect(meaning(m)).toBe(0);
      expect(meaning(m, 0)).toEqual([record('C_BAD_SUBSTREAMID', { sid: SID, ssid: 0 })]);
    }
  });

  test('S1CDMax=0: S1Fmt says nothing, S1ContextPtr is the CD itself', () => {
    for (const S1Fmt of [0, 1, 2, 3]) expect(meaning(substreams({ S1CDMax: 0, S1Fmt }, cds))).toBe(0);
  });

  test('a terminating STE terminates traffic with a SubstreamID silently', () => {
    const m = substreams({ Config: 0, S1CDMax: 2 }, cds);
    expect(m.dma(IOVA, { ssid: 9 }).outcome).toMatchObject({ result: 'abort', record: null });
    expect(m.events()).toEqual([]);
  });

  test('the largest SubstreamID of 20 bits fits its record', () => {
    const m = substreams({ S1CDMax: 2 }, cds);
    expect(meaning(m, 0xfffff)).toEqual([record('C_BAD_SUBSTREAMID', { sid: SID, ssid: 0xfffff })]);
  });
});

describe('S1DSS=1: bypass of stage 1 is checked like a bypass', () => {
  test('an address beyond IAS gives F_ADDR_SIZE, whatever CD.R would say', () => {
    const m = substreams({ S1CDMax: 2, S1DSS: 1 }, {});
    m.dma(2 ** 48);
    expect(m.drain()).toEqual([record('F_ADDR_SIZE', { sid: SID, address: 1n << 48n })]);
  });

  test('with VMSAv8-32 IAS may exceed OAS: what exceeds OAS is cut off', () => {
    const m = substreams({ S1CDMax: 2, S1DSS: 1 }, {});
    m.set({ 'IDR0.TTF': 3, 'IDR5.OAS': 1 });
    expect(m.dma(0x1_2345_6789).outcome).toMatchObject({ result: 'ok', pa: 0x1_2345_6789 });
    expect(m.dma(0x51_2345_6789).outcome).toMatchObject({ result: 'ok', pa: 0x1_2345_6789 });
    m.dma(2 ** 40);
    expect(m.drain()).toEqual([record('F_ADDR_SIZE', { sid: SID, address: 1n << 40n })]);
  });
});

interface Shape {
  readonly S1Fmt: number;
  /** log2 of the CDs in a leaf table. */
  readonly leaf: number;
}
const SHAPES: readonly Shape[] = [
  { S1Fmt: 1, leaf: 6 },
  { S1Fmt: 2, leaf: 10 },
];

describe.each(SHAPES)('two-level table, S1Fmt=$S1Fmt: 2^$leaf CDs a leaf', ({ S1Fmt, leaf }) => {
  const perLeaf = 2 ** leaf;

  test.each([0, 1, perLeaf - 1])('first leaf, CD %i', (index) => {
    const m = substreams({ S1Fmt, S1CDMax: leaf }, { [index]: LEAF + index * 64 });
    m.l1cd(CDTAB, { V: 1, L2Ptr: LEAF });
    expect(meaning(m, index)).toBe(index);
  });

  test('the last CD of the largest table', () => {
    const m = substreams({ S1Fmt, S1CDMax: 16 }, { 65535: LEAF + (perLeaf - 1) * 64 });
    m.l1cd(CDTAB + (65536 / perLeaf - 1) * 8, { V: 1, L2Ptr: LEAF });
    expect(meaning(m, 65535)).toBe(65535);
  });

  test('S1CDMax below the size of a leaf: one L1CD, and still a limit', () => {
    const m = substreams({ S1Fmt, S1CDMax: 3 }, { 7: LEAF + 7 * 64 });
    m.l1cd(CDTAB, { V: 1, L2Ptr: LEAF });
    expect(meaning(m, 7)).toBe(7);
    expect(meaning(m, 8)).toEqual([record('C_BAD_SUBSTREAMID', { sid: SID, ssid: 8 })]);
  });

  test('without SubstreamID and S1DSS=2 the first CD of the first leaf serves', () => {
    const m = substreams({ S1Fmt, S1CDMax: leaf + 1, S1DSS: 2 }, { 0: LEAF });
    m.l1cd(CDTAB, { V: 1, L2Ptr: LEAF });
    expect(meaning(m)).toBe(0);
  });

  test('S1ContextPtr is aligned down to the level-1 table, 64 bytes at least', () => {
    const bytes = 64 * 8;
    const m = substreams(
      { S1Fmt, S1CDMax: leaf + 6, S1ContextPtr: CDTAB + bytes - 64 },
      { 5: LEAF + 5 * 64 },
    );
    m.l1cd(CDTAB, { V: 1, L2Ptr: LEAF });
    expect(meaning(m, 5)).toBe(5);
    const small = substreams({ S1Fmt, S1CDMax: leaf + 1, S1ContextPtr: CDTAB + 64 }, { 5: LEAF + 5 * 64 });
    small.l1cd(CDTAB + 64, { V: 1, L2Ptr: LEAF });
    expect(meaning(small, 5)).toBe(5);
  });

  test('V=0 in the L1CD is C_BAD_SUBSTREAMID, V=0 in the CD is C_BAD_CD', () => {
    const m = substreams({ S1Fmt, S1CDMax: leaf + 1 }, {});
    m.l1cd(CDTAB, { V: 1, L2Ptr: LEAF });
    expect(meaning(m, 3)).toEqual([record('C_BAD_CD', { sid: SID, ssid: 3 })]);
    expect(meaning(m, perLeaf)).toEqual([record('C_BAD_SUBSTREAMID', { sid: SID, ssid: perLeaf })]);
  });

  test('a leaf that is not there is F_CD_FETCH with the address of the CD', () => {
    const m = substreams({ S1Fmt, S1CDMax: leaf + 1 }, {});
    m.l1cd(CDTAB, { V: 1, L2Ptr: NOWHERE });
    expect(meaning(m, 3)).toEqual([
      record('F_CD_FETCH', { sid: SID, ssid: 3, fetch: BigInt(NOWHERE + 192) }),
    ]);
  });

  test('a level-1 table that is not there is F_CD_FETCH with the address of the L1CD', () => {
    const m = substreams({ S1Fmt, S1CDMax: leaf + 6, S1ContextPtr: NOWHERE }, {});
    expect(meaning(m, perLeaf * 3)).toEqual([
      record('F_CD_FETCH', { sid: SID, ssid: perLeaf * 3, fetch: BigInt(NOWHERE + 24) }),
    ]);
  });
});

describe('the linear table', () => {
  test('reserved S1Fmt=3 acts as linear', () => {
    const m = substreams({ S1Fmt: 3, S1CDMax: 2 }, { 2: CDTAB + 128 });
    expect(meaning(m, 2)).toBe(2);
  });

  test('S1ContextPtr is aligned down to the size of the table', () => {
    const m = substreams({ S1CDMax: 3, S1ContextPtr: CDTAB + 7 * 64 }, { 5: CDTAB + 5 * 64 });
    expect(meaning(m, 5)).toBe(5);
  });

  test('the last CD of 2^16', () => {
    const m = substreams({ S1CDMax: 16 }, { 65535: CDTAB + 65535 * 64 });
    expect(meaning(m, 65535)).toBe(65535);
    expect(meaning(m, 65536)).toEqual([record('C_BAD_SUBSTREAMID', { sid: SID, ssid: 65536 })]);
  });

  test('a CD that is not there is F_CD_FETCH with its address, SSV and SubstreamID as they came', () => {
    const m = substreams({ S1CDMax: 4, S1ContextPtr: NOWHERE }, {});
    expect(meaning(m, 15)).toEqual([
      record('F_CD_FETCH', { sid: SID, ssid: 15, fetch: BigInt(NOWHERE + 15 * 64) }),
    ]);
  });
});

describe('the configuration cache', () => {
  test('keeps every CD of a stream by its index', () => {
    const m = substreams({ S1CDMax: 2, S1DSS: 2 }, { 0: CDTAB, 1: CDTAB + 64, 2: CDTAB + 128 });
    for (const [ssid, index] of [
      [1, 1],
      [2, 2],
      [undefined, 0],
    ] as const)
      expect(meaning(m, ssid)).toBe(index);
    expect(m.smmu.config.entries().flatMap((e) => contextsOf(e).map((c) => c.index))).toEqual([1, 2, 0]);
  });

  test('does not keep a CD that is not valid, nor its fault', () => {
    const m = substreams({ S1CDMax: 2 }, { 1: CDTAB + 64 });
    expect(meaning(m, 2)).toEqual([record('C_BAD_CD', { sid: SID, ssid: 2 })]);
    m.cd({ EPD0: 1 }, CDTAB + 128);
    expect(meaning(m, 2)).toEqual([record('F_TRANSLATION', { sid: SID, ssid: 2, address: BigInt(IOVA) })]);
  });
});
