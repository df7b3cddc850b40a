import { expect, test } from 'vitest';
import { WORLDS } from '../../src/bits/world.ts';
import { TestSmmu, transaction } from '../kit/smmu.ts';

test.each(WORLDS.filter((world) => world !== 'ns'))(
  'nothing is claimed about streams of world %s, whatever the Non-secure registers say',
  (world) => {
    const m = new TestSmmu();
    for (const enabled of [1, 0]) {
      m.smmu.commit(m.smmu.registerWrite(0x20, 0xc | enabled));
      const { outcome, effects } = m.smmu.plan({
        kind: 'transaction',
        transaction: { ...transaction(8, 0x1000), world },
      });
      expect([outcome.result, outcome.fault?.event, outcome.record, effects]).toEqual([
        'not-modelled',
        null,
        null,
        [],
      ]);
      expect(outcome.fault?.reason).toContain(`world ${world}`);
    }
  },
);
