/** Small texts that many rows share. */

import type { World } from '../bits/world.ts';

/** `rw-` of the bits r=1, w=2, x=4. */
export function permText(bits: number): string {
  return `${bits & 1 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${bits & 4 ? 'x' : '-'}`;
}

/** `1,266`, independent of the machine's locale. */
export function countText(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

const WORLD_NAMES: Readonly<Record<World, string>> = {
  ns: 'Non-secure',
  s: 'Secure',
  realm: 'Realm',
  root: 'Root',
};

/** The world's name in prose. */
export function worldName(world: World): string {
  return WORLD_NAMES[world];
}

/** Text for Markdown in which nothing is markup. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~&$]/g, '\\$&').replace(/\r?\n/g, ' ');
}
