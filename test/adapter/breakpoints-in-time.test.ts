/** Breakpoints while a session goes back and forth: what was taken back has not been. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type SpawnedAdapter, spawnAdapter } from '../kit/dap.ts';

const PROGRAM = 1;
/** The first line with a dma; each reads another page. */
const FIRST_DMA = 3;
const DMAS = 25;

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

async function launch(...lines: string[]): Promise<string> {
  const file = path.join(folder, 'a.smmu');
  writeFileSync(file, `${lines.join('\n')}\n`);
  await adapter.client.launch({ program: file }, { filters: [] });
  return file;
}

const launchDmas = (): Promise<string> =>
  launch(
    'device nic sid=8',
    'map ns sid=8 iova=0 pa=0x50000000 size=1M',
    ...Array.from({ length: DMAS }, (_, i) => `dma nic read 0x${(i * 0x1000).toString(16)} 4`),
  );

const line = async (): Promise<number> => {
  const frames = await adapter.client.frames(PROGRAM);
  return frames.find(({ source }) => source?.path?.endsWith('.smmu') === true)?.line ?? 0;
};

/** Watches the use of STE 8 from the first dma on. */
async function watchUse(wishes: object): Promise<void> {
  const { client } = adapter;
  while ((await line()) < FIRST_DMA) await client.move('next', PROGRAM);
  const { dataId } = await client.ask<DebugProtocol.DataBreakpointInfoResponse['body']>(
    'dataBreakpointInfo',
    { name: 'ste(8).Config' },
  );
  const set = await client.ask<DebugProtocol.SetDataBreakpointsResponse['body']>('setDataBreakpoints', {
    breakpoints: [{ dataId, accessType: 'read', ...wishes }],
  });
  expect(set.breakpoints).toMatchObject([{ verified: true }]);
}

const HIT = { reason: 'data breakpoint' };

test('each tenth hit stops at the same places backwards as forwards', async () => {
  const { client } = adapter;
  await launchDmas();
  await watchUse({ hitCondition: '% 10' });
  const [tenth, twentieth] = [FIRST_DMA + 9, FIRST_DMA + 19];
  for (const place of [tenth, twentieth]) {
    expect(await client.move('continue', PROGRAM)).toMatchObject(HIT);
    expect(await line()).toBe(place);
  }
  await client.ask('continue', { threadId: PROGRAM });
  await client.event('terminated');
  for (const place of [twentieth, tenth]) {
    expect(await client.move('reverseContinue', PROGRAM)).toMatchObject(HIT);
    expect(await line()).toBe(place);
  }
  expect(await client.move('reverseContinue', PROGRAM)).toMatchObject({ reason: 'entry' });
  expect(await client.move('continue', PROGRAM)).toMatchObject(HIT);
  expect(await line()).toBe(tenth);
});

test('the third hit is the third after any number of steps back', async () => {
  const { client } = adapter;
  await launchDmas();
  await watchUse({ hitCondition: '3' });
  for (let time = 0; time < 3; time++) {
    expect(await client.move('continue', PROGRAM)).toMatchObject(HIT);
    expect(await line()).toBe(FIRST_DMA + 2);
    while ((await line()) > FIRST_DMA) await client.move('stepBack', PROGRAM);
  }
});

test('a write by hand does not make a hit another one', async () => {
  const { client } = adapter;
  await launchDmas();
  await watchUse({ hitCondition: '% 3' });
  expect(await client.move('continue', PROGRAM)).toMatchObject(HIT);
  expect(await line()).toBe(FIRST_DMA + 2);
  await client.ask('writeMemory', { memoryReference: '0x50000000', data: 'AQIDBA==' });
  await client.move('stepBack', PROGRAM);
  for (const third of [FIRST_DMA + 2, FIRST_DMA + 5]) {
    expect(await client.move('continue', PROGRAM)).toMatchObject(HIT);
    expect(await line()).toBe(third);
  }
});

test('a stop that was stepped back from stops again', async () => {
  const { client } = adapter;
  const file = await launch(
    'device nic sid=8',
    'map ns sid=8 iova=0 pa=0x50000000 size=4K',
    'dma nic read 0x9000 4',
  );
  await client.ask('setExceptionBreakpoints', { filters: ['F_TRANSLATION'] });
  await client.ask('setBreakpoints', { source: { path: file }, breakpoints: [{ line: 3 }] });
  expect(await client.move('continue', PROGRAM)).toMatchObject({ reason: 'breakpoint' });
  for (let time = 0; time < 2; time++) {
    expect(await client.move('continue', PROGRAM)).toMatchObject({
      reason: 'exception',
      text: 'F_TRANSLATION',
    });
    for (let steps = 0; steps <= time; steps++) {
      expect(await client.move('stepBack', PROGRAM)).toMatchObject({ reason: 'step' });
    }
  }
  expect(await client.move('continue', PROGRAM)).toMatchObject({ reason: 'exception' });
  await client.ask('continue', { threadId: PROGRAM });
  await client.event('terminated');
});

test('a condition on a name that a line has nothing for does not hold there, and is no mistake', async () => {
  const { client } = adapter;
  const file = await launch('device nic sid=8', 'let a = 1', 'dma nic read 0x1000 4', 'let b = 2');
  await client.ask('setBreakpoints', {
    source: { path: file },
    breakpoints: [2, 3, 4].map((at) => ({ line: at, condition: 'sid == 8' })),
  });
  expect(await client.move('continue', PROGRAM)).toMatchObject({ reason: 'breakpoint', text: 'a.smmu:3' });
  await client.ask('continue', { threadId: PROGRAM });
  await client.event('terminated');
});

test('a condition on a name that nobody knows stops once and says so', async () => {
  const { client } = adapter;
  const file = await launch('device nic sid=8', 'let a = 1', 'let b = 2');
  await client.ask('setBreakpoints', {
    source: { path: file },
    breakpoints: [{ line: 2, condition: 'nowhere == 8' }],
  });
  const { text } = await client.move('continue', PROGRAM);
  expect(text).toContain('its condition cannot be evaluated: nowhere == 8: nowhere is not known here');
  await client.ask('continue', { threadId: PROGRAM });
  await client.event('terminated');
});

test('at an exception, a breakpoint whose condition is a mistake says so as well', async () => {
  const { client } = adapter;
  await launch('device nic sid=8', 'dma nic read 0x1000 4');
  await client.ask('setExceptionBreakpoints', { filters: ['C_BAD_STREAMID'] });
  const { breakpoints } = await client.ask<DebugProtocol.SetFunctionBreakpointsResponse['body']>(
    'setFunctionBreakpoints',
    { breakpoints: [{ name: 'C_*' }, { name: 'C_BAD_*', condition: 'iova / 0 == 1' }] },
  );
  const stop = await client.move('continue', PROGRAM);
  expect(stop.reason).toBe('exception');
  expect(stop.hitBreakpointIds).toEqual(expect.arrayContaining(breakpoints.map(({ id }) => id)));
  expect(stop.text).toMatch(/^C_BAD_STREAMID; .*its condition cannot be evaluated: .*divides by zero/);
});
