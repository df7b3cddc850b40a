import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { layoutByName } from '../../inspect/layouts.ts';
import {
  entryRows,
  entryWords,
  type QueueEntry,
  type QueueName,
  queueEntries,
  queueSummary,
} from '../../inspect/queues.ts';
import { DATA } from '../../model/memory.ts';
import type { Smmu } from '../../model/smmu.ts';
import { PRIQ_ENTRY } from '../../spec/priq.ts';
import { QUEUES } from '../documents.ts';
import { type Children, type Node, named } from '../variable-node.ts';
import { ecmdqNodes } from './ecmdqs.ts';
import { fieldsAt } from './structure.ts';

/** The queues of a world, each with its registers and what is pending, decoded. */
export function queuesScope(smmu: Smmu, world: World): Children {
  return named(() => [...QUEUES.map((queue) => queueNode(smmu, queue, world)), ...ecmdqNodes(smmu, world)]);
}

function queueNode(smmu: Smmu, queue: QueueName, world: World): Node {
  const s = queueSummary(smmu, queue, world);
  const remark = s.remark === null ? '' : `; ${s.remark}`;
  const base = Number(s.base);
  return {
    name: queue,
    value: `${s.pending} pending${remark}`,
    type: `${s.entries} entries of ${s.entryBytes} bytes at PA ${s.base}`,
    memory: { space: world, pa: base },
    children: named(() => [
      { name: 'base', value: s.base, memory: { space: world, pa: base } },
      { name: 'entries', value: `${s.entries}` },
      { name: 'PROD', value: `${hex(s.prod)} wrap ${s.prodWrap}` },
      { name: 'CONS', value: `${hex(s.cons)} wrap ${s.consWrap}` },
      entriesNode(smmu, queue, world, 'pending', s.cons, s.pending, s.entries),
      entriesNode(smmu, queue, world, 'ring', 0, s.entries, s.entries),
    ]),
  };
}

/** `count` entries from index `first` on; all of the ring is there to look at, pending or not. */
function entriesNode(
  smmu: Smmu,
  queue: QueueName,
  world: World,
  name: string,
  first: number,
  count: number,
  size: number,
): Node {
  const value = `${count} ${count === 1 ? 'entry' : 'entries'}`;
  if (count === 0) return { name, value };
  return {
    name,
    value,
    children: {
      indexed: count,
      page: (start, length) =>
        queueEntries(smmu, queue, world, {
          first: (first + start) % size,
          count: Math.max(0, Math.min(length, count - start)),
        }).map((entry) => entryNode(smmu, queue, world, entry)),
    },
  };
}

function entryNode(smmu: Smmu, queue: QueueName, world: World, entry: QueueEntry): Node {
  const memory = { space: world, pa: Number(entry.address) };
  const node = {
    name: `[${entry.index}]`,
    value: entry.text,
    type: `${entry.state}, at PA ${entry.address}`,
    memory,
  };
  if (entry.status !== DATA) return node;
  return {
    ...node,
    children: named(() => {
      const { words, pa } = entryWords(smmu, queue, world, entry.index);
      const layout = queue === 'PRIQ' ? PRIQ_ENTRY : layoutByName(entry.name);
      return fieldsAt(layout, entryRows(queue, words, world), world, pa);
    }),
  };
}
