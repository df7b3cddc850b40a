/** Choices that random machines are made of; every one shrinks towards the plainest. */

import fc from 'fast-check';
import type { Fields, StageName } from './spec.ts';

/** One of several values, the first ones likelier. */
export function mostly(usual: readonly number[], rare: readonly number[], weight = 8): fc.Arbitrary<number> {
  return fc.oneof(
    { weight, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...rare) },
  );
}

export const flag = (): fc.Arbitrary<number> => fc.constantFrom(0, 1);
export const rarely = (): fc.Arbitrary<number> => mostly([0], [1]);

type Arbitraries = Readonly<Record<string, fc.Arbitrary<number>>>;

/** Fields that may be missing, which is what they shrink to. */
export function fields(of: Arbitraries): fc.Arbitrary<Fields> {
  return fc.record(of, { requiredKeys: [] }) as fc.Arbitrary<Fields>;
}

/** ID registers. `lpae`, `httu`: whether machines may have them. */
export function features(lpae: boolean, httu: boolean): fc.Arbitrary<Fields> {
  return fields({
    'IDR0.TTF': lpae ? fc.constantFrom(2, 3, 3, 1) : fc.constant(2),
    'IDR0.HTTU': httu ? fc.constantFrom(0, 1, 2, 3, 3) : fc.constantFrom(0),
    'IDR0.Hyp': mostly([1], [0]),
    'IDR0.ATS': flag(),
    'IDR0.NS1ATS': rarely(),
    'IDR0.ASID16': mostly([1], [0]),
    'IDR0.VMID16': mostly([1], [0]),
    'IDR0.CD2L': mostly([1], [0]),
    'IDR0.ST_LEVEL': flag(),
    'IDR0.TTENDIAN': mostly([0], [2, 3], 4),
    'IDR0.STALL_MODEL': mostly([0], [1, 2], 4),
    'IDR0.TERM_MODEL': rarely(),
    'IDR0.S1P': mostly([1], [0], 30),
    'IDR0.S2P': mostly([1], [0], 30),
    'IDR1.SIDSIZE': mostly([16], [4, 8, 32]),
    'IDR1.SSIDSIZE': fc.constantFrom(0, 8, 8, 16, 20),
    'IDR1.ATTR_PERMS_OVR': flag(),
    'IDR1.ATTR_TYPES_OVR': flag(),
    'IDR3.HAD': flag(),
    'IDR3.XNX': flag(),
    'IDR3.FWB': flag(),
    'IDR3.STT': flag(),
    'IDR3.E0PD': flag(),
    'IDR3.EPAN': flag(),
    'IDR3.PTWNNC': flag(),
    'IDR3.AIE': rarely(),
    'IDR5.OAS': fc.constantFrom(5, 6, 6, 5, 4, 2, 1, 0, 3),
    'IDR5.GRAN4K': mostly([1], [0], 20),
    'IDR5.GRAN16K': mostly([1], [0], 20),
    'IDR5.GRAN64K': mostly([1], [0], 20),
    'IDR5.DS': flag(),
    'IDR5.VAX': flag(),
    'AIDR.ArchMinorRev': fc.constantFrom(2, 1, 3, 4),
  });
}

/** Fields of an STE whose values need no other field. */
export const STE_CHOICES: Arbitraries = {
  S1DSS: mostly([1, 2, 2], [0, 3], 6),
  S1Fmt: fc.constantFrom(0, 1, 2, 3),
  S1STALLD: rarely(),
  S1PIE: flag(),
  S1MPAM: flag(),
  EATS: mostly([0], [1, 2, 3], 20),
  STRW: mostly([0, 0, 2], [1, 3], 40),
  S2VMID: mostly([0, 7], [256, 65535], 12),
  S2FWB: flag(),
  S2AFFD: flag(),
  S2PTW: flag(),
  S2HA: flag(),
  S2HD: flag(),
  S2HAFT: flag(),
  S2ENDI: mostly([0], [1], 3),
  S2R: mostly([1], [0], 3),
  S2S: rarely(),
  S2SH0: fc.constantFrom(0, 1, 2, 3),
  S2IR0: fc.constantFrom(0, 1, 2, 3),
  S2OR0: fc.constantFrom(0, 1, 2, 3),
  S2PIE: rarely(),
  S2POE: rarely(),
  S2PS: mostly([5, 6], [7, 4, 3, 2, 1, 0], 2),
  S2DS: flag(),
  SHCFG: fc.constantFrom(1, 0, 2, 3),
  MTCFG: flag(),
  MemAttr: fc.nat(15),
  ALLOCCFG: fc.nat(15),
  PRIVCFG: fc.nat(3),
  INSTCFG: fc.nat(3),
  NSCFG: fc.nat(3),
  DRE: flag(),
  DCP: flag(),
  MEV: flag(),
};

/** The same for a CD. */
export const CD_CHOICES: Arbitraries = {
  A: mostly([1], [0], 4),
  R: mostly([1], [0], 4),
  S: rarely(),
  ASID: mostly([0, 3], [256, 65535], 12),
  ASET: flag(),
  IPS: mostly([5, 6], [7, 4, 3, 2, 1, 0], 2),
  ENDI: mostly([0], [1], 3),
  EPD0: mostly([0], [1], 12),
  EPD1: mostly([0, 1], [1]),
  TBI0: flag(),
  TBI1: flag(),
  HAD0: flag(),
  HAD1: flag(),
  E0PD0: rarely(),
  E0PD1: rarely(),
  SH0: fc.constantFrom(0, 1, 2, 3),
  SH1: fc.constantFrom(0, 1, 2, 3),
  AFFD: flag(),
  WXN: rarely(),
  UWXN: flag(),
  PAN: rarely(),
  EPAN: flag(),
  HA: flag(),
  HD: flag(),
  HAFT: flag(),
  DS: flag(),
  AIE: flag(),
  PIE: flag(),
  NSCFG0: flag(),
  NSCFG1: flag(),
  MAIR0: fc.nat({ max: 2 ** 32 - 1 }),
  MAIR1: fc.nat({ max: 2 ** 32 - 1 }),
};

/** A field that gets a value of its own, good or bad, and how many values it may get. */
export const WILD_STE: Fields = {
  V: 2,
  S1CDMax: 32,
  S1Fmt: 4,
  STRW: 4,
  EATS: 4,
  S1STALLD: 2,
  S2S: 2,
  S2AA64: 2,
  S2HA: 2,
  S2HD: 2,
  S2HAFT: 2,
  S2TG: 4,
  S2T0SZ: 64,
  S2SL0: 4,
  S2SL0_2: 2,
  S2DS: 2,
  S2PS: 8,
  S2ENDI: 2,
  S2FWB: 2,
  S2VMID: 65536,
};

export const WILD_CD: Fields = {
  V: 2,
  T0SZ: 64,
  T1SZ: 64,
  TG0: 4,
  TG1: 4,
  A: 2,
  S: 2,
  ENDI: 2,
  AA64: 2,
  HA: 2,
  HD: 2,
  HAFT: 2,
  DS: 2,
  IPS: 8,
  ASID: 65536,
};

/** A field of a list and a value for it, or null. */
export function wild(of: Fields): fc.Arbitrary<readonly [string, number] | null> {
  const some = fc
    .tuple(fc.constantFrom(...Object.keys(of)), fc.nat(0xffff))
    .map(([name, value]) => [name, value % (of[name] as number)] as const);
  return fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: some });
}

const CONFIGS: Readonly<Record<StageName, number>> = { stage1: 5, stage2: 6, nested: 7 };

/** STE.Config, mostly one of the stages asked for. */
export function configs(stages: readonly StageName[]): fc.Arbitrary<number> {
  const usual = stages.map((stage) => CONFIGS[stage]);
  return mostly(usual, [4, 4, 4, 0, 1, 2, 3], 12);
}
