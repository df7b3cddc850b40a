/**
 * Requests at random, right and wrong, to one process: it stays alive, answers each exactly once, never by a mistake
 * of its own, within bounded memory, and does afterwards what a fresh process does. The numbers are the same each
 * time; PROPERTY_SEED and PROPERTY_RUNS try others.
 */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type DapClient, spawnAdapter } from '../kit/dap.ts';
import { faultsOf } from '../kit/dap-schema.ts';
import { type AdapterServer, spawnServer } from '../kit/dap-server.ts';
import { Random } from '../kit/random.ts';
import { patience, runs } from '../property/runs.ts';
import { beginning, randomRequest } from './fuzz/requests.ts';
import { Learnt } from './fuzz/values.ts';
import { transcriptOf } from './transcript.ts';

const REQUESTS = 10_000;
const PER_SESSION = 40;
const OVER_STDIO = 1_000;
/** What the process may use: a leak over all sessions would end it. */
const HEAP = '--max-old-space-size=256';
const MOST_BYTES = 700 * 2 ** 20;

const golden = (): string => readFileSync(path.resolve(import.meta.dirname, '../golden/session.txt'), 'utf8');

/** Messages that are none: the adapter leaves them out. */
const NO_MESSAGES = [
  'Content-Length: 7\r\n\r\nnonsens',
  'Content-Length: 4\r\n\r\nnull',
  'Content-Length: 2\r\n\r\n[]',
];

/** Sends requests, most of them one after the other as clients do, some without waiting. */
async function play(client: DapClient, random: Random, count: number): Promise<readonly string[]> {
  const learnt = new Learnt();
  const asked = new Map<number, string>();
  const given = new Map<number, unknown>();
  const first = random.once(8) ? [] : beginning(random);
  let taken = client.messages.length;
  for (let i = 0; i < count; i++) {
    const { command, args } = first[i] ?? randomRequest(random, learnt);
    if (random.once(40)) client.raw(random.of(NO_MESSAGES));
    const seq = client.post(command, args as Record<string, unknown>);
    given.set(seq, args);
    asked.set(seq, `${command} ${JSON.stringify(args)?.slice(0, 300)}`);
    if (!random.once(6)) await answer(client, seq, asked);
    for (; taken < client.messages.length; taken++) {
      const { success, command: of = '', body, request_seq = 0 } = client.messages[taken] ?? {};
      if (success === true) learnt.take(of, body, given.get(request_seq));
    }
  }
  const last = client.post('threads');
  asked.set(last, 'threads');
  await answer(client, last, asked);
  return faultsIn(client, asked);
}

async function answer(client: DapClient, seq: number, asked: ReadonlyMap<number, string>): Promise<void> {
  try {
    await client.response(seq);
  } catch (error) {
    throw new Error(`${asked.get(seq)}: ${String(error)}`);
  }
}

function faultsIn(client: DapClient, asked: ReadonlyMap<number, string>): readonly string[] {
  const faults: string[] = [];
  const times = new Map<number, number>();
  for (const message of client.messages) {
    const of = message.request_seq ?? 0;
    const about = asked.get(of) ?? message.event ?? '';
    if (message.type === 'response') times.set(of, (times.get(of) ?? 0) + 1);
    faults.push(...faultsOf(message).map((fault) => `${about}: ${fault}`));
    const said = `${message.message ?? ''}${JSON.stringify(message.body?.output ?? '')}`;
    if (said.includes('internal error')) faults.push(`${about}: ${said}`);
  }
  for (const [seq, request] of asked) {
    if (times.get(seq) !== 1) faults.push(`${request}: ${times.get(seq) ?? 0} responses`);
  }
  return faults;
}

/** Plays a session to one of its ends: the client says good-bye, or just goes. */
async function session(server: AdapterServer, random: Random): Promise<readonly string[]> {
  const client = server.connect();
  try {
    const faults = await play(client, random, PER_SESSION);
    if (random.once(2)) await client.ask('disconnect');
    return faults;
  } finally {
    client.close();
  }
}

test(`${REQUESTS} random requests over TCP leave a process that does what a fresh one does`, {
  timeout: 4 * patience,
}, async () => {
  const { numRuns, seed } = runs(REQUESTS);
  const random = new Random(seed);
  const server = await spawnServer(undefined, [HEAP]);
  const faults = new Set<string>();
  for (let i = 0; i < numRuns / PER_SESSION; i++) {
    for (const fault of await session(server, random)) faults.add(fault);
  }
  expect([...faults]).toEqual([]);
  expect(server.exitCode()).toBeNull();
  expect(server.memory()).toBeLessThan(MOST_BYTES);
  const client = server.connect();
  expect(await transcriptOf(client)).toBe(golden());
  client.close();
  expect(await server.end()).toBe(0);
  expect(server.stderr()).toBe('');
});

test(`${OVER_STDIO} random requests over stdio leave a session that does what a fresh one does`, {
  timeout: patience,
}, async () => {
  const { numRuns, seed } = runs(OVER_STDIO);
  const { client, exit, stderr } = spawnAdapter({ NODE_OPTIONS: HEAP });
  const random = new Random(seed + 1);
  expect(await play(client, random, numRuns)).toEqual([]);
  expect(await transcriptOf(client)).toBe(golden());
  await client.ask('disconnect');
  expect(await exit).toBe(0);
  expect(stderr()).toBe('');
});
