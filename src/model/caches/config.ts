/**
 * The configuration cache under the `combined` policy: one entry a stream, made of its STE and the CDs used so far,
 * dropped as a whole by any CFGI on that StreamID. Structures that are not valid are never kept.
 */

import { WORLD_INDEX, type World } from '../../bits/world.ts';
import type { ContextConfig, StreamConfig } from '../translate/configuration.ts';
import { PageMap } from './page-map.ts';

/** The configuration of one stream. */
export interface ConfigEntry {
  readonly world: World;
  readonly sid: number;
  /** What the entry is found by: the StreamID, and the world above it. */
  readonly page: number;
  readonly stream: StreamConfig;
  /** The CD that was used first; most streams have no other. */
  readonly first: ContextConfig | null;
  /** Further CDs, by their index. */
  readonly others: ReadonlyMap<number, ContextConfig> | null;
}

const TWO32 = 2 ** 32;

function keyOf(world: World, sid: number): number {
  return world === 'ns' ? sid : WORLD_INDEX[world] * TWO32 + sid;
}

/**
 * An entry, made of the one before it and what a translation has read since.
 * @param before the entry of the same stream, if it was cached
 */
export function configEntry(
  before: ConfigEntry | null,
  stream: StreamConfig,
  context: ContextConfig | null,
): ConfigEntry {
  const { world, sid } = stream;
  const page = keyOf(world, sid);
  if (before === null || before.first === null || context === null) {
    return { world, sid, page, stream, first: context, others: null };
  }
  const others = new Map(before.others ?? []);
  others.set(context.index, context);
  return { world, sid, page, stream, first: before.first, others };
}

/** The cached CD of an index (SubstreamID, or 0), or null. */
export function contextOf(entry: ConfigEntry, index: number): ContextConfig | null {
  const { first, others } = entry;
  if (first !== null && first.index === index) return first;
  return others === null ? null : (others.get(index) ?? null);
}

/** All cached CDs of a stream, in the order of their first use. */
export function contextsOf(entry: ConfigEntry): ContextConfig[] {
  return entry.first === null ? [] : [entry.first, ...(entry.others?.values() ?? [])];
}

export class ConfigCache {
  readonly #entries = new PageMap<ConfigEntry>();

  /** The entry of a stream, or null. */
  find(world: World, sid: number): ConfigEntry | null {
    // A StreamID has 32 bits; the world stands above it.
    return this.#entries.at(WORLD_INDEX[world], sid | 0) ?? null;
  }

  insert(entry: ConfigEntry): void {
    this.#entries.set(entry);
  }

  /** Removes just this entry: one of the same stream that came later stays. */
  remove(entry: ConfigEntry): void {
    if (this.#entries.get(entry.page) === entry) this.#entries.delete(entry.page);
  }

  /** The entries of StreamIDs first .. last (inclusive) of a world. */
  range(world: World, first: number, last: number): ConfigEntry[] {
    if (first === last) {
      const one = this.find(world, first);
      return one ? [one] : [];
    }
    return this.entries().filter((e) => e.world === world && e.sid >= first && e.sid <= last);
  }

  /** Every entry, by StreamID. */
  entries(): ConfigEntry[] {
    return this.#entries.values().sort((a, b) => a.page - b.page);
  }

  /** Some entry, to make room for one of this stream. */
  near(entry: ConfigEntry): ConfigEntry | undefined {
    return this.#entries.near(entry.page);
  }

  clear(): void {
    this.#entries.clear();
  }

  get size(): number {
    return this.#entries.size;
  }
}
