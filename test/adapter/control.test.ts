/** Going elsewhere: goto, targets of a step, granularity, backwards with a pause, the history, the ring as code. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Session } from '../../src/adapter/session.ts';
import { encode } from '../../src/bits/layout.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { entryAddress, ring } from '../../src/model/queues/ring.ts';
import { COMMANDS } from '../../src/spec/commands.ts';
import { type Inline, inlineAdapter } from '../kit/inline.ts';
import { fingerprint, fixture } from '../kit/machine.ts';

const CMDQ = 1;
const DMA = 2;
const PROGRAM = 1;
const QUEUE = { path: 'smmu:/linux-pending-small.elf.gz/ns/cmdq.smmuq' };
const SCRIPT = path.resolve(import.meta.dirname, '../../extension/samples/scripts/hello.smmu');

let adapter: Inline;
beforeEach(() => {
  adapter = inlineAdapter();
});
afterEach(() => adapter.client.close());

const pending = () => adapter.client.launch({ ...fixture('linux-pending'), enableQueue: true });
const targets = async (source: object, line: number): Promise<DebugProtocol.GotoTarget[]> =>
  (await adapter.client.ask<DebugProtocol.GotoTargetsResponse['body']>('gotoTargets', { source, line }))
    .targets;
const top = async (thread: number) => (await adapter.client.frames(thread))[0] as DebugProtocol.StackFrame;
const lineOf = (text: string): number => readFileSync(SCRIPT, 'utf8').split('\n').indexOf(text) + 1;

describe('a queue', () => {
  test('pending commands are skipped, as an operation that can be taken back', async () => {
    const { client, session } = adapter;
    await pending();
    const before = fingerprint(session.debuggee.smmu);
    const { line } = await top(CMDQ);
    const [skip] = await targets(QUEUE, line + 2);
    expect(skip?.label).toBe('Skip to CMDQ ns[0x23ab]');
    expect(await client.move('goto', CMDQ, { targetId: skip?.id })).toMatchObject({ reason: 'goto' });
    expect((await top(CMDQ)).line).toBe(line + 2);
    expect(await client.value(CMDQ, 'Queues', 'CMDQ', 'CONS')).toBe('0x23ab wrap 0');
    await client.move('stepBack', CMDQ);
    expect(fingerprint(session.debuggee.smmu)).toBe(before);
  });

  test('a consumed command leads back to before it was consumed', async () => {
    const { client, session } = adapter;
    await pending();
    const { line } = await top(CMDQ);
    await client.move('next', CMDQ);
    const before = fingerprint(session.debuggee.smmu);
    await client.move('continue', CMDQ);
    const [target] = await targets(QUEUE, line + 1);
    expect(target?.label).toBe('Back to before CMDQ ns[0x23aa] (entry 2)');
    await client.move('goto', CMDQ, { targetId: target?.id });
    expect((await top(CMDQ)).line).toBe(line + 1);
    expect(fingerprint(session.debuggee.smmu)).toBe(before);
  });

  test('lines that mean nothing have no targets, and unknown targets are refused', async () => {
    const { client } = adapter;
    await pending();
    const { line } = await top(CMDQ);
    expect(await targets(QUEUE, line)).toEqual([]);
    expect(await targets(QUEUE, 1)).toEqual([]);
    expect(await targets({ path: '/nowhere' }, 1)).toEqual([]);
    expect(await targets({ sourceReference: 777 }, 1)).toEqual([]);
    await expect(client.ask('goto', { threadId: CMDQ, targetId: 5 })).rejects.toThrow('this target is gone');
    await expect(client.ask('goto', { threadId: 77, targetId: 5 })).rejects.toThrow('there is no thread 77');
  });
});

describe('a program', () => {
  test('goes on at another line without running what lies between, and back to when a line ran', async () => {
    const { client } = adapter;
    await client.launch({ program: SCRIPT });
    await client.move('next', PROGRAM);
    const let5 = lineOf('let buffer = 0x50000000');
    expect((await top(PROGRAM)).line).toBe(let5);
    await client.move('next', PROGRAM);
    const [again, back] = await targets({ path: SCRIPT }, let5);
    expect([again?.label, back?.label]).toEqual([
      `Go on at line ${let5}`,
      `Back to when line ${let5} ran (entry 1)`,
    ]);
    await client.move('goto', PROGRAM, { targetId: again?.id });
    expect((await top(PROGRAM)).line).toBe(let5);
    const first = (await targets({ path: SCRIPT }, let5)).find(({ label }) => label.includes('entry 1'));
    expect(await client.move('goto', PROGRAM, { targetId: first?.id })).toMatchObject({ reason: 'goto' });
    expect((await top(PROGRAM)).line).toBe(let5);
    expect(await client.ask('smmu/history')).toMatchObject({ total: 1 });
  });

  test('is among the loaded sources and the modules, and its names are known to expressions', async () => {
    const { client } = adapter;
    await client.launch({ program: SCRIPT });
    await client.move('next', PROGRAM);
    await client.move('next', PROGRAM);
    const { sources } = await client.ask<DebugProtocol.LoadedSourcesResponse['body']>('loadedSources');
    expect(sources.map(({ name }) => name)).toEqual(['hello.smmu', 'CMDQ ns', 'EVENTQ ns']);
    expect(await client.ask('modules')).toMatchObject({
      totalModules: 2,
      modules: [{ id: 'smmu' }, { name: 'hello.smmu', path: SCRIPT, format: 'script' }],
    });
    expect(await client.evaluate('buffer + 4K')).toBe('0x50001000');
    expect(await client.evaluate('buffer', 'hover')).toBe('0x50000000');
  });

  test('its history names the lines', async () => {
    const { client } = adapter;
    await client.launch({ program: SCRIPT });
    await client.move('next', PROGRAM);
    expect(await client.ask('smmu/history')).toEqual({
      total: 1,
      entries: [{ index: 0, thread: 'program', text: 'line 4: device nic sid=8', line: 4 }],
    });
  });

  test('what its transactions come to is compared after an edit', async () => {
    const { client } = adapter;
    await client.launch({ program: SCRIPT });
    expect(await client.move('continue', PROGRAM)).toMatchObject({ text: 'F_TRANSLATION' });
    await client.ask('setExpression', { expression: 'ste(8).Config', value: 'ABORT' });
    const variants = await client.variables(PROGRAM, 'What if');
    expect(variants.map(({ name }) => name)).toEqual(['0 as it was', '1 STE.Config 5 -> 0']);
  });
});

describe('stepping', () => {
  test('a step goes into what the user chooses', async () => {
    const { client } = adapter;
    await client.launch(fixture('linux-basic'));
    await client.evaluate('translate sid=8 iova=0x1000 step');
    await client.stopped();
    const { targets: ahead } = await client.ask<DebugProtocol.StepInTargetsResponse['body']>(
      'stepInTargets',
      {
        frameId: (await top(DMA)).id,
      },
    );
    expect(ahead.map(({ label }) => label)).toEqual([
      'L1STD 0',
      'STE 0x8',
      'CD 0',
      'stage 1 level 0',
      'stage 1 level 1',
    ]);
    await client.move('stepIn', DMA, { targetId: ahead[2]?.id });
    expect((await top(DMA)).name).toBe('CD 0');
    await expect(client.ask('stepInTargets', { frameId: 1 })).rejects.toThrow('this stack frame is gone');
  });

  test('by instruction it goes by micro-steps, forwards and back into what was committed', async () => {
    const { client } = adapter;
    await pending();
    const { line } = await top(CMDQ);
    await client.move('next', CMDQ, { granularity: 'instruction' });
    expect((await top(CMDQ)).line).toBe(line);
    expect(await client.value(CMDQ, 'Current step', 'position')).toMatch(/^2 of /);
    await client.move('next', CMDQ, { granularity: 'line' });
    expect((await top(CMDQ)).line).toBe(line + 1);
    await client.move('stepBack', CMDQ, { granularity: 'instruction' });
    expect((await top(CMDQ)).line).toBe(line);
    const [at, of] = (await client.value(CMDQ, 'Current step', 'position')).split(' of ');
    expect(at).toBe(of);
    await client.move('next', CMDQ);
    await client.move('stepBack', CMDQ, { granularity: 'statement' });
    expect(await client.value(CMDQ, 'Current step', 'position')).toMatch(/^1 of /);
  });

  test('backwards over a long history it answers meanwhile, and pauses', async () => {
    const { client, session } = adapter;
    await client.launch(fixture('linux-basic'));
    fillQueue(session);
    await client.move('continue', CMDQ);
    const all = session.debuggee.debugger.history.length;
    expect(all).toBeGreaterThan(10_000);
    await client.ask('reverseContinue', { threadId: CMDQ });
    await expect(client.ask('next', { threadId: CMDQ })).rejects.toThrow('pause it first');
    expect(await client.ask('threads')).toMatchObject({ threads: [{ name: 'CMDQ ns' }, { name: 'DMA' }] });
    await client.ask('pause', { threadId: CMDQ });
    expect(await client.stopped()).toMatchObject({ reason: 'pause' });
    const left = session.debuggee.debugger.history.length;
    expect(left).toBeLessThan(all);
    expect(left).toBeGreaterThan(0);
    expect(await client.move('reverseContinue', CMDQ)).toMatchObject({
      reason: 'entry',
      text: 'the beginning of the history',
    });
    expect(session.debuggee.debugger.history.length).toBe(0);
  });
});

/** Fills the command queue as far as the image has it. */
function fillQueue(session: Session): void {
  const { smmu } = session.debuggee;
  const q = ring(smmu.bank, 'CMDQ', 'ns');
  const size = 2 ** q.log2size;
  const sync = encode(COMMANDS.CMD_SYNC.layout, { Opcode: COMMANDS.CMD_SYNC.opcode });
  for (let i = 0; i < size; i++) smmu.memory('ns').store(entryAddress(q, i), sync, 0, sync.length);
  smmu.bank.poke(offsetOf('CMDQ_PROD'), q.cons + (1 - q.consWrap) * size);
  session.debuggee.debugger.invalidate();
}

describe('the history', () => {
  test('is listed in pages, and led back to by number', async () => {
    const { client } = adapter;
    await pending();
    await client.move('continue', CMDQ);
    const page = await client.ask<{ total: number; entries: { index: number; text: string }[] }>(
      'smmu/history',
      {
        start: 1,
        count: 2,
      },
    );
    expect(page).toEqual({
      total: 17,
      entries: [
        { index: 1, thread: 'cmdq.ns', text: 'CMDQ[0x23a9] TLBI_NH_VA', worlds: ['ns'] },
        { index: 2, thread: 'cmdq.ns', text: 'CMDQ[0x23aa] SYNC', worlds: ['ns'] },
      ],
    });
    expect(await client.evaluate('history 2')).toBe(
      '15  cmdq.ns   CMDQ[0x23b7] TLBI_NH_VA\n16  cmdq.ns   CMDQ[0x23b8] SYNC',
    );
    expect(await client.evaluate('back 2')).toBe('back before operation 2: 15 taken back');
    await client.stopped();
    expect(await client.value(CMDQ, 'Queues', 'CMDQ', 'CONS')).toBe('0x23aa wrap 0');
    expect(await client.ask('smmu/rewind', { to: 1 })).toEqual({ history: 1 });
    expect(await client.stopped()).toMatchObject({ reason: 'goto', threadId: CMDQ });
  });

  test('is no longer than it is', async () => {
    const { client } = adapter;
    await pending();
    await expect(client.evaluate('back 9')).rejects.toThrow('there are only 1 operations');
    await expect(client.evaluate('back')).rejects.toThrow('write back N');
    for (const to of [9, -1, 1.5, 'x']) {
      await expect(client.ask('smmu/rewind', { to })).rejects.toThrow(/there is no operation .* it has 1/);
    }
  });
});

describe('the ring as code', () => {
  const disassemble = async (args: object): Promise<DebugProtocol.DisassembledInstruction[]> =>
    (
      await adapter.client.ask<{ instructions: DebugProtocol.DisassembledInstruction[] }>('disassemble', {
        memoryReference: '0x5b723a90',
        ...args,
      })
    ).instructions;

  test('has sixteen bytes an instruction, marked by whether it runs', async () => {
    await pending();
    const [before, next] = await disassemble({
      instructionOffset: -1,
      instructionCount: 2,
      resolveSymbols: true,
    });
    expect(before).toMatchObject({
      address: '0x5b723a80',
      instruction: 'SYNC CS=SIG_SEV MSH=ISH MSIAttr=15 ; consumed',
      symbol: 'CMDQ ns[0x23a8] consumed',
    });
    expect(next).toMatchObject({
      address: '0x5b723a90',
      instruction: 'TLBI_NH_VA ASID=1 Address=0xffda1000 Leaf TG=4KB TTL=3',
      instructionBytes: '12 00 00 00 00 00 01 00 01 17 da ff 00 00 00 00',
    });
    expect((await top(CMDQ)).instructionPointerReference).toBe(next?.address);
  });

  test('begins and ends where the ring does; what is not there is invalid, and the count is as asked', async () => {
    await pending();
    const first = await disassemble({
      memoryReference: '0x5b700000',
      instructionOffset: -3,
      instructionCount: 6,
    });
    expect(first.map(({ presentationHint }) => presentationHint ?? 'valid')).toEqual([
      ...Array<string>(3).fill('invalid'),
      ...Array<string>(3).fill('valid'),
    ]);
    const last = await disassemble({ memoryReference: '0x5b7ffff0', instructionCount: 2 });
    expect(last[1]).toMatchObject({ presentationHint: 'invalid', instruction: 'no command queue' });
    expect(
      await disassemble({ memoryReference: '0x0', instructionOffset: -2, instructionCount: 2 }),
    ).toHaveLength(2);
  });

  test('an odd offset means the command that holds the byte', async () => {
    await pending();
    expect((await disassemble({ offset: 17, instructionCount: 1 }))[0]?.address).toBe('0x5b723aa0');
    expect((await disassemble({ offset: -1, instructionCount: 1 }))[0]?.address).toBe('0x5b723a80');
  });

  test('bad references and counts are refused; too many are cut', async () => {
    await pending();
    await expect(disassemble({ memoryReference: 'pc' })).rejects.toThrow('is no memory reference');
    await expect(disassemble({ instructionCount: -1 })).rejects.toThrow('whole numbers');
    await expect(disassemble({ instructionCount: 1, offset: 0.5 })).rejects.toThrow('whole numbers');
    expect((await disassemble({ instructionCount: 1e9 })).length).toBeLessThan(10_000);
  });
});
