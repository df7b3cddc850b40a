import { hex, hiOf, loOf } from '../../../bits/u64.ts';
import { UserError } from '../../../bits/user-error.ts';
import type { World } from '../../../bits/world.ts';
import { ABORT, ABSENT, DATA } from '../../../model/memory.ts';
import type { Operation } from '../../../model/plan.ts';
import type { Smmu } from '../../../model/smmu.ts';
import { type Allocation, allocate, freshTag, type TagKind } from './allocation.ts';

/** A write of software. */
export type MemoryWrite = Extract<Operation, { kind: 'memory' }>;

/**
 * When a write is made: what others point to before what points to it, so that nothing is reachable before it is
 * complete (3.21.3). `leaf` are tables, structures of pages and CDs.
 */
export const PUBLISH = { leaf: 0, l1cd: 1, ste: 2, l1std: 3 } as const;
export type Publish = (typeof PUBLISH)[keyof typeof PUBLISH];

/** More writes than anybody steps through: a statement that needs more is refused before it does anything. */
export const MAX_WRITES = 65_536;

/** Words of a page, to clear it at once. */
const CLEAR_WORDS = 1024;
const PAGE_BYTES = CLEAR_WORDS * 4;

/** 8 bytes. */
type Pair = readonly [lo: number, hi: number];
const ZEROS: Pair = [0, 0];

/** What a draft knows of one address space. */
interface OfSpace {
  /** Doublewords as they will be, by PA in bytes. */
  readonly after: Map<number, Pair>;
  /** Whole pages of tables that are made here, of which all doublewords are alike unless `after` says more. */
  readonly pages: Map<number, Pair>;
  /** Tables that this draft takes: nothing reaches them before it publishes them. */
  readonly fresh: { readonly from: number; readonly to: number }[];
}

/** What a draft has in common with itself in other address spaces. */
interface Shared {
  readonly operations: { readonly write: MemoryWrite; readonly when: Publish }[];
  readonly spaces: Map<World, OfSpace>;
  allocation: Allocation;
}

/**
 * The writes that a statement will make, in their order, and memory as it will be after them. Nothing is written
 * before the operations are committed one by one.
 */
export class Draft {
  readonly smmu: Smmu;
  /** What is read and written lies in this address space. */
  readonly space: World;
  readonly #shared: Shared;
  readonly #own: OfSpace;
  readonly #pair = new Uint32Array(2);
  readonly #scene: boolean;

  /**
   * @param scene structures that are not valid yet and that no cache has are put there as if they had always been
   * @param shared of a draft of another space: see {@link Draft.in}
   */
  constructor(smmu: Smmu, space: World, allocation: Allocation, scene = false, shared?: Shared) {
    this.smmu = smmu;
    this.space = space;
    this.#scene = scene;
    this.#shared = shared ?? { operations: [], spaces: new Map(), allocation };
    const own = this.#shared.spaces.get(space) ?? { after: new Map(), pages: new Map(), fresh: [] };
    this.#shared.spaces.set(space, own);
    this.#own = own;
  }

  /** The same draft, for what lies in another address space. */
  in(space: World): Draft {
    if (space === this.space) return this;
    return new Draft(this.smmu, space, this.allocation, this.#scene, this.#shared);
  }

  /** The writes in the order in which they are made. */
  get operations(): readonly MemoryWrite[] {
    return [...this.#shared.operations].sort((a, b) => a.when - b.when).map(({ write }) => write);
  }

  /** What is taken so far, the writes of this draft included. */
  get allocation(): Allocation {
    return this.#shared.allocation;
  }

  /**
   * Two halves of 8 bytes, as an array that the next call reuses.
   * @param pa PA in bytes, a multiple of 8
   * @param what for the message: `STE 8`
   * @throws UserError when there is nothing to read
   */
  read64(pa: number, what: string): Uint32Array {
    const pair = this.#pair;
    const known = this.#own.after.get(pa) ?? this.#own.pages.get(pa - (pa % PAGE_BYTES));
    if (known) {
      [pair[0], pair[1]] = known;
      return pair;
    }
    const status = this.smmu.memory(this.space).load(pa, pair, 0, 2);
    if (status === DATA) return pair;
    const where = `${what} at PA ${hex(pa)} (${this.space})`;
    if (status === ABORT) throw new UserError(`${where} lies outside RAM`);
    throw new UserError(`${where} is not in the image${status === ABSENT ? '' : ' yet'}`);
  }

  /** `count` words from `pa` on, in an array of their own. Errors as {@link read64}. */
  read(pa: number, count: number, what: string): Uint32Array {
    const words = new Uint32Array(count);
    for (let i = 0; i < count; i += 2) words.set(this.read64(pa + i * 4, what), i);
    return words;
  }

  /**
   * Adds a write of 8 bytes: one write, because just 64 bits are single-copy atomic (3.21.3). Nothing is added when
   * memory holds the value already. In a scene the first pointer to a table counts as always there.
   */
  write64(
    pa: number,
    lo: number,
    hi: number,
    what: string,
    when: Publish = PUBLISH.leaf,
    setup = false,
  ): void {
    const now = this.read64(pa, what);
    if (now[0] === lo >>> 0 && now[1] === hi >>> 0) return;
    const first = (when === PUBLISH.l1std || when === PUBLISH.l1cd) && now[0] === 0 && now[1] === 0;
    this.#push(pa, Uint32Array.of(lo, hi), when, setup || (first && this.#isScene(pa)));
    this.#own.after.set(pa, [lo >>> 0, hi >>> 0]);
  }

  /**
   * Replaces a structure: the doublewords that change one by one, upwards, and that of the valid bit last.
   * @param words an even number of them
   */
  writeStructure(pa: number, words: Uint32Array, what: string, when: Publish = PUBLISH.leaf): void {
    const setup = ((this.read64(pa, what)[0] ?? 0) & 1) === 0 && this.#isScene(pa);
    for (let i = 2; i < words.length; i += 2)
      this.write64(pa + i * 4, words[i] ?? 0, words[i + 1] ?? 0, what, when, setup);
    this.write64(pa, words[0] ?? 0, words[1] ?? 0, what, when, setup);
  }

  /** Whether what stands at a PA was never looked at, in a scene. */
  #isScene(pa: number): boolean {
    if (!this.#scene) return false;
    const { structures } = this.smmu;
    return !structures.entries().some((entry) => pa >= entry.pa && pa < entry.pa + entry.words.length * 4);
  }

  /**
   * RAM that nothing uses, all zeros.
   * @param bytes a power of two, 8 at least; the address is aligned to it
   * @param fill what each 8 bytes hold instead of 0, as two halves
   * @returns PA in bytes
   */
  table(bytes: number, fill: Pair = ZEROS): number {
    const { pa, allocation } = allocate(this.#shared.allocation, this.space, bytes);
    this.#shared.allocation = allocation;
    this.#own.fresh.push({ from: pa, to: pa + bytes });
    this.#clear(pa, bytes, fill);
    return pa;
  }

  /** A tag that no statement has taken before. */
  tag(kind: TagKind): number {
    const { tag, allocation } = freshTag(this.#shared.allocation, kind);
    this.#shared.allocation = allocation;
    return tag;
  }

  /** What a capture has there is cleared in one go: nothing reaches it yet. */
  #clear(pa: number, bytes: number, fill: Pair): void {
    const memory = this.smmu.memory(this.space);
    const words = new Uint32Array(Math.min(bytes / 4, CLEAR_WORDS));
    const step = words.length * 4;
    for (let at = pa; at < pa + bytes; at += step) {
      const status = memory.load(at, words, 0, words.length);
      if (status === DATA && words.every((one, i) => one === fill[i & 1])) continue;
      if (status === ABORT) throw new UserError(`there is no RAM at ${hex(at)} for tables`);
      for (let i = 0; i < words.length; i++) words[i] = fill[i & 1] as number;
      this.#push(at, words.slice(), PUBLISH.leaf);
      if (step === PAGE_BYTES) this.#own.pages.set(at, fill);
      else for (let i = 0; i < step; i += 8) this.#own.after.set(at + i, fill);
    }
  }

  #push(pa: number, words: Uint32Array, when: Publish, setup = false): void {
    if (this.#shared.operations.length >= MAX_WRITES) {
      throw new UserError(`this takes more than ${MAX_WRITES} writes of 8 bytes`, {
        todo: 'map less at once, or larger pages',
      });
    }
    const isUnreached = setup || this.#own.fresh.some(({ from, to }) => pa >= from && pa < to);
    this.#shared.operations.push({
      write: { kind: 'memory', space: this.space, pa, words, ...(isUnreached && { setup: true }) },
      when,
    });
  }
}

/** An address in bytes as two halves of 32 bits; for values below 2^53. */
export function halvesOf(address: number): { readonly hi: number; readonly lo: number } {
  return { hi: hiOf(address), lo: loOf(address) };
}
