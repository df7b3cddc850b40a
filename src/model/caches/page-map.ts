const FIRST_SLOTS = 8;
/** No page: pages are not negative. */
const FREE = -1;

/** What a map holds: something that belongs to one page. */
export interface Paged {
  readonly page: number;
}

/**
 * Entries by their page: open addressing with linear probing.
 *
 * A `Map` does the same, but its keys would be numbers on the heap, and each `clear` leaves a dead table that points
 * to its successor, which keeps garbage alive until a full collection.
 */
export class PageMap<T extends Paged> {
  #pages = new Float64Array(FIRST_SLOTS).fill(FREE);
  /** What lies in a free slot means nothing. */
  #entries = new Array<T | undefined>(FIRST_SLOTS).fill(undefined);
  /** Number of slots minus 1; slots are a power of two, at most 3/4 of them taken. */
  #mask = FIRST_SLOTS - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(page: number): T | undefined {
    const slot = this.#slot(page);
    return this.#pages[slot] === FREE ? undefined : this.#entries[slot];
  }

  /**
   * Stores an entry under its page, in place of the one that was there.
   * @returns the one that was there, or null: then the map has grown by one
   */
  set(entry: T): T | null {
    const { page } = entry;
    const slot = this.#slot(page);
    const before = this.#entries[slot];
    this.#entries[slot] = entry;
    if (this.#pages[slot] === page) return before ?? null;
    this.#pages[slot] = page;
    if (++this.#size * 4 > this.#mask * 3) this.#grow();
    return null;
  }

  delete(page: number): void {
    const pages = this.#pages;
    const mask = this.#mask;
    let hole = this.#slot(page);
    if (pages[hole] === FREE) return;
    this.#size--;
    // Whoever was pushed past the hole moves into it, so that no probe ends too early.
    for (let slot = (hole + 1) & mask; pages[slot] !== FREE; slot = (slot + 1) & mask) {
      const home = hash(pages[slot] as number) & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      pages[hole] = pages[slot] as number;
      this.#entries[hole] = this.#entries[slot];
      hole = slot;
    }
    pages[hole] = FREE;
    this.#entries[hole] = undefined;
  }

  clear(): void {
    if (this.#size === 0) return;
    this.#size = 0;
    // A table that was once full must not cost its whole size whenever it is emptied.
    if (this.#mask >= FIRST_SLOTS) this.#reset(FIRST_SLOTS);
    else for (let slot = 0; slot < FIRST_SLOTS; slot++) this.#pages[slot] = FREE;
  }

  /** Some entry: the first from the place of `page` on, so that asking again and again does not search ever longer. */
  near(page: number): T | undefined {
    if (this.#size === 0) return undefined;
    let slot = hash(page) & this.#mask;
    while (this.#pages[slot] === FREE) slot = (slot + 1) & this.#mask;
    return this.#entries[slot];
  }

  /** Every entry, in no order. */
  values(): T[] {
    return this.#entries.filter(
      (entry, slot): entry is T => entry !== undefined && this.#pages[slot] !== FREE,
    );
  }

  /** Where the page is, or where it would go. */
  #slot(page: number): number {
    const pages = this.#pages;
    const mask = this.#mask;
    let slot = hash(page) & mask;
    for (;;) {
      const found = pages[slot] as number;
      if (found === page || found === FREE) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const all = this.values();
    this.#reset((this.#mask + 1) * 2);
    for (const entry of all) {
      const slot = this.#slot(entry.page);
      this.#pages[slot] = entry.page;
      this.#entries[slot] = entry;
    }
  }

  #reset(slots: number): void {
    this.#pages = new Float64Array(slots).fill(FREE);
    this.#entries = new Array<T | undefined>(slots).fill(undefined);
    this.#mask = slots - 1;
  }
}

/** Spreads neighbouring pages over neighbouring slots, and far ones apart. */
function hash(page: number): number {
  const hi = (page / 2 ** 32) | 0;
  const low = (page | 0) ^ Math.imul(hi, 0x9e3779b1);
  return low ^ (low >>> 15);
}
