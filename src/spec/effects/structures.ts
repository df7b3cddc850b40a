import type { Layout } from '../../bits/layout.ts';
import { CD } from '../cd.ts';
import type { FeatureTest } from '../feature-test.ts';
import { STE } from '../ste.ts';
import { type FeatureEffect, type OffEffect, testsIn } from './effect.ts';

/** Conditions of fields that stand in the layouts as words. */
const IN_WORDS: Readonly<Record<string, readonly FeatureTest[]>> = {
  'IDR0.PRI && IDR1.SSIDSIZE!=0; ignored if IDR3.PPS': ['IDR0.PRI', 'IDR1.SSIDSIZE'],
  'MPAM in that Security state': ['IDR3.MPAM'],
  MPAM: ['IDR3.MPAM'],
  'MPAM && STE.S1MPAM': ['IDR3.MPAM'],
  'MPAM + S1P + S2P': ['IDR3.MPAM', 'IDR0.S1P', 'IDR0.S2P'],
  'S_/R_MPAMIDR.HAS_MPAM_NS': ['S_MPAMIDR.HAS_MPAM_NS'],
  '(R_)IDR3.DPT && EATS==3': ['IDR3.DPT'],
  'stage-1 permission indirection': ['IDR3.S1PI'],
};

/** Fields that are not simply RES0 where their feature is missing. */
const NOT_RES0: Readonly<Record<string, Pick<FeatureEffect, 'off' | 'rule'>>> = {
  'CD.HAD0': { off: 'IGNORED' },
  'CD.HAD1': { off: 'IGNORED' },
  'CD.HA': { off: 'ILLEGAL', rule: 'CD-HTTU' },
  'CD.HD': { off: 'ILLEGAL', rule: 'CD-HTTU' },
  'STE.S2HA': { off: 'ILLEGAL', rule: 'STE-HTTU' },
  'STE.S2HD': { off: 'ILLEGAL', rule: 'STE-HTTU-HD' },
};

/** Fields whose condition covers only some of their values; {@link BY_VALUE} has those. */
const SOME_VALUES: readonly string[] = ['STE.S1Fmt'];

function offOf(name: string): Pick<FeatureEffect, 'off' | 'rule'> {
  return NOT_RES0[name] ?? { off: /HWU/.test(name) ? 'IGNORED' : 'RES0' };
}

/** What the layout itself says of each field: without its feature it is RES0, unless the table above differs. */
function declared(of: Layout): readonly FeatureEffect[] {
  return of.list.flatMap(({ name, needs, section }): FeatureEffect[] => {
    if (needs === undefined || SOME_VALUES.includes(`${of.name}.${name}`)) return [];
    return [
      {
        kind: 'structure',
        of: of.name,
        field: name,
        needs: IN_WORDS[needs] ?? testsIn(needs),
        ...offOf(`${of.name}.${name}`),
        section: section ?? of.section,
      },
    ];
  });
}

type Row = readonly [
  field: string,
  needs: FeatureTest,
  off: OffEffect,
  more?: Partial<Pick<FeatureEffect, 'values' | 'bits' | 'rule'>>,
];

function rows(of: Layout, list: readonly Row[]): readonly FeatureEffect[] {
  return list.map(([field, test, off, more]) => ({
    kind: 'structure',
    of: of.name,
    field,
    needs: [test],
    off,
    section: of.section,
    ...more,
  }));
}

/** Fields of stage 2, which a Non-secure STE of an SMMU without stage 2 does not have. */
const STAGE_2: readonly string[] = [
  'S2T0SZ',
  'S2SL0',
  'S2IR0',
  'S2OR0',
  'S2SH0',
  'S2TG',
  'S2PS',
  'S2AA64',
  'S2ENDI',
  'S2AFFD',
  'S2PTW',
  'S2HD',
  'S2HA',
  'S2S',
  'S2R',
  'S2TTB',
];

const GRANULES: readonly FeatureTest[] = ['IDR5.GRAN4K', 'IDR5.GRAN64K', 'IDR5.GRAN16K'];
/** TG1 has 16KB, 4KB and 64KB as 1, 2 and 3. */
const GRANULES_OF_TG1: readonly FeatureTest[] = ['IDR5.GRAN16K', 'IDR5.GRAN4K', 'IDR5.GRAN64K'];
/** TxSZ beyond 39 makes a table smaller than VMSAv8-64 has without IDR3.STT. */
const SMALL_TABLES: readonly number[] = [40, 41, 42, 43, 44, 45, 46, 47];
const HIGH_BYTE: readonly [number, number] = [15, 8];

const OF_STE: readonly FeatureEffect[] = rows(STE, [
  ['Config', 'IDR0.S1P', 'ILLEGAL', { values: [5, 7], rule: 'STE-S1-UNSUP' }],
  ['Config', 'IDR0.S2P', 'ILLEGAL', { values: [6, 7], rule: 'STE-S2-UNSUP' }],
  ['S1Fmt', 'IDR0.CD2L', 'ILLEGAL', { values: [1, 2], rule: 'STE-S1FMT' }],
  ['S1Fmt', 'IDR1.SSIDSIZE', 'IGNORED'],
  ['S1CDMax', 'IDR1.SSIDSIZE', 'IGNORED'],
  ['S1DSS', 'IDR1.SSIDSIZE', 'IGNORED'],
  ['DRE', 'AIDR.ArchMinorRev>=1', 'RES0'],
  ['DCP', 'AIDR.ArchMinorRev>=1', 'RES0'],
  ['PPAR', '!IDR3.PPS', 'IGNORED'],
  ['S1STALLD', 'IDR0.S1P', 'RES0'],
  ['S1STALLD', '!IDR0.STALL_MODEL', 'ILLEGAL', { rule: 'STE-S1STALLD-NS' }],
  ['EATS', 'IDR0.ATS', 'IGNORED', { rule: 'STE-EATS-IGN' }],
  ['EATS', '!IDR0.NS1ATS', 'ILLEGAL', { values: [2], rule: 'STE-EATS-SPLIT' }],
  ['EATS', 'IDR3.DPT', 'IGNORED', { values: [3] }],
  ['STRW', 'IDR0.Hyp', 'RES0', { rule: 'STE-STRW-IGN' }],
  ['STRW', 'IDR0.S1P', 'RES0', { rule: 'STE-STRW-IGN' }],
  ['NSCFG', 'IDR1.ATTR_PERMS_OVR', 'RES0'],
  ['S2VMID', 'IDR0.S2P', 'IGNORED'],
  ['S2VMID', 'IDR0.VMID16', 'ILLEGAL', { bits: HIGH_BYTE, rule: 'STE-VMID8' }],
  ...STAGE_2.map((field): Row => [field, 'IDR0.S2P', 'RES0']),
  ['S2T0SZ', 'IDR3.STT', 'ILLEGAL', { values: SMALL_TABLES, rule: 'STE-S2T0SZ' }],
  ...GRANULES.map((test, value): Row => ['S2TG', test, 'ILLEGAL', { values: [value], rule: 'STE-S2TG' }]),
  ['S2AA64', 'IDR0.TTF>=2', 'ILLEGAL', { values: [1], rule: 'STE-S2AA64-64' }],
  ['S2AA64', 'IDR0.TTF!=2', 'ILLEGAL', { values: [0], rule: 'STE-S2AA64-32' }],
  ['S2ENDI', 'IDR0.TTENDIAN!=2', 'ILLEGAL', { values: [1], rule: 'STE-S2ENDI' }],
  ['S2ENDI', 'IDR0.TTENDIAN!=3', 'ILLEGAL', { values: [0], rule: 'STE-S2ENDI' }],
  ['S2S', 'IDR0.STALL_MODEL!=1', 'ILLEGAL', { values: [1], rule: 'STE-S2S-NOSTALL' }],
  ['S2S', 'IDR0.STALL_MODEL!=2', 'ILLEGAL', { values: [0], rule: 'STE-S2S-FORCE' }],
]);

const OF_CD: readonly FeatureEffect[] = rows(CD, [
  ['T0SZ', 'IDR3.STT', 'ILLEGAL', { values: SMALL_TABLES, rule: 'CD-T0SZ' }],
  ['T1SZ', 'IDR3.STT', 'ILLEGAL', { values: SMALL_TABLES, rule: 'CD-T1SZ' }],
  ['T0SZ', 'IDR5.VAX', 'ILLEGAL', { values: [12, 13, 14, 15], rule: 'CD-T0SZ' }],
  ['T1SZ', 'IDR5.VAX', 'ILLEGAL', { values: [12, 13, 14, 15], rule: 'CD-T1SZ' }],
  ...GRANULES.map((test, value): Row => ['TG0', test, 'ILLEGAL', { values: [value], rule: 'CD-TG0' }]),
  ...GRANULES_OF_TG1.map((test, i): Row => ['TG1', test, 'ILLEGAL', { values: [i + 1], rule: 'CD-TG1' }]),
  ['ENDI', 'IDR0.TTENDIAN!=2', 'ILLEGAL', { values: [1], rule: 'CD-ENDI' }],
  ['ENDI', 'IDR0.TTENDIAN!=3', 'ILLEGAL', { values: [0], rule: 'CD-ENDI' }],
  ['AA64', 'IDR0.TTF>=2', 'ILLEGAL', { values: [1], rule: 'CD-AA64' }],
  ['AA64', 'IDR0.TTF!=2', 'ILLEGAL', { values: [0], rule: 'CD-AA32' }],
  ['S', 'IDR0.STALL_MODEL!=1', 'ILLEGAL', { values: [1], rule: 'CD-S-NOSTALL' }],
  ['S', 'IDR0.STALL_MODEL!=2', 'ILLEGAL', { values: [0], rule: 'CD-S-FORCE' }],
  ['A', '!IDR0.TERM_MODEL', 'ILLEGAL', { values: [0], rule: 'CD-A-TERM' }],
  ['ASID', 'IDR0.ASID16', 'ILLEGAL', { bits: HIGH_BYTE, rule: 'CD-ASID8' }],
]);

/** What the fields of STE and CD do where a feature is missing (5.2, 5.4). */
export const STRUCTURE_EFFECTS: readonly FeatureEffect[] = [
  ...declared(STE),
  ...OF_STE,
  ...declared(CD),
  ...OF_CD,
];
