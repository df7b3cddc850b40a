/** Stops at notifiers, at findings and at granule protection: where they stand, and what is said of them. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DapClient } from '../kit/dap.ts';
import { inlineAdapter } from '../kit/inline.ts';

const SECURE = [
  'machine preset=architecture-secure',
  'notifiers policy=route accepts=map',
  'device disk sid=0x10 worlds=s',
  'map ns sid=0x10 iova=0x1000 pa=0x50000000 size=4K',
  'map s sid=0x10 iova=0x1000 pa=0x90000000 size=4K',
  'cd s 0x10 ASID=3',
  'notifier disk consumer=vfio',
  'obtain disk 0x1000',
  'cmd s TLBI_NH_VA ASID=3 Address=0x1000 Leaf',
  'cmd s TLBI_NH_ASID ASID=3',
  'let here = 1',
];
const PROTECTED = [
  'machine preset=architecture-rme',
  'device disk sid=8',
  'map ns sid=8 iova=0x1000 pa=0x60000000 size=64K',
  'invalidate ns all',
  'gpt 0x60000000 64K NONSECURE',
  'gpc on',
  'dma disk read 0x1000 64',
  'gpt 0x60000000 64K REALM',
  'dma disk read 0x1000 64',
  'gpc invalidate',
  'dma disk read 0x1000 64',
  'invalidate ns all',
  'reg root.CR0.ACCESSEN = 0',
  'dma disk read 0x2000 64',
];

let client: DapClient;
let folder: string;
beforeEach(() => {
  ({ client } = inlineAdapter());
  folder = mkdtempSync(path.join(tmpdir(), 'smmu-stops-'));
});
afterEach(() => {
  client.close();
  rmSync(folder, { recursive: true });
});

const run = async (lines: readonly string[], ...filters: string[]): Promise<void> => {
  const program = path.join(folder, 'a.smmu');
  writeFileSync(program, `${lines.join('\n')}\n`);
  await client.launch({ program }, { filters, client: { supportsANSIStyling: true } });
};
const stop = async (): Promise<{
  text: string | undefined;
  frames: DebugProtocol.StackFrame[];
  why: string;
}> => {
  const { text } = await client.move('continue', 1);
  const info = await client.ask<DebugProtocol.ExceptionInfoResponse['body']>('exceptionInfo', {
    threadId: 1,
  });
  return { text, frames: await client.frames(1), why: `${info.description}\n${info.details?.message}` };
};

test('the filter isolation stops at a registration and at an UNMAP of another space', async () => {
  await run(SECURE, 'isolation');
  const registered = await stop();
  expect([registered.text, registered.frames[0]?.line]).toEqual(['isolation', 7]);
  expect(registered.why).toContain('vfio of disk is accepted although it translates through ns');
  const told = await stop();
  expect(told.text).toBe('isolation');
  expect(told.why).toContain('the mapping was obtained in ns');
});

test('the filter update-sequence stops where V is set before the rest of a structure', async () => {
  const whole = ['poke 0x40400240 = 9 u64', 'poke 0x40400248 = 0x100000000000 u64'];
  const begin = ['device nic sid=8', 'device new sid=9', 'map ns sid=8 iova=0x1000 pa=0x50000000 size=64K'];
  const after = ['cmd ns CFGI_STE StreamID=9 Leaf', 'cmd ns SYNC', 'let here = 1'];
  await run([...begin, 'invalidate ns all', 'dma new read 0x1000 64', ...whole, ...after], 'update-sequence');
  const found = await stop();
  expect(found.text).toBe('update-sequence');
  expect(found.why).toContain('hardware can fetch the new V=0x1');
});

test('a stop at a notifier stands at the command or the line, and says what its consumer does', async () => {
  await run(SECURE, 'notifier');
  const obtained = await stop();
  expect(obtained.frames[0]).toMatchObject({ line: 8, source: { name: 'a.smmu' } });
  expect(obtained.why).toContain('What follows: the consumer holds the mapping from here on.');
  const refused = await stop();
  const [notify, command] = refused.frames;
  expect(notify?.name).toMatch(/is told of UNMAP/);
  expect([notify?.source?.path, notify?.line]).toEqual([command?.source?.path, command?.line]);
  expect(refused.why).toContain('What follows: the consumer refuses, and keeps 1 mapping of the range.');
  expect(refused.why).not.toContain('Decided by');
  expect((await stop()).why).toContain('What follows: the consumer drops 1 mapping.');
});

test('the first finding of a kind is told as important and without colours, all others in the console', async () => {
  const again = PROTECTED[8] ?? '';
  await run([...PROTECTED.slice(0, 9), again]);
  await client.ask('continue', { threadId: 1 });
  await client.event('terminated');
  const found = client.messages
    .filter(
      (message): message is DebugProtocol.OutputEvent =>
        message.type === 'event' && (message as DebugProtocol.Event).event === 'output',
    )
    .map(({ body }) => body)
    .filter(({ output }) => output.includes('stale use ('));
  expect(found.map(({ category }) => category)).toEqual([
    'important',
    ...found.slice(1).map(() => 'console'),
  ]);
  expect(found[0]?.output).not.toContain('\u001b');
  expect(found[0]?.output).toContain('further findings of this kind stand in the debug console alone');
  expect(found[1]?.output).toContain('\u001b');
});

test('what granule protection refuses is cured by Root, and what is kept of its table removed by ROOT_TLBI', async () => {
  await run(PROTECTED, 'stale-use', 'silent-abort', 'F_STE_FETCH');
  const stale = await stop();
  expect(stale.text).toBe('stale-use');
  expect(stale.why).toContain('what removes it: ROOT_TLBI of 0x60000000 + 0x1000 bytes');
  expect(stale.why).not.toContain('CMD_CFGI');
  const refused = await stop();
  const refusedIn = [
    await client.value(1, 'Current step', 'in'),
    await client.value(1, 'Current step', 'fault'),
  ];
  expect(refused.text).toBe('silent-abort');
  expect(refused.frames.map(({ name }) => name)).toEqual([
    'GPT level 1',
    'GPT level 0',
    'CD 0 (cached)',
    'STE 0x8 (cached)',
    'read sid=0x8 iova=0x1000',
    'dma disk read 0x1000 64',
  ]);
  expect(refusedIn).toEqual(['GPT level 1', expect.stringContaining('its GPI is Realm PAS only (11)')]);
  expect(refused.why).toContain('Decided by: GPT_L1_GRANULES.GPI0 [3:0] = 11 (Realm PAS only)');
  expect(refused.why).toContain('Cure: the granule protection check refuses the address: Root software');
  const closed = await stop();
  expect(closed.text).toBe('F_STE_FETCH');
  expect(closed.why).toContain('Cure: the granule protection check refuses the address: Root software');
  expect(closed.why).not.toContain('Decided by');
  expect(closed.why).not.toContain('leads out of memory');
});

test('what follows names queues and registers of the state', async () => {
  await run([...SECURE, 'dma disk read 0x9000 4', 'let there = 1'], 'F_TRANSLATION');
  expect((await stop()).why).toContain('the event is written to the S_EVENTQ');
});

test('a fetch that S_CR0.SIF alone forbids is cured by the register of the state', async () => {
  await run(
    [
      'machine preset=architecture-secure',
      'device crypto sid=0x10 world=s',
      'map s sid=0x10 iova=0x3000 pa=0x50001000 size=4K space=ns perm=rx',
      'reg s.CR0.SIF = 1',
      'invalidate s all',
      'dma crypto read 0x3000 64 inst',
    ],
    'F_PERMISSION',
  );
  const { why } = await stop();
  expect(why).not.toContain('Decided by');
  expect(why).toMatch(/S_CR0\.SIF \[5\] 1 -> 0/);
});

test('an entry of the TLB says of which state it is, and its memory is that of its output', async () => {
  await run([
    'machine preset=architecture-secure',
    'device crypto sid=0x10 world=s',
    'map s sid=0x10 iova=0x2000 pa=0x50000000 size=4K space=ns',
    'invalidate s all',
    'dma crypto read 0x2000 64',
    'let here = 1',
  ]);
  for (let at = 0; at < 6; at = (await client.frames(1))[0]?.line ?? 6) await client.move('next', 1);
  const [entry] = await client.variables(1, 'Caches', 'TLB');
  expect(entry?.value).toBe('4 KiB -> PA 0x50000000 (ns), of Secure');
  expect(entry?.memoryReference).toBe('0x50000000');
});
