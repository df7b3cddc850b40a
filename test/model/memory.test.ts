import { describe, expect, test } from 'vitest';
import { ABORT, ABSENT, type ChunkSource, DATA, MISS, SparseMemory } from '../../src/model/memory.ts';

/** 16 MiB from 1 GiB; every 32-bit word is its own address, and every fourth page is missing. */
class Pattern implements ChunkSource {
  readonly ranges = [{ base: 0x4000_0000, size: 0x100_0000 }];
  fills = 0;
  pendingPages = 0;

  fill(chunk: number, into: Uint8Array): number {
    this.fills++;
    expect(into.every((byte) => byte === 0)).toBe(true);
    const words = new Uint32Array(into.buffer, into.byteOffset, into.length / 4);
    for (let i = 0; i < words.length; i++) words[i] = chunk * 0x1_0000 + i * 4;
    return 0x7777;
  }

  pending(): number {
    return this.pendingPages;
  }
}

function word(memory: SparseMemory, pa: number): number {
  const out = new Uint32Array(1);
  return memory.load(pa, out, 0, 1) === DATA ? (out[0] as number) : -1;
}

describe('a read', () => {
  test('has four answers', () => {
    const source = new Pattern();
    const memory = new SparseMemory(source);
    expect(memory.load64(0, 0x4000_1008)).toBe(DATA);
    expect([memory.lo, memory.hi]).toEqual([0x4000_1008, 0x4000_100c]);
    expect(memory.load64(0, 0x4000_3000)).toBe(ABSENT);
    expect(memory.load64(0, 0x3fff_fff8)).toBe(ABORT);
    expect(memory.load64(0, 0x4100_0000)).toBe(ABORT);
    expect(memory.load64(1, 0x4000_0000)).toBe(ABORT);
    source.pendingPages = 0x8000;
    expect(memory.load64(0, 0x4001_f000)).toBe(MISS);
    expect(memory.load64(0, 0x4001_3000)).toBe(ABSENT);
  });

  test('without any source is an abort everywhere', () => {
    const memory = new SparseMemory();
    expect(memory.load64(0, 0)).toBe(ABORT);
    expect(memory.load64(0xf_ffff, 0xffff_fff8)).toBe(ABORT);
  });

  test('crosses pages and chunks, and stops before the word that is missing', () => {
    const memory = new SparseMemory(new Pattern());
    const out = new Uint32Array(8);
    expect(memory.load(0x4000_eff8, out, 0, 4)).toBe(ABSENT);
    expect([...out]).toEqual([0x4000_eff8, 0x4000_effc, 0, 0, 0, 0, 0, 0]);
    expect(memory.load(0x4000_1ff8, out, 2, 4)).toBe(DATA);
    expect([...out.subarray(2, 6)]).toEqual([0x4000_1ff8, 0x4000_1ffc, 0x4000_2000, 0x4000_2004]);
  });

  test('outside the RAM that the user names is an abort, also where the source has contents', () => {
    const ram = [
      { base: 0x4000_0000, size: 0x1000 },
      { base: 0x4000_2000, size: 0x1000 },
      { base: 0x9000_0000, size: 0x1000 },
    ];
    const memory = new SparseMemory({ fill: (c) => (c === 0x4000 ? 0xffff : 0), ranges: [] }, { ram });
    expect(memory.status(0x4000_0ffc)).toBe(DATA);
    expect(memory.status(0x4000_1000)).toBe(ABORT);
    expect(memory.status(0x4000_2000)).toBe(DATA);
    expect(memory.status(0x9000_0000)).toBe(ABSENT);
    expect(memory.status(0x9000_1000)).toBe(ABORT);
  });
});

describe('what is held', () => {
  const words = Uint32Array.of(1, 2, 0x8000_0003);

  test('is known where every page is there, word by word', () => {
    const source: ChunkSource = { ranges: [{ base: 0, size: 0x2_0000 }], fill: () => 0xffff };
    const memory = new SparseMemory(source);
    memory.store(0x100, words, 0, 3);
    expect(memory.holds(0x100, words)).toBe(true);
    expect(memory.holds(0x104, words)).toBe(false);
    memory.store(0x108, Uint32Array.of(3), 0, 1);
    expect(memory.holds(0x100, words)).toBe(false);
    expect(memory.holds(0xfff8, new Uint32Array(3))).toBe(false);
  });

  test('is not known where pages are missing, nor outside RAM', () => {
    const memory = new SparseMemory(new Pattern());
    expect(memory.holds(0x4000_1008, Uint32Array.of(0x4000_1008))).toBe(false);
    expect(memory.holds(0x3fff_fff8, new Uint32Array(1))).toBe(false);
  });
});

describe('a write', () => {
  test('shows in reads, stays when chunks make room, and never reaches the source', () => {
    const memory = new SparseMemory(new Pattern(), { residentChunks: 2 });
    memory.store(0x4000_1000, Uint32Array.of(1, 2), 0, 2);
    for (let pa = 0x4001_0000; pa < 0x4010_0000; pa += 0x1_0000) expect(word(memory, pa)).toBe(pa);
    expect(word(memory, 0x4000_1004)).toBe(2);
    expect(word(memory, 0x4000_1008)).toBe(0x4000_1008);
    memory.refresh();
    expect(word(memory, 0x4000_1000)).toBe(1);
  });

  test('to a missing page makes just these words readable, and can be taken back', () => {
    const memory = new SparseMemory(new Pattern());
    expect(memory.store(0x4000_3010, Uint32Array.of(7), 0, 1)).toBe(DATA);
    expect(word(memory, 0x4000_3010)).toBe(7);
    expect(memory.status(0x4000_300c)).toBe(ABSENT);
    expect(memory.status(0x4000_3014)).toBe(ABSENT);
    expect(memory.load64(0, 0x4000_3010)).toBe(ABSENT);
    memory.forget(0x4000_3010);
    expect(memory.status(0x4000_3010)).toBe(ABSENT);
  });

  test('that leaves RAM writes nothing', () => {
    const memory = new SparseMemory(new Pattern());
    expect(memory.store(0x40ff_effc, Uint32Array.of(1, 2, 3), 0, 3)).toBe(DATA);
    expect(memory.store(0x4100_0000 - 4, Uint32Array.of(1, 2), 0, 2)).toBe(ABORT);
    expect(memory.status(0x4100_0000 - 4)).toBe(ABSENT);
  });
});

describe('the source', () => {
  test('is asked once for a chunk that stays, and again for one that made room', () => {
    const source = new Pattern();
    const memory = new SparseMemory(source, { residentChunks: 4 });
    const scan = (): void => {
      for (let i = 0; i < 8; i++)
        expect(word(memory, 0x4000_0000 + i * 0x1_0000)).toBe(0x4000_0000 + i * 0x1_0000);
    };
    scan();
    expect(source.fills).toBe(8);
    expect(word(memory, 0x4007_0004)).toBe(0x4007_0004);
    expect(source.fills).toBe(8);
    scan();
    expect(source.fills).toBeGreaterThan(8);
  });

  test('gets zeroed bytes even when they held another chunk before', () => {
    const half: ChunkSource = {
      ranges: [{ base: 0, size: 0x100_0000 }],
      fill: (chunk, into) => {
        expect(into.every((byte) => byte === 0)).toBe(true);
        into.fill(0xff, 0, chunk % 2 ? 0x1000 : 0x1_0000);
        return chunk % 3 === 0 ? 0 : 1;
      },
    };
    const memory = new SparseMemory(half, { residentChunks: 1 });
    for (let chunk = 0; chunk < 32; chunk++) memory.status(chunk * 0x1_0000);
    memory.store(0x20_f000, Uint32Array.of(5), 0, 1);
    expect(memory.status(0x20_f004)).toBe(ABSENT);
  });

  test('is asked again after a refresh', () => {
    const source = new Pattern();
    const memory = new SparseMemory(source);
    word(memory, 0x4000_0000);
    memory.refresh();
    word(memory, 0x4000_0000);
    expect(source.fills).toBe(2);
  });
});
