/** Looking at data and changing it: variables, expressions, memory, sources. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect } from 'vitest';
import type { DapClient } from '../../kit/dap.ts';
import {
  CLIENT,
  eventsOf,
  FIRST,
  intoStructure,
  launchPending,
  launchScript,
  outputOf,
  SCRIPT,
  scopeReference,
  toLine,
} from '../drive.ts';
import type { Row } from './row.ts';

type Evaluated = DebugProtocol.EvaluateResponse['body'];
const ESCAPE = '\u001b[';
/** RAM of the script's machine that nothing uses. */
const FREE = '0x50000000';

const evaluated = (client: DapClient, expression: string, more: object = {}): Promise<Evaluated> =>
  client.ask<Evaluated>('evaluate', { expression, ...more });

async function bytesAt(client: DapClient, memoryReference: string, count: number): Promise<Buffer> {
  const body = await client.ask<NonNullable<DebugProtocol.ReadMemoryResponse['body']>>('readMemory', {
    memoryReference,
    count,
  });
  return Buffer.from(body.data ?? '', 'base64');
}

export const DATA_ROWS: readonly Row[] = [
  {
    of: 'supportsSetVariable',
    fact: 'a field that is set has its new value, the transaction becomes another, and a step back takes it back',
    async check(client) {
      await launchScript(client);
      await intoStructure(client, /^STE/);
      const variablesReference = await scopeReference(client, 'STE');
      const body = await client.ask<DebugProtocol.SetVariableResponse['body']>('setVariable', {
        variablesReference,
        name: 'Config',
        value: '4',
      });
      expect(body.value).toMatch(/^4\b/);
      expect((await evaluated(client, 'ste(8).Config')).result).toMatch(/^(0x)?4\b/);
      const wrong = { variablesReference: await scopeReference(client, 'STE'), name: 'Config' };
      await expect(client.ask('setVariable', { ...wrong, value: 'no such value' })).rejects.toThrow(/Config/);
      await expect(client.ask('setVariable', { ...wrong, value: '8' })).rejects.toThrow(/Config/);
      await expect(
        client.ask('setVariable', { variablesReference: 987_654, name: 'Config', value: '0' }),
      ).rejects.toThrow();
    },
  },
  {
    of: 'supportsSetExpression',
    fact: 'what an expression names is set, and read back by the same expression',
    async check(client) {
      await launchScript(client);
      await toLine(client, 10);
      const set = (expression: string, value: string): Promise<DebugProtocol.SetExpressionResponse['body']> =>
        client.ask('setExpression', { expression, value });
      expect((await set('ste(8).Config', '0')).value).toMatch(/^(0x)?0\b/);
      expect((await evaluated(client, 'ste(8).Config')).result).toMatch(/^(0x)?0\b/);
      await expect(set('ste(8).Nothing', '0')).rejects.toThrow();
      await expect(set('1 + 1', '3')).rejects.toThrow();
    },
  },
  {
    of: 'supportsEvaluateForHovers',
    fact: 'a hover has a value and changes nothing',
    async check(client) {
      await launchScript(client);
      await toLine(client, 7);
      const look = { context: 'hover' };
      expect((await evaluated(client, 'ste(8).S1ContextPtr', look)).result).toContain('0x40404000');
      expect((await evaluated(client, 'reg.ns.CR0.SMMUEN', look)).result).toMatch(/^(0x)?1\b/);
      const before = await client.ask('smmu/state');
      const stops = eventsOf(client, 'stopped').length;
      client.post('evaluate', { expression: 'translate sid=8 iova=0x90000', context: 'hover' });
      client.post('evaluate', { expression: 'no such thing', context: 'hover' });
      expect(await client.ask('smmu/state')).toEqual(before);
      expect(eventsOf(client, 'stopped')).toHaveLength(stops);
    },
  },
  {
    of: 'supportsClipboardContext',
    fact: 'what is copied is the whole plain value',
    async check(client) {
      await launchScript(client, { client: { ...CLIENT, supportsANSIStyling: true } });
      await toLine(client, 7);
      const { result } = await evaluated(client, 'ste(8).S1ContextPtr', { context: 'clipboard' });
      expect(result).toMatch(/^0x40404000/);
      const all = (await evaluated(client, 'translate sid=8 iova=0x90000', { context: 'clipboard' })).result;
      expect(all).not.toContain(ESCAPE);
    },
  },
  {
    of: 'supportsANSIStyling',
    fact: 'texts are coloured for a client that shows colours, and plain for all others',
    async check(client) {
      const styled = { ...CLIENT, supportsANSIStyling: true };
      await launchScript(client, { client: styled, filters: [] });
      await toLine(client, 7);
      const fault = 'translate sid=8 iova=0x90000';
      expect((await evaluated(client, fault, { context: 'repl' })).result).toContain(ESCAPE);
      await client.ask('initialize', CLIENT);
      const plain = (await evaluated(client, fault, { context: 'repl' })).result;
      expect(plain).toContain('F_TRANSLATION');
      expect(plain).not.toContain(ESCAPE);
    },
  },
  {
    of: 'supportsValueFormattingOptions',
    fact: 'numbers are hexadecimal on request',
    async check(client) {
      await launchScript(client);
      await intoStructure(client, /^STE/);
      const ste = await scopeReference(client, 'STE');
      const config = async (format?: object): Promise<string | undefined> => {
        const args = { variablesReference: ste, ...(format ? { format } : {}) };
        const body = await client.ask<DebugProtocol.VariablesResponse['body']>('variables', args);
        return body.variables.find(({ name }) => name === 'Config')?.value;
      };
      expect(await config()).toMatch(/^5 /);
      expect(await config({ hex: true })).toMatch(/^0x5 /);
      expect(await config({ hex: false })).toMatch(/^5 /);
    },
  },
  {
    of: 'supportsCompletionsRequest',
    fact: 'what is begun is completed in place',
    async check(client) {
      await launchScript(client);
      const body = await client.ask<DebugProtocol.CompletionsResponse['body']>('completions', {
        text: 'tra',
        column: 4,
      });
      const target = body.targets.find(({ label }) => label === 'translate');
      expect(target).toMatchObject({ start: 1, length: 3 });
    },
  },
  {
    of: 'completionTriggerCharacters',
    fact: 'behind each character that asks for completions there are some',
    async check(client) {
      const capabilities = await client.ask<DebugProtocol.Capabilities>('initialize', CLIENT);
      client.post('launch', { program: SCRIPT });
      await client.ask('configurationDone');
      await client.stopped();
      await toLine(client, 7);
      const before: Record<string, string> = {
        ' ': 'translate ',
        '=': 'translate sid=',
        '.': 'ste(8).',
        '(': 'ste(',
      };
      const { completionTriggerCharacters: characters = [] } = capabilities;
      expect(characters).toContain(' ');
      const counts = await Promise.all(
        characters.map(async (character) => {
          const text = before[character] ?? character;
          const args = { text, column: text.length + 1 };
          const body = await client.ask<DebugProtocol.CompletionsResponse['body']>('completions', args);
          return { character, some: body.targets.length > 0 };
        }),
      );
      expect(counts.filter(({ character }) => character === ' ' || character === '.')).toEqual(
        characters.filter((c) => c === ' ' || c === '.').map((character) => ({ character, some: true })),
      );
    },
  },
  {
    of: 'supportsReadMemoryRequest',
    fact: 'memory is read as bytes, what cannot be read is counted',
    async check(client) {
      await launchScript(client);
      await toLine(client, 7);
      const { memoryReference = '' } = await evaluated(client, 'ste(8)');
      const words = await bytesAt(client, memoryReference, 64);
      expect(words).toHaveLength(64);
      // STE.V and STE.Config = 0b101 (5.2).
      expect((words[0] ?? 0) & 0xf).toBe(0b1011);
      const outside = await client.ask<DebugProtocol.ReadMemoryResponse['body']>('readMemory', {
        memoryReference: '0x10',
        count: 32,
      });
      expect(outside).toMatchObject({ unreadableBytes: 32 });
      expect(outside?.data).toBeUndefined();
      await expect(client.ask('readMemory', { memoryReference: 'nowhere', count: 4 })).rejects.toThrow();
    },
  },
  {
    of: 'supportsWriteMemoryRequest',
    fact: 'bytes that are written are read back, and a step back takes them back',
    async check(client) {
      await launchScript(client);
      await toLine(client, 7);
      const before = await bytesAt(client, FREE, 8);
      const data = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]);
      await client.ask('writeMemory', { memoryReference: FREE, data: data.toString('base64') });
      expect(await bytesAt(client, FREE, 8)).toEqual(data);
      await client.ask('writeMemory', {
        memoryReference: FREE,
        offset: 3,
        data: Buffer.of(0xff).toString('base64'),
      });
      expect([...(await bytesAt(client, FREE, 5))]).toEqual([1, 2, 3, 0xff, 5]);
      await expect(client.ask('writeMemory', { memoryReference: '0x10', data: 'AAAA' })).rejects.toThrow();
      await expect(client.ask('writeMemory', { memoryReference: FREE, data: '?!' })).rejects.toThrow();
      await client.move('stepBack', FIRST);
      await client.move('stepBack', FIRST);
      expect(await bytesAt(client, FREE, 8)).toEqual(before);
    },
  },
  {
    of: 'supportsDisassembleRequest',
    fact: 'the ring is code: 16 bytes an instruction, before and behind the one that comes next',
    async check(client) {
      await launchPending(client);
      const memoryReference = (await client.frames(FIRST))[0]?.instructionPointerReference ?? '';
      const read = async (more: object): Promise<DebugProtocol.DisassembledInstruction[]> => {
        const args = { memoryReference, ...more };
        const body = await client.ask<DebugProtocol.DisassembleResponse['body']>('disassemble', args);
        return body?.instructions ?? [];
      };
      const ahead = await read({ instructionCount: 3 });
      expect(ahead.map(({ address }) => Number(address) - Number(memoryReference))).toEqual([0, 16, 32]);
      expect(ahead.map(({ instruction }) => /TLBI_NH_VA|SYNC/.exec(instruction)?.[0])).toEqual([
        'TLBI_NH_VA',
        'SYNC',
        'TLBI_NH_VA',
      ]);
      const around = await read({ instructionOffset: -2, instructionCount: 4 });
      expect(around).toHaveLength(4);
      expect(around[2]).toMatchObject({ address: ahead[0]?.address, instruction: ahead[0]?.instruction });
      await expect(
        client.ask('disassemble', { memoryReference: '?', instructionCount: 1 }),
      ).rejects.toThrow();
    },
  },
  {
    of: 'supportsLoadedSourcesRequest',
    fact: 'sources are the program and the queues, and each has its text',
    async check(client) {
      await launchScript(client);
      const { sources } = await client.ask<DebugProtocol.LoadedSourcesResponse['body']>('loadedSources');
      expect(sources.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['session.smmu', 'CMDQ ns', 'EVENTQ ns']),
      );
      for (const source of sources.filter(({ sourceReference }) => sourceReference)) {
        const args = { source, sourceReference: source.sourceReference };
        expect((await client.ask<{ content: string }>('source', args)).content).not.toBe('');
      }
      await expect(client.ask('source', { sourceReference: 987_654 })).rejects.toThrow();
      expect(outputOf(client)).toContain('session.smmu');
    },
  },
];
