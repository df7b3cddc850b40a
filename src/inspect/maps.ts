/**
 * What a set of translation tables maps, as runs of equal neighbours.
 *
 * A walk over a million leaves must stay a matter of milliseconds, so descriptors are read as halves, runs lie in one
 * Float64Array and nothing is allocated for a leaf. Tables are data of a stranger: loops are found, shared tables and
 * nonsense cannot make the walk endless, and what the image lacks is listed instead of read as zero.
 */

import { hex, hex64, hiOf, loOf } from '../bits/u64.ts';
import type { World } from '../bits/world.ts';
import { DATA, type ReadStatus, type SparseMemory } from '../model/memory.ts';
import type { ContextConfig } from '../model/translate/configuration.ts';
import { addressHi, firstBlockLevel, levelShift, swap32 } from '../model/translate/descriptor.ts';
import { HIERARCHICAL_BITS, PERM, stage1Permissions } from '../model/translate/permission.ts';
import { permText, sizeText } from './text.ts';

/** Where and how a lookup starts in one set of tables (VMSAv8-64). */
export interface TableStart {
  readonly stage: 1 | 2;
  /** Physical address space that the tables lie in. */
  readonly space: World;
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

export interface MapsOptions {
  /** Descriptors to read at most; default 2^26. */
  readonly limit?: number;
  /** Runs to keep at most; default 2^20. */
  readonly runLimit?: number;
  /** Asked once a table; true ends the walk. */
  readonly cancelled?: () => boolean;
}

const STRIDE = 4;
const HOLE_LIMIT = 256;
const TWO32 = 0x1_0000_0000;

/** The result of {@link mapsOf}. */
export class Maps {
  readonly start: TableStart;
  /** Leaf descriptors, also those whose run was not kept. */
  leaves = 0;
  /** Bytes mapped. */
  bytes = 0;
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
  #end = -1;
  #paEnd = -1;
  #meta = -1;

  constructor(start: TableStart) {
    this.start = start;
  }

  get length(): number {
    return this.#length;
  }

  /** Appends a leaf; grows the last run where it continues it. */
  add(offset: number, pa: number, size: number, meta: number, runLimit: number): void {
    this.leaves++;
    this.bytes += size;
    if (offset === this.#end && pa === this.#paEnd && meta === this.#meta) {
      const at = (this.#length - 1) * STRIDE;
      this.#runs[at + 2] = (this.#runs[at + 2] as number) + size;
    } else if (this.#length >= runLimit) {
      this.unlisted++;
      return;
    } else {
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
      this.#meta = meta;
    }
    this.#end = offset + size;
    this.#paEnd = pa + size;
  }

  /** Run `index`, in ascending order of input addresses. */
  run(index: number): MapRun {
    const at = index * STRIDE;
    const [offset = 0, pa = 0, size = 0, meta = 0] = this.#runs.subarray(at, at + STRIDE);
    const level = ((meta >>> 6) & 7) - 1;
    const leafSize = 2 ** levelShift(level, this.start.granuleBits);
    return {
      iova: inputAddress(this.start, offset),
      last: inputAddress(this.start, offset + size - 1),
      pa: hex(pa),
      size,
      sizeText: sizeText(size),
      perm: permText(userBits(this.start, meta)),
      privPerm: permText(meta & 7),
      level,
      attrIdx: (meta >>> 9) & 15,
      accessFlag: (meta & AF) !== 0,
      count: size / leafSize,
    };
  }

  /** All runs as plain objects. */
  *[Symbol.iterator](): Iterator<MapRun> {
    for (let i = 0; i < this.#length; i++) yield this.run(i);
  }
}

const AF = 1 << 13;

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
  const rw = (lo & 0x40 ? PERM.pr | PERM.ur : 0) | (lo & 0x80 ? PERM.pw | PERM.uw : 0);
  const xn = (hi >>> 21) & 3;
  return rw | (xn === 0 || xn === 1 ? PERM.ux : 0) | (xn === 0 || xn === 3 ? PERM.px : 0);
}

/**
 * Lists what one set of tables maps. Reading changes nothing but the memory's resident chunks.
 * @param memory the address space of `start.space`
 */
export function mapsOf(memory: SparseMemory, start: TableStart, options: MapsOptions = {}): Maps {
  const limit = options.limit ?? 2 ** 26;
  const runLimit = options.runLimit ?? 2 ** 20;
  const { granuleBits: g, wide, stage, had, bigEndian } = start;
  const maps = new Maps(start);
  const perTable = 2 ** (g - 3);
  const blockLevel = firstBlockLevel(g, wide);
  // One slot a level; slot 0 is level -1.
  const baseHi = new Array<number>(5).fill(0);
  const baseLo = new Array<number>(5).fill(0);
  const next = new Array<number>(5).fill(0);
  const entries = new Array<number>(5).fill(0);
  const offsets = new Float64Array(5);
  const denied = new Array<number>(5).fill(0);
  const leavesBefore = new Float64Array(5);
  const barren = new Set<number>();
  const first = start.level + 1;
  let slot = first;
  baseHi[slot] = hiOf(start.base);
  baseLo[slot] = loOf(start.base);
  entries[slot] = Math.max(1, startEntries(start));
  maps.tables[slot] = 1;
  let reads = 0;
  let lastAttrs = -1;
  let lastHi = -1;
  let lastDeny = -1;
  let lastSlot = -1;
  let meta = 0;

  for (;;) {
    const tableHi = baseHi[slot] as number;
    const tableLo = baseLo[slot] as number;
    const shift = levelShift(slot - 1, g);
    const size = 2 ** shift;
    const last = slot === 4;
    const leafOk = slot - 1 >= blockLevel;
    const deny = denied[slot] as number;
    const offset = offsets[slot] as number;
    const count = entries[slot] as number;
    const lowMask = (shift >= 32 ? 0 : -(2 ** shift)) | 0;
    const highMask = shift <= 32 ? -1 : -(2 ** (shift - 32)) | 0;
    let index = next[slot] as number;
    let descended = false;
    reads += count - index;
    while (index < count) {
      const status = memory.load64(tableHi, tableLo + index * 8);
      if (status !== DATA) {
        const pa = tableHi * TWO32 + tableLo + index * 8;
        if (maps.absent.length < HOLE_LIMIT) {
          maps.absent.push({ iova: inputAddress(start, offset + index * size), pa, level: slot - 1, status });
        } else maps.truncated = true;
        // Presence is kept for each 4 KiB.
        index = (Math.floor(index / 512) + 1) * 512;
        continue;
      }
      const lo = bigEndian ? swap32(memory.hi) : memory.lo;
      const hi = bigEndian ? swap32(memory.lo) : memory.hi;
      const at = index++;
      if ((lo & 1) === 0) continue;
      if ((lo & 2) !== 0 && !last) {
        const childHi = addressHi(hi, lo, g, wide);
        const childLo = (lo & -(2 ** g)) >>> 0;
        const child = childHi * TWO32 + childLo;
        const key = child + slot + 1;
        if (barren.has(key)) continue;
        if (onPath(baseHi, baseLo, first, slot, childHi, childLo)) {
          const hole = {
            iova: inputAddress(start, offset + at * size),
            pa: child,
            level: slot,
            status: DATA,
          } as const;
          if (maps.loops.length < HOLE_LIMIT) maps.loops.push(hole);
          continue;
        }
        next[slot] = index;
        reads -= count - index;
        slot++;
        baseHi[slot] = childHi;
        baseLo[slot] = childLo;
        next[slot] = 0;
        entries[slot] = perTable;
        offsets[slot] = offset + at * size;
        denied[slot] = stage === 2 || had ? 0 : deny | (hi & HIERARCHICAL_BITS);
        leavesBefore[slot] = maps.leaves;
        maps.tables[slot] = (maps.tables[slot] as number) + 1;
        descended = true;
        break;
      }
      if (last ? (lo & 2) === 0 : !leafOk) continue;
      // Address bits [15:12] are attributes of no leaf larger than 4 KiB, and the rest is the same for most neighbours.
      const attrs = lo & 0xfff;
      if (attrs !== lastAttrs || hi >>> 18 !== lastHi || deny !== lastDeny || slot !== lastSlot) {
        lastAttrs = attrs;
        lastHi = hi >>> 18;
        lastDeny = deny;
        lastSlot = slot;
        const attr = stage === 2 ? (lo >>> 2) & 15 : (lo >>> 2) & 7;
        meta =
          leafPermissions(start, hi, lo, deny) | (slot << 6) | (attr << 9) | ((lo & 0x400) !== 0 ? AF : 0);
      }
      const paHi = addressHi(hi, lo, g, wide) & highMask;
      maps.leavesAt[slot] = (maps.leavesAt[slot] as number) + 1;
      maps.add(offset + at * size, paHi * TWO32 + ((lo & lowMask & -4096) >>> 0), size, meta, runLimit);
    }
    if (reads > limit || options.cancelled?.() === true) {
      maps.truncated = true;
      return maps;
    }
    if (descended) continue;
    if (slot === first) return maps;
    if (maps.leaves === leavesBefore[slot] && maps.absent.length === 0 && maps.loops.length === 0) {
      // Nothing below: other pointers to the same table need not be followed.
      barren.add(tableHi * TWO32 + tableLo + slot);
    }
    slot--;
  }
}

function onPath(
  baseHi: readonly number[],
  baseLo: readonly number[],
  first: number,
  slot: number,
  hi: number,
  lo: number,
): boolean {
  for (let i = first; i <= slot; i++) if (baseHi[i] === hi && baseLo[i] === lo) return true;
  return false;
}
