/** Moving about: forth, back, in, to another line; beginning anew and ending. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect } from 'vitest';
import { fixture } from '../../kit/machine.ts';
import {
  CLIENT,
  eventsOf,
  FIRST,
  launchPending,
  launchScript,
  SCRIPT,
  scriptLine,
  toLine,
} from '../drive.ts';
import type { Row } from './row.ts';

export const EXECUTION: readonly Row[] = [
  {
    of: 'supportsConfigurationDoneRequest',
    fact: 'nothing stops or runs before configurationDone',
    async check(client) {
      await client.ask('initialize', CLIENT);
      await client.event('initialized');
      await client.ask('launch', { program: SCRIPT });
      await client.ask('threads');
      expect(eventsOf(client, 'stopped')).toEqual([]);
      await client.ask('configurationDone');
      expect(await client.stopped()).toMatchObject({ reason: 'entry', threadId: FIRST });
    },
  },
  {
    of: 'supportsStepBack',
    fact: 'stepBack goes to the statement before, reverseContinue to the beginning',
    async check(client) {
      await launchScript(client);
      await toLine(client, 7);
      expect(await client.move('stepBack', FIRST)).toMatchObject({ reason: 'step' });
      expect(await scriptLine(client)).toBe(6);
      expect(await client.move('reverseContinue', FIRST)).toMatchObject({ reason: 'entry' });
      expect(await scriptLine(client)).toBe(2);
    },
  },
  {
    of: 'supportsSteppingGranularity',
    fact: 'an instruction is a step within the operation, a statement the whole of it',
    async check(client) {
      await launchScript(client);
      await toLine(client, 6);
      await client.move('next', FIRST, { granularity: 'instruction' });
      expect(await scriptLine(client)).toBe(6);
      expect(await client.value(FIRST, 'Current step', 'position')).toMatch(/^2 of /);
      await client.move('stepBack', FIRST, { granularity: 'instruction' });
      expect(await client.value(FIRST, 'Current step', 'position')).toMatch(/^1 of /);
      await client.move('next', FIRST, { granularity: 'statement' });
      expect(await scriptLine(client)).toBe(7);
      await client.move('stepIn', FIRST, { granularity: 'statement' });
      await client.move('next', FIRST, { granularity: 'line' });
      expect(await scriptLine(client)).toBe(8);
    },
  },
  {
    of: 'supportsStepInTargetsRequest',
    fact: 'a target of stepIn is a place in the operation, and stepIn stands there',
    async check(client) {
      await launchScript(client);
      await toLine(client, 10);
      const [frame] = await client.frames(FIRST);
      const { targets } = await client.ask<DebugProtocol.StepInTargetsResponse['body']>('stepInTargets', {
        frameId: frame?.id,
      });
      expect(targets.length).toBeGreaterThan(1);
      expect(new Set(targets.map(({ id }) => id)).size).toBe(targets.length);
      const descriptor = targets.find(({ label }) => /level 3|descriptor|stage 1/i.test(label));
      await client.move('stepIn', FIRST, { targetId: descriptor?.id });
      expect(await scriptLine(client)).toBe(10);
      expect(await client.value(FIRST, 'Current step', 'position')).not.toMatch(/^1 of /);
      await expect(client.ask('stepIn', { threadId: FIRST, targetId: 987_654 })).rejects.toThrow();
    },
  },
  {
    of: 'supportsGotoTargetsRequest',
    fact: 'goto makes another line the next one',
    async check(client) {
      await launchScript(client);
      await toLine(client, 10);
      const { targets } = await client.ask<DebugProtocol.GotoTargetsResponse['body']>('gotoTargets', {
        source: { path: SCRIPT },
        line: 7,
      });
      const target = targets.find(({ line }) => line === 7);
      expect(target?.label).toBeTruthy();
      expect(await client.move('goto', FIRST, { targetId: target?.id })).toMatchObject({ reason: 'goto' });
      expect(await scriptLine(client)).toBe(7);
      await expect(client.ask('goto', { threadId: FIRST, targetId: 987_654 })).rejects.toThrow();
    },
  },
  {
    of: 'supportsRestartFrame',
    fact: 'a transaction is run again from the beginning',
    async check(client) {
      await launchScript(client);
      expect(await client.move('continue', FIRST)).toMatchObject({ text: 'F_TRANSLATION' });
      const frames = await client.frames(FIRST);
      const transaction = frames.find(({ name }) => name.startsWith('read sid=0x8'));
      await client.ask('restartFrame', { frameId: transaction?.id });
      expect(await client.stopped()).toMatchObject({ threadId: FIRST });
      expect(await scriptLine(client)).toBe(10);
      expect(await client.value(FIRST, 'Current step', 'position')).toMatch(/^1 of /);
      await expect(client.ask('restartFrame', { frameId: 987_654 })).rejects.toThrow();
    },
  },
  {
    of: 'supportsRestartRequest',
    fact: 'restart begins anew, on entry',
    async check(client) {
      await launchScript(client);
      await client.move('continue', FIRST);
      await client.ask('restart');
      expect(await client.event('continued')).toMatchObject({ allThreadsContinued: true });
      expect(await client.stopped()).toMatchObject({ reason: 'entry' });
      expect(await scriptLine(client)).toBe(2);
    },
  },
  {
    of: 'supportsTerminateRequest',
    fact: 'terminate ends the debuggee and leaves the adapter',
    async check(client) {
      await launchScript(client);
      await client.ask('terminate');
      await client.event('terminated');
      await expect(client.ask('stackTrace', { threadId: FIRST })).rejects.toThrow();
      expect(await client.ask('threads')).toEqual({ threads: [] });
    },
  },
  {
    of: 'supportTerminateDebuggee',
    fact: 'disconnect with terminateDebuggee ends debuggee and adapter',
    async check(client, { exit }) {
      await launchPending(client);
      await client.ask('continue', { threadId: FIRST });
      await client.ask('disconnect', { terminateDebuggee: true });
      expect(await exit).toBe(0);
    },
  },
  {
    of: 'supportSuspendDebuggee',
    fact: 'disconnect with suspendDebuggee leaves nothing that runs',
    async check(client, { exit }) {
      await launchPending(client);
      await client.ask('disconnect', { suspendDebuggee: true });
      expect(await exit).toBe(0);
      expect(eventsOf(client, 'stopped')).toHaveLength(1);
    },
  },
  {
    of: 'supportsDelayedStackTraceLoading',
    fact: 'frames are given in the pieces that are asked for',
    async check(client) {
      await launchScript(client);
      await client.move('continue', FIRST);
      const all = await client.frames(FIRST);
      expect(all.length).toBeGreaterThan(3);
      for (const [i, frame] of all.entries()) {
        const args = { threadId: FIRST, startFrame: i, levels: 1 };
        const part = await client.ask<DebugProtocol.StackTraceResponse['body']>('stackTrace', args);
        expect(part.totalFrames).toBe(all.length);
        expect(part.stackFrames.map(({ name, line }) => ({ name, line }))).toEqual([
          { name: frame.name, line: frame.line },
        ]);
      }
    },
  },
  {
    of: 'supportsModulesRequest',
    fact: 'an opened capture is a module, also when modules are asked for one by one',
    async check(client) {
      await launchPending(client);
      const all = await client.ask<DebugProtocol.ModulesResponse['body']>('modules');
      expect(all.modules.map(({ name }) => name).join()).toContain('small.elf.gz');
      expect(all.modules.map((module) => module.path)).toContain(fixture('linux-pending').capture);
      expect(all.totalModules).toBe(all.modules.length);
      const args = { startModule: 0, moduleCount: 1 };
      const first = await client.ask<DebugProtocol.ModulesResponse['body']>('modules', args);
      expect(first.modules).toEqual(all.modules.slice(0, 1));
    },
  },
  {
    of: 'additionalModuleColumns',
    fact: 'every additional column of modules has a value in a module',
    async check(client) {
      const columns = (await client.ask<DebugProtocol.Capabilities>('initialize', CLIENT))
        .additionalModuleColumns;
      client.post('launch', fixture('linux-pending'));
      await client.ask('configurationDone');
      await client.stopped();
      const { modules } = await client.ask<DebugProtocol.ModulesResponse['body']>('modules');
      for (const { attributeName, label } of columns ?? []) {
        expect(label).toBeTruthy();
        const has = modules.some((module) => (module as unknown as Record<string, unknown>)[attributeName]);
        expect(has, attributeName).toBe(true);
      }
    },
  },
];
