/** How much there is: STEs by kind, CDs, translation tables and the pages that they map. */

import { hex } from '../bits/u64.ts';
import type { World } from '../bits/world.ts';
import { DATA, PAGE_BYTES } from '../model/memory.ts';
import type { Smmu } from '../model/smmu.ts';
import type { StreamConfig } from '../model/translate/configuration.ts';
import { CD, CD_BYTES } from '../spec/cd.ts';
import { L1STD_BYTES } from '../spec/l1std.ts';
import { STE_BYTES } from '../spec/ste.ts';
import { type MapsOptions, mapsOf, type TableStart } from './maps.ts';
import {
  arrayOf,
  type CdTable,
  cdTableOf,
  contextOf,
  isFault,
  readableParts,
  readCd,
  readL1cd,
  readLevel1,
  readSte,
  type SteArray,
  type SteKind,
  streamOf,
} from './streams.ts';
import { stage1Tables, stage2Tables } from './tables.ts';

/** Totals of one world. The `ste_` keys are there only for kinds that occur. */
export interface Counts {
  /** STEs that the stream table has and the image holds. */
  readonly steInMemory: number;
  readonly steValid: number;
  readonly ste_abort?: number;
  readonly ste_bypass?: number;
  readonly ste_s1?: number;
  readonly ste_s2?: number;
  readonly ste_nested?: number;
  /** Valid CDs, each once however many streams use it. */
  readonly cds: number;
  /** Leaf descriptors of all domains. */
  readonly leafPTEs: number;
  /** Translation tables, each once: by base, granule and size, not by CD. */
  readonly domainsDistinct: number;
}

/** A set of translation tables and who uses it. */
export interface Domain {
  readonly start: TableStart;
  /** StreamIDs, the first few. */
  readonly sids: readonly number[];
  /** ASID of the first CD that names it (stage 1), VMID of the STE (stage 2). */
  readonly tag: number;
  /** `TTB0`, `TTB1` or `S2TTB`. */
  readonly name: string;
}

/** Everything that a stream table leads to. */
export interface Survey {
  readonly counts: Omit<Counts, 'leafPTEs'>;
  readonly domains: readonly Domain[];
  /** Parts that the image lacks or that are out of bounds, in words, the first few. */
  readonly remarks: readonly string[];
}

const { V } = CD.fields;
const REMARK_LIMIT = 20;
const SIDS_KEPT = 16;
/** CDs of one stream that are looked at. */
const CD_LIMIT = 2 ** 20;
/** CDs of all streams: a table of nonsense has a million for each of a million streams. */
const CD_TOTAL = 2 ** 24;

/**
 * Goes through a world's stream table once.
 * @param sid only this StreamID
 */
export function survey(smmu: Smmu, world: World, cancelled?: () => boolean, sid?: number): Survey {
  const s = new Surveyor(smmu, world, cancelled);
  if (sid === undefined) s.run();
  else s.one(sid);
  return s;
}

class Surveyor implements Survey {
  readonly #smmu: Smmu;
  readonly #world: World;
  readonly #cancelled: (() => boolean) | undefined;
  readonly #kinds = new Map<SteKind, number>();
  readonly #cds = new Set<number>();
  readonly #domains = new Map<string, Domain & { readonly sids: number[] }>();
  readonly remarks: string[] = [];
  #inMemory = 0;
  #asked = 0;
  #stopped = false;
  #cdsLeft = CD_TOTAL;

  constructor(smmu: Smmu, world: World, cancelled: (() => boolean) | undefined) {
    this.#smmu = smmu;
    this.#world = world;
    this.#cancelled = cancelled;
  }

  get domains(): readonly Domain[] {
    return [...this.#domains.values()];
  }

  get counts(): Omit<Counts, 'leafPTEs'> {
    const kinds: Record<string, number> = {};
    let valid = 0;
    for (const [kind, n] of this.#kinds) {
      if (kind === 'invalid') continue;
      kinds[`ste_${kind}`] = n;
      valid += n;
    }
    return {
      steInMemory: this.#inMemory,
      steValid: valid,
      ...kinds,
      cds: this.#cds.size,
      domainsDistinct: this.#domains.size,
    };
  }

  /** Asked at every structure, because few StreamIDs can have many CDs. */
  #isStopped(): boolean {
    if (!this.#stopped && (this.#asked++ & 0xfff) === 0) this.#stopped = this.#cancelled?.() === true;
    return this.#stopped;
  }

  run(): void {
    const state = this.#smmu.state(this.#world);
    const table = state.streamTable;
    if (!table.twoLevel) {
      this.#array({ firstSid: 0, count: table.entries, pa: table.base });
      return;
    }
    const memory = this.#smmu.memory(this.#world);
    const parts = readableParts(memory, table.base, table.entries, L1STD_BYTES);
    if (parts.length === 0) this.#remark('the level-1 stream table is not in the image');
    for (const { first, last } of parts) {
      for (let i = first; i <= last; i++) {
        if (this.#isStopped()) return;
        const l1 = readLevel1(memory, state, i);
        if (l1.status !== DATA) {
          this.#remark(`the level-1 stream table is not in the image from entry ${i} on`);
          i += restOfPage(l1.pa, L1STD_BYTES) - 1;
        } else if (typeof l1.array !== 'string') this.#array(l1.array);
      }
    }
  }

  one(sid: number): void {
    const array = arrayOf(this.#smmu.memory(this.#world), this.#smmu.state(this.#world), sid);
    if (!array) this.#remark(`StreamID ${hex(sid)} is not in the stream table`);
    else this.#array({ firstSid: sid, count: 1, pa: array.pa + (sid - array.firstSid) * STE_BYTES });
  }

  #remark(text: string): void {
    if (this.remarks.length < REMARK_LIMIT) this.remarks.push(text);
  }

  #array(array: SteArray): void {
    const memory = this.#smmu.memory(this.#world);
    for (const { first, last } of readableParts(memory, array.pa, array.count, STE_BYTES)) {
      for (let sid = array.firstSid + first; sid <= array.firstSid + last; sid++) {
        if (this.#isStopped()) return;
        const read = readSte(memory, array, sid);
        if (read.status !== DATA) {
          this.#remark(`STEs from StreamID ${hex(sid)} on are not in the image`);
          sid += restOfPage(read.pa, STE_BYTES) - 1;
          continue;
        }
        this.#inMemory++;
        this.#kinds.set(read.kind, (this.#kinds.get(read.kind) ?? 0) + 1);
        if (read.kind === 'abort' || read.kind === 'bypass' || read.kind === 'invalid') continue;
        const stream = streamOf(read, this.#world, this.#smmu.state(this.#world));
        if (isFault(stream)) continue;
        if (read.kind === 's1') this.#contexts(stream);
        else this.#stage2(stream);
      }
    }
  }

  #contexts(stream: StreamConfig): void {
    const table = cdTableOf(stream);
    const count = Math.min(table.count, CD_LIMIT);
    if (table.leafBits === 0) {
      this.#cdArray(stream, table.base, 0, count);
      return;
    }
    for (let first = 0; first < count && !this.#isStopped(); first += 2 ** table.leafBits)
      this.#cdLeaf(stream, table, first, count);
  }

  #cdLeaf(stream: StreamConfig, table: CdTable, first: number, count: number): void {
    const state = this.#smmu.state(this.#world);
    const memory = this.#smmu.memory(this.#world);
    const { leaf } = readL1cd(memory, table, first / 2 ** table.leafBits, state);
    if (typeof leaf === 'string') return;
    this.#cdArray(stream, leaf, first, Math.min(2 ** table.leafBits, count - first));
  }

  #cdArray(stream: StreamConfig, pa: number, first: number, count: number): void {
    const memory = this.#smmu.memory(this.#world);
    const state = this.#smmu.state(this.#world);
    for (let i = 0; i < count && !this.#isStopped(); i++) {
      if (this.#cdsLeft-- <= 0) {
        this.#remark(`more than ${CD_TOTAL} CDs: counted in part`);
        this.#stopped = true;
        return;
      }
      const read = readCd(memory, pa + i * CD_BYTES, first + i);
      if (read.status !== DATA) {
        this.#remark(`CD ${first + i} of StreamID ${hex(stream.sid)} is not in the image`);
        i += restOfPage(read.pa, CD_BYTES) - 1;
        continue;
      }
      if (V.get(read.words, 0) === 0) continue;
      this.#cds.add(read.pa);
      const context = contextOf(read, stream, state);
      if (isFault(context)) continue;
      for (const half of [0, 1] as const) {
        const start = stage1Tables(context, half, this.#world);
        if (typeof start !== 'string') this.#domain(start, `TTB${half}`, stream.sid, context.asid);
      }
    }
  }

  #stage2(stream: StreamConfig): void {
    const state = this.#smmu.state(this.#world);
    const own = stage2Tables(stream.words, state);
    const name = this.#world === 's' ? 'S_S2TTB' : 'S2TTB';
    if (typeof own !== 'string') this.#domain(own, name, stream.sid, stream.vmid);
    if (this.#world !== 's') return;
    const nonSecure = stage2Tables(stream.words, state, 'ns');
    if (typeof nonSecure !== 'string') this.#domain(nonSecure, 'S2TTB', stream.sid, stream.vmid);
  }

  #domain(start: TableStart, name: string, sid: number, tag: number): void {
    const key = [start.space, start.stage, start.base, start.granuleBits, start.inputBits, start.upper].join(
      '/',
    );
    const known = this.#domains.get(key);
    if (!known) this.#domains.set(key, { start, name, tag, sids: [sid] });
    else if (known.sids.length < SIDS_KEPT && !known.sids.includes(sid)) known.sids.push(sid);
  }
}

/** The result of {@link countAll}. */
export interface Totals {
  readonly counts: Counts;
  readonly remarks: readonly string[];
}

/** Counts everything that a world's stream table leads to. */
export function countAll(smmu: Smmu, world: World, options: MapsOptions = {}): Totals {
  const found = survey(smmu, world, options.cancelled);
  const remarks = [...found.remarks];
  let leafPTEs = 0;
  for (const { start } of found.domains) {
    const maps = mapsOf(smmu, start, { ...options, runLimit: 0 });
    leafPTEs += maps.leaves;
    if (maps.absent.length > 0) remarks.push(`tables of ${where(start)} are not in the image`);
    if (maps.loops.length > 0) remarks.push(`a table of ${where(start)} points back to itself: not followed`);
    if (maps.truncated) remarks.push(`the tables of ${where(start)} are too many: counted in part`);
  }
  const { cds, domainsDistinct, ...stes } = found.counts;
  return { counts: { ...stes, cds, leafPTEs, domainsDistinct }, remarks };
}

function where(start: TableStart): string {
  return hex(start.base);
}

/** Elements of `size` bytes from `pa` to the end of its page: presence is kept by pages, so none of them is there. */
function restOfPage(pa: number, size: number): number {
  return Math.floor((PAGE_BYTES - (pa % PAGE_BYTES)) / size);
}
