/** The same session inside another program, and over TCP. */

import { connect } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { Connection } from '../../src/adapter/connection.ts';
import { nodeHost } from '../../src/adapter/node-host.ts';
import { serveTcp } from '../../src/adapter/server.ts';
import type { Session } from '../../src/adapter/session.ts';
import { encode } from '../../src/bits/layout.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { entryAddress, ring } from '../../src/model/queues/ring.ts';
import { COMMANDS } from '../../src/spec/commands.ts';
import { DapClient, frame, readMessages } from '../kit/dap.ts';
import { fixture } from '../kit/machine.ts';

const CMDQ = 1;
const cleanup: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanup.splice(0)) clean();
});

function inline(onEnd?: () => void): { client: DapClient; connection: Connection; session: Session } {
  const connection = new Connection(nodeHost(), onEnd);
  const client = new DapClient((receive) => {
    connection.onDidSendMessage((message) =>
      receive(structuredClone(message) as Parameters<typeof receive>[0]),
    );
    return {
      send: (message) => connection.handleMessage(message as Parameters<Connection['handleMessage']>[0]),
      close: () => connection.dispose(),
    };
  });
  cleanup.push(() => client.close());
  return { client, connection, session: connection.session };
}

test('an inline session runs a capture without streams or a process', async () => {
  const { client } = inline();
  expect(await client.launch({ ...fixture('linux-pending'), enableQueue: true })).toMatchObject({
    reason: 'entry',
  });
  await client.move('next', CMDQ);
  expect((await client.frames(CMDQ))[0]?.name).toMatch(/^SYNC/);
  await client.ask('disconnect');
});

test('requests that arrive together are answered in order', async () => {
  const { client } = inline();
  const asked = ['initialize', 'launch', 'setExceptionBreakpoints', 'configurationDone', 'threads'].map(
    (command) => client.post(command, command === 'launch' ? fixture('linux-basic') : { filters: [] }),
  );
  await client.stopped();
  const answered = client.messages.filter((m) => m.type === 'response').map((m) => m.request_seq);
  expect(answered.slice(0, 4)).toEqual(asked.slice(0, 4));
  expect((await client.response(asked[4] ?? 0)).body).toMatchObject({
    threads: [{ name: 'CMDQ ns' }, { name: 'DMA' }],
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

test('a running queue answers requests, refuses what needs a stop, and pauses', async () => {
  const { client, session } = inline();
  await client.launch(fixture('linux-basic'));
  fillQueue(session);
  await client.ask('continue', { threadId: CMDQ });
  expect(session.debuggee.running).toBe(true);
  expect(await client.ask('threads')).toMatchObject({ threads: [{ name: 'CMDQ ns' }, { name: 'DMA' }] });
  for (const command of ['stackTrace', 'next', 'continue']) {
    await expect(client.ask(command, { threadId: CMDQ })).rejects.toThrow(
      'the queue is running; pause it first',
    );
  }
  await expect(client.evaluate('translate sid=8 iova=0')).rejects.toThrow('pause it first');
  expect(await client.evaluate('reg CR0')).toBe('0xd');
  await client.ask('pause', { threadId: CMDQ });
  expect(await client.stopped()).toMatchObject({ reason: 'pause', threadId: CMDQ });
  const left = Number.parseInt(await client.value(CMDQ, 'Queues', 'CMDQ', 'pending'), 10);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(2 ** 16);
});

test('a pause that arrives together with continue is not lost', async () => {
  const { client, session } = inline();
  await client.launch(fixture('linux-basic'));
  fillQueue(session);
  client.post('continue', { threadId: CMDQ });
  client.post('pause', { threadId: CMDQ });
  expect(await client.stopped()).toMatchObject({ reason: 'pause', threadId: CMDQ });
  expect(Number.parseInt(await client.value(CMDQ, 'Queues', 'CMDQ', 'pending'), 10)).toBeGreaterThan(0);
});

test('a mistake of the adapter itself is one sentence, and the next request is answered', async () => {
  const { client, session } = inline();
  await client.launch({ ...fixture('linux-pending'), enableQueue: true });
  const fail = (): never => {
    throw new Error('no such luck');
  };
  const { debugger: debug } = session.debuggee;
  const step = vi.spyOn(debug, 'next').mockImplementation(fail);
  await expect(client.ask('next', { threadId: CMDQ })).rejects.toThrow(
    'internal error in next: no such luck; please report it',
  );
  step.mockRestore();
  session.afterResponse(fail);
  await client.ask('threads');
  expect(client.messages.map((m) => (m.body as { output?: string } | undefined)?.output)).toContain(
    'internal error in threads: no such luck; please report it\n',
  );
  expect(await client.move('next', CMDQ)).toMatchObject({ reason: 'step' });
});

test('a running queue does not keep a session from ending', async () => {
  const { client, session } = inline();
  await client.launch(fixture('linux-basic'));
  fillQueue(session);
  await client.ask('continue', { threadId: CMDQ });
  await client.ask('disconnect');
  expect(session.launched).toBe(false);
  expect(client.messages.filter((m) => m.event === 'stopped')).toHaveLength(1);
});

test('a session that is disposed while it opens a capture keeps nothing open', async () => {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const { client, connection, session } = inline(() => end());
  await client.ask('initialize');
  client.post('launch', fixture('linux-basic'));
  connection.dispose();
  await ended;
  expect(session.launched).toBe(false);
});

test('TCP serves several clients at once on the loopback address', async () => {
  const server = await serveTcp(0);
  cleanup.push(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  expect(address.address).toBe('127.0.0.1');
  const clients = ['linux-pending', 'linux-basic'].map((name) => {
    const socket = connect(address.port, '127.0.0.1');
    const client = new DapClient((receive) => {
      readMessages(socket, receive);
      return { send: (message) => socket.write(frame(message)), close: () => socket.destroy() };
    });
    cleanup.push(() => client.close());
    return { client, name };
  });
  const stops = await Promise.all(clients.map(({ client, name }) => client.launch(fixture(name))));
  expect(stops.map(({ text }) => text)).toEqual(['command queue disabled (CR0.CMDQEN=0)', 'nothing pending']);
  await Promise.all(clients.map(({ client }) => client.ask('disconnect')));
});
