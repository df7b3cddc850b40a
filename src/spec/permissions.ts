/** What the attributes of table descriptors do to everything below them (DDI 0487 D8.4). */
export const HIERARCHICAL = {
  'APTable[0]': 'removes unprivileged access',
  'APTable[1]': 'removes write',
  PXNTable: 'removes privileged execute',
  XNTable: 'removes (unprivileged) execute',
  NSTable: 'all later lookups and output NS, for Secure only; cannot be undone',
  accumulate: 'OR over levels',
  'HADx==1': 'APTable, PXNTable, XNTable ignored (needs IDR3.HAD); NSTable still applies',
  PIE: 'hierarchical permissions not used with indirect permissions',
} as const;

/** Direct permissions of stage 1 (DDI 0487 D8.4): by AP[2:1], privileged and unprivileged read and write. */
export const S1_AP: readonly { readonly priv: 'rw' | 'r'; readonly user: 'rw' | 'r' | '' }[] = [
  { priv: 'rw', user: '' },
  { priv: 'rw', user: 'rw' },
  { priv: 'r', user: '' },
  { priv: 'r', user: 'r' },
];

/** The order in which stage-1 permissions are narrowed. */
export const S1_PERMISSION_ORDER: readonly string[] = [
  'AP leaf (DBM && HD makes AP2 effectively 0 for writes)',
  'APTable',
  'PXN: px = !(PXN | PXNTable | userW); for LPAE the userW term only if UWXN',
  'ux = !(UXN | UXNTable)',
  'WXN: px &= !privW, ux &= !userW',
  'PAN==1: privileged data R/W removed where user R or W granted (EPAN adds: or user X granted)',
  'E0PDx: an unprivileged access gives F_TRANSLATION',
];

/** Which privilege and which kind of access count. */
export const S1_ACCESS = {
  privilege: 'Input PRIV after STE.PRIVCFG; one-privilege regimes act as privileged.',
  instruction: 'Input INST after STE.INSTCFG; writes are always data.',
  check: { 'read data': 'r', 'instruction read': 'x (r not required)', write: 'w', atomic: 'r and w' },
} as const;

/** Indirect permissions of stage 1 (3.26.1). Medium confidence. */
export const S1_INDIRECT = {
  index: 'PIIndex = {bit54,bit53,bit51,bit6} of the leaf (64-bit descriptors)',
  dirty:
    'Bit 7 is nDirty: a write to a page with nDirty=1 first marks it dirty (CD.HD), or is refused (3.13.3.2).',
  perm: 'PIIP for privileged, PIIU for unprivileged (see structures CD.PIIU0 values)',
  enabled: 'CD.PIE && STE.S1PIE, or VMSAv9-128',
  ap1_sides: 'PAN acts as EPAN',
  conf: 'medium',
} as const;

/** Direct permissions of stage 2. */
export const S2_DIRECT = {
  R: 'S2AP[0]',
  W: 'S2AP[1] (or DBM && S2HD)',
  X: { 0: 'all', 1: 'user only', 2: 'none', 3: 'privileged only' },
  'XNX==0': 'XN bit 54 alone, privilege not used',
  'PRIV used': 'only with IDR3.XNX',
  'stage-1 table walk': 'checked as data read (write if HTTU updates); CD fetch as data read',
  tie: 'permissions of both stages must pass; stage 1 is checked first',
} as const;

/** Indirect permissions of stage 2 (3.26.2). Medium confidence. */
export const S2_INDIRECT = {
  index: 'PIIndex as at stage 1, POIndex bits [62:59] of the leaf',
  dirty:
    'Bit 7 is Dirty: a write to a page with Dirty=0 first marks it dirty (STE.S2HD), or is refused (3.13.3.2).',
  base: 'SMMU_(S_/R_)S2PII[PIIndex]',
  overlay: 'STE.S2POI[POIndex], intersected',
  conf: 'medium',
} as const;

/** Access flag (3.13). */
export const ACCESS_FLAG = {
  'AF==0': {
    'HA==1': 'atomic set AF, no fault',
    'HA==0 && AFFD==0': 'F_ACCESS',
    'HA==0 && AFFD==1': 'treated as 1',
  },
  speculative: 'AF may be set speculatively; dirty never speculatively except stage-2 for stage-1 walks',
  HAFT: 'AF in table descriptors set too',
} as const;

/** Dirty state (3.13.3). */
export const DIRTY_STATE = {
  stage1: 'write, AP2==1, DBM==1, HD: atomically AP2:=0 (AF:=1)',
  stage2: 'write, S2AP1==0, DBM==1, S2HD: S2AP1:=1',
  never: 'hardware never clears',
  'CD fetch': 'never dirties stage 2',
  ATS: 'TR with NW=0 dirties at request time',
  ATOS: 'HTTUI inhibits',
  'IDR0.HTTU': { 0: 'none', 1: 'AF', 2: 'AF+dirty', 3: 'AF+dirty+table AF' },
} as const;

/** What a stage-1 permission code grants (5.4, PIIU and PIIP); '' also for reserved codes, which make the CD ILLEGAL. */
export const S1_INDIRECT_GRANTS: readonly string[] = ['', 'r', 'x', 'rx', '', 'rw', '', 'rwx'];

/** What a stage-2 permission code grants. */
export interface S2Grant {
  readonly read?: true;
  readonly write?: true;
  /** Unprivileged and privileged execute. */
  readonly ux?: true;
  readonly px?: true;
  /** Mostly read-only: of writes only some that hardware makes to tables pass, not those of clients. */
  readonly mostly?: true;
}

/** By S2PII and STE.S2POI (6.3.17, 5.2); reserved codes grant nothing in S2PII and make an STE ILLEGAL. */
export const S2_INDIRECT_GRANTS: readonly S2Grant[] = [
  {},
  {},
  { read: true, mostly: true },
  { read: true, mostly: true },
  { write: true },
  {},
  { read: true, mostly: true },
  { read: true, mostly: true },
  { read: true },
  { read: true, ux: true },
  { read: true, px: true },
  { read: true, ux: true, px: true },
  { read: true, write: true },
  { read: true, write: true, ux: true },
  { read: true, write: true, px: true },
  { read: true, write: true, ux: true, px: true },
];
