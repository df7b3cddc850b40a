/**
 * Which fields of a configuration structure hardware reads, by what the structure itself holds: everything else is
 * IGNORED at that moment, so software may change it while the structure is in use (3.21.3, 5.1 to 5.4).
 */

import type { Layout } from '../bits/layout.ts';
import type { World } from '../bits/world.ts';
import { CD } from './cd.ts';
import { L1CD } from './l1cd.ts';
import { L1STD, SPAN_MAX } from './l1std.ts';
import { S1DSS_BYPASS, STE } from './ste.ts';

/** A field of the same structure has one of some values. */
export interface FieldCondition {
  readonly field: string;
  readonly in: readonly number[];
}

/** Fields that are read when all conditions hold. A field that several rules name is read when one of them says so. */
export interface UsedRule {
  readonly fields: readonly string[];
  readonly when: readonly FieldCondition[];
  /** Security states of the stream in which the field means something; default: all. */
  readonly worlds?: readonly World[];
  /** Section of Arm IHI 0070. */
  readonly section: string;
}

/** What hardware reads of one structure. */
export interface UsedBits {
  readonly layout: Layout;
  /** The field that makes the structure valid; with any other value than those nothing but it is read. */
  readonly valid: FieldCondition;
  readonly rules: readonly UsedRule[];
  /** Fields that no rule names are read whenever the structure is valid; otherwise they are never read. */
  readonly rest: boolean;
  /** Section of Arm IHI 0070. */
  readonly section: string;
}

const is = (field: string, ...values: number[]): FieldCondition => ({ field, in: values });
const upTo = (max: number): number[] => Array.from({ length: max }, (_, i) => i + 1);

const { BYPASS, S1, S2, NESTED } = STE.fields.Config.names;
const PASSES = is('Config', BYPASS, S1, S2, NESTED);
const TRANSLATES = is('Config', S1, S2, NESTED);
const STAGE_1 = is('Config', S1, NESTED);
const STAGE_2 = is('Config', S2, NESTED);
const NO_STAGE_1 = is('Config', BYPASS, S2);
/** S1CDMax has 5 bits. */
const SUBSTREAMS = is('S1CDMax', ...upTo(31));
const DEFAULT_BYPASSES: readonly FieldCondition[] = [STAGE_1, SUBSTREAMS, is('S1DSS', S1DSS_BYPASS)];
const NOT_SECURE: readonly World[] = ['ns', 'realm'];
const SECURE: readonly World[] = ['s'];
const { SPLIT, DPT } = STE.fields.EATS.names;

const STE_RULES: readonly UsedRule[] = [
  // With Config 0b0xx only CONT may still be obeyed (5.2.1).
  { fields: ['Config', 'CONT'], when: [], section: '5.2.1' },
  {
    fields: ['S1ContextPtr', 'S1CDMax', 'S1CIR', 'S1COR', 'S1CSH', 'S1STALLD', 'S1PIE', 'S1MPAM'],
    when: [STAGE_1],
    section: '5.2',
  },
  { fields: ['S1Fmt', 'S1DSS'], when: [STAGE_1, SUBSTREAMS], section: '5.2' },
  { fields: ['STRW'], when: [is('Config', S1)], section: '5.2' },
  { fields: ['S2VMID'], when: [STAGE_2], section: '5.2' },
  // A Secure stream with stage 1 only is tagged with VMID 0, and EL2 and EL3 have no VMIDs.
  { fields: ['S2VMID'], when: [is('Config', S1), is('STRW', 0)], worlds: NOT_SECURE, section: '5.2' },
  { fields: ['EATS'], when: [TRANSLATES], worlds: NOT_SECURE, section: '5.2' },
  { fields: ['DPT_VMATCH'], when: [TRANSLATES, is('EATS', DPT)], worlds: NOT_SECURE, section: '5.2' },
  { fields: ['DRE', 'DCP'], when: [TRANSLATES], section: '3.22' },
  { fields: ['MEV', 'PPAR', 'PRIVCFG', 'INSTCFG', 'PARTID', 'PMG'], when: [PASSES], section: '5.2' },
  { fields: ['IMPDEF0', 'IMPDEF1', 'IMPDEF2'], when: [PASSES], section: '5.2' },
  { fields: ['MPAM_NS'], when: [PASSES], worlds: ['s', 'realm'], section: '5.2' },
  { fields: ['MECID'], when: [PASSES], worlds: ['realm'], section: '5.2' },
  // Stage 1 replaces the type of an access, but its hints may still join those of the input.
  { fields: ['MTCFG', 'ALLOCCFG'], when: [PASSES], section: '13.5' },
  { fields: ['MemAttr'], when: [PASSES, is('MTCFG', 1)], section: '13.5' },
  { fields: ['SHCFG'], when: [NO_STAGE_1], section: '13.5' },
  { fields: ['SHCFG'], when: DEFAULT_BYPASSES, section: '13.5' },
  { fields: ['NSCFG'], when: [NO_STAGE_1], worlds: ['s', 'realm'], section: '5.2' },
  { fields: ['NSCFG'], when: DEFAULT_BYPASSES, worlds: ['s', 'realm'], section: '5.2' },
  { fields: ['VMSPtr'], when: [is('Config', NESTED), is('S1MPAM', 1)], section: '5.2' },
  {
    fields: [
      'S2HWU59',
      'S2HWU60',
      'S2HWU61',
      'S2HWU62',
      'S2FWB',
      'S2T0SZ',
      'S2SL0',
      'S2IR0',
      'S2OR0',
      'S2SH0',
    ],
    when: [STAGE_2],
    section: '5.2',
  },
  {
    fields: ['S2TG', 'S2PS', 'S2AA64', 'S2ENDI', 'S2HD', 'S2HA', 'S2S', 'S2R', 'S2HAFT', 'S2PIE', 'S2POE'],
    when: [STAGE_2],
    section: '5.2',
  },
  { fields: ['S2DS', 'S2TTB', 'S2SKL', 'AssuredOnly', 'TL0', 'TL1'], when: [STAGE_2], section: '5.2' },
  { fields: ['S2AFFD'], when: [STAGE_2, is('S2HA', 0)], section: '5.2' },
  { fields: ['S2PTW'], when: [is('Config', NESTED)], section: '5.2' },
  { fields: ['S2SL0_2'], when: [STAGE_2, is('S2DS', 1)], section: '5.2' },
  { fields: upTo(16).map((n) => `S2POI${n - 1}`), when: [STAGE_2, is('S2POE', 1)], section: '5.2' },
  {
    fields: ['S2NSW', 'S_S2T0SZ', 'S_S2SL0', 'S_S2TG', 'S2SW', 'S_S2TTB', 'S_S2SKL'],
    when: [STAGE_2],
    worlds: SECURE,
    section: '5.2',
  },
  { fields: ['S2NSA'], when: [STAGE_2, is('S2NSW', 0)], worlds: SECURE, section: '5.2' },
  { fields: ['S2SA'], when: [STAGE_2, is('S2SW', 0)], worlds: SECURE, section: '5.2' },
  { fields: ['S_S2SL0_2'], when: [STAGE_2, is('S2DS', 1)], worlds: SECURE, section: '5.2' },
];

const EPD0 = is('EPD0', 0);
const EPD1 = is('EPD1', 0);
/** VMSAv9-128, or VMSAv8-32 LPAE where there is no IDR5.D128. */
const NOT_AA64 = is('AA64', 0);

/** As of a stream with two address ranges. In EL2 and EL3 the EPDx, the TTB1 fields and ASID are IGNORED as well (5.4). */
const CD_RULES: readonly UsedRule[] = [
  { fields: ['T0SZ', 'TG0', 'IR0', 'OR0', 'SH0', 'TTB0'], when: [EPD0], section: '5.4.1.1' },
  { fields: ['T1SZ', 'TG1', 'IR1', 'OR1', 'SH1', 'TTB1'], when: [EPD1], section: '5.4.1.1' },
  { fields: ['ENDI'], when: [EPD0], section: '5.4' },
  { fields: ['ENDI'], when: [EPD1], section: '5.4' },
  { fields: ['DisCH0', 'SKL0'], when: [EPD0, NOT_AA64], section: '5.4' },
  { fields: ['DisCH1', 'SKL1'], when: [EPD1, NOT_AA64], section: '5.4' },
  { fields: ['HWU059', 'HWU060', 'HWU061', 'HWU062'], when: [is('HAD0', 1)], section: '5.4' },
  { fields: ['HWU159', 'HWU160', 'HWU161', 'HWU162'], when: [is('HAD1', 1)], section: '5.4' },
  { fields: ['AFFD'], when: [is('HA', 0)], section: '5.4' },
  { fields: ['UWXN'], when: [NOT_AA64], section: '5.4' },
  { fields: ['R'], when: [is('S', 0)], section: '5.5' },
  { fields: ['NSCFG0', 'NSCFG1'], when: [], worlds: SECURE, section: '5.4' },
  ...['PIIU', 'PIIP'].flatMap((name): UsedRule[] => {
    const fields = upTo(16).map((n) => `${name}${n - 1}`);
    return [is('PIE', 1), NOT_AA64].map((when) => ({ fields, when: [when], section: '5.4' }));
  }),
];

/** What hardware reads, by structure. */
export const USED_BITS = {
  STE: { layout: STE, valid: is('V', 1), rules: STE_RULES, rest: false, section: '5.2' },
  CD: { layout: CD, valid: is('V', 1), rules: CD_RULES, rest: true, section: '5.4' },
  L1STD: { layout: L1STD, valid: is('Span', ...upTo(SPAN_MAX)), rules: [], rest: true, section: '5.1' },
  L1CD: { layout: L1CD, valid: is('V', 1), rules: [], rest: true, section: '5.3' },
} as const satisfies Readonly<Record<string, UsedBits>>;

/** Bits of a field that may change at any time, though they are read. */
export interface SafeBits {
  readonly structure: keyof typeof USED_BITS;
  readonly field: string;
  /** Bits of the field, counted from its own bit 0. */
  readonly bits: readonly [msb: number, lsb: number];
  /** They are not safe if one of these holds before or after. */
  readonly unless: readonly FieldCondition[];
  readonly why: string;
  /** Section of Arm IHI 0070. */
  readonly section: string;
}

/** What may change at any time. */
export const SAFE_BITS: readonly SafeBits[] = [
  {
    structure: 'STE',
    field: 'MEV',
    bits: [0, 0],
    unless: [],
    why: 'Merging of events is permitted, never promised.',
    section: '7.3.1',
  },
  {
    structure: 'STE',
    field: 'EATS',
    bits: [0, 0],
    unless: [is('EATS', SPLIT, DPT), is('S2S', 1)],
    why: 'ATS is switched off at the endpoint while its configuration changes; with S2S it would make the STE ILLEGAL.',
    section: '3.9.2',
  },
];
