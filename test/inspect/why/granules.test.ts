import { expect, test } from 'vitest';
import { Scratch } from '../../../src/inspect/why/scratch.ts';
import { explainTransaction } from '../../../src/inspect/why/transaction.ts';
import { Guarded, IOVA, OUTPUT, SECURE } from '../../kit/gpt.ts';
import { SID, transaction } from '../../kit/smmu.ts';

test('a refused output is explained by its GPI, and the entry of the table is among what was consulted', () => {
  const g = new Guarded();
  g.gpi(OUTPUT, SECURE);
  const asked = transaction(SID, IOVA);
  const plan = g.m.smmu.plan({ kind: 'transaction', transaction: asked });
  const found = explainTransaction(g.m.smmu, plan);
  expect(found?.reason).toContain('granule protection fault: 0x48000000 is closed to an access in ns space');
  expect(found?.consulted.filter(({ space }) => space === 'root').length).toBeGreaterThan(0);
});

test('a copy for what-if questions has the table and the checks of its SMMU', () => {
  const g = new Guarded();
  const asked = transaction(SID, IOVA);
  expect(new Scratch(g.m.smmu).plan(asked).outcome.result).toBe('ok');
  g.gpi(OUTPUT, SECURE);
  const scratch = new Scratch(g.m.smmu);
  expect(scratch.plan(asked).outcome.fault?.reason).toContain('Secure PAS only');
  expect(g.far()).toBeNull();
});
