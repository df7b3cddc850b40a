/** What a set of translation tables maps: runs of equal neighbours in one Float64Array, nothing allocated for a leaf. */

import { maskOf } from '../bits/layout.ts';
import { sizeText } from '../bits/size-text.ts';
import { hex, hex64, hiOf, loOf } from '../bits/u64.ts';
import { WORLD_INDEX, WORLDS, type World } from '../bits/world.ts';
import type { ReadStatus } from '../model/memory.ts';
import type { ContextConfig, TableSpaces } from '../model/translate/configuration.ts';
import { levelShift } from '../model/translate/descriptor.ts';
import { PERM, stage1Permissions } from '../model/translate/permission.ts';
import { S1_LEAF, S2_LEAF } from '../spec/descriptors.ts';
import { outputSpace } from './spaces.ts';
import { permText } from './text.ts';

/** Where and how a lookup starts in one set of tables (VMSAv8-64). */
export interface TableStart {
  readonly stage: 1 | 2;
  /** Physical address space that the first table lies in. */
  readonly space: World;
  /** Where the others lie and where they lead; null where everything is Non-secure. */
  readonly spaces: TableSpaces | null;
  /** PA of the first table in bytes, aligned as hardware aligns it. */
  readonly base: number;
  /** Level of the first table, -1 to 3. */
  readonly level: number;
  readonly granuleBits: number;
  /** Size of the input range in bits: 64 - TxSZ. */
  readonly inputBits: number;
  /** The range is at the top of the 64-bit space (TTB1). */
  readonly upper: boolean;
  /** Descriptors are big-endian (CD.ENDI). */
  readonly bigEndian: boolean;
  /** APTable, PXNTable and XNTable are ignored (CD.HADx). */
  readonly had: boolean;
  /** Addresses of 52 bits: 64 KiB granule, or DS with the smaller ones. */
  readonly wide: boolean;
  /** The context that permissions depend on; null for stage 2. */
  readonly context: ContextConfig | null;
}

/** A table that could not be read, or was not followed. */
export interface Hole {
  /** Lowest input address it is responsible for. */
  readonly iova: string;
  /** PA of the part of the table that is missing. */
  readonly pa: number;
  readonly level: number;
  /** Why: the memory's answer, or DATA for a table that points back to one of its own ancestors. */
  readonly status: ReadStatus;
}

/** Attributes of a run, unpacked. */
export interface MapRun {
  readonly iova: string;
  readonly last: string;
  readonly pa: string;
  /** Address space of the output, unless the tables lead to the Non-secure one alone. */
  readonly space?: World;
  /** Bytes. */
  readonly size: number;
  readonly sizeText: string;
  /** `rwx` for unprivileged access; where there is only one privilege level, for all. */
  readonly perm: string;
  /** `rwx` for privileged access. */
  readonly privPerm: string;
  readonly level: number;
  /** Stage 1: index into MAIR; stage 2: MemAttr. */
  readonly attrIdx: number;
  /** The access flag is clear: the first use faults (or sets it). */
  readonly accessFlag: boolean;
  /** Leaf descriptors in the run. */
  readonly count: number;
}

const STRIDE = 4;

/** The result of {@link mapsOf}. */
export class Maps {
  readonly start: TableStart;
  /** Tables read, by level + 1. */
  readonly tables: number[] = [0, 0, 0, 0, 0];
  /** Leaves by level + 1. */
  readonly leavesAt: number[] = [0, 0, 0, 0, 0];
  readonly absent: Hole[] = [];
  readonly loops: Hole[] = [];
  /** The walk ended early: by a limit or because it was cancelled. */
  truncated = false;
  /** Leaves that no run speaks of, because there are too many runs. */
  unlisted = 0;
  #length = 0;
  #runs = new Float64Array(64 * STRIDE);

  constructor(start: TableStart) {
    this.start = start;
  }

  /** Leaf descriptors, also those whose run was not kept. */
  get leaves(): number {
    return this.leavesAt.reduce((sum, n) => sum + n, 0);
  }

  /** Bytes mapped. */
  get bytes(): number {
    const { granuleBits } = this.start;
    return this.leavesAt.reduce((sum, n, slot) => sum + n * 2 ** levelShift(slot - 1, granuleBits), 0);
  }

  get length(): number {
    return this.#length;
  }

  /**
   * Appends a run.
   * @param offset input address in bytes from the start of the range
   * @param size bytes
   * @param meta permissions, level, attributes and access flag, as {@link leafMeta} packs them
   */
  push(offset: number, pa: number, size: number, meta: number): void {
    const at = this.#length * STRIDE;
    if (at === this.#runs.length) {
      const grown = new Float64Array(this.#runs.length * 2);
      grown.set(this.#runs);
      this.#runs = grown;
    }
    this.#runs[at] = offset;
    this.#runs[at + 1] = pa;
    this.#runs[at + 2] = size;
    this.#runs[at + 3] = meta;
    this.#length++;
  }

  /** Run `index`, in ascending order of input addresses. */
  run(index: number): MapRun {
    const at = index * STRIDE;
    const [offset = 0, pa = 0, size = 0, meta = 0] = this.#runs.subarray(at, at + STRIDE);
    const level = ((meta >>> 6) & 7) - 1;
    const leafSize = 2 ** levelShift(level, this.start.granuleBits);
    const space = WORLDS[(meta >>> META_SPACE) & 3];
    return {
      iova: inputAddress(this.start, offset),
      last: inputAddress(this.start, offset + size - 1),
      pa: hex(pa),
      ...(space === undefined || this.start.spaces === null ? {} : { space }),
      size,
      sizeText: sizeText(size),
      perm: permText(userBits(this.start, meta)),
      privPerm: permText(meta & 7),
      level,
      attrIdx: (meta >>> 9) & 15,
      accessFlag: (meta & META_AF) !== 0,
      count: size / leafSize,
    };
  }

  /** All runs as plain objects. */
  *[Symbol.iterator](): Iterator<MapRun> {
    for (let i = 0; i < this.#length; i++) yield this.run(i);
  }
}

const META_AF = 1 << 13;
const META_SPACE = 14;
const { AttrIndx } = S1_LEAF.fields;
const { MemAttr, XN } = S2_LEAF.fields;
const AF = maskOf(S1_LEAF.fields.AF);
const S2AP0 = maskOf(S2_LEAF.fields.S2AP0);
const S2AP1 = maskOf(S2_LEAF.fields.S2AP1);
/** The descriptor whose fields are asked for. */
const leaf = new Uint32Array(2);

/** The permission bits (r=1, w=2, x=4) that an unprivileged access meets, or any where there is one level. */
export function userBits(start: TableStart, permissions: number): number {
  return start.context && !start.context.twoRanges ? permissions & 7 : (permissions >>> 3) & 7;
}

/** Number of entries of the first table; more than one table's worth where stage 2 concatenates tables. */
export function startEntries(start: TableStart): number {
  return 2 ** Math.max(0, start.inputBits - levelShift(start.level, start.granuleBits));
}

/** The 64-bit input address at `offset` bytes from the start of the range. */
export function inputAddress(start: TableStart, offset: number): string {
  if (!start.upper) return hex(offset);
  const n = start.inputBits;
  const hi = hiOf(offset);
  const top = n >= 32 ? (hi | (n >= 64 ? 0 : ~(2 ** (n - 32) - 1))) >>> 0 : 0xffff_ffff;
  const low = n >= 32 ? loOf(offset) : (loOf(offset) | ~(2 ** n - 1)) >>> 0;
  return hex64(top, low);
}

/**
 * What a leaf permits, as bits of PERM.
 * @param tables upper halves of the table descriptors above, joined by OR; 0 where they do not count
 */
export function leafPermissions(start: TableStart, hi: number, lo: number, tables: number): number {
  if (start.context) return stage1Permissions(start.context, hi, lo, tables);
  // S2AP and XN[1:0] (DDI 0487 D8.4.2); read and write do not ask for the privilege.
  const rw = (lo & S2AP0 ? PERM.pr | PERM.ur : 0) | (lo & S2AP1 ? PERM.pw | PERM.uw : 0);
  leaf[1] = hi;
  const xn = XN.get(leaf, 0);
  const user = xn === XN.names.NONE_DENIED || xn === XN.names.EL0_ONLY;
  const privileged = xn === XN.names.NONE_DENIED || xn === XN.names.EL1_ONLY;
  return rw | (user ? PERM.ux : 0) | (privileged ? PERM.px : 0);
}

/**
 * What a run has in common, in one small integer.
 * @param space in which the leaf descriptor lies
 */
export function leafMeta(
  start: TableStart,
  slot: number,
  hi: number,
  lo: number,
  tables: number,
  space: World,
): number {
  leaf[0] = lo;
  const attr = (start.stage === 2 ? MemAttr : AttrIndx).get(leaf, 0);
  const flag = (lo & AF) !== 0 ? META_AF : 0;
  const output = WORLD_INDEX[outputSpace(start, space, hi, lo)] << META_SPACE;
  return leafPermissions(start, hi, lo, tables) | (slot << 6) | (attr << 9) | flag | output;
}
