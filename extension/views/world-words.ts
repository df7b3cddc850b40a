import { WORLDS, type World } from '../../src/bits/world.ts';

/** What the views show: one Security state, or all of them. */
export type ShownWorld = World | 'all';

/** The Security states as people write them. */
export const WORLD_WORDS: Readonly<Record<ShownWorld, string>> = {
  all: 'All worlds',
  ns: 'Non-secure',
  s: 'Secure',
  realm: 'Realm',
  root: 'Root',
};

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
