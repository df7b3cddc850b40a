/** Names of virtual documents that the adapter and its clients agree on. Imports nothing: clients load it at once. */

import type { World } from '../bits/world.ts';
import type { QueueName } from '../model/queues/ring.ts';

/** Scheme of the URIs. */
export const DOCUMENT_SCHEME = 'smmu';

/** What every path ends in: clients choose the language by it. */
export const DOCUMENT_EXTENSION = '.smmuq';

/** A queue's path below the capture: `ns/cmdq.smmuq`. */
export function queuePath(name: QueueName, world: World): string {
  return `${world}/${name.toLowerCase()}${DOCUMENT_EXTENSION}`;
}
