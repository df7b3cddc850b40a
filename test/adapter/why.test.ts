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
