/** Random requests: every command that there is, in any order, with arguments that are right more often than not. */

import { HANDLERS } from '../../../src/adapter/requests/index.ts';
import { requestTypes, type Shape } from '../../kit/dap-schema.ts';
import { fixture } from '../../kit/machine.ts';
import type { Random } from '../../kit/random.ts';
import { SCRIPT } from '../drive.ts';
import { anything, type Learnt, valueFor } from './values.ts';

export interface RandomRequest {
  readonly command: string;
  readonly args: unknown;
}

const ANY: Shape = { kind: 'any' };
const TYPES = requestTypes();

/** Those of the protocol, those beyond it, and some that nobody has. `disconnect` is the last one of a session. */
const COMMANDS: readonly string[] = [
  ...new Set([...TYPES.keys(), ...Object.keys(HANDLERS), 'toString', '', 'no such request']),
].filter((command) => command !== 'disconnect');

/** Asked more often: they move the debuggee, or lead to what can be looked at. */
const OFTEN = [
  'next',
  'stepIn',
  'stackTrace',
  'scopes',
  'variables',
  'evaluate',
  'continue',
  'stepBack',
] as const;

const LAUNCHES: readonly object[] = [
  { program: SCRIPT },
  { program: SCRIPT, stopOnEntry: false },
  { program: SCRIPT, caches: 'combined' },
  { ...fixture('linux-pending'), enableQueue: true },
  { ...fixture('linux-pending'), replayConsumed: true, enableQueue: true },
];

/** Names of what a launch has; the protocol leaves them to the adapter. */
const LAUNCH_NAMES = [
  ...['program', 'capture', 'registers', 'ram', 'smmu', 'caches', 'enableQueue', 'replayConsumed'],
  ...['stopOnEntry', 'noDebug', 'only', 'workspace'],
];

/** The beginning of most sessions: what a client that knows the protocol sends. */
export function beginning(random: Random): readonly RandomRequest[] {
  return [
    {
      command: 'initialize',
      args: { adapterID: 'smmuv3', supportsProgressReporting: true, supportsInvalidatedEvent: true },
    },
    { command: 'launch', args: random.of(LAUNCHES) },
    { command: 'configurationDone', args: {} },
  ];
}

export function randomRequest(random: Random, learnt: Learnt): RandomRequest {
  const command = random.once(3) ? random.of(OFTEN) : random.of(COMMANDS);
  if (random.once(25)) return { command, args: anything(random) };
  if (command === 'launch' || command === 'attach' || command === 'restart') {
    return { command, args: launchArguments(command, random, learnt) };
  }
  const type = TYPES.get(command);
  if (type) return { command, args: valueFor(type, '', random, learnt) };
  const names = ['uri', 'id', 'world', 'start', 'count', 'to'];
  return {
    command,
    args: Object.fromEntries(names.map((name) => [name, valueFor(ANY, name, random, learnt)])),
  };
}

function launchArguments(command: string, random: Random, learnt: Learnt): unknown {
  const args = random.once(2)
    ? random.of(LAUNCHES)
    : Object.fromEntries(
        LAUNCH_NAMES.filter(() => random.once(3)).map((name) => [name, valueFor(ANY, name, random, learnt)]),
      );
  return command === 'restart' ? { arguments: args } : args;
}
