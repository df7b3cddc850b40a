import { describe, expect, test } from 'vitest';
import { paOf } from '../../src/model/caches/tlb.ts';
import type { CommandName } from '../../src/spec/commands.ts';
import { CDTAB, type Registers, TestSmmu, TTB1, type Values } from '../kit/smmu.ts';
import { LEAF, map, USER_PAGE } from '../kit/tables.ts';

/** A page, a global page and a block of each context. */
const PAGE = 0x1000;
const GLOBAL = 0x2000;
const BLOCK = 0x200000;

interface Regime {
  readonly letter: string;
  readonly sid: number;
  readonly ste: Values;
  readonly asid: number;
}

/** a, b: VMID 0, ASID 1 and 2; v: VMID 5, ASID 1; e: EL2. */
const REGIMES: readonly Regime[] = [
  { letter: 'a', sid: 8, ste: {}, asid: 1 },
  { letter: 'b', sid: 9, ste: {}, asid: 2 },
  { letter: 'v', sid: 10, ste: { S2VMID: 5 }, asid: 1 },
  { letter: 'e', sid: 11, ste: { STRW: 2 }, asid: 1 },
];
/** EL2 with E2H, ASID 1. */
const WITH_E2H: Regime = { letter: 'h', sid: 12, ste: { STRW: 2 }, asid: 1 };

const names = new Map<number, string>();

function fill(m: TestSmmu, of: Regime): void {
  const at = CDTAB + of.sid * 64;
  const ttb = m.table();
  m.ste({ ...of.ste, S1ContextPtr: at }, of.sid);
  m.cd({ TTB0: ttb, ASID: of.asid }, at);
  const base = of.sid * 0x10000000;
  for (const [kind, iova, level, attributes] of [
    ['p', PAGE, 3n, USER_PAGE],
    ['g', GLOBAL, 3n, LEAF.AF | LEAF.USER],
    ['b', BLOCK, 2n, USER_PAGE],
  ] as const) {
    map(m, { ttb, iova: BigInt(iova), pa: BigInt(base + iova), level, attributes });
    expect(m.dma(iova, {}, of.sid).outcome.result).toBe('ok');
    names.set(base + iova, of.letter + kind);
  }
}

/** A TLB with everything in it; CR2.E2H is then `e2h`. */
function full(e2h: number, registers: Registers = {}): TestSmmu {
  const m = new TestSmmu({ registers });
  for (const of of REGIMES) fill(m, of);
  m.set({ 'CR2.E2H': 1 });
  fill(m, WITH_E2H);
  m.set({ 'CR2.E2H': e2h });
  return m;
}

function left(m: TestSmmu): string[] {
  return m.smmu.tlb
    .entries()
    .map((entry) => names.get(paOf(entry)) ?? '?')
    .sort();
}

/** Which entries a command removes. */
function removed(e2h: number, name: CommandName, values: Values = {}, registers: Registers = {}): string {
  const m = full(e2h, registers);
  const before = left(m);
  m.run([name, values], ['CMD_SYNC']);
  expect(m.read('CMDQ_CONS')).toBe(2);
  const after = left(m);
  return before.filter((entry) => !after.includes(entry)).join(' ');
}

describe('which TLB entries a command removes', () => {
  test.each([
    [0, 'CMD_TLBI_NH_ALL', { VMID: 0 }, 'ab ag ap bb bg bp'],
    [0, 'CMD_TLBI_NH_ALL', { VMID: 5 }, 'vb vg vp'],
    [0, 'CMD_TLBI_NH_ALL', { VMID: 6 }, ''],
    // The global entry made with ASID 1 goes along: more than asked, which 4.4 allows.
    [0, 'CMD_TLBI_NH_ASID', { VMID: 0, ASID: 1 }, 'ab ag ap'],
    [0, 'CMD_TLBI_NH_ASID', { VMID: 5, ASID: 1 }, 'vb vg vp'],
    [0, 'CMD_TLBI_NH_ASID', { VMID: 0, ASID: 3 }, ''],
    [0, 'CMD_TLBI_NH_VA', { VMID: 0, ASID: 1, Address: PAGE }, 'ap'],
    [0, 'CMD_TLBI_NH_VA', { VMID: 0, ASID: 1, Address: PAGE, Leaf: 1 }, 'ap'],
    [0, 'CMD_TLBI_NH_VA', { VMID: 0, ASID: 2, Address: GLOBAL }, 'ag bg'],
    [0, 'CMD_TLBI_NH_VA', { VMID: 0, ASID: 77, Address: GLOBAL }, 'ag bg'],
    [0, 'CMD_TLBI_NH_VA', { VMID: 0, ASID: 77, Address: PAGE }, ''],
    [0, 'CMD_TLBI_NH_VA', { VMID: 0, ASID: 1, Address: BLOCK + 0x1ff000 }, 'ab'],
    [0, 'CMD_TLBI_NH_VA', { VMID: 5, ASID: 1, Address: PAGE }, 'vp'],
    [0, 'CMD_TLBI_NH_VA', { VMID: 0, ASID: 1, Address: 0x3000 }, ''],
    [0, 'CMD_TLBI_NH_VAA', { VMID: 0, Address: PAGE }, 'ap bp'],
    [0, 'CMD_TLBI_NH_VAA', { VMID: 5, Address: GLOBAL }, 'vg'],
    [0, 'CMD_TLBI_NSNH_ALL', {}, 'ab ag ap bb bg bp vb vg vp'],
    [0, 'CMD_TLBI_S12_VMALL', { VMID: 5 }, 'vb vg vp'],
    [0, 'CMD_TLBI_S2_IPA', { VMID: 0, Address: PAGE }, ''],
    [0, 'CMD_TLBI_EL2_ALL', {}, 'eb eg ep hb hg hp'],
    [1, 'CMD_TLBI_EL2_ALL', {}, 'eb eg ep hb hg hp'],
    [0, 'CMD_TLBI_EL2_VA', { ASID: 9, Address: PAGE }, 'ep'],
    [1, 'CMD_TLBI_EL2_VA', { ASID: 1, Address: PAGE }, 'hp'],
    [1, 'CMD_TLBI_EL2_VA', { ASID: 9, Address: PAGE }, ''],
    [1, 'CMD_TLBI_EL2_VA', { ASID: 9, Address: GLOBAL }, 'hg'],
    [0, 'CMD_TLBI_EL2_VAA', { Address: PAGE }, 'ep'],
    [1, 'CMD_TLBI_EL2_VAA', { Address: PAGE }, 'hp'],
    [1, 'CMD_TLBI_EL2_ASID', { ASID: 1 }, 'hb hg hp'],
    [0, 'CMD_TLBI_EL2_ASID', { ASID: 1 }, 'hb hg hp'],
    [1, 'CMD_TLBI_EL2_ASID', { ASID: 2 }, ''],
    [0, 'CMD_CFGI_STE_RANGE', { Range: 31 }, ''],
    [0, 'CMD_CFGI_CD_ALL', { StreamID: 8 }, ''],
  ] as const)('E2H=%i: %s %o: %s', (e2h, name, values, wanted) => {
    expect(removed(e2h, name, values)).toBe(wanted);
  });

  test('without stage 2 there is no VMID: the parameter does not matter', () => {
    const noStage2 = { 'IDR0.S2P': 0 };
    // The streams of VMID 0 and 5 share their entries then.
    expect(removed(0, 'CMD_TLBI_NH_ALL', { VMID: 9 }, noStage2)).toBe('ab ag ap bb bg bp');
  });

  test('CR0.VMW leaves low VMID bits out of the comparison; reserved values leave none out', () => {
    const vmw = (value: number): string => removed(0, 'CMD_TLBI_NH_ALL', { VMID: 2 }, { 'CR0.VMW': value });
    expect(vmw(0)).toBe('');
    expect(vmw(1)).toBe('');
    expect(vmw(2)).toBe('ab ag ap bb bg bp');
    expect(vmw(3)).toBe('ab ag ap bb bg bp vb vg vp');
    for (const reserved of [5, 6, 7]) expect(vmw(reserved)).toBe('');
    expect(removed(0, 'CMD_TLBI_NH_ALL', { VMID: 4 }, { 'CR0.VMW': 1 })).toBe('vb vg vp');
    expect(removed(0, 'CMD_TLBI_NH_ALL', { VMID: 4 }, { 'CR0.VMW': 1, 'IDR0.VMW': 0 })).toBe('');
  });
});

/** The pages (as multiples of 4 KiB from `first`) that are left of 16, after a command. */
function pagesLeft(values: Values, registers: Registers = {}, name: CommandName = 'CMD_TLBI_NH_VA'): string {
  const m = new TestSmmu({ registers });
  m.ste();
  m.cd();
  for (let i = 0; i < 16; i++) {
    map(m, { iova: 0x10000n + BigInt(i) * 0x1000n, pa: BigInt(i) << 12n });
    m.dma(0x10000 + i * 0x1000);
  }
  map(m, { iova: 0x200000n, pa: 0x40000000n, level: 2n });
  m.dma(0x200000);
  m.run([name, { ...(name === 'CMD_TLBI_NH_VA' && { ASID: 1 }), ...values }], ['CMD_SYNC']);
  expect(m.read('CMDQ_CONS')).toBe(2);
  const of = m.smmu.tlb
    .entries()
    .map((entry) => (paOf(entry) === 0x40000000 ? 'B' : (paOf(entry) / 0x1000).toString(16)));
  return of.sort().join('');
}

describe('ranges and level hints (4 KiB entries 0 to f at 0x10000, block B at 0x200000)', () => {
  const ALL = '0123456789abcdefB'.split('').sort().join('');
  const without = (gone: string): string =>
    ALL.split('')
      .filter((c) => !gone.includes(c))
      .join('');
  test.each([
    ['one page', { Address: 0x13000 }, '3'],
    ['NUM and SCALE mean nothing without TG', { Address: 0x13000, NUM: 31, SCALE: 3, TTL: 1 }, '3'],
    ['NUM+1 pages', { TG: 1, NUM: 3, Address: 0x11000 }, '1234'],
    ['(NUM+1) * 2^SCALE pages', { TG: 1, NUM: 1, SCALE: 2, Address: 0x12000 }, '23456789'],
    ['2^SCALE pages', { TG: 1, NUM: 0, SCALE: 3, Address: 0x10000 }, '01234567'],
    ['a range that covers everything', { TG: 1, NUM: 31, SCALE: 20, Address: 0 }, ALL],
    ['a range that touches the block', { TG: 1, NUM: 0, SCALE: 1, Address: 0x3fe000 }, 'B'],
    ['a range that ends before the block', { TG: 1, NUM: 0, SCALE: 9, Address: 0 }, '0123456789abcdef'],
    ['TTL=3: no blocks', { TG: 1, NUM: 31, SCALE: 20, TTL: 3, Address: 0 }, '0123456789abcdef'],
    ['TTL=2: blocks of level 2 only', { TG: 1, NUM: 31, SCALE: 20, TTL: 2, Address: 0 }, 'B'],
    ['TTL=1: none here', { TG: 1, NUM: 31, SCALE: 20, TTL: 1, Address: 0 }, ''],
    ['one granule with a level', { TG: 1, TTL: 3, Address: 0x1f000 }, 'f'],
    ['another granule', { TG: 2, NUM: 31, SCALE: 20, Address: 0 }, ''],
    ['another granule', { TG: 3, NUM: 31, SCALE: 20, Address: 0 }, ''],
  ] as const)('%s: %o', (_, values, gone) => {
    expect(pagesLeft(values)).toBe(without(gone));
  });

  test('without IDR3.RIL the fields are RES0', () => {
    const values = { TG: 1, NUM: 3, Address: 0x11000, TTL: 2 };
    expect(pagesLeft(values, { 'IDR3.RIL': 0 })).toBe(without('1'));
  });

  test('SCALE has 6 bits with DS, 5 without', () => {
    const values = { TG: 1, NUM: 0, SCALE: 33, Address: 0x10000 };
    expect(pagesLeft(values, { 'IDR5.DS': 0 })).toBe(without('01'));
    expect(pagesLeft(values, { 'IDR5.DS': 1 })).toBe('');
  });

  test('VAA takes ranges as well', () => {
    expect(pagesLeft({ TG: 1, NUM: 1, Address: 0x1e000 }, {}, 'CMD_TLBI_NH_VAA')).toBe(without('ef'));
  });

  test('a range spills neither from TTB0 into TTB1 nor around', () => {
    const last = { hi: 0x0000ffff, lo: 0xfffff000 };
    const top = { hi: 0xffffffff, lo: 0xfffff000 };
    const fresh = (): TestSmmu => {
      const m = new TestSmmu();
      m.ste();
      m.cd({ EPD1: 0, T1SZ: 16, TG1: 2, TTB1 });
      map(m, { iova: 0n, pa: 0x1000n });
      map(m, { iova: 0xfffffffff000n, pa: 0x2000n });
      map(m, { iova: 0xffff000000000000n, ttb: TTB1, pa: 0x3000n });
      map(m, { iova: 0xfffffffffffff000n, ttb: TTB1, pa: 0x4000n });
      for (const at of ['0x0', '0xfffffffff000', '0xffff000000000000', '0xfffffffffffff000']) m.dma(at);
      return m;
    };
    const pagesAfter = (Address: Values[string]): number[] => {
      const m = fresh();
      m.run(['CMD_TLBI_NH_VA', { ASID: 1, TG: 1, NUM: 31, SCALE: 31, Address }], ['CMD_SYNC']);
      return m.smmu.tlb
        .entries()
        .map((entry) => paOf(entry) / 0x1000)
        .sort();
    };
    expect(pagesAfter(last)).toEqual([1, 3, 4]);
    expect(pagesAfter(top)).toEqual([1, 2, 3]);
    expect(pagesAfter({ hi: 0xffff0000, lo: 0 })).toEqual([1, 2]);
  });

  test.each([
    [14n, 2, 2],
    [16n, 1, 3],
  ] as const)('pages of 2^%i bytes (TG0=%i) go by TG=%i', (granule, TG0, TG) => {
    const m = new TestSmmu();
    m.ste();
    m.cd({ TG0 });
    for (let i = 0n; i < 4n; i++) {
      map(m, { granule, iova: i << granule, pa: i << granule });
      m.dma(Number(i << granule));
    }
    const pages = (): number[] =>
      m.smmu.tlb
        .entries()
        .map((entry) => paOf(entry) / 2 ** Number(granule))
        .sort();
    m.run(['CMD_TLBI_NH_VA', { ASID: 1, TG: 1, NUM: 31, SCALE: 20 }], ['CMD_SYNC']);
    expect(pages()).toEqual([0, 1, 2, 3]);
    m.run(['CMD_TLBI_NH_VA', { ASID: 1, TG, NUM: 1, Address: 2 ** Number(granule) }], ['CMD_SYNC']);
    expect(pages()).toEqual([0, 3]);
    m.run(['CMD_TLBI_NH_VA', { ASID: 1, Address: 0x1000 }], ['CMD_SYNC']);
    expect(pages()).toEqual([3]);
  });
});

describe('which configurations a command removes', () => {
  function configured(): TestSmmu {
    const m = new TestSmmu();
    m.cd();
    for (let sid = 0; sid < 40; sid++) {
      m.ste({ Config: 4 }, sid);
      m.dma(0, {}, sid);
    }
    return m;
  }
  const left = (m: TestSmmu): number[] =>
    m.smmu.config
      .entries()
      .map((entry) => entry.sid)
      .sort((a, b) => a - b);
  const span = (first: number, last: number): number[] =>
    Array.from({ length: 40 }, (_, i) => i).filter((i) => i < first || i > last);

  test.each([
    ['CMD_CFGI_STE', { StreamID: 7 }, span(7, 7)],
    ['CMD_CFGI_STE', { StreamID: 7, Leaf: 1 }, span(7, 7)],
    ['CMD_CFGI_STE_RANGE', { StreamID: 21, Range: 2 }, span(16, 23)],
    ['CMD_CFGI_STE_RANGE', { StreamID: 0, Range: 0 }, span(0, 1)],
    ['CMD_CFGI_STE_RANGE', { StreamID: 39, Range: 30 }, []],
    ['CMD_CFGI_STE_RANGE', { StreamID: 0xffffffff, Range: 30 }, span(40, 40)],
    ['CMD_CFGI_STE_RANGE', { StreamID: 0xffffffff, Range: 31 }, []],
    ['CMD_CFGI_CD', { StreamID: 3, SubstreamID: 0 }, span(3, 3)],
    ['CMD_CFGI_CD_ALL', { StreamID: 3 }, span(3, 3)],
    ['CMD_TLBI_NSNH_ALL', {}, span(40, 40)],
    ['CMD_SYNC', {}, span(40, 40)],
  ] as const)('%s %o', (name, values, wanted) => {
    const m = configured();
    m.run([name, values], ['CMD_SYNC']);
    expect(left(m)).toEqual(wanted);
  });
});
