/**
 * PARTID maps, as caches may keep them: IHI 0070 5.6.2. One that is kept by StreamID belongs to the configuration of
 * the stream and goes with it (CMD_CFGI_STE*); one that is kept by VMID has a remover of its own (CMD_CFGI_VMS_PIDM).
 */

import { WORLD_INDEX, type World } from '../../bits/world.ts';
import type { Store } from '../store.ts';

/** What an entry is found by. */
export type PartidMapIndex = 'stream' | 'vmid';

/** The PARTID_MAP of a VMS, as it was read. */
export interface PartidMap {
  readonly world: World;
  readonly by: PartidMapIndex;
  /** StreamID or VMID. */
  readonly key: number;
  /** Where the VMS lies (PA in bytes), and the 16 words of its PARTID_MAP. */
  readonly pa: number;
  readonly words: Uint32Array;
}

const KEYS = 2 ** 32;

function placeOf(world: World, by: PartidMapIndex, key: number): number {
  return (WORLD_INDEX[world] * 2 + (by === 'vmid' ? 1 : 0)) * KEYS + key;
}

export class PartidMapCache implements Store<PartidMap> {
  readonly #maps = new Map<number, PartidMap>();

  find(world: World, by: PartidMapIndex, key: number): PartidMap | undefined {
    return this.#maps.get(placeOf(world, by, key));
  }

  insert(map: PartidMap): void {
    this.#maps.set(placeOf(map.world, map.by, map.key), map);
  }

  /** Removes just this map: one under the same key that came later stays. */
  remove(map: PartidMap): void {
    const place = placeOf(map.world, map.by, map.key);
    if (this.#maps.get(place) === map) this.#maps.delete(place);
  }

  /** The maps of a world that are kept by an index, with keys first .. last (inclusive). */
  range(world: World, by: PartidMapIndex, first: number, last: number): PartidMap[] {
    if (first === last) {
      const one = this.find(world, by, first);
      return one ? [one] : [];
    }
    return this.entries().filter((m) => m.world === world && m.by === by && m.key >= first && m.key <= last);
  }

  entries(): PartidMap[] {
    return [...this.#maps.values()];
  }
}
