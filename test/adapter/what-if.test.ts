/** Setting fields, registers and memory while paused, and what becomes of the transaction. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Inline, inlineAdapter } from '../kit/inline.ts';
import { fingerprint, fixture } from '../kit/machine.ts';

const DMA = 2;
const FAULTING = 'translate sid=8 iova=0x1000';
/** The STE of StreamID 8 in the capture. */
const STE = 0x5b660200;

let adapter: Inline;
beforeEach(() => {
  adapter = inlineAdapter();
});
afterEach(() => adapter.client.close());

/** A stop at the F_TRANSLATION of an address that is not mapped. */
async function atFault(client: Record<string, unknown> = {}): Promise<void> {
  await adapter.client.launch(fixture('linux-basic'), { client });
  expect(await adapter.client.evaluate(FAULTING)).toBe('stopped: F_TRANSLATION');
  await adapter.client.stopped();
}

async function scope(name: string): Promise<number> {
  const [frame] = await adapter.client.frames(DMA);
  const { scopes } = await adapter.client.ask<DebugProtocol.ScopesResponse['body']>('scopes', {
    frameId: frame?.id,
  });
  return scopes.find((one) => one.name === name)?.variablesReference ?? 0;
}

async function set(
  of: string,
  name: string,
  value: string,
): Promise<DebugProtocol.SetVariableResponse['body']> {
  const variablesReference = await scope(of);
  return adapter.client.ask('setVariable', { variablesReference, name, value });
}

const setExpression = (expression: string, value: string, more: object = {}) =>
  adapter.client.ask<{ value: string }>('setExpression', { expression, value, ...more });

const outputs = (): string[] =>
  adapter.client.messages
    .filter(({ event }) => event === 'output')
    .map(({ body }) => (body as { output: string }).output.trimEnd());

const events = (name: string): unknown[] =>
  adapter.client.messages.filter(({ event }) => event === name).map(({ body }) => body);

test('a field is set by a name of its value, and the answer shows what is there now', async () => {
  await atFault();
  expect(await set('STE', 'Config', 'ABORT')).toMatchObject({ value: '0 (abort, no event)' });
  expect(await adapter.client.value(DMA, 'STE', 'Config')).toBe('0 (abort, no event)');
  expect(await set('STE', 'Config', '5 (stage 1 only)')).toMatchObject({ value: '5 (stage 1 only)' });
  expect(await set('STE', 'Config', '0b100')).toMatchObject({ value: '4 (bypass both stages)' });
});

test('an edit is compared in the console: what the transaction came to, and what it comes to', async () => {
  await atFault();
  await set('STE', 'Config', '0');
  const line = outputs().find((text) => text.startsWith('STE.Config 5 -> 0: '));
  expect(line).toMatch(
    /^STE\.Config 5 -> 0: F_TRANSLATION \(abort\): .* -> terminated without an event \(abort\): STE\.Config=0/,
  );
});

test('both results stand in the scope What if, with what differs', async () => {
  await atFault();
  expect(await scope('What if')).toBe(0);
  await set('STE', 'Config', 'BYPASS');
  const variants = await adapter.client.variables(DMA, 'What if');
  expect(variants.map(({ name, value }) => `${name}: ${value.slice(0, 21)}`)).toEqual([
    '0 as it was: F_TRANSLATION (abort)',
    '1 STE.Config 5 -> 4: PA 0x1000 (ns), Norma',
  ]);
  const changed = await adapter.client.children(variants[1]?.variablesReference ?? 0);
  expect(changed.map(({ name, value }) => `${name}: ${value}`)).toEqual(
    expect.arrayContaining([
      'result: abort -> ok',
      'event: F_TRANSLATION -> none',
      'PA: none -> 0x1000 (ns)',
    ]),
  );
});

test('the thread stands where the plan has become another, and continuing completes it', async () => {
  await atFault();
  await set('STE', 'Config', 'BYPASS');
  expect(await adapter.client.move('continue', DMA)).toMatchObject({ text: 'nothing pending' });
  expect(await adapter.client.evaluate('again')).toMatch(/^0x1000 -> PA 0x1000 \(ns\)/);
});

test('an edit is an operation of the history, and taking it back leaves nothing behind', async () => {
  await atFault();
  const { smmu } = adapter.session.debuggee;
  const before = fingerprint(smmu);
  await set('CD', 'ASID', '0x77');
  await set('STE', 'Config', 'BYPASS');
  expect(fingerprint(smmu)).not.toBe(before);
  expect(await adapter.client.evaluate('history')).toBe(
    '0  dma       CD.ASID 3 -> 0x77\n1  dma       STE.Config 5 -> 4',
  );
  expect(await adapter.client.ask('smmu/rewind', { to: 0 })).toEqual({ history: 0 });
  expect(await adapter.client.stopped()).toMatchObject({ reason: 'goto', threadId: DMA });
  expect(fingerprint(smmu)).toBe(before);
});

test('what does not fit is refused with the field, its range and its names, and nothing changes', async () => {
  await atFault();
  const { smmu } = adapter.session.debuggee;
  const before = fingerprint(smmu);
  const refused: [string, string, RegExp][] = [
    ['STE', '8', /^STE\.Config: 8 does not fit \[3:1\]; write 0 to 0x7, or ABORT, BYPASS, S1, S2, NESTED$/],
    ['STE', '-1', /-1 does not fit/],
    ['STE', 'sideways', /^STE\.Config: "sideways" is no value: .*; write 0 to 0x7, or ABORT/],
    ['STE', 'ste(8)', /"ste\(8\)" is no number/],
    ['STE', '1 +', /is no value/],
  ];
  for (const [of, value, sentence] of refused)
    await expect(set(of, 'Config', value)).rejects.toThrow(sentence);
  await expect(set('STE', 'S1ContextPtr', '0x48119001')).rejects.toThrow(/in steps of 0x40/);
  await expect(set('STE', 'nothing', '1')).rejects.toThrow('there is no variable "nothing"');
  await expect(set('Current step', 'position', '1')).rejects.toThrow('position cannot be set');
  await expect(
    adapter.client.ask('setVariable', { variablesReference: 999_999, name: 'V', value: '1' }),
  ).rejects.toThrow('this variable is gone');
  expect(fingerprint(smmu)).toBe(before);
});

test('descriptors, commands and whole words are set as well', async () => {
  await atFault();
  const [raw] = await adapter.client.variables(DMA, 'Descriptor', 'words');
  expect(raw).toMatchObject({ name: '+0x0', evaluateName: expect.stringMatching(/^mem\(0x/) });
  const answer = await setExpression(raw?.evaluateName ?? '', '0x4800f003');
  expect(answer.value).toBe('0x4800f003');
  expect(await adapter.client.value(DMA, 'Descriptor', 'words', '+0x0')).toMatch(/4800f003$/);
});

test('a command in the ring is set, and the queue shows the other one', async () => {
  const { client } = adapter;
  await client.launch({ ...fixture('linux-pending'), enableQueue: true });
  const CMDQ = 1;
  const [first] = await client.variables(CMDQ, 'Queues', 'CMDQ', 'pending');
  const fields = await client.children(first?.variablesReference ?? 0);
  const asid = fields.find(({ name }) => name === 'ASID');
  expect(asid?.evaluateName).toMatch(/^at\(CMD_TLBI_NH_VA, 0x5b723a90\)\.ASID$/);
  await client.ask('setVariable', {
    variablesReference: first?.variablesReference,
    name: 'ASID',
    value: '0x77',
  });
  expect((await client.frames(CMDQ))[0]?.name).toBe(
    'TLBI_NH_VA ASID=0x77 Address=0xffda1000 Leaf TG=4KB TTL=3',
  );
  expect(await client.value(CMDQ, 'Command', 'ASID')).toBe('0x77');
  await client.ask('setVariable', {
    variablesReference: first?.variablesReference,
    name: 'ASID',
    value: '1',
  });
  expect(outputs().at(-1)).toMatch(/^CMD_TLBI_NH_VA\.ASID 0x77 -> 1: /);
});

test('expressions are set: structures by stream, by address, of the frame, and registers', async () => {
  await atFault();
  expect(await setExpression('ste(8).Config', 'BYPASS')).toMatchObject({ value: '4 (bypass both stages)' });
  expect(await setExpression(`at(STE, 0x${STE.toString(16)}).Config`, 'S1')).toMatchObject({
    value: '5 (stage 1 only)',
  });
  expect(await setExpression('cd(8, 0).ASID', 'cd(8).ASID + 1')).toMatchObject({ value: '4' });
  expect(await setExpression('Config', '0')).toMatchObject({ value: '0 (abort, no event)' });
  expect(await setExpression('reg.ns.CR0.SMMUEN', '0')).toMatchObject({ value: '0' });
  expect(adapter.session.debuggee.smmu.state('ns').smmuEnabled).toBe(false);
  await expect(setExpression('sid', '9')).rejects.toThrow('sid cannot be set');
  await expect(setExpression('', '9')).rejects.toThrow('there is nothing to set');
});

test('a register is written as software writes it: what it ignores is refused with the reason', async () => {
  await atFault();
  await expect(setExpression('reg.ns.STRTAB_BASE.ADDR', '0x484c0000')).rejects.toThrow(/STRTAB_BASE.*SMMUEN/);
  await expect(setExpression('reg.ns.IDR0.S1P', '0')).rejects.toThrow('cannot be set');
  const registers = await adapter.client.variables(DMA, 'Registers');
  const readOnly = (name: string): boolean =>
    registers.find((one) => one.name === name)?.presentationHint?.attributes?.includes('readOnly') === true;
  expect([readOnly('IDR0'), readOnly('CR0')]).toEqual([true, false]);
});

test('clients hear that memory and variables are others now, if they can', async () => {
  await atFault({ supportsMemoryEvent: true, supportsInvalidatedEvent: true });
  await set('STE', 'Config', '0');
  expect(events('memory')).toEqual([{ memoryReference: `0x${STE.toString(16)}`, offset: 0, count: 4 }]);
  expect(events('invalidated')).toEqual([{ areas: ['all'] }]);
});

test('clients that know neither event hear neither', async () => {
  await atFault();
  await set('STE', 'Config', '0');
  expect([...events('memory'), ...events('invalidated')]).toEqual([]);
});

test('an edit that a cache hides says what empty caches would give', async () => {
  const { client } = adapter;
  await client.launch(fixture('linux-basic'));
  const mapped = 'translate sid=8 iova=0xffffb204';
  expect(await client.evaluate(mapped)).toMatch(/-> PA /);
  await setExpression('ste(8).Config', 'ABORT');
  expect(outputs().at(-1)).toMatch(
    /^STE\.Config 5 -> 0: .*, from the TLB; with empty caches it would be terminated without an event/,
  );
  expect(await client.evaluate('again')).toMatch(/-> PA .*from the TLB$/);
});

test('what empty caches give is computed only when somebody asks', async () => {
  const { client } = adapter;
  await client.launch(fixture('linux-basic'));
  await client.evaluate('translate sid=8 iova=0xffffb204');
  await setExpression('ste(8).Config', 'ABORT');
  await client.evaluate('again step');
  const lazy = (await client.variables(DMA, 'Transaction')).find(({ name }) => name === 'with empty caches');
  expect(lazy?.presentationHint).toMatchObject({ lazy: true });
  const computed = await client.children(lazy?.variablesReference ?? 0);
  expect(computed.map(({ name, value }) => `${name}: ${value}`)).toEqual([
    expect.stringMatching(/^with empty caches: terminated without an event \(abort\): STE\.Config=0/),
  ]);
});

test('variables say what to evaluate to get them again, and that gives the same', async () => {
  await atFault();
  const seen: DebugProtocol.Variable[] = [];
  for (const name of ['STE', 'CD', 'Descriptor']) seen.push(...(await adapter.client.variables(DMA, name)));
  const registers = await adapter.client.variables(DMA, 'Registers');
  seen.push(...registers);
  for (const { variablesReference } of registers.slice(0, 4)) {
    seen.push(...(await adapter.client.children(variablesReference)));
  }
  const named = seen.filter(({ evaluateName }) => evaluateName !== undefined);
  expect(named.length).toBeGreaterThan(100);
  for (const { evaluateName = '', value, memoryReference } of named) {
    const again = await adapter.client.ask<DebugProtocol.EvaluateResponse['body']>('evaluate', {
      expression: evaluateName,
      context: 'watch',
    });
    expect({ evaluateName, value: again.result, memory: again.memoryReference }).toEqual({
      evaluateName,
      value,
      memory: memoryReference,
    });
  }
});

test('restarting a frame goes back to its first step', async () => {
  await atFault();
  const frames = await adapter.client.frames(DMA);
  const outer = frames.at(-1);
  await adapter.client.ask('restartFrame', { frameId: outer?.id });
  expect(await adapter.client.stopped()).toMatchObject({ reason: 'restart', threadId: DMA });
  expect(await adapter.client.value(DMA, 'Current step', 'position')).toMatch(/^1 of /);
  await expect(adapter.client.ask('restartFrame', { frameId: 999_999 })).rejects.toThrow(
    'this stack frame is gone',
  );
});

test('memory is written in bytes, and the event names what changed', async () => {
  await atFault({ supportsMemoryEvent: true });
  const memoryReference = `0x${STE.toString(16)}`;
  const data = Buffer.from([0x09, 0x90, 0x11]).toString('base64');
  expect(await adapter.client.ask('writeMemory', { memoryReference, data })).toEqual({ bytesWritten: 3 });
  const read = await adapter.client.ask<{ data: string }>('readMemory', { memoryReference, count: 4 });
  expect([...Buffer.from(read.data, 'base64')]).toEqual([0x09, 0x90, 0x11, 0x48]);
  expect(await adapter.client.value(DMA, 'STE', 'Config')).toMatch(/^4 /);
  expect(events('memory')).toEqual([{ memoryReference, offset: 0, count: 4 }]);
  const odd = await adapter.client.ask('writeMemory', {
    memoryReference,
    offset: 3,
    data: Buffer.from([1, 2]).toString('base64'),
  });
  expect(odd).toEqual({ bytesWritten: 2 });
  await adapter.client.ask('smmu/rewind', { to: 0 });
  await adapter.client.stopped();
  expect(await adapter.client.evaluate('ste(8).Config')).toBe('5 (stage 1 only)');
});

test('memory that the image lacks is not written, unless a part will do', async () => {
  await atFault();
  const data = Buffer.alloc(16, 0xaa).toString('base64');
  await expect(adapter.client.ask('writeMemory', { memoryReference: '0x1000', data })).rejects.toThrow(
    /0x1000 \(ns\) is not in the image; nothing was written/,
  );
  await expect(
    adapter.client.ask('writeMemory', { memoryReference: '0x1000', data, allowPartial: true }),
  ).rejects.toThrow('not in the image');
  const end = 0x5b801000;
  const partly = { memoryReference: `0x${(end - 8).toString(16)}`, data };
  await expect(adapter.client.ask('writeMemory', partly)).rejects.toThrow('is not in the image');
  expect(await adapter.client.ask('writeMemory', { ...partly, allowPartial: true })).toMatchObject({
    bytesWritten: 8,
  });
  for (const bad of [{ data: '***' }, { memoryReference: 'here' }, { offset: -(2 ** 60) }, { data: 5 }]) {
    await expect(
      adapter.client.ask('writeMemory', { memoryReference: '0x5b660200', data, ...bad }),
    ).rejects.toThrow(/base64|no memory reference|outside/);
  }
});
