/** Breakpoints of every kind, set by a client over standard input and output. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type SpawnedAdapter, spawnAdapter } from '../kit/dap.ts';
import { fixture } from '../kit/machine.ts';

const CMDQ = 1;
const DMA = 2;
const QUEUE = { path: 'smmu:/linux-pending-small.elf.gz/ns/cmdq.smmuq' };

type Answered = { breakpoints: DebugProtocol.Breakpoint[] };
type Info = DebugProtocol.DataBreakpointInfoResponse['body'];

let adapter: SpawnedAdapter;
beforeEach(() => {
  adapter = spawnAdapter();
});
afterEach(async () => {
  adapter.client.close();
  expect(await adapter.exit).toBe(0);
  expect(adapter.stderr()).toBe('');
});

const launchPending = () => adapter.client.launch({ ...fixture('linux-pending'), enableQueue: true });
const set = async (
  kind: string,
  breakpoints: object[],
  more: object = {},
): Promise<DebugProtocol.Breakpoint[]> =>
  (await adapter.client.ask<Answered>(kind, { ...more, breakpoints })).breakpoints;

test('every kind is declared, and conditions on every filter', async () => {
  const body = await adapter.client.ask<DebugProtocol.Capabilities>('initialize');
  expect(body).toMatchObject({
    supportsFunctionBreakpoints: true,
    supportsConditionalBreakpoints: true,
    supportsHitConditionalBreakpoints: true,
    supportsLogPoints: true,
    supportsDataBreakpoints: true,
    supportsDataBreakpointBytes: true,
    supportsInstructionBreakpoints: true,
    supportsExceptionFilterOptions: true,
    supportsBreakpointLocationsRequest: true,
  });
  expect(body.exceptionBreakpointFilters?.every(({ supportsCondition }) => supportsCondition)).toBe(true);
  expect(body.exceptionBreakpointFilters?.map(({ filter }) => filter)).toContain('stale-use');
});

test('a function breakpoint stops before the command, and continuing passes it', async () => {
  const { client } = adapter;
  await launchPending();
  const [sync, unknown] = await set('setFunctionBreakpoints', [{ name: 'SYNC' }, { name: 'SINC' }]);
  expect(sync).toMatchObject({ verified: true, id: expect.any(Number) });
  expect(unknown).toMatchObject({ verified: false, message: expect.stringContaining('SYNC') });
  const stop = await client.move('continue', CMDQ);
  expect(stop).toMatchObject({ reason: 'function breakpoint', hitBreakpointIds: [sync?.id] });
  expect((await client.frames(CMDQ))[0]?.name).toMatch(/^SYNC/);
  const before = await client.value(CMDQ, 'Queues', 'CMDQ', 'CONS');
  const next = await client.move('continue', CMDQ);
  expect(next.reason === 'function breakpoint' || next.text === 'nothing pending').toBe(true);
  expect(await client.value(CMDQ, 'Queues', 'CMDQ', 'CONS')).not.toBe(before);
});

test('an instruction breakpoint on a place of the ring stops there', async () => {
  const { client } = adapter;
  await launchPending();
  const [frame] = await client.frames(CMDQ);
  const instructionReference = frame?.instructionPointerReference;
  const [third, nowhere] = await set('setInstructionBreakpoints', [
    { instructionReference, offset: 32 },
    { instructionReference: '0x10' },
  ]);
  expect(third?.verified).toBe(true);
  expect(nowhere?.message).toContain('CMDQ ns is at 0x');
  expect(await client.move('continue', CMDQ)).toMatchObject({
    reason: 'instruction breakpoint',
    hitBreakpointIds: [third?.id],
  });
  const [at] = await client.frames(CMDQ);
  expect(Number(at?.instructionPointerReference)).toBe(Number(instructionReference) + 32);
});

test('breakpoints on lines of a queue stop before its entries, and survive a restart', async () => {
  const { client } = adapter;
  await client.ask('initialize', { adapterID: 'smmuv3' });
  const launch = client.ask('launch', { ...fixture('linux-pending'), enableQueue: true });
  await client.event('initialized');
  await client.ask('setBreakpoints', { source: QUEUE, breakpoints: [] });
  await client.ask('configurationDone');
  await launch;
  await client.stopped();
  const line = ((await client.frames(CMDQ))[0]?.line ?? 0) + 4;
  const [heading, fourth] = await set('setBreakpoints', [{ line: 1 }, { line }], { source: QUEUE });
  expect(heading).toMatchObject({ verified: true, line: 5 });
  expect(fourth).toMatchObject({ verified: true, line });
  const locations = await client.ask<Answered>('breakpointLocations', { source: QUEUE, line: 1, endLine: 6 });
  expect(locations.breakpoints.map((one) => one.line)).toEqual([5, 6]);
  expect(await client.move('continue', CMDQ)).toMatchObject({
    reason: 'breakpoint',
    hitBreakpointIds: [fourth?.id],
  });
  await client.ask('restart');
  await client.stopped();
  expect(await client.move('continue', CMDQ)).toMatchObject({ hitBreakpointIds: [fourth?.id] });
  expect((await client.frames(CMDQ))[0]?.line).toBe(line);
});

test('a breakpoint set before there is a capture is verified once there is one', async () => {
  const { client } = adapter;
  await client.ask('initialize', { adapterID: 'smmuv3' });
  const [early] = await set('setBreakpoints', [{ line: 5 }], { source: QUEUE });
  expect(early?.verified).toBe(false);
  await client.ask('configurationDone');
  await client.ask('launch', fixture('linux-pending'));
  const { breakpoint } = await client.event<DebugProtocol.BreakpointEvent['body']>('breakpoint');
  expect(breakpoint).toMatchObject({ id: early?.id, verified: true, line: 5 });
});

test('a filter with a condition stops the streams that it names only', async () => {
  const { client } = adapter;
  await client.launch(fixture('linux-basic'));
  await client.ask('setExceptionBreakpoints', {
    filters: [],
    filterOptions: [{ filterId: 'F_TRANSLATION', condition: 'iova > 0x4000' }],
  });
  expect(await client.evaluate('translate sid=8 iova=0x1000')).toContain('F_TRANSLATION');
  expect(await client.evaluate('translate sid=8 iova=0x5000')).toBe('stopped: F_TRANSLATION');
  expect(await client.stopped()).toMatchObject({ reason: 'exception', text: 'F_TRANSLATION' });
});

test('a field of the variables view, an expression and an address are watched for use', async () => {
  const { client } = adapter;
  await client.launch(fixture('linux-basic'));
  await client.evaluate('translate sid=8 iova=0xffffb204 step');
  await client.stopped();
  const { variablesReference } = await client.ask<{ variablesReference: number }>('evaluate', {
    expression: 'ste 8',
  });
  const field = await client.ask<Info>('dataBreakpointInfo', { variablesReference, name: 'S1ContextPtr' });
  expect(field).toMatchObject({ accessTypes: ['read', 'write', 'readWrite'], canPersist: true });
  const same = await client.ask<Info>('dataBreakpointInfo', { name: 'ste(8).S1ContextPtr' });
  expect(same.dataId).toBe(field.dataId);
  const bytes = await client.ask<Info>('dataBreakpointInfo', {
    name: '0x80001000',
    asAddress: true,
    bytes: 3,
  });
  expect(bytes.dataId).toBe('ns:0x80001000+3');
  const register = await client.ask<Info>('dataBreakpointInfo', { name: 'reg.ns.CR0.SMMUEN' });
  expect(register).toMatchObject({ dataId: 'reg:0x20+4&0x1', accessTypes: ['write'] });
  expect((await client.ask<Info>('dataBreakpointInfo', { name: 'ste(8).Nothing' })).dataId).toBeNull();
  const [watch, bad] = await set('setDataBreakpoints', [
    { dataId: field.dataId, accessType: 'read' },
    { dataId: 'nonsense' },
  ]);
  expect(watch?.verified).toBe(true);
  expect(bad?.verified).toBe(false);
  expect(await client.move('continue', DMA)).toMatchObject({
    reason: 'data breakpoint',
    text: 'use of ste(8).S1ContextPtr',
    hitBreakpointIds: [watch?.id],
  });
});

test('a logpoint on a line writes to the console and does not stop', async () => {
  const { client } = adapter;
  await launchPending();
  const line = (await client.frames(CMDQ))[0]?.line;
  await set('setBreakpoints', [{ line, logMessage: '{command} ASID {ASID}' }], { source: QUEUE });
  expect(await client.move('continue', CMDQ)).toMatchObject({ text: 'nothing pending' });
  const outputs = client.messages
    .filter((m) => m.event === 'output')
    .map((m) => (m.body as { output: string }).output);
  expect(outputs).toContain('TLBI_NH_VA ASID 0x1\n');
});
