/** A viewer of a Security state learns nothing of the states that are hidden from it, whatever it asks. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { describe, expect, test } from 'vitest';
import { Connection } from '../../src/adapter/connection.ts';
import { nodeHost } from '../../src/adapter/node-host.ts';
import type { World } from '../../src/bits/world.ts';
import type { treeChildren } from '../../src/inspect/tree.ts';
import { DapClient } from '../kit/dap.ts';
import { inlineAdapter } from '../kit/inline.ts';
import { CMDQ, CMDQ_LOG2, commandWords, EVENTQ, SID, STRTAB, TestSmmu } from '../kit/smmu.ts';
import { map } from '../kit/tables.ts';

type Viewer = World | 'none';
type Hidden = Exclude<World, 'ns'>;

/** Digits that only things of that state have in them. */
const SECRET: Readonly<Record<Hidden, string>> = { s: 'abcde', realm: 'dcbae', root: 'fedcb' };
const HIDDEN: Readonly<Record<Viewer, readonly Hidden[]>> = {
  none: [],
  root: [],
  s: ['realm', 'root'],
  realm: ['s', 'root'],
  ns: ['s', 'realm', 'root'],
};
const IOVA: Readonly<Record<'ns' | 's' | 'realm', bigint>> = {
  ns: 0x1000n,
  s: 0xabcde000n,
  realm: 0xdcbae000n,
};
const PA: Readonly<Record<'ns' | 's' | 'realm', bigint>> = {
  ns: 0x42340000n,
  s: 0x4abcd000n,
  realm: 0x4dcba000n,
};
const PREFIX = { s: 'S_', realm: 'R_' } as const;

function secretWord(world: Hidden): number {
  return Number.parseInt(`${SECRET[world]}077`, 16);
}

/** All four states set up and used, with secrets in memory, registers, caches and queues of three of them. */
function machine(): TestSmmu {
  const m = new TestSmmu({ worlds: 'rme', caches: 'maximal' });
  for (const world of ['ns', 's', 'realm'] as const) {
    const w = m.in(world);
    w.ste({});
    w.cd({ ASID: 5 });
    map(w, { iova: IOVA[world], pa: PA[world] });
    const iova = `0x${IOVA[world].toString(16)}`;
    w.dma(iova);
    // Not mapped: an event record with the address.
    w.dma(`0x${(IOVA[world] + 0x300000n).toString(16)}`);
    const words = commandWords('CMD_TLBI_NH_VA', { ASID: 5, Address: Number(IOVA[world]) });
    w.store(CMDQ, words);
    if (world === 'ns') continue;
    m.set({ [`${PREFIX[world]}GERROR_IRQ_CFG1`]: secretWord(world) });
    m.set({ [`${PREFIX[world]}CMDQ_PROD`]: 1 });
    w.store(STRTAB + 0x1000, Uint32Array.of(secretWord(world)));
  }
  m.set({ CMDQ_PROD: 1 });
  m.set({ 'ROOT_GPT_BASE.ADDR': 0x4fedcb000, 'ROOT_GPF_FAR.FADDR': 0x4fedcb000 });
  m.in('root').store(STRTAB + 0x1000, Uint32Array.of(secretWord('root')));
  return m;
}

/** The adapter over a machine that is there already. */
function adapterOver(m: TestSmmu): DapClient {
  const connection = new Connection({
    clock: nodeHost().clock,
    open: () =>
      Promise.resolve({ smmu: m.smmu, program: null, description: 'made', warnings: [], close: () => {} }),
  });
  return new DapClient((receive) => {
    connection.onDidSendMessage((message) =>
      receive(structuredClone(message) as Parameters<typeof receive>[0]),
    );
    return {
      send: (message) => connection.handleMessage(message as Parameters<Connection['handleMessage']>[0]),
      close: () => connection.dispose(),
    };
  });
}

const EXPRESSIONS = (['ns', 's', 'realm', 'root'] as const).flatMap((world) => [
  `ste ${SID} world=${world}`,
  `cd ${SID} world=${world}`,
  `maps sid=${SID} world=${world}`,
  `find pa=${world === 's' ? '0x4abcd000' : '0x4dcba000'} world=${world}`,
  `translate sid=${SID} iova=0x${(IOVA[world as 'ns'] ?? 0n).toString(16)} world=${world}`,
  `why sid=${SID} iova=0x${(IOVA[world as 'ns'] ?? 0n).toString(16)} world=${world}`,
  `why cmdq world=${world}`,
  `why eventq world=${world}`,
  `why gerror world=${world}`,
  `why event 0 world=${world}`,
  `reg.${world}`,
  `ste(${SID}, ${world}).S1ContextPtr`,
  `cd(${SID}, 0, ${world}).TTB0`,
  `mem(0x${(STRTAB + 0x1000).toString(16)}, ${world})`,
  `at(STE, 0x${(STRTAB + 64 * SID).toString(16)}, ${world})`,
]);
const OTHERS = [
  'why',
  'history',
  'invalidations',
  'again',
  'devices',
  'notifiers',
  'reg S_GERROR_IRQ_CFG1',
  'reg R_GERROR_IRQ_CFG1',
  'reg ROOT_GPT_BASE',
  'reg.s.GERROR_IRQ_CFG1.value',
  'reg.realm.GERROR_IRQ_CFG1.value',
  'reg.s.GERROR_IRQ_CFG1.value + 1',
  'mem(0x40001000, s) + 1',
];

/** Asks for everything there is, and returns all that the adapter says to it, questions left out. */
async function everything(viewer: Viewer): Promise<string> {
  const client = adapterOver(machine());
  const ask = async (command: string, args: Record<string, unknown> = {}): Promise<unknown> => {
    const { success, body } = await client.response(client.post(command, args));
    return success ? body : undefined;
  };
  await client.launch({ capture: 'made', registers: 'made', viewerWorld: viewer }, { filters: [] });
  const variables = async (reference: number, depth: number): Promise<void> => {
    if (reference === 0 || depth === 0) return;
    const body = (await ask('variables', { variablesReference: reference })) as
      | DebugProtocol.VariablesResponse['body']
      | undefined;
    for (const one of body?.variables ?? []) await variables(one.variablesReference, depth - 1);
  };
  const look = async (): Promise<void> => {
    const { threads } = (await ask('threads')) as DebugProtocol.ThreadsResponse['body'];
    for (const { id } of [...threads, { id: 9 }]) {
      const stack = (await ask('stackTrace', { threadId: id })) as
        | DebugProtocol.StackTraceResponse['body']
        | undefined;
      for (const frame of stack?.stackFrames.slice(0, 2) ?? []) {
        const { scopes } = (await ask('scopes', {
          frameId: frame.id,
        })) as DebugProtocol.ScopesResponse['body'];
        for (const scope of scopes) await variables(scope.variablesReference, 3);
      }
      await ask('exceptionInfo', { threadId: id });
    }
  };
  const tree = async (id: string | null): Promise<void> => {
    const { nodes } = (await ask('smmu/tree', { id })) as { nodes: ReturnType<typeof treeChildren> };
    for (const node of nodes) if (node.collapsible !== 'none') await tree(node.id);
  };
  await look();
  await tree(null);
  for (const world of ['ns', 's', 'realm', 'root'] as const) {
    for (const uri of [
      `${world}/cmdq`,
      `${world}/eventq`,
      `${world}/STE@0x40000200`,
      `${world}/CD@0x40400000`,
    ]) {
      await ask('smmu/document', { uri: `smmu:/made/${uri}.smmuq` });
      await ask('source', { source: { path: `smmu:/made/${uri}.smmuq` } });
      await ask('smmu/why', { uri: `smmu:/made/${uri}.smmuq`, line: 5 });
      await ask('breakpointLocations', { source: { path: `smmu:/made/${uri}.smmuq` }, line: 1, endLine: 90 });
      await ask('gotoTargets', { source: { path: `smmu:/made/${uri}.smmuq` }, line: 5 });
    }
    for (const at of [STRTAB + 0x1000, CMDQ, EVENTQ]) {
      const memoryReference = `${world}:0x${at.toString(16)}`;
      await ask('readMemory', { memoryReference, count: 16 * 2 ** CMDQ_LOG2 });
      await ask('disassemble', { memoryReference, instructionCount: 8, resolveSymbols: true });
      await ask('dataBreakpointInfo', { name: memoryReference });
      await ask('writeMemory', { memoryReference, data: 'AAAAAA==' });
    }
    await ask('smmu/enableQueue', { world });
    await ask('smmu/notifiers', { world });
  }
  for (const expression of [...EXPRESSIONS, ...OTHERS]) {
    for (const context of ['watch', 'repl', 'clipboard']) {
      const body = (await ask('evaluate', { expression, context })) as
        | DebugProtocol.EvaluateResponse['body']
        | undefined;
      await variables(body?.variablesReference ?? 0, 2);
    }
  }
  await ask('setFunctionBreakpoints', {
    breakpoints: [
      {
        name: '*',
        logMessage:
          '{reg.s.GERROR_IRQ_CFG1.value} {mem(0x40001000, s)} {reg.realm.GERROR_IRQ_CFG1.value} {ste(8, s).value}',
      },
    ],
  });
  for (const command of ['stepIn', 'next', 'stepBack', 'continue', 'reverseContinue']) {
    const { threads } = (await ask('threads')) as DebugProtocol.ThreadsResponse['body'];
    for (const { id } of threads) await ask(command, { threadId: id });
    await look();
  }
  await ask('loadedSources');
  await ask('modules');
  await ask('smmu/state');
  await ask('smmu/history');
  await ask('smmu/notifierMatrix');
  await ask('smmu/policies');
  const text = client.messages.map((message) => JSON.stringify(message).toLowerCase()).join('\n');
  client.close();
  return text;
}

describe('a viewer', () => {
  test.each(['none', 'root', 's', 'realm', 'ns'] as const)(
    '%s: sees what it may, and nothing else',
    async (viewer) => {
      const said = await everything(viewer);
      const found = (Object.keys(SECRET) as Hidden[]).filter((world) => {
        const decimal = String(secretWord(world));
        return said.includes(SECRET[world]) || said.includes(decimal);
      });
      const shown = (Object.keys(SECRET) as Hidden[]).filter((world) => !HIDDEN[viewer].includes(world));
      expect(found).toEqual(shown);
      const masks = { s: 'masked (secure)', realm: 'masked (realm)', root: 'masked (root)' } as const;
      for (const world of Object.keys(masks) as Hidden[])
        expect(said.includes(masks[world]), masks[world]).toBe(HIDDEN[viewer].includes(world));
    },
    120_000,
  );
});

describe('a viewer of a script', () => {
  test('steps over what the script does in a hidden state, and is shown none of it', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'smmu-viewer-'));
    const file = path.join(folder, 'two.smmu');
    writeFileSync(
      file,
      [
        'machine preset=architecture-secure',
        'device dual sid=0x30 worlds=ns,s',
        'map ns sid=0x30 iova=0x1000 pa=0x50000000 size=4K',
        'map s sid=0x30 iova=0xabcde000 pa=0x90000000 size=4K',
        'invalidate ns all',
        'invalidate s all',
        'dma dual read 0x1000 64',
        'dma dual read 0xabcde000 64 world=s',
        '',
      ].join('\n'),
    );
    const said = async (viewer: Viewer): Promise<string> => {
      const { client } = inlineAdapter();
      await client.launch({ program: file, viewerWorld: viewer }, { filters: [] });
      for (let i = 0; i < 2000; i++) {
        const seq = client.post('stepIn', { threadId: 1 });
        await client.response(seq);
        const [frame] = await client.frames(1).catch(() => []);
        if (!frame) break;
        const { scopes } = await client.ask<DebugProtocol.ScopesResponse['body']>('scopes', {
          frameId: frame.id,
        });
        for (const { variablesReference } of scopes.slice(0, 4)) await client.children(variablesReference);
        if (client.messages.some((m) => m.type === 'event' && m.event === 'exited')) break;
      }
      await client.response(client.post('smmu/history'));
      const text = client.messages.map((message) => JSON.stringify(message).toLowerCase()).join('\n');
      client.close();
      return text;
    };
    const all = await said('none');
    const seen = await said('ns');
    rmSync(folder, { recursive: true });
    expect(all).toContain('abcde');
    expect(all).toContain('"exited"');
    expect(seen).toContain('"exited"');
    expect(seen).not.toContain('abcde');
    expect(seen).not.toContain('0x90000000');
    expect(seen).toContain('0x50000000');
    expect(seen).toContain('masked (secure)');
  }, 60_000);
});
