/** A kernel's dump with 16 commands waiting, stepped by a client over standard input and output. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { type SpawnedAdapter, spawnAdapter } from '../kit/dap.ts';
import { fixture } from '../kit/machine.ts';

const CMDQ = 1;
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

const launchPending = (more: object = {}) =>
  adapter.client.launch({ ...fixture('linux-pending'), enableQueue: true, ...more });

const consumed = () => adapter.client.value(CMDQ, 'Queues', 'CMDQ', 'CONS');

test('the session stops on entry before the first command, with the queue and the DMA thread', async () => {
  const { client } = adapter;
  expect(await launchPending()).toMatchObject({ reason: 'entry', threadId: CMDQ, allThreadsStopped: true });
  expect(await client.ask('threads')).toEqual({
    threads: [
      { id: CMDQ, name: 'CMDQ ns' },
      { id: DMA, name: 'DMA' },
    ],
  });
  const [frame, ...outer] = await client.frames(CMDQ);
  expect(outer).toEqual([]);
  expect(frame).toMatchObject({
    name: 'TLBI_NH_VA ASID=1 Address=0xffda1000 Leaf TG=4KB TTL=3',
    source: { name: 'CMDQ ns', path: 'smmu:/linux-pending-small.elf.gz/ns/cmdq.smmuq' },
    instructionPointerReference: '0x5b723a90',
  });
  expect(await consumed()).toBe('0x23a9 wrap 0');
});

test('the line of the frame is the line of the command in the document', async () => {
  const { client } = adapter;
  await launchPending();
  for (const command of ['TLBI_NH_VA ASID=1 Address=0xffda1000', 'SYNC']) {
    const [frame] = await client.frames(CMDQ);
    const { content } = await client.ask<{ content: string }>('source', {
      source: frame?.source,
      sourceReference: frame?.source?.sourceReference,
    });
    expect(content.split('\n')[(frame?.line ?? 0) - 1]).toContain(`pending   ${command}`);
    await client.move('next', CMDQ);
  }
});

test('sixteen times next consumes the sixteen commands, then nothing is pending', async () => {
  const { client } = adapter;
  await launchPending();
  const names: string[] = [];
  for (let i = 0; i < 16; i++) {
    names.push((await client.frames(CMDQ))[0]?.name.split(' ')[0] ?? '');
    expect((await client.move('next', CMDQ)).reason).toBe('step');
  }
  expect(names.filter((name) => name === 'TLBI_NH_VA')).toHaveLength(8);
  expect(names.filter((name) => name === 'SYNC')).toHaveLength(8);
  expect(await consumed()).toBe('0x23b9 wrap 0');
  const idle = { reason: 'pause', text: 'nothing pending', description: 'nothing pending', threadId: CMDQ };
  expect(await client.move('next', CMDQ)).toMatchObject(idle);
  expect(await client.move('continue', CMDQ)).toMatchObject(idle);
  expect((await client.frames(CMDQ))[0]?.name).toBe('nothing pending');
});

test('continue runs to the end of the queue and reverseContinue back to the beginning', async () => {
  const { client } = adapter;
  await launchPending();
  expect(await client.move('continue', CMDQ)).toMatchObject({ reason: 'pause', text: 'nothing pending' });
  expect(await consumed()).toBe('0x23b9 wrap 0');
  expect(await client.move('reverseContinue', CMDQ)).toMatchObject({ reason: 'entry' });
  expect(await consumed()).toBe('0x23a9 wrap 0');
  expect(await client.evaluate('reg CR0.CMDQEN')).toBe('0');
});

test('stepping in shows micro-steps, with what is planned apart from what is', async () => {
  const { client } = adapter;
  await launchPending();
  const steps: string[] = [];
  for (let i = 0; i < 3; i++) {
    steps.push(await client.value(CMDQ, 'Current step', 'next step'));
    expect((await client.move('stepIn', CMDQ)).reason).toBe('step');
  }
  expect(steps[0]).toBe('read command 0x23a9 at 0x5b723a90');
  expect(await client.value(CMDQ, 'Current step', 'in')).toBe('CMDQ[0x23a9] TLBI_NH_VA');
  expect(new Set(steps).size).toBe(3);
  expect(await consumed()).toBe('0x23a9 wrap 0');
  const pending = await client.variables(CMDQ, 'Pending');
  expect(pending.at(-1)?.value).toBe('CMDQ_CONS moves past the command: 0x23a9 -> 0x23aa');
  await client.move('stepBack', CMDQ);
  expect(await client.value(CMDQ, 'Current step', 'next step')).toBe(steps[2]);
  await client.move('stepOut', CMDQ);
  expect(await consumed()).toBe('0x23aa wrap 0');
  expect((await client.frames(CMDQ))[0]?.name).toMatch(/^SYNC/);
  await client.move('stepBack', CMDQ);
  expect(await consumed()).toBe('0x23a9 wrap 0');
  expect(await client.value(CMDQ, 'Current step', 'next step')).toBe(steps[0]);
});

test('instruction granularity steps by micro-steps', async () => {
  const { client } = adapter;
  await launchPending();
  await client.move('next', CMDQ, { granularity: 'instruction' });
  expect(await client.value(CMDQ, 'Current step', 'position')).toMatch(/^2 of /);
});

test('without enableQueue the thread says that the queue is disabled, and a request enables it', async () => {
  const { client } = adapter;
  const disabled = 'command queue disabled (CR0.CMDQEN=0)';
  expect(await client.launch(fixture('linux-pending'))).toMatchObject({ reason: 'entry', text: disabled });
  for (const command of ['next', 'continue', 'stepIn'])
    expect(await client.move(command, CMDQ)).toMatchObject({ reason: 'pause', description: disabled });
  expect(await client.ask('smmu/enableQueue')).toEqual({ changed: true });
  expect((await client.stopped()).text).toBeUndefined();
  expect((await client.frames(CMDQ))[0]?.name).toMatch(/^TLBI_NH_VA/);
  expect(await client.ask('smmu/state')).toMatchObject({
    capture: 'linux-pending-small.elf.gz',
    worlds: [{ world: 'ns', cmdqEnabled: true, commandsPending: 16, eventsPending: 0 }],
    history: 1,
  });
});

test('without stopOnEntry the queue runs at once', async () => {
  const stop = await launchPending({ stopOnEntry: false });
  expect(stop).toMatchObject({ reason: 'pause', text: 'nothing pending' });
  expect(await consumed()).toBe('0x23b9 wrap 0');
});

test('rings of 65,536 entries are fetched in pages', async () => {
  const { client } = adapter;
  await launchPending();
  const ring = (await client.variables(CMDQ, 'Queues', 'CMDQ')).find(({ name }) => name === 'ring');
  expect(ring).toMatchObject({ indexedVariables: 65536 });
  const body = await client.ask<{ variables: { name: string; value: string }[] }>('variables', {
    variablesReference: ring?.variablesReference,
    filter: 'indexed',
    start: 0x23a9,
    count: 3,
  });
  expect(body.variables.map(({ name }) => name)).toEqual(['[9129]', '[9130]', '[9131]']);
  expect(body.variables[0]?.value).toContain('TLBI_NH_VA');
});

test('consumed commands that are still in the ring run again on request, and that can be taken back', async () => {
  const { client } = adapter;
  await launchPending({ replayConsumed: true });
  expect(client.messages.some((m) => JSON.stringify(m.body ?? '').includes('1193 consumed commands'))).toBe(
    true,
  );
  const first = (await client.frames(CMDQ))[0]?.name ?? '';
  expect(first).not.toBe('');
  expect(await client.move('continue', CMDQ)).toMatchObject({ reason: 'pause', text: 'nothing pending' });
  expect(await consumed()).toBe('0x23b9 wrap 0');
  expect(await client.ask('smmu/state')).toMatchObject({ history: 1 + 1 + 1193 + 16 });
  await client.move('reverseContinue', CMDQ);
  expect(await consumed()).toBe('0x23a9 wrap 0');
});
