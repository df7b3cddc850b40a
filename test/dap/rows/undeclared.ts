/** What clients may rely on although no capability of the adapter names it. */

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect } from 'vitest';
import type { DapClient } from '../../kit/dap.ts';
import { fixture } from '../../kit/machine.ts';
import {
  CLIENT,
  eventsOf,
  FIRST,
  intoStructure,
  launchPending,
  launchScript,
  scopeReference,
  toLine,
} from '../drive.ts';
import type { Row } from './row.ts';

const IMAGE_MIB = 96;

/** Begins to open an image that takes a while, and hands over the number of the request. */
async function whileOpening(client: DapClient, work: (launch: number) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'smmu-conformance-'));
  try {
    const file = path.join(dir, 'big.gz');
    const noise = randomBytes(2 ** 20);
    writeFileSync(file, gzipSync(Buffer.concat(Array(IMAGE_MIB).fill(noise)), { level: 1 }));
    await client.ask('initialize', CLIENT);
    const { registers } = fixture('linux-basic');
    await work(client.post('launch', { capture: { file, base: '0x40000000' }, registers }));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

type Start = DebugProtocol.ProgressStartEvent['body'];

const variablesOf = async (client: DapClient, variablesReference: number, more: object = {}) =>
  (await client.ask<DebugProtocol.VariablesResponse['body']>('variables', { variablesReference, ...more }))
    .variables;

/** All variables that lie below the scopes of the innermost frame, to some depth. */
async function everyVariable(client: DapClient, depth: number): Promise<DebugProtocol.Variable[]> {
  const [frame] = await client.frames(FIRST);
  const { scopes } = await client.ask<DebugProtocol.ScopesResponse['body']>('scopes', { frameId: frame?.id });
  const found: DebugProtocol.Variable[] = [];
  let level = scopes.map(({ variablesReference }) => variablesReference);
  for (let i = 0; i < depth; i++) {
    const lists = await Promise.all(level.map((one) => variablesOf(client, one, { start: 0, count: 8 })));
    found.push(...lists.flat());
    level = lists
      .flat()
      .map(({ variablesReference }) => variablesReference)
      .filter((one) => one > 0);
  }
  return found;
}

export const UNDECLARED_ROWS: readonly Row[] = [
  {
    of: 'supportsCancelRequest',
    fact: 'a launch that is cancelled is refused; cancelling what is over does no harm',
    async check(client) {
      await whileOpening(client, async (launch) => {
        await client.event('progressStart');
        await client.ask('cancel', { requestId: launch });
        expect(await client.response(launch)).toMatchObject({ success: false });
        await client.event('terminated');
      });
      await client.ask('cancel', { requestId: 1 });
      await client.ask('cancel', { progressId: 'none such' });
      await client.ask('cancel');
    },
  },
  {
    of: 'progress events',
    fact: 'progress begins once, rises, and ends',
    async check(client) {
      await whileOpening(client, async (launch) => {
        const start = await client.event<Start>('progressStart');
        expect(start).toMatchObject({ requestId: launch, cancellable: true });
        await client.event('progressUpdate');
        await client.ask('cancel', { progressId: start.progressId });
        await client.response(launch);
        const of = (name: string) =>
          eventsOf(client, name).filter((e) => e['progressId'] === start.progressId);
        expect([of('progressStart').length, of('progressEnd').length]).toEqual([1, 1]);
        const shown = of('progressUpdate').map(({ percentage }) => Number(percentage));
        expect(shown).toEqual([...shown].sort((a, b) => a - b));
        expect(Math.max(...shown)).toBeLessThanOrEqual(100);
      });
    },
  },
  {
    of: 'invalidated event',
    fact: 'a change without a stop is told to clients that can hear it',
    async check(client) {
      await launchScript(client);
      await toLine(client, 7);
      await client.ask('setExpression', { expression: 'ste(8).Config', value: '0' });
      const { areas } = await client.event<DebugProtocol.InvalidatedEvent['body']>('invalidated');
      expect(areas?.length).toBeGreaterThan(0);
      await client.ask('initialize', { ...CLIENT, supportsInvalidatedEvent: false });
      const before = eventsOf(client, 'invalidated').length;
      await client.ask('setExpression', { expression: 'ste(8).Config', value: '4' });
      await client.ask('threads');
      expect(eventsOf(client, 'invalidated')).toHaveLength(before);
    },
  },
  {
    of: 'memory event',
    fact: 'memory that was written is told with its place and size',
    async check(client) {
      await launchScript(client);
      await toLine(client, 7);
      await client.ask('writeMemory', { memoryReference: '0x50000000', offset: 8, data: 'AQIDBA==' });
      const { memoryReference, offset, count } =
        await client.event<DebugProtocol.MemoryEvent['body']>('memory');
      const from = Number(memoryReference) + offset;
      expect(from).toBeLessThanOrEqual(0x50000008);
      expect(from + count).toBeGreaterThanOrEqual(0x5000000c);
    },
  },
  {
    of: 'variable paging',
    fact: 'a ring of 65,536 entries is fetched in pages',
    async check(client) {
      await launchPending(client);
      const ring = (await client.variables(FIRST, 'Queues', 'CMDQ')).find(({ name }) => name === 'ring');
      expect(ring?.indexedVariables).toBe(65_536);
      const page = { filter: 'indexed', start: 65_534, count: 2 };
      const last = await variablesOf(client, ring?.variablesReference ?? 0, page);
      expect(last.map(({ name }) => name)).toEqual(['[65534]', '[65535]']);
      expect(await variablesOf(client, ring?.variablesReference ?? 0, { ...page, start: 65_536 })).toEqual(
        [],
      );
    },
  },
  {
    of: 'lazy variables',
    fact: 'a variable that is dear has one child: its value',
    async check(client) {
      await launchScript(client);
      await intoStructure(client, /^STE/);
      const lazy = (await everyVariable(client, 3)).filter((one) => one.presentationHint?.lazy === true);
      expect(lazy.length).toBeGreaterThan(0);
      for (const { variablesReference } of lazy) {
        expect(await variablesOf(client, variablesReference)).toHaveLength(1);
      }
    },
  },
  {
    of: 'presentation hints',
    fact: 'what cannot be set is marked as read-only, what can is not',
    async check(client) {
      await launchScript(client);
      await intoStructure(client, /^STE/);
      const variables = await variablesOf(client, await scopeReference(client, 'STE'));
      const config = variables.find(({ name }) => name === 'Config');
      expect(config?.presentationHint?.attributes ?? []).not.toContain('readOnly');
      const step = await client.variables(FIRST, 'Current step');
      expect(step[0]?.presentationHint?.attributes).toContain('readOnly');
    },
  },
  {
    of: 'memory references',
    fact: 'a pointer names memory that can be read',
    async check(client) {
      await launchScript(client);
      await intoStructure(client, /^STE/);
      const variables = await variablesOf(client, await scopeReference(client, 'STE'));
      const pointer = variables.find(({ name }) => name === 'S1ContextPtr');
      expect(pointer?.memoryReference).toBe('0x40404000');
      const args = { memoryReference: pointer?.memoryReference, count: 64 };
      const cd = await client.ask<DebugProtocol.ReadMemoryResponse['body']>('readMemory', args);
      // CD.V is bit 31 of the first word (5.4).
      expect((Buffer.from(cd?.data ?? '', 'base64')[3] ?? 0) & 0x80).toBe(0x80);
    },
  },
];
