/**
 * Stacks that grow in chunks: an array of millions that grows in one piece is copied over and over, and holds its
 * memory twice while it is.
 */

/** 64 KiB of words a chunk. */
const CHUNK_BITS = 14;
const CHUNK = 1 << CHUNK_BITS;
const MASK = CHUNK - 1;

/** A stack of 32-bit words; fewer than 2^32 of them. */
export class WordStack {
  readonly #chunks: Uint32Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The word at an index below {@link length}. */
  at(index: number): number {
    return (this.#chunks[index >>> CHUNK_BITS] as Uint32Array)[index & MASK] as number;
  }

  push(word: number): void {
    const at = this.#length++;
    const chunk = this.#chunks[at >>> CHUNK_BITS] ?? this.#grow();
    chunk[at & MASK] = word;
  }

  /** Takes the newest word; there must be one. */
  pop(): number {
    const at = --this.#length;
    const word = this.at(at);
    if ((at & MASK) === 0) this.truncate(at);
    return word;
  }

  /** Drops everything from an index on. One chunk stays, so that going back and forth costs nothing. */
  truncate(length: number): void {
    this.#length = length;
    const used = (length + MASK) >>> CHUNK_BITS;
    if (this.#chunks.length > used + 1) this.#chunks.length = used + 1;
  }

  #grow(): Uint32Array {
    const chunk = new Uint32Array(CHUNK);
    this.#chunks.push(chunk);
    return chunk;
  }
}

/** A stack of anything; what is taken is let go. */
export class ReferenceStack<T> {
  readonly #chunks: T[][] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The item at an index below {@link length}. */
  at(index: number): T {
    return (this.#chunks[index >>> CHUNK_BITS] as T[])[index & MASK] as T;
  }

  push(item: T): void {
    const at = this.#length++;
    const chunk = this.#chunks[at >>> CHUNK_BITS];
    if (chunk) chunk.push(item);
    else this.#chunks.push([item]);
  }

  /** Takes the newest item; there must be one. */
  pop(): T {
    this.#length--;
    const chunk = this.#chunks[this.#chunks.length - 1] as T[];
    const item = chunk.pop() as T;
    if (chunk.length === 0) this.#chunks.pop();
    return item;
  }
}
