/** A granule changes hands, and nobody invalidates what is kept of its protection (IHI 0070 3.25). */

import { describe, expect, test } from 'vitest';
import { staleUses } from '../../../src/control/stale/judge.ts';
import { Guarded, IOVA, OUTPUT, REALM } from '../../kit/gpt.ts';
import { CDTAB, SID, STRTAB, TTB0, transaction } from '../../kit/smmu.ts';

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

  test.each(['combined', 'maximal'] as const)(
    'is none of a structure or translation that a check refuses to read anew (%s)',
    (caches) => {
      const g = new Guarded({ caches });
      g.dma();
      g.root.write('ROOT_CR0', 0);
      expect(uses(g)).toEqual([]);
      const open = new Guarded({ caches });
      open.dma();
      open.gpi(STRTAB, REALM);
      open.gpi(CDTAB, REALM);
      open.gpi(TTB0, REALM);
      open.invalidate();
      expect(uses(open)).toEqual([]);
    },
  );

  test('of a structure is found all the same when it has changed behind the check', () => {
    const g = new Guarded({ caches: 'maximal' });
    g.dma();
    g.m.cd({ ASID: 9 });
    g.gpi(STRTAB, REALM);
    g.invalidate();
    expect(uses(g).map(([what]) => what)).toEqual([expect.stringMatching(/^CD/)]);
  });
});
