import path from 'node:path';
/** The console's `why`, on a kernel's dump. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type SpawnedAdapter, spawnAdapter } from '../kit/dap.ts';
import { fixture } from '../kit/machine.ts';

const DMA = 2;

let adapter: SpawnedAdapter;
beforeEach(() => {
  adapter = spawnAdapter();
});
afterEach(async () => {
  adapter.client.close();
  expect(await adapter.exit).toBe(0);
  expect(adapter.stderr()).toBe('');
});

test('a transaction that is only imagined is explained, and nothing changes', async () => {
  const { client } = adapter;
  await client.launch(fixture('linux-basic'));
  const text = await client.evaluate('why sid=8 iova=0x1000 write');
  expect(text).toMatch(
    /^Asked: StreamID 0x8 \(00:01\.0\) writes 0x1000, unprivileged, Non-secure\.\nRead: L1STD 0 /,
  );
  expect(text).toContain('Outcome: F_TRANSLATION.');
  expect(text).toContain('Mapped by stage 1 below: nothing; above: 0xf');
  expect(text).toMatch(/\nCure: .*\nWhat follows: the transaction is terminated and the event is written/);
  expect(await client.value(DMA, 'Queues', 'EVENTQ', 'PROD')).toBe('0x0 wrap 0');
});

test('alone it explains the stop with what exceptionInfo says', async () => {
  const { client } = adapter;
  await client.launch(fixture('linux-basic'));
  await client.evaluate('translate sid=8 iova=0x1000');
  await client.stopped();
  const text = await client.evaluate('why');
  const info = await client.ask<DebugProtocol.ExceptionInfoResponse['body']>('exceptionInfo', {
    threadId: DMA,
  });
  const more = info.details?.stackTrace ?? '';
  expect(more).toContain('Rule: ');
  expect(more).toContain('Mapped by stage 1 below: ');
  expect(text.endsWith(more)).toBe(true);
});

test('queues, global errors and records are explained by name', async () => {
  const { client } = adapter;
  await client.launch(fixture('linux-faults'));
  expect(await client.evaluate('why cmdq')).toMatch(/^CMDQ ns: /);
  expect(await client.evaluate('why gerror')).toMatch(/^GERROR ns: /);
  expect(await client.evaluate('why eventq')).toMatch(/^EVENTQ ns: /);
  expect(await client.evaluate('why event 0')).toMatch(/^EVENTQ\[0\]: (?:F|C)_\w+ StreamID=/);
});

test('at rest it looks at the last record and at the queue', async () => {
  const { client } = adapter;
  await client.launch(fixture('linux-faults'));
  expect(await client.evaluate('why')).toMatch(/^(?:EVENTQ\[\d+\]|CMDQ ns|Asked): /);
});

test('what is not understood gets the form in one sentence', async () => {
  const { client } = adapter;
  await client.launch(fixture('linux-basic'));
  await expect(client.evaluate('why not')).rejects.toThrow(/write why \[sid=8 /);
  await expect(client.evaluate('why event x')).rejects.toThrow(/"x" is no index of the event queue/);
});

test('a hover over a recorded event says what `why event` says, and one over a line without meaning nothing', async () => {
  const { client } = adapter;
  await client.launch(fixture('linux-faults'));
  const ask = async (uri: string, line: number): Promise<unknown> =>
    (await client.ask('smmu/why', { uri, line }))['text'];
  const { capture } = await client.ask<{ capture: string }>('smmu/state');
  const uri = `smmu:/${capture}/ns/eventq.smmuq`;
  const { text } = await client.ask<{ text: string }>('smmu/document', { uri });
  const at = text.split('\n').findIndex((line) => /F_TRANSLATION/.test(line)) + 1;
  expect(at).toBeGreaterThan(0);
  const said = await ask(uri, at);
  expect(said).toMatch(/^EVENTQ\[\d+\]: F_TRANSLATION/);
  expect(await client.evaluate(`why event ${/\d+/.exec(String(said))?.[0]}`)).toBe(said);
  expect(await ask(uri, 1)).toBeNull();
  expect(await ask('/nowhere.smmu', 1)).toBeNull();
});

test('a hover over the statement before which a program stands says why its transaction comes to what it does', async () => {
  const { client } = adapter;
  const program = path.resolve(
    import.meta.dirname,
    '../../extension/samples/scripts/bug-03-tlbi-missing.smmu',
  );
  await client.launch({ program }, { filters: ['stale-use'] });
  await client.move('continue', 1);
  const line = (await client.frames(1)).find(({ source }) => source?.path === program)?.line;
  const { text } = await client.ask<{ text: string | null }>('smmu/why', { uri: program, line });
  expect(text).toContain('stale use (certain, unsafe): TLB entry');
  expect(text).toContain('what removes it: CMD_TLBI_NH_ASID');
  expect(await client.evaluate('why')).toContain('what removes it: CMD_TLBI_NH_ASID');
});
