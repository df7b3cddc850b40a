/** Transactions on a kernel's dump: answers, faults that stop, micro-steps, explanations. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type SpawnedAdapter, spawnAdapter } from '../kit/dap.ts';
import { fixture } from '../kit/machine.ts';

const DMA = 2;
const MAPPED = 'translate sid=8 iova=0xffffb204';
const ANSWER = '0xffffb204 -> PA 0x480eb204 (ns), Normal iWB(RA,WA) oWB(RA,WA) ISH';

let adapter: SpawnedAdapter;
beforeEach(() => {
  adapter = spawnAdapter();
});
afterEach(async () => {
  adapter.client.close();
  expect(await adapter.exit).toBe(0);
  expect(adapter.stderr()).toBe('');
});

const launchBasic = (filters?: string[]) =>
  adapter.client.launch(fixture('linux-basic'), filters ? { filters } : {});

const eventsPending = () => adapter.client.value(DMA, 'Queues', 'EVENTQ', 'PROD');

test('a mapped address is answered at once, the second time from the TLB', async () => {
  const { client } = adapter;
  await launchBasic();
  expect(await client.evaluate(MAPPED)).toBe(ANSWER);
  expect(await client.evaluate(MAPPED)).toBe(`${ANSWER}, from the TLB`);
  expect((await client.variables(DMA, 'Caches', 'TLB'))[0]).toMatchObject({
    name: '0xffffb000',
    value: '4 KiB -> PA 0x480eb000',
  });
  expect(await client.value(DMA, 'Caches', 'policy')).toBe('maximal');
  const stop = await client.move('stepBack', DMA);
  expect(stop).toMatchObject({ reason: 'step', threadId: DMA });
});

test('a fault stops before it happens; the stop comes before the response', async () => {
  const { client } = adapter;
  await launchBasic();
  expect(await client.evaluate('translate sid=8 iova=0x1000')).toBe('stopped: F_TRANSLATION');
  const stop = await client.stopped();
  expect(stop).toMatchObject({ reason: 'exception', text: 'F_TRANSLATION', threadId: DMA });
  const order = client.messages.map((m) => (m.type === 'event' ? m.event : m.command));
  expect(order.lastIndexOf('stopped')).toBeLessThan(order.lastIndexOf('evaluate'));

  const info = await client.ask<DebugProtocol.ExceptionInfoResponse['body']>('exceptionInfo', {
    threadId: DMA,
  });
  expect(info.exceptionId).toBe('F_TRANSLATION');
  expect(info.description?.split('\n')[0]).toBe('Asked: read sid=0x8 iova=0x1000.');
  expect(info.description).toContain('Found: stage 1 level 1 descriptor at PA 0x4800f000 (ns)');
  expect(info.description).toContain('Decided by: TABLE.Valid [0] = 0');
  expect(info.details?.message).toContain('the event is written to the EVENTQ');

  expect(await eventsPending()).toBe('0x0 wrap 0');
  expect((await client.variables(DMA, 'Pending')).map(({ value }) => value).join('\n')).toContain(
    'EVENTQ[0x0]',
  );
  expect(await client.move('continue', DMA)).toMatchObject({ reason: 'pause', text: 'nothing pending' });
  expect(await eventsPending()).toBe('0x1 wrap 0');
  const document = await client.ask<{ text: string }>('smmu/document', {
    uri: 'smmu:/linux-basic-small.elf.gz/ns/eventq.smmuq',
  });
  expect(document.text).toContain('pending   F_TRANSLATION StreamID=0x8 iova=0x1000 read S1 IN');
});

test('the call stack goes from the descriptor to the transaction, each frame at the line that decided', async () => {
  const { client } = adapter;
  await launchBasic();
  await client.evaluate('translate sid=8 iova=0x1000');
  await client.stopped();
  const frames = await client.frames(DMA);
  expect(frames.map(({ name }) => name)).toEqual([
    'stage 1 level 1',
    'CD 0',
    'STE 0x8',
    'read sid=0x8 iova=0x1000',
  ]);
  const lines: string[] = [];
  for (const { source, line } of frames.slice(0, 3)) {
    const { content } = await client.ask<{ content: string }>('source', { source });
    lines.push(content.split('\n')[line - 1] ?? '');
  }
  expect(lines[0]).toBe('Valid [0] = 0');
  expect(lines[1]).toMatch(/^TTB0 /);
  expect(lines[2]).toBe('Config [3:1] = 5 (stage 1 only)');
  const scopes = (
    await client.ask<DebugProtocol.ScopesResponse['body']>('scopes', { frameId: frames[2]?.id })
  ).scopes;
  expect(scopes.map(({ name }) => name)).toEqual([
    'Current step',
    'Transaction',
    'STE',
    'Descriptor',
    'CD',
    'Pending',
    'Registers',
    'Queues',
    'Caches',
    'Traffic',
    'Devices',
  ]);
});

test('an invalid descriptor of the last level is shown as a leaf, with its raw words', async () => {
  const { client } = adapter;
  await launchBasic();
  expect(await client.evaluate('translate sid=8 iova=0xffff6000')).toBe('stopped: F_TRANSLATION');
  await client.stopped();
  const [frame] = await client.frames(DMA);
  expect(frame?.name).toBe('stage 1 level 3');
  const { content } = await client.ask<{ content: string }>('source', { source: frame?.source });
  expect(content.split('\n').slice(0, 3)).toEqual([
    '# S1_LEAF at PA 0x4847bfb0 (ns), 8 bytes; DDI 0487 D8.3',
    '# 0x0000000000000000',
    'Valid [0] = 0',
  ]);
});

test('a transaction started with step goes through STE, CD and each level by micro-steps', async () => {
  const { client } = adapter;
  await launchBasic();
  expect(await client.evaluate(`${MAPPED} step`)).toBe('stopped: before the first step');
  await client.stopped();
  const inside: string[] = [];
  for (let i = 0; i < 40; i++) {
    const frames = await client.frames(DMA);
    if (frames.length === 1 && frames[0]?.name === 'no transaction in flight') break;
    inside.push(frames[0]?.name ?? '');
    await client.move('stepIn', DMA);
  }
  const visited = inside.filter((name, i) => name !== inside[i - 1]);
  expect(visited).toEqual([
    'read sid=0x8 iova=0xffffb204',
    'L1STD 0',
    'STE 0x8',
    'CD 0',
    'stage 1 level 0',
    'stage 1 level 1',
    'stage 1 level 2',
    'stage 1 level 3',
  ]);
  expect(await client.evaluate(MAPPED)).toBe(`${ANSWER}, from the TLB`);
});

test('stepping back from a fault undoes nothing but the cursor; a filter that is off does not stop', async () => {
  const { client } = adapter;
  await launchBasic(['C_BAD_STREAMID']);
  expect(await client.evaluate('translate sid=8 iova=0x1000')).toMatch(
    /^fault: F_TRANSLATION: .*stage 1 level 1/,
  );
  expect(await eventsPending()).toBe('0x1 wrap 0');
  expect(await client.evaluate('translate sid=0xfffff iova=0')).toBe('stopped: C_BAD_STREAMID');
  await client.stopped();
  const before = await client.value(DMA, 'Current step', 'position');
  await client.move('stepBack', DMA);
  expect(await client.value(DMA, 'Current step', 'position')).not.toBe(before);
  const again = await client.move('stepIn', DMA);
  expect(again).toMatchObject({ reason: 'exception', text: 'C_BAD_STREAMID' });
  expect(await eventsPending()).toBe('0x1 wrap 0');
});

test('an abort without an event stops by the filter silent-abort only', async () => {
  const { client } = adapter;
  await launchBasic();
  const aborting = 'translate sid=1 iova=0x1000';
  expect(await client.evaluate(aborting)).toMatch(/^fault: terminated without an event: STE.Config=0/);
  await client.ask('setExceptionBreakpoints', { filters: ['silent-abort'] });
  expect(await client.evaluate(aborting)).toBe('stopped: silent-abort');
  await client.stopped();
  const info = await client.ask<DebugProtocol.ExceptionInfoResponse['body']>('exceptionInfo', {
    threadId: DMA,
  });
  expect(info.exceptionId).toBe('silent-abort');
  expect(info.description).toContain('Decided by: STE.Config [3:1] = 0');
  expect(await client.move('continue', DMA)).toMatchObject({ text: 'nothing pending' });
  expect(await eventsPending()).toBe('0x0 wrap 0');
});

test('watches and hovers answer without running anything', async () => {
  const { client } = adapter;
  await launchBasic();
  for (const context of ['watch', 'hover']) {
    expect(await client.evaluate('translate sid=8 iova=0x1000', context)).toMatch(/^fault: F_TRANSLATION/);
  }
  expect(client.messages.filter((m) => m.event === 'stopped')).toHaveLength(1);
  expect(await client.ask('smmu/state')).toMatchObject({ history: 0 });
});

test('what cannot be understood is answered with the expected form', async () => {
  const { client } = adapter;
  await launchBasic();
  const form = 'write translate sid=8 iova=';
  for (const [expression, answer] of [
    ['translate', 'is missing'],
    ['translate sid=8', 'iova is missing'],
    ['translate sid=eight iova=0', 'sid=eight is not a number'],
    ['translate sid=8 iova=0 sid=9', 'sid is given twice'],
    ['translate sid=8 iova=0x1_0000_0000_0000_0000', 'is not a 64-bit number'],
    ['translate sid=8 iova=0 world=moon', 'world=moon is no security state'],
    ['translate sid=8 iova=0 quickly', '"quickly" is not understood'],
    ['frobnicate', 'is no command here'],
    ['reg NOPE', 'there is no register NOPE'],
    ['reg CR0.NOPE', 'CR0 has no field NOPE'],
    ['ste 0x10000', 'it is not below 2^16, the size of the stream table'],
  ]) {
    await expect(client.evaluate(expression ?? '')).rejects.toThrow(answer);
  }
  await expect(client.evaluate('translate sid=8')).rejects.toThrow(form);
  expect(await client.evaluate('help')).toContain('translate sid=8 iova=');
});

test('look-ups show registers and structures with their fields', async () => {
  const { client } = adapter;
  await launchBasic();
  expect(await client.evaluate('reg CR0.SMMUEN')).toMatch(/^1/);
  expect(await client.evaluate('reg.ns.CR0')).toBe('0xd');
  const answer = await client.ask<DebugProtocol.EvaluateResponse['body']>('evaluate', {
    expression: 'ste(8)',
  });
  expect(answer.result).toBe('STE 0x8 at PA 0x5b660200 (ns)');
  const fields = await client.children(answer.variablesReference);
  expect(fields.find(({ name }) => name === 'Config')?.value).toBe('5 (stage 1 only)');
  const pointer = fields.find(({ name }) => name === 'S1ContextPtr');
  expect(pointer?.memoryReference).toBe('0x48119000');
  const cd = await client.ask<DebugProtocol.EvaluateResponse['body']>('evaluate', { expression: 'cd 8' });
  expect(cd.memoryReference).toBe('0x48119000');
});

test('memory is read by reference; what the image lacks is unreadable, not zero', async () => {
  const { client } = adapter;
  await launchBasic();
  const ste = await client.ask<{ data?: string; address: string }>('readMemory', {
    memoryReference: '0x5b660200',
    count: 8,
  });
  expect(Buffer.from(ste.data ?? '', 'base64').readUInt32LE(0) & 0xf).toBe(0xb);
  const odd = await client.ask<{ data?: string }>('readMemory', {
    memoryReference: '0x5b660200',
    offset: 1,
    count: 2,
  });
  expect(Buffer.from(odd.data ?? '', 'base64')).toEqual(Buffer.from(ste.data ?? '', 'base64').subarray(1, 3));
  expect(await client.ask('readMemory', { memoryReference: '0x1000', count: 16 })).toEqual({
    address: '0x1000',
    unreadableBytes: 16,
  });
  await expect(client.ask('readMemory', { memoryReference: 'here', count: 4 })).rejects.toThrow(
    'is no memory reference',
  );
});

test('completions offer commands, then their words', async () => {
  const { client } = adapter;
  await launchBasic();
  const labels = async (text: string) => {
    const body = await client.ask<DebugProtocol.CompletionsResponse['body']>('completions', {
      text,
      column: text.length + 1,
    });
    return body.targets.map(({ label }) => label);
  };
  expect(await labels('tr')).toEqual(['translate']);
  expect(await labels('translate sid=8 i')).toEqual(['iova=', 'inst']);
  expect(await labels('reg CR0A')).toEqual(['CR0ACK']);
});
