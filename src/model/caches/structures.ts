/**
 * Configuration structures by themselves, under the policy `maximal`: an STE, an L1STD, a CD or an L1CD in any state,
 * V=0 and illegal ones too (IHI 0070 3.21.3, 5.2.1, 5.4.1). They are tagged as the architecture has it: an STE by
 * {SEC_SID, StreamID}, a CD by {SEC_SID, StreamID, index}, so a CD table that streams share is cached for each of them.
 */

import { WORLD_INDEX, type World } from '../../bits/world.ts';
import { STE } from '../../spec/ste.ts';
import type { Store } from '../store.ts';

export type CachedStructure = 'STE' | 'L1STD' | 'CD' | 'L1CD';

export interface StructureEntry {
  readonly structure: CachedStructure;
  readonly world: World;
  /** The StreamID; of an L1STD the first one that it serves. */
  readonly sid: number;
  /** CD: its index; L1CD: the first index that it serves; otherwise 0. */
  readonly index: number;
  /** How many StreamIDs an L1STD serves, or CDs an L1CD; otherwise 1. */
  readonly span: number;
  /** Where it lay (PA in bytes, and its space), and its words as they were read. */
  readonly pa: number;
  readonly paSpace: World;
  readonly words: Uint32Array;
  /** An invalidation has named it, but no CMD_SYNC has completed yet: it may still be used. */
  leaving: boolean;
}

const TWO32 = 2 ** 32;
const { V, CONT } = STE.fields;

/** How many StreamIDs a cached STE may serve: its neighbours too, by the hint of a valid one (5.2, CONT). */
function served({ structure, words }: StructureEntry): number {
  return structure === 'STE' && V.get(words, 0) === 1 ? 2 ** CONT.get(words, 0) : 1;
}

/** All structures of one stream. */
interface OfStream {
  readonly ste: StructureEntry[];
  readonly l1std: StructureEntry[];
  readonly cd: ByIndex;
  readonly l1cd: ByIndex;
}

/** CDs or L1CDs by index. Most streams have one, for which a map would be dear. */
class ByIndex {
  #first: StructureEntry | null = null;
  #others: Map<number, StructureEntry> | null = null;

  get(index: number): StructureEntry | undefined {
    if (this.#first !== null && this.#first.index === index) return this.#first;
    return this.#others?.get(index);
  }

  set(entry: StructureEntry): void {
    const { index } = entry;
    if (this.#first === null ? !this.#others?.has(index) : this.#first.index === index) this.#first = entry;
    else {
      this.#others ??= new Map();
      this.#others.set(index, entry);
    }
  }

  delete(index: number): void {
    if (this.#first !== null && this.#first.index === index) this.#first = null;
    else this.#others?.delete(index);
  }

  values(): StructureEntry[] {
    const others = this.#others === null ? [] : [...this.#others.values()];
    return this.#first === null ? others : [this.#first, ...others];
  }

  get size(): number {
    return (this.#first === null ? 0 : 1) + (this.#others === null ? 0 : this.#others.size);
  }
}

export class StructureCache implements Store<StructureEntry> {
  readonly #streams = new Map<number, OfStream>();
  /** STEs that may serve their neighbours. */
  readonly #joined = new Set<StructureEntry>();
  #size = 0;

  /**
   * The cached structure, if there is one.
   * @param sid the StreamID that is looked for; of an L1STD the first one that it serves
   * @param index of CD and L1CD
   */
  find(structure: CachedStructure, world: World, sid: number, index = 0): StructureEntry | undefined {
    const of = this.#streams.get(keyOf(world, sid));
    if (!of) return undefined;
    switch (structure) {
      case 'STE':
        return of.ste[0];
      case 'L1STD':
        return of.l1std[0];
      case 'CD':
        return of.cd.get(index);
      case 'L1CD':
        return of.l1cd.get(index);
    }
  }

  /**
   * The cached STE of another StreamID whose span covers one. Invalidation knows nothing of spans: it goes when its own
   * StreamID is named (5.2, CONT).
   */
  neighbour(world: World, sid: number): StructureEntry | undefined {
    for (const entry of this.#joined) {
      const span = served(entry);
      if (entry.world === world && Math.floor(entry.sid / span) === Math.floor(sid / span)) return entry;
    }
    return undefined;
  }

  insert(entry: StructureEntry): void {
    const key = keyOf(entry.world, entry.sid);
    let of = this.#streams.get(key);
    if (!of) {
      of = { ste: [], l1std: [], cd: new ByIndex(), l1cd: new ByIndex() };
      this.#streams.set(key, of);
    }
    const before = this.find(entry.structure, entry.world, entry.sid, entry.index);
    if (before) this.#joined.delete(before);
    else this.#size++;
    if (served(entry) > 1) this.#joined.add(entry);
    if (entry.structure === 'STE') of.ste[0] = entry;
    else if (entry.structure === 'L1STD') of.l1std[0] = entry;
    else (entry.structure === 'CD' ? of.cd : of.l1cd).set(entry);
  }

  remove(entry: StructureEntry): void {
    const of = this.#streams.get(keyOf(entry.world, entry.sid));
    if (!of || this.find(entry.structure, entry.world, entry.sid, entry.index) !== entry) return;
    this.#size--;
    this.#joined.delete(entry);
    if (entry.structure === 'STE') of.ste.length = 0;
    else if (entry.structure === 'L1STD') of.l1std.length = 0;
    else (entry.structure === 'CD' ? of.cd : of.l1cd).delete(entry.index);
    if (of.ste.length + of.l1std.length + of.cd.size + of.l1cd.size === 0) {
      this.#streams.delete(keyOf(entry.world, entry.sid));
    }
  }

  /** Everything cached for one StreamID. */
  ofStream(world: World, sid: number): StructureEntry[] {
    const of = this.#streams.get(keyOf(world, sid));
    return of ? [...of.l1std, ...of.ste, ...of.l1cd.values(), ...of.cd.values()] : [];
  }

  /** Everything cached, in the order of StreamIDs' first use. */
  entries(): StructureEntry[] {
    return [...this.#streams.values()].flatMap((of) => [
      ...of.l1std,
      ...of.ste,
      ...of.l1cd.values(),
      ...of.cd.values(),
    ]);
  }

  clear(): void {
    this.#streams.clear();
    this.#joined.clear();
    this.#size = 0;
  }

  get size(): number {
    return this.#size;
  }
}

function keyOf(world: World, sid: number): number {
  return WORLD_INDEX[world] * TWO32 + sid;
}
