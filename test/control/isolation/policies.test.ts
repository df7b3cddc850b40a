/** What is kept of very many invalidations under every policy, and what is counted only. */

import { expect, test } from 'vitest';
import { comparePolicies, PolicyRecorder, type PolicyRun } from '../../../src/control/isolation/policies.ts';
import { policyTable } from '../../../src/control/isolation/policy-table.ts';
import { Watch } from '../../../src/control/watch.ts';
import type { NotifierPolicy } from '../../../src/spec/notifiers.ts';
import { NotifiedSmmu } from '../../kit/notifiers.ts';
import { CMDQ, CMDQ_LOG2, commandWords } from '../../kit/smmu.ts';

const DEVICES = 3;

/** Secure invalidations, so many, of Secure devices under a policy. */
function run(policy: NotifierPolicy, invalidations: number, rows: number): PolicyRun {
  const m = new NotifiedSmmu({ worlds: 'secure', notifiers: { policy } });
  const recorder = new PolicyRecorder(policy, (entry) => `line ${entry}`, { rows, findings: 2 });
  const watch = new Watch(m.smmu, [recorder]);
  let entry = 0;
  const operate = (operation: Parameters<typeof m.smmu.plan>[0]): void => {
    const plan = m.smmu.plan(operation);
    watch.judge(plan, entry);
    m.smmu.commit(plan.effects);
    watch.committed(plan.operation, plan.effects, entry++);
  };
  for (let i = 0; i < DEVICES; i++) {
    const name = `net${i}`;
    operate({ kind: 'device', change: { what: 'plug', device: { name, sid: 8, worlds: ['s'] } } });
    operate({ kind: 'device', change: { what: 'register', device: name, notifier: { consumer: 'vhost' } } });
  }
  const s = m.in('s');
  const size = 2 ** CMDQ_LOG2;
  for (let i = 0; i < invalidations; i++) {
    s.store(CMDQ + (i % size) * 16, commandWords('CMD_TLBI_SNH_ALL', {}));
    s.write('S_CMDQ_PROD', (i + 1) % (2 * size));
    const next = m.smmu.nextCommand('s');
    if (!('operation' in next)) throw new Error(next.idle);
    operate(next.operation);
  }
  return recorder.result();
}

test('of very many invalidations rows are kept of the first, and all are counted', () => {
  const runs = [run('route', 100, 12), run('drop-all', 100, 12)];
  expect(runs.map(({ rows, rowCount }) => [rows.length, rowCount])).toEqual([
    [12, 300],
    [12, 300],
  ]);
  const { columns, rows, more } = comparePolicies(runs);
  expect([rows.length, more]).toEqual([12, 288]);
  expect(columns.map(({ told, untold }) => [told, untold])).toEqual([
    [300, 0],
    [0, 300],
  ]);
  expect(rows[0]).toMatchObject({
    place: 'line 6',
    cause: 'CMD_TLBI_SNH_ALL',
    device: 'net0',
    differs: true,
  });
});

test('those of one operation are kept or counted together, whatever the limit', () => {
  const { rows, more } = comparePolicies([run('route', 4, 4), run('drop-all', 4, 4)]);
  expect([rows.length, more]).toEqual([6, 6]);
});

test('what one run did not keep is compared in none', () => {
  const { rows, more } = comparePolicies([run('route', 10, 30), run('drop-all', 10, 6)]);
  expect([rows.length, more]).toEqual([6, 24]);
});

test('texts are kept of the first findings, and all are counted', () => {
  const [column] = comparePolicies([run('route', 10, 30)]).columns;
  expect(column?.findings).toHaveLength(2);
  expect(column?.moreFindings).toBeGreaterThan(10);
});

test('a table says how many rows it leaves out', () => {
  const lines = policyTable(comparePolicies([run('route', 100, 12), run('drop-all', 100, 12)]));
  expect(lines).toContain('the first 12 of 300 invalidations of a device; the policies differ in 12');
  expect(lines.at(-1)).toBe('… and 288 more invalidations that are in the counts only');
  const all = policyTable(comparePolicies([run('route', 400, 1200), run('drop-all', 400, 1200)]));
  expect(all.at(-1)).toBe('… and 200 more in which they differ');
  expect(all.filter((line) => line.includes('CMD_TLBI_SNH_ALL'))).toHaveLength(1000);
});
