/**
 * From a place in memory to the configuration structures that hardware may fetch from there: IHI 0070 3.21.3
 * (reachable) and 3.3. CD tables of nested streams lie in IPAs and are left out.
 */

import { WORLD_INDEX, type World } from '../../bits/world.ts';
import { DATA } from '../../model/memory.ts';
import type { Smmu } from '../../model/smmu.ts';
import { cdTableBase, leafBitsOf } from '../../model/translate/context-lookup.ts';
import { decodeStream } from '../../model/translate/stream.ts';
import { CD_BYTES } from '../../spec/cd.ts';
import { L1CD, L1CD_BYTES } from '../../spec/l1cd.ts';
import { L1STD, L1STD_BYTES, SPAN_MAX } from '../../spec/l1std.ts';
import { STE, STE_BYTES } from '../../spec/ste.ts';
import type { EntryName } from './update-finding.ts';
import type { UpdatedStructure } from './used.ts';

/** A table, or a part of one that lies in one piece. */
interface Range {
  readonly structure: UpdatedStructure;
  readonly base: number;
  readonly count: number;
  readonly entryBytes: number;
  readonly sid: number;
  readonly index: number;
  /** How many StreamIDs or indices an entry serves. */
  readonly span: number;
}

/** Entries of tables that are read to find others; beyond it the index is incomplete and says so. */
const READ_LIMIT = 65536;
/** Structures that are named for one write. */
const ANSWER_LIMIT = 256;
/** A table of more pages is not filed under each of them. */
const FILED_PAGES = 64;
const PAGE = 4096;

const { V, Config } = STE.fields;

export class StructureIndex {
  readonly #smmu: Smmu;
  readonly #world: World;
  readonly #byPage = new Map<number, Set<Range>>();
  readonly #large = new Set<Range>();
  /** Ranges that one STE or L1STD makes reachable. */
  readonly #byOwner = new Map<string, Range[]>();
  readonly #staleStreams = new Set<number>();
  readonly #staleDescriptors = new Set<number>();
  #tables = '';
  #reads = 0;
  #truncated = false;

  constructor(smmu: Smmu, world: World = 'ns') {
    this.#smmu = smmu;
    this.#world = world;
  }

  /** There are more structures than were looked at. */
  get truncated(): boolean {
    return this.#truncated;
  }

  /**
   * The structures that hardware may fetch from a piece of memory, as memory is now: one for each stream that reads it.
   * @param pa in bytes
   */
  at(pa: number, bytes: number): EntryName[] {
    this.#refresh();
    const found: EntryName[] = [];
    for (const range of this.#near(pa, bytes)) {
      const first = Math.max(0, Math.floor((pa - range.base) / range.entryBytes));
      const last = Math.min(range.count - 1, Math.floor((pa + bytes - 1 - range.base) / range.entryBytes));
      for (let i = first; i <= last; i++) {
        if (found.length === ANSWER_LIMIT) {
          this.#truncated = true;
          return found;
        }
        found.push(this.#nameOf(range, i));
      }
    }
    return found;
  }

  /** A structure has changed, or is about to: what it makes reachable is found anew at the next question. */
  changed({ structure, sid }: EntryName): void {
    if (structure === 'L1STD') this.#staleDescriptors.add(sid);
    else if (structure !== 'CD') this.#staleStreams.add(sid);
  }

  #nameOf({ structure, base, entryBytes, sid, index, span }: Range, i: number): EntryName {
    const ofStream = structure === 'CD' || structure === 'L1CD';
    return {
      structure,
      world: this.#world,
      sid: ofStream ? sid : sid + i * span,
      index: ofStream ? index + i * span : 0,
      span,
      pa: base + i * entryBytes,
    };
  }

  #near(pa: number, bytes: number): Set<Range> {
    const near = new Set<Range>();
    for (let page = Math.floor(pa / PAGE); page * PAGE < pa + bytes; page++)
      for (const range of this.#byPage.get(page) ?? []) near.add(range);
    for (const range of this.#large) near.add(range);
    return near;
  }

  /** Finds everything when the registers place other tables, otherwise only what has changed. */
  #refresh(): void {
    const { smmuEnabled, streamTable } = this.#smmu.state(this.#world);
    const { base, twoLevel, split, streams, entries } = streamTable;
    const tables = smmuEnabled ? [base, twoLevel, split, streams, entries].join() : '';
    if (tables !== this.#tables) {
      this.#tables = tables;
      this.#reset();
      if (smmuEnabled) this.#readTables();
      return;
    }
    this.#reads = 0;
    for (const first of this.#staleDescriptors) this.#readDescriptor(first);
    this.#staleDescriptors.clear();
    for (const sid of this.#staleStreams) this.#readStream(sid);
    this.#staleStreams.clear();
  }

  #reset(): void {
    this.#byPage.clear();
    this.#large.clear();
    this.#byOwner.clear();
    this.#staleDescriptors.clear();
    this.#staleStreams.clear();
    this.#reads = 0;
    this.#truncated = false;
  }

  #readTables(): void {
    const { base, twoLevel, split, streams, entries } = this.#smmu.state(this.#world).streamTable;
    const span = twoLevel ? 2 ** split : 1;
    const entryBytes = twoLevel ? L1STD_BYTES : STE_BYTES;
    const structure = twoLevel ? 'L1STD' : 'STE';
    this.#file('table', [{ structure, base, count: entries, entryBytes, sid: 0, index: 0, span }]);
    for (let sid = 0; sid < streams; sid += span) {
      if (!this.#mayRead()) return;
      if (twoLevel) this.#readDescriptor(sid);
      else this.#readStream(sid);
    }
  }

  #mayRead(): boolean {
    if (this.#reads++ < READ_LIMIT) return true;
    this.#truncated = true;
    return false;
  }

  /** What one L1STD makes reachable (5.1). @param first the first StreamID that it serves */
  #readDescriptor(first: number): void {
    const { base, split, streams } = this.#smmu.state(this.#world).streamTable;
    for (let sid = first; sid < Math.min(streams, first + 2 ** split); sid++) this.#file(`STE ${sid}`, []);
    const array = arrayOf(this.#words(base + (first / 2 ** split) * L1STD_BYTES, L1STD.words), split);
    if (array === null) {
      this.#file(`L1STD ${first}`, []);
      return;
    }
    const { pa, count } = array;
    this.#file(`L1STD ${first}`, [
      { structure: 'STE', base: pa, count, entryBytes: STE_BYTES, sid: first, index: 0, span: 1 },
    ]);
    for (let i = 0; i < count && this.#mayRead(); i++) this.#readStream(first + i);
  }

  #steAddress(sid: number): number | null {
    const { base, twoLevel, split } = this.#smmu.state(this.#world).streamTable;
    if (!twoLevel) return base + sid * STE_BYTES;
    const first = sid - (sid % 2 ** split);
    const [array] = this.#byOwner.get(`L1STD ${first}`) ?? [];
    return array && sid - first < array.count ? array.base + (sid - first) * STE_BYTES : null;
  }

  /** The CD tables that one STE makes reachable (5.2). */
  #readStream(sid: number): void {
    this.#file(`STE ${sid}`, this.#tablesOf(sid));
  }

  #tablesOf(sid: number): Range[] {
    const pa = this.#steAddress(sid);
    const words = pa === null ? null : this.#words(pa, STE.words);
    if (pa === null || words === null || V.get(words, 0) === 0 || (Config.get(words, 0) & 1) === 0) return [];
    const stream = decodeStream(words, 0, pa, this.#world, sid, this.#smmu.state(this.#world));
    if ('event' in stream || !stream.translates1 || stream.stage2 !== null) return [];
    const { s1CDMax, s1Fmt } = stream;
    const base = cdTableBase(stream);
    const leafBits = s1CDMax === 0 ? 0 : leafBitsOf(s1Fmt);
    if (leafBits === 0)
      return [{ structure: 'CD', base, count: 2 ** s1CDMax, entryBytes: CD_BYTES, sid, index: 0, span: 1 }];
    const count = 2 ** Math.max(0, s1CDMax - leafBits);
    const perLeaf = Math.min(2 ** leafBits, 2 ** s1CDMax);
    const ranges: Range[] = [
      { structure: 'L1CD', base, count, entryBytes: L1CD_BYTES, sid, index: 0, span: 2 ** leafBits },
    ];
    for (let i = 0; i < count && this.#mayRead(); i++) {
      const leaf = leafOf(this.#words(base + i * L1CD_BYTES, L1CD.words), leafBits);
      if (leaf === null) continue;
      const index = i * 2 ** leafBits;
      ranges.push({ structure: 'CD', base: leaf, count: perLeaf, entryBytes: CD_BYTES, sid, index, span: 1 });
    }
    return ranges;
  }

  #words(pa: number, count: number): Uint32Array | null {
    const words = new Uint32Array(count);
    return this.#smmu.memory(this.#world).load(pa, words, 0, count) === DATA ? words : null;
  }

  /** Replaces the ranges of an owner. */
  #file(owner: string, ranges: Range[]): void {
    const before = this.#byOwner.get(owner);
    if (!before && ranges.length === 0) return;
    for (const range of before ?? []) {
      this.#large.delete(range);
      for (const page of pagesOf(range)) {
        const filed = this.#byPage.get(page);
        filed?.delete(range);
        if (filed?.size === 0) this.#byPage.delete(page);
      }
    }
    if (ranges.length === 0) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, ranges);
    for (const range of ranges) {
      const pages = pagesOf(range);
      if (pages.length === 0) this.#large.add(range);
      for (const page of pages) {
        const filed = this.#byPage.get(page);
        if (filed) filed.add(range);
        else this.#byPage.set(page, new Set([range]));
      }
    }
  }
}

/** The pages of 4 KiB that a table lies in; none when they are too many. */
function pagesOf({ base, count, entryBytes }: Range): number[] {
  const first = Math.floor(base / PAGE);
  const pages = Math.floor((base + count * entryBytes - 1) / PAGE) - first + 1;
  return pages > FILED_PAGES ? [] : Array.from({ length: pages }, (_, i) => first + i);
}

/** The STEs that an L1STD points to, aligned to their size (5.1), or null when it is invalid. */
export function arrayOf(
  words: Uint32Array | null,
  split: number,
): { readonly pa: number; readonly count: number } | null {
  if (words === null) return null;
  const span = L1STD.fields.Span.get(words, 0);
  if (span === 0 || span > Math.min(SPAN_MAX, split + 1)) return null;
  const count = 2 ** (span - 1);
  const pointer = L1STD.fields.L2Ptr.get(words, 0);
  return { pa: pointer - (pointer % (count * STE_BYTES)), count };
}

/** The leaf table that an L1CD points to (5.3), or null when it is invalid. */
function leafOf(words: Uint32Array | null, leafBits: number): number | null {
  if (words === null || L1CD.fields.V.get(words, 0) === 0) return null;
  const pointer = L1CD.fields.L2Ptr.get(words, 0);
  return pointer - (pointer % (CD_BYTES * 2 ** leafBits));
}

/** Identifies a structure of a stream at a place. */
export function keyOf({ structure, world, sid, index, pa }: EntryName): string {
  return `${structure}/${WORLD_INDEX[world]}/${sid}/${index}/${pa}`;
}
