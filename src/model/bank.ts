/** The registers of one SMMU: raw words, readable by name and field. What writing does is in `register-write.ts`. */

import { ID_REGISTERS, type IdRegister, type IdValues } from '../spec/features.ts';
import {
  type BankOptions,
  blockOf,
  FIXED_BYTES,
  fieldPlace,
  isQueueIndex,
  offsetOf,
  placeAt,
  REPEATED_INDICES,
} from './places.ts';

export { type BankOptions, offsetOf, REPEATED_INDICES } from './places.ts';

const ID_PLACES: readonly (readonly [IdRegister, number])[] = ID_REGISTERS.map((name) => [
  name,
  offsetOf(name),
]);

const PAGE_BYTES = 0x10000;

export class RegisterBank {
  /** Pages 0 and 1. */
  readonly #words = new Uint32Array(FIXED_BYTES / 4);
  /** Pages placed elsewhere, by their number; made when something is stored in them. */
  readonly #pages = new Map<number, Uint32Array>();
  readonly #options: BankOptions;
  readonly #pair = new Uint32Array(2);
  #version = 0;

  constructor(options: BankOptions = {}) {
    this.#options = options;
  }

  /**
   * Grows with every change but that of a queue index: what was derived from the registers may be out of date. Indices
   * move with every command and record, and nobody derives anything from them.
   */
  get version(): number {
    return this.#version;
  }

  /** 32 bits at a place (see `places.ts`); 0 where there is no register. No side effects. */
  peek(place: number): number {
    return place < FIXED_BYTES ? (this.#words[place >>> 2] ?? 0) : this.#beyond(place);
  }

  /** Bits [31:0] of a register. */
  lo(name: string): number {
    return this.peek(offsetOf(name));
  }

  /** Bits [63:32] of a 64-bit register. */
  hi(name: string): number {
    return this.peek(offsetOf(name) + 4);
  }

  /** A field of a register; an address in bytes where the field is one. */
  field(register: string, field: string): number {
    const { place, field: declared } = fieldPlace(register, field);
    if (place < FIXED_BYTES) return declared.get(this.#words, place >>> 2);
    this.#pair[0] = this.#beyond(place);
    this.#pair[1] = this.#beyond(place + 4);
    return declared.get(this.#pair, 0);
  }

  /** The ID registers. */
  ids(): IdValues {
    const values: Partial<Record<IdRegister, number>> = {};
    for (const [name, place] of ID_PLACES) values[name] = this.peek(place);
    return values;
  }

  /** Whether whoever reads here is told what a place holds; a view of other registers may hide some. */
  shows(_place: number): boolean {
    return true;
  }

  /** Another bank that holds the same. */
  copy(): RegisterBank {
    const other = new RegisterBank(this.#options);
    other.#words.set(this.#words);
    for (const [page, words] of this.#pages) other.#pages.set(page, words.slice());
    other.#version = this.#version;
    return other;
  }

  /**
   * The place of an offset, or null where this SMMU has no page of registers.
   * @param offset bytes from the base of the SMMU, as software has it; a place of the model's own stays what it is
   */
  placeAt(offset: number): number | null {
    if (offset >= FIXED_BYTES && blockOf(offset) !== null) return offset;
    return placeAt(offset, this.#options, this);
  }

  /** How many counter groups the system has placed. */
  get counterGroups(): number {
    return this.#options.pmcg?.length ?? 0;
  }

  /** Stores a raw word; the rules of writing are the caller's business. Nothing happens where there is no register. */
  poke(place: number, value: number): void {
    this.#store(place, value);
    if (!isQueueIndex(place)) this.#version++;
  }

  /** Stores a queue index: what {@link poke} does, without asking what it is. */
  pokeIndex(place: number, value: number): void {
    if (place < FIXED_BYTES) this.#words[place >>> 2] = value;
    else this.#store(place, value);
  }

  /**
   * Sets words as a snapshot has them, bypassing the rules of writing. Where only the repetition of a queue index was
   * saved, it counts. Offsets are those of software; places are taken as well.
   */
  load(words: Iterable<readonly [offset: number, value: number]>): void {
    const seen = new Map(words);
    let elsewhere = false;
    for (const [offset, value] of seen) {
      if (offset >= 0 && offset < FIXED_BYTES) this.#words[offset >>> 2] = value;
      else elsewhere = true;
    }
    for (const [repetition, offset] of REPEATED_INDICES) {
      const value = seen.get(repetition);
      if (!seen.has(offset) && value !== undefined) this.#words[offset >>> 2] = value;
    }
    // The Root Control Page says where the Realm pages are, and these where the Realm control pages are.
    if (elsewhere) for (let pass = 0; pass < 3; pass++) this.#loadElsewhere(seen);
    this.#version++;
  }

  #loadElsewhere(seen: ReadonlyMap<number, number>): void {
    for (const [offset, value] of seen) {
      if (offset >= 0 && offset < FIXED_BYTES) continue;
      const place = blockOf(offset) === null ? this.placeAt(offset) : offset;
      if (place !== null) this.#store(place, value);
    }
  }

  #store(place: number, value: number): void {
    if (place < FIXED_BYTES) this.#words[place >>> 2] = value;
    else if (blockOf(place) !== null) this.#page(place)[(place % PAGE_BYTES) >>> 2] = value;
  }

  #page(place: number): Uint32Array {
    const number = Math.floor(place / PAGE_BYTES);
    let page = this.#pages.get(number);
    if (!page) {
      page = new Uint32Array(PAGE_BYTES / 4);
      this.#pages.set(number, page);
    }
    return page;
  }

  #beyond(place: number): number {
    return this.#pages.get(Math.floor(place / PAGE_BYTES))?.[(place % PAGE_BYTES) >>> 2] ?? 0;
  }
}
