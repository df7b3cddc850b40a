import { describe, expect, test } from 'vitest';
import { CDTAB, SID, type TestOptions, TestSmmu } from '../kit/smmu.ts';
import { map, USER_PAGE } from '../kit/tables.ts';

/** Conflicts that software makes and hardware may report: IHI 0070 3.21.1, 7.3.17 and 7.3.18. */

const BLOCK = 0x1_2340_0000;

/** Two pages of a block are cached, then the table is replaced by a block, and a third address caches that. */
function overlapping(bbml: number, options: TestOptions['options'] = {}): TestSmmu {
  const m = new TestSmmu({ caches: 'maximal', registers: { 'IDR3.BBML': bbml }, options });
  m.ste();
  m.cd();
  const path = map(m, { iova: BigInt(BLOCK), pa: 0x10000000n });
  m.dma(BLOCK);
  m.run(['CMD_TLBI_NH_VA', { ASID: 1, Address: BLOCK + 0x1000, Leaf: 0 }], ['CMD_SYNC']);
  m.descriptor(path.get(2n) as number, 0x10000000n | USER_PAGE | 1n);
  m.dma(BLOCK + 0x5000);
  return m;
}

describe('F_TLB_CONFLICT', () => {
  test('by default the smaller entry answers, and with BBML 0 or 1 a finding says so', () => {
    for (const bbml of [0, 1]) {
      const plan = overlapping(bbml).dma(BLOCK);
      expect(plan.outcome.result).toBe('ok');
      expect(plan.steps.find((s) => s.kind === 'finding')?.text).toMatch(
        /0x1000 and 0x200000 bytes overlap .*BBML/,
      );
    }
  });

  test('with BBML 2 there is neither a finding nor, even by option, the event', () => {
    const plan = overlapping(2, { tlbConflict: true }).dma(BLOCK);
    expect(plan.outcome.result).toBe('ok');
    expect(plan.steps.some((s) => s.kind === 'finding')).toBe(false);
  });

  test('by option the event, with the access and InputAddr', () => {
    const m = overlapping(1, { tlbConflict: true });
    m.dma(BLOCK + 4, { write: true });
    expect(m.drain()).toEqual([[0x20, SID, 0, 0, (BLOCK + 4) >>> 0, 1, 0, 0]]);
    m.dma(BLOCK + 0x5000);
    expect(m.drain()).toEqual([]);
  });
});

describe('F_CFG_CONFLICT', () => {
  const differing = (options: TestOptions['options'], more = {}): TestSmmu => {
    const m = new TestSmmu({ options, ...more });
    m.ste({ CONT: 1 });
    m.ste({ CONT: 1, S1ContextPtr: CDTAB + 64 }, SID + 1);
    m.cd();
    map(m, { iova: BigInt(BLOCK), pa: 0x10000000n });
    return m;
  };

  test('by default the own STE of the stream is used', () => {
    expect(differing({}).dma(BLOCK).outcome.result).toBe('ok');
  });

  test('EVT-CFG-CONFLICT: by option the event, for STEs within the span of CONT that differ', () => {
    const m = differing({ configConflict: true });
    expect(m.dma(BLOCK).outcome.result).toBe('abort');
    expect(m.drain()).toEqual([[0x21, SID, 0, 0, 0, 0, 0, 0]]);
    m.ste({ CONT: 1 }, SID + 1);
    m.run(['CMD_CFGI_STE', { StreamID: SID }]);
    expect(m.dma(BLOCK).outcome.result).toBe('ok');
  });

  test('EVT-CFG-CONFLICT decides: switched off, the own STE of the stream is used', () => {
    const off = differing({ configConflict: true }, { rulesOff: new Set(['EVT-CFG-CONFLICT']) });
    expect(off.dma(BLOCK).outcome.result).toBe('ok');
  });
});

describe('a range invalidation that is not aligned as its level hint asks (4.4.1.1)', () => {
  const block = (options: TestOptions['options']): TestSmmu => {
    const m = new TestSmmu({ options });
    m.ste();
    m.cd();
    map(m, { iova: BigInt(BLOCK), pa: 0x10000000n, level: 2n });
    m.dma(BLOCK + 0x3000);
    return m;
  };
  const TLBI = (address: number) =>
    ['CMD_TLBI_NH_VA', { ASID: 1, TG: 1, TTL: 2, NUM: 1, Address: address, Leaf: 1 }] as const;

  test('guarantees nothing: by default nothing is removed, and a finding says why', () => {
    const m = block({});
    m.run(TLBI(BLOCK + 0x1000));
    expect(m.smmu.tlb.size).toBe(1);
    m.run(TLBI(BLOCK));
    expect(m.smmu.tlb.size).toBe(0);
  });

  test('by option what is written is removed', () => {
    const m = block({ misalignedRange: 'as-written' });
    m.run(TLBI(BLOCK + 0x1000));
    expect(m.smmu.tlb.size).toBe(0);
  });
});
