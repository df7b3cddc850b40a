import { describe, expect, test } from 'vitest';
import type { World } from '../../../src/bits/world.ts';
import { TestSmmu } from '../../kit/smmu.ts';
import { map } from '../../kit/tables.ts';

const IOVA = 0x12345000;
const PA = 0x48000000;

describe.each([
  ['ns', 'secure'],
  ['s', 'secure'],
  ['realm', 'rme'],
] as const)('a stream of world %s', (world: World, worlds) => {
  test('is translated by structures and tables of its own space, and its entries answer again', () => {
    const m = new TestSmmu({ worlds }).in(world);
    m.ste();
    m.cd();
    map(m, { iova: BigInt(IOVA), pa: BigInt(PA) });
    const { outcome, frames } = m.dma(IOVA);
    expect(outcome).toMatchObject({ result: 'ok', pa: PA, space: world, tlbHit: false });
    expect(new Set(frames.map(({ space }) => space))).toEqual(new Set([world]));
    expect(m.dma(IOVA).outcome).toMatchObject({ result: 'ok', pa: PA, space: world, tlbHit: true });
  });
});
