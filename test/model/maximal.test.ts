import { describe, expect, test } from 'vitest';
import { pageOf } from '../../src/model/caches/page-map.ts';
import { paOf } from '../../src/model/caches/tlb.ts';
import { Journal } from '../../src/model/effects.ts';
import type { CommandName } from '../../src/spec/commands.ts';
import { cacheContents } from '../kit/machine.ts';
import { CDTAB, commandWords, SID, STRTAB, TestSmmu, type Values } from '../kit/smmu.ts';
import { LEAF, map, type Path, USER_PAGE } from '../kit/tables.ts';

/** Policy `maximal`: everything that the architecture lets hardware keep, each by itself. */

const IOVA = 0x1_2345_6000;
const PA = 0x10000000n;
const OTHER = 0x20000000n;
/** The first address of the block around {@link IOVA}, as a level hint 2 asks. */
const ALIGNED = 0x1_2340_0000;
const S2TTB = 0x42000000;
const S2_PAGE = (1n << 6n) | (1n << 7n) | (1n << 10n) | (0xfn << 2n);
const NESTED: Values = {
  Config: 7,
  S2T0SZ: 16,
  S2SL0: 2,
  S2AA64: 1,
  S2TTB,
  S2PS: 5,
  S2VMID: 5,
  S2R: 1,
};

interface Machine {
  readonly m: TestSmmu;
  readonly path: Path;
  /** Where the stage-2 leaf of a page lies. */
  readonly leaf2: (pa: number | bigint) => number;
}

function machine(ste: Values = {}, cd: Values = {}, attributes = USER_PAGE): Machine {
  const m = new TestSmmu({ caches: 'maximal' });
  m.ste({ S2VMID: 5, ...ste });
  m.cd(cd);
  const path = map(m, { iova: BigInt(IOVA), pa: PA, attributes });
  const leaves = new Map<bigint, number>();
  if (ste['Config'] === 7) {
    for (const pa of [CDTAB, ...path.values(), Number(PA), Number(OTHER)]) {
      const page = BigInt(pa) & ~0xfffn;
      if (leaves.has(page)) continue;
      const of = map(m, { iova: page, pa: page, ttb: S2TTB, attributes: S2_PAGE });
      leaves.set(page, of.get(3n) as number);
    }
  }
  return { m, path, leaf2: (pa) => leaves.get(BigInt(pa) & ~0xfffn) as number };
}

const pa = (m: TestSmmu, sid = SID): string => {
  const { outcome } = m.dma(IOVA, {}, sid);
  return outcome.result === 'ok' ? `0x${outcome.pa.toString(16)}` : (outcome.fault?.event ?? outcome.result);
};

/** Software's write of a doubleword, through the SMMU so that it is remembered. */
function poke(m: TestSmmu, at: number, value: bigint): void {
  const words = Uint32Array.of(Number(value & 0xffffffffn), Number(value >> 32n));
  m.smmu.commit(m.smmu.plan({ kind: 'memory', space: 'ns', pa: at, words }).effects);
}

const SYNC: readonly [CommandName] = ['CMD_SYNC'];
const NH_VA = (more: Values = {}): readonly [CommandName, Values] => [
  'CMD_TLBI_NH_VA',
  { VMID: 5, ASID: 1, Address: IOVA, Leaf: 1, ...more },
];

describe('each structure is kept by itself, in any state', () => {
  test('a CD with V=0 and an STE with V=0 are kept: making them valid needs a CFGI', () => {
    const { m } = machine({ V: 0 });
    expect(pa(m)).toBe('C_BAD_STE');
    m.ste({ S2VMID: 5 });
    expect(pa(m)).toBe('C_BAD_STE');
    m.run(['CMD_CFGI_STE', { StreamID: SID, Leaf: 1 }], SYNC);
    expect(pa(m)).toBe('0x10000000');

    const other = machine({}, { V: 0 }).m;
    expect(pa(other)).toBe('C_BAD_CD');
    other.cd();
    other.run(['CMD_CFGI_CD', { StreamID: SID, SubstreamID: 1, Leaf: 1 }], SYNC);
    expect(pa(other)).toBe('C_BAD_CD');
    other.run(['CMD_CFGI_CD', { StreamID: SID, SubstreamID: 0, Leaf: 1 }], SYNC);
    expect(pa(other)).toBe('0x10000000');
  });

  test('CFGI_STE takes the CDs of the stream along, CFGI_CD leaves the STE', () => {
    const { m } = machine();
    pa(m);
    expect(m.smmu.structures.size).toBe(2);
    m.run(['CMD_CFGI_CD', { StreamID: SID, Leaf: 1 }], SYNC);
    expect(m.smmu.structures.entries().map((e) => e.structure)).toEqual(['STE']);
    pa(m);
    m.run(['CMD_CFGI_STE', { StreamID: SID, Leaf: 1 }], SYNC);
    expect(m.smmu.structures.size).toBe(0);
  });

  test('streams that share a CD table have a copy each: a CFGI_CD for one leaves the other stale', () => {
    const { m } = machine();
    m.ste({ S2VMID: 5 }, 9);
    expect([pa(m), pa(m, 9)]).toEqual(['0x10000000', '0x10000000']);
    m.cd({ V: 0 });
    m.run(['CMD_CFGI_CD', { StreamID: SID, Leaf: 1 }], SYNC);
    expect([pa(m), pa(m, 9)]).toEqual(['C_BAD_CD', '0x10000000']);
  });

  test('an L1STD is kept for all its StreamIDs, and goes only without Leaf', () => {
    const m = new TestSmmu({
      caches: 'maximal',
      registers: { 'STRTAB_BASE_CFG.FMT': 1, 'STRTAB_BASE_CFG.SPLIT': 6, 'STRTAB_BASE_CFG.LOG2SIZE': 10 },
    });
    const refused = (sid: number): string => m.dma(IOVA, {}, sid).outcome.fault?.event ?? 'none';
    expect(refused(70)).toBe('C_BAD_STREAMID');
    m.l1std(STRTAB + 8, { Span: 7, L2Ptr: 0x43000000 });
    expect(refused(71)).toBe('C_BAD_STREAMID');
    m.run(['CMD_CFGI_STE', { StreamID: 71, Leaf: 1 }], SYNC);
    expect(refused(71)).toBe('C_BAD_STREAMID');
    m.run(['CMD_CFGI_STE', { StreamID: 71, Leaf: 0 }], SYNC);
    expect(refused(71)).toBe('C_BAD_STE');
  });

  test('a structure whose fetch aborts is not kept', () => {
    const { m } = machine({ S1ContextPtr: 0x80000000 });
    expect(pa(m)).toBe('F_CD_FETCH');
    expect(m.smmu.structures.entries().map((e) => e.structure)).toEqual(['STE']);
  });
});

describe('translations', () => {
  test('an invalidation only marks an entry: it may be hit until the CMD_SYNC of its queue', () => {
    const { m, path } = machine();
    pa(m);
    poke(m, path.get(3n) as number, OTHER | USER_PAGE | 3n);
    m.run(NH_VA());
    expect(m.smmu.tlb.entries().map((e) => e.leaving)).toEqual([true]);
    const plan = m.dma(IOVA);
    expect(plan.outcome.pa).toBe(Number(PA));
    expect(plan.steps.map((s) => s.text).join('\n')).toMatch(/on its way out/);
    m.run(SYNC);
    expect(pa(m)).toBe('0x20000000');
  });

  test('Leaf=1 leaves table descriptors: a table that moved stays in use until Leaf=0', () => {
    const { m, path } = machine();
    pa(m);
    expect(m.smmu.walks.size).toBe(3);
    // A new level-3 table with another page in it.
    const table = m.table();
    m.descriptor(table + ((IOVA >> 12) & 511) * 8, OTHER | USER_PAGE | 3n);
    poke(m, path.get(2n) as number, BigInt(table) | 3n);
    m.run(NH_VA(), SYNC);
    expect(pa(m)).toBe('0x10000000');
    m.run(NH_VA({ Leaf: 0 }), SYNC);
    expect(m.smmu.walks.size).toBe(0);
    expect(pa(m)).toBe('0x20000000');
  });

  test('a level hint takes only the leaf of that level, and tables above it', () => {
    const { m } = machine();
    pa(m);
    m.run(NH_VA({ TG: 1, TTL: 2, Address: ALIGNED, Leaf: 0 }), SYNC);
    expect(m.smmu.tlb.size).toBe(1);
    expect(m.smmu.walks.entries().map((e) => e.level)).toEqual([2]);
    m.run(NH_VA({ TG: 2, TTL: 3, Leaf: 0 }), SYNC);
    expect(m.smmu.tlb.size).toBe(1);
    m.run(NH_VA({ TG: 1, TTL: 3, Leaf: 0 }), SYNC);
    expect([m.smmu.tlb.size, m.smmu.walks.size]).toEqual([0, 0]);
  });

  test('global entries serve every ASID of the same ASET, and go with any NH_VA of their address', () => {
    const { m } = machine({}, {}, USER_PAGE & ~LEAF.nG);
    m.ste({ S2VMID: 5, S1ContextPtr: CDTAB + 64 }, 9);
    m.cd({ ASID: 2 }, CDTAB + 64);
    m.ste({ S2VMID: 5, S1ContextPtr: CDTAB + 128 }, 10);
    m.cd({ ASID: 2, ASET: 1 }, CDTAB + 128);
    m.dma(IOVA);
    expect(m.dma(IOVA, {}, 9).outcome.tlbHit).toBe(true);
    expect(m.dma(IOVA, {}, 10).outcome.tlbHit).toBe(false);
    m.run(['CMD_TLBI_NH_ASID', { VMID: 5, ASID: 1 }], SYNC);
    expect(m.dma(IOVA, {}, 9).outcome.tlbHit).toBe(true);
    m.run(NH_VA({ ASID: 7 }), SYNC);
    expect(m.dma(IOVA, {}, 9).outcome.tlbHit).toBe(false);
  });

  test('EPDx=1 stops walks, not hits', () => {
    const { m } = machine();
    pa(m);
    m.cd({ EPD0: 1 });
    m.run(['CMD_CFGI_CD', { StreamID: SID, Leaf: 1 }], SYNC);
    expect(pa(m)).toBe('0x10000000');
    m.run(NH_VA(), SYNC);
    expect(pa(m)).toBe('F_TRANSLATION');
  });
});

describe('nested: VA to IPA, IPA to PA and VA to PA are kept at once', () => {
  const S2_IPA = (address: number | bigint): readonly [CommandName, Values] => [
    'CMD_TLBI_S2_IPA',
    { VMID: 5, Address: Number(address), Leaf: 1 },
  ];

  test('S2_IPA alone leaves VA to PA; with NH_ALL after it nothing old is left', () => {
    const { m, leaf2 } = machine(NESTED);
    expect(pa(m)).toBe('0x10000000');
    poke(m, leaf2(PA), OTHER | S2_PAGE | 3n);
    m.run(S2_IPA(PA), SYNC);
    expect(pa(m)).toBe('0x10000000');
    m.run(['CMD_TLBI_NH_ALL', { VMID: 5 }], SYNC);
    expect(pa(m)).toBe('0x20000000');
  });

  test('NH_* leaves IPA to PA: without S2_IPA the old page stays', () => {
    const { m, leaf2 } = machine(NESTED);
    pa(m);
    poke(m, leaf2(PA), OTHER | S2_PAGE | 3n);
    m.run(['CMD_TLBI_NH_ALL', { VMID: 5 }], SYNC);
    expect(pa(m)).toBe('0x10000000');
    m.run(['CMD_TLBI_S12_VMALL', { VMID: 5 }], SYNC);
    expect([m.smmu.tlb.size, m.smmu.partial.size, m.smmu.walks.size]).toEqual([0, 0, 0]);
    expect(pa(m)).toBe('0x20000000');
  });

  test('the IPA to PA entry of a CD is one of them', () => {
    const { m, leaf2 } = machine(NESTED);
    pa(m);
    expect(m.smmu.tlb.entries().some((e) => e.space.tag.stage === 2 && paOf(e) === CDTAB)).toBe(true);
    // The CD moves: its old place is found until its IPA is invalidated, though the CD itself is.
    poke(m, leaf2(CDTAB), 0x44000000n | S2_PAGE | 3n);
    m.run(['CMD_CFGI_CD', { StreamID: SID, Leaf: 1 }], ['CMD_TLBI_NH_ALL', { VMID: 5 }], SYNC);
    expect(pa(m)).toBe('0x10000000');
    m.run(['CMD_CFGI_CD', { StreamID: SID, Leaf: 1 }], S2_IPA(CDTAB), SYNC);
    m.run(['CMD_TLBI_NH_ALL', { VMID: 5 }], SYNC);
    expect(pa(m)).toBe('C_BAD_CD');
  });

  test('NSNH_ALL takes everything of every VMID', () => {
    const { m } = machine(NESTED);
    pa(m);
    m.run(['CMD_TLBI_NSNH_ALL'], SYNC);
    expect([m.smmu.tlb.size, m.smmu.partial.size, m.smmu.walks.size]).toEqual([0, 0, 0]);
  });
});

describe('undo', () => {
  test('transactions, writes, invalidations and CMD_SYNC are taken back exactly', () => {
    const { m, path } = machine(NESTED);
    const journal = new Journal();
    const states = [cacheContents(m.smmu)];
    const marks = [0];
    const happen = (effects: Parameters<typeof m.smmu.commit>[0]): void => {
      m.smmu.commit(effects, journal);
      states.push(cacheContents(m.smmu));
      marks.push(journal.length);
    };
    const dma = (): void => {
      m.dma(IOVA, {}, SID, journal);
      states.push(cacheContents(m.smmu));
      marks.push(journal.length);
    };
    const command = (words: Uint32Array): void => {
      const prod = m.read('CMDQ_PROD');
      m.store(0x40800000 + (prod % 64) * 16, words);
      m.write('CMDQ_PROD', prod + 1);
      const next = m.smmu.nextCommand('ns');
      if ('operation' in next) happen(m.smmu.plan(next.operation).effects);
    };
    dma();
    happen(
      m.smmu.plan({ kind: 'memory', space: 'ns', pa: path.get(3n) as number, words: Uint32Array.of(0, 0) })
        .effects,
    );
    command(commandWords('CMD_TLBI_NH_VA', { VMID: 5, ASID: 1, Address: IOVA }));
    dma();
    command(commandWords('CMD_CFGI_STE', { StreamID: SID }));
    command(commandWords('CMD_SYNC'));
    dma();
    for (let i = states.length - 1; i >= 0; i--) {
      journal.undo(m.smmu, marks[i] as number);
      expect([i, cacheContents(m.smmu)]).toEqual([i, states[i]]);
    }
  });
});

describe('what hardware may still hold', () => {
  const location = (m: TestSmmu) => {
    const entry = m.smmu.tlb.entries().find((e) => e.space.tag.stage === 1);
    if (!entry) throw new Error('nothing is cached');
    const { tag } = entry.space;
    const { level, granuleBits, global } = entry;
    return {
      kind: 'descriptor',
      tag,
      global,
      table: false,
      level,
      granuleBits,
      page: pageOf(entry),
    } as const;
  };

  test('a value that was overwritten, until a covering invalidation is complete', () => {
    const { m, path } = machine();
    pa(m);
    const where = location(m);
    const at = path.get(3n) as number;
    const held = (): string[] => m.smmu.versions.heldBy(at, where).map((v) => v.lo.toString(16));
    expect(held()).toEqual([]);
    poke(m, at, OTHER | USER_PAGE | 3n);
    expect(held()).toEqual([(PA | USER_PAGE | 3n).toString(16)]);
    m.run(NH_VA({ ASID: 2 }), SYNC);
    expect(held()).toHaveLength(1);
    m.run(NH_VA());
    expect(held()).toHaveLength(1);
    m.run(SYNC);
    expect(held()).toEqual([]);
  });

  test('what was overwritten between the invalidation and its CMD_SYNC may be held on', () => {
    const { m, path } = machine();
    pa(m);
    const where = location(m);
    const at = path.get(3n) as number;
    m.run(NH_VA());
    poke(m, at, OTHER | USER_PAGE | 3n);
    m.run(SYNC);
    expect(m.smmu.versions.heldBy(at, where)).toHaveLength(1);
  });

  test('the invalidations since, each with why it does not cover, or that it is not complete', () => {
    const { m, path } = machine();
    pa(m);
    const where = location(m);
    poke(m, path.get(3n) as number, 0n);
    m.run(
      NH_VA({ ASID: 2 }),
      NH_VA({ Address: 0 }),
      NH_VA({ VMID: 6 }),
      NH_VA({ TG: 1, TTL: 2, Address: ALIGNED }),
      SYNC,
      NH_VA(),
    );
    const [version] = m.smmu.versions.heldBy(path.get(3n) as number, where);
    if (!version) throw new Error('nothing is held');
    const since = m.smmu.versions.since(version, where);
    expect(since.map(({ what, whyNot, complete }) => ({ what, whyNot, complete }))).toEqual([
      { what: 'TLBI_NH_VA', whyNot: 'ASID=2, the entry has 1', complete: true },
      { what: 'TLBI_NH_VA', whyNot: 'its addresses lie elsewhere', complete: true },
      { what: 'TLBI_NH_VA', whyNot: 'VMID=6, the entry has 5', complete: true },
      { what: 'TLBI_NH_VA', whyNot: 'TTL=2, the leaf is of level 3', complete: true },
      { what: 'TLBI_NH_VA', whyNot: null, complete: false },
    ]);
  });

  test('a structure: V=0 is a version too, and CFGI of another stream does not cover it', () => {
    const { m } = machine({ V: 0 });
    const where = { kind: 'structure', structure: 'STE', world: 'ns', sid: SID, index: 0, span: 1 } as const;
    const at = STRTAB + SID * 64;
    poke(m, at, BigInt(CDTAB) | 0xbn);
    const held = (): number => m.smmu.versions.heldBy(at, where).length;
    expect(held()).toBe(1);
    m.run(['CMD_CFGI_STE', { StreamID: 9, Leaf: 1 }], ['CMD_CFGI_CD', { StreamID: SID }], SYNC);
    expect(held()).toBe(1);
    m.run(['CMD_CFGI_STE', { StreamID: SID, Leaf: 1 }], SYNC);
    expect(held()).toBe(0);
  });

  test('is bounded: beyond 65,536 values the oldest are forgotten, and that is counted', () => {
    const { m } = machine();
    for (let i = 0; i < 65540; i++) poke(m, 0x44000000 + (i % 4096) * 8, BigInt(i + 1));
    expect(m.smmu.versions.forgotten).toBeGreaterThan(0);
  });
});

describe('STE.CONT', () => {
  /** Two streams that CONT joins; only the first has been looked up. */
  function joined(cont: number): TestSmmu {
    const { m } = machine({ CONT: cont });
    m.ste({ S2VMID: 5, CONT: cont }, SID ^ 1);
    m.dma(IOVA);
    return m;
  }

  test('lets a cached STE serve its neighbours, whatever stands in memory by now', () => {
    const m = joined(1);
    m.ste({ V: 0 }, SID ^ 1);
    expect(m.dma(IOVA, {}, SID ^ 1).outcome.result).toBe('ok');
    expect(joined(0).smmu.structures.neighbour('ns', SID ^ 1)).toBeUndefined();
  });

  test('does not widen invalidation: each STE of the span must be named', () => {
    const m = joined(1);
    m.ste({ V: 0 }, SID ^ 1);
    m.run(['CMD_CFGI_STE', { StreamID: SID ^ 1, Leaf: 1 }], ['CMD_SYNC']);
    expect(m.dma(IOVA, {}, SID ^ 1).outcome.result).toBe('ok');
    m.run(['CMD_CFGI_STE', { StreamID: SID, Leaf: 1 }], ['CMD_SYNC']);
    expect(m.dma(IOVA, {}, SID ^ 1).outcome.fault?.event).toBe('C_BAD_STE');
  });

  test('is served no more once undone', () => {
    const { m } = machine({ CONT: 1 });
    const before = cacheContents(m.smmu);
    const journal = new Journal();
    m.dma(IOVA, {}, SID, journal);
    journal.undo(m.smmu, 0);
    expect(cacheContents(m.smmu)).toEqual(before);
    expect(m.smmu.structures.neighbour('ns', SID ^ 1)).toBeUndefined();
  });
});
