import { expect, it } from 'vitest';
import { Journal } from '../../../src/model/effects.ts';
import { SparseMemory } from '../../../src/model/memory.ts';
import { Smmu } from '../../../src/model/smmu.ts';

it('the rules of notifiers change by an operation, which can be taken back', () => {
  const smmu = new Smmu({ memory: new SparseMemory() });
  const journal = new Journal();
  const rulesNow = (): readonly string[] => [smmu.notifiers.policy, smmu.notifiers.accepts];
  const plan = smmu.plan({
    kind: 'device',
    change: { what: 'rules', rules: { policy: 'route', accepts: 'map' } },
  });
  expect(plan.steps.map(({ text }) => text)).toContain('notifier policy route, accepting MAP');
  expect(rulesNow()).toEqual(['qemu-upstream', 'qemu']);
  smmu.commit(plan.effects, journal);
  expect(rulesNow()).toEqual(['route', 'map']);
  journal.undo(smmu, 0);
  expect(rulesNow()).toEqual(['qemu-upstream', 'qemu']);
});
