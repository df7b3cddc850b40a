import { describe, expect, test } from 'vitest';
import { texts } from '../kit/plans.ts';
import { type Registers, TestSmmu } from '../kit/smmu.ts';

const ALL = 0xffffffff;
/** Where the system has put two groups, one of them with a page 1. */
const GROUP = 0x30000;
const SECOND = 0x42000;
const SECOND_PAGE_1 = 0x52000;

/** 4 counters of 32 bits that can be captured, with MSIs. */
const PLAIN: Registers = {
  'PMCG_CFGR.NCTR': 3,
  'PMCG_CFGR.SIZE': 31,
  'PMCG_CFGR.CAPTURE': 1,
  'PMCG_CFGR.MSI': 1,
};

function counters(registers: Registers = {}): TestSmmu {
  return new TestSmmu({
    setUp: false,
    places: { pmcg: [{ page0: GROUP }, { page0: SECOND, page1: SECOND_PAGE_1 }] },
    registers: { ...PLAIN, ...registers },
  });
}

const read = (m: TestSmmu, offset: number): number => m.smmu.registerRead(GROUP + offset).value;

describe('performance monitor counters (10.5)', () => {
  test('narrow counters lie 4 bytes apart, wide ones 8; those there are not are RES0', () => {
    const narrow = counters();
    for (let i = 0; i < 6; i++) narrow.writeAt(GROUP + i * 4, 100 + i);
    expect([0, 1, 2, 3, 4].map((i) => read(narrow, i * 4))).toEqual([100, 101, 102, 103, 0]);
    const wide = counters({ 'PMCG_CFGR.SIZE': 39 });
    wide.writeAt(GROUP + 8, ALL, ALL);
    wide.writeAt(GROUP + 32, 1);
    expect([read(wide, 8), read(wide, 12), read(wide, 32)]).toEqual([ALL, 0xff, 0]);
  });

  test('a counter has as many bits as CFGR.SIZE says', () => {
    const m = counters({ 'PMCG_CFGR.SIZE': 15 });
    m.writeAt(GROUP, ALL);
    expect(read(m, 0)).toBe(0xffff);
  });

  test.each([
    ['CNTEN', 0xc00, 0xc20],
    ['INTEN', 0xc40, 0xc60],
    ['OVS', 0xcc0, 0xc80],
  ])('%s: one register sets, the other clears, both read the same', (_, set, clear) => {
    const m = counters();
    m.writeAt(GROUP + set, 0xb);
    m.writeAt(GROUP + set, ALL, ALL);
    expect([read(m, set), read(m, set + 4), read(m, clear)]).toEqual([0xf, 0, 0xf]);
    m.writeAt(GROUP + clear, 0x6);
    expect([read(m, set), read(m, clear)]).toEqual([0x9, 0x9]);
    m.writeAt(GROUP + clear, 0);
    expect(read(m, set)).toBe(0x9);
  });

  test('a bitmap of more than 32 counters has an upper half', () => {
    const m = counters({ 'PMCG_CFGR.NCTR': 35 });
    m.writeAt(GROUP + 0xc00, ALL, ALL);
    m.writeAt(GROUP + 0xc24, 0x2);
    expect([read(m, 0xc00), read(m, 0xc04), read(m, 0xc24)]).toEqual([ALL, 0xd, 0xd]);
  });

  test('CAPR copies all counters to their shadows, reads zero, and needs CFGR.CAPTURE', () => {
    const m = counters();
    for (let i = 0; i < 4; i++) m.writeAt(GROUP + i * 4, 7 + i);
    m.writeAt(GROUP + 0xd88, 1);
    m.writeAt(GROUP, 0);
    expect([0, 1, 2, 3].map((i) => read(m, 0x600 + i * 4))).toEqual([7, 8, 9, 10]);
    expect(read(m, 0xd88)).toBe(0);
    m.writeAt(GROUP + 0x600, 1);
    expect(read(m, 0x600)).toBe(7);
    const none = counters({ 'PMCG_CFGR.CAPTURE': 0 });
    none.writeAt(GROUP, 7);
    expect(texts(none.writeAt(GROUP + 0xd88, 1))[1]).toContain('captures no counters');
    expect(read(none, 0x600)).toBe(0);
  });

  test('EVTYPER and SMR: filters only where each counter has one', () => {
    const m = counters({ 'PMCG_CFGR.SID_FILTER_TYPE': 1 });
    for (const offset of [0x400, 0x404, 0xa00, 0xa04]) m.writeAt(GROUP + offset, ALL);
    expect([read(m, 0x400), read(m, 0x404)]).toEqual([0xa000ffff, 0x8000ffff]);
    expect([read(m, 0xa00), read(m, 0xa04)]).toEqual([ALL, 0]);
    const mpam = counters({ 'PMCG_CFGR.FILTER_PARTID_PMG': 1, 'PMCG_CFGR.CAPTURE': 0 });
    mpam.writeAt(GROUP + 0x404, ALL);
    expect(read(mpam, 0x404)).toBe(0x2007ffff);
  });

  test('IRQ_CTRL is acknowledged, guards the MSI registers, and clears IRQ_STATUS when it enables', () => {
    const m = counters({ PMCG_IRQ_STATUS: 1 });
    m.writeAt(GROUP + 0xe58, ALL, ALL);
    m.writeAt(GROUP + 0xe50, ALL);
    expect([read(m, 0xe50), read(m, 0xe54), read(m, 0xe68)]).toEqual([1, 1, 0]);
    m.writeAt(GROUP + 0xe58, 0, 0);
    expect([read(m, 0xe58), read(m, 0xe5c)]).toEqual([0xfffffffc, 0xffffff]);
    m.writeAt(GROUP + 0xe50, 0);
    m.writeAt(GROUP + 0xe58, 0, 0);
    expect(read(m, 0xe58)).toBe(0);
    const none = counters({ 'PMCG_CFGR.MSI': 0 });
    none.writeAt(GROUP + 0xe60, 5);
    expect(read(none, 0xe60)).toBe(0);
  });

  test('CR has one bit, CFGR none that can be written', () => {
    const m = counters();
    m.writeAt(GROUP + 0xe04, ALL);
    const before = read(m, 0xe00);
    m.writeAt(GROUP + 0xe00, ALL);
    expect([read(m, 0xe04), read(m, 0xe00)]).toEqual([1, before]);
  });

  test('Secure software may keep the group to itself by SCR.NSRA', () => {
    const m = counters({ 'PMCG_SCR.READS_AS_ONE': 1 });
    m.writeAt(GROUP + 0xe04, 1);
    expect(read(m, 0xe04)).toBe(0);
    m.writeAt(GROUP + 0xdf8, 2, undefined, 's');
    m.writeAt(GROUP + 0xe04, 1);
    m.writeAt(GROUP + 0xdf8, 0);
    expect([read(m, 0xe04), m.smmu.bank.lo('PMCG_SCR')]).toEqual([1, 0x80000002]);
  });

  test.each([0xdf8, 0xe78])(
    'the Secure register at 0x%x reads zero outside of Secure and Root state',
    (offset) => {
      const m = counters({ 'PMCG_SCR.READS_AS_ONE': 1, 'PMCG_SCR.NSRA': 1, 'PMCG_S_MPAMIDR.PMG_MAX': 3 });
      const values = (['ns', 'realm', 's', 'root'] as const).map(
        (world) => m.smmu.registerRead(GROUP + offset, 4, world).value,
      );
      const held = m.read(offset === 0xdf8 ? 'PMCG_SCR' : 'PMCG_S_MPAMIDR');
      expect(held).toBeGreaterThan(0);
      expect(values).toEqual([0, 0, held, held]);
    },
  );

  test('GMPAM has the Update procedure, with CFGR.MPAM', () => {
    const m = counters({ 'PMCG_CFGR.MPAM': 1 });
    m.writeAt(GROUP + 0xe6c, 0x10005);
    expect(read(m, 0xe6c)).toBe(0);
    m.writeAt(GROUP + 0xe6c, 0x80010005);
    expect(read(m, 0xe6c)).toBe(0x10005);
  });

  test('page 1 has counters, shadows, overflow status and capture, if CFGR.RELOC_CTRS says so', () => {
    const m = counters();
    const second = m.smmu.bank.placeAt(SECOND + 0xe00);
    if (second === null) throw new Error('no second group');
    // The group's own CFGR tells; the first group has no page 1.
    m.smmu.bank.load([[second, m.smmu.bank.lo('PMCG_CFGR') | (1 << 20)]]);
    m.writeAt(GROUP, 4);
    expect(read(m, 0)).toBe(4);
    m.writeAt(SECOND_PAGE_1 + 4, 9);
    m.writeAt(SECOND_PAGE_1 + 0xcc0, 3);
    m.writeAt(SECOND + 4, 5);
    m.writeAt(SECOND + 0xe04, 1);
    const at = (offset: number): number => m.smmu.registerRead(offset).value;
    expect([at(SECOND_PAGE_1 + 4), at(SECOND_PAGE_1 + 0xcc0), at(SECOND + 4), at(SECOND + 0xe04)]).toEqual([
      9, 3, 0, 1,
    ]);
    expect(at(SECOND_PAGE_1 + 0xe04)).toBe(0);
    // The other group is another one.
    expect(m.smmu.bank.lo('PMCG_CR')).toBe(0);
  });
});
