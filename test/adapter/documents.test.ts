import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { documentUri, parseDocumentUri } from '../../src/adapter/documents.ts';
import { captureName } from '../../src/adapter/inputs.ts';
import { type SpawnedAdapter, spawnAdapter } from '../kit/dap.ts';
import { fixture } from '../kit/machine.ts';

const CMDQ = 1;
const EVENTQ = 'smmu:/linux-faults-small.elf.gz/ns/eventq.smmuq';

let adapter: SpawnedAdapter;
beforeAll(async () => {
  adapter = spawnAdapter();
  await adapter.client.launch(fixture('linux-faults'));
});
afterAll(async () => {
  adapter.client.close();
  expect(await adapter.exit).toBe(0);
});

async function text(uri: string): Promise<string> {
  return (await adapter.client.ask<{ content: string }>('source', { source: { path: uri } })).content;
}

test('the document of the EVENTQ has a line for each of the 256 waiting records', async () => {
  const lines = (await text(EVENTQ)).split('\n');
  const pending = lines.filter((line) => line.includes('  pending   '));
  expect(pending).toHaveLength(256);
  const names = new Set(pending.map((line) => /pending +(\w+)/.exec(line)?.[1]));
  expect([...names].sort()).toEqual(['C_BAD_STREAMID', 'F_PERMISSION', 'F_TRANSLATION']);
  expect(lines.filter((line) => line.includes('  consumed  ')).length).toBeGreaterThanOrEqual(64);
});

test('the records are variables with decoded fields', async () => {
  const { client } = adapter;
  const queues = await client.variables(CMDQ, 'Queues');
  expect(queues.find(({ name }) => name === 'EVENTQ')?.value).toBe('256 pending');
  const [first] = await client.variables(CMDQ, 'Queues', 'EVENTQ', 'pending');
  const fields = await client.children(first?.variablesReference ?? 0);
  const number = fields.find(({ name }) => name === 'EventNumber');
  expect(first?.value).toContain(/\((\w+)\)/.exec(number?.value ?? '')?.[1] ?? 'no name');
});

test('a client may have numbers in hexadecimal; counts and sizes stay as they are', async () => {
  const { client } = adapter;
  const value = async (expression: string, hex: boolean) =>
    (await client.ask<DebugProtocol.EvaluateResponse['body']>('evaluate', { expression, format: { hex } }))
      .result;
  expect(await value('reg STRTAB_BASE_CFG.LOG2SIZE', false)).toBe('16');
  expect(await value('reg STRTAB_BASE_CFG.LOG2SIZE', true)).toBe('0x10');
  expect(await value('reg STRTAB_BASE_CFG.FMT', true)).toMatch(/^0x1 \(/);
  const [frame] = await client.frames(CMDQ);
  const { scopes } = await client.ask<DebugProtocol.ScopesResponse['body']>('scopes', { frameId: frame?.id });
  const { variables } = await client.ask<DebugProtocol.VariablesResponse['body']>('variables', {
    variablesReference: scopes.find(({ name }) => name === 'Queues')?.variablesReference,
    format: { hex: true },
  });
  expect(variables.find(({ name }) => name === 'EVENTQ')?.value).toBe('256 pending');
});

test('both queues are loaded sources, by reference for clients that know no URIs', async () => {
  const { client } = adapter;
  const { sources } = await client.ask<DebugProtocol.LoadedSourcesResponse['body']>('loadedSources');
  expect(sources.slice(0, 2).map(({ name }) => name)).toEqual(['CMDQ ns', 'EVENTQ ns']);
  const events = sources[1];
  const byReference = await client.ask<{ content: string }>('source', {
    sourceReference: events?.sourceReference,
  });
  expect(byReference.content).toBe(await text(EVENTQ));
});

test('a URI that is no document is refused with the form of one', async () => {
  await expect(text('smmu:/x/ns/nonsense.smmuq')).rejects.toThrow('smmu:/CAPTURE/ns/cmdq.smmuq');
  await expect(text('/etc/passwd')).rejects.toThrow('is no document of this session');
});

test('a structure whose memory is not in the image says so', async () => {
  expect(await text('smmu:/x/ns/STE@0x1000.smmuq')).toContain('# the memory there is outside RAM');
});

test('the Streams tree begins with the stream table and opens node by node', async () => {
  const { client } = adapter;
  const tree = (id: string | null) =>
    client.ask<{ nodes: { id: string; label: string }[] }>('smmu/tree', { id });
  const [root] = (await tree(null)).nodes;
  expect(root?.label).toBe('Stream table (Non-secure)');
  const streams = (await tree(root?.id ?? null)).nodes;
  expect(streams.length).toBeGreaterThan(1);
  expect((await tree('nowhere/at/all')).nodes).toEqual([]);
});

test('VS Code gets URIs without numbers, so that its tabs outlive a session', async () => {
  const other = spawnAdapter();
  await other.client.launch(fixture('linux-faults'), { client: { clientID: 'vscode' } });
  const [frame] = await other.client.frames(CMDQ);
  expect(frame?.source).toEqual({ name: 'CMDQ ns', path: 'smmu:/linux-faults-small.elf.gz/ns/cmdq.smmuq' });
  await other.client.ask('disconnect');
  expect(await other.exit).toBe(0);
});

test('a client that counts from 0 gets lines from 0', async () => {
  const other = spawnAdapter();
  const zero = { linesStartAt1: false, columnsStartAt1: false };
  await other.client.launch(fixture('linux-faults'), { client: zero });
  const [mine] = await adapter.client.frames(CMDQ);
  const [frame] = await other.client.frames(CMDQ);
  expect(frame).toMatchObject({ line: (mine?.line ?? 0) - 1, column: 0 });
  await other.client.ask('disconnect');
});

test('the URI of a document says all there is to know about it, escaped by clients or not', () => {
  for (const document of [
    { kind: 'queue', world: 'ns', queue: 'CMDQ' },
    { kind: 'structure', space: 's', layout: 'CD', pa: 0x48119000 },
  ] as const) {
    const uri = documentUri('a dump/of mine', document);
    expect(parseDocumentUri(uri)).toEqual(document);
    expect(parseDocumentUri(uri.replace('@', '%40'))).toEqual(document);
  }
  for (const uri of [
    '',
    'smmu:/x',
    'smmu:/x/moon/cmdq.smmuq',
    'smmu:/x/ns/STE@12.smmuq',
    'smmu:/x/ns/NOPE@0x0.smmuq',
  ])
    expect(parseDocumentUri(uri)).toBeNull();
});

test('a capture is named by its folder and file', () => {
  expect(captureName('/a/linux-basic/small.elf.gz')).toBe('linux-basic-small.elf.gz');
  expect(captureName([{ file: 'C:\\dumps\\ram.bin@0x40000000' }])).toBe('dumps-ram.bin');
  expect(captureName(undefined)).toBe('capture');
});
