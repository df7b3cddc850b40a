import { describe, expect, test } from 'vitest';
import { StaleChecker } from '../../../src/control/stale/checker.ts';
import { Breakpoints } from '../../../src/control/stops/breakpoints.ts';
import { FILTERS } from '../../../src/control/stops/index.ts';
import type { Hit } from '../../../src/control/stops/stop.ts';
import type { Plan } from '../../../src/model/plan.ts';
import { CD as CD_LAYOUT } from '../../../src/spec/cd.ts';
import { CDTAB, SID, TTB1, transaction } from '../../kit/smmu.ts';
import { identity, mapStage2, NESTED_STE, S2_PAGE, S2_STE } from '../../kit/stage2.ts';
import { USER_PAGE } from '../../kit/tables.ts';
import { IOVA, OTHER, PA, Scenario, SYNC } from './scenario.ts';

const VA = { ASID: 1, Address: IOVA, Leaf: 1 };

function used(): { s: Scenario; leaf: number } {
  const s = new Scenario();
  s.m.ste();
  s.m.cd();
  const leaf = s.map().get(3n) as number;
  s.dma();
  return { s, leaf };
}

/** What is said of the only stale use of the last transaction. */
function text(s: Scenario): string[] {
  expect(s.explained).toHaveLength(1);
  return (s.explained[0]?.text ?? '').split('\n');
}

/** Where the filter `stale-use` stops, at or after a step, by what the checker finds. */
function staleStop(s: Scenario, plan: Plan, from: number): Hit | null {
  const breakpoints = new Breakpoints();
  breakpoints.attach(s.m.smmu);
  breakpoints.setFilters([{ id: 'stale-use' }]);
  return breakpoints.find(s.m.smmu, plan, from, findings(s, plan));
}

function findings(s: Scenario, plan: Plan): ReturnType<StaleChecker['judge']> {
  return new StaleChecker(s.origins).judge(s.m.smmu, plan);
}

/** After what the explanation asks for, the same transaction uses nothing old. */
function expectCured(s: Scenario, ...again: Parameters<Scenario['dma']>): void {
  s.cure();
  expect(s.dma(...again)).toEqual([]);
}

describe('a stop says which entry, which write, which commands and which would have', () => {
  test('class 1: no command at all', () => {
    const { s } = used();
    s.ste({ Config: 0 });
    s.dma();
    expect(text(s)).toEqual([
      'stale use (unsafe): STE 0x8',
      '  Config 0x5, in memory 0x0',
      '  made by dma sid=8',
      '  made old by write STE: at 0x40000200 0x4040000b became 0x40400001',
      '  no invalidation was consumed since',
      '  what removes it: CMD_CFGI_STE StreamID=0x8 Leaf=1; CMD_SYNC',
    ]);
    expectCured(s);
  });

  test('class 2: a command for another stream that shares the CD', () => {
    const { s } = used();
    s.m.ste({}, 9);
    s.dma(IOVA, 9);
    s.cd({ V: 0 });
    s.run(['CMD_CFGI_CD', { StreamID: SID, Leaf: 1 }], SYNC);
    s.dma(IOVA, 9);
    const lines = text(s);
    expect(lines).toContain(
      '  CMD_CFGI_CD StreamID=0x8 Leaf=1: does not cover it: StreamID 8 is not this stream',
    );
    expect(lines.at(-1)).toBe('  what removes it: CMD_CFGI_CD StreamID=0x9 SubstreamID=0x0 Leaf=1; CMD_SYNC');
    expectCured(s, IOVA, 9);
  });

  test('class 3: TTB0 changed: the CD is the cause, and all of the ASID must go', () => {
    const { s } = used();
    s.map({ ttb: TTB1, pa: OTHER });
    s.cd({ TTB0: TTB1 });
    s.run(['CMD_CFGI_CD', { StreamID: SID, Leaf: 1 }], SYNC);
    s.dma();
    const lines = text(s);
    expect(lines[3]).toBe('  made old by write CD: at 0x40400008 0x41000000 became 0x41100000');
    expect(lines[4]).toBe(
      '  CMD_CFGI_CD StreamID=0x8 Leaf=1: does not cover it: it acts on configuration, not on translations',
    );
    expect(lines.at(-1)).toBe('  what removes it: CMD_TLBI_NH_ASID ASID=0x1 VMID=0x0; CMD_SYNC');
    expectCured(s);
  });

  test('class 4: a TLBI before the CFGI covers, but too early', () => {
    const { s } = used();
    s.map({ ttb: TTB1, pa: OTHER });
    s.cd({ TTB0: TTB1 });
    s.run(['CMD_TLBI_NH_ASID', { ASID: 1 }], SYNC, ['CMD_CFGI_CD', { StreamID: SID, Leaf: 1 }], SYNC);
    s.dma();
    const [first] = s.explained;
    expect(first?.missed[0]).toEqual({
      command: 'CMD_TLBI_NH_ASID VMID=0x0 ASID=0x1',
      why: 'covers it, but the old configuration could still be used after it: its invalidation was not complete yet',
    });
    expectCured(s);
  });

  test('class 5: the command is there, its CMD_SYNC is not', () => {
    const { s, leaf } = used();
    s.poke(leaf, 0n);
    s.run(['CMD_TLBI_NH_VA', VA]);
    s.dma();
    expect(text(s)).toEqual([
      'possible stale use (unsafe): TLB entry 0x123456000 + 0x1000 bytes -> 0x48000000 (ASID=1, VMID=0)',
      expect.stringContaining('read anew: level 3 descriptor 0x0'),
      '  made by dma sid=8',
      expect.stringContaining('0x48000c43 became 0x0'),
      '  CMD_TLBI_NH_VA Leaf=1 VMID=0x0 ASID=0x1 Address=0x123456000: covers it, but is not complete: no CMD_SYNC of its queue has been consumed since',
      '  what removes it: CMD_TLBI_NH_VA ASID=0x1 VMID=0x0 Address=0x123456000 Leaf=1; CMD_SYNC',
    ]);
    expectCured(s);
  });

  test('class 8: Leaf=1 leaves the L1STD', () => {
    const s = new Scenario({
      registers: { 'STRTAB_BASE_CFG.FMT': 1, 'STRTAB_BASE_CFG.SPLIT': 6, 'STRTAB_BASE_CFG.LOG2SIZE': 10 },
    });
    s.dma(IOVA, 70);
    s.poke(0x40000008, 0x43000007n);
    s.run(['CMD_CFGI_STE', { StreamID: 70, Leaf: 1 }], SYNC);
    s.dma(IOVA, 70);
    const lines = text(s);
    expect(lines).toContain(
      '  CMD_CFGI_STE StreamID=0x46 Leaf=1: does not cover it: Leaf=1 leaves a cached L1STD alone',
    );
    expect(lines.at(-1)).toBe('  what removes it: CMD_CFGI_STE StreamID=0x46 Leaf=0; CMD_SYNC');
    expectCured(s, IOVA, 70);
  });

  test('class 11: the range and how it is calculated', () => {
    const { s } = used();
    const leaf = s.map({ iova: BigInt(IOVA + 0x3000) }).get(3n) as number;
    s.dma(IOVA + 0x3000);
    s.poke(leaf, 0n);
    s.run(['CMD_TLBI_NH_VA', { ...VA, TG: 1, TTL: 3, NUM: 2 }], SYNC);
    s.dma(IOVA + 0x3000);
    expect(s.explained[0]?.missed[0]?.why).toBe(
      'does not cover it: its addresses lie elsewhere (it names 0x123456000 + 0x3000 bytes: (NUM+1) * 2^SCALE = 3 granules of 4 KiB)',
    );
    expectCured(s, IOVA + 0x3000);
  });

  test('class 12: TTL and TG', () => {
    const BLOCK = 0x1_2340_0000;
    const s = new Scenario();
    s.m.ste();
    s.m.cd();
    const path = s.map({ iova: BigInt(BLOCK), level: 2n });
    s.dma(BLOCK);
    s.poke(path.get(2n) as number, 0n);
    s.run(['CMD_TLBI_NH_VA', { ...VA, Address: BLOCK, TG: 1, TTL: 3 }], SYNC);
    s.run(['CMD_TLBI_NH_VA', { ...VA, Address: BLOCK, TG: 3, NUM: 31 }], SYNC);
    s.dma(BLOCK);
    const whys = s.explained[0]?.missed.map(({ why }) => why);
    expect(whys?.[0]).toContain('TTL=3, the leaf is of level 2');
    expect(whys?.[1]).toContain('TG names the 64 KiB granule, the entry has 4 KiB');
    expectCured(s, BLOCK);
  });

  test('class 13: S2_IPA leaves what goes through both stages', () => {
    const s = new Scenario();
    s.m.ste({ ...NESTED_STE });
    s.m.cd();
    identity(s.m);
    const ipa = 0x8000_0000n;
    const path = mapStage2(s.m, { ipa, pa: PA });
    s.map({ pa: ipa });
    s.dma();
    s.poke(path.get(3n) as number, OTHER | S2_PAGE | 3n);
    s.run(['CMD_TLBI_S2_IPA', { VMID: 3, Address: Number(ipa), Leaf: 1 }], SYNC);
    s.dma();
    expect(s.explained[0]?.missed[0]?.why).toBe(
      'does not cover it: it leaves stage 1 alone: a translation through both stages goes with stage 1 (4.4.3)',
    );
    expect(text(s).at(-1)).toBe(
      '  what removes it: CMD_TLBI_S2_IPA VMID=0x3 Address=0x80000000 Leaf=1; CMD_SYNC; CMD_TLBI_NH_ALL VMID=0x3; CMD_SYNC',
    );
    expectCured(s);
  });

  test('class 14: the ASID of a CD that is gone', () => {
    const [CD1, CD2] = [CDTAB + 64, CDTAB + 128];
    const s = new Scenario();
    s.m.ste({ S1CDMax: 2 });
    s.m.cd({ ASID: 7 }, CD1);
    s.m.put(CD_LAYOUT, CD2, {});
    s.map();
    s.map({ ttb: TTB1, pa: OTHER });
    s.dma(IOVA, SID, { ssid: 1 });
    s.cd({ V: 0 }, CD1);
    s.run(['CMD_CFGI_CD', { StreamID: SID, SubstreamID: 1, Leaf: 1 }], SYNC);
    s.cd({ ASID: 7, TTB0: TTB1 }, CD2);
    s.run(['CMD_CFGI_CD', { StreamID: SID, SubstreamID: 2, Leaf: 1 }], SYNC);
    s.dma(IOVA, SID, { ssid: 2 });
    const lines = text(s);
    expect(lines[3]).toMatch(/^ {2}made old by write CD: at 0x40400040/);
    expect(lines.at(-1)).toBe('  what removes it: CMD_TLBI_NH_ASID ASID=0x7 VMID=0x0; CMD_SYNC');
    expectCured(s, IOVA, SID, { ssid: 2 });
  });

  test('class 15: a clash names both', () => {
    const S2TTB = 0x4d000000;
    const s = new Scenario();
    s.m.ste({ ...S2_STE });
    s.m.ste({ ...S2_STE, S2TTB }, 9);
    mapStage2(s.m, { ipa: BigInt(IOVA), pa: PA });
    mapStage2(s.m, { ipa: BigInt(IOVA), pa: OTHER, ttb: S2TTB });
    s.dma();
    s.dma(IOVA, 9);
    const lines = s.explained[0]?.text.split('\n') ?? [];
    expect(lines).toContain(
      '  address-space clash: filled by StreamID 0x8, STE at 0x40000200, used by StreamID 0x9, STE at 0x40000240',
    );
    expect(s.explained[0]?.cure).toEqual([]);
  });
});

describe('the stop', () => {
  test('is asked for: it is off by default', () => {
    expect(FILTERS.find(({ id }) => id === 'stale-use')).toMatchObject({ byDefault: false });
  });

  test('is the first use from a step on that is not allowed', () => {
    const { s, leaf } = used();
    s.poke(leaf, 0n);
    const plan = s.m.smmu.plan({ kind: 'transaction', transaction: transaction(SID, IOVA) });
    const stop = staleStop(s, plan, 0);
    expect(plan.steps[stop?.step ?? -1]?.kind).toBe('cache-hit');
    expect(findings(s, plan)[0]?.class).toBe('unsafe');
    expect(staleStop(s, plan, (stop?.step ?? 0) + 1)).toBeNull();
  });

  test('is none where only the access flag is gone', () => {
    const { s, leaf } = used();
    s.poke(leaf, (PA | USER_PAGE | 3n) & ~(1n << 10n));
    const plan = s.m.smmu.plan({ kind: 'transaction', transaction: transaction(SID, IOVA) });
    expect(staleStop(s, plan, 0)).toBeNull();
  });

  test('judging changes nothing', () => {
    const { s, leaf } = used();
    s.poke(leaf, 0n);
    const before = s.m.smmu.versions.size;
    const size = s.m.smmu.tlb.size;
    s.dma();
    s.dma();
    expect([s.m.smmu.versions.size, s.m.smmu.tlb.size]).toEqual([before, size]);
  });
});
