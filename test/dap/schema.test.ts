/** The check of messages finds what is wrong with them, and nothing in what is right. */

import { expect, test } from 'vitest';
import { faultsOf, requestTypes } from '../kit/dap-schema.ts';

const response = { seq: 2, type: 'response', request_seq: 1, success: true } as const;

test.each([
  ['an event with a body', { seq: 1, type: 'event', event: 'invalidated', body: { areas: ['all'] } }],
  ['an event without a body', { seq: 1, type: 'event', event: 'initialized' }],
  ['a response', { ...response, command: 'threads', body: { threads: [{ id: 1, name: 'CMDQ ns' }] } }],
  [
    'a refusal',
    { ...response, success: false, command: 'next', message: 'no', body: { error: { id: 1, format: 'no' } } },
  ],
  ['a response beyond the protocol', { ...response, command: 'smmu/tree', body: { nodes: [] } }],
  [
    'a module with columns of its own',
    { ...response, command: 'modules', body: { modules: [{ id: 1, name: 'x', space: 'ns' }] } },
  ],
])('%s is right', (_what, message) => {
  expect(faultsOf(message)).toEqual([]);
});

test.each([
  [
    'a member that is missing',
    { ...response, command: 'threads', body: { threads: [{ id: 1 }] } },
    'ThreadsResponse.body.threads[0].name is missing',
  ],
  [
    'a member of a wrong type',
    {
      ...response,
      command: 'scopes',
      body: { scopes: [{ name: 'STE', variablesReference: '1', expensive: false }] },
    },
    'ScopesResponse.body.scopes[0].variablesReference: a number expected, not "1"',
  ],
  [
    'a member that the protocol does not know',
    { seq: 1, type: 'event', event: 'stopped', body: { reason: 'step', thread: 1 } },
    'StoppedEvent.body.thread is nothing that the protocol has',
  ],
  [
    'a word that the protocol does not have there',
    { ...response, command: 'exceptionInfo', body: { exceptionId: 'x', breakMode: 'often' } },
    'ExceptionInfoResponse.body.breakMode: "often" is none of what the protocol allows there',
  ],
  ['a body that is missing', { ...response, command: 'stackTrace' }, 'StackTraceResponse.body is missing'],
  [
    'an event that the protocol does not know',
    { seq: 1, type: 'event', event: 'stoped' },
    'the protocol has no StopedEvent',
  ],
])('%s is found', (_what, message, fault) => {
  expect(faultsOf(message)).toEqual([fault]);
});

test('the requests of the protocol are those that clients send', () => {
  const commands = [...requestTypes().keys()];
  expect(commands).toEqual(expect.arrayContaining(['initialize', 'launch', 'setBreakpoints', 'disassemble']));
  expect(commands).not.toContain('runInTerminal');
});
