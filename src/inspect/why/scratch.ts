/** A copy of an SMMU on which changes can be tried: same registers, memory by copy on read, cold caches. */

import { WORLDS, type World } from '../../bits/world.ts';
import { CHUNK_BYTES, type ChunkSource, DATA, MISS, PAGE_BYTES, SparseMemory } from '../../model/memory.ts';
import type { Plan, Transaction } from '../../model/plan.ts';
import { Smmu } from '../../model/smmu.ts';

const PAGES = CHUNK_BYTES / PAGE_BYTES;
const PAGE_WORDS = PAGE_BYTES / 4;

/** What a memory holds now, page by page; a page of which only some words are known counts as absent. */
function sourceOf(memory: SparseMemory): ChunkSource {
  const pages = (chunk: number, wanted: (pa: number, page: number) => boolean): number => {
    let bits = 0;
    for (let page = 0; page < PAGES; page++)
      if (wanted(chunk * CHUNK_BYTES + page * PAGE_BYTES, page)) bits |= 1 << page;
    return bits;
  };
  return {
    ranges: memory.source.ranges,
    fill(chunk, into) {
      const words = new Uint32Array(PAGE_WORDS);
      const bytes = new Uint8Array(words.buffer);
      return pages(chunk, (pa, page) => {
        if (memory.load(pa, words, 0, PAGE_WORDS) !== DATA) return false;
        into.set(bytes, page * PAGE_BYTES);
        return true;
      });
    },
    pending: (chunk) => pages(chunk, (pa) => memory.status(pa) === MISS),
  };
}

/** Where what-if questions are asked. Nothing that is done to it reaches the SMMU that it was made of. */
export class Scratch {
  readonly #smmu: Smmu;

  constructor(smmu: Smmu, world: World = 'ns') {
    // Of every space: tables of one state may lie in another's, and granule protection tables lie in Root memory.
    const memories = WORLDS.map((space) => {
      const memory = smmu.memory(space);
      return [space, new SparseMemory(sourceOf(memory), { ram: memory.ram })] as const;
    });
    const { reason } = smmu.failure;
    this.#smmu = new Smmu({
      memory: Object.fromEntries(memories),
      bank: smmu.bank.copy(),
      caches: 'none',
      reservedBits: smmu.state(world).strict ? 'strict' : 'ignore',
      options: smmu.options,
      ...(reason === null ? {} : { serviceFailure: reason }),
    });
  }

  /** The copy, for those who read it. */
  get smmu(): Smmu {
    return this.#smmu;
  }

  /** What the transaction would come to. */
  plan(transaction: Transaction): Plan {
    return this.#smmu.plan({ kind: 'transaction', transaction });
  }

  /**
   * Writes words over memory.
   * @param pa in bytes
   */
  write(space: World, pa: number, words: Uint32Array): void {
    this.#smmu.memory(space).store(pa, words, 0, words.length);
  }

  /** Sets a word of a register, whatever the rules of writing are. */
  poke(place: number, value: number): void {
    this.#smmu.bank.poke(place, value);
  }

  /**
   * Words of memory as they are here.
   * @returns null when they cannot be read
   */
  read(space: World, pa: number, count: number): Uint32Array | null {
    const words = new Uint32Array(count);
    return this.#smmu.memory(space).load(pa, words, 0, count) === DATA ? words : null;
  }
}
