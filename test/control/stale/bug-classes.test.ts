import { describe, expect, test } from 'vitest';
import { CD as CD_LAYOUT } from '../../../src/spec/cd.ts';
import { STE as STE_LAYOUT } from '../../../src/spec/ste.ts';
import { CDTAB, type Registers, SID, STRTAB, TTB1 } from '../../kit/smmu.ts';
import { identity, mapStage2, NESTED_STE, S2_PAGE, S2_STE } from '../../kit/stage2.ts';
import { LEAF, USER_PAGE } from '../../kit/tables.ts';
import { IOVA, OTHER, PA, Scenario, SYNC, told } from './scenario.ts';

/** Each class of mistakes by its number, and the sequence that makes it right, on which nothing is reported. */

const LEAF_OF = (pa: bigint): bigint => pa | USER_PAGE | 3n;
const VA = { ASID: 1, Address: IOVA, Leaf: 1 };
const OLD = `0x${PA.toString(16)}`;
const NEW = `0x${OTHER.toString(16)}`;

/** One stream with a page at {@link IOVA}, used once. */
function used(registers: Registers = {}): { s: Scenario; leaf: number; table: number } {
  const s = new Scenario({ registers });
  s.m.ste();
  s.m.cd();
  const path = s.map();
  expect(s.dma()).toEqual([]);
  expect(s.result).toBe(OLD);
  return { s, leaf: path.get(3n) as number, table: path.get(2n) as number };
}

describe('class 1: the STE changed, no CMD_CFGI_STE', () => {
  const change = (): Scenario => {
    const { s } = used();
    s.ste({ Config: 0 });
    return s;
  };

  test('the old STE is used', () => {
    const s = change();
    expect(told(s.dma())).toEqual(['certain unsafe: STE 0x8']);
    expect(s.result).toBe(OLD);
  });

  test('with CMD_CFGI_STE and CMD_SYNC nothing is', () => {
    const s = change();
    s.run(['CMD_CFGI_STE', { StreamID: SID, Leaf: 1 }], SYNC);
    expect(s.dma()).toEqual([]);
    expect(s.result).toBe('abort');
  });
});

describe('class 2: a CD that streams share changed, CMD_CFGI_CD for one of them', () => {
  const shared = (): Scenario => {
    const s = new Scenario();
    s.m.ste();
    s.m.ste({}, 9);
    s.m.cd();
    s.map();
    for (const sid of [SID, 9]) expect(s.dma(IOVA, sid)).toEqual([]);
    s.cd({ V: 0 });
    s.run(['CMD_CFGI_CD', { StreamID: SID, Leaf: 1 }], SYNC);
    return s;
  };

  test('the other stream uses the old CD', () => {
    const s = shared();
    expect(s.dma(IOVA, SID)).toEqual([]);
    expect(told(s.dma(IOVA, 9))).toEqual(['certain unsafe: CD 0']);
  });

  test('with one for each nothing is old', () => {
    const s = shared();
    s.run(['CMD_CFGI_CD', { StreamID: 9, Leaf: 1 }], SYNC);
    expect(s.dma(IOVA, SID)).toEqual([]);
    expect(s.dma(IOVA, 9)).toEqual([]);
    expect(s.result).toBe('C_BAD_CD');
  });
});

/** The CD leads to other tables, which map the same address elsewhere. */
function moved(s: Scenario): void {
  s.map({ ttb: TTB1, pa: OTHER });
  s.cd({ TTB0: TTB1 });
}

describe('class 3: CMD_CFGI_CD, but no TLBI after TTB0 changed', () => {
  const change = (): Scenario => {
    const { s } = used();
    moved(s);
    s.run(['CMD_CFGI_CD', { StreamID: SID, Leaf: 1 }], SYNC);
    return s;
  };

  test('the old translation is used', () => {
    const s = change();
    const [use] = s.dma();
    expect(told(use ? [use] : [])).toEqual([
      'certain unsafe: TLB entry 0x123456000 + 0x1000 bytes -> 0x48000000 (ASID=1, VMID=0)',
    ]);
    expect(use?.differs).toBe('it gives 0x48000000, the tables give 0x49000000');
    expect(s.result).toBe(OLD);
  });

  test('with CMD_TLBI_NH_ASID after it nothing is old', () => {
    const s = change();
    s.run(['CMD_TLBI_NH_ASID', { ASID: 1 }], SYNC);
    expect(s.dma()).toEqual([]);
    expect(s.result).toBe(NEW);
  });

  test('other fields that freeze in an entry: MAIR', () => {
    const { s } = used();
    s.cd({ MAIR0: 0xff });
    s.run(['CMD_CFGI_CD', { StreamID: SID, Leaf: 1 }], SYNC);
    const [use] = s.dma();
    expect(use).toMatchObject({ certainty: 'certain', class: 'unsafe' });
    expect(use?.differs).toContain('attributes');
  });

  test('a field that counts at each use does not: CD.A', () => {
    const { s } = used();
    s.cd({ A: 0 });
    s.run(['CMD_CFGI_CD', { StreamID: SID, Leaf: 1 }], SYNC);
    expect(s.dma()).toEqual([]);
  });
});

describe('class 4: TLBI before CFGI', () => {
  const start = (): Scenario => {
    const { s } = used();
    moved(s);
    s.run(['CMD_TLBI_NH_ASID', { ASID: 1 }], SYNC);
    return s;
  };

  test('a transaction between them fills the TLB again by the old CD', () => {
    const s = start();
    expect(told(s.dma())).toEqual(['certain unsafe: CD 0']);
    s.run(['CMD_CFGI_CD', { StreamID: SID, Leaf: 1 }], SYNC);
    expect(told(s.dma())).toEqual([
      'certain unsafe: TLB entry 0x123456000 + 0x1000 bytes -> 0x48000000 (ASID=1, VMID=0)',
    ]);
  });

  test('hardware may have done so without one', () => {
    const s = start();
    s.run(['CMD_CFGI_CD', { StreamID: SID, Leaf: 1 }], SYNC);
    const uses = s.dma();
    expect(s.result).toBe(NEW);
    expect(told(uses)).toContain(
      'possible unsafe: TLB entry 0x123456000 + 0x1000 bytes -> 0x48000000 (ASID=1, VMID=0)',
    );
  });

  test('nor is there an order between them without a CMD_SYNC', () => {
    const { s } = used();
    moved(s);
    s.run(['CMD_CFGI_CD', { StreamID: SID, Leaf: 1 }], ['CMD_TLBI_NH_ASID', { ASID: 1 }], SYNC);
    expect(told(s.dma()).length).toBeGreaterThan(0);
  });

  test('CFGI, CMD_SYNC, TLBI, CMD_SYNC leaves nothing', () => {
    const { s } = used();
    moved(s);
    s.run(['CMD_CFGI_CD', { StreamID: SID, Leaf: 1 }], SYNC, ['CMD_TLBI_NH_ASID', { ASID: 1 }], SYNC);
    expect(s.dma()).toEqual([]);
    expect(s.result).toBe(NEW);
  });
});

describe('class 5: no CMD_SYNC', () => {
  const unmap = (): Scenario => {
    const { s, leaf } = used();
    s.poke(leaf, 0n);
    s.run(['CMD_TLBI_NH_VA', VA]);
    return s;
  };

  test('the entry that is on its way out may be used', () => {
    const s = unmap();
    expect(told(s.dma())).toEqual([
      'possible unsafe: TLB entry 0x123456000 + 0x1000 bytes -> 0x48000000 (ASID=1, VMID=0)',
    ]);
    expect(s.result).toBe(OLD);
  });

  test('after CMD_SYNC nothing may', () => {
    const s = unmap();
    s.run(SYNC);
    expect(s.dma()).toEqual([]);
    expect(s.result).toBe('F_TRANSLATION');
  });

  test('what the model has not cached, hardware may have', () => {
    const s = new Scenario();
    s.m.ste();
    s.m.cd();
    const path = s.map();
    s.poke(path.get(3n) as number, 0n);
    expect(told(s.dma())).toEqual([
      'possible unsafe: TLB entry 0x123456000 + 0x1000 bytes -> 0x48000000 (ASID=1, VMID=0)',
    ]);
    s.run(['CMD_TLBI_NH_VA', VA]);
    expect(told(s.dma())).toHaveLength(1);
    s.run(SYNC);
    expect(s.dma()).toEqual([]);
  });
});

describe('class 8: CMD_CFGI_STE with Leaf=1 after the L1STD changed', () => {
  const L2 = 0x43000000;
  const sid = 70;
  const publish = (): Scenario => {
    const s = new Scenario({
      registers: { 'STRTAB_BASE_CFG.FMT': 1, 'STRTAB_BASE_CFG.SPLIT': 6, 'STRTAB_BASE_CFG.LOG2SIZE': 10 },
    });
    s.m.cd();
    s.map();
    s.dma(IOVA, sid);
    expect(s.result).toBe('C_BAD_STREAMID');
    s.m.put(STE_LAYOUT, L2 + (sid % 64) * 64, { V: 1, Config: 5, S1ContextPtr: CDTAB });
    s.poke(STRTAB + 8, BigInt(L2) | 7n);
    return s;
  };

  test('the old L1STD is used: a spurious fault', () => {
    const s = publish();
    s.run(['CMD_CFGI_STE', { StreamID: sid, Leaf: 1 }], SYNC);
    expect(told(s.dma(IOVA, sid))).toEqual(['certain spurious-fault: L1STD 1']);
    expect(s.result).toBe('C_BAD_STREAMID');
  });

  test('with Leaf=0 the new one is', () => {
    const s = publish();
    s.run(['CMD_CFGI_STE', { StreamID: sid, Leaf: 0 }], SYNC);
    expect(s.dma(IOVA, sid)).toEqual([]);
    expect(s.result).toBe(OLD);
  });

  test('published before its STEs are written: what lay there is cached as STE', () => {
    const s = new Scenario({
      registers: { 'STRTAB_BASE_CFG.FMT': 1, 'STRTAB_BASE_CFG.SPLIT': 6, 'STRTAB_BASE_CFG.LOG2SIZE': 10 },
    });
    s.m.cd();
    s.map();
    s.m.l1std(STRTAB + 8, { Span: 7, L2Ptr: L2 });
    s.dma(IOVA, sid);
    expect(s.result).toBe('C_BAD_STE');
    s.write(STE_LAYOUT, L2 + (sid % 64) * 64, { V: 1, Config: 5, S1ContextPtr: CDTAB });
    expect(told(s.dma(IOVA, sid))).toEqual(['certain spurious-fault: STE 0x46']);
    s.run(['CMD_CFGI_STE', { StreamID: sid, Leaf: 1 }], SYNC);
    expect(s.dma(IOVA, sid)).toEqual([]);
  });
});

describe('class 11: the range of a TLBI ends too early', () => {
  const unmapped = (): Scenario => {
    const s = new Scenario();
    s.m.ste();
    s.m.cd();
    const leaves: number[] = [];
    for (let i = 0; i < 4; i++) {
      const iova = BigInt(IOVA + i * 0x1000);
      leaves.push(s.map({ iova, pa: PA + BigInt(i) * 0x1000n }).get(3n) as number);
      s.dma(IOVA + i * 0x1000);
    }
    for (const at of leaves) s.poke(at, 0n);
    return s;
  };

  test('NUM=2 covers 3 of 4 pages', () => {
    const s = unmapped();
    s.run(['CMD_TLBI_NH_VA', { ...VA, TG: 1, TTL: 3, NUM: 2 }], SYNC);
    expect(s.dma(IOVA + 0x2000)).toEqual([]);
    expect(told(s.dma(IOVA + 0x3000))).toEqual([
      'certain unsafe: TLB entry 0x123459000 + 0x1000 bytes -> 0x48003000 (ASID=1, VMID=0)',
    ]);
  });

  test('NUM=3 covers 4', () => {
    const s = unmapped();
    s.run(['CMD_TLBI_NH_VA', { ...VA, TG: 1, TTL: 3, NUM: 3 }], SYNC);
    for (let i = 0; i < 4; i++) expect(s.dma(IOVA + i * 0x1000)).toEqual([]);
  });
});

describe('class 12: TTL or TG are not those of the leaf', () => {
  const BLOCK = 0x1_2340_0000;
  const unmapped = (): Scenario => {
    const s = new Scenario();
    s.m.ste();
    s.m.cd();
    const path = s.map({ iova: BigInt(BLOCK), level: 2n });
    s.dma(BLOCK);
    s.poke(path.get(2n) as number, 0n);
    return s;
  };
  const old = ['certain unsafe: TLB entry 0x123400000 + 0x200000 bytes -> 0x48000000 (ASID=1, VMID=0)'];

  test('TTL=3 for a block of 2 MiB', () => {
    const s = unmapped();
    s.run(['CMD_TLBI_NH_VA', { ASID: 1, Address: BLOCK, Leaf: 1, TG: 1, TTL: 3 }], SYNC);
    expect(told(s.dma(BLOCK))).toEqual(old);
  });

  test('TG of 64 KiB for tables of 4 KiB', () => {
    const s = unmapped();
    s.run(['CMD_TLBI_NH_VA', { ASID: 1, Address: BLOCK, Leaf: 1, TG: 3, NUM: 31 }], SYNC);
    expect(told(s.dma(BLOCK))).toEqual(old);
  });

  test('TTL=2 and TG=1 leave nothing', () => {
    const s = unmapped();
    s.run(['CMD_TLBI_NH_VA', { ASID: 1, Address: BLOCK, Leaf: 1, TG: 1, TTL: 2 }], SYNC);
    expect(s.dma(BLOCK)).toEqual([]);
    expect(s.result).toBe('F_TRANSLATION');
  });
});

describe('class 13: CMD_TLBI_S2_IPA alone for a nested stream', () => {
  const remapped = (): Scenario => {
    const s = new Scenario();
    s.m.ste({ ...NESTED_STE });
    s.m.cd();
    identity(s.m);
    const ipa = 0x8000_0000n;
    const path = mapStage2(s.m, { ipa, pa: PA });
    s.map({ pa: ipa });
    expect(s.dma()).toEqual([]);
    expect(s.result).toBe(OLD);
    s.poke(path.get(3n) as number, OTHER | S2_PAGE | 3n);
    s.run(['CMD_TLBI_S2_IPA', { VMID: 3, Address: Number(ipa), Leaf: 1 }], SYNC);
    return s;
  };

  test('the translation through both stages stays', () => {
    const s = remapped();
    expect(told(s.dma())).toEqual([
      'certain unsafe: TLB entry from VA to PA through both stages 0x123456000 + 0x1000 bytes -> 0x48000000 (ASID=1, VMID=3)',
    ]);
    expect(s.result).toBe(OLD);
  });

  test('CMD_TLBI_NH_ALL takes it along', () => {
    const s = remapped();
    s.run(['CMD_TLBI_NH_ALL', { VMID: 3 }], SYNC);
    expect(s.dma()).toEqual([]);
    expect(s.result).toBe(NEW);
  });
});

describe('class 14: an ASID is used again without CMD_TLBI_NH_ASID', () => {
  const CD1 = CDTAB + 64;
  const CD2 = CDTAB + 128;
  const reused = (): Scenario => {
    const s = new Scenario();
    s.m.ste({ S1CDMax: 2 });
    s.m.cd({ ASID: 7 }, CD1);
    s.m.put(CD_LAYOUT, CD2, {});
    s.map();
    s.map({ ttb: TTB1, pa: OTHER });
    s.dma(IOVA, SID, { ssid: 1 });
    expect(s.result).toBe(OLD);
    s.cd({ V: 0 }, CD1);
    s.run(['CMD_CFGI_CD', { StreamID: SID, SubstreamID: 1, Leaf: 1 }], SYNC);
    return s;
  };
  const next = (s: Scenario): void => {
    s.cd({ ASID: 7, TTB0: TTB1 }, CD2);
    s.run(['CMD_CFGI_CD', { StreamID: SID, SubstreamID: 2, Leaf: 1 }], SYNC);
  };

  test('the next process uses the pages of the one before', () => {
    const s = reused();
    next(s);
    expect(told(s.dma(IOVA, SID, { ssid: 2 }))).toEqual([
      'certain unsafe: TLB entry 0x123456000 + 0x1000 bytes -> 0x48000000 (ASID=7, VMID=0)',
    ]);
    expect(s.result).toBe(OLD);
  });

  test('with CMD_TLBI_NH_ASID before the ASID is free nothing is old', () => {
    const s = reused();
    s.run(['CMD_TLBI_NH_ASID', { ASID: 7 }], SYNC);
    next(s);
    expect(s.dma(IOVA, SID, { ssid: 2 })).toEqual([]);
    expect(s.result).toBe(NEW);
  });

  test('two CDs with one ASID at the same time are a clash, not a missing invalidation', () => {
    const s = new Scenario();
    s.m.ste({ S1CDMax: 2 });
    s.m.cd({ ASID: 7 }, CD1);
    s.m.cd({ ASID: 7, TTB0: TTB1 }, CD2);
    s.map();
    s.map({ ttb: TTB1, pa: OTHER });
    s.dma(IOVA, SID, { ssid: 1 });
    const [use] = s.dma(IOVA, SID, { ssid: 2 });
    expect(use).toMatchObject({ certainty: 'certain', class: 'unsafe' });
    expect(use?.clash).toMatchObject({
      filledBy: 'StreamID 0x8, STE at 0x40000200, CD 1 at 0x40400040',
      usedBy: 'StreamID 0x8, STE at 0x40000200, CD 2 at 0x40400080',
    });
  });
});

describe('class 15: two domains with one VMID', () => {
  const S2TTB = 0x4d000000;
  const guests = (vmid: number): Scenario => {
    const s = new Scenario();
    s.m.ste({ ...S2_STE, V: 1 });
    s.m.ste({ ...S2_STE, V: 1, S2VMID: vmid, S2TTB }, 9);
    mapStage2(s.m, { ipa: BigInt(IOVA), pa: PA });
    mapStage2(s.m, { ipa: BigInt(IOVA), pa: OTHER, ttb: S2TTB });
    s.dma(IOVA, SID);
    expect(s.result).toBe(OLD);
    return s;
  };

  test('one guest uses the pages of the other: a clash, both named', () => {
    const s = guests(3);
    const uses = s.dma(IOVA, 9);
    expect(told(uses)).toEqual([
      'certain unsafe: TLB entry 0x123456000 + 0x1000 bytes -> 0x48000000 (IPA, VMID=3) (clash)',
    ]);
    expect(uses[0]?.clash).toMatchObject({
      filledBy: 'StreamID 0x8, STE at 0x40000200',
      usedBy: 'StreamID 0x9, STE at 0x40000240',
    });
    expect(s.result).toBe(OLD);
  });

  test('with a VMID each nothing is reported', () => {
    const s = guests(4);
    expect(s.dma(IOVA, 9)).toEqual([]);
    expect(s.result).toBe(NEW);
  });
});

describe('class 16: CMD_CFGI_STE for another StreamID', () => {
  const change = (sid: number): Scenario => {
    const { s } = used();
    s.ste({ Config: 4 });
    s.run(['CMD_CFGI_STE', { StreamID: sid, Leaf: 1 }], SYNC);
    return s;
  };

  test('the old STE is used', () => {
    const s = change(0x108);
    expect(told(s.dma())).toEqual(['certain unsafe: STE 0x8']);
  });

  test('for the stream itself the new one is', () => {
    const s = change(SID);
    expect(s.dma()).toEqual([]);
    expect(s.result).toBe(`0x${IOVA.toString(16)}`);
  });
});

describe('what is allowed is no stop', () => {
  test.each([
    ['the access flag is cleared', LEAF_OF(PA) & ~LEAF.AF],
    ['a bit that software owns is set', LEAF_OF(PA) | (1n << 55n)],
  ])('%s', (_, value) => {
    const { s, leaf } = used();
    s.poke(leaf, value);
    const uses = s.dma();
    expect(uses.map((use) => use.class)).toEqual(['allowed']);
  });

  test.each([
    [0, 'unsafe'],
    [1, 'allowed'],
    [2, 'allowed'],
  ])('the contiguous bit alone, with BBML %i: %s', (bbml, cls) => {
    const { s, leaf } = used({ 'IDR3.BBML': bbml });
    s.poke(leaf, LEAF_OF(PA) | LEAF.CONTIGUOUS);
    expect(s.dma().map((use) => use.class)).toEqual([cls]);
  });

  test.each([
    [0, 0n, 'unsafe'],
    [1, 0n, 'unsafe'],
    [1, 1n << 16n, 'allowed'],
    [2, 0n, 'allowed'],
  ])('a block split to equal outputs, with BBML %i and nT bit %i: %s', (bbml, nT, cls) => {
    const BLOCK = 0x1_2340_0000;
    const s = new Scenario({ registers: { 'IDR3.BBML': bbml } });
    s.m.ste();
    s.m.cd();
    const path = s.map({ iova: BigInt(BLOCK), level: 2n, attributes: USER_PAGE | nT });
    s.dma(BLOCK);
    const table = s.m.table();
    for (let i = 0; i < 512; i++) s.m.descriptor(table + i * 8, LEAF_OF(PA + BigInt(i) * 0x1000n));
    s.poke(path.get(2n) as number, BigInt(table) | 3n);
    expect(s.dma(BLOCK).map((use) => use.class)).toEqual([cls]);
  });

  test('more than the tables permit is unsafe, less is a spurious fault where it denies', () => {
    const { s, leaf } = used();
    s.poke(leaf, LEAF_OF(PA) | LEAF.READ_ONLY);
    expect(s.dma(IOVA, SID, { write: true }).map((use) => use.class)).toEqual(['unsafe']);

    const t = new Scenario();
    t.m.ste();
    t.m.cd();
    // What EL0 may write, EL1 may not execute: PXN keeps that apart from the write.
    const at = t.map({ attributes: USER_PAGE | LEAF.READ_ONLY | LEAF.PXN }).get(3n) as number;
    t.dma();
    t.poke(at, LEAF_OF(PA) | LEAF.PXN);
    expect(t.dma(IOVA, SID, { write: true }).map((use) => use.class)).toEqual(['spurious-fault']);
    expect(t.result).toBe('F_PERMISSION');
  });
});

test('a table that moved, with Leaf=1: the cached table descriptor is old', () => {
  const { s, table } = used();
  const next = s.m.table();
  s.m.descriptor(next + ((IOVA >> 12) & 511) * 8, LEAF_OF(OTHER));
  s.poke(table, BigInt(next) | 3n);
  s.run(['CMD_TLBI_NH_VA', VA], SYNC);
  expect(told(s.dma())[0]).toMatch(/^certain unsafe: stage 1 level 2 table descriptor/);
});

test('under the policy combined certain stale uses are found as well', () => {
  const s = new Scenario({ caches: 'combined' });
  s.m.ste();
  s.m.cd();
  const leaf = s.map().get(3n) as number;
  s.dma();
  s.poke(leaf, 0n);
  expect(told(s.dma())).toEqual([
    'certain unsafe: TLB entry 0x123456000 + 0x1000 bytes -> 0x48000000 (ASID=1, VMID=0)',
  ]);
  s.poke(leaf, LEAF_OF(PA));
  s.ste({ Config: 0 });
  expect(told(s.dma())[0]).toBe('certain unsafe: STE 0x8');
});
