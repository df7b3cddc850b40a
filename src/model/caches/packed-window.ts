/** A queue of packed entries at both ends of which something comes and goes, none of them an object until asked for. */

import { PACKED_WORDS, type PackedEntry, type PackSource } from '../packed.ts';

export class PackedWindow<Entry extends PackedEntry> {
  readonly #limit: number;
  /** Room for all of them once there is one: many caches never hold any. */
  #words: Uint32Array | null = null;
  readonly #sources: (PackSource | null)[] = [];
  readonly #made: (Entry | null)[] = [];
  #start = 0;
  #length = 0;

  /** @param limit how many there are at most */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#length;
  }

  get isFull(): boolean {
    return this.#length >= this.#limit;
  }

  /** The entry at an index below {@link length}, the oldest first. */
  at(index: number): Entry {
    const slot = (this.#start + index) % this.#limit;
    let made = this.#made[slot] ?? null;
    if (made === null) {
      const words = this.#words as Uint32Array;
      made = (this.#sources[slot] as PackSource).unpack(words, slot * PACKED_WORDS) as Entry;
      this.#made[slot] = made;
    }
    return made;
  }

  /** The last of its words: see {@link at}. */
  lastWord(index: number): number {
    const slot = (this.#start + index) % this.#limit;
    return (this.#words as Uint32Array)[slot * PACKED_WORDS + PACKED_WORDS - 1] as number;
  }

  /** A new one; there must be room. */
  push(entry: PackedEntry): void {
    this.#put((this.#start + this.#length++) % this.#limit, entry);
  }

  pop(): void {
    if (this.#length > 0) this.#drop((this.#start + --this.#length) % this.#limit);
  }

  /** The oldest goes. */
  shift(): void {
    if (this.#length === 0) return;
    this.#drop(this.#start);
    this.#start = (this.#start + 1) % this.#limit;
    this.#length--;
  }

  /** One that is older than all; there must be room. */
  unshift(entry: PackedEntry): void {
    this.#start = (this.#start + this.#limit - 1) % this.#limit;
    this.#length++;
    this.#put(this.#start, entry);
  }

  #put(slot: number, entry: PackedEntry): void {
    this.#words ??= new Uint32Array(this.#limit * PACKED_WORDS);
    entry.pack(this.#words, slot * PACKED_WORDS);
    this.#sources[slot] = entry.source;
    this.#made[slot] = null;
  }

  #drop(slot: number): void {
    this.#sources[slot] = null;
    this.#made[slot] = null;
  }
}
