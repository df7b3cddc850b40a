import { layout } from '../bits/layout.ts';
import { FETCH_CACHEABILITY, SHARE_OVERRIDE, SHAREABILITY, VALID } from './encodings.ts';
import { STE_STAGE2 } from './ste-stage2.ts';

/** Stream Table Entry: what happens to the traffic of one StreamID. Aligned to 64 bytes; cached by {SEC_SID, StreamID}. */
export const STE = layout('STE', '5.2', 512, {
  V: {
    bits: [0, 0],
    doc: 'Entry valid. 0: every other field ignored, use gives C_BAD_STE.',
    applies: 'always',
    ...VALID,
  },
  Config: {
    bits: [3, 1],
    doc: 'Stream configuration. Bit2=traffic passes, bit0=stage 1 translates, bit1=stage 2 translates.',
    applies: 'V==1',
    rules: ['STE-S1-UNSUP', 'STE-S2-UNSUP', 'STE-S-S2-UNSUP'],
    values: {
      0: 'abort, no event',
      1: 'acts as 0',
      2: 'acts as 0',
      3: 'acts as 0',
      4: 'bypass both stages',
      5: 'stage 1 only',
      6: 'stage 2 only',
      7: 'stage 1 then stage 2',
    },
    names: { ABORT: 0, BYPASS: 4, S1: 5, S2: 6, NESTED: 7 },
  },
  S1Fmt: {
    bits: [5, 4],
    doc: 'CD table format.',
    applies: 'Config==0b1x1 && S1CDMax!=0 && IDR1.SSIDSIZE!=0',
    needs: 'IDR0.CD2L for 1 or 2',
    rules: ['STE-S1FMT'],
    values: {
      0: 'linear table (or one CD when S1CDMax==0)',
      1: '2-level, 4KB leaf: 64 CDs per leaf, L1 indexed by SSID[S1CDMax-1:6]',
      2: '2-level, 64KB leaf: 1024 CDs per leaf, L1 indexed by SSID[S1CDMax-1:10]',
      3: 'reserved, acts as 0',
    },
    names: { LINEAR: 0, '4KB_L2': 1, '64KB_L2': 2 },
  },
  S1ContextPtr: {
    bits: [55, 6],
    doc: 'Base of CD or L1CD table. PA when stage 2 off, IPA when stage 2 on. SMMUv3.0: [47:6]; v3.1-3.3: [51:6]; v3.4+: [55:6].',
    applies: 'Config==0b1x1',
    security: 'NS stream: NS PA/IPA; Secure stream: Secure PA or Secure IPA; Realm: Realm PA/IPA',
    rules: ['STE-S1CTXPTR'],
    narrow: [51, 47],
    address: true,
  },
  S1CDMax: {
    bits: [63, 59],
    doc: 'log2 of number of CDs; 0 disables substreams.',
    applies: 'Config==0b1x1 && IDR1.SSIDSIZE!=0',
    rules: ['STE-S1CDMAX'],
  },
  S1DSS: {
    bits: [65, 64],
    doc: 'What to do with a transaction without SubstreamID when S1CDMax!=0.',
    applies: 'Config==0b1x1 && S1CDMax!=0',
    values: {
      0: 'terminate + F_STREAM_DISABLED',
      1: 'bypass stage 1 (as Config 0b1x0), no CD fetched',
      2: 'use CD 0; SSV=1 with SubstreamID 0 then gives F_STREAM_DISABLED',
      3: 'reserved, acts as 0',
    },
    names: { TERMINATE: 0, BYPASS: 1, SSID0: 2 },
  },
  S1CIR: {
    bits: [67, 66],
    doc: 'Inner attribute of CD/L1CD fetch.',
    applies: 'Config==0b1x1',
    ...FETCH_CACHEABILITY,
  },
  S1COR: {
    bits: [69, 68],
    doc: 'Outer attribute of CD/L1CD fetch.',
    applies: 'Config==0b1x1',
    ...FETCH_CACHEABILITY,
  },
  S1CSH: {
    bits: [71, 70],
    doc: 'Shareability of CD/L1CD fetch (OSH if both cacheabilities are NC).',
    applies: 'Config==0b1x1',
    ...SHAREABILITY,
  },
  S2HWU59: {
    bits: [72, 72],
    doc: 'Stage-2 leaf bit 59 has IMPDEF hardware use.',
    applies: 'Config==0b11x',
    needs: 'IDR3.PBHA',
    since: '3.1',
    rules: ['STE-S2POE-PBHA'],
  },
  S2HWU60: {
    bits: [73, 73],
    doc: 'Stage-2 leaf bit 60 has IMPDEF hardware use.',
    applies: 'Config==0b11x',
    needs: 'IDR3.PBHA',
    since: '3.1',
  },
  S2HWU61: {
    bits: [74, 74],
    doc: 'Stage-2 leaf bit 61 has IMPDEF hardware use.',
    applies: 'Config==0b11x',
    needs: 'IDR3.PBHA',
    since: '3.1',
  },
  S2HWU62: {
    bits: [75, 75],
    doc: 'Stage-2 leaf bit 62 has IMPDEF hardware use.',
    applies: 'Config==0b11x',
    needs: 'IDR3.PBHA',
    since: '3.1',
  },
  DRE: {
    bits: [76, 76],
    doc: 'Destructive read enable: 0 downgrades read-invalidate / invalidate CMO.',
    applies: 'at least one stage translates',
    since: '3.1',
  },
  CONT: {
    bits: [80, 77],
    doc: 'Contiguity hint: 2^CONT aligned StreamIDs share identical STEs; does not widen invalidation.',
    applies: 'V==1',
    rules: ['EVT-CFG-CONFLICT'],
  },
  DCP: {
    bits: [81, 81],
    doc: 'Directed cache prefetch permitted.',
    applies: 'at least one stage translates',
    since: '3.1',
  },
  PPAR: {
    bits: [82, 82],
    doc: 'Auto PRG response carries PASID on PRI overflow.',
    needs: 'IDR0.PRI && IDR1.SSIDSIZE!=0; ignored if IDR3.PPS',
  },
  MEV: {
    bits: [83, 83],
    doc: 'Permit merging of similar events of this stream (never stall events).',
    applies: 'V==1',
    values: { 0: 'no merging', 1: 'merging permitted' },
  },
  SW_RESERVED: { bits: [87, 84], doc: 'Free for software, ignored by hardware.' },
  S1PIE: {
    bits: [88, 88],
    doc: 'CDs of this stream may enable stage-1 permission indirection.',
    needs: 'IDR3.S1PI',
    since: '3.4',
    rules: ['CD-D128-S1PIE'],
  },
  S2FWB: {
    bits: [89, 89],
    doc: 'Stage-2 forced attribute encoding (HCR_EL2.FWB equivalent).',
    applies: 'Config==0b11x',
    needs: 'IDR3.FWB',
    since: '3.2',
    tlbCached: true,
    rules: ['STE-S2FWB-AA32'],
  },
  S1MPAM: {
    bits: [90, 90],
    doc: 'PARTID/PMG taken from CD (via VMS.PARTID_MAP when nested) instead of STE.',
    applies: 'Config==0b1x1',
    needs: 'MPAM in that Security state',
    since: '3.2',
  },
  S1STALLD: {
    bits: [91, 91],
    doc: 'CDs of this stream may not use the Stall model.',
    applies: 'Config==0b1x1',
    rules: ['STE-S1STALLD-NS', 'STE-S1STALLD-S', 'STE-S1STALLD-R'],
  },
  EATS: {
    bits: [93, 92],
    doc: 'ATS enable.',
    applies: 'IDR0.ATS && Config[1:0]!=0',
    security: 'Secure STE: RES0, effective 0',
    rules: ['STE-EATS-SPLIT', 'STE-EATS-FULL-S2S', 'STE-EATS-DPT-SW', 'STE-EATS-DPT-S2S'],
    values: {
      0: 'ATS off: TR gives UR + F_BAD_ATS_TREQ; Translated gives F_TRANSL_FORBIDDEN if ATSCHK',
      1: 'full ATS',
      2: 'split-stage ATS (Config must be 0b111); acts as 0 if ATSCHK==0',
      3: 'full ATS with DPT checks if (R_)IDR3.DPT, else reserved and acts as 0; NS acts as 0 if ATSCHK==0',
    },
    names: { OFF: 0, FULL: 1, SPLIT: 2, DPT: 3 },
  },
  STRW: {
    bits: [95, 94],
    doc: 'StreamWorld selector used when stage 1 only.',
    applies: 'Config==0b101 (ignored for 0b11x and 0b100); RES0 if !IDR0.S1P or (NS && !IDR0.Hyp)',
    security: 'encoding differs per stream table',
    rules: ['STE-STRW-NSR', 'STE-STRW-S3', 'STE-STRW-EL3-RME', 'STE-STRW-SEL2'],
    values: {
      'ns/0': 'NS-EL1',
      'ns/2': 'NS-EL2 (CR2.E2H=0) or NS-EL2-E2H (CR2.E2H=1)',
      'ns/1': 'ILLEGAL',
      'ns/3': 'ILLEGAL',
      's/0': 'Secure (EL1)',
      's/1': 'EL3 (ILLEGAL if IDR0.RME_IMPL)',
      's/2': 'S-EL2 or S-EL2-E2H (ILLEGAL unless S_IDR1.SEL2)',
      's/3': 'ILLEGAL',
      'realm/0': 'Realm-EL1',
      'realm/2': 'Realm-EL2 or Realm-EL2-E2H',
      'realm/1': 'ILLEGAL',
      'realm/3': 'ILLEGAL',
    },
    names: { EL1: 0, EL3: 1, EL2: 2 },
  },
  MemAttr: {
    bits: [99, 96],
    doc: 'Memory type override, encoded as VMSAv8-64 stage-2 MemAttr with S2FWB=0; 0b0100,0b1000,0b1100 act as Device-nGnRnE.',
    applies: 'MTCFG==1',
    needs: 'IDR1.ATTR_TYPES_OVR',
  },
  MTCFG: {
    bits: [100, 100],
    doc: '1: replace incoming memory type by MemAttr.',
    needs: 'IDR1.ATTR_TYPES_OVR',
  },
  ALLOCCFG: {
    bits: [104, 101],
    doc: '0b0xxx incoming hints; 0b1RWT forces Read-alloc=R, Write-alloc=W, Transient=T.',
    needs: 'IDR1.ATTR_TYPES_OVR',
  },
  SHCFG: {
    bits: [109, 108],
    doc: 'Shareability override.',
    applies: 'bypass, stage-2 only and S1DSS bypass paths',
    needs: 'IDR1.ATTR_TYPES_OVR',
    ...SHARE_OVERRIDE,
  },
  NSCFG: {
    bits: [111, 110],
    doc: 'NS attribute override for streams whose stage 1 does not translate.',
    applies: 'stage 1 bypassed',
    security: 'Non-secure STE: ignored. Secure: needs IDR1.ATTR_PERMS_OVR else RES0. Realm: always supported',
    values: {
      's/0': 'incoming',
      's/1': 'reserved, acts as 0',
      's/2': 'Secure',
      's/3': 'Non-secure',
      'realm/0': 'incoming',
      'realm/1': 'check incoming (R_IDR3.XT) else acts as 0',
      'realm/2': 'Realm',
      'realm/3': 'Non-secure',
    },
    names: { INCOMING: 0, SECURE: 2, REALM: 2, NONSECURE: 3 },
  },
  PRIVCFG: {
    bits: [113, 112],
    doc: 'Privilege override.',
    needs: 'IDR1.ATTR_PERMS_OVR',
    values: { 0: 'incoming', 1: 'reserved, acts as 0', 2: 'Unprivileged', 3: 'Privileged' },
    names: { INCOMING: 0, UNPRIVILEGED: 2, PRIVILEGED: 3 },
  },
  INSTCFG: {
    bits: [115, 114],
    doc: 'Instruction/data override, reads only.',
    needs: 'IDR1.ATTR_PERMS_OVR',
    values: { 0: 'incoming', 1: 'reserved, acts as 0', 2: 'Data', 3: 'Instruction' },
    names: { INCOMING: 0, DATA: 2, INSTRUCTION: 3 },
  },
  IMPDEF0: { bits: [127, 116], doc: 'IMPLEMENTATION DEFINED.' },
  ...STE_STAGE2,
});

const { Config, S1DSS, S1Fmt, EATS } = STE.fields;

/** STE.Config: terminate without an event. 0b000 to 0b011 mean the same. */
export const CONFIG_ABORT = Config.names.ABORT;
export const CONFIG_BYPASS = Config.names.BYPASS;
export const CONFIG_S1 = Config.names.S1;
export const CONFIG_S2 = Config.names.S2;
export const CONFIG_NESTED = Config.names.NESTED;
/** Bits of STE.Config: stage 1 translates, stage 2 translates, traffic passes at all. */
export const CONFIG_STAGE1_BIT = 1;
export const CONFIG_STAGE2_BIT = 2;
export const CONFIG_PASS_BIT = 4;

export const S1DSS_TERMINATE = S1DSS.names.TERMINATE;
export const S1DSS_BYPASS = S1DSS.names.BYPASS;
export const S1DSS_SSID0 = S1DSS.names.SSID0;

export const S1FMT_LINEAR = S1Fmt.names.LINEAR;
export const S1FMT_4KB_L2 = S1Fmt.names['4KB_L2'];
export const S1FMT_64KB_L2 = S1Fmt.names['64KB_L2'];

export const EATS_OFF = EATS.names.OFF;
export const EATS_FULL = EATS.names.FULL;
export const EATS_SPLIT = EATS.names.SPLIT;
export const EATS_DPT = EATS.names.DPT;

/** Bytes of an STE in memory. */
export const STE_BYTES = STE.words * 4;
