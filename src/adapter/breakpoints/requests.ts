/** Breakpoints as clients send them, read with care: a client may send anything. */

import type { Args } from '../args.ts';

/** The wishes that every kind of breakpoint may have. */
export interface AskedWishes {
  readonly condition?: string;
  readonly hitCondition?: string;
  readonly logMessage?: string;
}

/** The objects of a list; other things in it become empty objects, so that every one gets its answer. */
export function listOf(value: unknown): Args[] {
  if (!Array.isArray(value)) return [];
  return value.map((item: unknown) => (typeof item === 'object' && item !== null ? (item as Args) : {}));
}

export function textOr(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise;
}

export function wishesOf(asked: Args): AskedWishes {
  const wish = (name: keyof AskedWishes): AskedWishes => {
    const value = asked[name];
    return typeof value === 'string' && value.trim() !== '' ? { [name]: value } : {};
  };
  return { ...wish('condition'), ...wish('hitCondition'), ...wish('logMessage') };
}
