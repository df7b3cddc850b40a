/**
 * The configuration cache under the `combined` policy: one entry a stream, made of its STE and the CDs used so far,
 * dropped as a whole by any CFGI on that StreamID. Structures that are not valid are never kept.
 */

import { WORLD_INDEX, type World } from '../../bits/world.ts';
import type { ContextConfig, StreamConfig } from '../translate/configuration.ts';
import { PageMap, pageOf } from './page-map.ts';

/** The configuration of one stream. */
export interface ConfigEntry {
  readonly world: World;
  readonly sid: number;
  /** What the entry is found by: the world, and the StreamID as int32. */
  readonly pageHi: number;
  readonly pageLo: number;
  readonly stream: StreamConfig;
  /** The CD that was used first; most streams have no other. */
  readonly first: ContextConfig | null;
  /** Further CDs, by their index. */
  readonly others: ReadonlyMap<number, ContextConfig> | null;
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
  const pageHi = WORLD_INDEX[world];
  const pageLo = sid | 0;
  if (before === null || before.first === null || context === null) {
    return { world, sid, pageHi, pageLo, stream, first: context, others: null };
  }
  const others = new Map(before.others ?? []);
  others.set(context.index, context);
  return { world, sid, pageHi, pageLo, stream, first: before.first, others };
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
  /** The entry that was found last: transactions of one stream come in bursts. */
  #last: ConfigEntry | null = null;

  /** The entry of a stream, or null. */
  find(world: World, sid: number): ConfigEntry | null {
    const last = this.#last;
    if (last !== null && last.sid === sid && last.world === world) return last;
    const entry = this.#entries.at(WORLD_INDEX[world], sid | 0) ?? null;
    if (entry !== null) this.#last = entry;
    return entry;
  }

  insert(entry: ConfigEntry): void {
    this.#entries.set(entry);
    this.#last = null;
  }

  /** Removes just this entry: one of the same stream that came later stays. */
  remove(entry: ConfigEntry): void {
    if (this.#entries.at(entry.pageHi, entry.pageLo) === entry) this.#entries.delete(entry);
    this.#last = null;
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
    return this.#entries.values().sort((a, b) => pageOf(a) - pageOf(b));
  }

  /** Some entry, to make room for one of this stream. */
  near(entry: ConfigEntry): ConfigEntry | undefined {
    return this.#entries.near(entry);
  }

  clear(): void {
    this.#entries.clear();
    this.#last = null;
  }

  get size(): number {
    return this.#entries.size;
  }
}
