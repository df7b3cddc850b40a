import { layout } from '../bits/layout.ts';

/** Stage-1 leaf of VMSAv8-64: a page at level 3 or a block above. With DS=1 and 4KB or 16KB, SH holds OA[51:50]. Address fields are those of the 4KB granule with 48 bits; see the field's text for the others. */
export const S1_LEAF = layout('S1_LEAF', 'DDI 0487 D8.3', 64, {
  Valid: { bits: [0, 0], doc: '1: the descriptor is valid.' },
  Type: { bits: [1, 1], doc: 'Level 3 page: 1 (0 is invalid); block: 0.' },
  AttrIndx: { bits: [4, 2], doc: 'MAIR index [2:0].' },
  NS: {
    bits: [5, 5],
    doc: 'Output space bit; used for Secure, EL3, Realm EL2 regimes (ignored for NS; Realm EL1 RES0).',
  },
  AP1: { bits: [6, 6], doc: 'AP[1]: unprivileged access (EL1, EL2-E2H); ignored =1 for EL2/EL3.' },
  AP2: { bits: [7, 7], doc: 'AP[2]: read-only.' },
  SH: { bits: [9, 8], doc: 'Shareability; OA[51:50] when DS=1 (4K/16K).' },
  AF: { bits: [10, 10], doc: 'Access flag.' },
  nG: { bits: [11, 11], doc: 'Non-global (ASID tagged); NSE in EL3 regime of RME PEs.' },
  OA_hi_64K: {
    bits: [15, 12],
    doc: '64KB granule: OA[51:48]; else part of OA or 0.',
    alternativeTo: 'OA',
    when: '64KB granule',
  },
  nT: {
    bits: [16, 16],
    doc: 'Block translation conflict hint (BBML 1), block only.',
    conf: 'medium',
    alternativeTo: 'OA',
    when: 'block with IDR3.BBML==1',
  },
  OA: {
    bits: [49, 12],
    doc: 'Output address bits down to the block size ([47:n], DS=1 [49:n]).',
    address: true,
    alternativeTo: ['OA_hi_64K', 'nT'],
  },
  GP: { bits: [50, 50], doc: 'Guarded page, ignored by SMMU.' },
  DBM: { bits: [51, 51], doc: 'Dirty bit modifier (direct permissions).' },
  Contiguous: { bits: [52, 52], doc: 'Contiguous hint; Protected when PnCH.' },
  PXN: { bits: [53, 53], doc: 'Privileged execute never; RES0 for EL2/EL3.' },
  UXN_XN: { bits: [54, 54], doc: 'UXN (two privilege levels) or XN (EL2/EL3).' },
  SW: { bits: [58, 55], doc: 'Software use.' },
  PBHA_AttrIndx3: { bits: [62, 59], doc: 'PBHA if HWUx; bit 59 AttrIndx[3] if AIE; POIndex [62:60].' },
  AMEC: {
    bits: [63, 63],
    doc: 'Realm EL2 regimes with MEC: 1 gives F_TRANSLATION (ignored if NS=1); else ignored.',
  },
});

/** Table descriptor of VMSAv8-64. Stage-2 tables have no hierarchical attributes: APTable, XNTable and NSTable are ignored there. Address fields are those of the 4KB granule with 48 bits; see the field's text for the others. */
export const TABLE = layout('TABLE', 'DDI 0487 D8.3', 64, {
  Valid: { bits: [0, 0], doc: '1: the descriptor is valid.' },
  Type: { bits: [1, 1], doc: '1 = table (levels < 3).' },
  IGN: { bits: [9, 2], doc: 'Ignored; DS=1: [9:8] = next address [51:50].' },
  AF: { bits: [10, 10], doc: 'Table access flag when HAFT.' },
  IGN2: { bits: [11, 11], doc: 'Ignored.' },
  NextTable: {
    bits: [47, 12],
    doc: 'Next-level table address ([47:n]; 64KB: [15:12] = [51:48]; DS: [49:n]).',
    address: true,
  },
  PXNTable: { bits: [59, 59], doc: 'Stage 1: privileged XN below.' },
  XNTable: { bits: [60, 60], doc: 'Stage 1: UXNTable/XNTable.' },
  APTable0: { bits: [61, 61], doc: 'No unprivileged access below.' },
  APTable1: { bits: [62, 62], doc: 'No write below.' },
  NSTable: { bits: [63, 63], doc: 'Secure walks: subsequent lookups and output Non-secure.' },
});

/** Stage-2 leaf of VMSAv8-64: a page at level 3 or a block above. Address fields are those of the 4KB granule with 48 bits; see the field's text for the others. */
export const S2_LEAF = layout('S2_LEAF', 'DDI 0487 D8.3', 64, {
  Valid: { bits: [0, 0], doc: '1: the descriptor is valid.' },
  Type: { bits: [1, 1], doc: 'Level 3 page: 1 (0 is invalid); block: 0.' },
  MemAttr: { bits: [5, 2], doc: 'Memory attributes: the coding depends on STE.S2FWB.' },
  S2AP0: { bits: [6, 6], doc: 'Read permitted.' },
  S2AP1: { bits: [7, 7], doc: 'Write permitted.' },
  SH: { bits: [9, 8], doc: 'Shareability; OA[51:50] when S2DS.' },
  AF: { bits: [10, 10], doc: 'Access flag.' },
  FnXS: { bits: [11, 11], doc: 'RES0 in an SMMU.' },
  OA: { bits: [49, 12], doc: 'Output address.', address: true },
  DBM: { bits: [51, 51], doc: 'Dirty bit modifier.' },
  Contiguous: { bits: [52, 52], doc: 'Contiguous hint.' },
  XN: {
    bits: [54, 53],
    doc: '0b00 all may execute, 0b01 EL0 only, 0b10 none, 0b11 EL1 only (IDR3.XNX; without XNX only bit 54 counts).',
    names: { NONE_DENIED: 0, EL0_ONLY: 1, ALL_DENIED: 2, EL1_ONLY: 3 },
  },
  NS: { bits: [55, 55], doc: 'Realm EL1&0 stage 2: 1 = output Non-secure PA; else ignored.' },
  SW: { bits: [58, 56], doc: 'Software use (bit 58 AssuredOnly with THE).', conf: 'medium' },
  PBHA: { bits: [62, 59], doc: 'Hardware use if S2HWU; POIndex [62:59] if S2POE.', conf: 'medium' },
  AMEC: { bits: [63, 63], doc: 'Realm with MEC.' },
});

/** What makes a VMSAv8-64 descriptor invalid. */
export const INVALID_DESCRIPTOR =
  'bit0==0 at any level, L3 with bits[1:0]==0b01, block at a level that has no block.';

/** VMSAv8-32 LPAE descriptors. */
export const LPAE_LEAF_NOTE =
  'Same layout with OA[39:12], XN at 54, PXN at 53, no DBM/UXN split (XN), AP as AA64.';

/** VMSAv9-128 descriptors: 16 bytes. Low confidence: nothing decides by this. */
export const D128_NOTE = {
  bytes: 16,
  doc: '128-bit descriptors; OA up to 55; stride granule_bits-4; SKL in table descriptors; permissions indirect only.',
  conf: 'low',
} as const;
