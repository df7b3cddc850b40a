/** What is kept of the granule protection table goes with broadcasts of PEs (IHI 0070 3.17.7). */

import { describe, expect, test } from 'vitest';
import type { GptBroadcast } from '../../../src/model/side-operations.ts';
import { Guarded, OUTPUT, SECURE } from '../../kit/gpt.ts';

function broadcast(g: Guarded, message: GptBroadcast): string {
  const { outcome, effects } = g.m.smmu.plan({ kind: 'broadcast-tlbi-pa', message });
  g.m.smmu.commit(effects);
  return outcome.result;
}

describe('a broadcast by physical address', () => {
  const made = (registers = {}): Guarded => {
    const g = new Guarded({ registers });
    g.device(OUTPUT, 'ns');
    g.gpi(OUTPUT, SECURE);
    return g;
  };

  test.each([
    ['PAALLOS', { name: 'PAALLOS', address: 0, size: 15 }, 0],
    ['RPAOS', { name: 'RPAOS', address: OUTPUT, size: 0 }, 0],
    ['RPALOS', { name: 'RPALOS', address: OUTPUT, size: 0 }, 1],
  ] as const)('%s drops what it names, whatever IDR0.BTM and PTM say', (_, message, left) => {
    const g = made({ 'IDR0.BTM': 0, 'CR2.PTM': 1 });
    expect(g.device(OUTPUT, 'ns').result).toBe('ok');
    expect(broadcast(g, message)).toBe('ok');
    expect(g.m.smmu.gpt.size).toBe(left);
    expect(g.device(OUTPUT, 'ns').result).toBe('abort');
  });

  test('does nothing without ROOT_IDR0.BGPTM, and of a reserved size or an unaligned range', () => {
    const g = made({ 'ROOT_IDR0.BGPTM': 0 });
    expect(broadcast(g, { name: 'PAALLOS', address: 0, size: 0 })).toBe('idle');
    const h = made();
    expect(broadcast(h, { name: 'RPAOS', address: OUTPUT, size: 12 })).toBe('idle');
    expect(broadcast(h, { name: 'RPALOS', address: OUTPUT + 0x1000, size: 2 })).toBe('idle');
    expect([g.m.smmu.gpt.size, h.m.smmu.gpt.size]).toEqual([2, 2]);
  });
});
