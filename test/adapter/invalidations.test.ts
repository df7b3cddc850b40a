import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type SpawnedAdapter, spawnAdapter } from '../kit/dap.ts';

const SCRIPTS = path.resolve(import.meta.dirname, '../../extension/samples/scripts');

let adapter: SpawnedAdapter;
beforeEach(() => {
  adapter = spawnAdapter();
});
afterEach(async () => {
  adapter.client.close();
  expect(await adapter.exit).toBe(0);
  expect(adapter.stderr()).toBe('');
});

test('needless removals are counted by command, and are taken back with the commands', async () => {
  const { client } = adapter;
  await client.launch({ program: path.join(SCRIPTS, 'fixed-03-tlbi-missing.smmu') });
  expect(await client.evaluate('invalidations')).toBe('no invalidation has removed anything');
  const before = await client.frames(1);
  let line = before[0]?.line ?? 0;
  while (line < 14) {
    await client.move('next', 1);
    line = (await client.frames(1))[0]?.line ?? 99;
  }
  const counted = await client.evaluate('invalidations');
  expect(counted).toMatch(/^CMD_CFGI_CD: 1 commands removed 1 entries, 0 of them \(0 %\) still true/m);
  await client.move('reverseContinue', 1);
  expect(await client.evaluate('invalidations')).toBe('no invalidation has removed anything');
});
