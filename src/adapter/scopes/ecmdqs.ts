/** Enhanced command queues (IHI 0070 3.5.6) as variables. */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { commandName, commandRows, commandText } from '../../inspect/command-text.ts';
import { layoutByName } from '../../inspect/layouts.ts';
import { statusText } from '../../inspect/tree/node.ts';
import { DATA } from '../../model/memory.ts';
import {
  type CommandQueue,
  commandAddress,
  commandQueue,
  idleReason,
} from '../../model/queues/command-queue.ts';
import { ecmdqCount } from '../../model/queues/ecmdq.ts';
import { queueName } from '../../model/queues/queue-id.ts';
import type { Smmu } from '../../model/smmu.ts';
import { COMMAND_BYTES } from '../../spec/commands.ts';
import { type Node, named } from '../variable-node.ts';
import { fieldsAt } from './structure.ts';

/** All of a Security state as one variable, fetched in pages; nothing where there are none. */
export function ecmdqNodes(smmu: Smmu, world: World): Node[] {
  const count = ecmdqCount(smmu.bank, world);
  if (count === 0) return [];
  const page = (start: number, length: number): Node[] =>
    Array.from({ length: Math.min(length, count - start) }, (_, i) => ecmdqNode(smmu, world, start + i));
  return [
    {
      name: 'ECMDQ',
      value: `${count} ${count === 1 ? 'queue' : 'queues'}`,
      type: 'enhanced command queues',
      children: { indexed: count, page },
    },
  ];
}

function ecmdqNode(smmu: Smmu, world: World, number: number): Node {
  const name = queueName(number);
  const queue = commandQueue(smmu, world, number);
  if (queue === null) return { name, value: 'does not exist' };
  const { bank } = smmu;
  const [prod, cons] = [bank.peek(queue.prod), bank.peek(queue.cons)];
  const entries = queue.indexMask + 1;
  const pending = Math.min(
    ((prod & queue.mask) - (cons & queue.mask) + 2 * entries) % (2 * entries),
    entries,
  );
  const idle = idleReason(smmu, smmu.state(world), world, number);
  const base = commandAddress(queue, 0);
  return {
    name,
    value: `${pending} pending${idle === null || pending === 0 ? '' : `; ${idle}`}`,
    type: `${entries} entries of ${COMMAND_BYTES} bytes at PA ${hex(base)}`,
    memory: { space: queue.space, pa: base },
    children: named(() => [
      { name: 'base', value: hex(base), memory: { space: queue.space, pa: base } },
      { name: 'entries', value: `${entries}` },
      { name: 'PROD', value: hex(prod), type: 'index, wrap, ERRACK and EN, as the register has them' },
      { name: 'CONS', value: hex(cons), type: 'index, wrap, ERR_REASON, ERR and ENACK' },
      pendingNode(smmu, queue, cons & queue.indexMask, pending),
    ]),
  };
}

function pendingNode(smmu: Smmu, queue: CommandQueue, first: number, count: number): Node {
  const head = { name: 'pending', value: `${count} ${count === 1 ? 'entry' : 'entries'}` };
  if (count === 0) return head;
  const page = (start: number, length: number): Node[] =>
    Array.from({ length: Math.min(length, count - start) }, (_, i) =>
      entryNode(smmu, queue, (first + start + i) & queue.indexMask),
    );
  return { ...head, children: { indexed: count, page } };
}

function entryNode(smmu: Smmu, queue: CommandQueue, index: number): Node {
  const pa = commandAddress(queue, index);
  const { space, world } = queue;
  const words = new Uint32Array(COMMAND_BYTES / 4);
  const status = smmu.memory(space).load(pa, words, 0, words.length);
  const base = { name: `[${index}]`, type: `at PA ${hex(pa)}`, memory: { space, pa } } as const;
  if (status !== DATA) return { ...base, value: statusText(status) };
  return {
    ...base,
    value: commandText(words),
    children: named(() =>
      fieldsAt(layoutByName(commandName(words)), commandRows(words, 0, world), space, pa),
    ),
  };
}
