import { describe, expect, test } from 'vitest';
import { CDTAB, TestSmmu } from '../../kit/smmu.ts';
import { SPACE_BITS } from '../../kit/spaces.ts';
import { identity, mapStage2, NONSECURE_S2TTB, S2_PAGE, S2_STE, SECURE_S2_STE } from '../../kit/stage2.ts';
import { LEAF, map, USER_PAGE } from '../../kit/tables.ts';
import { endOf, spacesOf } from './statement-case.ts';
import { copyTables, IOVA, PA, secureNested, stage1, through } from './translation-cases.ts';

const NSIPA = 1 << 6;

describe('both stages of a Secure stream', () => {
  test.each([
    [0n, {}, 's'],
    [SPACE_BITS.NS, {}, 's'],
    [SPACE_BITS.NS, { S2NSA: 1 }, 'ns'],
    [0n, { S2NSA: 1 }, 's'],
  ] as const)('NS=%s with %o leads to %s', (bits, ste, space) => {
    for (const caches of ['combined', 'maximal', 'none'] as const) {
      const m = new TestSmmu({ worlds: 'secure', caches }).in('s');
      secureNested(m, ste, bits);
      for (let i = 0; i < 2; i++) expect(endOf(through(m))).toBe(`ok ${space}:0x48000000`);
    }
  });

  test.each([false, true])('a fault of stage 2 says of which space the IPA is (NSIPA=%s)', (ns) => {
    const m = new TestSmmu({ worlds: 'secure' }).in('s');
    m.ste(SECURE_S2_STE);
    identity(m, ns ? {} : { ttb: NONSECURE_S2TTB });
    const { outcome } = m.dma(PA, { ns });
    expect(outcome.fault).toMatchObject({ event: 'F_TRANSLATION', stage: 2, ipa: PA });
    expect((m.drain()[0]?.[3] ?? 0) & NSIPA).toBe(ns ? NSIPA : 0);
  });

  test('a refused write says it too when the TLB answers', () => {
    const m = new TestSmmu({ worlds: 'secure' }).in('s');
    m.ste(SECURE_S2_STE);
    const attributes = S2_PAGE & ~(1n << 7n);
    mapStage2(m, { ipa: BigInt(IOVA), pa: BigInt(PA), ttb: NONSECURE_S2TTB, attributes });
    for (let i = 0; i < 2; i++) {
      expect(endOf(through(m, { ns: true }))).toBe('ok s:0x48000000');
      const { outcome } = through(m, { ns: true, write: true });
      expect(outcome.fault).toMatchObject({ event: 'F_PERMISSION', stage: 2, ipaNs: true });
    }
  });
});

describe('stage 1 of a Secure stream', () => {
  test.each(['combined', 'maximal'] as const)('%s: NSTable stays, also from a cached table', (caches) => {
    const all = new TestSmmu({ worlds: 'secure', caches });
    const m = all.in('s');
    stage1(m, 0n, {}, {}, SPACE_BITS.NS_TABLE);
    map(m, { iova: BigInt(IOVA + 0x1000), pa: BigInt(PA + 0x1000), tables: SPACE_BITS.NS_TABLE });
    copyTables(all, 's', 'ns');
    expect(spacesOf(through(m), 'descriptor')).toEqual(['s', 'ns', 'ns', 'ns']);
    const next = m.dma(IOVA + 0x1000);
    expect([endOf(next), spacesOf(next, 'descriptor').at(-1)]).toEqual(['ok ns:0x48001000', 'ns']);
  });

  test.each([
    [0, true],
    [1, false],
  ])('what is read from Non-secure tables is never global (NSCFG0=%s)', (nsCfg, global) => {
    const all = new TestSmmu({ worlds: 'secure' });
    const m = all.in('s');
    m.ste();
    m.cd({ NSCFG0: nsCfg });
    map(m, { iova: BigInt(IOVA), pa: BigInt(PA), attributes: USER_PAGE & ~LEAF.nG });
    copyTables(all, 's', 'ns');
    through(m);
    expect(m.smmu.tlb.entries().map((entry) => entry.global)).toEqual([global]);
  });

  test('the access flag is set where the descriptor lies', () => {
    const all = new TestSmmu({ worlds: 'secure', registers: { 'IDR0.HTTU': 1 } });
    const m = all.in('s');
    m.ste();
    m.cd({ NSCFG0: 1, HA: 1 });
    const attributes = USER_PAGE & ~LEAF.AF;
    const path = map(m, { iova: BigInt(IOVA), pa: BigInt(PA), attributes });
    copyTables(all, 's', 'ns');
    const { effects } = through(m);
    const at = path.get(3n);
    expect(effects.filter(({ kind }) => kind === 'memory')).toMatchObject([{ space: 'ns', pa: at }]);
  });
});

describe('AMEC=1 of a Realm leaf with R_IDR3.MEC', () => {
  test.each([
    [1, 0n, 'F_TRANSLATION 2'],
    [1, SPACE_BITS.S2_NS, 'ok ns:0x48000000'],
    [0, 0n, 'ok realm:0x48000000'],
  ] as const)('MEC=%s NS=%s: stage 2', (mec, ns, end) => {
    const m = new TestSmmu({ worlds: 'rme', registers: { 'R_IDR3.MEC': mec } }).in('realm');
    m.ste(S2_STE);
    const attributes = S2_PAGE | SPACE_BITS.AMEC | ns;
    mapStage2(m, { ipa: BigInt(IOVA), pa: BigInt(PA), attributes });
    expect(endOf(through(m))).toBe(end);
  });

  test.each([
    [2, 'F_TRANSLATION 1'],
    [0, 'ok realm:0x48000000'],
  ])('stage 1 with STRW=%s', (strw, end) => {
    const m = new TestSmmu({ worlds: 'rme', registers: { 'R_IDR3.MEC': 1 } }).in('realm');
    stage1(m, SPACE_BITS.AMEC, { STRW: strw });
    expect(endOf(through(m))).toBe(end);
  });
});

test.each(['s', 'realm'] as const)(
  'an overwritten value is remembered in the space %s that it lay in',
  (space) => {
    const all = new TestSmmu({ worlds: 'rme', caches: 'maximal' });
    const words = Uint32Array.of(1, 2);
    all.smmu.commit(all.smmu.plan({ kind: 'memory', space, pa: PA, words }).effects);
    expect(all.smmu.versions.of(PA, space).map(({ of }) => of.space)).toEqual([space]);
    expect(all.smmu.versions.of(PA)).toEqual([]);
  },
);

describe('INSTCFG of a Realm stream with full ATS', () => {
  test.each([
    [3, 5, 'F_TRANSL_FORBIDDEN'],
    [3, -1, 'ok ns:0x12345000'],
    [0, 5, 'ok ns:0x12345000'],
  ])('INSTCFG=%s, PASID %s: a Translated read of Non-secure memory ends as %s', (INSTCFG, ssid, end) => {
    const m = new TestSmmu({ worlds: 'rme', registers: { 'IDR3.PASIDTT': 1 } }).in('realm');
    stage1(m, 0n, { EATS: 1, S1CDMax: 4, S1DSS: 2, INSTCFG });
    m.cd({}, CDTAB + 5 * 64);
    expect(endOf(through(m, { kind: 'translated', ns: true, ssid }))).toBe(end);
  });
});

test('a Realm stream never stalls, whatever ID registers, CD and STE say', () => {
  for (const model of [0, 1, 2]) {
    for (const ids of [{ 'IDR0.STALL_MODEL': model }, { 'R_IDR0.STALL_MODEL': model }]) {
      const m = new TestSmmu({ worlds: 'rme', registers: ids });
      const realm = m.in('realm');
      // What S1STALLD forbids, what CD.S asks for, and what STE.S2S asks for.
      for (const [ste, cd, event] of [
        [{}, { S: 1 }, 'C_BAD_CD'],
        [{ S1STALLD: 1 }, { S: 1 }, 'C_BAD_STE'],
        [{ S1STALLD: 1 }, { S: 0 }, 'C_BAD_STE'],
        [{ ...S2_STE, S2S: 1 }, {}, 'C_BAD_STE'],
        [{}, { S: 0 }, 'F_TRANSLATION'],
        [{ ...S2_STE, S2S: 0 }, {}, 'F_TRANSLATION'],
      ] as const) {
        realm.ste(ste);
        realm.cd(cd);
        const cold = m.smmu.cold();
        const { outcome } = new TestSmmu({ smmu: cold, world: 'realm' }).dma(0x1000);
        expect([ste, cd, outcome.result, outcome.fault?.event]).toEqual([ste, cd, 'abort', event]);
        expect(cold.traffic.stalls.size).toBe(0);
      }
    }
  }
});

describe('the two stage-2 tables of a Secure stream', () => {
  /** Secure IPAs by 64 KiB granules and 42 bits, Non-secure ones by 4 KiB granules and 40 bits. */
  const MIXED = { ...SECURE_S2_STE, S_S2TG: 1, S_S2T0SZ: 22, S_S2SL0: 1 };
  const HIGH = 2 ** 41;

  function mixed(caches: 'combined' | 'maximal' | 'none'): TestSmmu {
    const m = new TestSmmu({ worlds: 'secure', caches }).in('s');
    m.ste(MIXED);
    mapStage2(m, { granule: 16n, t0sz: 22n, start: 2n, ipa: BigInt(HIGH), pa: BigInt(PA) });
    mapStage2(m, { ipa: BigInt(IOVA), pa: BigInt(PA + 0x10000), ttb: NONSECURE_S2TTB });
    return m;
  }

  test.each(['combined', 'maximal', 'none'] as const)(
    'have sizes and granules of their own (%s)',
    (caches) => {
      const m = mixed(caches);
      for (let i = 0; i < 2; i++) {
        expect(endOf(m.dma(HIGH + 0x8000))).toBe('ok s:0x48008000');
        expect(endOf(m.dma(IOVA, { ns: true }))).toBe('ok s:0x48010000');
      }
      expect(m.dma(HIGH, { ns: true }).outcome.fault).toMatchObject({ rule: 'S2-RANGE', ipaNs: true });
    },
  );

  test('are invalidated by the granule that each has', () => {
    const m = mixed('combined');
    m.dma(HIGH);
    m.dma(IOVA, { ns: true });
    const by = (TG: number): unknown => {
      m.run(['CMD_TLBI_S_S2_IPA', { VMID: 3, Address: HIGH, TG, TTL: 3 }], ['CMD_SYNC']);
      return m.smmu.tlb.entries().map(({ space }) => space.tag.ipaSpace);
    };
    expect([by(1), by(3)]).toEqual([['s', 'ns'], ['ns']]);
  });

  test.each([
    [0, 'ok s:0x48010000'],
    [1, 'C_BAD_STE'],
  ])('share S2DS, which counts while neither has 64 KiB (S_S2TG=%s)', (S_S2TG, end) => {
    const m = new TestSmmu({ worlds: 'secure', registers: { 'IDR5.DS': 1, 'IDR5.OAS': 6 } }).in('s');
    const size = S_S2TG === 0 ? { S_S2T0SZ: 24, S_S2SL0: 1 } : { S_S2T0SZ: 22, S_S2SL0: 1 };
    // Level -1, which only 52-bit addresses have: S2SL0_2 and S2SL0.
    m.ste({ ...SECURE_S2_STE, ...size, S_S2TG, S2DS: 1, S2PS: 6, S2T0SZ: 12, S2SL0_2: 1, S2SL0: 0 });
    const large = { wide: true, t0sz: 12n, start: -1n, ttb: NONSECURE_S2TTB } as const;
    mapStage2(m, { ...large, ipa: BigInt(IOVA), pa: BigInt(PA + 0x10000) });
    expect(endOf(m.dma(IOVA, { ns: true }))).toBe(end);
  });

  test('are judged each by its own fields', () => {
    const m = mixed('none');
    m.ste({ ...MIXED, S_S2T0SZ: 12 });
    expect(m.dma(HIGH).outcome.fault).toMatchObject({ event: 'C_BAD_STE', rule: 'STE-S-S2TTB' });
    m.ste({ ...MIXED, S2T0SZ: 12 });
    expect(m.dma(HIGH).outcome.fault).toMatchObject({ event: 'C_BAD_STE', rule: 'STE-S2T0SZ' });
  });
});
