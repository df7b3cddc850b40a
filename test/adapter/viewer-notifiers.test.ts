/** What a viewer of each Security state is shown of notifiers: rows, their order, the matrix, and the policies. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CustomRequests } from '../../src/adapter/custom-requests.ts';
import type { World } from '../../src/bits/world.ts';
import type { DapClient } from '../kit/dap.ts';
import { inlineAdapter } from '../kit/inline.ts';

/** Three devices, one a state, each told of an invalidation of its own state. */
const SCRIPT = `machine preset=architecture-rme
notifiers policy=route
device nic sid=8
device disk sid=0x10 worlds=s
device accel sid=0x40 worlds=realm
map ns sid=8 iova=0x1000 pa=0x50000000 size=4K
map s sid=0x10 iova=0x1000 pa=0x90000000 size=4K
map realm sid=0x40 iova=0x1000 pa=0xd0000000 size=4K
notifier nic consumer=vhost
notifier disk consumer=vhost
notifier accel consumer=vhost
cmd ns TLBI_NH_ALL
cmd s TLBI_NH_ALL
cmd realm TLBI_NH_ALL
let here = 1
`;

const SEEN: Readonly<Record<World | 'none', readonly string[]>> = {
  none: ['nic', 'disk', 'accel'],
  root: ['nic', 'disk', 'accel'],
  s: ['nic', 'disk'],
  realm: ['nic', 'accel'],
  ns: ['nic'],
};

let client: DapClient;
let folder: string;
beforeEach(() => {
  ({ client } = inlineAdapter());
  folder = mkdtempSync(path.join(tmpdir(), 'smmu-viewer-'));
});
afterEach(() => {
  client.close();
  rmSync(folder, { recursive: true });
});

const ask = <Name extends keyof CustomRequests>(name: Name, args: object = {}) =>
  client.ask<CustomRequests[Name]['body']>(name, { ...args });

test.each(['none', 'root', 's', 'realm', 'ns'] as const)(
  '%s is shown what it may see of devices',
  async (viewer) => {
    const program = path.join(folder, 'a.smmu');
    writeFileSync(program, SCRIPT);
    await client.launch({ program, viewerWorld: viewer }, { filters: [] });
    const source = { path: program };
    await client.ask('setBreakpoints', {
      source,
      breakpoints: [{ line: SCRIPT.trimEnd().split('\n').length }],
    });
    await client.move('continue', 1);
    const names = SEEN[viewer];

    const { rows, total } = await ask('smmu/notifiers');
    // Each command that is seen asks each notifier; what is hidden of the two hides the row.
    const told = names.flatMap(() => names);
    expect([rows.map(({ device }) => device), total]).toEqual([told, told.length]);
    const byDevice = await ask('smmu/notifierOrder', { column: 'device' });
    expect(byDevice.total).toBe(told.length);
    const sorted = await ask('smmu/notifiers', { at: byDevice.order });
    expect(sorted.rows.map(({ device }) => device)).toEqual([...told].sort());
    // What is hidden is found by no word and by no line either.
    const hidden = SEEN.none.filter((name) => !names.includes(name));
    for (const text of hidden) expect((await ask('smmu/notifierOrder', { text })).order).toEqual([]);
    expect((await ask('smmu/notifierOrder', { origin: { line: 13 } })).order).toHaveLength(
      names.includes('disk') ? names.length : 0,
    );
    for (const world of ['s', 'realm'] as const) {
      const device = world === 's' ? 'disk' : 'accel';
      expect((await ask('smmu/notifiers', { world })).rows.map((row) => row.device)).toEqual(
        names.includes(device) ? names : [],
      );
    }
    expect((await ask('smmu/notifierMatrix')).rows.map(({ device }) => device)).toEqual(names);

    // Policies are compared by what all states do.
    const policies = client.post('smmu/policies');
    const response = await client.response(policies);
    if (names.length === SEEN.none.length) expect(response.success).toBe(true);
    else expect(response.message).toMatch(/policies are compared by what all Security states do/);

    // Operations of devices that are hidden say so.
    const { entries } = await ask('smmu/history');
    const registrations = entries.filter(({ line }) => line === 10).map(({ text }) => text);
    expect(registrations.length).toBeGreaterThan(0);
    for (const text of registrations) expect(text.includes('masked')).toBe(!names.includes('disk'));
  },
);

test('the way back to the plugging of a device that is gone tells its states', async () => {
  const program = path.join(folder, 'a.smmu');
  writeFileSync(program, SCRIPT);
  await client.launch({ program }, { filters: [] });
  await client.ask('setBreakpoints', { source: { path: program }, breakpoints: [{ line: 12 }] });
  await client.move('continue', 1);
  await client.evaluate('unplug disk');
  const { entries } = await ask('smmu/history', { world: 's' });
  expect(entries.at(-1)).toMatchObject({ text: 'unplug disk', worlds: ['s'] });
  const others = await ask('smmu/history', { world: 'realm' });
  expect(others.entries.map(({ text }) => text)).not.toContain('unplug disk');
});
