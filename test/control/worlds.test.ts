/** What checkers say in other Security states than the Non-secure one: of stale uses and of updates. */

import { expect, test } from 'vitest';
import { checkersOf } from '../../src/control/checkers.ts';
import type { Finding } from '../../src/control/finding.ts';
import type { Operation } from '../../src/model/plan.ts';
import { CMDQ, commandWords, SID, STRTAB, TestSmmu, transaction } from '../kit/smmu.ts';
import { map } from '../kit/tables.ts';

/** An SMMU with its checkers, which are told of everything. */
function watched() {
  const m = new TestSmmu({ worlds: 'rme', caches: 'maximal' });
  const checkers = checkersOf(m.smmu, (entry) => `operation ${entry}`);
  let entry = 0;
  const perform = (operation: Operation): readonly Finding[] => {
    const plan = m.smmu.plan(operation);
    const findings = checkers.list
      .filter((one) => one.concerns(m.smmu, plan))
      .flatMap((one) => one.judge(m.smmu, plan, entry));
    m.smmu.commit(plan.effects);
    for (const one of checkers.list) one.committed?.(m.smmu, operation, plan.effects, entry);
    entry++;
    return findings;
  };
  return { m, checkers, perform };
}

test.each(['ns', 's', 'realm'] as const)(
  '%s: an overwritten descriptor and an STE without an invalidation are found, in this state alone',
  (world) => {
    const { m, checkers, perform } = watched();
    const dma = (of: typeof world): readonly Finding[] =>
      perform({ kind: 'transaction', transaction: transaction(SID, 0x1000, { world: of }) });
    let leaf = 0;
    for (const one of ['ns', 's', 'realm'] as const) {
      const w = m.in(one);
      w.ste({});
      w.cd({ ASID: 5 });
      const path = map(w, { iova: 0x1000n, pa: 0x42340000n });
      if (one === world) leaf = path.get(3n) as number;
      expect(dma(one)).toEqual([]);
    }
    const [lo = 0, hi = 0] = m.in(world).words(leaf, 2);
    const words = Uint32Array.of((lo & 0xfff) | 0x42990000, hi);
    perform({ kind: 'memory', space: world, pa: leaf, words });
    for (const one of ['ns', 's', 'realm'] as const)
      expect(dma(one).map(({ kind, certainty }) => `${kind} ${certainty}`)).toEqual(
        one === world ? ['stale-use certain'] : [],
      );
    const ste = Uint32Array.from(m.in(world).words(STRTAB + SID * 64, 16));
    ste[0] = (ste[0] as number) & ~1;
    perform({ kind: 'memory', space: world, pa: STRTAB + SID * 64, words: ste });
    expect(checkers.updates.pending().map(({ entry }) => entry.world)).toEqual([world]);
    // The Secure queue names Secure streams by SSec.
    const cfgi = commandWords('CMD_CFGI_STE', { StreamID: SID, Leaf: 1, SSec: world === 's' ? 1 : 0 });
    m.in(world).store(CMDQ, cfgi);
    m.in(world).store(CMDQ + 16, commandWords('CMD_SYNC', {}));
    m.set({ [`${{ ns: '', s: 'S_', realm: 'R_' }[world]}CMDQ_PROD`]: 2 });
    for (let i = 0; i < 2; i++) {
      const next = m.smmu.nextCommand(world);
      if ('operation' in next) perform(next.operation);
    }
    expect(checkers.updates.pending()).toEqual([]);
  },
);
