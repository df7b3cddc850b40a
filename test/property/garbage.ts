/** An SMMU of nonsense: random words in memory and registers, that now and then look like something. */

import { encode } from '../../src/bits/layout.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { CHUNK_BYTES, type ChunkSource, SparseMemory } from '../../src/model/memory.ts';
import { type CachePolicy, Smmu } from '../../src/model/smmu.ts';
import { CD } from '../../src/spec/cd.ts';
import { STE } from '../../src/spec/ste.ts';
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
    ...extensions(random),
    ['GERROR', 0],
    ['GERRORN', random.once(4) ? 1 : 0],
  ];
}

/** S1P, S2P, both formats, HTTU 2, Hyp, 16-bit tags, CD2L, two-level stream tables. */
const IDR0 = 0x080c128f;
/** Queues of 2^10, 20 bits of SubstreamID, 10 of StreamID. */
const IDR1 = (10 << 21) | (10 << 16) | (20 << 6) | 10;
/** All granules, 52 bits everywhere. */
const IDR5 = 0x4f6;

/** Half of them have what it takes, and no extension that makes nearly every structure of noise illegal. */
function extensions(random: Random): [string, number][] {
  const plain = random.once(2);
  return [
    ['IDR0', plain ? IDR0 : random.below(2 ** 32) | 3],
    ['IDR1', plain ? IDR1 : random.below(2 ** 32) | 10],
    ['IDR3', plain ? random.below(0x80) : random.below(2 ** 32)],
    ['IDR5', plain ? IDR5 : random.below(2 ** 32) | 0x70],
    ['AIDR', plain ? 2 : random.below(256)],
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

const STRTAB = 0x20000000;
const CDS = 0x20010000;
const STREAMS_LOG2 = 4;

/** The same with a few valid streams, stage 1, stage 2 and both: their translation tables are the noise. */
export function garbageTables(seed: number, caches: CachePolicy = 'combined'): Smmu {
  const smmu = garbageSmmu(seed, caches);
  const random = new Random(seed ^ 0x5eed);
  const page = (): number => random.below(2 ** 18) * 0x1000;
  smmu.bank.load([
    [offsetOf('IDR0'), IDR0],
    [offsetOf('IDR1'), IDR1],
    [offsetOf('IDR3'), 0],
    [offsetOf('IDR5'), IDR5],
    [offsetOf('AIDR'), 2],
    [offsetOf('CR0'), 0xd],
    [offsetOf('STRTAB_BASE'), STRTAB],
    [offsetOf('STRTAB_BASE') + 4, 0],
    [offsetOf('STRTAB_BASE_CFG'), STREAMS_LOG2],
  ]);
  const memory = smmu.memory('ns');
  for (let sid = 0; sid < 2 ** STREAMS_LOG2; sid++) {
    const granule = random.below(3);
    const stage2 = { S2AA64: 1, S2TG: granule, S2T0SZ: 24, S2SL0: 1, S2PS: 6, S2TTB: page() };
    const S1ContextPtr = CDS + sid * 64;
    const ste = encode(STE, { V: 1, Config: 5 + (sid % 3), S1ContextPtr, S2R: 1, S2AFFD: 1, ...stage2 });
    memory.store(STRTAB + sid * 64, ste, 0, ste.length);
    const half = { T0SZ: 16 + random.below(20), TG0: random.below(3), TTB0: page() };
    const cd = encode(CD, { V: 1, AA64: 1, A: 1, R: 1, AFFD: 1, EPD1: 1, IPS: 6, ...half });
    memory.store(S1ContextPtr, cd, 0, cd.length);
  }
  return smmu;
}
