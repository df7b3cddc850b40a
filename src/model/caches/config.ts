/**
 * The configuration cache under the `combined` policy: one entry a stream, made of its STE and the CDs used so far,
 * dropped as a whole by any CFGI on that StreamID. Structures that are not valid are never kept.
 */

import { WORLD_INDEX, type World } from '../../bits/world.ts';
import type { ContextConfig, StreamConfig } from '../translate/configuration.ts';

/** The configuration of one stream. */
export interface ConfigEntry {
  readonly world: World;
  readonly sid: number;
  readonly stream: StreamConfig;
  /** CDs by their index (SubstreamID, or 0); the entry grows while it lives. */
  readonly contexts: ReadonlyMap<number, ContextConfig>;
}

const TWO32 = 2 ** 32;

function keyOf(world: World, sid: number): number {
  return WORLD_INDEX[world] * TWO32 + sid;
}

export class ConfigCache {
  readonly #entries = new Map<number, ConfigEntry>();

  /** The entry of a stream, if it is cached. */
  find(world: World, sid: number): ConfigEntry | undefined {
    return this.#entries.get(keyOf(world, sid));
  }

  insert(entry: ConfigEntry): void {
    this.#entries.set(keyOf(entry.world, entry.sid), entry);
  }

  /** Removes just this entry: one of the same stream that came later stays. */
  remove(entry: ConfigEntry): void {
    const key = keyOf(entry.world, entry.sid);
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }

  /** The entries of StreamIDs first .. last (inclusive) of a world. */
  range(world: World, first: number, last: number): ConfigEntry[] {
    if (first === last) {
      const one = this.find(world, first);
      return one ? [one] : [];
    }
    return this.entries().filter((e) => e.world === world && e.sid >= first && e.sid <= last);
  }

  entries(): ConfigEntry[] {
    return [...this.#entries.values()];
  }

  /** The entry that has been there longest. */
  oldest(): ConfigEntry | undefined {
    return this.#entries.values().next().value;
  }

  clear(): void {
    this.#entries.clear();
  }

  get size(): number {
    return this.#entries.size;
  }
}
