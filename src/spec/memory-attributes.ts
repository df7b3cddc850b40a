/**
 * Codes of memory attributes (chapter 13, 5.2, 5.4, DDI 0487 D8.6).
 *
 * A *level* (inner or outer) of Normal memory is four bits as a byte of MAIR has them: write policy and transience in
 * [3:2], Read-Allocate in [1], Write-Allocate in [0].
 */

/** Bits of a level. */
export const LEVEL = {
  NC: 0b0100,
  /** Write-Through, Write-Back: transient and not, without allocation. */
  WT_TRANSIENT: 0b0000,
  WB_TRANSIENT: 0b0100,
  WT: 0b1000,
  WB: 0b1100,
  READ_ALLOCATE: 0b10,
  WRITE_ALLOCATE: 0b01,
} as const;

/** Device types as bytes of MAIR, by name: the smaller the byte, the stricter the type (13.1.5). */
export const DEVICE_TYPES = {
  'Device-nGnRnE': 0x00,
  'Device-nGnRE': 0x04,
  'Device-nGRE': 0x08,
  'Device-GRE': 0x0c,
} as const;

/** What an inner level of 0 below an outer level means: reserved, acts as Write-Through Transient with RA, WA (5.4, MAIR1). */
export const RESERVED_INNER = 0b0011;

/** Shareability: 0b01 is reserved and acts as Non-shareable. */
export const SHAREABILITIES = { NSH: 0, OSH: 2, ISH: 3 } as const;

/** The reserved codes 0b0100, 0b1000, 0b1100 of MemAttr act as this byte of MAIR (5.2, MemAttr). */
export const RESERVED_MEM_ATTR: number = DEVICE_TYPES['Device-nGnRnE'];

/**
 * Bytes of MAIR by stage-2 MemAttr with S2FWB=0, and by STE.MemAttr and GBPA.MemAttr: [3:2] 0 Device of type [1:0], else
 * the outer level, [1:0] the inner level; 1 Non-cacheable, 2 Write-Through, 3 Write-Back. No hints are encoded: RA, WA,
 * not transient (13.4.4).
 */
export const MEM_ATTR_MAIR: readonly number[] = [
  ...[0x00, 0x04, 0x08, 0x0c],
  ...[RESERVED_MEM_ATTR, 0x44, 0x4b, 0x4f],
  ...[RESERVED_MEM_ATTR, 0xb4, 0xbb, 0xbf],
  ...[RESERVED_MEM_ATTR, 0xf4, 0xfb, 0xff],
];

/** Stage-2 MemAttr that IDR3.MTEPERM makes Normal Write-Back with S2FWB=0 (3.23.1). */
export const MTEPERM_WRITE_BACK = 0b0100;

/** What stage-2 MemAttr asks for with S2FWB=1 (13.1.6, HCR_EL2.FWB), by [2:0]. */
export const FORCED: readonly ('device' | 'reserved' | 'non-cacheable' | 'write-back' | 'stage-1')[] = [
  'device',
  'device',
  'device',
  'device',
  'reserved',
  'non-cacheable',
  'write-back',
  'stage-1',
];

/** Stage-2 MemAttr with bit 3 set that have a meaning with S2FWB=1 and IDR3.MTEPERM: as without the bit (3.23.1). */
export const MTEPERM_FORCED: readonly number[] = [0b1110, 0b1111];

/** Levels by IRn, ORn of CD, S2IR0, S2OR0 of STE, IRGN, ORGN of GPT_BASE_CFG: translation table walks. */
export const WALK_LEVELS: readonly number[] = [LEVEL.NC, LEVEL.WB | 0b11, LEVEL.WT | 0b10, LEVEL.WB | 0b10];

/** Levels by STE.S1CIR, S1COR: fetches of CD and L1CD. The write hint is IMPLEMENTATION DEFINED; here no allocation. */
export const FETCH_LEVELS: readonly number[] = [LEVEL.NC, LEVEL.WB | 0b10, LEVEL.WT | 0b10, LEVEL.WB];

/** Levels without hints by TABLE_IC, TABLE_OC, QUEUE_IC, QUEUE_OC of CR1; 3 is reserved and acts as 0 (6.3.11). */
export const REGISTER_LEVELS: readonly number[] = [LEVEL.NC, LEVEL.WB, LEVEL.WT, LEVEL.NC];

/** AttrIndx above this selects the last byte of MAIR (5.4, MAIR1). */
export const MAIR_INDEX_MAX = 7;

/** SHCFG that leaves the incoming shareability. */
export const SHCFG_INCOMING = 1;

/** ALLOCCFG 0b1RWT: bit 3 says that hints are replaced, then Read-Allocate, Write-Allocate, Transient. */
export const ALLOCCFG = { REPLACE: 8, READ: 4, WRITE: 2, TRANSIENT: 1 } as const;
