/** Finding and sorting decisions about notifiers, and the Security state of what was done. */

import { beforeEach, expect, test } from 'vitest';
import type { CustomRequests } from '../../src/adapter/custom-requests.ts';
import type { World } from '../../src/bits/world.ts';
import { scriptSession } from '../kit/script-session.ts';

const LINES = [
  'machine preset=architecture-secure',
  'notifiers policy=route accepts=map',
  'device disk sid=0x10 worlds=s',
  'device nic sid=8',
  'map ns sid=8 iova=0x1000 pa=0x50000000 size=8K',
  'map ns sid=0x10 iova=0x1000 pa=0x50000000 size=4K',
  'map s sid=0x10 iova=0x1000 pa=0x90000000 size=4K',
  'cd s 0x10 ASID=3',
  'notifier disk consumer=vfio',
  'notifier nic consumer=vhost',
  'obtain disk 0x1000',
  'cmd s TLBI_NH_VA ASID=3 Address=0x1000 Leaf',
  'cmd ns TLBI_NSNH_ALL',
  'let there = 1',
];
const SECURE_LINE = 12;

const session = scriptSession(`${LINES.join('\n')}\n`);
beforeEach(async () => {
  await session.adapter.client.launch({ program: session.program });
  await session.to(LINES.length);
});

/** The rows that a search finds, in its order, as `device cause`. */
async function found(args: CustomRequests['smmu/notifierOrder']['args']): Promise<string[]> {
  const { order, total } = await session.ask('smmu/notifierOrder', args);
  const { world } = args;
  const { rows, total: all } = await session.ask('smmu/notifiers', {
    at: order,
    ...(world === undefined ? {} : { world }),
  });
  expect([total, rows.length]).toEqual([all, order.length]);
  return rows.map(({ device, cause }) => `${device} ${cause}`);
}

test('decisions are found by words, kind, state and origin, and sorted from either end', async () => {
  const { rows, total } = await session.ask('smmu/notifiers', {});
  const everything = rows.map(({ device, cause }) => `${device} ${cause}`);
  expect(total).toBeGreaterThanOrEqual(4);
  expect(await found({})).toEqual(everything);
  expect(await found({ descending: true })).toEqual([...everything].reverse());
  expect(await found({ decision: 'wrong-space' })).toEqual(['disk CMD_TLBI_NH_VA']);
  expect(await found({ text: 'DISK nsnh' })).toEqual(['disk CMD_TLBI_NSNH_ALL']);
  expect(await found({ text: 'nowhere' })).toEqual([]);
  const secure = await found({ world: 's', column: 'device', descending: true });
  expect(secure).toEqual(['nic CMD_TLBI_NH_VA', 'disk CMD_TLBI_NH_VA']);
  expect(await found({ origin: { line: SECURE_LINE }, column: 'device' })).toEqual([...secure].reverse());
  const history = rows.find(({ line }) => line === SECURE_LINE)?.history ?? -1;
  expect(await found({ origin: { from: history, to: history + 1 } })).toHaveLength(2);
  const beyond = await session.ask('smmu/notifiers', { at: [total, 0] });
  expect(beyond.rows.map(({ number }) => number)).toEqual([rows[0]?.number]);
});

test('an entry of the history says its Security states, and the history is that of one where that is asked for', async () => {
  const of = async (world?: World): Promise<Map<string, readonly World[] | undefined>> => {
    const { entries } = await session.ask('smmu/history', world ? { world } : {});
    return new Map(entries.map(({ text, worlds }) => [text.replace(/^line \d+: /, ''), worlds]));
  };
  const all = await of();
  const secure = LINES[SECURE_LINE - 1] ?? '';
  expect(all.get(secure)).toEqual(['s']);
  expect(all.get('cmd ns TLBI_NSNH_ALL')).toEqual(['ns']);
  expect(all.get('obtain disk 0x1000')).toEqual(['s']);
  expect((await of('s')).has(secure)).toBe(true);
  expect((await of('s')).has('obtain disk 0x1000')).toBe(true);
  expect((await of('s')).has('cmd ns TLBI_NSNH_ALL')).toBe(false);
  expect((await of('ns')).has('cmd ns TLBI_NSNH_ALL')).toBe(true);
  expect((await of('ns')).has('obtain disk 0x1000')).toBe(false);
});
