/** A granule changes hands, and nobody invalidates what is kept of its protection (IHI 0070 3.25). */

import { describe, expect, test } from 'vitest';
import { staleUses } from '../../../src/control/stale/judge.ts';
import { Guarded, IOVA, OUTPUT, REALM } from '../../kit/gpt.ts';
import { SID, STRTAB, transaction } from '../../kit/smmu.ts';

describe('the stale use of a granule', () => {
  const uses = (g: Guarded) => {
    const plan = g.m.smmu.plan({ kind: 'transaction', transaction: transaction(SID, IOVA) });
    return staleUses(g.m.smmu, plan).map(({ what, class: cls }) => [what, cls]);
  };

  test('is found after a transition without invalidation', () => {
    const g = new Guarded({ caches: 'maximal' });
    g.dma();
    g.gpi(OUTPUT, REALM);
    expect(uses(g)).toEqual([
      ['what is kept of the granule protection table: 0x48000000 + 0x1000 bytes: any PAS (15)', 'unsafe'],
    ]);
    g.invalidate({ pa: OUTPUT, size: 0 });
    expect(uses(g)).toEqual([]);
  });

  test('is not found where other granules have changed', () => {
    const g = new Guarded();
    g.dma();
    g.gpi(OUTPUT + 0x1000, REALM);
    expect(uses(g)).toEqual([]);
    g.gpi(STRTAB + 0x5000, REALM);
    expect(uses(g)).toEqual([]);
  });
});
