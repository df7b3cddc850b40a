/** Which Security state has which queue, and in whose address space it lies: IHI 0070 3.10, 3.18, 8.1. */

import { WORLDS, type World } from '../../bits/world.ts';
import type { QueueWorld } from '../../spec/commands.ts';
import { WORLD_FACTS } from '../../spec/worlds.ts';
import { worldRuleOff } from '../world-rules.ts';
import type { QueueName } from './ring.ts';

const HAS = {
  CMDQ: (world: World) => WORLD_FACTS[world].commandQueue,
  EVENTQ: (world: World) => WORLD_FACTS[world].eventQueue,
  // Where a feature decides, the caller asks it.
  PRIQ: (world: World) => WORLD_FACTS[world].priQueue !== false,
} as const satisfies Readonly<Record<QueueName, (world: World) => boolean>>;

/** The Security states that have such a queue, where they are there and no feature denies it. */
export function worldsWith(queue: QueueName): readonly World[] {
  return WORLDS.filter((world) => HAS[queue](world));
}

/**
 * Whose registers describe a queue of a state, or null when the state has no such queue. A state whose queue is there
 * although the architecture has none (a rule that is left out) uses the Non-secure one.
 */
export function queueOwner(rulesOff: ReadonlySet<string>, world: World, queue: QueueName): QueueWorld | null {
  const has = HAS[queue](world);
  const off = worldRuleOff(rulesOff, world, queue);
  // The rules of PRI queues that hang on a feature are about the feature.
  if (queue === 'PRIQ' && has) return world === 'root' ? null : world;
  if (has === off) return null;
  return has && world !== 'root' ? world : 'ns';
}

/** Whose event queue gets the events of a state's transactions (7.2), or null. */
export function eventQueueOwner(rulesOff: ReadonlySet<string>, world: World): QueueWorld | null {
  if (rulesOff.size !== 0 && rulesOff.has('world:EVENTS-ROUTING')) return 'ns';
  return queueOwner(rulesOff, world, 'EVENTQ');
}

/** Another space than a state's own, for what does not lie where it must. */
const elsewhere = (world: World): World => (world === 'ns' ? 's' : 'ns');

/** The address space of a state's queues (3.10). */
export function queueSpace(rulesOff: ReadonlySet<string>, world: World): World {
  return worldRuleOff(rulesOff, world, 'FETCH-QUEUES') ? elsewhere(world) : world;
}

/**
 * The address space of a state's MSIs (3.18).
 * @param ns the NS bit beside the address, which counts in Realm state
 */
export function msiSpace(rulesOff: ReadonlySet<string>, world: World, ns: boolean): World {
  if (worldRuleOff(rulesOff, world, 'FETCH-MSI')) return elsewhere(world);
  return world === 'realm' && ns ? 'ns' : world;
}
