import { CDTAB, type Registers, TTB0, type Values } from '../../kit/smmu.ts';
import { identity, mapStage2, NESTED_STE, S2_LEAF, S2_STE, S2TTB } from '../../kit/stage2.ts';
import type { Gives, RuleCase, SetUp } from './case.ts';

const IOVA = 0x12345000;
const PA = 0x48000000n;
/** log2 of the granule by S2TG. */
const GRANULE = [12n, 16n, 14n] as const;

interface Tables {
  /** Level of the first tables; default 1. */
  readonly start?: bigint;
  readonly iova?: number;
  readonly wide?: boolean;
  readonly bigEndian?: boolean;
  /** Bits of the table descriptors. */
  readonly tables?: bigint;
}

/**
 * Stage 2 only, with the tables that the STE asks for: one page, for the address that is accessed.
 * @param ste what is not as in `S2_STE`
 */
function stage2(ste: Values = {}, of: Tables = {}, registers: Registers = {}): SetUp {
  const { iova = IOVA, ...tables } = of;
  const all = { ...S2_STE, ...ste };
  const granule = GRANULE[Number(all['S2TG'])] ?? 12n;
  const t0sz = BigInt(Number(all['S2T0SZ']));
  const page = (BigInt(iova) >> granule) << granule;
  return {
    registers,
    ste: all,
    iova,
    prepare: (m) => mapStage2(m, { ...tables, granule, t0sz, ttb: S2TTB, ipa: page, pa: PA }),
  };
}

/** Both stages; stage 2 maps every address of the test's RAM to itself. */
const nested: SetUp = { ste: NESTED_STE, prepare: (m) => identity(m) };

/** VMSAv8-32 tables at stage 2; S2T0SZ=24 reads as -8 then, which are 40 bits as well. */
const LPAE: Registers = { 'IDR0.TTF': 3 };
/** 52-bit addresses in tables of every granule. */
const LARGE: Registers = { 'IDR5.OAS': 6, 'IDR5.DS': 1, 'IDR5.VAX': 1 };
const OVERLAY: Registers = { 'IDR3.S2PI': 1, 'IDR3.S2PO': 1 };
const OVERLAID: Values = { S2PIE: 1, S2POE: 1 };

function refused(
  id: string,
  base: SetUp,
  bad: SetUp,
  good: SetUp,
  otherwise: Gives = 'translates',
): RuleCase {
  return { id, base, breaks: bad, holds: good, gives: 'C_BAD_STE', otherwise };
}

const ste = (values: Values): SetUp => ({ ste: values });
const registers = (values: Registers): SetUp => ({ registers: values });

/** The limits of S2T0SZ (5.2): by OAS or IAS, granule, S2DS and small tables. SL0 goes with both values. */
const T0SZ: readonly (readonly [
  registers: Registers,
  ste: Values,
  bad: number,
  good: number,
  tables: Tables,
  alsoCaughtBy?: readonly string[],
])[] = [
  [{}, { S2TG: 0, S2SL0: 2 }, 15, 16, { start: 0n }],
  [{}, { S2TG: 0, S2SL0: 0 }, 40, 39, { start: 2n, iova: 0x345000 }],
  [{}, { S2TG: 1, S2SL0: 2 }, 15, 16, { start: 1n }],
  [{}, { S2TG: 2, S2SL0: 2 }, 15, 16, { start: 1n }],
  // The IAS is the OAS where there are VMSAv8-64 tables only.
  [{ 'IDR5.OAS': 4 }, { S2SL0: 2 }, 19, 20, { start: 0n }],
  [{ 'IDR5.OAS': 2 }, { S2SL0: 1 }, 23, 24, { start: 1n }],
  // With VMSAv8-32 it has 40 bits at least, whatever the OAS.
  [{ 'IDR5.OAS': 0, ...LPAE }, { S2SL0: 1 }, 23, 24, { start: 1n }],
  // 52 bits of OAS do not help descriptors that hold 48.
  [{ 'IDR5.OAS': 6 }, { S2TG: 0, S2SL0: 2 }, 15, 16, { start: 0n }],
  [LARGE, { S2TG: 0, S2SL0: 2, S2DS: 0 }, 15, 16, { start: 0n }],
  [{ 'IDR5.OAS': 6 }, { S2TG: 0, S2SL0: 2, S2DS: 1 }, 15, 16, { start: 0n }],
  [{ 'IDR5.OAS': 6 }, { S2TG: 1, S2SL0: 2 }, 11, 12, { start: 1n, wide: true }, ['STE-S2WALK']],
  [LARGE, { S2TG: 0, S2SL0: 2, S2DS: 1 }, 11, 12, { start: 0n, wide: true }, ['STE-S2WALK']],
  [{ 'IDR3.STT': 1 }, { S2TG: 0, S2SL0: 3 }, 49, 48, { start: 3n, iova: 0x5000 }],
  [{ 'IDR3.STT': 1 }, { S2TG: 2, S2SL0: 0 }, 49, 48, { start: 3n, iova: 0x5000 }],
  [{ 'IDR3.STT': 1 }, { S2TG: 1, S2SL0: 0 }, 48, 47, { start: 3n, iova: 0x5000 }, ['STE-S2WALK']],
  // SMMUv3.0 may clamp the value instead.
  [{ 'AIDR.ArchMinorRev': 0 }, { S2SL0: 2 }, 15, 16, { start: 0n }],
];

/** S2SL0 against S2T0SZ and granule (DDI 0487 D8.2): what does not fit, and what fits with the tables below. */
const START: readonly (readonly [
  registers: Registers,
  base: Values,
  bad: Values,
  good: Values,
  tables: Tables,
  otherwise?: Gives,
])[] = [
  [{}, { S2SL0: 0 }, { S2T0SZ: 29 }, { S2T0SZ: 30 }, { start: 2n }],
  [{}, { S2SL0: 1 }, { S2T0SZ: 34 }, { S2T0SZ: 33 }, { start: 1n }],
  [{}, { S2SL0: 1 }, { S2T0SZ: 20 }, { S2T0SZ: 21 }, { start: 1n }],
  [{}, { S2SL0: 2 }, { S2T0SZ: 25 }, { S2T0SZ: 24 }, { start: 0n }],
  [{}, { S2T0SZ: 24 }, { S2SL0: 0 }, { S2SL0: 1 }, { start: 1n }],
  // Small tables begin at level 3 with 4 KiB.
  [{}, { S2T0SZ: 39 }, { S2SL0: 3 }, { S2SL0: 0 }, { start: 2n, iova: 0x345000 }],
  [{}, { S2TG: 2, S2SL0: 1 }, { S2T0SZ: 23 }, { S2T0SZ: 24 }, { start: 2n }],
  [{}, { S2TG: 2, S2SL0: 1 }, { S2T0SZ: 39 }, { S2T0SZ: 38 }, { start: 2n, iova: 0x345000 }],
  [{}, { S2TG: 2, S2SL0: 0 }, { S2T0SZ: 34 }, { S2T0SZ: 35 }, { start: 3n }],
  [{}, { S2TG: 1, S2T0SZ: 24 }, { S2SL0: 3 }, { S2SL0: 1 }, { start: 2n }],
  [{}, { S2TG: 1, S2SL0: 1 }, { S2T0SZ: 17 }, { S2T0SZ: 18 }, { start: 2n }],
  [{}, { S2TG: 1, S2SL0: 2 }, { S2T0SZ: 22 }, { S2T0SZ: 21 }, { start: 1n }],
  // SL0_2 is the third bit of SL0 with 4 KiB and S2DS only.
  [LARGE, { S2DS: 1, S2SL0_2: 1, S2SL0: 0 }, { S2T0SZ: 16 }, { S2T0SZ: 15 }, { start: -1n, wide: true }],
  [LARGE, { S2DS: 1, S2SL0_2: 1, S2T0SZ: 15 }, { S2SL0: 1 }, { S2SL0: 0 }, { start: -1n, wide: true }],
  [LARGE, { S2SL0_2: 1, S2SL0: 1 }, { S2DS: 1 }, { S2DS: 0 }, { start: 1n }],
  [LARGE, { S2TG: 2, S2T0SZ: 16, S2SL0: 3 }, { S2DS: 0 }, { S2DS: 1 }, { start: 0n, wide: true }],
  // VMSAv8-32: four bits of S2T0SZ with a sign, and two start levels.
  [LPAE, { S2AA64: 0, S2T0SZ: 8 }, { S2SL0: 2 }, { S2SL0: 1 }, {}, 'legal'],
  [LPAE, { S2AA64: 0, S2T0SZ: 8 }, { S2SL0: 3 }, { S2SL0: 1 }, {}, 'legal'],
  [LPAE, { S2AA64: 0, S2SL0: 0 }, { S2T0SZ: 13 }, { S2T0SZ: 14 }, {}, 'legal'],
  [LPAE, { S2AA64: 0, S2SL0: 0 }, { S2T0SZ: 0x3d }, { S2T0SZ: 0x3e }, {}, 'legal'],
  [LPAE, { S2AA64: 0, S2SL0: 1 }, { S2T0SZ: 2 }, { S2T0SZ: 1 }, {}, 'legal'],
  // VMSAv9-128: no S2SL0; S2SKL must not skip past level 3.
  [{ 'IDR5.D128': 1 }, { S2AA64: 0, S2T0SZ: 28 }, { S2SKL: 3 }, { S2SKL: 2, S2SL0: 3 }, {}, 'legal'],
  [{ 'IDR5.D128': 1 }, { S2AA64: 0, S2TG: 1, S2SKL: 2 }, { S2T0SZ: 24 }, { S2T0SZ: 23 }, {}, 'legal'],
];

const FORMAT: readonly RuleCase[] = [
  refused(
    'STE-S2FWB-AA32',
    stage2({ S2AA64: 0 }, {}, { ...LPAE, 'IDR3.FWB': 1 }),
    ste({ S2FWB: 1 }),
    ste({ S2FWB: 0 }),
    'legal',
  ),
  refused(
    'STE-S2FWB-AA32',
    stage2({ S2FWB: 1 }, {}, { ...LPAE, 'IDR3.FWB': 1 }),
    ste({ S2AA64: 0 }),
    ste({ S2AA64: 1 }),
    'legal',
  ),
  // Without the feature S2FWB is RES0.
  refused(
    'STE-S2FWB-AA32',
    stage2({ S2AA64: 0, S2FWB: 1 }, {}, LPAE),
    registers({ 'IDR3.FWB': 1 }),
    registers({ 'IDR3.FWB': 0 }),
    'legal',
  ),
  refused(
    'STE-S2AA64-32',
    stage2({ S2AA64: 0 }),
    registers({ 'IDR0.TTF': 2 }),
    registers({ 'IDR0.TTF': 3 }),
    'legal',
  ),
  // S2AA64=0 selects VMSAv9-128 tables where there are such.
  refused(
    'STE-S2AA64-32',
    stage2({ S2AA64: 0 }),
    registers({ 'IDR5.D128': 0 }),
    registers({ 'IDR5.D128': 1 }),
    'legal',
  ),
  refused('STE-S2AA64-64', stage2({ S2AA64: 1 }), registers({ 'IDR0.TTF': 1 }), registers({ 'IDR0.TTF': 3 })),
  ...[{ S2HA: 1 }, { S2HD: 1 }].map((bits) =>
    refused('STE-HTTU', stage2(bits), registers({ 'IDR0.HTTU': 0 }), registers({ 'IDR0.HTTU': 2 })),
  ),
  ...[{ S2HA: 1 }, { S2HD: 1 }].map((bits) =>
    refused(
      'STE-HTTU',
      stage2(bits, {}, { ...LPAE, 'IDR0.HTTU': 2 }),
      ste({ S2AA64: 0 }),
      ste({ S2AA64: 1 }),
    ),
  ),
  refused('STE-HTTU-HD', stage2({ S2HA: 1 }, {}, { 'IDR0.HTTU': 1 }), ste({ S2HD: 1 }), ste({ S2HD: 0 })),
  refused(
    'STE-HAFT',
    stage2({ S2HAFT: 1 }, { tables: S2_LEAF.AF }, { 'IDR0.HTTU': 3 }),
    ste({ S2HA: 0 }),
    ste({ S2HA: 1 }),
  ),
  // Without the feature S2HAFT is RES0.
  refused('STE-HAFT', stage2({ S2HAFT: 1 }), registers({ 'IDR0.HTTU': 3 }), registers({ 'IDR0.HTTU': 2 })),
  refused('STE-S2ENDI', stage2({}, {}, { 'IDR0.TTENDIAN': 2 }), ste({ S2ENDI: 1 }), ste({ S2ENDI: 0 })),
  refused(
    'STE-S2ENDI',
    stage2({}, { bigEndian: true }, { 'IDR0.TTENDIAN': 3 }),
    ste({ S2ENDI: 0 }),
    ste({ S2ENDI: 1 }),
  ),
];

const STALLS: readonly RuleCase[] = [
  refused('STE-S2S-NOSTALL', stage2({}, {}, { 'IDR0.STALL_MODEL': 1 }), ste({ S2S: 1 }), ste({ S2S: 0 })),
  // Secure software forbids Non-secure stalls: the stall model is 1 in effect (3.12.2).
  refused('STE-S2S-NOSTALL', stage2({ S2S: 1 }), registers({ 'S_CR0.NSSTALLD': 1 }), {}),
  refused('STE-S2S-FORCE', stage2({}, {}, { 'IDR0.STALL_MODEL': 2 }), ste({ S2S: 0 }), ste({ S2S: 1 })),
  refused('STE-EATS-FULL-S2S', stage2({ EATS: 1 }), ste({ S2S: 1 }), ste({ S2S: 0 })),
  // Stage 2 is off: S2S is not looked at, in SMMUv3.0 neither (as recommended).
  ...[0, 1].map(
    (minor): RuleCase => ({
      id: 'STE-EATS-FULL-S2S',
      base: { registers: { 'AIDR.ArchMinorRev': minor }, ste: { EATS: 1, S2S: 1 } },
      breaks: stage2({ EATS: 1, S2S: 1 }),
      holds: { ste: { Config: 5 } },
      gives: 'C_BAD_STE',
    }),
  ),
  refused('STE-EATS-DPT-S2S', stage2({ EATS: 3 }, {}, { 'IDR3.DPT': 1 }), ste({ S2S: 1 }), ste({ S2S: 0 })),
  // Without a Device Permission Table EATS=3 is reserved and acts as 0.
  refused(
    'STE-EATS-DPT-S2S',
    stage2({ EATS: 3, S2S: 1 }),
    registers({ 'IDR3.DPT': 1 }),
    registers({ 'IDR3.DPT': 0 }),
  ),
  refused(
    'STE-EATS-SPLIT',
    { ...nested, ste: { ...NESTED_STE, EATS: 2 } },
    registers({ 'IDR0.NS1ATS': 1 }),
    {},
  ),
  refused('STE-EATS-SPLIT', { ...nested, ste: { ...NESTED_STE, EATS: 2 } }, ste({ S2S: 1 }), ste({ S2S: 0 })),
  refused(
    'STE-EATS-SPLIT',
    { ...nested, ste: { ...NESTED_STE, EATS: 2 } },
    ste({ Config: 6 }),
    ste({ Config: 7 }),
  ),
];

const GEOMETRY: readonly RuleCase[] = [
  // A reserved granule fits no start level either.
  {
    ...refused('STE-S2TG', stage2(), ste({ S2TG: 3 }), ste({ S2TG: 0 })),
    alsoCaughtBy: ['STE-S2WALK'],
  },
  ...['GRAN4K', 'GRAN64K', 'GRAN16K'].map((granule, S2TG) =>
    refused(
      'STE-S2TG',
      stage2({ S2TG }, { start: S2TG === 0 ? 1n : 2n }),
      registers({ [`IDR5.${granule}`]: 0 }),
      registers({ [`IDR5.${granule}`]: 1 }),
    ),
  ),
  refused('STE-S2TTB', stage2({ S2PS: 0 }), ste({ S2TTB: 2 ** 32 }), ste({ S2TTB })),
  // Capped by OAS.
  refused(
    'STE-S2TTB',
    stage2({ S2PS: 5, S2T0SZ: 32 }, {}, { 'IDR5.OAS': 0 }),
    ste({ S2TTB: 2 ** 32 }),
    ste({ S2TTB }),
  ),
  // 4 KiB without S2DS: 48 bits, whatever S2PS says. Nothing answers at 2^48.
  refused(
    'STE-S2TTB',
    stage2({ S2PS: 6, S2TTB: 2 ** 48 }, {}, { 'IDR5.OAS': 6 }),
    ste({ S2TG: 0 }),
    ste({ S2TG: 1 }),
    'legal',
  ),
  refused(
    'STE-S2TTB',
    stage2({ S2PS: 6, S2TTB: 2 ** 48 }, {}, LARGE),
    ste({ S2DS: 0 }),
    ste({ S2DS: 1 }),
    'legal',
  ),
  refused(
    'STE-S2TTB',
    stage2({ S2PS: 6, S2TTB: 2 ** 48, S2DS: 1 }, {}, LARGE),
    registers({ 'IDR5.DS': 0 }),
    registers({ 'IDR5.DS': 1 }),
    'legal',
  ),
  // VMSAv8-32 has 40 bits, whatever S2PS says.
  ...[0, 5].map((S2PS) =>
    refused(
      'STE-S2TTB',
      stage2({ S2AA64: 0, S2PS }, {}, LPAE),
      ste({ S2TTB: 2 ** 40 }),
      ste({ S2TTB: 2 ** 40 - 4096 }),
      'legal',
    ),
  ),
  ...T0SZ.map(
    ([ids, values, bad, good, tables, alsoCaughtBy]): RuleCase => ({
      ...refused(
        'STE-S2T0SZ',
        stage2({ ...values, S2T0SZ: good }, tables, ids),
        ste({ S2T0SZ: bad }),
        ste({ S2T0SZ: good }),
      ),
      ...(alsoCaughtBy && { alsoCaughtBy }),
    }),
  ),
  // VMSAv9-128: 56 bits at most, 48 of IAS here; small tables need no STT.
  ...[
    [15, 16],
    [49, 48],
  ].map(
    ([bad, good]): RuleCase => ({
      ...refused(
        'STE-S2T0SZ',
        stage2({ S2AA64: 0 }, {}, { 'IDR5.D128': 1 }),
        ste({ S2T0SZ: bad as number }),
        ste({ S2T0SZ: good as number }),
        'legal',
      ),
      ...(bad === 49 && { alsoCaughtBy: ['STE-S2WALK'] }),
    }),
  ),
  // VMSAv8-32: every S2T0SZ is within its limits.
  {
    ...refused(
      'STE-S2T0SZ',
      stage2({ S2T0SZ: 8 }, {}, LPAE),
      ste({ S2AA64: 1 }),
      ste({ S2AA64: 0 }),
      'legal',
    ),
    alsoCaughtBy: ['STE-S2WALK'],
  },
  ...START.map(([ids, base, bad, good, tables, otherwise]) =>
    refused('STE-S2WALK', stage2({ ...base, ...good }, tables, ids), ste(bad), ste(good), otherwise),
  ),
  // Level 0 with 4 KiB needs an OAS of 44 bits, level 1 with 16 KiB one of 42.
  refused(
    'STE-S2WALK',
    stage2({ S2SL0: 2 }, { start: 0n }),
    registers({ 'IDR5.OAS': 3 }),
    registers({ 'IDR5.OAS': 4 }),
  ),
  refused(
    'STE-S2WALK',
    stage2({ S2TG: 2, S2SL0: 2 }, { start: 1n }),
    registers({ 'IDR5.OAS': 2 }),
    registers({ 'IDR5.OAS': 3 }),
  ),
  // Level 0 with 16 KiB needs one of 52; so does level -1 with 4 KiB, but no smaller OAS has its input sizes.
  refused(
    'STE-S2WALK',
    stage2({ S2TG: 2, S2SL0: 3, S2DS: 1, S2T0SZ: 16 }, { start: 0n, wide: true }, LARGE),
    registers({ 'IDR5.OAS': 5 }),
    registers({ 'IDR5.OAS': 6 }),
  ),
  refused(
    'STE-S2WALK',
    stage2({ S2T0SZ: 39, S2SL0: 3 }, { start: 3n, iova: 0x345000 }),
    registers({ 'IDR3.STT': 0 }),
    registers({ 'IDR3.STT': 1 }),
  ),
];

const PERMISSIONS: readonly RuleCase[] = [
  refused(
    'STE-S2PIE-AA32',
    stage2({ S2PIE: 1 }, {}, { ...LPAE, 'IDR3.S2PI': 1 }),
    ste({ S2AA64: 0 }),
    ste({ S2AA64: 1 }),
    'legal',
  ),
  // Without the feature S2PIE is RES0.
  refused(
    'STE-S2PIE-AA32',
    stage2({ S2AA64: 0, S2PIE: 1 }, {}, LPAE),
    registers({ 'IDR3.S2PI': 1 }),
    registers({ 'IDR3.S2PI': 0 }),
    'legal',
  ),
  refused(
    'STE-S2POE-DIRECT',
    stage2({ S2POE: 1 }, {}, OVERLAY),
    ste({ S2PIE: 0 }),
    ste({ S2PIE: 1 }),
    'legal',
  ),
  // Without the feature S2POE is RES0.
  refused(
    'STE-S2POE-DIRECT',
    stage2({ S2POE: 1 }),
    registers({ 'IDR3.S2PO': 1 }),
    registers({ 'IDR3.S2PO': 0 }),
  ),
  // VMSAv9-128 permissions are indirect always.
  refused(
    'STE-S2POE-DIRECT',
    stage2({ S2POE: 1, S2AA64: 0 }, {}, { ...LPAE, ...OVERLAY }),
    registers({ 'IDR5.D128': 0 }),
    registers({ 'IDR5.D128': 1 }),
    'legal',
  ),
  ...[59, 60, 61, 62].map((bit) =>
    refused(
      'STE-S2POE-PBHA',
      stage2(OVERLAID, {}, { ...OVERLAY, 'IDR3.PBHA': 1 }),
      ste({ [`S2HWU${bit}`]: 1 }),
      ste({ [`S2HWU${bit}`]: 0 }),
      'legal',
    ),
  ),
  refused(
    'STE-S2POE-PBHA',
    stage2({ ...OVERLAID, S2HWU60: 1 }, {}, OVERLAY),
    registers({ 'IDR3.PBHA': 1 }),
    registers({ 'IDR3.PBHA': 0 }),
    'legal',
  ),
  ...[
    ['S2POI0', 1, 0],
    ['S2POI3', 5, 4],
    ['S2POI8', 1, 2],
    ['S2POI15', 5, 6],
  ].map(([field, bad, good]) =>
    refused(
      'STE-S2POI',
      stage2(OVERLAID, {}, OVERLAY),
      ste({ [field as string]: bad as number }),
      ste({ [field as string]: good as number }),
      'legal',
    ),
  ),
  // Overlays are off.
  refused(
    'STE-S2POI',
    stage2({ S2PIE: 1, S2POI1: 5 }, {}, OVERLAY),
    ste({ S2POE: 1 }),
    ste({ S2POE: 0 }),
    'legal',
  ),
];

/** A nested stream whose PARTID comes from the CD through a VMS. */
const vms: SetUp = {
  ...nested,
  registers: { 'IDR3.MPAM': 1, 'MPAMIDR.PARTID_MAX': 31 },
  ste: { ...NESTED_STE, S1MPAM: 1, VMSPtr: 2 ** 48 },
};

/** Fields of both stages when stage 2 is on. */
const BOTH: readonly RuleCase[] = [
  ...[6, 7].map(
    (Config): RuleCase => ({
      id: 'STE-S2-UNSUP',
      base: { ...nested, ste: { ...NESTED_STE, Config } },
      breaks: { registers: { 'IDR0.S2P': 0 } },
      holds: {},
      gives: 'C_BAD_STE',
      otherwise: 'translates',
      // Without stage 2 its fields read as 0, and S2AA64=0 asks for VMSAv8-32.
      alsoCaughtBy: ['STE-S2AA64-32'],
    }),
  ),
  // With stage 2 on StreamWorld is NS-EL1, whatever STRW says.
  ...[1, 3].map(
    (STRW): RuleCase => ({
      id: 'STE-STRW-IGN',
      base: { ...nested, ste: { ...NESTED_STE, STRW } },
      breaks: { ste: { Config: 7 } },
      holds: { ste: { Config: 5 } },
      gives: 'translates',
      otherwise: 'C_BAD_STE',
    }),
  ),
  // Without stage 1 its fields are ignored.
  refused(
    'STE-S1STALLD-NS',
    { ...nested, registers: { 'IDR0.STALL_MODEL': 1 }, ste: { ...NESTED_STE, S1STALLD: 1 } },
    ste({ Config: 7 }),
    ste({ Config: 6 }),
  ),
  refused(
    'STE-S1CDMAX',
    { ...nested, ste: { ...NESTED_STE, S1CDMax: 17, S1DSS: 2 } },
    ste({ Config: 7 }),
    ste({ Config: 6 }),
  ),
  // S1ContextPtr is an IPA: it may be as large as the IAS, though stage 2 accepts fewer bits here.
  refused(
    'STE-S1CTXPTR',
    nested,
    ste({ S1ContextPtr: 2 ** 48 }),
    ste({ S1ContextPtr: 2 ** 48 - 64 }),
    'legal',
  ),
  refused(
    'STE-S1CTXPTR',
    { ...nested, registers: { 'IDR5.OAS': 0, ...LPAE } },
    ste({ S1ContextPtr: 2 ** 40 }),
    ste({ S1ContextPtr: 2 ** 40 - 64 }),
    'legal',
  ),
  refused(
    'STE-S1CTXPTR',
    { ...nested, registers: { 'IDR5.OAS': 0, ...LPAE }, ste: { ...NESTED_STE, S1ContextPtr: 2 ** 32 } },
    ste({ Config: 5 }),
    ste({ Config: 7 }),
    'legal',
  ),
  refused(
    'STE-S1CTXPTR',
    { ...nested, ste: { ...NESTED_STE, S1ContextPtr: 2 ** 48 } },
    ste({ Config: 7 }),
    ste({ Config: 6 }),
  ),
  // SMMUv3.0 cuts the address off instead: to the OAS, or the IAS before stage 2 (3.4.3).
  ...[5, 7].map((Config) =>
    refused(
      'STE-S1CTXPTR',
      { ...nested, ste: { ...NESTED_STE, Config, S1ContextPtr: 2 ** 48 + CDTAB } },
      registers({ 'AIDR.ArchMinorRev': 1 }),
      registers({ 'AIDR.ArchMinorRev': 0 }),
      Config === 5 ? 'ok' : 'translates',
    ),
  ),
  ...[6, 7].map((Config) =>
    refused(
      'STE-VMID8',
      { ...nested, registers: { 'IDR0.VMID16': 0 }, ste: { ...NESTED_STE, Config } },
      ste({ S2VMID: 0x100 }),
      ste({ S2VMID: 0xff }),
    ),
  ),
  // Nothing translates, or there is no stage 2: no entry bears a VMID.
  refused(
    'STE-VMID8',
    { ...nested, registers: { 'IDR0.VMID16': 0 }, ste: { ...NESTED_STE, S2VMID: 0x100 } },
    ste({ Config: 7 }),
    ste({ Config: 4 }),
    'ok',
  ),
  refused(
    'STE-VMID8',
    { registers: { 'IDR0.VMID16': 0 }, ste: { S2VMID: 0x100 } },
    registers({ 'IDR0.S2P': 1 }),
    registers({ 'IDR0.S2P': 0 }),
    'ok',
  ),
  refused('STE-VMSPTR', vms, ste({ VMSPtr: 2 ** 48 }), ste({ VMSPtr: TTB0 + 0x80000 })),
  // Without MPAM, PARTIDs, S1MPAM or stage 1 there is no VMS.
  refused('STE-VMSPTR', vms, {}, ste({ S1MPAM: 0 })),
  refused('STE-VMSPTR', vms, {}, ste({ Config: 6 })),
  refused('STE-VMSPTR', vms, {}, registers({ 'IDR3.MPAM': 0 })),
  refused('STE-VMSPTR', vms, {}, registers({ 'MPAMIDR.PARTID_MAX': 0 })),
  refused('STE-VMSPTR', vms, {}, ste({ Config: 5 }), 'ok'),
];

/** What makes the stage-2 part of an STE ILLEGAL, and what a stage 2 changes for the rest: IHI 0070 5.2.2. */
export const STAGE2_CASES: readonly RuleCase[] = [...FORMAT, ...STALLS, ...GEOMETRY, ...PERMISSIONS, ...BOTH];
