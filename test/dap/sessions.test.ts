/** Two clients of one server, `smmu-debug dap --port`: what one does, the other neither sees nor feels. */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DapClient } from '../kit/dap.ts';
import { type AdapterServer, spawnServer } from '../kit/dap-server.ts';
import {
  eventsOf,
  FIRST,
  launchPending,
  launchScript,
  protocolFaults,
  SCRIPT,
  scriptLine,
  toLine,
} from './drive.ts';
import { transcriptOf } from './transcript.ts';

const CLI = path.resolve(import.meta.dirname, '../../dist/cli.js');

let server: AdapterServer;
let clients: readonly [DapClient, DapClient];
beforeEach(async () => {
  if (!existsSync(CLI)) throw new Error(`${CLI} is missing; run npm run build first`);
  server = await spawnServer([CLI, 'dap']);
  clients = [server.connect(), server.connect()];
});
afterEach(async () => {
  for (const client of clients) client.close();
  expect(await server.end()).toBe(0);
  expect(server.stderr()).toBe('');
});

const consumed = (client: DapClient): Promise<string> => client.value(FIRST, 'Queues', 'CMDQ', 'CONS');

test('steps, breakpoints and filters of one session are not those of the other', async () => {
  const [one, other] = clients;
  await Promise.all([launchPending(one), launchPending(other)]);
  await one.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'SYNC' }] });
  expect(await one.move('continue', FIRST)).toMatchObject({ reason: 'function breakpoint' });
  expect(await consumed(one)).toBe('0x23aa wrap 0');
  expect(await consumed(other)).toBe('0x23a9 wrap 0');
  expect(await other.move('continue', FIRST)).toMatchObject({ reason: 'pause', text: 'nothing pending' });
  expect(await consumed(other)).toBe('0x23b9 wrap 0');
  expect(await consumed(one)).toBe('0x23aa wrap 0');
  expect(eventsOf(one, 'stopped')).toHaveLength(2);
});

test('two sessions on the same script go their own ways, and one goes on when the other ends', async () => {
  const [one, other] = clients;
  await Promise.all([launchScript(one), launchScript(other)]);
  await toLine(one, 7);
  await one.ask('setBreakpoints', { source: { path: SCRIPT }, breakpoints: [{ line: 9 }] });
  expect(await other.move('continue', FIRST)).toMatchObject({ text: 'F_TRANSLATION' });
  expect(await scriptLine(one)).toBe(7);
  await other.ask('disconnect');
  await one.move('continue', FIRST);
  expect(await scriptLine(one)).toBe(9);
});

test('a connection that breaks off leaves the other session as it is', async () => {
  const [one, other] = clients;
  await Promise.all([launchPending(one), launchScript(other)]);
  one.post('continue', { threadId: FIRST });
  one.close();
  await toLine(other, 8);
  expect(await scriptLine(other)).toBe(8);
});

test('two sessions at once say what a session by itself says', async () => {
  const [first, second] = await Promise.all(clients.map(transcriptOf));
  expect(second).toBe(first);
  for (const client of clients) expect(protocolFaults(client)).toEqual([]);
});
