/** log2 of a translation granule's bytes. */
export type GranuleBits = 12 | 14 | 16;

/** Names of translation granules. */
export type GranuleName = '4KB' | '16KB' | '64KB';

/** A translation granule (DDI 0487 D8.2). */
export interface Granule {
  readonly log2: GranuleBits;
  /** Address bits that one level resolves. */
  readonly stride: number;
  /** Descriptors in a full table. */
  readonly entries: number;
  /** log2 of the bytes of a leaf, by level. */
  readonly leafLog2: Readonly<Record<number, number>>;
  /** Leaves that need more than the granule. */
  readonly leafNeeds: Readonly<Record<number, string>>;
  /** Entries that one contiguous span takes, by level (DDI 0487 D8.7). */
  readonly contiguous: Readonly<Record<number, number>>;
}

export const GRANULES: Readonly<Record<GranuleName, Granule>> = {
  '4KB': {
    log2: 12,
    stride: 9,
    entries: 512,
    leafLog2: { 0: 39, 1: 30, 2: 21, 3: 12 },
    leafNeeds: { 0: 'DS=1' },
    contiguous: { 1: 16, 2: 16, 3: 16 },
  },
  '16KB': {
    log2: 14,
    stride: 11,
    entries: 2048,
    leafLog2: { 1: 36, 2: 25, 3: 14 },
    leafNeeds: { 1: 'DS=1' },
    contiguous: { 2: 32, 3: 128 },
  },
  '64KB': {
    log2: 16,
    stride: 13,
    entries: 8192,
    leafLog2: { 1: 42, 2: 29, 3: 16 },
    leafNeeds: { 1: '52-bit output address' },
    contiguous: { 2: 32, 3: 32 },
  },
};

/** Entries of a contiguous span of VMSAv8-32 LPAE. */
export const LPAE_CONTIGUOUS = 16;

/** log2 of the granule by CD.TG0 and STE.S2TG; undefined where reserved. */
export const TG0_LOG2: readonly (GranuleBits | undefined)[] = [12, 16, 14, undefined];

/** log2 of the granule by CD.TG1; undefined where reserved. */
export const TG1_LOG2: readonly (GranuleBits | undefined)[] = [undefined, 14, 12, 16];

/** Bits of an address by CD.IPS, STE.S2PS and IDR5.OAS. */
export const ADDRESS_BITS: readonly number[] = [32, 36, 40, 42, 44, 48, 52, 56];

/** Bits of an address in VMSAv8-64 tables of 4KB and 16KB granules, unless DS or S2DS is 1 (3.4, 5.2, 5.4). */
export const NARROW_ADDRESS_BITS = 48;

/** Bits of a virtual address by IDR5.VAX; undefined where reserved. */
export const VAX_BITS: readonly (number | undefined)[] = [48, 52, 56, undefined];

/** Limits of CD.TxSZ (3.4.1). Outside them the CD is illegal; v3.0 may use the nearest legal value. */
export const TXSZ_LIMITS = {
  min: {
    'VAX==0': 16,
    'VAX>=1 and (64KB or DS=1)': 12,
    'VMSAv9-128 VAX==1': 12,
    'VMSAv9-128 VAX==2 EL3': 8,
    'VMSAv9-128 VAX==2 other': 9,
  },
  max: { 'STT==0': 39, 'STT==1 4K/16K': 48, 'STT==1 64K': 47 },
} as const;

/** Limits of STE.S2T0SZ as numbers (5.2, S2T0SZ); the smallest is 64-IAS at least, and in v3.0 nothing else. */
export const S2T0SZ = {
  min: { narrow: 16, wide: 12, 'VMSAv9-128': 8 },
  max: { 'STT==0': 39, 'STT==1 4K/16K': 48, 'STT==1 64K': 47 },
} as const;

/** The same in words. */
export const S2T0SZ_LIMITS = {
  min: `v3.0: 64-IAS; v3.1+: MAX(${S2T0SZ.min.narrow},64-IAS) (4K/16K, S2DS=0) or MAX(${S2T0SZ.min.wide},64-IAS); VMSAv9-128 MAX(${S2T0SZ.min['VMSAv9-128']},64-IAS)`,
  max: `${S2T0SZ.max['STT==0']}, or ${S2T0SZ.max['STT==1 4K/16K']} (4K/16K) / ${S2T0SZ.max['STT==1 64K']} (64K) with STT`,
} as const;

/** Where a stage-1 walk starts. */
export interface StartLevel {
  readonly granule: GranuleName;
  readonly txszMin: number;
  readonly txszMax: number;
  readonly level: number;
}

/** Stage 1 of VMSAv8-64: 3 - floor((64 - TxSZ - 1 - log2 of the granule) / (log2 of the granule - 3)). */
export const S1_START_LEVELS: readonly StartLevel[] = [
  { granule: '4KB', txszMin: 12, txszMax: 15, level: -1 },
  { granule: '4KB', txszMin: 16, txszMax: 24, level: 0 },
  { granule: '4KB', txszMin: 25, txszMax: 33, level: 1 },
  { granule: '4KB', txszMin: 34, txszMax: 42, level: 2 },
  { granule: '4KB', txszMin: 43, txszMax: 48, level: 3 },
  { granule: '16KB', txszMin: 12, txszMax: 16, level: 0 },
  { granule: '16KB', txszMin: 17, txszMax: 27, level: 1 },
  { granule: '16KB', txszMin: 28, txszMax: 38, level: 2 },
  { granule: '16KB', txszMin: 39, txszMax: 48, level: 3 },
  { granule: '64KB', txszMin: 12, txszMax: 21, level: 1 },
  { granule: '64KB', txszMin: 22, txszMax: 34, level: 2 },
  { granule: '64KB', txszMin: 35, txszMax: 47, level: 3 },
];

/** Stage 1 of VMSAv9-128: the same with log2 of the granule - 4, plus SKL. */
export const S1_START_LEVELS_D128: readonly StartLevel[] = [
  { granule: '4KB', txszMin: 8, txszMax: 11, level: -2 },
  { granule: '4KB', txszMin: 12, txszMax: 19, level: -1 },
  { granule: '4KB', txszMin: 20, txszMax: 27, level: 0 },
  { granule: '4KB', txszMin: 28, txszMax: 35, level: 1 },
  { granule: '4KB', txszMin: 36, txszMax: 43, level: 2 },
  { granule: '4KB', txszMin: 44, txszMax: 48, level: 3 },
  { granule: '16KB', txszMin: 8, txszMax: 9, level: -1 },
  { granule: '16KB', txszMin: 10, txszMax: 19, level: 0 },
  { granule: '16KB', txszMin: 20, txszMax: 29, level: 1 },
  { granule: '16KB', txszMin: 30, txszMax: 39, level: 2 },
  { granule: '16KB', txszMin: 40, txszMax: 48, level: 3 },
  { granule: '64KB', txszMin: 8, txszMax: 11, level: 0 },
  { granule: '64KB', txszMin: 12, txszMax: 23, level: 1 },
  { granule: '64KB', txszMin: 24, txszMax: 35, level: 2 },
  { granule: '64KB', txszMin: 36, txszMax: 47, level: 3 },
];

/** Where a stage-2 walk starts, and for which input sizes that is legal. */
export interface S2StartLevel {
  readonly granule: GranuleName;
  /** STE.S2SL0_2:S2SL0. */
  readonly sl: number;
  readonly level: number;
  readonly iaMin: number;
  readonly iaMax: number;
  readonly t0szMin: number;
  readonly t0szMax: number;
  /** Above this many input bits, 2^(difference) tables stand side by side. */
  readonly concatenateAbove: number;
  /** What else must hold. */
  readonly condition?: string;
}

/**
 * Stage 2 of VMSAv8-64. The STE is illegal if SL is not here for the granule and output size, or the input size lies
 * outside iaMin to iaMax. Up to 16 concatenated tables, aligned to their total size.
 */
export const S2_START_LEVELS: readonly S2StartLevel[] = [
  { granule: '4KB', sl: 0, level: 2, iaMin: 22, iaMax: 34, t0szMin: 30, t0szMax: 42, concatenateAbove: 30 },
  { granule: '4KB', sl: 1, level: 1, iaMin: 31, iaMax: 43, t0szMin: 21, t0szMax: 33, concatenateAbove: 39 },
  {
    granule: '4KB',
    sl: 2,
    level: 0,
    iaMin: 40,
    iaMax: 52,
    t0szMin: 12,
    t0szMax: 24,
    concatenateAbove: 48,
    condition: 'OAS>=44',
  },
  {
    granule: '4KB',
    sl: 3,
    level: 3,
    iaMin: 13,
    iaMax: 25,
    t0szMin: 39,
    t0szMax: 51,
    concatenateAbove: 21,
    condition: 'IDR3.STT',
  },
  {
    granule: '4KB',
    sl: 4,
    level: -1,
    iaMin: 49,
    iaMax: 52,
    t0szMin: 12,
    t0szMax: 15,
    concatenateAbove: 57,
    condition: 'S2DS && OAS>=52 (SL0_2=1,SL0=0)',
  },
  { granule: '16KB', sl: 0, level: 3, iaMin: 15, iaMax: 29, t0szMin: 35, t0szMax: 49, concatenateAbove: 25 },
  { granule: '16KB', sl: 1, level: 2, iaMin: 26, iaMax: 40, t0szMin: 24, t0szMax: 38, concatenateAbove: 36 },
  {
    granule: '16KB',
    sl: 2,
    level: 1,
    iaMin: 37,
    iaMax: 51,
    t0szMin: 13,
    t0szMax: 27,
    concatenateAbove: 47,
    condition: 'OAS>=42',
  },
  {
    granule: '16KB',
    sl: 3,
    level: 0,
    iaMin: 48,
    iaMax: 52,
    t0szMin: 12,
    t0szMax: 16,
    concatenateAbove: 58,
    condition: 'S2DS && OAS>=52',
  },
  { granule: '64KB', sl: 0, level: 3, iaMin: 17, iaMax: 33, t0szMin: 31, t0szMax: 47, concatenateAbove: 29 },
  { granule: '64KB', sl: 1, level: 2, iaMin: 30, iaMax: 46, t0szMin: 18, t0szMax: 34, concatenateAbove: 42 },
  {
    granule: '64KB',
    sl: 2,
    level: 1,
    iaMin: 43,
    iaMax: 52,
    t0szMin: 12,
    t0szMax: 21,
    concatenateAbove: 55,
    condition: 'OAS>=44',
  },
];

/** Most tables that stand side by side at the start of a stage-2 walk. */
export const CONCATENATED_MAX = 16;

/** Input and output ranges, in words (3.4). */
export const RANGES = {
  stage1Input:
    'Iasize = 64-TxSZ of the selected half. Two-range regimes: half selected by VA[55] (0 TTB0, 1 TTB1); AddrTop = 55 if TBI of that half else 63; every bit of VA[AddrTop:iasize] must equal VA[55], else S1 F_TRANSLATION. One-range regimes (EL2, S-EL2, Realm-EL2, EL3): TTB0 only and VA[AddrTop:iasize] must be 0.',
  stage2Input: 'IPA[63:iasize] must be 0 else stage-2 F_TRANSLATION.',
  ias: 'MAX(TTF[0] ? 40 : 0, TTF[1] ? OAS : 0)',
  bypass:
    'Config==0b100: input > OAS gives F_ADDR_SIZE S1 CLASS IN; Config 0b110 or S1DSS bypass: input > IAS gives F_ADDR_SIZE S1; SMMUEN==0: input > OAS gives abort, no event.',
  stage1Output: 'Table, block and page addresses above MIN(IPS,OAS) gives S1 F_ADDR_SIZE; LPAE: 40 bits.',
  stage2Output: 'Above MIN(S2PS,OAS) gives S2 F_ADDR_SIZE; LPAE: 40 bits, truncated to OAS.',
  bits52: 'Only with 64KB granule or DS/S2DS; 56-bit only VMSAv9-128.',
  ttb: 'TTB out of range is ILLEGAL CD/STE, not F_ADDR_SIZE.',
  baseAlignment:
    'TTB low bits up to log2(table bytes) treated as 0; 64B minimum when 52-bit output with VMSAv8-64; 32B for VMSAv9-128.',
} as const;
