import { hex } from './u64.ts';

/**
 * The four security states, by the names used everywhere: on the command line, in scripts, in launch.json.
 * The physical address spaces bear the same names; a world's index is also the index of its address space.
 */
export const WORLDS = ['ns', 's', 'realm', 'root'] as const;

/** A security state or the physical address space of that state. */
export type World = (typeof WORLDS)[number];

/** Position in {@link WORLDS}, 0 to 3. */
export const WORLD_INDEX: Readonly<Record<World, number>> = { ns: 0, s: 1, realm: 2, root: 3 };

/** Whether `text` names a world exactly (lower case). */
export function isWorld(text: string): text is World {
  return (WORLDS as readonly string[]).includes(text);
}

/** A physical address in bytes with its address space, for people; nothing is said of the Non-secure one. */
export function placeText(pa: number, space: World): string {
  return space === 'ns' ? hex(pa) : `${hex(pa)} (${space})`;
}
