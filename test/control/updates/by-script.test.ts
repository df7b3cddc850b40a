/** Orders of writes to live structures, as scripts write them: single writes with traffic and invalidations between. */

import { describe, expect, it } from 'vitest';
import { failuresOf } from '../script/kit.ts';
import { foundAt, runWatched, scriptOf } from '../stale/variant.ts';

/** STE of StreamID 8 lies at 0x40400200, that of 9 after it; L1STD 4 serves StreamIDs 0x400 to 0x4ff. */
const SETUP =
  'device nic sid=8; device new sid=9; device n1 sid=0x401; device hot sid=0x400; map ns sid=8 iova=0x1000 pa=0x50000000 size=8K pages=4K; map ns sid=0x10a iova=0x1000 pa=0x60000000 size=8K pages=4K; invalidate ns all';
const DMA = 'dma nic read 0x1000 64';
const CFGI = 'cmd ns CFGI_STE StreamID=8 Leaf; cmd ns SYNC';
const CFGI9 = 'cmd ns CFGI_STE StreamID=9 Leaf; cmd ns SYNC';
const CFGI_CD = 'cmd ns CFGI_CD StreamID=8 Leaf; cmd ns SYNC';
const CFGI_L1 = 'cmd ns CFGI_STE StreamID=0x400; cmd ns SYNC';

async function found(body: string): Promise<string[]> {
  const result = await runWatched(scriptOf({ setup: SETUP }, body));
  expect(failuresOf(result)).toEqual([]);
  return foundAt(result);
}

describe('a wrong order is found', () => {
  it.each([
    [
      'V set before the other doublewords',
      `dma new read 0x1000 64; poke 0x40400240 = 9 u64; poke 0x40400248 = 0x100000000000 u64; ${CFGI9}`,
      /unsafe update-sequence: STE 0x9: between line .* hardware can fetch the new V=0x1, Config=BYPASS with the old SHCFG/,
    ],
    [
      'V set after the other doublewords, without an invalidation between',
      `dma new read 0x1000 64; poke 0x40400248 = 0x100000000000 u64; poke 0x40400240 = 9 u64; ${CFGI9}`,
      /STE 0x9: .*before setting V/,
    ],
    [
      'two doublewords of a live CD by one statement',
      `${DMA}; cd ns 8 ASID=77 TTB0=cd(0x10a).TTB0; ${CFGI_CD}`,
      /CD 0 of StreamID 0x8: within line \d+: .* the new TTB0=0x[0-9a-f]+ with the old ASID=0x1/,
    ],
    [
      'a doubleword written in two halves',
      `${DMA}; let c = ste(8).S1ContextPtr; poke (c+8) = 0x40411000 u32; poke (c+12) = 1 u32; ${CFGI_CD}`,
      /write each doubleword with one access of 64 bits/,
    ],
    [
      'invalid meanwhile, though there is an order without that',
      `${DMA}; ste ns 8 V=0; ${CFGI}; ste ns 8 Config=BYPASS; ${CFGI}; ste ns 8 V=1; ${CFGI}`,
      /spurious-fault .*traffic meanwhile gets C_BAD_STE, .*: write doubleword 0, followed by CMD_CFGI_STE and CMD_SYNC/,
    ],
    [
      'an L1STD published before its STEs, while another of its streams is in use',
      `dma n1 read 0x1000 64; poke 0x40000020 = 0x45000009 u64; poke 0x45000000 = 9 u64; ${CFGI_L1}`,
      /spurious-fault .*L1STD of StreamIDs 0x400 to 0x4ff: it points to STEs since .*STE 0x400 is initialised only at/,
    ],
    [
      'an L1STD that points to garbage',
      `dma n1 read 0x1000 64; poke 0x45000040 = 0xf u64; poke 0x40000020 = 0x45000009 u64; ${CFGI_L1}`,
      /STE 0x401 is ILLEGAL/,
    ],
    [
      'no invalidation after a change that no transaction shows yet',
      `${DMA}; ste ns 8 S1STALLD=1; ${DMA}`,
      /unsafe update-sequence: STE 0x8: changed at .*no CMD_CFGI_STE for it has followed/,
    ],
  ])('%s', async (_, body, words) => {
    expect((await found(body)).join('\n')).toMatch(words);
  });
});

describe('nothing is found', () => {
  it.each([
    [
      'V set last, with an invalidation before and after',
      `dma new read 0x1000 64; poke 0x40400248 = 0x100000000000 u64; ${CFGI9}; poke 0x40400240 = 9 u64; ${CFGI9}; dma new read 0x1000 64`,
    ],
    [
      'V set by the only write',
      `dma new read 0x1000 64; poke 0x40400240 = 9 u64; ${CFGI9}; dma new read 0x1000 64`,
    ],
    [
      'stage 1 to bypass in three steps',
      `${DMA}; poke 0x40400208 = mem(0x40400208) | 0x100000000000 u64; ${CFGI}; ${DMA}; poke 0x40400200 = 9 u64; ${CFGI}; ${DMA}; poke 0x40400208 = 0x100000000000 u64; ${CFGI}; ${DMA}`,
    ],
    [
      'a CD made invalid so that the translations of its ASID can go',
      `${DMA}; cd ns 8 V=0; ${CFGI_CD}; cmd ns TLBI_NH_ASID ASID=cd(8).ASID; cmd ns SYNC; cd ns 8 TTB0=cd(0x10a).TTB0; ${CFGI_CD}; cd ns 8 V=1; ${CFGI_CD}; ${DMA}`,
    ],
    [
      'an STE made invalid for a while, and the same again after it',
      `${DMA}; ste ns 8 V=0; ${CFGI}; ste ns 8 V=1; ${CFGI}; ${DMA}`,
    ],
    [
      'an L1STD published after its STEs',
      `dma n1 read 0x1000 64; poke 0x45000000 = 9 u64; poke 0x40000020 = 0x45000009 u64; ${CFGI_L1}; dma hot read 0x1000 64`,
    ],
    ['bits that are not read', `${DMA}; poke 0x40400218 = 0xffff000000000000 u64; ${DMA}`],
    ['MEV, which may change at any time', `${DMA}; ste ns 8 MEV=1; ${DMA}`],
  ])('%s', async (_, body) => {
    expect(await found(body)).toEqual([]);
  });
});

describe('what an invalid structure leads to', () => {
  it('is told once, as a fault that need not be: what is stale says more than the missing invalidation', async () => {
    const all = await found(`dma new read 0x1000 64; poke 0x40400240 = 9 u64; dma new read 0x1000 64`);
    expect(all).toHaveLength(1);
    expect(all[0]).toMatch(/spurious-fault stale-use: STE 0x9: V 0x0, in memory 0x1/);
  });
});
