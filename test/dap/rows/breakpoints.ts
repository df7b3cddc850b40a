/** Breakpoints of every kind, and what they may be bound to. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect } from 'vitest';
import type { DapClient } from '../../kit/dap.ts';
import {
  CLIENT,
  eventsOf,
  FIRST,
  launchPending,
  launchScript,
  outputOf,
  SCRIPT,
  scriptLine,
  toLine,
} from '../drive.ts';
import type { Row } from './row.ts';

type Set = DebugProtocol.SetBreakpointsResponse['body'];

/** Sets breakpoints that must all be verified; returns their ids. */
async function set(
  client: DapClient,
  kind: string,
  breakpoints: object[],
  more: object = {},
): Promise<number[]> {
  const body = await client.ask<Set>(kind, { ...more, breakpoints });
  expect(body.breakpoints).toHaveLength(breakpoints.length);
  for (const { verified, message } of body.breakpoints) expect(verified, message).toBe(true);
  return body.breakpoints.map(({ id }) => id ?? -1);
}

const inScript = (client: DapClient, ...breakpoints: object[]): Promise<number[]> =>
  set(client, 'setBreakpoints', breakpoints, { source: { path: SCRIPT } });

/** The command queue of the pending capture, by the index of the command that comes next. */
const nextCommand = (client: DapClient): Promise<string> => client.value(FIRST, 'Queues', 'CMDQ', 'CONS');

/** The id of a place that expressions or addresses name. */
async function dataIdOf(client: DapClient, args: object): Promise<string> {
  const info = await client.ask<DebugProtocol.DataBreakpointInfoResponse['body']>('dataBreakpointInfo', {
    ...args,
  });
  expect(info.accessTypes).toContain('read');
  return info.dataId ?? '';
}

export const BREAKPOINT_ROWS: readonly Row[] = [
  {
    of: 'supportsFunctionBreakpoints',
    fact: 'mnemonics with wildcards, and events, stop where they come up',
    async check(client) {
      await launchScript(client, { filters: [] });
      const ids = await set(client, 'setFunctionBreakpoints', [
        { name: 'TLBI_NH_*' },
        { name: 'F_TRANSLATION' },
      ]);
      const command = await client.move('continue', FIRST);
      expect(command).toMatchObject({ reason: 'function breakpoint', hitBreakpointIds: [ids[0]] });
      expect(await scriptLine(client)).toBe(8);
      const event = await client.move('continue', FIRST);
      expect(event).toMatchObject({ reason: 'function breakpoint', hitBreakpointIds: [ids[1]] });
      expect(await scriptLine(client)).toBe(10);
    },
  },
  {
    of: 'supportsConditionalBreakpoints',
    fact: 'a breakpoint whose condition is false does not stop',
    async check(client) {
      await launchScript(client, { filters: [] });
      const condition = 'iova == 0x2000 && rnw == 0';
      const ids = await inScript(client, { line: 6, condition }, { line: 7, condition });
      expect(await client.move('continue', FIRST)).toMatchObject({ hitBreakpointIds: [ids[1]] });
      expect(await scriptLine(client)).toBe(7);
    },
  },
  {
    of: 'supportsHitConditionalBreakpoints',
    fact: 'a breakpoint with "> 3" stops at its fourth hit',
    async check(client) {
      await launchPending(client);
      await set(client, 'setFunctionBreakpoints', [{ name: 'TLBI_NH_VA', hitCondition: '> 3' }]);
      expect(await client.move('continue', FIRST)).toMatchObject({ reason: 'function breakpoint' });
      // Commands 0, 2, 4 and 6 of those that wait are the first four.
      expect(await nextCommand(client)).toBe('0x23af wrap 0');
    },
  },
  {
    of: 'supportsLogPoints',
    fact: 'a logpoint writes its message with expressions filled in, and does not stop',
    async check(client) {
      await launchScript(client);
      await inScript(client, { line: 7, logMessage: 'stream {sid}, address {iova}' });
      await client.move('continue', FIRST);
      expect(await scriptLine(client)).toBe(10);
      expect(outputOf(client)).toContain('stream 0x8, address 0x2000');
    },
  },
  {
    of: 'supportsDataBreakpoints',
    fact: 'a field stops the transaction that uses it, named by an expression or as a variable',
    async check(client) {
      await launchScript(client);
      await toLine(client, 7);
      const dataId = await dataIdOf(client, { name: 'ste(8).Config' });
      const ids = await set(client, 'setDataBreakpoints', [{ dataId, accessType: 'read' }]);
      const stop = await client.move('continue', FIRST);
      expect(stop).toMatchObject({ reason: 'data breakpoint', hitBreakpointIds: ids });
      expect(await scriptLine(client)).toBe(7);
      const ste = (await client.frames(FIRST)).find(({ name }) => name.startsWith('STE'));
      const { scopes } = await client.ask<DebugProtocol.ScopesResponse['body']>('scopes', {
        frameId: ste?.id,
      });
      const variablesReference = scopes.find(({ name }) => name === 'STE')?.variablesReference;
      expect(await dataIdOf(client, { name: 'Config', variablesReference })).toBe(dataId);
    },
  },
  {
    of: 'supportsDataBreakpointBytes',
    fact: 'bytes at an address stop whoever uses them',
    async check(client) {
      await launchScript(client);
      await toLine(client, 7);
      const { memoryReference } = await client.ask<DebugProtocol.EvaluateResponse['body']>('evaluate', {
        expression: 'ste(8)',
      });
      const dataId = await dataIdOf(client, { name: memoryReference, asAddress: true, bytes: 64 });
      const ids = await set(client, 'setDataBreakpoints', [{ dataId, accessType: 'read' }]);
      const stop = await client.move('continue', FIRST);
      expect(stop).toMatchObject({ reason: 'data breakpoint', hitBreakpointIds: ids });
      expect(await scriptLine(client)).toBe(7);
    },
  },
  {
    of: 'supportsInstructionBreakpoints',
    fact: 'a place of the ring stops before the command there',
    async check(client) {
      await launchPending(client);
      const instructionReference = (await client.frames(FIRST))[0]?.instructionPointerReference;
      const ids = await set(client, 'setInstructionBreakpoints', [{ instructionReference, offset: 0x20 }]);
      const stop = await client.move('continue', FIRST);
      expect(stop).toMatchObject({ reason: 'instruction breakpoint', hitBreakpointIds: ids });
      expect(await nextCommand(client)).toBe('0x23ab wrap 0');
    },
  },
  {
    of: 'exceptionBreakpointFilters',
    fact: 'each filter that is off by itself stays off, and none that is cleared stops',
    async check(client) {
      const { exceptionBreakpointFilters: filters = [] } = await client.ask<DebugProtocol.Capabilities>(
        'initialize',
        CLIENT,
      );
      const ids = filters.map(({ filter }) => filter);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toEqual(expect.arrayContaining(['F_TRANSLATION', 'CERROR_ILL', 'stale-use']));
      client.post('launch', { program: SCRIPT, stopOnEntry: false });
      const body = await client.ask<Set>('setExceptionBreakpoints', {
        filters: ['F_PERMISSION', 'CERROR_ILL'],
      });
      expect(body.breakpoints.map(({ verified }) => verified)).toEqual([true, true]);
      await client.ask('configurationDone');
      await client.event('terminated');
      expect(eventsOf(client, 'stopped')).toEqual([]);
    },
  },
  {
    of: 'supportsExceptionFilterOptions',
    fact: 'a filter stops only where its condition is true',
    async check(client) {
      await launchScript(client, { filters: [] });
      const options = (condition: string) => ({
        filters: [],
        filterOptions: [{ filterId: 'F_TRANSLATION', condition }],
      });
      await client.ask('setExceptionBreakpoints', options('sid == 8 && iova == 0x20000'));
      expect(await client.move('continue', FIRST)).toMatchObject({ reason: 'exception' });
      expect(await scriptLine(client)).toBe(10);
      await client.move('reverseContinue', FIRST);
      await client.ask('setExceptionBreakpoints', options('iova == 0x20008'));
      await client.ask('continue', { threadId: FIRST });
      await client.event('terminated');
    },
  },
  {
    of: 'supportsExceptionInfoRequest',
    fact: 'an exception is explained: what was asked, what was found, the rule, the cure',
    async check(client) {
      await launchScript(client);
      await client.move('continue', FIRST);
      const info = await client.ask<DebugProtocol.ExceptionInfoResponse['body']>('exceptionInfo', {
        threadId: FIRST,
      });
      expect(info.exceptionId).toBe('F_TRANSLATION');
      expect(info.description).toContain('sid=0x8 iova=0x20000');
      expect(info.details?.message).toMatch(/Rule: .*7\.3\.13.*Cure: /);
      await client.move('stepBack', FIRST);
      await expect(client.ask('exceptionInfo', { threadId: FIRST })).rejects.toThrow();
    },
  },
  {
    of: 'supportsBreakpointLocationsRequest',
    fact: 'statements are places for breakpoints, comments are not',
    async check(client) {
      await launchScript(client);
      const locations = async (line: number, endLine?: number): Promise<number[]> => {
        const args = { source: { path: SCRIPT }, line, endLine };
        const body = await client.ask<DebugProtocol.BreakpointLocationsResponse['body']>(
          'breakpointLocations',
          args,
        );
        return body.breakpoints.map((one) => one.line);
      };
      expect(await locations(1)).toEqual([]);
      expect(await locations(1, 4)).toEqual([2, 3, 4]);
      expect(await locations(12, 99)).toEqual([12]);
      const moved = await client.ask<Set>('setBreakpoints', {
        source: { path: SCRIPT },
        breakpoints: [{ line: 1 }],
      });
      expect(moved.breakpoints).toMatchObject([{ verified: true, line: 2 }]);
    },
  },
];
