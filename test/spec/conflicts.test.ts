import { describe, expect, test } from 'vitest';
import { CONSTRAINTS, conflicts } from '../../src/spec/feature-conflicts.ts';
import { type FeatureValues, featureOfTest, ids, withFeatures } from '../../src/spec/features.ts';
import { PRESETS, presetNamed } from '../../src/spec/presets.ts';
import { failing, satisfying } from '../model/features/off.ts';

const MAX = presetNamed('architecture-max')?.values ?? {};
const MIN = presetNamed('architecture-min')?.values ?? {};

/** What is illegal about an SMMU with that changed. */
function illegal(base: typeof MAX, values: FeatureValues): string[] {
  return conflicts(withFeatures(base, values))
    .filter(({ severity }) => severity === 'illegal')
    .map(({ text }) => text);
}

/** Combinations that IHI 0070 excludes, each by itself: what is changed of which end, and what is said of it. */
const EXCLUDED: readonly (readonly [base: typeof MAX, values: FeatureValues, text: RegExp])[] = [
  [
    MIN,
    { 'IDR0.S1P': 0 },
    /^IDR0.S1P=0, IDR0.S2P=0: An SMMU has stage 1, stage 2 or both \(IHI 0070 6\.3\.1\)$/,
  ],
  [MIN, { 'IDR0.TTF': 0 }, /TTF=0 is reserved/],
  [MIN, { 'IDR0.ST_LEVEL': 2 }, /ST_LEVEL above 1 is reserved/],
  [MIN, { 'IDR0.STALL_MODEL': 3 }, /STALL_MODEL=3 is reserved/],
  [MIN, { 'IDR0.TTENDIAN': 1 }, /TTENDIAN=1 is reserved/],
  [MIN, { 'IDR0.PRI': 1 }, /PRI serves devices that use ATS/],
  [MIN, { 'IDR0.VATOS': 1, 'IDR0.S2P': 1 }, /VATOS extends ATOS/],
  [MIN, { 'IDR0.VATOS': 1, 'IDR0.ATOS': 1 }, /VATOS needs both stages/],
  [MIN, { 'IDR0.Hyp': 1 }, /EL2 contexts need both stages/],
  [MIN, { 'IDR0.VMW': 1 }, /come with stage 2/],
  [MIN, { 'IDR0.NS1ATS': 1, 'IDR0.ATS': 1 }, /NS1ATS is RES0 without stage 2/],
  [MAX, { 'IDR0.TTF': 3 }, /Device Permission Table has VMSAv8-64 tables only/],
  [MAX, { 'IDR0.Hyp': 0 }, /From SMMUv3\.2, both stages come with EL2/],
  [MIN, { 'IDR1.SIDSIZE': 7 }, /stream tables may have two levels/],
  [MIN, { 'IDR1.SIDSIZE': 33, 'IDR0.ST_LEVEL': 1 }, /StreamIDs have at most 32 bits/],
  [MAX, { 'IDR1.SSIDSIZE': 21 }, /SubstreamIDs have at most 20 bits/],
  [MAX, { 'IDR1.CMDQS': 20 }, /command queue has at most 2\^19/],
  [MAX, { 'IDR1.EVENTQS': 31 }, /event queue has at most 2\^19/],
  [MAX, { 'IDR1.PRIQS': 20 }, /PRI queue has at most 2\^19/],
  [MAX, { 'IDR1.QUEUES_PRESET': 1 }, /Enhanced command queues cannot be preset/],
  [MAX, { 'IDR0.MSI': 0 }, /Enhanced command queues signal by MSI/],
  [MAX, { 'IDR0.COHACC': 0 }, /Enhanced command queues lie in coherent memory/],
  [MAX, { 'IDR1.ECMDQ': 0 }, /IDR6 is RES0 without ECMDQ/],
  [MIN, { 'IDR1.REL': 1 }, /REL is RES0/],
  [MIN, { 'IDR2.BA_VATOS': 1 }, /BA_VATOS is RES0/],
  [MAX, { 'IDR3.HAD': 0 }, /PBHA takes bits that HAD sets free/],
  [MAX, { 'IDR1.SSIDSIZE': 0 }, /PASIDTT is RES0 without SubstreamIDs/],
  [MAX, { 'IDR3.S2PI': 0 }, /Overlays act on indirect permissions/],
  [MAX, { 'IDR3.BBML': 3 }, /BBML=3 is reserved/],
  [MAX, { 'IDR3.BBML': 0 }, /BBML is 1 or 2/],
  [MAX, { 'IDR3.RIL': 0 }, /RIL is 1 from SMMUv3\.2/],
  [MAX, { 'IDR3.FWB': 0 }, /FWB is 1 from SMMUv3\.2/],
  [MAX, { 'IDR3.XNX': 0 }, /stage 2 comes with XNX/],
  [MAX, { 'IDR3.E0PD': 0 }, /E0PD is 1 from SMMUv3\.3/],
  [MAX, { 'IDR3.PTWNNC': 0 }, /stage 2 comes with PTWNNC/],
  [MAX, { 'IDR3.EPAN': 0 }, /EPAN is 1 from SMMUv3\.4/],
  [MAX, { 'IDR3.AIE': 0 }, /attribute index extension/],
  [MIN, { 'IDR5.GRAN4K': 0 }, /tables need a granule/],
  [MIN, { 'IDR0.TTF': 1, 'IDR5.GRAN4K': 0, 'IDR5.GRAN64K': 1 }, /LPAE tables have the 4KB granule/],
  [MAX, { 'IDR5.VAX': 3 }, /VAX=3 is reserved/],
  [MAX, { 'IDR5.VAX': 0 }, /DS comes with virtual addresses of 52 bits/],
  [MAX, { 'IDR5.D128': 0 }, /Only VMSAv9-128 translates virtual addresses of 56 bits/],
  [
    MIN,
    { 'IDR5.OAS': 6, 'AIDR.ArchMinorRev': 1, 'IDR3.HAD': 1 },
    /An output of 52 bits needs the 64KB granule/,
  ],
  [MIN, { 'IDR5.OAS': 6, 'IDR5.GRAN64K': 1 }, /52 bits is reserved in SMMUv3\.0/],
  [MIN, { 'IDR5.STALL_MAX': 1 }, /STALL_MAX is RES0/],
  [MIN, { 'MPAMIDR.PARTID_MAX': 1 }, /MPAMIDR is RES0 without MPAM/],
  [MIN, { 'AIDR.ArchMajorRev': 1 }, /SMMUv3 has ArchMajorRev=0/],
  [MIN, { 'AIDR.ArchMinorRev': 5 }, /Versions above SMMUv3\.4/],
  [MIN, { 'AIDR.ArchMinorRev': 1 }, /stage 1 comes with HAD/],
  [MIN, { 'IDR3.E0PD': 1 }, /A feature of SMMUv3\.3 is not permitted before SMMUv3\.2 \(IHI 0070 2\.9\)/],
  [MIN, { 'IDR3.XNX': 1 }, /XNX is RES0 in SMMUv3\.0/],
];

describe('ID registers that contradict each other', () => {
  test.each(EXCLUDED)('case %#: %o is named', (base, values, text) => {
    expect(illegal(base, values)).toContainEqual(expect.stringMatching(text));
  });

  test('features of the next version are permitted, those of the one after are not', () => {
    const v31 = withFeatures(MIN, { 'AIDR.ArchMinorRev': 1, 'IDR3.HAD': 1 });
    expect(illegal(v31, { 'IDR3.RIL': 1 })).toEqual([]);
    expect(illegal(v31, { 'IDR3.EPAN': 1 })).toEqual([
      'IDR3.EPAN=1, AIDR.ArchMinorRev=1: A feature of SMMUv3.4 is not permitted before SMMUv3.3 (IHI 0070 2.9)',
    ]);
  });

  test('combinations that serve nothing are odd, not illegal', () => {
    const odd = conflicts(withFeatures(MIN, { 'IDR0.CD2L': 1 }));
    expect(odd.map(({ severity }) => severity)).toEqual(['odd']);
    expect(conflicts(withFeatures(MIN, { 'IDR0.VMID16': 1 }))).toMatchObject([{ severity: 'odd' }]);
  });

  test('illegal ones come first', () => {
    const found = conflicts(withFeatures(MIN, { 'IDR0.CD2L': 1, 'IDR0.PRI': 1 }));
    expect(found.map(({ severity }) => severity)).toEqual(['illegal', 'odd']);
  });

  test('nothing at all breaks what everything must have', () => {
    expect(illegal(ids({}), {}).length).toBeGreaterThanOrEqual(2);
  });

  test.each(CONSTRAINTS.map((constraint) => [constraint.why, constraint] as const))(
    'some SMMU breaks: %s',
    (why, { when, needs }) => {
      const broken = ids(
        Object.fromEntries([
          ...needs.map((one) => [featureOfTest(one), failing(one)]),
          ...when.map((one) => [featureOfTest(one), satisfying(one)]),
        ]),
      );
      expect(conflicts(broken).map((conflict) => conflict.why)).toContain(why);
      expect(why).toMatch(/^[A-Z].*\.$/);
    },
  );
});

describe('presets', () => {
  test.each(PRESETS.map((preset) => [preset.name, preset] as const))(
    '%s contradicts nothing',
    (_name, { values }) => {
      expect(conflicts(values)).toEqual([]);
    },
  );
});
