import { WORLDS, type World } from '../../src/bits/world.ts';
import { worldName } from '../../src/inspect/text.ts';

/** What the views show: one Security state, or all of them. */
export type ShownWorld = World | 'all';

/** A choice in words. */
export function shownWorldName(shown: ShownWorld): string {
  return shown === 'all' ? 'All worlds' : worldName(shown);
}

/** What can be chosen, in the order in which it is offered. */
export const SHOWN_WORLDS: readonly ShownWorld[] = ['all', ...WORLDS];

/** The choice that a text names, or null. */
export function shownWorldOf(text: unknown): ShownWorld | null {
  return SHOWN_WORLDS.find((world) => world === text) ?? null;
}

/** What a request carries for a choice: nothing for all worlds. */
export function worldArgument(shown: ShownWorld): { readonly world?: World } {
  return shown === 'all' ? {} : { world: shown };
}
