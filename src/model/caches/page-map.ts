const FIRST_SLOTS = 8;
const TWO32 = 2 ** 32;

/** What a map holds: something that belongs to one page, whose number has 53 bits. */
export interface Paged {
  /** Bits [52:32]. */
  readonly pageHi: number;
  /** Bits [31:0], as int32: a number above 2^31 would lie on the heap. */
  readonly pageLo: number;
}

/** The page's number. */
export function pageOf({ pageHi, pageLo }: Paged): number {
  return pageHi * TWO32 + (pageLo >>> 0);
}

/**
 * Entries by their page: open addressing with linear probing over two int32 keys, since a look-up by a number above
 * 2^31 would cost more than all the rest. The keys are those in the entries: arrays of their own would be two more things
 * to load on each hit.
 *
 * A `Map` does the same, but its keys would be numbers on the heap, and each `clear` leaves a dead table that points
 * to its successor, which keeps garbage alive until a full collection.
 */
export class PageMap<T extends Paged> {
  #entries = new Array<T | undefined>(FIRST_SLOTS).fill(undefined);
  /** Number of slots minus 1; slots are a power of two, at most 3/4 of them taken. */
  #mask = FIRST_SLOTS - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(page: number): T | undefined {
    return this.at(Math.floor(page / TWO32), page | 0);
  }

  /**
   * The entry of a page that comes as two halves.
   * @param hi page [52:32]
   * @param lo page [31:0], as int32
   */
  at(hi: number, lo: number): T | undefined {
    const entries = this.#entries;
    const mask = this.#mask;
    let slot = hash(hi, lo) & mask;
    for (;;) {
      const entry = entries[slot];
      if (entry === undefined || (entry.pageLo === lo && entry.pageHi === hi)) return entry;
      slot = (slot + 1) & mask;
    }
  }

  /**
   * Stores an entry under its page, in place of the one that was there.
   * @returns the one that was there, or null: then the map has grown by one
   */
  set(entry: T): T | null {
    const { pageHi, pageLo } = entry;
    const slot = this.#slot(pageHi, pageLo);
    const before = this.#entries[slot];
    this.#entries[slot] = entry;
    if (before !== undefined) return before;
    if (++this.#size * 4 > this.#mask * 3) this.#grow();
    return null;
  }

  delete({ pageHi, pageLo }: Paged): void {
    const entries = this.#entries;
    const mask = this.#mask;
    let hole = this.#slot(pageHi, pageLo);
    if (entries[hole] === undefined) return;
    this.#size--;
    // Whoever was pushed past the hole moves into it, so that no probe ends too early.
    let slot = (hole + 1) & mask;
    for (let entry = entries[slot]; entry !== undefined; entry = entries[slot]) {
      const home = hash(entry.pageHi, entry.pageLo) & mask;
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        entries[hole] = entry;
        hole = slot;
      }
      slot = (slot + 1) & mask;
    }
    entries[hole] = undefined;
  }

  clear(): void {
    if (this.#size === 0) return;
    this.#size = 0;
    // A table that was once full must not cost its whole size whenever it is emptied.
    if (this.#mask >= FIRST_SLOTS) this.#reset(FIRST_SLOTS);
    else for (let slot = 0; slot < FIRST_SLOTS; slot++) this.#entries[slot] = undefined;
  }

  /** Some entry: the first from the place of a page on, so that asking again and again does not search ever longer. */
  near({ pageHi, pageLo }: Paged): T | undefined {
    if (this.#size === 0) return undefined;
    let slot = hash(pageHi, pageLo) & this.#mask;
    while (this.#entries[slot] === undefined) slot = (slot + 1) & this.#mask;
    return this.#entries[slot];
  }

  /** Every entry, in no order. */
  values(): T[] {
    return this.#entries.filter((entry): entry is T => entry !== undefined);
  }

  /** Where the page is, or where it would go. */
  #slot(hi: number, lo: number): number {
    const mask = this.#mask;
    let slot = hash(hi, lo) & mask;
    for (;;) {
      const entry = this.#entries[slot];
      if (entry === undefined || (entry.pageLo === lo && entry.pageHi === hi)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const all = this.values();
    this.#reset((this.#mask + 1) * 2);
    for (const entry of all) {
      const slot = this.#slot(entry.pageHi, entry.pageLo);
      this.#entries[slot] = entry;
    }
  }

  #reset(slots: number): void {
    this.#entries = new Array<T | undefined>(slots).fill(undefined);
    this.#mask = slots - 1;
  }
}

/** Spreads neighbouring pages over neighbouring slots, and far ones apart. */
function hash(hi: number, lo: number): number {
  const low = lo ^ Math.imul(hi, 0x9e3779b1);
  return low ^ (low >>> 15);
}
