import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PolicyComparison } from '../../src/control/isolation/policies.ts';
import { NOTIFIER_POLICY_NAMES } from '../../src/spec/notifiers.ts';
import { smmuDebug } from './io.ts';

/** vhost of a Secure device: it obtains Non-secure mappings, and a Secure command names the same address. */
const SCRIPT = `machine preset=architecture-rme
device net sid=0x20 worlds=s
map ns sid=0x20 iova=0x1000 pa=0x50010000 size=4K
map s sid=0x20 iova=0x1000 pa=0x90010000 size=4K
cd s 0x20 ASID=3
notifier net consumer=vhost
obtain net 0x1000
cmd s TLBI_NH_VA ASID=3 Address=0x1000
`;

let folder = '';
let file = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'smmu-policies-'));
  file = path.join(folder, 'secure.smmu');
  writeFileSync(file, SCRIPT);
});
afterAll(() => rmSync(folder, { recursive: true }));

it('--all-policies lays what each policy makes of a script side by side', async () => {
  const { status, out } = await smmuDebug('run', file, '--all-policies', '--json');
  expect(status).toBe(0);
  const { columns, rows } = JSON.parse(out) as PolicyComparison;
  expect(columns.map(({ policy }) => policy)).toEqual(NOTIFIER_POLICY_NAMES);
  const accepted = columns.filter(({ registered }) => registered === 1).map(({ policy }) => policy);
  expect(accepted).toEqual(['qemu-upstream', 'qemu-rfc-v3', 'route', 'drop-iova', 'drop-all']);
  expect(columns.filter(({ refused }) => refused === 1).map(({ policy }) => policy)).toEqual([
    'reject-registration',
    'reject+drop',
  ]);
  const row = rows.find(({ cause }) => cause === 'CMD_TLBI_NH_VA');
  const outcome = Object.fromEntries(columns.map(({ policy }, i) => [policy, row?.outcomes[i]]));
  expect(row?.place).toBe('line 8: cmd s TLBI_NH_VA ASID=3 Address=0x1000');
  expect(row).toMatchObject({ device: 'net', consumer: 'vhost', actsOn: 's', differs: true });
  expect(outcome).toEqual({
    'qemu-upstream': 'not told (gap)',
    'qemu-rfc-v3': 'told, s, obtained in ns',
    route: 'told, s, obtained in ns',
    'drop-iova': 'not told (policy)',
    'drop-all': 'not told (policy)',
    'reject-registration': 'not registered',
    'reject+drop': 'not registered',
  });
  expect(columns.find(({ policy }) => policy === 'route')?.wrongSpace).toBe(1);
});

it('as text: a line for each policy, and what they differ in', async () => {
  const { out } = await smmuDebug('run', file, '--all-policies');
  const lines = out.trimEnd().split('\n');
  expect(lines[0]).toBe(
    'policy               registered  refused  told  not told  missed  wrong space  findings  QEMU aborts',
  );
  expect(lines.slice(1, 8).map((line) => line.split(' ')[0])).toEqual(NOTIFIER_POLICY_NAMES);
  expect(out).toContain(
    'line 8: cmd s TLBI_NH_VA ASID=3 Address=0x1000: CMD_TLBI_NH_VA on entries of s, vhost of net:\n',
  );
  expect(out).toContain('    not told (policy): drop-iova, drop-all\n');
});

it('a trace has nothing to compare', async () => {
  const { status, err } = await smmuDebug('run', 'x.log', '--all-policies');
  expect([status, err]).toEqual([
    2,
    'smmu-debug: --all-policies: a trace has no devices with notifiers; name a script',
  ]);
});
