/** Memory attributes and how the stages combine them (chapter 13, DDI 0487 D8.6). */
export const MEMORY_ATTRIBUTES = {
  mair: 'Attr[7:4]==0: Device by [3:2] (00 nGnRnE,01 nGnRE,10 nGRE,11 GRE) with [1:0]!=0 reserved: same Device; else Normal: outer [7:4], inner [3:0], code 00RW WT transient, 0100 NC, 01RW WB transient, 10RW WT, 11RW WB',
  s1_only: 'output = stage-1 attributes (RA/WA/TR combined with input if input cacheable)',
  s2_only: 'input attributes (after STE overrides) combined with stage 2',
  bypass: 'input with STE overrides',
  's2_memattr (S2FWB=0)': {
    '[3:2]': '00 Device, type in [1:0]; 01 outer NC; 10 outer WT; 11 outer WB',
    '[1:0]': '01 inner NC; 10 inner WT; 11 inner WB; 00 reserved',
  },
  combine:
    'any Device gives Device, the stricter of two Device types (nGnRnE strongest); else inner and outer separately the weaker cacheability (NC < WT < WB); shareability: OSH if either OSH, else ISH if either, else NSH; Device and iNC-oNC are OSH',
  's2_fwb (S2FWB=1), MemAttr[2:0]': {
    '0xx': 'Device type xx (stricter if stage 1 is Device)',
    100: 'reserved',
    101: 'Normal NC unless stage 1 Device (keeps Device)',
    110: 'force Normal iWB-oWB',
    111: 'stage-1 attributes unchanged',
  },
  DS: 'with DS/S2DS shareability comes from CD.SHx / STE.S2SH0',
} as const;

/** Device memory found by a stage-1 walk or CD fetch through stage 2 (STE.S2PTW). */
export const PTW = {
  'S2PTW==1': 'stage-1 walk or CD fetch to stage-2 Device: S2 F_PERMISSION (CLASS TT/CD)',
  'S2PTW==0': 'allowed; treated as Normal NC if IDR3.PTWNNC',
} as const;

/** Order of a nested translation (3.3.3). */
export const NESTED_ORDER: readonly string[] = [
  'STE fetch (PA)',
  'VMS fetch if enabled',
  'CD address (IPA) through stage 2: fetch CD (and L1CD first)',
  'per stage-1 level: descriptor IPA through stage 2, fetch, decode',
  'stage-1 AF/permission',
  'final IPA through stage 2',
  'GPC on every PA',
];

/** Further rules of nested translation. */
export const NESTED = {
  stop: 'Stage 2 of an output is not done if stage 1 faults.',
  pageSize: 'TLB entry size = min of both stages.',
} as const;

/** Top byte ignore (CD.TBI0, CD.TBI1). */
export const TBI = {
  use: 'address used for translation has [63:56] replaced by sign of bit 55',
  event: 'InputAddr keeps raw bits',
  off_when: 'stage 1 not translating',
} as const;

/** Walks that CD.EPD0 and CD.EPD1 forbid (5.4.1.1). */
export const EPD = {
  EPDx: 'miss in that half: S1 F_TRANSLATION; TxSZ/TGx/TTBx not checked',
  'EL2/EL3': 'EPD ignored, TTB1 unreachable: VA[55]==1 gives F_TRANSLATION',
} as const;

/** Which address space a Secure stream's accesses go to (3.10.2). */
export const SECURE_SPACES = {
  's1 start space': 'CD.NSCFGx: 0 Secure, 1 Non-secure first fetch; becomes NS by NSTable',
  'output of stage 1': 'Secure if walk still Secure and leaf NS==0',
  'nested or s2-only input space': 'stage-1 output NS, or STE.NSCFG when stage 1 bypassed',
  'Secure IPA': 'walk S_S2TTB with S_S2T0SZ/S_S2SL0/S_S2TG in space S2SW; output NS = S2SW ? 1 : S2SA',
  'Non-secure IPA':
    'walk S2TTB with S2T0SZ/S2SL0/S2TG in space S2NSW; output NS = (S2SW|S2SA|S2NSW) ? 1 : S2NSA',
  'CD fetch': 'Secure PA, or Secure IPA through stage 2',
  SIF: 'S_CR0.SIF==1: Secure-stream instruction fetch whose stage-1 output is NS: S1 F_PERMISSION (terminated if stage 1 bypassed; abort without event if SMMUEN==0)',
} as const;

/** Non-secure streams. */
export const NONSECURE_SPACES = { output: 'always Non-secure PA; NS bits in tables ignored' } as const;

/** Realm streams (3.10.3). */
export const REALM_SPACES = {
  'EL1 stage 1 only': 'output Realm',
  'stage 2': 'leaf NS[55] selects Realm(0)/Non-secure(1)',
  'EL2/EL2-E2H stage 1': 'leaf NS[5]',
  bypass: 'STE.NSCFG applied to input NS',
  faults: [
    'instruction fetch to NS: F_PERMISSION at the stage that chose NS',
    'CD/L1CD or stage-1 table through stage 2 to NS: S2 F_PERMISSION',
  ],
  tables: 'all Realm PA; LPAE not allowed',
} as const;

/** VMSAv8-32 LPAE. Medium confidence. */
export const LPAE = {
  stage1: {
    ia: 32,
    granule: '4KB',
    t0sz: '3 bits',
    select:
      'TTB0 if VA[31:32-T0SZ]==0 (or T0SZ==0 and not in TTB1 range); TTB1 if VA[31:32-T1SZ] all ones (T1SZ==0: everything not in TTB0); gap: F_TRANSLATION; VA[63:32] must be 0',
    start: 'L1 if region >= 2^31 (TxSZ<2) else L2',
    out: 40,
  },
  stage2: {
    t0sz: 'signed 4 bits -8..7, IA = 32 - value',
    sl0: { 0: 'L2', 1: 'L1' },
    out: 40,
    consistency:
      'SL0=0 (start L2): IA 25..34; SL0=1 (start L1): IA 31..40; SL0 2,3 ILLEGAL (same min/max formula as AA64 with stride 9)',
    instruction: 'execute also needs read permission in LPAE stage 1',
  },
  worlds: 'NS-EL1 and Secure only; not EL2-E2H, S-EL2, EL3, Realm',
  conf: 'medium',
} as const;

/** VMSAv9-128. Medium confidence. */
export const D128 = {
  enable: 'IDR5.D128; AA64==0 then means VMSAv9-128',
  implies: [
    'PIE on (STE.S1PIE must be 1)',
    'not for EL2 StreamWorld',
    'AIE, MTEPERM',
    'AssuredOnly/PnCH implicit',
    'HAD not available (DisCH bits instead)',
  ],
  conf: 'medium',
} as const;

/** What a TLB may hold (3.17, 3.21.1). */
export const TLB_ENTRIES = {
  faults:
    'invalid descriptors are never cached (AF fault never, permission may be); STE, CD, L1STD, L1CD may be cached in any state, also V=0 or illegal (5.2.1, 5.4.1, 3.21.3)',
  global:
    "nG==0 in two-range regimes: ASID not matched, but ASET is part of the tag; a Secure stream's descriptor fetched from Non-secure memory is non-global (3.17.1)",
  size: 'by leaf level, contiguous hint and other stage',
} as const;
