/** Command queues as their registers describe them: IHI 0070 3.5.1, 3.5.6, 4.1.2. */

import { hiOf, loOf } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { cerrorName } from '../../spec/cerror.ts';
import { COMMAND_BYTES, type QueueWorld } from '../../spec/commands.ts';
import { REGISTERS, WORLD_PREFIX } from '../../spec/registers.ts';
import { WORLD_FACTS } from '../../spec/worlds.ts';
import { offsetOf, type RegisterBank } from '../bank.ts';
import type { QueueMachine } from '../machine.ts';
import type { SparseMemory } from '../memory.ts';
import type { WorldState } from '../state.ts';
import { ECMDQ_ENABLE, ECMDQ_ERROR, ecmdqPlaces, ecmdqStopped } from './ecmdq.ts';
import { type QueueId, queueName } from './queue-id.ts';
import { alignedBase, cappedLog2size, ring } from './ring.ts';
import { queueOwner, queueSpace } from './world-queues.ts';

const ECMDQ_BASE = REGISTERS.ECMDQ_BASEn.layout.fields;

/** What stays the same while commands are consumed: derived once for each change of another register. */
export interface CommandQueue {
  readonly id: QueueId;
  readonly world: QueueWorld;
  /** Address space of the entries. */
  readonly space: World;
  /** Places of the index registers. */
  readonly prod: number;
  readonly cons: number;
  /** PA of the first entry, aligned to the size of the queue, as halves. */
  readonly baseHi: number;
  readonly baseLo: number;
  readonly log2size: number;
  /** Index and wrap bit. */
  readonly mask: number;
  readonly indexMask: number;
  readonly memory: SparseMemory;
}

function describe(
  machine: QueueMachine,
  facts: Pick<CommandQueue, 'id' | 'world' | 'prod' | 'cons' | 'log2size'>,
  base: number,
): CommandQueue {
  const entries = 2 ** facts.log2size;
  const space = queueSpace(machine.state(facts.world).rulesOff, facts.world);
  return {
    ...facts,
    space,
    baseHi: hiOf(base),
    baseLo: loOf(base),
    mask: 2 * entries - 1,
    indexMask: entries - 1,
    memory: machine.own(space),
  };
}

/** A queue, or null when there is none of that number. */
export function commandQueue(machine: QueueMachine, of: World, id: QueueId): CommandQueue | null {
  const { present, rulesOff } = machine.state(of);
  const world = present ? queueOwner(rulesOff, of, 'CMDQ') : null;
  if (world === null) return null;
  const { bank } = machine;
  if (id === 'CMDQ') {
    const { base, log2size } = ring(bank, 'CMDQ', world);
    const prefix = WORLD_PREFIX[world];
    const [prod, cons] = [offsetOf(`${prefix}CMDQ_PROD`), offsetOf(`${prefix}CMDQ_CONS`)];
    return describe(machine, { id, world, prod, cons, log2size }, base);
  }
  const places = of === world ? ecmdqPlaces(bank, world, id) : null;
  if (places === null) return null;
  const words = Uint32Array.of(bank.peek(places.base), bank.peek(places.base + 4));
  const log2size = cappedLog2size(bank, 'CMDQ', ECMDQ_BASE.LOG2SIZE.get(words, 0));
  const base = alignedBase(bank, ECMDQ_BASE.ADDR.get(words, 0), COMMAND_BYTES, log2size);
  return describe(machine, { id, world, prod: places.prod, cons: places.cons, log2size }, base);
}

/** PA of an entry in bytes. */
export function commandAddress(queue: CommandQueue, index: number): number {
  return queue.baseHi * 2 ** 32 + queue.baseLo + index * COMMAND_BYTES;
}

/** Whether a queue is enabled and no error stops it; its indices are not asked. */
export function isRunning(bank: RegisterBank, state: WorldState, queue: CommandQueue): boolean {
  if (queue.id === 'CMDQ') return state.cmdqEnabled && !state.cmdqStopped;
  const prod = bank.peek(queue.prod);
  const cons = bank.peek(queue.cons);
  return (prod & cons & ECMDQ_ENABLE) !== 0 && ((prod ^ cons) & ECMDQ_ERROR) === 0;
}

/** Why a command queue would not consume anything just now, or null when it would. */
export function idleReason(
  machine: QueueMachine,
  state: WorldState,
  world: World,
  id: QueueId = 'CMDQ',
): string | null {
  if (!state.present) return `there is no ${world} state (${WORLD_FACTS[world].present} is 0)`;
  if (machine.failure.active) return 'service failure mode: queues are accessed no more (12.3)';
  const queue = commandQueue(machine, world, id);
  if (queue === null) return `there is no ${queueName(id)}${world === 'ns' ? '' : ` in ${world} state`}`;
  const { bank } = machine;
  const [prod, cons] = [bank.peek(queue.prod), bank.peek(queue.cons)];
  if (id !== 'CMDQ') {
    const stopped = ecmdqStopped(prod, cons);
    if (stopped !== null) return `${queueName(id)} ${stopped}`;
  } else if (!state.cmdqEnabled) return `command queue disabled (${WORLD_PREFIX[queue.world]}CR0.CMDQEN=0)`;
  else if (state.cmdqStopped) {
    const prefix = WORLD_PREFIX[queue.world];
    const code = cerrorName(state.cmdqError) ?? `ERR ${state.cmdqError}`;
    return `command queue stopped by ${code}: acknowledge ${prefix}GERROR.CMDQ_ERR in ${prefix}GERRORN`;
  }
  return ((prod ^ cons) & queue.mask) === 0 ? 'nothing pending' : null;
}
