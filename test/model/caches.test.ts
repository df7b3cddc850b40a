import { describe, expect, test } from 'vitest';
import { pageOf } from '../../src/model/caches/page-map.ts';
import { Journal } from '../../src/model/effects.ts';
import type { CachePolicy } from '../../src/model/smmu.ts';
import { CDTAB, SID, STRTAB, TestSmmu, TTB0, transaction, type Values } from '../kit/smmu.ts';
import { LEAF, map, USER_PAGE } from '../kit/tables.ts';

const IOVA = 0x9000;
const OLD = 0x10000000;
const NEW = 0x20000000;

function running(caches: CachePolicy, ste: Values = {}, cd: Values = {}): TestSmmu {
  const m = new TestSmmu({ caches });
  m.ste(ste);
  m.cd(cd);
  map(m, { iova: BigInt(IOVA), pa: BigInt(OLD) });
  return m;
}

const answer = (m: TestSmmu, sid = SID): number | string => {
  const { outcome } = m.dma(IOVA, {}, sid);
  return outcome.result === 'ok' ? outcome.pa : (outcome.fault?.event ?? outcome.result);
};

describe('policy combined: what was cached answers until a command removes it', () => {
  test('a descriptor', () => {
    const m = running('combined');
    expect(answer(m)).toBe(OLD);
    map(m, { iova: BigInt(IOVA), pa: BigInt(NEW) });
    expect(answer(m)).toBe(OLD);
    m.run(['CMD_CFGI_STE', { StreamID: SID }], ['CMD_SYNC']);
    expect(answer(m)).toBe(OLD);
    m.run(['CMD_TLBI_NH_VA', { ASID: 1, Address: IOVA, Leaf: 1 }], ['CMD_SYNC']);
    expect(answer(m)).toBe(NEW);
  });

  test('an invalid descriptor is never cached: making it valid needs no command', () => {
    const m = running('combined');
    expect(m.dma(0xa000).outcome.fault?.event).toBe('F_TRANSLATION');
    map(m, { iova: 0xa000n, pa: BigInt(NEW) });
    expect(m.dma(0xa000).outcome.pa).toBe(NEW);
  });

  test('an STE, and the CDs below it', () => {
    const m = running('combined');
    expect(answer(m)).toBe(OLD);
    m.ste({ Config: 4 });
    expect(answer(m)).toBe(OLD);
    m.run(['CMD_TLBI_NSNH_ALL'], ['CMD_SYNC']);
    expect(answer(m)).toBe(OLD);
    m.run(['CMD_CFGI_STE', { StreamID: SID }], ['CMD_SYNC']);
    expect(answer(m)).toBe(IOVA);
  });

  test('a CD', () => {
    const m = running('combined');
    expect(answer(m)).toBe(OLD);
    const table = m.table();
    m.cd({ TTB0: table, ASID: 2 });
    map(m, { ttb: table, iova: BigInt(IOVA), pa: BigInt(NEW) });
    expect(answer(m)).toBe(OLD);
    m.run(['CMD_CFGI_CD', { StreamID: SID, SubstreamID: 0 }], ['CMD_SYNC']);
    expect(answer(m)).toBe(NEW);
  });

  test('a configuration belongs to one stream: another with the same CD needs a command of its own', () => {
    const m = running('combined');
    m.ste({}, 9);
    expect([answer(m), answer(m, 9)]).toEqual([OLD, OLD]);
    m.cd({ V: 0 });
    m.run(['CMD_CFGI_CD', { StreamID: SID }], ['CMD_SYNC']);
    expect([answer(m), answer(m, 9)]).toEqual(['C_BAD_CD', OLD]);
  });

  test('an STE that is not valid is not kept', () => {
    const m = running('combined', { V: 0 });
    expect(answer(m)).toBe('C_BAD_STE');
    m.ste();
    expect(answer(m)).toBe(OLD);
  });

  test('an STE that terminates is kept', () => {
    const m = running('combined', { Config: 0 });
    expect(answer(m)).toBe('abort');
    m.ste();
    expect(answer(m)).toBe('abort');
    m.run(['CMD_CFGI_STE', { StreamID: SID, Leaf: 1 }], ['CMD_SYNC']);
    expect(answer(m)).toBe(OLD);
  });

  test('the StreamID is no tag: streams with the same VMID and ASID share TLB entries', () => {
    const m = running('combined');
    const other = m.table();
    m.ste({ S1ContextPtr: CDTAB + 64 }, 9);
    m.cd({ TTB0: other, ASID: 1 }, CDTAB + 64);
    map(m, { ttb: other, iova: BigInt(IOVA), pa: BigInt(NEW) });
    expect(answer(m)).toBe(OLD);
    expect(m.dma(IOVA, {}, 9).outcome).toMatchObject({ pa: OLD, tlbHit: true });
  });

  test('VMID, ASID and the regime are tags', () => {
    const m = running('combined');
    m.ste({ S2VMID: 1, S1ContextPtr: CDTAB }, 9);
    m.ste({ STRW: 2, S1ContextPtr: CDTAB }, 10);
    m.ste({ S1ContextPtr: CDTAB + 64 }, 11);
    m.cd({ TTB0, ASID: 2 }, CDTAB + 64);
    for (const sid of [SID, 9, 10, 11])
      expect(m.dma(IOVA, {}, sid).outcome).toMatchObject({ pa: OLD, tlbHit: false });
    expect(m.smmu.tlb.size).toBe(4);
  });

  test('CD.A and R come from the configuration at each use, also on a hit', () => {
    const m = running('combined', {}, {});
    map(m, { iova: BigInt(IOVA), pa: BigInt(OLD), attributes: USER_PAGE | LEAF.READ_ONLY });
    expect(answer(m)).toBe(OLD);
    m.cd({ A: 0, R: 0 });
    m.run(['CMD_CFGI_CD', { StreamID: SID }], ['CMD_SYNC']);
    const { outcome } = m.dma(IOVA, { write: true });
    expect(outcome).toMatchObject({ tlbHit: true, result: 'razwi', recording: 'suppressed' });
  });

  test('a block and a page of the same address: an invalidation by address removes both', () => {
    const m = running('combined');
    answer(m);
    const path = map(m, { iova: BigInt(IOVA), pa: BigInt(OLD) });
    m.descriptor(path.get(2n) as number, BigInt(NEW) | USER_PAGE | 1n);
    expect(m.dma(0x5000).outcome.pa).toBe(NEW + 0x5000);
    m.run(['CMD_TLBI_NH_VA', { ASID: 1, Address: IOVA }], ['CMD_SYNC']);
    expect(m.smmu.tlb.size).toBe(0);
  });

  test('registers that move the stream table drop no configuration', () => {
    const m = running('combined');
    answer(m);
    m.write('CR0', 0xc);
    m.write('STRTAB_BASE', STRTAB + 0x200000, 0);
    m.write('CR0', 0xd);
    expect(answer(m)).toBe(OLD);
    m.run(['CMD_CFGI_STE_RANGE', { Range: 31 }], ['CMD_SYNC']);
    expect(answer(m)).toBe('C_BAD_STE');
  });
});

describe('a full TLB', () => {
  test('lets an old entry go for each new one, takes that back on undo, and never grows', () => {
    const m = running('combined');
    const table = m.table();
    m.descriptor(TTB0, BigInt(table) | 3n);
    // Every entry of level 2 leads to one table: 512 * 512 pages, all the same.
    const [level2, level3] = [m.table(), m.table()];
    m.descriptor(table, BigInt(level2) | 3n);
    for (let i = 0; i < 512; i++) {
      m.descriptor(level2 + i * 8, BigInt(level3) | 3n);
      m.descriptor(level3 + i * 8, (BigInt(i) << 12n) | USER_PAGE | 3n);
    }
    for (let page = 0; page < 70_000; page++) {
      const { result, pa } = m.smmu.translate(transaction(SID, page * 0x1000));
      if (result !== 'ok' || pa !== (page % 512) * 0x1000)
        expect([page, result, pa]).toEqual([page, 'ok', 0]);
    }
    expect(m.smmu.tlb.size).toBe(65_536);
    const before = new Set(m.smmu.tlb.entries().map(pageOf));
    const journal = new Journal();
    expect(m.dma(75_000 * 0x1000, {}, SID, journal).outcome.result).toBe('ok');
    expect(m.smmu.tlb.size).toBe(65_536);
    journal.undo(m.smmu, 0);
    expect(new Set(m.smmu.tlb.entries().map(pageOf))).toEqual(before);
  });
});

describe('policy none: memory answers every time', () => {
  test('nothing is kept', () => {
    const m = running('none');
    expect(answer(m)).toBe(OLD);
    map(m, { iova: BigInt(IOVA), pa: BigInt(NEW) });
    expect(answer(m)).toBe(NEW);
    m.cd({ EPD0: 1 });
    expect(answer(m)).toBe('F_TRANSLATION');
    m.ste({ Config: 4 });
    expect(answer(m)).toBe(IOVA);
    expect(m.smmu.config.size + m.smmu.tlb.size).toBe(0);
  });

  test('invalidations find nothing and do no harm', () => {
    const m = running('none');
    answer(m);
    m.run(['CMD_TLBI_NSNH_ALL'], ['CMD_CFGI_STE_RANGE', { Range: 31 }], ['CMD_SYNC']);
    expect(m.read('CMDQ_CONS')).toBe(3);
    expect(answer(m)).toBe(OLD);
  });
});
