/** Breakpoints on commands by the address of their place in the ring. */

import { hex } from '../../bits/u64.ts';
import { WORLDS, type World } from '../../bits/world.ts';
import { commandAddress, commandQueue } from '../../model/queues/command-queue.ts';
import { ecmdqCount } from '../../model/queues/ecmdq.ts';
import { type QueueId, queueName } from '../../model/queues/queue-id.ts';
import type { Smmu } from '../../model/smmu.ts';
import { COMMAND_BYTES } from '../../spec/commands.ts';
import type { Site } from './stop.ts';

/** Where the commands of a queue lie. */
export interface CommandRing {
  readonly world: World;
  readonly queue: QueueId;
  readonly name: string;
  /** PA in bytes, and the size in bytes. */
  readonly base: number;
  readonly bytes: number;
}

/** The rings of command queues: those that have a place, ECMDQs included. */
function commandRings(smmu: Smmu): CommandRing[] {
  const idsOf = (world: World): QueueId[] => [
    'CMDQ',
    ...Array.from({ length: ecmdqCount(smmu.bank, world) }, (_, i) => i),
  ];
  return WORLDS.flatMap((world) =>
    idsOf(world).flatMap((queue) => {
      const found = commandQueue(smmu, world, queue);
      const base = found === null ? 0 : commandAddress(found, 0);
      // An ECMDQ that was never given a place has base 0.
      if (found === null || (queue !== 'CMDQ' && base === 0)) return [];
      const bytes = COMMAND_BYTES * 2 ** found.log2size;
      return [{ world, queue, name: `${queueName(queue)} ${world}`, base, bytes }];
    }),
  );
}

/** Where a breakpoint on an address stops, or why nothing is ever executed there. */
export function instructionSite(smmu: Smmu, space: World, pa: number): Site | string {
  const at = `PA ${hex(pa)} (${space})`;
  const rings = commandRings(smmu);
  const ring = rings.find((r) => r.world === space && pa >= r.base && pa < r.base + r.bytes);
  if (!ring) {
    const places = rings.map((r) => `${r.name} is at ${hex(r.base)} to ${hex(r.base + r.bytes - 1)}`);
    return `${at} lies in no command queue; ${places.join(', ') || 'there is none'}`;
  }
  if (pa % COMMAND_BYTES !== 0) {
    return `${at} is not the beginning of a command; use ${hex(pa - (pa % COMMAND_BYTES))}`;
  }
  return {
    reason: 'instruction breakpoint',
    label: () => `${ring.name} at ${hex(pa)}`,
    steps: ({ plan: { operation } }) =>
      operation.kind === 'command' && operation.world === space && operation.pa === pa ? [0] : [],
    may: ({ operation }) => operation.kind === 'command' && operation.world === space && operation.pa === pa,
  };
}
