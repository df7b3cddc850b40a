/** The mapped runs around an input address: a search that goes outward from it, and reads no more than it needs. */

import { hex, hiOf, loOf, toNumber } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { DATA, type SparseMemory } from '../../model/memory.ts';
import {
  addressHi,
  addressLo,
  descriptorKind,
  INVALID,
  LEAF_DESCRIPTOR,
  levelShift,
  swap32,
} from '../../model/translate/descriptor.ts';
import { HIERARCHICAL_BITS } from '../../model/translate/permission.ts';
import { leafMeta } from '../map-runs.ts';
import { inputAddress, type MapRun, Maps, startEntries, type TableStart } from '../maps.ts';
import { type Memories, memoriesOf, nextSpace } from '../spaces.ts';
import type { Nearest } from './explanation.ts';

/** Descriptors that one search reads at most. */
const SEARCH_READS = 20_000;

/** A leaf, in bytes from the start of the range. */
interface Leaf {
  readonly offset: number;
  readonly pa: number;
  readonly size: number;
  readonly meta: number;
}

type Direction = 1 | -1;

/** PA of what a table address stands for, or null: stage-1 tables of a nested stream lie at IPAs. */
export type Place = (address: number) => number | null;

class Search {
  reads = 0;
  complete = true;
  readonly #memories: Memories;
  readonly #start: TableStart;
  readonly #place: Place;

  constructor(memories: Memories, start: TableStart, place: Place) {
    this.#memories = memories;
    this.#start = start;
    this.#place = place;
  }

  /** The first leaf at `from` or beyond it in that direction; `from` in bytes from the start of the range. */
  leaf(from: number, direction: Direction): Leaf | null {
    const { base, level, space } = this.#start;
    if (from < 0 || from >= 2 ** this.#start.inputBits) return null;
    return this.#in(base, level, startEntries(this.#start), 0, from, direction, 0, space);
  }

  #in(
    table: number,
    level: number,
    entries: number,
    offset: number,
    from: number,
    direction: Direction,
    inherited: number,
    space: World,
  ): Leaf | null {
    const { granuleBits, wide, bigEndian, stage, had } = this.#start;
    const memory = this.#memories.memory(space);
    const size = 2 ** levelShift(level, granuleBits);
    const wanted = Math.floor((from - offset) / size);
    let index = Math.min(Math.max(wanted, 0), entries - 1);
    for (; index >= 0 && index < entries; index += direction) {
      if (this.reads >= SEARCH_READS) {
        this.complete = false;
        return null;
      }
      this.reads++;
      const pa = this.#place(table + index * 8);
      if (pa === null || memory.load64(hiOf(pa), loOf(pa)) !== DATA) {
        this.complete = false;
        continue;
      }
      const lo = bigEndian ? swap32(memory.hi) : memory.lo;
      const hi = bigEndian ? swap32(memory.lo) : memory.hi;
      const kind = descriptorKind(lo, level, granuleBits, wide);
      if (kind === INVALID) continue;
      const at = offset + index * size;
      const target = toNumber(addressHi(hi, lo, granuleBits, wide), addressLo(lo, granuleBits));
      if (kind === LEAF_DESCRIPTOR) {
        const meta = leafMeta(this.#start, level + 1, hi, lo, inherited, space);
        return { offset: at, pa: Math.floor(target / size) * size, size, meta };
      }
      const tables = stage === 2 || had ? 0 : inherited | (hi & HIERARCHICAL_BITS);
      const inside = index === wanted ? from : direction > 0 ? at : at + size - 1;
      const next = nextSpace(this.#start, space, hi);
      const below = this.#in(target, level + 1, 2 ** (granuleBits - 3), at, inside, direction, tables, next);
      if (below !== null) return below;
    }
    return null;
  }

  /** The run that a leaf belongs to, as far as it goes in that direction. */
  run(leaf: Leaf, direction: Direction): { first: Leaf; bytes: number } {
    let first = leaf;
    let last = leaf;
    for (;;) {
      const edge = direction > 0 ? last.offset + last.size : first.offset - 1;
      const next = this.leaf(edge, direction);
      if (next === null || next.meta !== leaf.meta) break;
      const joins =
        direction > 0
          ? next.offset === edge && next.pa === last.pa + last.size
          : next.offset + next.size === first.offset && next.pa + next.size === first.pa;
      if (!joins) break;
      if (direction > 0) last = next;
      else first = next;
    }
    return { first, bytes: last.offset + last.size - first.offset };
  }
}

/**
 * The mapped runs at, below and above an input address.
 * @param offset input address in bytes from the start of the range
 * @param place where tables lie; left out, their addresses are PAs
 */
export function nearestMappings(
  memory: SparseMemory | Memories,
  start: TableStart,
  offset: number,
  place: Place = (address) => address,
): Nearest {
  const search = new Search(memoriesOf(memory), start, place);
  const at = search.leaf(offset, -1);
  const holds = at !== null && at.offset + at.size > offset;
  let inside: MapRun | null = null;
  let below: MapRun | null = null;
  if (at !== null && holds) {
    const down = search.run(at, -1);
    const up = search.run(at, 1);
    inside = rowOf(start, down.first, down.bytes + up.bytes - at.size);
  } else if (at !== null) {
    const { first, bytes } = search.run(at, -1);
    below = rowOf(start, first, bytes);
  }
  let above: MapRun | null = null;
  const next = holds ? null : search.leaf(offset, 1);
  if (next !== null) {
    const { first, bytes } = search.run(next, 1);
    above = rowOf(start, first, bytes);
  }
  const input = start.upper ? inputAddress(start, offset) : hex(offset);
  const { reads, complete } = search;
  return { stage: start.stage, input, inside, below, above, reads, complete };
}

function rowOf(start: TableStart, { offset, pa, meta }: Leaf, bytes: number): MapRun {
  const maps = new Maps(start);
  maps.push(offset, pa, bytes, meta);
  return maps.run(0);
}
