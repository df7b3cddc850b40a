/** Which command queue is meant. */

import type { World } from '../../bits/world.ts';
import type { QueueWorld } from '../../spec/commands.ts';

/** The command queue of a world, or one of its enhanced command queues by its number (IHI 0070 3.5.6). */
export type QueueId = 'CMDQ' | number;

/** A command queue of a world. */
export interface QueueRef {
  readonly world: World;
  readonly queue?: QueueId;
}

/** `CMDQ`, `ECMDQ 3`. */
export function queueName(queue: QueueId): string {
  return queue === 'CMDQ' ? queue : `ECMDQ ${queue}`;
}

/** Worlds that have queues; Root has none. */
export function hasQueues(world: World): world is QueueWorld {
  return world !== 'root';
}
