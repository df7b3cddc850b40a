/** What the tests of the protocol debug, and how they get to a place in it. */

import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect } from 'vitest';
import { type DapClient, type SpawnedAdapter, spawnAdapter } from '../kit/dap.ts';
import { faultsOf } from '../kit/dap-schema.ts';
import { fixture } from '../kit/machine.ts';

/** A script in which lines 6 and 7 translate, 8 and 9 are commands, 10 faults, and 11 translates. */
export const SCRIPT = path.resolve(import.meta.dirname, 'scripts/session.smmu');
/** The thread that runs a program, or the command queue of a capture. */
export const FIRST = 1;

/** A client that understands everything. */
export const CLIENT = {
  clientID: 'test',
  supportsVariableType: true,
  supportsVariablePaging: true,
  supportsProgressReporting: true,
  supportsInvalidatedEvent: true,
  supportsMemoryReferences: true,
  supportsMemoryEvent: true,
} as const;

type Body = Record<string, unknown>;
type Stopped = DebugProtocol.StoppedEvent['body'];

/** What a session is begun with. */
export interface Begin {
  readonly filters?: string[];
  readonly client?: Body;
}

export function launchScript(client: DapClient, begin: Begin = {}): Promise<Stopped> {
  return client.launch({ program: SCRIPT }, { client: CLIENT, ...begin });
}

/** A kernel's dump with 16 commands waiting: 8 times TLBI_NH_VA and SYNC. */
export function launchPending(client: DapClient, begin: Begin = {}): Promise<Stopped> {
  const args = { ...fixture('linux-pending'), enableQueue: true };
  return client.launch(args, { client: CLIENT, ...begin });
}

/** The line of the script at which its thread stands. */
export async function scriptLine(client: DapClient): Promise<number> {
  return (await client.frames(FIRST)).find(({ source }) => source?.path === SCRIPT)?.line ?? 0;
}

/** Steps from statement to statement up to a line. */
export async function toLine(client: DapClient, line: number): Promise<void> {
  while ((await scriptLine(client)) < line) await client.move('next', FIRST);
  expect(await scriptLine(client)).toBe(line);
}

/** Steps into the operation of line 7 until a structure of that name lies innermost on the stack. */
export async function intoStructure(client: DapClient, name: RegExp): Promise<DebugProtocol.StackFrame> {
  await toLine(client, 7);
  for (let i = 0; i < 100; i++) {
    const [frame] = await client.frames(FIRST);
    if (frame && name.test(frame.name)) return frame;
    await client.move('stepIn', FIRST);
  }
  throw new Error(`no frame ${name}`);
}

/** The reference of a scope of the innermost frame. */
export async function scopeReference(client: DapClient, name: string): Promise<number> {
  const [frame] = await client.frames(FIRST);
  const { scopes } = await client.ask<DebugProtocol.ScopesResponse['body']>('scopes', { frameId: frame?.id });
  const scope = scopes.find((one) => one.name === name);
  if (!scope) throw new Error(`no scope ${name}`);
  return scope.variablesReference;
}

export function eventsOf(client: DapClient, name: string): readonly Body[] {
  return client.messages.filter((m) => m.event === name).map((m) => (m.body ?? {}) as Body);
}

export function outputOf(client: DapClient): string {
  return eventsOf(client, 'output')
    .map(({ output }) => String(output))
    .join('');
}

/**
 * What is wrong with all that an adapter has sent: messages that are not as the protocol says, numbers that are not in
 * order, requests with more or fewer than one response.
 */
export function protocolFaults(client: DapClient): readonly string[] {
  const faults = client.messages.flatMap((message) => faultsOf(message));
  for (const [i, { seq }] of client.messages.entries()) {
    if (seq !== i + 1) faults.push(`message ${i + 1} has seq ${seq}`);
  }
  const answered = client.messages.flatMap(({ request_seq: of }) => (of === undefined ? [] : [of]));
  const times = new Map<number, number>();
  for (const of of answered) times.set(of, (times.get(of) ?? 0) + 1);
  for (let seq = 1; seq <= client.sent; seq++) {
    if (times.get(seq) !== 1) faults.push(`request ${seq} has ${times.get(seq) ?? 0} responses`);
  }
  return faults;
}

/** Drives an adapter of its own; all that it says is held against the protocol, and it must end in peace. */
export async function withAdapter(work: (client: DapClient, adapter: SpawnedAdapter) => Promise<void>) {
  const adapter = spawnAdapter();
  const { client } = adapter;
  try {
    await work(client, adapter);
    if (adapter.process.exitCode === null && !left(client)) await client.ask('disconnect');
    expect(await adapter.exit).toBe(0);
    expect(protocolFaults(client)).toEqual([]);
    expect(adapter.stderr()).toBe('');
  } finally {
    client.close();
    adapter.process.kill('SIGKILL');
  }
}

function left(client: DapClient): boolean {
  return client.messages.some(({ type, command }) => type === 'response' && command === 'disconnect');
}
