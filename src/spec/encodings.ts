/** Value tables that several fields share: what each value means, and the short names people may write. */

/** Cacheability of CD and L1CD fetches. */
export const FETCH_CACHEABILITY = {
  values: { 0: 'Normal Non-cacheable', 1: 'Write-Back, RA', 2: 'Write-Through, RA', 3: 'Write-Back, no RA' },
  names: { NC: 0, WBRA: 1, WTRA: 2, WB: 3 },
} as const;

/** Shareability of fetches; 0b01 is reserved. */
export const FETCH_SHAREABILITY = {
  values: { 0: 'Non-shareable', 1: 'reserved, acts as 0', 2: 'Outer Shareable', 3: 'Inner Shareable' },
  names: { NSH: 0, OSH: 2, ISH: 3 },
} as const;

/** Cacheability of translation table walks. */
export const WALK_CACHEABILITY = {
  values: { 0: 'Non-cacheable', 1: 'WB RA WA', 2: 'WT RA', 3: 'WB RA no-WA' },
  names: { NC: 0, WBRAWA: 1, WTRA: 2, WBRA: 3 },
} as const;

/** Shareability override. */
export const SHARE_OVERRIDE = {
  values: { 0: 'Non-shareable', 1: 'use incoming', 2: 'Outer Shareable', 3: 'Inner Shareable' },
  names: { NSH: 0, INCOMING: 1, OSH: 2, ISH: 3 },
} as const;

/** Granule of TTB0 and of stage 2. */
export const TG0 = {
  values: { 0: '4KB', 1: '64KB', 2: '16KB', 3: 'reserved' },
  names: { '4KB': 0, '64KB': 1, '16KB': 2 },
} as const;

/** Granule of TTB1: another code than that of TTB0. */
export const TG1 = {
  values: { 0: 'reserved', 1: '16KB', 2: '4KB', 3: '64KB' },
  names: { '16KB': 1, '4KB': 2, '64KB': 3 },
} as const;

/** Byte order of translation tables. */
export const ENDIANNESS = {
  values: { 0: 'little', 1: 'big' },
  names: { LITTLE: 0, BIG: 1 },
} as const;

/** A valid bit. */
export const VALID = {
  values: { 0: 'invalid', 1: 'valid' },
} as const;

/** Stage-2 permissions of an overlay or base permission index. */
export const S2_OVERLAY = {
  values: {
    0: 'No access',
    1: 'reserved -> C_BAD_STE',
    2: 'MRO',
    3: 'MRO-TL1',
    4: 'WO',
    5: 'reserved -> C_BAD_STE',
    6: 'MRO-TL0',
    7: 'MRO-TL01',
    8: 'RO',
    9: 'RO+uX',
    10: 'RO+pX',
    11: 'RO+puX',
    12: 'RW',
    13: 'RW+uX',
    14: 'RW+pX',
    15: 'RW+puX',
  },
  names: {
    NONE: 0,
    MRO: 2,
    MRO_TL1: 3,
    WO: 4,
    MRO_TL0: 6,
    MRO_TL01: 7,
    RO: 8,
    RO_uX: 9,
    RO_pX: 10,
    RO_puX: 11,
    RW: 12,
    RW_uX: 13,
    RW_pX: 14,
    RW_puX: 15,
  },
} as const;

/** Stage-1 permissions of a permission index. */
export const S1_PERMISSION = {
  values: {
    0: 'No access',
    1: 'Read',
    2: 'Execute',
    3: 'Read+Execute',
    4: 'reserved -> C_BAD_CD',
    5: 'Read+Write',
    6: 'reserved -> C_BAD_CD',
    7: 'Read+Write+Execute',
  },
  names: { NONE: 0, R: 1, X: 2, RX: 3, RW: 5, RWX: 7 },
} as const;

/** Granule protection information: which physical address spaces may access the granule. */
export const GPI = {
  values: {
    0: 'no access',
    4: 'System agent (RME GDI) else reserved',
    5: 'Non-secure protected (RME GDI) else reserved',
    8: 'Secure PAS only',
    9: 'Non-secure PAS only',
    10: 'Root PAS only',
    11: 'Realm PAS only',
    13: 'Non-secure only (RME GPC2) else reserved',
    15: 'any PAS',
    others: 'reserved -> GPT entry invalid',
  },
  names: {
    NO_ACCESS: 0,
    SYSTEM_AGENT: 4,
    NS_PROTECTED: 5,
    SECURE: 8,
    NONSECURE: 9,
    ROOT: 10,
    REALM: 11,
    NS_ONLY: 13,
    ANY: 15,
  },
} as const;

/** Access control of a device permission table entry. */
export const DPT_AC = {
  values: {
    0: 'VMID checked unless DPT_VMATCH==2',
    1: 'VMID checked unless DPT_VMATCH==1 or 2; Realm: output NS',
    2: 'VMID RES0, never checked; Realm: output NS',
    3: 'reserved',
  },
} as const;

/** What was being translated when a fault occurred. */
export const CLASS_VALUES = {
  values: { 0: 'CD (CD/L1CD fetch)', 1: 'TTD (stage-1 table fetch)', 2: 'IN (input address)', 3: 'reserved' },
  names: { CD: 0, TTD: 1, TT: 1, IN: 2 },
} as const;

/** Granule of a range TLB invalidation. */
export const COMMAND_TG = {
  values: { 0: 'no range, no hint', 1: '4KB', 2: '16KB', 3: '64KB' },
  names: { NONE: 0, '4KB': 1, '16KB': 2, '64KB': 3 },
} as const;

/** Shareability of translation table walks; 0b01 is reserved. */
export const SHAREABILITY = {
  values: { 0: 'Non-shareable', 1: 'reserved, acts as 0', 2: 'Outer Shareable', 3: 'Inner Shareable' },
  names: { NSH: 0, OSH: 2, ISH: 3 },
} as const;
