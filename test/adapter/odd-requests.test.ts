/** Requests that are too much, too long, or about what is not there: an answer in a moment, in words that help. */

import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type SpawnedAdapter, spawnAdapter } from '../kit/dap.ts';
import { fixture } from '../kit/machine.ts';

/** A script, whose thread is the first then. */
const SCRIPT = path.resolve(import.meta.dirname, '../dap/scripts/session.smmu');
const PROGRAM = 1;
const CMDQ = 1;
const DMA = 2;
/** More than any sentence, less than anybody would notice. */
const SHORT = 2500;
const MS = 2000;

let adapter: SpawnedAdapter;
beforeEach(async () => {
  adapter = spawnAdapter();
  await adapter.client.launch({ ...fixture('linux-pending'), enableQueue: true }, { filters: [] });
});
afterEach(async () => {
  adapter.client.close();
  expect(await adapter.exit).toBe(0);
  expect(adapter.stderr()).toBe('');
});

type Set = DebugProtocol.SetBreakpointsResponse['body'];
type Info = DebugProtocol.DataBreakpointInfoResponse['body'];

const refusal = async (command: string, args: Record<string, unknown>): Promise<string> => {
  const { success, message } = await adapter.client.response(adapter.client.post(command, args));
  expect(success).toBe(false);
  return message ?? '';
};
const watchable = (args: Record<string, unknown>): Promise<Info> =>
  adapter.client.ask<Info>('dataBreakpointInfo', args);

/** Into the STE of a transaction. */
async function intoSte(): Promise<DebugProtocol.StackFrame> {
  const { client } = adapter;
  await client.evaluate('translate sid=8 iova=0x1000 step');
  await client.stopped();
  for (let i = 0; i < 20; i++) {
    const [frame] = await client.frames(DMA);
    if (frame?.name.startsWith('STE')) return frame;
    await client.move('stepIn', DMA);
  }
  throw new Error('no STE');
}

test('a name of a million letters, and patterns of many wildcards, are answered in a moment', async () => {
  const names = ['x'.repeat(1e6), '*?'.repeat(20).concat('Z'), '*e*'.repeat(5000), '?'.repeat(1e5)];
  const began = Date.now();
  for (const name of names) {
    const { breakpoints } = await adapter.client.ask<Set>('setFunctionBreakpoints', {
      breakpoints: [{ name }],
    });
    expect(breakpoints).toMatchObject([{ verified: false }]);
    expect(breakpoints[0]?.message).toMatch(/ is no command | matches no command /);
  }
  expect(Date.now() - began).toBeLessThan(MS);
});

test.each([
  ['evaluate', { expression: 'x'.repeat(1e6) }],
  ['setExpression', { expression: 'x'.repeat(1e5), value: '1' }],
  ['writeMemory', { memoryReference: '0x5b700000', data: 'A'.repeat(4e6) }],
  ['readMemory', { memoryReference: 'x'.repeat(1e5), count: 4 }],
  ['source', { source: { path: 'x'.repeat(1e5) } }],
])('what %s says of something huge is a sentence', async (command, args) => {
  expect((await refusal(command, args)).length).toBeLessThan(SHORT);
});

test('a thousand lines of a document with a long name are set in a moment', async () => {
  const began = Date.now();
  const breakpoints = Array.from({ length: 1000 }, (_, i) => ({ line: i + 1 }));
  const body = await adapter.client.ask<Set>('setBreakpoints', {
    source: { path: 'x'.repeat(1e6) },
    breakpoints,
  });
  expect(body.breakpoints).toHaveLength(1000);
  expect(Date.now() - began).toBeLessThan(MS);
});

test('instructions beyond the physical address space have addresses that a client can read', async () => {
  for (const instructionOffset of [-1e15, 1e300]) {
    const { instructions } = await adapter.client.ask<{
      instructions: DebugProtocol.DisassembledInstruction[];
    }>('disassemble', { memoryReference: '0x5b700000', instructionOffset, instructionCount: 2 });
    expect(instructions).toHaveLength(2);
    for (const { address, presentationHint } of instructions) {
      expect(BigInt(address)).toBeLessThanOrEqual(1n << 52n);
      expect(presentationHint).toBe('invalid');
    }
  }
});

test('every expression that names a place can be watched, as its field by number can', async () => {
  const byStream = await watchable({ name: 'ste(8).Config' });
  expect(byStream.dataId).toMatch(/^ns:0x[0-9a-f]+\+4&0xe$/);
  const pa = /0x[0-9a-f]+/.exec(byStream.dataId ?? '')?.[0];
  expect((await watchable({ name: `at(STE, ${pa}).Config` })).dataId).toBe(byStream.dataId);
  expect((await watchable({ name: `mem(${pa})` })).dataId).toBe(`ns:${pa}+8`);
  const whole = await watchable({ name: `at(STE, ${pa})` });
  expect(whole.dataId).toBe(`ns:${pa}+64`);
  const { id: frameId } = await intoSte();
  for (const name of ['Config', 'STE.Config']) {
    expect((await watchable({ name, frameId })).dataId).toBe(byStream.dataId);
  }
  expect((await watchable({ name: 'STE', frameId })).dataId).toBe(whole.dataId);
});

test('what lies nowhere cannot be watched, and memory that the image lacks says so', async () => {
  expect(await watchable({ name: 'sid + 1' })).toMatchObject({ dataId: null });
  expect((await watchable({ name: 'mem(0x10)' })).description).toContain('not in the image');
});

test('an entry of a queue can be watched as any variable', async () => {
  const { client } = adapter;
  const cmdq = await client.variables(CMDQ, 'Queues', 'CMDQ');
  const { variablesReference } = cmdq.find(({ name }) => name === 'ring') ?? {};
  const body = await client.ask<DebugProtocol.VariablesResponse['body']>('variables', {
    variablesReference,
    filter: 'indexed',
    start: 0x23aa,
    count: 1,
  });
  const [entry] = body.variables;
  expect(entry?.memoryReference).toBe('0x5b723aa0');
  expect((await watchable({ name: entry?.name, variablesReference })).dataId).toMatch(/^ns:0x5b723aa0\+/);
});

test('a name that is known but means nothing here is not taken for a slip of the hand', async () => {
  const message = await refusal('evaluate', { expression: 'sid', context: 'watch' });
  expect(message).toContain('sid means nothing here');
  expect(message).not.toContain('did you mean');
});

test('a place of the event queue that holds nothing says so, and one that is not there is refused', async () => {
  const { client } = adapter;
  await client.ask('restart', { arguments: { program: SCRIPT } });
  const queue = await client.variables(PROGRAM, 'Queues', 'EVENTQ');
  const entries = Number.parseInt(queue.find(({ name }) => name === 'entries')?.value ?? '', 10);
  expect(await client.evaluate(`why event ${entries - 1}`)).toBe(
    `EVENTQ[${entries - 1}]: empty, no record was ever written there; the next one goes to [0].`,
  );
  expect(await refusal('evaluate', { expression: `why event ${entries}` })).toContain(
    `its records are 0 to ${entries - 1}`,
  );
});

test('a command of the console whose StreamID is missing says that', async () => {
  expect(await refusal('evaluate', { expression: 'maps' })).toMatch(/^sid= is missing; write maps sid=/);
});

test('a call that finds nothing says what was asked for', async () => {
  expect(await refusal('evaluate', { expression: 'ste(0x99999).Config + 1', context: 'watch' })).toContain(
    'ste(0x99999) is nothing that is known here',
  );
});
