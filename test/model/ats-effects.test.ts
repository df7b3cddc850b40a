import { describe, expect, test } from 'vitest';
import { NOWHERE, TestSmmu, type Values } from '../kit/smmu.ts';
import { identity, mapStage2, S2_LEAF, S2_PAGE, S2_STE, S2TTB } from '../kit/stage2.ts';
import { LEAF, map } from '../kit/tables.ts';

const request = (m: TestSmmu, address: number) => m.dma(address, { kind: 'request' });

describe('a request that stage 1 grants nothing', () => {
  const PRIVILEGED_ONLY = LEAF.AF | LEAF.nG;

  function nested(attributes: bigint, ste: Values = {}): TestSmmu {
    const m = new TestSmmu({ registers: { 'IDR0.HTTU': 2, 'IDR0.ATSRECERR': 1, 'CR2.REC_CFG_ATS': 1 } });
    m.ste({ ...S2_STE, Config: 7, EATS: 1, S2HA: 1, ...ste });
    m.cd();
    identity(m);
    map(m, { iova: 0x1000n, pa: 0x90000000n, attributes });
    return m;
  }

  test.each([
    ['privileged alone', PRIVILEGED_ONLY, {}],
    ['nothing without execution', PRIVILEGED_ONLY | LEAF.UXN, { INSTCFG: 3 }],
  ] as const)(
    '%s: stage 2 is not asked for its address, and no abort there is seen (3.9.1.2)',
    (_, bits, ste) => {
      const m = nested(bits, ste);
      // The stage-2 table of the output address lies where nothing answers.
      m.descriptor(S2TTB + 2 * 8, BigInt(NOWHERE) | 3n);
      const { outcome } = request(m, 0x1000);
      expect(outcome).toMatchObject({ result: 'ok', ats: { status: 'success', read: false, write: false } });
      expect(m.events()).toEqual([]);
    },
  );

  test('sets no access flag of stage 2', () => {
    const m = nested(PRIVILEGED_ONLY);
    const leaf = mapStage2(m, { ipa: 0x90000000n, pa: 0x10000000n, attributes: S2_PAGE & ~S2_LEAF.AF }).get(
      3n,
    );
    const before = m.words(leaf as number, 2);
    request(m, 0x1000);
    expect(m.words(leaf as number, 2)).toEqual(before);
    const user = nested(PRIVILEGED_ONLY | LEAF.USER);
    mapStage2(user, { ipa: 0x90000000n, pa: 0x10000000n, attributes: S2_PAGE & ~S2_LEAF.AF });
    expect(request(user, 0x1000).outcome.ats).toMatchObject({ read: true, address: 0x10000000 });
    expect(user.words(leaf as number, 1)[0]).toBe((before[0] as number) | Number(S2_LEAF.AF));
  });
});

test.each(['none', 'combined', 'maximal'] as const)(
  'a request gets what there is of what it asks for, also of what is cached (%s)',
  (caches) => {
    const m = new TestSmmu({ caches });
    m.ste({ ...S2_STE, EATS: 1 });
    mapStage2(m, { ipa: 0x1000n, pa: 0x10000000n, attributes: S2_PAGE & ~S2_LEAF.WRITE });
    for (let i = 0; i < 2; i++) {
      const { ats } = m.dma(0x1000, { kind: 'request', write: true }).outcome;
      expect(ats).toMatchObject({ status: 'success', address: 0x10000000, read: true, write: false });
    }
  },
);

describe('a Translated transaction', () => {
  test.each([
    ['full ATS', { EATS: 1 }],
    ['split-stage ATS', { ...S2_STE, Config: 7, EATS: 2 }],
  ] as const)('%s: MTCFG and SHCFG do not override its attributes (13.1.4)', (_, ste) => {
    const overrides = { MTCFG: 1, MemAttr: 0, SHCFG: 2 };
    const of = (more: Values): number => {
      const m = new TestSmmu({ registers: { 'CR0.ATSCHK': 1, 'IDR1.ATTR_TYPES_OVR': 1 } });
      m.ste({ ...ste, ...more });
      mapStage2(m, { ipa: 0x4000n, pa: 0x10000000n });
      return m.dma(0x4000, { kind: 'translated', attributes: 0x3ff }).outcome.attributes;
    };
    expect(of({})).toBe(0x3ff);
    expect(of(overrides)).toBe(0x3ff);
  });
});
