/** Devices and notifiers in a session: launch.json, the console, views, and everything again under each policy. */

import { expect, test } from 'vitest';
import { NOTIFIER_POLICY_NAMES } from '../../src/spec/notifiers.ts';
import { fixture } from '../kit/capture.ts';
import { scriptSession } from '../kit/script-session.ts';

const SCRIPT = `machine preset=architecture-rme
map ns sid=0x20 iova=0x1000 pa=0x50010000 size=4K
map s sid=0x20 iova=0x1000 pa=0x90010000 size=4K
cd s 0x20 ASID=3
let here = 1
cmd s TLBI_NH_VA ASID=3 Address=0x1000
let there = 1
`;
const COMMAND_LINE = 6;

const session = scriptSession(SCRIPT);

test('a device of the console is told of, shown in rows that know their operation, and taken back', async () => {
  const { client } = session.adapter;
  await client.launch({ program: session.program, notifierPolicy: 'route' });
  await session.to(COMMAND_LINE - 1);
  expect(await client.evaluate('devices')).toBe('no device is plugged in');
  expect(await client.evaluate('plug net sid=0x20 world=s')).toMatch(/^plug net .*plugged in/);
  expect(await client.evaluate('register net consumer=vhost')).toMatch(/notifier 0 is registered$/);
  expect(await client.evaluate('obtain net iova=0x1000')).toContain('0x50010000 (ns)');
  expect(await client.evaluate('devices')).toContain(
    '    holds 0x1000 + 0x1000 bytes -> PA 0x50010000 (ns), through ns',
  );
  await session.to(COMMAND_LINE + 1);

  const { rows, total, policy, accepts } = await session.ask('smmu/notifiers', {});
  expect({ total, policy, accepts }).toEqual({ total: 1, policy: 'route', accepts: 'qemu' });
  const [row] = rows;
  expect(row).toMatchObject({
    cause: 'CMD_TLBI_NH_VA',
    queue: 's',
    actsOn: 's',
    device: 'net',
    consumer: 'vhost',
    delivered: true,
    space: 's',
    obtained: ['ns'],
    range: '0x1000-0x1fff',
    removed: 1,
  });
  expect(row?.findings).toHaveLength(2);
  const { entries } = await session.ask('smmu/history', {});
  expect(entries.find(({ index }) => index === row?.history)?.text).toContain('TLBI_NH_VA');
  expect((await session.ask('smmu/notifiers', { world: 'ns' })).rows).toEqual([]);
  expect((await session.ask('smmu/notifierMatrix', {})).rows).toEqual([
    {
      device: 'net',
      sid: 0x20,
      world: 's',
      consumer: 'vhost',
      notifier: 0,
      refused: null,
      told: 1,
      untold: 0,
      missed: 0,
      wrongSpace: 1,
      held: 0,
    },
  ]);
  expect(await client.evaluate('notifiers')).toContain('isolation: ');
  expect(await client.evaluate('notifier matrix')).toBe(
    'net s vhost (notifier 0): 1 told, 0 not told, 0 held, 0 missed, 1 of another space',
  );

  await session.ask('smmu/rewind', { to: row?.history ?? 0 });
  expect((await session.ask('smmu/notifiers', {})).rows).toEqual([]);
  expect(await client.evaluate('devices')).toContain('holds 0x1000');
});

test('devices of launch.json are there, and everything is done again under each policy', async () => {
  const { client } = session.adapter;
  const devices = [{ name: 'net', sid: '0x20', world: 's', notifiers: [{ consumer: 'vhost' }] }];
  await client.launch({ program: session.program, devices });
  expect(await client.evaluate('devices')).toMatch(
    /^net: StreamID 0x20, s\n {2}notifier 0: vhost UNMAP 0x0-/,
  );
  await session.to(COMMAND_LINE + 1);
  const before = await client.evaluate('devices');
  const history = (await session.ask('smmu/history', {})).total;
  const { columns, rows } = await session.ask('smmu/policies', {});
  const by = (of: 'registered' | 'told' | 'untold') =>
    Object.fromEntries(columns.map((column) => [column.policy, column[of]]));
  expect(by('registered')).toMatchObject({ route: 1, 'reject-registration': 0, 'reject+drop': 0 });
  expect(by('told')).toMatchObject({ 'qemu-upstream': 0, route: 1, 'drop-iova': 0 });
  expect(rows.map(({ cause, device, differs }) => ({ cause, device, differs }))).toEqual([
    { cause: 'CMD_TLBI_NH_VA', device: 'net', differs: true },
  ]);
  expect(await client.evaluate('policies')).toContain('\nCMD_TLBI_NH_VA on entries of s, vhost of net:\n');
  expect(await client.evaluate('devices')).toBe(before);
  expect((await session.ask('smmu/history', {})).total).toBe(history);
});

/** What the program's end says, with some attributes of launch.json. */
async function endOf(launch: Record<string, unknown>): Promise<string> {
  const { client } = session.adapter;
  const devices = [{ name: 'net', sid: 0x20, world: 's', notifiers: [{ consumer: 'vhost' }] }];
  await client.launch({ program: session.program, devices, ...launch });
  client.post('continue', { threadId: 1 });
  await client.event('terminated');
  const outputs = client.messages.filter(({ event }) => event === 'output');
  return outputs.map(({ body }) => (body as { output: string }).output).join('');
}

test('policies of launch.json: the end of the program lays what each policy makes of it side by side', async () => {
  const said = await endOf({ policies: true });
  expect(said).toMatch(/the program has ended\n\W*policy +registered +refused +told/);
  for (const policy of NOTIFIER_POLICY_NAMES) expect(said).toContain(`\n${policy} `);
  expect(said).toContain('\nCMD_TLBI_NH_VA on entries of s, vhost of net:\n');
});

test('policies of launch.json: without it nothing is done again', async () => {
  const said = await endOf({});
  expect(said).toContain('the program has ended');
  expect(said).not.toContain('refused');
});

test('policies of launch.json: a viewer who may not see all is told why there are none', async () => {
  const said = await endOf({ policies: true, viewerWorld: 'ns', devices: [] });
  expect(said).toContain('policies are compared by what all Security states do');
});

test('policies of launch.json: anything but true or false is refused', async () => {
  const { client } = session.adapter;
  const response = await client.response(
    client.post('launch', { program: session.program, policies: 'all' }),
  );
  expect([response.success, response.message]).toEqual([false, expect.stringContaining('policies')]);
});

test('a stop at a notifier says in the call stack who is told of what, and devices are a scope', async () => {
  const { client } = session.adapter;
  const devices = [{ name: 'net', sid: 0x20, world: 's', notifiers: [{ consumer: 'vhost' }] }];
  await client.launch({ program: session.program, devices, notifierPolicy: 'route' });
  await client.ask('setExceptionBreakpoints', { filters: ['notifier'] });
  await client.move('continue', 1);
  const frames = await client.frames(1);
  expect(frames[0]?.name).toMatch(/^CMD_TLBI_NH_VA: vhost of net \(notifier 0\) is told of UNMAP .* in s/);
  const { scopes } = await client.ask<{ scopes: { name: string }[] }>('scopes', { frameId: frames[0]?.id });
  expect(scopes.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['Current step', 'Command', 'Devices']),
  );
});

test('what the console does not understand is said with the form that it would', async () => {
  const { client } = session.adapter;
  await client.launch({ program: session.program });
  const refused = async (expression: string): Promise<string> => {
    const response = await client.response(client.post('evaluate', { expression, context: 'repl' }));
    expect(response.success).toBe(false);
    return response.message ?? '';
  };
  expect(await refused('obtain net iova=0x1000')).toBe('there is no device net; write plug net sid=8');
  expect(await refused('plug sid=8')).toMatch(/^the name of a device is missing; write plug DEVICE sid=8/);
  expect(await refused('plug net sid=8 world=root')).toMatch(/no Security state of a device/);
  await client.evaluate('plug net sid=8');
  expect(await refused('plug net sid=9')).toBe('a device net is plugged in already; unplug net first');
  expect(await refused('obtain net iova=0x1000')).toBe(
    'net has no notifier 0; write register net consumer=vhost',
  );
  expect(await refused('register net consumer=vfi')).toMatch(/not known; write vfio, vhost/);
  expect(await refused('notifiers x')).toBe('"x" is no security state; write ns, s, realm, root');
  expect(await client.evaluate('register net consumer=vfio')).toMatch(
    /MAP notifier which is not currently supported/,
  );
  expect(await client.evaluate('policy route accepts=map')).toBe('notifier policy route, accepting MAP');
  expect(await refused('policy rout')).toMatch(
    /^"rout" is not understood; write policy \[qemu-upstream\|.*route/,
  );
  expect(await client.evaluate('register net consumer=custom range=5-1')).toMatch(
    /Assertion `n->start <= n->end' failed\. QEMU ends; the notifier is not registered$/,
  );
  expect(await client.evaluate('register net consumer=vfio')).toMatch(/notifier 0 is registered$/);
  expect(await client.evaluate('notifier matrix')).toMatch(/net ns vfio: refused: .*MAP notifier/);
  expect(await client.evaluate('unplug net')).toMatch(/net is unplugged$/);
});

test('a device of a state that the SMMU does not have is refused, on the console', async () => {
  const capture = fixture('linux-basic', 'small.elf.gz');
  const registers = fixture('linux-basic', 'regs.json');
  const { client } = session.adapter;
  await client.launch({ capture, registers });
  const response = await client.response(
    client.post('evaluate', { expression: 'plug net sid=8 world=ns,s', context: 'repl' }),
  );
  expect([response.success, response.message]).toEqual([
    false,
    'devices: net is of state s, which this SMMU does not have: S_IDR1.SECURE_IMPL is 0; name another state, or an SMMU that has it, such as the preset architecture-rme',
  ]);
  expect(await client.evaluate('devices')).not.toContain('net');
});

test('flags=NONE on the console is a notifier that asks for nothing, as in scripts: QEMU ends', async () => {
  const { client } = session.adapter;
  await client.launch({ program: session.program });
  await session.to(COMMAND_LINE);
  await client.evaluate('plug idle sid=9 world=ns');
  expect(await client.evaluate('register idle consumer=custom flags=NONE')).toMatch(
    /Assertion `n->notifier_flags != IOMMU_NOTIFIER_NONE' failed\. QEMU ends; the notifier is not registered$/,
  );
  expect(await client.evaluate('register idle consumer=custom flags=NONE,UNMAP')).toMatch(
    /notifier 0 is registered$/,
  );
});

test('a missing UNMAP is told once, with the command and the mapping, and is taken back with it', async () => {
  const { client } = session.adapter;
  await client.launch({ program: session.program, notifierPolicy: 'drop-iova' });
  await session.to(COMMAND_LINE - 1);
  await client.evaluate('plug net sid=0x20 world=s');
  await client.evaluate('register net consumer=custom index=1');
  expect(await client.evaluate('obtain net iova=0x1000')).toContain('0x90010000 (s)');
  const finding =
    /notifier 0 of net holds IOVA 0x1000 \+ 0x1000 bytes -> PA 0x90010000 \(s\) although CMD_TLBI_NH_VA invalidates it/;
  const told = (): number =>
    client.messages.filter(
      ({ event, body }) => event === 'output' && finding.test((body as { output: string }).output),
    ).length;
  const missed = async (): Promise<unknown> => {
    const [row] = (await session.ask('smmu/notifierMatrix', {})).rows;
    return [row?.held, row?.missed];
  };
  const before = (await session.ask('smmu/history', {})).total;
  await session.to(COMMAND_LINE + 1);
  expect(told()).toBe(1);
  const { rows } = await session.ask('smmu/notifiers', {});
  expect(rows.map(({ findings }) => findings)).toEqual([[expect.stringMatching(finding)]]);
  expect((await client.evaluate('notifiers')).match(new RegExp(finding, 'g'))).toHaveLength(1);
  expect(await missed()).toEqual([1, 1]);

  await session.ask('smmu/rewind', { to: before });
  expect((await session.ask('smmu/notifiers', {})).rows).toEqual([]);
  expect(await client.evaluate('notifiers')).not.toContain('isolation');
  expect(await missed()).toEqual([1, 0]);
});
