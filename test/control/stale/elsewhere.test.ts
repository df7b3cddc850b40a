import { expect, test } from 'vitest';
import { staleUses } from '../../../src/control/stale/judge.ts';
import { IOVA, NESTED_ELSEWHERE, streamElsewhere } from '../../kit/secure-elsewhere.ts';
import { SID, transaction } from '../../kit/smmu.ts';

test('what a Secure stream has from Non-secure memory is not old because nothing leads there any more', () => {
  const m = streamElsewhere('maximal', NESTED_ELSEWHERE);
  m.dma(IOVA);
  // Stage 1 is off now, and no command says so: the STE alone is old.
  m.ste({ ...NESTED_ELSEWHERE, Config: 6 });
  const operation = { kind: 'transaction', transaction: transaction(SID, IOVA, { world: 's' }) } as const;
  const uses = staleUses(m.smmu, m.smmu.plan(operation));
  expect(uses.map(({ certainty, used }) => `${certainty} ${used?.kind}`)).toEqual(['certain structure']);
  expect(uses.map(({ structure }) => structure?.structure)).toEqual(['STE']);
});
