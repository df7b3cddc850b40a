/** Sessions on an SMMU with all four Security states: threads, scopes, documents and the console by state. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { SessionState } from '../../src/adapter/custom-requests.ts';
import { inlineAdapter } from '../kit/inline.ts';
import { SID } from '../kit/smmu.ts';
import { captureOf, fourWorlds, PAGES } from '../kit/worlds.ts';

let folder = '';
let inputs: ReturnType<typeof captureOf>;
let client: ReturnType<typeof inlineAdapter>['client'];
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'smmu-worlds-'));
  inputs = captureOf(fourWorlds(), folder);
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  ({ client } = inlineAdapter());
  await client.launch({ ...inputs }, { filters: [] });
});
afterEach(() => client.close());

const names = (list: readonly { name: string }[]): string[] => list.map(({ name }) => name);
const scopes = async (threadId: number): Promise<string[]> => {
  const [frame] = await client.frames(threadId);
  const body = await client.ask<DebugProtocol.ScopesResponse['body']>('scopes', { frameId: frame?.id });
  return names(body.scopes);
};

test('each state with a queue is a thread, and each that is there a register scope', async () => {
  const { threads } = await client.ask<DebugProtocol.ThreadsResponse['body']>('threads');
  expect(names(threads)).toEqual(['CMDQ ns', 'CMDQ s', 'CMDQ realm', 'DMA']);
  const all = ['Registers', 'Registers (Secure)', 'Registers (Realm)', 'Registers (Root)'];
  expect((await scopes(1)).filter((name) => name.startsWith('Registers'))).toEqual(all);
  // The thread's own state comes first.
  expect((await scopes(2)).filter((name) => /Registers|Queues/.test(name))).toEqual([
    'Registers (Secure)',
    'Registers',
    'Registers (Realm)',
    'Registers (Root)',
    'Queues (Secure)',
    'Queues',
    'Queues (Realm)',
  ]);
  expect(await client.value(1, 'Registers (Root)', 'ROOT_GPT_BASE_CFG', 'PPS')).toContain('1');
});

test('a client that shows one state gets its scopes, threads and tree alone, and the thread that stopped', async () => {
  const threads = async (): Promise<string[]> => {
    const body = await client.ask<DebugProtocol.ThreadsResponse['body']>('threads');
    return names(body.threads);
  };
  const roots = async (world: string): Promise<string[]> => {
    const { nodes } = await client.ask<{ nodes: { id: string }[] }>('smmu/tree', { id: null, world });
    return nodes.map(({ id }) => id);
  };
  const all = await scopes(2);
  await client.ask('smmu/showWorld', { world: 's' });
  expect(await threads()).toEqual(['CMDQ ns', 'CMDQ s', 'DMA']);
  const secure = all.filter((name) => !/^(Registers|Queues)$|Realm|Root/.test(name));
  expect(await scopes(2)).toEqual(secure);
  // The numbers of threads stay: that of Realm state is not shown, and is there.
  await client.move('next', 3);
  expect(await threads()).toEqual(['CMDQ s', 'CMDQ realm', 'DMA']);
  await client.ask('smmu/showWorld', { world: 'root' });
  expect((await scopes(3)).filter((name) => /Registers|Queues/.test(name))).toEqual(['Registers (Root)']);
  expect([await roots('s'), await roots('root')]).toEqual([['s'], ['root']]);
  await client.ask('smmu/showWorld', {});
  expect(await threads()).toEqual(['CMDQ ns', 'CMDQ s', 'CMDQ realm', 'DMA']);
  await expect(client.ask('smmu/showWorld', { world: 'x' })).rejects.toThrow('write ns, s, realm, root');
});

test('the state of a session tells of each', async () => {
  const state = await client.ask<SessionState>('smmu/state');
  expect(state.worlds.map(({ world, commandsPending }) => `${world} ${commandsPending}`)).toEqual([
    'ns 1',
    's 1',
    'realm 1',
  ]);
});

test('each queue has its document and runs on its thread', async () => {
  const { sources } = await client.ask<DebugProtocol.LoadedSourcesResponse['body']>('loadedSources');
  expect(names(sources as { name: string }[])).toEqual(expect.arrayContaining(['CMDQ s', 'EVENTQ realm']));
  const [frame] = await client.frames(3);
  expect(frame?.name).toContain('TLBI_NH_ALL');
  expect(frame?.instructionPointerReference).toBe('realm:0x40800000');
  await client.move('next', 3);
  expect((await client.ask<SessionState>('smmu/state')).worlds.map((one) => one.commandsPending)).toEqual([
    1, 1, 0,
  ]);
  await client.move('stepBack', 3);
  expect((await client.frames(3))[0]?.name).toContain('TLBI_NH_ALL');
});

test('commands are disassembled and memory is read in their own space', async () => {
  const { instructions } = await client.ask<DebugProtocol.DisassembleResponse['body'] & object>(
    'disassemble',
    {
      memoryReference: 's:0x40800000',
      instructionCount: 1,
      resolveSymbols: true,
    },
  );
  expect(instructions).toMatchObject([
    { address: 's:0x40800000', instruction: 'TLBI_NH_ALL', symbol: 'CMDQ s[0x0] pending' },
  ]);
  const read = await client.ask<{ address: string; data: string }>('readMemory', {
    memoryReference: 'root:0x40a00000',
    count: 4,
  });
  expect(read).toMatchObject({ address: 'root:0x40a00000', data: 'kQAAAA==' });
});

test.each(['s', 'realm'] as const)('the console takes world=%s', async (world) => {
  const { iova, pa } = PAGES[world];
  const [va, to] = [`0x${iova.toString(16)}`, `0x${pa.toString(16)}`];
  expect(await client.evaluate(`ste ${SID} world=${world}`)).toBe(`STE 0x8 at PA 0x40000200 (${world})`);
  expect(await client.evaluate(`cd ${SID} world=${world}`)).toContain(`at PA 0x40400000 (${world})`);
  expect(await client.evaluate(`ste(${SID}, ${world}).V`)).toContain('1');
  expect(await client.evaluate(`cd(${SID}, 0, ${world}).ASID`)).toContain('5');
  expect(await client.evaluate(`maps sid=${SID} world=${world}`)).toContain(`${to} (${world})`);
  expect(await client.evaluate(`find pa=${to} world=${world}`)).toContain(`IOVA ${va} -> ${to}`);
  expect(await client.evaluate(`translate sid=${SID} iova=${va} world=${world}`)).toContain(
    `PA ${to} (${world})`,
  );
  expect(await client.evaluate(`why cmdq world=${world}`)).toContain(`CMDQ ${world}`);
  expect(await client.evaluate(`why sid=${SID} iova=0x9000 world=${world}`)).toContain('F_TRANSLATION');
  const register = world === 's' ? 'S_CR0' : 'R_CR0';
  expect(await client.evaluate(`reg ${register}.SMMUEN`)).toContain('1');
  expect(await client.evaluate(`reg.${world}.CR0.SMMUEN`)).toContain('1');
});

test('a state that is none is refused with those that there are', async () => {
  await expect(client.evaluate(`ste ${SID} world=x`)).rejects.toThrow('write ns, s, realm, root');
});

test('a condition of a breakpoint tells operations apart by their state', async () => {
  await client.ask('setFunctionBreakpoints', {
    breakpoints: [{ name: 'CMD_TLBI_*', condition: 'world == s' }],
  });
  const stopped = async (threadId: number): Promise<string> => {
    await client.ask('continue', { threadId });
    return (await client.stopped()).reason;
  };
  expect(await stopped(3)).toBe('pause');
  expect(await stopped(2)).toBe('function breakpoint');
});

test('a data breakpoint watches the structure of another state', async () => {
  const info = await client.ask<DebugProtocol.DataBreakpointInfoResponse['body']>('dataBreakpointInfo', {
    name: `ste(${SID}, s).V`,
  });
  expect(info.dataId).toContain('s:');
  await client.ask('setDataBreakpoints', { breakpoints: [{ dataId: info.dataId, accessType: 'read' }] });
  const at = async (world: string): Promise<string> => {
    await client.evaluate(
      `translate sid=${SID} iova=0x${PAGES[world as 's'].iova.toString(16)} world=${world}`,
    );
    return client.messages.filter((m) => m.type === 'event' && m.event === 'stopped').length.toString();
  };
  const before = await at('realm');
  expect(Number(await at('s'))).toBe(Number(before) + 1);
});

test('enableQueue and a write of a register reach the state that is named', async () => {
  await client.ask('setExpression', { expression: 'reg.realm.CR0.CMDQEN', value: '0' });
  const enabled = async (): Promise<boolean[]> =>
    (await client.ask<SessionState>('smmu/state')).worlds.map(({ cmdqEnabled }) => cmdqEnabled);
  expect(await enabled()).toEqual([true, true, false]);
  expect(await client.ask('smmu/enableQueue', { world: 'realm' })).toEqual({ changed: true });
  expect(await enabled()).toEqual([true, true, true]);
});

test('memory of a space is written there alone', async () => {
  await client.ask('writeMemory', { memoryReference: 'realm:0x41300000', data: 'AQIDBA==' });
  const read = async (space: string): Promise<unknown> =>
    (await client.ask<{ data?: string }>('readMemory', { memoryReference: `${space}:0x41300000`, count: 4 }))
      .data;
  expect([await read('realm'), await read('s')]).toEqual(['AQIDBA==', 'AAAAAA==']);
});
