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
/** Refused by a granule protection check (3.25); of the SMMU's own accesses only, see `gpc/checked-memory.ts`. */
export const GPF = 4;
export type ReadStatus = typeof DATA | typeof ABSENT | typeof ABORT | typeof MISS | typeof GPF;

/** Whether an access with that answer ends as an external abort; a refusal is reported as one (3.25.3). */
export function isAbort(status: ReadStatus): boolean {
  return status === ABORT || status === GPF;
}

/** Bytes that a source is asked for at once. */
export const CHUNK_BYTES = 0x10000;
const CHUNK_WORDS = CHUNK_BYTES / 4;
/** Presence is kept for each 4 KiB page: 16 bits a chunk. */
export const PAGE_BYTES = 0x1000;
const PAGE_WORDS = PAGE_BYTES / 4;
/** Every page of a chunk, as {@link ChunkSource.fill} answers. */
export const ALL_PAGES = 0xffff;
const CHUNKS_PER_DIRECTORY = 0x10000;
const DIRECTORY_BYTES = 2 ** 32;

/** 56-bit addresses exist with VMSAv9-128 only, which is not walked. */
export const PA_BITS = 52;
/** No physical address is as high, in bytes. */
export const PA_LIMIT = 2 ** PA_BITS;

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
  /** For each page that the source lacks but that was written: which of its 1,024 words hold something. */
  written: Map<number, Uint32Array> | null;
  /** Holds something that the source does not have, so it may never be dropped. */
  dirty: boolean;
  /** Every page is there and every address is RAM: nothing to check when reading. */
  readonly plain: boolean;
}

/** What is known of a memory beside its source. */
export interface MemoryOptions {
  /** Known RAM; outside it an access is an external abort. Default: from the source's lowest to its highest byte. */
  readonly ram?: readonly MemoryRange[];
  /** RAM that can be read but not written: a write is an external abort. */
  readonly readOnly?: readonly MemoryRange[];
  /** How many unmodified chunks stay in memory (64 KiB each). */
  readonly residentChunks?: number;
}

const NOTHING: ChunkSource = { fill: () => 0, ranges: [] };

/** Stands for every chunk without contents, so that stray pointers cost no memory. */
const EMPTY: Chunk = {
  index: -1,
  words: new Uint32Array(CHUNK_WORDS),
  present: 0,
  pending: 0,
  written: null,
  dirty: false,
  plain: false,
};

/** One physical address space. Addresses are PA in bytes, below 2^53. */
export class SparseMemory {
  readonly ram: readonly MemoryRange[];
  readonly source: ChunkSource;
  readonly #directories: (Chunk | undefined)[][] = [];
  readonly #used: number[] = [];
  readonly #resident: Chunk[] = [];
  readonly #limit: number;
  readonly #readOnly: readonly MemoryRange[];
  readonly #ramLow: number;
  readonly #ramHigh: number;
  /** Not fields: those would hold most words as numbers on the heap. */
  readonly #loaded = new Uint32Array(2);
  #evict = 0;
  /** The words of a dropped chunk, for the next one: garbage of 64 KiB each would pile up faster than it is collected. */
  #spare: Uint32Array | null = null;

  constructor(source: ChunkSource = NOTHING, options: MemoryOptions = {}) {
    this.source = source;
    this.ram = options.ram ?? spanOf(source.ranges);
    this.#limit = options.residentChunks ?? 256;
    this.#readOnly = options.readOnly ?? [];
    this.#ramLow = this.ram.reduce((low, r) => Math.min(low, r.base), Number.MAX_SAFE_INTEGER);
    this.#ramHigh = this.ram.reduce((high, r) => Math.max(high, r.base + r.size), 0);
  }

  /** Low half of the last {@link load64}. */
  get lo(): number {
    return this.#loaded[0] as number;
  }

  /** High half of the last {@link load64}. */
  get hi(): number {
    return this.#loaded[1] as number;
  }

  /**
   * Reads 8 bytes into {@link lo} and {@link hi}. The address comes as two halves because a walk has it so:
   * a division for each descriptor would cost more than the rest of the read.
   * @param pa32 PA[51:32]
   * @param paLo PA[31:0], a multiple of 8
   */
  load64(pa32: number, paLo: number): ReadStatus {
    const low = paLo >>> 0;
    const chunk = this.#directories[pa32]?.[low >>> 16] ?? this.#open(pa32 * DIRECTORY_BYTES + low);
    if (chunk === null) return ABORT;
    const at = (low & 0xffff) >>> 2;
    if (!chunk.plain) {
      const pa = pa32 * DIRECTORY_BYTES + low;
      const status = this.#status(chunk, pa, at);
      if (status !== DATA) return status;
      // In a page that the source lacks, one half may have been written without the other.
      if (chunk.written !== null) {
        const other = this.#status(chunk, pa, at + 1);
        if (other !== DATA) return other;
      }
    }
    this.#loaded[0] = chunk.words[at] as number;
    this.#loaded[1] = chunk.words[at + 1] as number;
    return DATA;
  }

  /**
   * The words of the 64 KiB around an address where every read is DATA, or null: then {@link load64} answers. Walks read
   * by it, since most of their time goes into reading.
   * @param pa32 PA[51:32]
   * @param paLo PA[31:0]
   */
  plain(pa32: number, paLo: number): Uint32Array | null {
    const chunk = this.#directories[pa32]?.[paLo >>> 16];
    return chunk?.plain ? chunk.words : null;
  }

  /**
   * Reads `count` 32-bit words from `pa` (4-byte aligned) to `out[at]`.
   * On any answer but DATA, `out` holds what preceded the word that could not be read.
   */
  load(pa: number, out: Uint32Array, at: number, count: number): ReadStatus {
    const first = this.#chunk(pa);
    const from = (pa & 0xffff) >>> 2;
    if (first?.plain && from + count <= CHUNK_WORDS) {
      for (let i = 0; i < count; i++) out[at + i] = first.words[from + i] as number;
      return DATA;
    }
    for (let i = 0; i < count; i++) {
      const address = pa + i * 4;
      const chunk = this.#chunk(address);
      if (chunk === null) return ABORT;
      const word = (address & 0xffff) >>> 2;
      const status = this.#status(chunk, address, word);
      if (status !== DATA) return status;
      out[at + i] = chunk.words[word] as number;
    }
    return DATA;
  }

  /**
   * Whether reading from `pa` on (4-byte aligned) would give just these words. False also where that is not known at
   * once: then {@link load} answers.
   */
  holds(pa: number, words: Uint32Array): boolean {
    const chunk = this.#chunk(pa);
    const from = (pa & 0xffff) >>> 2;
    if (!chunk?.plain || from + words.length > CHUNK_WORDS) return false;
    const there = chunk.words;
    for (let i = 0; i < words.length; i++) if (there[from + i] !== words[i]) return false;
    return true;
  }

  /** What a 4-byte access at `pa` would answer; changes nothing. */
  status(pa: number): ReadStatus {
    const chunk = this.#chunk(pa);
    return chunk === null ? ABORT : this.#status(chunk, pa, (pa & 0xffff) >>> 2);
  }

  /**
   * Writes `count` words of `from[at]` at `pa` (4-byte aligned). In a page that the image lacks, just these words
   * become readable; the others stay absent.
   * @returns ABORT (and nothing written) when any word lies outside RAM
   */
  store(pa: number, from: Uint32Array, at: number, count: number): ReadStatus {
    for (let i = 0; i < count; i++) if (!this.inRam(pa + i * 4)) return ABORT;
    for (let i = 0; i < count; i++) {
      const address = pa + i * 4;
      const chunk = this.#writable(address);
      const word = (address & 0xffff) >>> 2;
      chunk.words[word] = from[at + i] as number;
      chunk.dirty = true;
      const page = word >>> 10;
      if (chunk.present & (1 << page)) continue;
      chunk.written ??= new Map();
      let bits = chunk.written.get(page);
      if (!bits) {
        bits = new Uint32Array(PAGE_WORDS / 32);
        chunk.written.set(page, bits);
      }
      bits[(word & 1023) >>> 5] = (bits[(word & 1023) >>> 5] as number) | (1 << (word & 31));
    }
    return DATA;
  }

  /** Whether an SMMU's write of the word at `pa` goes through. */
  canStore(pa: number): boolean {
    return this.inRam(pa) && !this.#readOnly.some((r) => pa >= r.base && pa < r.base + r.size);
  }

  /** Makes the word at `pa` absent again: the undo of a store to a page that the image lacks. */
  forget(pa: number): void {
    const chunk = this.#chunk(pa);
    const word = (pa & 0xffff) >>> 2;
    const bits = chunk?.written?.get(word >>> 10);
    if (!chunk || !bits) return;
    bits[(word & 1023) >>> 5] = (bits[(word & 1023) >>> 5] as number) & ~(1 << (word & 31));
    // The page has come since: then the word is what the source says.
    if (chunk.present & (1 << (word >>> 10))) {
      const words = this.#zeroedWords();
      this.source.fill(chunk.index, new Uint8Array(words.buffer));
      chunk.words[word] = words[word] as number;
      this.#spare = words;
    }
  }

  /** Whether the word at `pa` lies in a known RAM range. */
  inRam(pa: number): boolean {
    if (pa < this.#ramLow || pa >= this.#ramHigh) return false;
    if (this.ram.length === 1) return true;
    return this.ram.some((r) => pa >= r.base && pa < r.base + r.size);
  }

  /**
   * Drops unmodified chunks so that the source is asked again (live targets: after pages were fetched, or the target
   * ran). A modified chunk keeps what it holds and gets the pages that have come since, below what was written.
   */
  refresh(): void {
    for (const chunk of this.#resident) this.#drop(chunk);
    this.#resident.length = 0;
    this.#evict = 0;
    for (const directory of this.#directories) {
      directory?.forEach((chunk) => {
        if (chunk && chunk.pending !== 0) this.#complete(chunk);
      });
    }
  }

  #complete(chunk: Chunk): void {
    const words = this.#zeroedWords();
    const come = this.source.fill(chunk.index, new Uint8Array(words.buffer)) & chunk.pending;
    for (let word = 0; word < CHUNK_WORDS; word++) {
      const page = word >>> 10;
      if ((come & (1 << page)) === 0) continue;
      const bits = chunk.written?.get(page);
      const isWritten = bits && (bits[(word & 1023) >>> 5] as number) & (1 << (word & 31));
      if (!isWritten) chunk.words[word] = words[word] as number;
    }
    chunk.present |= come;
    chunk.pending &= ~come;
    this.#spare = words;
  }

  #status(chunk: Chunk, pa: number, word: number): ReadStatus {
    if (!this.inRam(pa)) return ABORT;
    const page = word >>> 10;
    if (chunk.present & (1 << page)) return DATA;
    const bits = chunk.written?.get(page);
    if (bits && (bits[(word & 1023) >>> 5] as number) & (1 << (word & 31))) return DATA;
    return chunk.pending & (1 << page) ? MISS : ABSENT;
  }

  #chunk(pa: number): Chunk | null {
    return this.#directories[Math.floor(pa / DIRECTORY_BYTES)]?.[(pa >>> 0) >>> 16] ?? this.#open(pa);
  }

  #open(pa: number): Chunk | null {
    const index = Math.floor(pa / CHUNK_BYTES);
    const base = index * CHUNK_BYTES;
    if (!this.ram.some((r) => r.base < base + CHUNK_BYTES && r.base + r.size > base)) return null;
    const words = this.#zeroedWords();
    const present = this.source.fill(index, new Uint8Array(words.buffer)) & ALL_PAGES;
    const pending = (this.source.pending?.(index) ?? 0) & ALL_PAGES & ~present;
    if ((present | pending) === 0) {
      this.#spare = words;
      return EMPTY;
    }
    const inside = this.ram.some((r) => r.base <= base && r.base + r.size >= base + CHUNK_BYTES);
    const plain = present === ALL_PAGES && inside;
    return this.#keep({ index, words, present, pending, written: null, dirty: false, plain });
  }

  #writable(pa: number): Chunk {
    const chunk = this.#chunk(pa);
    if (chunk !== null && chunk !== EMPTY) return chunk;
    const index = Math.floor(pa / CHUNK_BYTES);
    const words = this.#zeroedWords();
    return this.#keep({ index, words, present: 0, pending: 0, written: null, dirty: true, plain: false });
  }

  #zeroedWords(): Uint32Array {
    const spare = this.#spare;
    if (spare === null) return new Uint32Array(CHUNK_WORDS);
    this.#spare = null;
    return spare.fill(0);
  }

  /** Bounded residence: the oldest unmodified chunk makes room; a modified one never goes. */
  #keep(chunk: Chunk): Chunk {
    const top = Math.floor(chunk.index / CHUNKS_PER_DIRECTORY);
    this.#directories[top] ??= new Array<Chunk | undefined>(CHUNKS_PER_DIRECTORY);
    this.#used[top] = (this.#used[top] ?? 0) + 1;
    (this.#directories[top] as (Chunk | undefined)[])[chunk.index % CHUNKS_PER_DIRECTORY] = chunk;
    if (this.#resident.length < this.#limit) {
      this.#resident.push(chunk);
      return chunk;
    }
    const old = this.#resident[this.#evict];
    if (old) this.#drop(old);
    this.#resident[this.#evict] = chunk;
    this.#evict = (this.#evict + 1) % this.#limit;
    return chunk;
  }

  #drop(chunk: Chunk): void {
    if (chunk.dirty) return;
    this.#spare = chunk.words;
    const top = Math.floor(chunk.index / CHUNKS_PER_DIRECTORY);
    const directory = this.#directories[top];
    if (directory) directory[chunk.index % CHUNKS_PER_DIRECTORY] = undefined;
    const used = (this.#used[top] ?? 1) - 1;
    this.#used[top] = used;
    if (used === 0) delete this.#directories[top];
  }
}

function spanOf(ranges: readonly MemoryRange[]): readonly MemoryRange[] {
  const first = ranges[0];
  const last = ranges[ranges.length - 1];
  if (!first || !last) return [];
  return [{ base: first.base, size: last.base + last.size - first.base }];
}
