/** An SMMU of nonsense: random words in memory and registers, that now and then look like something. */

import { offsetOf } from '../../src/model/bank.ts';
import { CHUNK_BYTES, type ChunkSource, SparseMemory } from '../../src/model/memory.ts';
import { type CachePolicy, Smmu } from '../../src/model/smmu.ts';
import { Random } from '../kit/random.ts';

const RAM = { base: 0, size: 2 ** 32 };
const REGISTER_WORDS = 0x8000;

/** Low half of a doubleword: often a pointer into RAM with its low bits set, as tables have them. */
function lowWord(random: Random): number {
  switch (random.below(4)) {
    case 0:
      return random.below(2 ** 32);
    case 1:
      return 0;
    default:
      return ((random.below(2 ** 32) & 0x3ffff000) | random.below(0x1000) | 3) >>> 0;
  }
}

/** High half: often with no address bits, so that the pointer stays in RAM. */
function highWord(random: Random): number {
  return random.once(4) ? random.below(2 ** 32) : random.below(2 ** 12) * 2 ** 20;
}

/** The same garbage for the same seed, some pages missing. */
export function garbageMemory(seed: number): SparseMemory {
  const source: ChunkSource = {
    ranges: [RAM],
    fill(chunk, into) {
      const random = new Random(seed ^ Math.imul(chunk, 0x9e3779b1));
      const words = new Uint32Array(into.buffer, into.byteOffset, CHUNK_BYTES / 4);
      // A page of noise, repeated: chunks must be cheap, and different enough.
      for (let i = 0; i < 1024; i += 2) {
        words[i] = lowWord(random);
        words[i + 1] = highWord(random);
      }
      for (let page = 1; page < 16; page++) {
        words.set(words.subarray(0, 1024), page * 1024);
        words[page * 1024 + random.below(1024)] = random.below(2 ** 32);
      }
      return random.once(4) ? random.below(2 ** 16) : 0xffff;
    },
  };
  return new SparseMemory(source, { ram: [RAM], residentChunks: 64 });
}

/** Registers that decide whether anything happens at all: they are not left to chance alone. */
function likely(random: Random): [string, number][] {
  return [
    ['CR0', random.once(8) ? random.below(2 ** 32) : 0xd],
    ['IDR0', random.below(2 ** 32) | 0x3],
    ['IDR1', random.below(2 ** 32) | 10],
    ['IDR5', random.below(2 ** 32) | 0x70],
    ['GERROR', 0],
    ['GERRORN', random.once(4) ? 1 : 0],
  ];
}

export function garbageSmmu(seed: number, caches: CachePolicy = 'combined'): Smmu {
  const random = new Random(seed);
  const smmu = new Smmu({ memory: garbageMemory(seed), caches });
  const words = new Map<number, number>();
  for (let i = 0; i < REGISTER_WORDS; i++) {
    if (i < 0x100 || random.once(8)) words.set(i * 4, random.below(2 ** 32));
  }
  for (const [name, value] of likely(random)) words.set(offsetOf(name), value >>> 0);
  for (const name of ['STRTAB_BASE', 'CMDQ_BASE', 'EVENTQ_BASE', 'PRIQ_BASE']) {
    if (random.once(4)) continue;
    words.set(offsetOf(name), random.below(2 ** 30));
    words.set(offsetOf(name) + 4, 0);
  }
  smmu.bank.load(words);
  return smmu;
}
