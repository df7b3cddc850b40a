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
const OFTEN = ['next', 'stepIn', 'stackTrace', 'evaluate', 'continue', 'stepBack'] as const;

/** Asked less often: after them there is nothing left, or all is new. */
const SELDOM: ReadonlySet<string> = new Set(['initialize', 'launch', 'attach', 'restart', 'terminate']);

/** What clients ask one after the other, each with what the one before has brought. */
const TOURS: readonly (readonly string[])[] = [
  ['stackTrace', 'scopes', 'variables', 'setVariable', 'stackTrace', 'scopes'],
  ['stackTrace', 'scopes', 'variables', 'variables', 'dataBreakpointInfo', 'setDataBreakpoints', 'continue'],
  ['stackTrace', 'scopes', 'variables', 'setExpression', 'evaluate', 'readMemory', 'writeMemory'],
  ['stackTrace', 'stepInTargets', 'stepIn', 'stackTrace', 'restartFrame'],
  ['stackTrace', 'disassemble', 'setInstructionBreakpoints', 'continue'],
  ['gotoTargets', 'goto', 'gotoTargets', 'goto'],
  ['loadedSources', 'source', 'breakpointLocations', 'setBreakpoints', 'continue'],
  ['setExceptionBreakpoints', 'continue', 'exceptionInfo', 'stepBack', 'reverseContinue'],
  ['smmu/history', 'smmu/rewind', 'stackTrace'],
];

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

function randomCommand(random: Random, learnt: Learnt): string {
  const next = learnt.tour.shift();
  if (next !== undefined) return next;
  if (random.once(10)) learnt.tour.push(...random.of(TOURS));
  const command = random.once(2) ? random.of(OFTEN) : random.of(COMMANDS);
  return SELDOM.has(command) && !random.once(6) ? random.of(OFTEN) : command;
}

export function randomRequest(random: Random, learnt: Learnt): RandomRequest {
  const command = randomCommand(random, learnt);
  if (random.once(25)) return { command, args: anything(random) };
  if (command === 'launch' || command === 'attach' || command === 'restart') {
    return { command, args: launchArguments(command, random, learnt) };
  }
  const type = TYPES.get(command);
  if (type) {
    const args = valueFor(type, '', random, learnt);
    const known = command === 'setVariable' && !random.once(4) ? { variablesReference: learnt.parent } : {};
    return { command, args: typeof args === 'object' ? { ...args, ...known } : args };
  }
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
