/** Consuming one command: IHI 0070 3.5.2 (queue), 4 (commands), 7.1 (command errors). */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { CERRORS, cerrorName } from '../../spec/cerror.ts';
import { COMMAND_BYTES, type CommandName, commandNameOf } from '../../spec/commands.ts';
import { GERROR_CMDQ_ERR } from '../../spec/gerror.ts';
import { REGISTERS } from '../../spec/registers.ts';
import { offsetOf, type RegisterBank } from '../bank.ts';
import { execute } from '../commands/index.ts';
import { judge } from '../commands/legality.ts';
import { keepCounting } from '../field-bits.ts';
import type { Machine } from '../machine.ts';
import { ABSENT, DATA, MISS } from '../memory.ts';
import type { Effect, Missing, Recorder, Result } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { advance, entryAddress, ring } from './ring.ts';

const COMMAND_WORDS = COMMAND_BYTES / 4;
const { ERR } = REGISTERS.CMDQ_CONS.layout.fields;

/** What one command did. */
export interface CommandOutcome {
  readonly result: Result;
  readonly command: CommandName | null;
  readonly cerror: number;
  readonly reason: string;
  readonly missing: Missing | null;
}

const words = new Uint32Array(COMMAND_WORDS);

/** Why the command queue of a world would not consume anything just now, or null when it would. */
export function idleReason(bank: RegisterBank, state: WorldState, world: World): string | null {
  if (world !== 'ns') return 'this Security state is not modelled';
  if (!state.cmdqEnabled) return 'command queue disabled (CR0.CMDQEN=0)';
  if (state.cmdqStopped) {
    const code = cerrorName(state.cmdqError) ?? `ERR ${state.cmdqError}`;
    return `command queue stopped by ${code}: acknowledge GERROR.CMDQ_ERR in GERRORN`;
  }
  return ring(bank, 'CMDQ', world).empty ? 'nothing pending' : null;
}

/** Stops the queue: RD stays at the command, ERR says why, GERROR.CMDQ_ERR becomes active (7.1). */
function stop(bank: RegisterBank, code: number, effects: Effect[]): void {
  const cons = Uint32Array.of(bank.lo('CMDQ_CONS'));
  ERR.set(cons, 0, code);
  effects.push({
    kind: 'register',
    offset: offsetOf('CMDQ_CONS'),
    value: cons[0] as number,
    what: `CMDQ_CONS.ERR=${code}`,
  });
  effects.push({
    kind: 'register',
    offset: offsetOf('GERROR'),
    value: (bank.lo('GERROR') ^ GERROR_CMDQ_ERR) >>> 0,
    what: 'GERROR.CMDQ_ERR toggles',
  });
}

/**
 * Plans the command at CONS; {@link idleReason} has been asked.
 * @param effects gets what the command changes
 */
export function executeCommand(
  machine: Machine,
  bank: RegisterBank,
  state: WorldState,
  world: 'ns',
  effects: Effect[],
  recorder: Recorder | null,
): CommandOutcome {
  const queue = ring(bank, 'CMDQ', world);
  const pa = entryAddress(queue, queue.cons);
  const status = machine.memory(world).load(pa, words, 0, COMMAND_WORDS);
  const name = status === DATA ? (commandNameOf(words, 0) ?? 'reserved opcode') : 'unreadable command';
  recorder?.enter(0, {
    kind: 'command',
    name: `CMDQ[${hex(queue.cons)}] ${name.replace(/^CMD_/, '')}`,
    layout: name,
    space: world,
    pa,
    words: status === DATA ? words.slice() : new Uint32Array(0),
    status,
    level: 0,
  });
  recorder?.step('fetch', `read command ${hex(queue.cons)} at ${hex(pa)}`);
  if (status === ABSENT || status === MISS) {
    const missing: Missing = { space: world, pa, structure: `command ${hex(queue.cons)}`, wouldBe: null };
    const result = status === MISS ? 'miss' : 'absent';
    return {
      result,
      command: null,
      cerror: 0,
      reason: `the command at ${hex(pa)} is not in the image`,
      missing,
    };
  }
  const refuse = (code: number, reason: string, command: CommandName | null): CommandOutcome => {
    recorder?.step('command-error', reason, 'Opcode');
    stop(bank, code, effects);
    return { result: 'command-error', command, cerror: code, reason, missing: null };
  };
  if (status !== DATA) {
    return refuse(CERRORS.CERROR_ABT.code, `CERROR_ABT: reading the command at ${hex(pa)} aborted`, null);
  }
  const verdict = judge(state, world, words);
  if ('illegal' in verdict) return refuse(CERRORS.CERROR_ILL.code, `CERROR_ILL: ${verdict.illegal}`, null);
  const { spec } = verdict;
  keepCounting(state.bits.of(spec.layout), words);
  recorder?.step('decide', `${name}: ${spec.doc}`, 'Opcode');
  const context = { machine, bank, state, world, name: spec.name, spec, words, effects, recorder };
  const failure = execute(context);
  if (failure) return refuse(failure.code, failure.reason, spec.name);
  const value = advance(bank.lo('CMDQ_CONS'), queue.log2size);
  recorder?.step('register', 'CMDQ_CONS moves past the command');
  effects.push({
    kind: 'register',
    offset: offsetOf('CMDQ_CONS'),
    value,
    what: 'CMDQ_CONS moves past the command',
  });
  return { result: 'consumed', command: spec.name, cerror: 0, reason: '', missing: null };
}
