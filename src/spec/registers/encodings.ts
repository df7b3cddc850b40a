/** Value tables of register fields. */

/** Shareability in registers. */
export const REGISTER_SH = {
  values: { 0: 'Non-shareable', 2: 'Outer Shareable', 3: 'Inner Shareable' },
  names: { NSH: 0, OSH: 2, ISH: 3 },
} as const;

/** Cacheability in CR1. */
export const REGISTER_CACHEABILITY = {
  values: { 0: 'Non-cacheable', 1: 'Write-Back', 2: 'Write-Through' },
  names: { NC: 0, WB: 1, WT: 2 },
} as const;

/** Cacheability of GPT fetches. */
export const GPT_CACHEABILITY = {
  values: { 0: 'Non-cacheable', 1: 'WB RWA', 2: 'WT', 3: 'WB RA' },
  names: { NC: 0, WBRWA: 1, WT: 2, WBRA: 3 },
} as const;

/** Why a lookup in the granule protection table failed. */
export const GPT_LOOKUP_ERROR = {
  values: {
    0: 'invalid register configuration',
    1: 'GPT_BASE beyond PPS',
    2: 'external abort',
    3: 'invalid entry',
    4: 'next table beyond PPS',
  },
  names: { CONFIG: 0, BASE: 1, EABT: 2, ENTRY: 3, NEXT: 4 },
} as const;

/** What an interface does with faults that could stall. */
export const STALL_MODELS = {
  values: { 0: 'stall and terminate', 1: 'terminate only', 2: 'stall forced' },
  names: { BOTH: 0, TERMINATE: 1, FORCED: 2 },
} as const;

/** Granule of GPT and DPT. */
export const PROTECTION_GRANULE = {
  values: { 0: '4KB', 1: '64KB', 2: '16KB' },
  names: { '4KB': 0, '64KB': 1, '16KB': 2 },
} as const;

/** Address space covered by GPT and DPT. */
export const PROTECTED_SIZE = {
  values: {
    0: '32 bits',
    1: '36 bits',
    2: '40 bits',
    3: '42 bits',
    4: '44 bits',
    5: '48 bits',
    6: '52 bits',
  },
  names: { '32bit': 0, '36bit': 1, '40bit': 2, '42bit': 3, '44bit': 4, '48bit': 5, '52bit': 6 },
} as const;

/** What one level-0 entry of GPT and DPT covers. */
export const LEVEL0_SIZE = {
  values: { 0: '1GB', 4: '16GB', 6: '64GB', 9: '512GB' },
  names: { '1GB': 0, '16GB': 4, '64GB': 6, '512GB': 9 },
} as const;

/** A physical address space. */
export const ADDRESS_SPACE = {
  values: { 0: 'Secure', 1: 'Non-secure', 2: 'Root', 3: 'Realm' },
  names: { s: 0, ns: 1, root: 2, realm: 3 },
} as const;

/** Why a command queue stopped. */
export const CERROR_VALUES = {
  values: { 0: 'CERROR_NONE', 1: 'CERROR_ILL', 2: 'CERROR_ABT', 3: 'CERROR_ATC_INV_SYNC' },
  names: { NONE: 0, ILL: 1, ABT: 2, ATC_INV_SYNC: 3 },
} as const;

/** What a granule protection fault belongs to. */
export const GPC_REASON = {
  values: {
    1: 'TRANSLATION: an access of the SMMU for a translation',
    2: 'GERROR: a queue or MSI access',
    3: 'TRANSACTION: an access of a client',
  },
  names: { TRANSLATION: 1, GERROR: 2, TRANSACTION: 3 },
} as const;

/** Instruction or data override. */
export const INSTCFG_VALUES = {
  values: { 0: 'incoming', 2: 'Data', 3: 'Instruction' },
  names: { INCOMING: 0, DATA: 2, INSTRUCTION: 3 },
} as const;

/** Privilege override. */
export const PRIVCFG_VALUES = {
  values: { 0: 'incoming', 2: 'Unprivileged', 3: 'Privileged' },
  names: { INCOMING: 0, UNPRIVILEGED: 2, PRIVILEGED: 3 },
} as const;

/** Shareability override. */
export const SHCFG_VALUES = {
  values: { 0: 'Non-shareable', 1: 'use incoming', 2: 'Outer Shareable', 3: 'Inner Shareable' },
  names: { NSH: 0, INCOMING: 1, OSH: 2, ISH: 3 },
} as const;

/** NS override. */
export const NSCFG_VALUES = {
  values: { 0: 'incoming', 2: 'Secure', 3: 'Non-secure' },
  names: { INCOMING: 0, SECURE: 2, NONSECURE: 3 },
} as const;

/** Whether the incoming memory type is replaced. */
export const REPLACE = {
  values: { 0: 'incoming', 1: 'replaced by MemAttr' },
  names: { INCOMING: 0, REPLACE: 1 },
} as const;

/** Shape of the stream table. */
export const TABLE_FORMAT = {
  values: { 0: 'linear', 1: '2-level' },
  names: { LINEAR: 0, '2LVL': 1 },
} as const;

/** STEs of a level-2 array, as log2. */
export const SPLIT_VALUES = {
  values: { 6: '4KB leaf', 8: '16KB leaf', 10: '64KB leaf' },
} as const;

/** Stages of an address translation operation. */
export const ATOS_TYPE = {
  values: { 0: 'reserved: INV_REQ', 1: 'stage 1', 2: 'stage 2', 3: 'stage 1 and stage 2' },
  names: { S1: 1, S2: 2, BOTH: 3 },
} as const;
