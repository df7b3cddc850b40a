/**
 * Listing what a set of translation tables maps.
 *
 * A walk over a million leaves must stay a matter of milliseconds, so descriptors are read as halves and runs grow in
 * local variables. Tables are data of a stranger: loops are found, shared tables and nonsense cannot make the walk
 * endless, and what the image lacks is listed instead of read as zero.
 */

import { hiOf, loOf } from '../bits/u64.ts';
import type { World } from '../bits/world.ts';
import { DATA, type ReadStatus, type SparseMemory } from '../model/memory.ts';
import { addressHi, addressLo, firstBlockLevel, levelShift, swap32 } from '../model/translate/descriptor.ts';
import { HIERARCHICAL_BITS } from '../model/translate/permission.ts';
import { type Hole, inputAddress, leafMeta, Maps, startEntries, type TableStart } from './map-runs.ts';
import { type Memories, memoriesOf, nextSpace } from './spaces.ts';

export {
  type Hole,
  inputAddress,
  leafPermissions,
  type MapRun,
  Maps,
  startEntries,
  type TableStart,
  userBits,
} from './map-runs.ts';

/** Where a walk over all tables ends early. */
export interface MapsOptions {
  /** Descriptors to read at most; default 2^26. */
  readonly limit?: number;
  /** Runs to keep at most; default 2^20. */
  readonly runLimit?: number;
  /** Asked once a table; true ends the walk. */
  readonly cancelled?: () => boolean;
}

const HOLE_LIMIT = 256;
const TWO32 = 0x1_0000_0000;
const READS = 2 ** 26;
const RUNS = 2 ** 20;
/** Presence is kept for each 4 KiB: so many descriptors are there or not together. */
const TOGETHER = 512;

/**
 * Lists what one set of tables maps. Reading changes nothing but the memory's resident chunks.
 * @param memory of each address space; one alone is that of them all
 */
export function mapsOf(memory: SparseMemory | Memories, start: TableStart, options: MapsOptions = {}): Maps {
  const walk = new Walk(memoriesOf(memory), start, options);
  walk.table(start.level + 1, hiOf(start.base), loOf(start.base), Math.max(1, startEntries(start)), 0, 0);
  return walk.finish();
}

/** One walk. Levels are counted as slots: level + 1, so that level -1 is slot 0. */
class Walk {
  readonly #memories: Memories;
  /** Where the present table lies. */
  #space: World;
  readonly #start: TableStart;
  readonly #maps: Maps;
  readonly #runLimit: number;
  readonly #cancelled: (() => boolean) | undefined;
  readonly #blockSlot: number;
  /** Tables without anything below: other pointers to them need not be followed. */
  readonly #barren = new Set<number>();
  /** Tables from the first to the present one. */
  readonly #path: number[] = [];
  #reads: number;
  #stopped = false;
  // The run that grows, in bytes; empty while #size is 0.
  #offset = 0;
  #pa = 0;
  #size = 0;
  #meta = -1;
  // What #meta was made of: most neighbours are alike.
  #attributesLo = -1;
  #attributesHi = -1;
  #attributesTables = -1;
  #attributesSlot = -1;
  #attributes = 0;

  constructor(memories: Memories, start: TableStart, options: MapsOptions) {
    this.#memories = memories;
    this.#space = start.space;
    this.#start = start;
    this.#maps = new Maps(start);
    this.#reads = options.limit ?? READS;
    this.#runLimit = options.runLimit ?? RUNS;
    this.#cancelled = options.cancelled;
    this.#blockSlot = firstBlockLevel(start.granuleBits, start.wide) + 1;
  }

  /**
   * Reads one table and those below it: at most five deep.
   * @param tables upper halves of the table descriptors above, joined by OR; 0 where they do not count
   * @returns whether there was anything in it
   */
  table(
    slot: number,
    tableHi: number,
    tableLo: number,
    count: number,
    offset: number,
    tables: number,
  ): boolean {
    const memory = this.#memories.memory(this.#space);
    const { granuleBits, wide, bigEndian } = this.#start;
    const shift = levelShift(slot - 1, granuleBits);
    const size = 2 ** shift;
    const maskLo = shift >= 32 ? 0 : -(2 ** shift) | 0;
    const maskHi = shift <= 32 ? -1 : -(2 ** (shift - 32)) | 0;
    const last = slot === 4;
    const blocks = slot >= this.#blockSlot;
    let leaves = 0;
    let below = false;
    // The words of the 64 KiB around, while nothing else can have been read since.
    let words: Uint32Array | null = null;
    // What the neighbour on the right must hold to continue the run, bit for bit: found so, nothing is asked of it.
    const step = shift < 32 ? 1 << shift : 0;
    let nextIndex = -1;
    let expectedHi = 0;
    let expectedLo = 0;
    let alike = 0;
    this.#maps.tables[slot] = (this.#maps.tables[slot] as number) + 1;
    this.#path.push(tableHi * TWO32 + tableLo);
    if (this.#cancelled?.() === true) this.#stopped = true;
    let status: ReadStatus = DATA;
    for (let index = 0; index < count && !this.#stopped; index++) {
      const address = (tableLo + index * 8) | 0;
      if ((address & 0xffff) === 0) words = null;
      let lo: number;
      let hi: number;
      if (words !== null) {
        const word = (address & 0xffff) >>> 2;
        lo = (words[word] as number) | 0;
        hi = (words[word + 1] as number) | 0;
      } else {
        status = memory.load64(tableHi, address);
        words = memory.plain(tableHi, address);
        lo = memory.lo | 0;
        hi = memory.hi | 0;
      }
      if (lo === expectedLo && hi === expectedHi && index === nextIndex && status === DATA) {
        alike++;
        nextIndex++;
        expectedLo = (lo + step) | 0;
        // An address that passes 4 GiB ends the likeness.
        if (expectedLo >>> 0 < step >>> 0) nextIndex = -1;
        continue;
      }
      if (alike !== 0) {
        leaves += alike;
        this.#size += alike * size;
        alike = 0;
      }
      if (status !== DATA) {
        this.#hole(
          this.#maps.absent,
          slot,
          tableHi * TWO32 + tableLo + index * 8,
          offset + index * size,
          status,
        );
        below = true;
        index = (Math.floor(index / TOGETHER) + 1) * TOGETHER - 1;
        status = DATA;
        words = null;
        continue;
      }
      const rawHi = hi;
      const rawLo = lo;
      if (bigEndian) {
        hi = swap32(rawLo);
        lo = swap32(rawHi);
      }
      if ((lo & 1) === 0) continue;
      const type = lo & 2;
      if (type !== 0 && !last) {
        const inherited = this.#start.stage === 2 || this.#start.had ? 0 : tables | (hi & HIERARCHICAL_BITS);
        const nextHi = addressHi(hi, lo, granuleBits, wide);
        const next = nextSpace(this.#start, this.#space, hi);
        if (this.#follow(slot, next, nextHi, addressLo(lo, granuleBits), offset + index * size, inherited))
          below = true;
        words = null;
        continue;
      }
      if (last ? type === 0 : !blocks) continue;
      leaves++;
      const pa = (addressHi(hi, lo, granuleBits, wide) & maskHi) * TWO32 + ((lo & maskLo & -4096) >>> 0);
      const same =
        (lo & 0xfff) === this.#attributesLo &&
        hi >>> 18 === this.#attributesHi &&
        tables === this.#attributesTables &&
        slot === this.#attributesSlot;
      const meta = same ? this.#attributes : this.#attributesOf(slot, hi, lo, tables);
      const at = offset + index * size;
      if (meta === this.#meta && at === this.#offset + this.#size && pa === this.#pa + this.#size)
        this.#size += size;
      else this.#begin(at, pa, size, meta);
      expectedHi = rawHi;
      expectedLo = (rawLo + step) | 0;
      nextIndex = bigEndian || step === 0 || expectedLo >>> 0 < step >>> 0 ? -1 : index + 1;
    }
    if (alike !== 0) {
      leaves += alike;
      this.#size += alike * size;
    }
    this.#path.pop();
    this.#maps.leavesAt[slot] = (this.#maps.leavesAt[slot] as number) + leaves;
    this.#reads -= count;
    if (this.#reads <= 0) this.#stopped = true;
    return leaves > 0 || below;
  }

  /** Ends the last run. */
  finish(): Maps {
    this.#begin(0, 0, 0, -1);
    this.#maps.truncated ||= this.#stopped;
    return this.#maps;
  }

  #follow(
    slot: number,
    space: World,
    nextHi: number,
    nextLo: number,
    offset: number,
    tables: number,
  ): boolean {
    const next = nextHi * TWO32 + nextLo;
    if (this.#path.includes(next)) {
      this.#hole(this.#maps.loops, slot + 1, next, offset, DATA);
      return true;
    }
    // Tables are aligned to 8 bytes at least, so the slot fits below the address.
    const isOwn = space === this.#start.space;
    if (isOwn && this.#barren.has(next + slot)) return false;
    const before = this.#space;
    if (space !== before) this.#enter(space);
    const found = this.table(slot + 1, nextHi, nextLo, 2 ** (this.#start.granuleBits - 3), offset, tables);
    if (space !== before) this.#enter(before);
    if (found) return true;
    if (isOwn && !this.#stopped) this.#barren.add(next + slot);
    return false;
  }

  /** The next table lies in another space: what leaves are made of is another thing there. */
  #enter(space: World): void {
    this.#space = space;
    this.#attributesSlot = -1;
  }

  #hole(into: Hole[], slot: number, pa: number, offset: number, status: ReadStatus): void {
    if (into.length >= HOLE_LIMIT) {
      this.#maps.truncated = true;
      return;
    }
    into.push({ iova: inputAddress(this.#start, offset), pa, level: slot - 1, status });
  }

  #attributesOf(slot: number, hi: number, lo: number, tables: number): number {
    this.#attributesLo = lo & 0xfff;
    this.#attributesHi = hi >>> 18;
    this.#attributesTables = tables;
    this.#attributesSlot = slot;
    this.#attributes = leafMeta(this.#start, slot, hi, lo, tables, this.#space);
    return this.#attributes;
  }

  /** Keeps the run that grew until now and begins another. */
  #begin(offset: number, pa: number, size: number, meta: number): void {
    if (this.#size > 0) {
      if (this.#maps.length < this.#runLimit) this.#maps.push(this.#offset, this.#pa, this.#size, this.#meta);
      else
        this.#maps.unlisted +=
          this.#size / 2 ** levelShift(((this.#meta >>> 6) & 7) - 1, this.#start.granuleBits);
    }
    this.#offset = offset;
    this.#pa = pa;
    this.#size = size;
    this.#meta = meta;
  }
}
