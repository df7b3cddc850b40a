/** How sessions begin and end: bad inputs, restart, disconnect, lost connections, cancelled openings. */

import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type SpawnedAdapter, spawnAdapter } from '../kit/dap.ts';
import { fixture } from '../kit/machine.ts';

const CMDQ = 1;

let adapter: SpawnedAdapter;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'smmu-adapter-'));
  adapter = spawnAdapter({ TMPDIR: dir });
});
afterEach(() => {
  adapter.client.close();
  adapter.process.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

function written(name: string, content: string | Buffer): string {
  const file = path.join(dir, name);
  writeFileSync(file, content);
  return file;
}

async function refusal(args: Record<string, unknown>): Promise<DebugProtocol.Message> {
  const { client } = adapter;
  await client.ask('initialize', { adapterID: 'smmuv3' });
  const response = await client.response(client.post('launch', args));
  expect(response.success).toBe(false);
  const { error } = response.body as { error: DebugProtocol.Message };
  expect(error.format).toBe(response.message);
  expect(error.format).not.toMatch(/\n\s+at /);
  await client.event('terminated');
  return error;
}

test.each([
  ['nothing', {}, /^capture: is missing; name a memory dump/],
  ['no registers', { capture: 'x.elf' }, /^registers: is missing; name a snapshot/],
  ['a program that is not there', { program: 'x.smmu' }, /x\.smmu: there is no such file$/],
  [
    'a wrong policy',
    { ...fixture('linux-basic'), caches: 'huge' },
    /^caches: "huge" .*write "combined" or "maximal" or "none"/,
  ],
  [
    'a wrong flag',
    { ...fixture('linux-basic'), enableQueue: 'yes' },
    /^enableQueue: "yes" is not true or false/,
  ],
  ['no such file', { ...fixture('linux-basic'), capture: '/nowhere/x.elf' }, /\/nowhere\/x.elf/],
  ['no such snapshot', { ...fixture('linux-basic'), registers: '/nowhere/r.json' }, /\/nowhere\/r.json/],
  [
    'a snapshot as capture',
    { ...fixture('linux-basic'), capture: fixture('linux-basic').registers },
    /regs.json: is a text/,
  ],
  ['registers without a stream table', { ...fixture('linux-basic'), registers: { CR0: 1 } }, /STRTAB_BASE/],
])('a launch with %s is refused in one sentence', async (_what, args, sentence) => {
  const error = await refusal(args);
  expect(error.format).toMatch(sentence);
  expect(error.showUser).toBe(true);
});

test('attaching is refused with what to write instead', async () => {
  const { client } = adapter;
  await client.ask('initialize');
  await expect(client.ask('attach')).rejects.toThrow('write "request": "launch"');
});

test('a snapshot with SMMUEN=0 goes on with a warning in the console', async () => {
  const { client } = adapter;
  const registers = {
    CR0: 0,
    STRTAB_BASE: '0x484c1000',
    STRTAB_BASE_CFG: '0x10210',
    IDR0: '0xd40101a',
    IDR1: '0x2730010',
    IDR5: '0x74',
  };
  await client.launch({ capture: fixture('linux-basic').capture, registers });
  const outputs = client.messages
    .filter((m) => m.event === 'output')
    .map((m) => m.body as { category: string; output: string });
  expect(
    outputs.some(({ category, output }) => category === 'important' && output.includes('SMMUEN=0')),
  ).toBe(true);
});

test('what a look-up needs but the image lacks is named: absent, not zero, and no event', async () => {
  const { client } = adapter;
  const { capture, registers } = fixture('linux-basic');
  const snapshot = JSON.parse(readFileSync(registers, 'utf8')) as { regs: Record<string, string> };
  snapshot.regs['0x80'] = '0x50000000';
  await client.launch({ capture, registers: snapshot });
  const outputs = client.messages.filter((m) => m.event === 'output').map((m) => JSON.stringify(m.body));
  expect(outputs.join()).toContain('the stream table at 0x50000000 (2 KiB) is not in the capture');
  expect(await client.evaluate('translate sid=8 iova=0x1000')).toBe(
    'absent: L1STD of StreamID 0x8 at PA 0x50000000 (ns) is not in the image; ' +
      'an external abort there would give F_STE_FETCH',
  );
  await expect(client.evaluate('ste 8')).rejects.toThrow('its L1STD at PA 0x50000000 is not in the image');
});

test('restart opens the capture anew and stops on entry again, with the filters kept', async () => {
  const { client } = adapter;
  await client.launch({ ...fixture('linux-pending'), enableQueue: true }, { filters: [] });
  await client.move('continue', CMDQ);
  await client.ask('restart');
  expect(await client.event('continued')).toMatchObject({ allThreadsContinued: true });
  expect(await client.stopped()).toMatchObject({ reason: 'entry', threadId: CMDQ });
  expect(await client.value(CMDQ, 'Queues', 'CMDQ', 'CONS')).toBe('0x23a9 wrap 0');
  expect(await client.evaluate('translate sid=8 iova=0x1000')).toMatch(/^fault: F_TRANSLATION/);
});

test('restart takes the arguments that it brings', async () => {
  const { client } = adapter;
  await client.launch(fixture('linux-pending'));
  await client.ask('restart', { arguments: fixture('linux-basic') });
  expect(await client.stopped()).toMatchObject({ reason: 'entry', text: 'nothing pending' });
  expect(await client.ask('smmu/state')).toMatchObject({ capture: 'linux-basic-small.elf.gz' });
});

test('terminate ends the debuggee, disconnect the process', async () => {
  const { client } = adapter;
  await client.launch(fixture('linux-basic'));
  await client.ask('terminate');
  await client.event('terminated');
  await expect(client.ask('stackTrace', { threadId: CMDQ })).rejects.toThrow('no capture is open');
  await client.ask('disconnect');
  expect(await adapter.exit).toBe(0);
});

test('the end of standard input ends the process', async () => {
  await adapter.client.launch(fixture('linux-basic'));
  adapter.client.close();
  expect(await adapter.exit).toBe(0);
});

test('SIGTERM ends the process', async () => {
  await adapter.client.launch(fixture('linux-basic'));
  adapter.process.kill('SIGTERM');
  expect(await adapter.exit).toBe(0);
});

test('pausing what stands repeats the stop', async () => {
  const { client } = adapter;
  await client.launch(fixture('linux-basic'));
  expect(await client.move('pause', CMDQ)).toMatchObject({ reason: 'entry', threadId: CMDQ });
});

test('requests before the launch, unknown ones and malformed messages do no harm', async () => {
  const { client, process } = adapter;
  process.stdin?.write('Content-Length: 7\r\n\r\nnonsens');
  process.stdin?.write('Content-Length: 4\r\n\r\nnull');
  await client.ask('initialize');
  expect(await client.ask('threads')).toEqual({ threads: [] });
  expect(await client.ask('loadedSources')).toEqual({ sources: [] });
  await expect(client.ask('next', { threadId: 1 })).rejects.toThrow('no capture is open');
  await expect(client.ask('toString')).rejects.toThrow('toString is not supported');
  await expect(client.ask('variables', { variablesReference: 7 })).rejects.toThrow();
});

test('breakpoints on lines of a file that is not debugged are not verified, with the reason', async () => {
  const { client } = adapter;
  await client.launch(fixture('linux-basic'));
  const body = await client.ask<DebugProtocol.SetBreakpointsResponse['body']>('setBreakpoints', {
    source: { path: 'elsewhere.smmu' },
    breakpoints: [{ line: 5 }, { line: 6 }],
  });
  expect(body.breakpoints).toHaveLength(2);
  expect(body.breakpoints[0]).toMatchObject({
    verified: false,
    message: expect.stringContaining('not part of'),
  });
});

test('numbers of frames and variables of before are void after a step', async () => {
  const { client } = adapter;
  await client.launch({ ...fixture('linux-pending'), enableQueue: true });
  const [frame] = await client.frames(CMDQ);
  await client.move('next', CMDQ);
  await expect(client.ask('scopes', { frameId: frame?.id })).rejects.toThrow('this stack frame is gone');
});

const BIG = 96 * 2 ** 20;

test('opening a compressed image shows progress and can be cancelled; nothing stays behind', async () => {
  const { client } = adapter;
  const noise = randomBytes(2 ** 20);
  const capture = written('big.gz', gzipSync(Buffer.concat(Array(BIG / 2 ** 20).fill(noise)), { level: 1 }));
  await client.ask('initialize', { supportsProgressReporting: true });
  const args = {
    capture: { file: capture, base: '0x40000000' },
    registers: fixture('linux-basic').registers,
  };
  const launch = client.post('launch', args);
  const start = await client.event<{ progressId: string; cancellable: boolean }>('progressStart');
  expect(start.cancellable).toBe(true);
  await Promise.all([client.ask('cancel', { progressId: start.progressId }), client.event('progressEnd')]);
  const response = await client.response(launch);
  expect(response.success).toBe(false);
  expect(response.message).toMatch(/cancel/);
  await client.event('terminated');
  expect(readdirSync(dir)).toEqual(['big.gz']);
});

test('a disconnect while an image is inflated ends at once and leaves nothing behind', async () => {
  const { client } = adapter;
  const noise = randomBytes(2 ** 20);
  const capture = written('big.gz', gzipSync(Buffer.concat(Array(BIG / 2 ** 20).fill(noise)), { level: 1 }));
  await client.ask('initialize', { supportsProgressReporting: true });
  client.post('launch', {
    capture: { file: capture, base: '0x40000000' },
    registers: fixture('linux-basic').registers,
  });
  await client.event('progressStart');
  await client.ask('disconnect');
  expect(await adapter.exit).toBe(0);
  expect(readdirSync(dir)).toEqual(['big.gz']);
});
