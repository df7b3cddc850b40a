/** Stream tables and CD tables read as arrays: what trees and counts go through. */

import type { World } from '../bits/world.ts';
import { DATA, type MemoryRange, type ReadStatus, type SparseMemory } from '../model/memory.ts';
import type { Fault } from '../model/plan.ts';
import type { WorldState } from '../model/state.ts';
import type { ContextConfig, StreamConfig } from '../model/translate/configuration.ts';
import { decodeContext } from '../model/translate/context.ts';
import { cdTableBase, leafBitsOf } from '../model/translate/context-lookup.ts';
import { decodeStream } from '../model/translate/stream.ts';
import { CD, CD_BYTES } from '../spec/cd.ts';
import { L1CD, L1CD_BYTES } from '../spec/l1cd.ts';
import { L1STD, L1STD_BYTES, SPAN_MAX } from '../spec/l1std.ts';
import { STE, STE_BYTES } from '../spec/ste.ts';

const { Span, L2Ptr } = L1STD.fields;
const { V, Config } = STE.fields;

/** One array of STEs: the whole linear table, or what one L1STD points to. */
export interface SteArray {
  readonly firstSid: number;
  readonly count: number;
  /** PA of the first STE in bytes. */
  readonly pa: number;
}

/** What an L1STD says. */
export interface Level1 {
  readonly pa: number;
  readonly status: ReadStatus;
  readonly words: Uint32Array;
  readonly firstSid: number;
  /** StreamIDs that the descriptor is responsible for. */
  readonly sids: number;
  /** The STEs, or why there are none. */
  readonly array: SteArray | string;
}

/** Level-1 descriptor `index` of a two-level stream table (5.1). */
export function readLevel1(memory: SparseMemory, state: WorldState, index: number): Level1 {
  const { base, split } = state.streamTable;
  const pa = base + index * L1STD_BYTES;
  const words = new Uint32Array(L1STD.words);
  const status = memory.load(pa, words, 0, L1STD.words);
  const sids = 2 ** split;
  const head = { pa, status, words, firstSid: index * sids, sids };
  if (status !== DATA) return { ...head, array: 'unreadable' };
  const span = Span.get(words, 0);
  if (span === 0) return { ...head, array: 'no STEs (Span=0)' };
  if (span > SPAN_MAX) return { ...head, array: `Span=${span} is reserved` };
  if (span > split + 1) return { ...head, array: `Span=${span} exceeds SPLIT+1=${split + 1}` };
  const count = 2 ** (span - 1);
  const bytes = count * STE_BYTES;
  const start = (Math.floor(L2Ptr.get(words, 0) / bytes) * bytes) % 2 ** state.oasBits;
  return { ...head, array: { firstSid: index * sids, count, pa: start } };
}

/** The array that holds the STE of a StreamID, or null. */
export function arrayOf(memory: SparseMemory, state: WorldState, sid: number): SteArray | null {
  const table = state.streamTable;
  if (sid < 0 || sid >= 2 ** table.log2size) return null;
  if (!table.twoLevel) return { firstSid: 0, count: table.entries, pa: table.base };
  const { array } = readLevel1(memory, state, Math.floor(sid / 2 ** table.split));
  if (typeof array === 'string' || sid >= array.firstSid + array.count) return null;
  return array;
}

/** What an STE does with its stream. */
export type SteKind = 'invalid' | 'abort' | 'bypass' | 's1' | 's2' | 'nested';

const KIND_OF_CONFIG: readonly SteKind[] = [
  'abort',
  'abort',
  'abort',
  'abort',
  'bypass',
  's1',
  's2',
  'nested',
];

/** What a valid STE asks for; whether it may is decoded elsewhere. */
function steKind(words: Uint32Array, at: number): SteKind {
  return V.get(words, at) === 0 ? 'invalid' : (KIND_OF_CONFIG[Config.get(words, at)] as SteKind);
}

/** One STE as it lies in memory. */
export interface SteRead {
  readonly sid: number;
  readonly pa: number;
  readonly status: ReadStatus;
  readonly words: Uint32Array;
  readonly kind: SteKind;
}

/** Reads the STE of a StreamID in its array. */
export function readSte(memory: SparseMemory, array: SteArray, sid: number): SteRead {
  const pa = array.pa + (sid - array.firstSid) * STE_BYTES;
  const words = new Uint32Array(STE.words);
  const status = memory.load(pa, words, 0, STE.words);
  return { sid, pa, status, words, kind: steKind(words, 0) };
}

/** What use of the STE means, or the fault that it raises. */
export function streamOf(read: SteRead, world: World, state: WorldState): StreamConfig | Fault {
  return decodeStream(read.words, 0, read.pa, world, read.sid, state);
}

/** How the CDs of a stream lie. */
export interface CdTable {
  readonly base: number;
  /** Number of CDs: 2^S1CDMax, or 1. */
  readonly count: number;
  /** log2 of the CDs in a level-2 table; 0 when the table is linear. */
  readonly leafBits: number;
  /** PA of what the table holds at an address, which is an IPA where stage 2 is on; null where there is none. */
  place(address: number): number | null;
}

/**
 * The CD table that an STE points to (5.2, S1Fmt).
 * @param place where stage 2 puts an address; left out, addresses are taken for PAs
 */
export function cdTableOf(stream: StreamConfig, place: CdTable['place'] = (address) => address): CdTable {
  return {
    place,
    base: cdTableBase(stream),
    count: 2 ** stream.s1CDMax,
    leafBits: stream.s1CDMax === 0 ? 0 : leafBitsOf(stream.s1Fmt),
  };
}

/** Said of what lies at an IPA that stage 2 does not translate. */
export const NOT_PLACED = 'stage 2 does not translate its address';

/** A level-1 CD descriptor: where its CDs lie, or why there are none. */
export interface Level1Cd {
  readonly pa: number;
  readonly status: ReadStatus;
  readonly words: Uint32Array;
  readonly leaf: number | string;
}

/** L1CD `index` of a two-level CD table (5.3). */
export function readL1cd(memory: SparseMemory, table: CdTable, index: number, state: WorldState): Level1Cd {
  const address = table.base + index * L1CD_BYTES;
  const words = new Uint32Array(L1CD.words);
  const pa = table.place(address);
  if (pa === null) return { pa: address, status: DATA, words, leaf: NOT_PLACED };
  const status = memory.load(pa, words, 0, L1CD.words);
  if (status !== DATA) return { pa, status, words, leaf: 'unreadable' };
  if (L1CD.fields.V.get(words, 0) === 0) return { pa, status, words, leaf: 'no CDs (V=0)' };
  const bytes = CD_BYTES * 2 ** table.leafBits;
  const leaf = (Math.floor(L1CD.fields.L2Ptr.get(words, 0) / bytes) * bytes) % 2 ** state.oasBits;
  return { pa, status, words, leaf };
}

/** PA of a CD, or null where its L1CD has none or stage 2 gives it no place. */
export function cdAddress(
  memory: SparseMemory,
  table: CdTable,
  index: number,
  state: WorldState,
): number | null {
  if (index < 0 || index >= table.count) return null;
  if (table.leafBits === 0) return table.place(table.base + index * CD_BYTES);
  const { leaf } = readL1cd(memory, table, Math.floor(index / 2 ** table.leafBits), state);
  return typeof leaf === 'string' ? null : table.place(leaf + (index % 2 ** table.leafBits) * CD_BYTES);
}

/** One CD as it lies in memory. */
export interface CdRead {
  readonly index: number;
  readonly pa: number;
  readonly status: ReadStatus;
  readonly words: Uint32Array;
}

/** Reads CD `index` at `pa`. */
export function readCd(memory: SparseMemory, pa: number, index: number): CdRead {
  const words = new Uint32Array(CD.words);
  return { index, pa, status: memory.load(pa, words, 0, CD.words), words };
}

/** What use of the CD means, or the fault that it raises. */
export function contextOf(read: CdRead, stream: StreamConfig, state: WorldState): ContextConfig | Fault {
  return decodeContext(read.words, 0, read.pa, read.index, stream, state);
}

/** Whether decoding gave a fault. */
export function isFault(decoded: StreamConfig | ContextConfig | Fault): decoded is Fault {
  return 'event' in decoded;
}

/** Whether the image has any of these bytes. */
export function holdsAny(memory: SparseMemory, pa: number, bytes: number): boolean {
  const { ranges } = memory.source;
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { base, size } = ranges[middle] as MemoryRange;
    if (base + size > pa) high = middle;
    else low = middle + 1;
  }
  const next = ranges[low];
  return next !== undefined && next.base < pa + bytes;
}

/** A table larger than this is looked at only where the image has contents. */
const LARGE_TABLE = 2 ** 24;

/**
 * The stretches of a table that can hold anything: a table may be far larger than the memory.
 * @param pa of the first element
 * @param size bytes of an element
 * @returns indices of elements, first and last
 */
export function readableParts(
  memory: SparseMemory,
  pa: number,
  count: number,
  size: number,
): { first: number; last: number }[] {
  const bytes = count * size;
  if (bytes <= LARGE_TABLE) return [{ first: 0, last: count - 1 }];
  const parts: { first: number; last: number }[] = [];
  for (const range of memory.source.ranges) {
    const from = Math.max(range.base, pa);
    const to = Math.min(range.base + range.size, pa + bytes);
    if (from >= to) continue;
    const first = Math.ceil((from - pa) / size);
    const last = Math.floor((to - pa) / size) - 1;
    if (first <= last) parts.push({ first, last });
  }
  return parts;
}
