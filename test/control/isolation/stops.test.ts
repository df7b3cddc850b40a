/** Stops at notifiers and at findings about isolation, and what conditions know there. */

import { expect, test } from 'vitest';
import { parseExpression } from '../../../src/control/expression/parse.ts';
import { isolation } from '../../../src/control/stops/isolation.ts';
import { notifierStops } from '../../../src/control/stops/notifier.ts';
import { operationScope } from '../../../src/control/stops/scope.ts';
import type { StopKind } from '../../../src/control/stops/stop.ts';
import type { Plan } from '../../../src/model/plan.ts';
import { IOVA } from '../../kit/notifiers.ts';
import { CMDQ, commandWords } from '../../kit/smmu.ts';
import { WatchedDevices } from './watched-devices.ts';

/** A Secure command that vhost of a Secure device is told of. */
function planned(w: WatchedDevices): Plan {
  const { secure } = w;
  w.device({ consumer: 'vhost' }, { worlds: ['s'] });
  secure.store(CMDQ, commandWords('CMD_TLBI_NH_VA', { ASID: 1, Address: IOVA, Leaf: 1 }));
  secure.write('S_CMDQ_PROD', 1);
  const next = secure.smmu.nextCommand('s');
  if (!('operation' in next)) throw new Error(next.idle);
  return secure.smmu.plan(next.operation);
}

const stepsOf = (
  kind: StopKind,
  plan: Plan,
  on: string,
  findings: Parameters<StopKind['match']>[4] = [],
): number[] =>
  plan.steps.flatMap((_, at) => (kind.match(plan, at, new Set([on]), () => 0, findings) === on ? [at] : []));

test('the filter notifier stops before each notifier is told, the filter isolation where something was found', () => {
  const w = new WatchedDevices({ policy: 'route' });
  const plan = planned(w);
  const told = plan.steps.findIndex(({ kind }) => kind === 'notify');
  expect(stepsOf(notifierStops, plan, 'notifier')).toEqual([told]);
  expect(stepsOf(notifierStops, plan, 'isolation')).toEqual([]);
  const findings = w.checker.judge(w.on.smmu, plan);
  expect(findings.map(({ breach, step }) => [breach, step])).toEqual([
    ['wrong-space', told],
    ['over-invalidation', told],
  ]);
  expect(stepsOf(isolation, plan, 'isolation', findings)).toEqual([told]);
  expect(stepsOf(isolation, plan, 'isolation')).toEqual([]);
  const outline = w.on.smmu.outline(plan.operation);
  expect(notifierStops.mayMatch(outline, new Set(['notifier']), w.on.smmu)).toBe(true);
  expect(notifierStops.mayMatch(outline, new Set(), w.on.smmu)).toBe(false);
});

test('without devices nothing stops at notifiers, and commands need no plan', () => {
  const { on, checker } = new WatchedDevices();
  const outline = on.smmu.outline({ kind: 'command', world: 'ns', index: 0, pa: CMDQ });
  expect(notifierStops.mayMatch(outline, new Set(['notifier']), on.smmu)).toBe(false);
  expect(checker.concerns(on.smmu, outline)).toBe(false);
});

test.each([
  ['device == "net0" && consumer == vhost && delivered', true],
  ['actsOn == s && world == s && sid == 8', true],
  ['reason == delivered && !delivered', false],
  ['breach == wrong_space && certainty == certain', true],
  ['command == TLBI_NH_VA && consumer == vfio', false],
])('a condition at a notifier: %s', (condition, holds) => {
  const w = new WatchedDevices({ policy: 'route' });
  const plan = planned(w);
  const findings = w.checker.judge(w.on.smmu, plan);
  const at = plan.steps.findIndex(({ kind }) => kind === 'notify');
  const scope = operationScope({ smmu: w.on.smmu, plan, findings }, at);
  expect(parseExpression(condition).evaluate(scope)).toBe(holds);
});

test('a condition about a notifier does not hold where there is none', () => {
  const w = new WatchedDevices({ policy: 'route' });
  const plan = planned(w);
  const scope = operationScope({ smmu: w.on.smmu, plan, findings: [] }, 0);
  expect([scope.name('delivered'), scope.name('actsOn'), scope.name('breach')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(scope.absent).not.toBeNull();
});
