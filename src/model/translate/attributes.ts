/**
 * Memory attributes as packed numbers: IHI 0070 chapter 13.
 *
 * Every function takes and gives consistent attributes (13.1.7): reserved codes are gone, Device and Normal iNC-oNC are
 * Outer Shareable, a Non-cacheable level has no hints and one that allocates nothing is not transient. So what is left
 * to do is a look-up in small tables, and nothing is allocated.
 */

import {
  ALLOCCFG,
  FORCED,
  LEVEL,
  MEM_ATTR_MAIR,
  MTEPERM_FORCED,
  MTEPERM_WRITE_BACK,
  RESERVED_INNER,
  RESERVED_MEM_ATTR,
  SHAREABILITIES,
  SHCFG_INCOMING,
} from '../../spec/memory-attributes.ts';

/**
 * Memory attributes, packed: bits [7:0] are the memory type as a byte of MAIR has it (DDI 0487 D8.6; type, cacheability,
 * allocation hints and transience of both levels), bits [9:8] the shareability (0 NSH, 2 OSH, 3 ISH).
 */
export type Attributes = number;

/** What counts when the client conveys none (IHI 0070 13.1.3): Normal iWB-oWB, RA, WA, non-transient, NSH. */
export const DEFAULT_ATTRIBUTES: Attributes = 0xff;

const { OSH } = SHAREABILITIES;
const OUTER_SHAREABLE = OSH << 8;
const BYTES = 0x100;
const NC_NC = (LEVEL.NC << 4) | LEVEL.NC;
const HINTS = LEVEL.READ_ALLOCATE | LEVEL.WRITE_ALLOCATE;
/** In a level, what tells transient from not. */
const LASTING = LEVEL.WB ^ LEVEL.WB_TRANSIENT;

/** Cacheability of a level, weakest first as 13.1.5 combines them: 0 Non-cacheable, 1 Write-Through, 2 Write-Back. */
function policyOf(level: number): number {
  return level === LEVEL.NC ? 0 : (level & LEVEL.WB_TRANSIENT) === 0 ? 1 : 2;
}

/** A level of a policy with hints; one that allocates nothing is not transient (13.1.7). */
function levelOf(policy: number, hints: number, transient: boolean): number {
  if (policy === 0) return LEVEL.NC;
  const lasting = transient && hints !== 0 ? 0 : LASTING;
  return (policy === 1 ? LEVEL.WT_TRANSIENT : LEVEL.WB_TRANSIENT) | lasting | hints;
}

function isTransient(level: number): boolean {
  return (level & LASTING) === 0;
}

/** A table over pairs of levels, at `first << 4 | second`. */
function pairs(of: (first: number, second: number) => number): Uint8Array {
  return Uint8Array.from({ length: BYTES }, (_, pair) => of(pair >>> 4, pair & 0xf));
}

/** Of two levels the weaker cacheability, with the hints of the first (13.1.5, 13.4.3: stage 2 has none). */
const WEAKER = pairs((first, second) =>
  levelOf(Math.min(policyOf(first), policyOf(second)), first & HINTS, isTransient(first)),
);

/** The second level with the hints of both: no allocation and transience are the stronger (13.1.5, figure 13.1). */
const HINTED = pairs((input, level) =>
  policyOf(input) === 0
    ? level
    : levelOf(policyOf(level), input & level & HINTS, isTransient(input) || isTransient(level)),
);

/** The second level's policy with the hints of the first; a level that had none gets RA, WA, not transient (13.1.4). */
const RETYPED = pairs((input, level) =>
  policyOf(input) === 0
    ? levelOf(policyOf(level), HINTS, false)
    : levelOf(policyOf(level), input & HINTS, isTransient(input)),
);

/** The outer and the inner level of two bytes, each through a table of pairs. */
function eachLevel(table: Uint8Array, first: number, second: number): number {
  const outer = table[(first & 0xf0) | ((second >>> 4) & 0xf)] as number;
  const inner = table[((first & 0xf) << 4) | (second & 0xf)] as number;
  return (outer << 4) | inner;
}

/** A byte of MAIR with its reserved codes replaced by what they act as (5.4, MAIR1). */
function settled(byte: number): number {
  // Device: the type is in [3:2] whatever the reserved bits [1:0] hold.
  if ((byte & 0xf0) === 0) return byte & 0x0c;
  return (byte & 0xf) === 0 ? byte | RESERVED_INNER : byte;
}

/** Consistent attributes by `byte | sh << 8`. */
const FROM_MAIR = Uint16Array.from({ length: 4 * BYTES }, (_, raw) => {
  const byte = settled(raw & 0xff);
  const sh = raw >>> 8 === 1 ? 0 : raw >>> 8;
  return byte < 0x10 || byte === NC_NC ? byte | OUTER_SHAREABLE : byte | (sh << 8);
});

/**
 * Attributes of a byte of MAIR and a shareability. Reserved bytes act as the CD's description says (5.4, MAIR1), a
 * shareability of 0b01 as Non-shareable.
 */
export function fromMair(byte: number, sh: number): Attributes {
  return FROM_MAIR[(byte & 0xff) | ((sh & 3) << 8)] as number;
}

/** Makes any packed number consistent (13.1.7); leaves consistent ones as they are. */
export function consistent(attributes: number): Attributes {
  return FROM_MAIR[attributes & 0x3ff] as number;
}

/** Whether the memory type is any Device. */
export function isDevice(attributes: Attributes): boolean {
  return (attributes & 0xf0) === 0;
}

/** Outer Shareable if either is, else Inner Shareable if either is (13.1.5). */
function combineShareability(a: number, b: number): number {
  return a === OSH || b === OSH ? OSH : a | b;
}

const STAGE2 = Uint8Array.from(MEM_ATTR_MAIR);
const WRITE_BACK = (LEVEL.WB | HINTS) * 0x11;

function mairOf(memAttr: number, mtePerm: boolean): number {
  return mtePerm && memAttr === MTEPERM_WRITE_BACK ? WRITE_BACK : (STAGE2[memAttr & 0xf] as number);
}

/**
 * Attributes of a stage-2 descriptor by themselves, with S2FWB=0: RA, WA, not transient, since stage 2 encodes no hints.
 * Reserved codes act as Device-nGnRnE. Also the attributes of MSIs, whose MemAttr is encoded alike (6.3.23).
 * @param mtePerm IDR3.MTEPERM, for descriptors; a MemAttr of STE, GBPA or an MSI knows it not
 */
export function stage2Attributes(memAttr: number, sh: number, mtePerm = false): Attributes {
  return fromMair(mairOf(memAttr, mtePerm), sh);
}

/** Combines with bytes of MAIR: the stricter Device type, else each level's weaker cacheability (13.1.5). */
function combine(input: Attributes, byte: number, sh: number): Attributes {
  const first = input & 0xff;
  const shareability = combineShareability(input >>> 8, sh);
  if (first < 0x10 && byte < 0x10) return fromMair(Math.min(first, byte), OSH);
  if (first < 0x10) return input;
  if (byte < 0x10) return fromMair(byte, OSH);
  return fromMair(eachLevel(WEAKER, first, byte), shareability);
}

/**
 * Stage 2 with S2FWB=0 (13.1.5).
 * @param input attributes from stage 1, or the client's after overrides where stage 1 does not translate
 * @param memAttr MemAttr[3:0] of the stage-2 descriptor; reserved codes act as Device-nGnRnE
 * @param sh its shareability, or STE.S2SH0 with S2DS=1 and 4 KiB or 16 KiB granules
 * @param mtePerm IDR3.MTEPERM
 */
export function combineStage2(input: Attributes, memAttr: number, sh: number, mtePerm = false): Attributes {
  const stage2 = stage2Attributes(memAttr, sh, mtePerm);
  return combine(input, stage2 & 0xff, stage2 >>> 8);
}

/** What MemAttr asks for with S2FWB=1. Without MTEPERM bit 3 is RES0. */
function forcedKind(memAttr: number, mtePerm: boolean): (typeof FORCED)[number] {
  if (mtePerm && (memAttr & 8) !== 0 && !MTEPERM_FORCED.includes(memAttr)) return 'reserved';
  return FORCED[memAttr & 7] ?? 'reserved';
}

/** Stage 2 with S2FWB=1 (13.1.6); parameters as for {@link combineStage2}. Reserved codes act as Device-nGnRnE. */
export function combineForced(input: Attributes, memAttr: number, sh: number, mtePerm = false): Attributes {
  const settledSh = sh === 1 ? 0 : sh;
  const shareability = combineShareability(input >>> 8, settledSh);
  switch (forcedKind(memAttr, mtePerm)) {
    case 'device':
      return combine(input, (memAttr & 3) << 2, OSH);
    case 'reserved':
      return combine(input, RESERVED_MEM_ATTR, OSH);
    case 'non-cacheable':
      return isDevice(input) ? input : fromMair(NC_NC, OSH);
    case 'write-back':
      // A stage-1 level that is cacheable keeps its hints.
      return fromMair(retyped(input, WRITE_BACK), shareability);
    case 'stage-1':
      return fromMair(input & 0xff, shareability);
  }
}

/** The policies of `byte` with the hints of `input`, and the default ones where it has none. */
function retyped(input: Attributes, byte: number): number {
  return isDevice(input) ? byte : eachLevel(RETYPED, input & 0xff, byte);
}

/**
 * Stage 1 replaces the client's attributes but for the hints of cacheable levels, which combine (13.4.2).
 * @param input the client's, after the STE's overrides
 */
export function withHints(input: Attributes, stage1: Attributes): Attributes {
  if (isDevice(input) || isDevice(stage1)) return stage1;
  return (stage1 & 0x300) | eachLevel(HINTED, input & 0xff, stage1 & 0xff);
}

/** Overrides of the incoming type, shareability and hints, by an STE or by GBPA (13.1.4). */
export interface Overrides {
  readonly mtcfg: number;
  readonly memAttr: number;
  readonly shcfg: number;
  readonly alloccfg: number;
}

/** Replaces hints: RA, WA and transience of every cacheable level. */
function reallocated(byte: number, alloccfg: number): number {
  if (byte < 0x10) return byte;
  const hints =
    ((alloccfg & ALLOCCFG.READ) !== 0 ? LEVEL.READ_ALLOCATE : 0) |
    ((alloccfg & ALLOCCFG.WRITE) !== 0 ? LEVEL.WRITE_ALLOCATE : 0);
  const transient = (alloccfg & ALLOCCFG.TRANSIENT) !== 0;
  return (
    (levelOf(policyOf(byte >>> 4), hints, transient) << 4) | levelOf(policyOf(byte & 0xf), hints, transient)
  );
}

/**
 * Applies overrides to incoming attributes (13.1.4). Without IDR1.ATTR_TYPES_OVR there are none. Whether ALLOCCFG counts
 * while MTCFG=0 is CONSTRAINED UNPREDICTABLE (5.2); here it does.
 */
export function override(input: Attributes, by: Overrides): Attributes {
  let byte = input & 0xff;
  if (by.mtcfg === 1) {
    const type = STAGE2[by.memAttr & 0xf] as number;
    byte = type < 0x10 ? type : retyped(input, type);
  }
  if ((by.alloccfg & ALLOCCFG.REPLACE) !== 0) byte = reallocated(byte, by.alloccfg);
  return fromMair(byte, by.shcfg === SHCFG_INCOMING ? input >>> 8 : by.shcfg);
}

/** Normal iNC-oNC, Outer Shareable: also what a walk to stage-2 Device memory is with IDR3.PTWNNC and S2PTW=0 (5.2). */
export const NON_CACHEABLE: Attributes = NC_NC | OUTER_SHAREABLE;

/** PCIe No_snoop: what is cacheable becomes Normal iNC-oNC, Outer Shareable, after all else (13.6.1.1). */
export function noSnoop(output: Attributes): Attributes {
  return isDevice(output) ? output : NON_CACHEABLE;
}

/**
 * Whether a stage-2 descriptor maps any Device type: what STE.S2PTW asks of the pages that hold CDs and stage-1 tables,
 * whose own attributes are Normal. Reserved codes act as Device-nGnRnE here too.
 */
export function mapsDevice(memAttr: number, forced: boolean, mtePerm = false): boolean {
  if (!forced) return mairOf(memAttr, mtePerm) < 0x10;
  const kind = forcedKind(memAttr, mtePerm);
  return kind === 'device' || kind === 'reserved';
}
