/** What an exception says decided is the field that did, and what it says would cure it is tried. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type SpawnedAdapter, spawnAdapter } from '../kit/dap.ts';

const PROGRAM = 1;

let adapter: SpawnedAdapter;
let folder: string;
beforeEach(() => {
  adapter = spawnAdapter();
  folder = mkdtempSync(path.join(tmpdir(), 'smmu-'));
});
afterEach(async () => {
  adapter.client.close();
  expect(await adapter.exit).toBe(0);
  expect(adapter.stderr()).toBe('');
  rmSync(folder, { recursive: true });
});

/** The exception at which a script stops, on a stream that maps 64 KiB at 0x1000. */
async function exception(...lines: string[]): Promise<DebugProtocol.ExceptionInfoResponse['body']> {
  const { client } = adapter;
  const file = path.join(folder, 'a.smmu');
  const begin = ['device nic sid=8', 'map ns sid=8 iova=0x1000 pa=0x50000000 size=64K', 'invalidate ns all'];
  writeFileSync(file, `${[...begin, ...lines].join('\n')}\n`);
  await client.launch({ program: file });
  expect(await client.move('continue', PROGRAM)).toMatchObject({ reason: 'exception' });
  return client.ask<DebugProtocol.ExceptionInfoResponse['body']>('exceptionInfo', { threadId: PROGRAM });
}

const fresh = ['cmd ns CFGI_ALL', 'cmd ns SYNC'];

test.each([
  ['CERROR_ILL', 'CMD_CFGI_STE.SSec [10] = 1', ['cmd ns CFGI_STE StreamID=8 SSec']],
  [
    'F_ACCESS',
    'S1_LEAF.AF [10] = 0',
    ['map ns sid=8 iova=0x200000 pa=0x60000000 size=4K af=0', 'dma nic read 0x200000 4'],
  ],
  [
    'F_ADDR_SIZE',
    'S1_LEAF.OA [49:12] = 0x100000000',
    [
      'map ns sid=8 iova=0x100000 pa=0x1_0000_0000 size=4K',
      'cd ns 8 IPS=0',
      ...fresh,
      'dma nic read 0x100000 4',
    ],
  ],
  [
    'F_PERMISSION',
    'S1_LEAF.AP2 [7] = 1',
    ['map ns sid=8 iova=0x200000 pa=0x60000000 size=4K perm=r', 'dma nic write 0x200000 4'],
  ],
  ['F_PERMISSION', 'S1_LEAF.UXN_XN [54] = 1', ['dma nic read 0x1000 4 inst']],
  ['F_BAD_ATS_TREQ', 'STE.EATS [93:92] = 0', ['dma nic read 0x1000 4 ats=tr']],
] as const)('%s is decided by %s', async (event, field, lines) => {
  const { exceptionId, description } = await exception(...lines);
  expect(exceptionId).toBe(event);
  expect(description).toContain(`Decided by: ${field}`);
});

test('a stream without ATS is cured by EATS, which is tried', async () => {
  const { details } = await exception('dma nic read 0x1000 4 ats=tr');
  expect(details?.stackTrace).toMatch(/STE\.EATS \[93:92\] 0 -> 1 .*ATS: Success, 0x50000000/);
});

test('an STE that cannot be read has its place in a level-2 table, and nobody blames Span', async () => {
  const { exceptionId, details } = await exception(
    'poke 0x40000000 = 0x7000000009',
    ...fresh,
    'dma nic read 0x1000 4',
  );
  expect(exceptionId).toBe('F_STE_FETCH');
  expect(details?.stackTrace).toContain('the pointer to 0x7000000200 leads out of memory');
  expect(details?.stackTrace).not.toContain('Span');
});
