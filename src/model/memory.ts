/**
 * Sparse physical memory: what the SMMU reads and writes, one image a physical address space.
 *
 * Contents come from a {@link ChunkSource} (a dump, a live target, or nothing) one 64 KiB chunk at a time, on demand;
 * what software or the SMMU writes lies over it and is never written back. Missing memory is never zero: a read
 * answers DATA, ABSENT (RAM, but not in the image), ABORT (outside every RAM range) or MISS (not fetched yet).
 */

/** The answer of a physical access. Numbers, because hot code compares them on every descriptor. */
export const DATA = 0;
export const ABSENT = 1;
export const ABORT = 2;
export const MISS = 3;
export type ReadStatus = typeof DATA | typeof ABSENT | typeof ABORT | typeof MISS;

export const CHUNK_BYTES = 0x10000;
export const CHUNK_WORDS = CHUNK_BYTES / 4;
/** Presence is kept for each 4 KiB page: 16 bits a chunk. */
export const PAGE_BYTES = 0x1000;
const ALL_PAGES = 0xffff;
const CHUNKS_PER_DIRECTORY = 0x10000;
const DIRECTORY_BYTES = 2 ** 32;

/** A range of physical addresses, in bytes. */
export interface MemoryRange {
  readonly base: number;
  readonly size: number;
}

/** Where a memory's contents come from. Implemented by captures and live targets. */
export interface ChunkSource {
  /**
   * Fills 64 KiB of physical memory.
   * @param chunk physical address divided by 64 KiB
   * @param into 65,536 bytes, all zero on entry
   * @returns the pages that are there: bit i stands for the 4 KiB at `chunk * 64 KiB + i * 4 KiB`
   */
  fill(chunk: number, into: Uint8Array): number;
  /** Pages (same bits as `fill` returns) that exist but were not fetched yet. Absent for files. */
  pending?(chunk: number): number;
  /** What the source holds, ascending, without overlap. */
  readonly ranges: readonly MemoryRange[];
}

interface Chunk {
  readonly index: number;
  readonly words: Uint32Array;
  /** Pages with contents, 16 bits. */
  present: number;
  /** Pages that must be fetched before they can be read, 16 bits. */
  pending: number;
  /** Holds something that the source does not have, so it may never be dropped. */
  dirty: boolean;
}

export interface MemoryOptions {
  /** Known RAM; outside it an access is an external abort. Default: from the source's lowest to its highest byte. */
  readonly ram?: readonly MemoryRange[];
  /** How many unmodified chunks stay in memory (64 KiB each). */
  readonly residentChunks?: number;
}

const NOTHING: ChunkSource = { fill: () => 0, ranges: [] };

/** One physical address space. Addresses are PA in bytes, below 2^53. */
export class SparseMemory {
  /** Low and high half of the last {@link load64}. */
  lo = 0;
  hi = 0;
  readonly ram: readonly MemoryRange[];
  readonly source: ChunkSource;
  readonly #directories: (Chunk | undefined)[][] = [];
  readonly #resident: Chunk[] = [];
  readonly #limit: number;
  #evict = 0;
  #ramLow = 0;
  #ramHigh = 0;

  constructor(source: ChunkSource = NOTHING, options: MemoryOptions = {}) {
    this.source = source;
    this.ram = options.ram ?? spanOf(source.ranges);
    this.#limit = options.residentChunks ?? 256;
    this.#ramLow = this.ram.reduce((low, r) => Math.min(low, r.base), Number.MAX_SAFE_INTEGER);
    this.#ramHigh = this.ram.reduce((high, r) => Math.max(high, r.base + r.size), 0);
  }

  /** Reads the 8 bytes at `pa` (8-byte aligned) into {@link lo} and {@link hi}. */
  load64(pa: number): ReadStatus {
    const top = Math.floor(pa / DIRECTORY_BYTES);
    const low = pa >>> 0;
    const chunk = this.#directories[top]?.[low >>> 16] ?? this.#open(pa);
    if (chunk === null) return ABORT;
    if (chunk.present !== ALL_PAGES || this.ram.length !== 1) {
      const status = this.#status(chunk, pa);
      if (status !== DATA) return status;
    } else if (pa < this.#ramLow || pa >= this.#ramHigh) return ABORT;
    const at = (low & 0xffff) >>> 2;
    this.lo = chunk.words[at] as number;
    this.hi = chunk.words[at + 1] as number;
    return DATA;
  }

  /**
   * Reads `count` 32-bit words from `pa` (4-byte aligned) to `out[at]`.
   * On any answer but DATA, `out` holds what preceded the word that could not be read.
   */
  load(pa: number, out: Uint32Array, at: number, count: number): ReadStatus {
    for (let done = 0; done < count; ) {
      const address = pa + done * 4;
      const chunk = this.#chunk(address);
      if (chunk === null) return ABORT;
      const status = this.#status(chunk, address);
      if (status !== DATA) return status;
      const from = (address & 0xffff) >>> 2;
      const n = Math.min(count - done, (PAGE_BYTES - (address & 0xfff)) >>> 2);
      out.set(chunk.words.subarray(from, from + n), at + done);
      done += n;
    }
    return DATA;
  }

  /** What a 4-byte access at `pa` would answer; changes nothing. */
  status(pa: number): ReadStatus {
    const chunk = this.#chunk(pa);
    return chunk === null ? ABORT : this.#status(chunk, pa);
  }

  /**
   * Writes `count` words of `from[at]` at `pa` (4-byte aligned).
   * A page that the image lacks becomes present and is zero where nothing was written.
   * @returns ABORT (and nothing written) when any byte lies outside RAM
   */
  store(pa: number, from: Uint32Array, at: number, count: number): ReadStatus {
    for (let i = 0; i < count; i++) if (!this.inRam(pa + i * 4)) return ABORT;
    for (let i = 0; i < count; i++) {
      const address = pa + i * 4;
      const chunk = this.#chunk(address);
      if (chunk === null) return ABORT;
      chunk.words[(address & 0xffff) >>> 2] = from[at + i] as number;
      chunk.present |= 1 << ((address & 0xffff) >>> 12);
      this.#pin(chunk);
    }
    return DATA;
  }

  /** Takes back the presence of the page at `pa`: the undo of a store to a page that the image lacks. */
  forgetPage(pa: number): void {
    const chunk = this.#chunk(pa);
    if (chunk === null) return;
    const page = (pa & 0xffff) >>> 12;
    chunk.words.fill(0, page << 10, (page + 1) << 10);
    chunk.present &= ~(1 << page);
  }

  /** Whether the 4-byte word at `pa` lies in a known RAM range. */
  inRam(pa: number): boolean {
    if (pa < this.#ramLow || pa >= this.#ramHigh) return false;
    if (this.ram.length === 1) return true;
    return this.ram.some((r) => pa >= r.base && pa < r.base + r.size);
  }

  /** Drops unmodified chunks so that the source is asked again (live targets, after the target ran). */
  refresh(): void {
    for (const chunk of this.#resident) this.#drop(chunk);
    this.#resident.length = 0;
    this.#evict = 0;
  }

  #status(chunk: Chunk, pa: number): ReadStatus {
    const page = 1 << ((pa & 0xffff) >>> 12);
    if (!this.inRam(pa)) return ABORT;
    if (chunk.present & page) return DATA;
    return chunk.pending & page ? MISS : ABSENT;
  }

  #chunk(pa: number): Chunk | null {
    return this.#directories[Math.floor(pa / DIRECTORY_BYTES)]?.[(pa >>> 0) >>> 16] ?? this.#open(pa);
  }

  #open(pa: number): Chunk | null {
    const index = Math.floor(pa / CHUNK_BYTES);
    const base = index * CHUNK_BYTES;
    if (!this.ram.some((r) => r.base < base + CHUNK_BYTES && r.base + r.size > base)) return null;
    const words = new Uint32Array(CHUNK_WORDS);
    const present = this.source.fill(index, new Uint8Array(words.buffer)) & ALL_PAGES;
    const pending = (this.source.pending?.(index) ?? 0) & ALL_PAGES & ~present;
    const chunk: Chunk = { index, words, present, pending, dirty: false };
    this.#directory(index)[index % CHUNKS_PER_DIRECTORY] = chunk;
    this.#keep(chunk);
    return chunk;
  }

  #directory(index: number): (Chunk | undefined)[] {
    const top = Math.floor(index / CHUNKS_PER_DIRECTORY);
    const found = this.#directories[top];
    if (found) return found;
    const fresh: (Chunk | undefined)[] = [];
    this.#directories[top] = fresh;
    return fresh;
  }

  /** Bounded residence: the oldest unmodified chunk makes room; a modified one never goes. */
  #keep(chunk: Chunk): void {
    if (this.#resident.length < this.#limit) {
      this.#resident.push(chunk);
      return;
    }
    const old = this.#resident[this.#evict];
    if (old) this.#drop(old);
    this.#resident[this.#evict] = chunk;
    this.#evict = (this.#evict + 1) % this.#limit;
  }

  #pin(chunk: Chunk): void {
    chunk.dirty = true;
  }

  #drop(chunk: Chunk): void {
    if (!chunk.dirty) delete this.#directory(chunk.index)[chunk.index % CHUNKS_PER_DIRECTORY];
  }
}

function spanOf(ranges: readonly MemoryRange[]): readonly MemoryRange[] {
  const first = ranges[0];
  const last = ranges[ranges.length - 1];
  if (!first || !last) return [];
  return [{ base: first.base, size: last.base + last.size - first.base }];
}
