/** Lookups in the granule protection table: IHI 0070 3.25, DDI 0487 D9. Its entries lie in Root memory. */

import { hex, hex64 } from '../../bits/u64.ts';
import { placeText, type World } from '../../bits/world.ts';
import { CONTIG_LOG2, GPI_ALLOWS } from '../../spec/gpc.ts';
import { GPT_L0_BLOCK, GPT_L0_TABLE, GPT_L1_CONTIG, GPT_L1_GRANULES } from '../../spec/gpt.ts';
import { GPT_LOOKUP_ERROR } from '../../spec/registers/encodings.ts';
import { type GptEntry, gpiText } from '../caches/gpt.ts';
import { ABORT, DATA, type ReadStatus, type SparseMemory } from '../memory.ts';
import type { Recorder } from '../plan.ts';
import type { GpcConfig, LookupError } from './config.ts';

/** What a lookup reads, and what it may use and keep on the way. */
export interface Lookup {
  readonly config: GpcConfig;
  /** Root memory. */
  readonly root: SparseMemory;
  readonly rulesOff: ReadonlySet<string>;
  readonly recorder: Recorder | null;
  /** The cached Table entry that leads to an address. */
  table(pa: number): GptEntry | undefined;
  /** Told of each valid entry that was read. */
  read(entry: GptEntry): void;
}

/** The table, or the part of it that the lookup needs, is not in the image. */
export interface Unknown {
  readonly status: ReadStatus;
  /** Root PA of the entry in bytes, and its level. */
  readonly at: number;
  readonly level: 0 | 1;
}

export type Found = GptEntry | LookupError | Unknown;

const ENTRY_BYTES = 8;
const { EABT, ENTRY, NEXT } = GPT_LOOKUP_ERROR.names;
const { BLOCK } = GPT_L0_BLOCK.fields.Type.names;
const { TABLE: LEADS_ON } = GPT_L0_TABLE.fields.Type.names;
const { CONTIGUOUS } = GPT_L1_CONTIG.fields.Type.names;
/** An entry of granules holds 16 GPIs of 4 bits. */
const GRANULES_LOG2 = 4;

const word = new Uint32Array(2);

/** A level-0 Block and a level-1 Contiguous entry have nothing above these bits; a Table only has its address. */
const BLOCK_BITS = 0xff;
const CONTIG_BITS = 0x3ff;

function readEntry(by: Lookup, at: number, level: 0 | 1): ReadStatus {
  const { root, recorder } = by;
  const status = root.load64(Math.floor(at / 2 ** 32), at >>> 0);
  word[0] = root.lo;
  word[1] = root.hi;
  if (recorder !== null) record(recorder, at, level, status);
  return status;
}

function record(recorder: Recorder, at: number, level: 0 | 1, status: ReadStatus): void {
  const words = status === DATA ? word.slice() : new Uint32Array(0);
  enterEntry(recorder, `GPT level ${level}`, at, level, words, status);
  recorder.step('fetch', () => `read level ${level} GPT entry at ${placeText(at, 'root')}`);
}

/** Tells the recorder of a cached entry that answers, in a frame of its own. */
export function recordCachedEntry(recorder: Recorder, { at, level, lo, hi }: GptEntry): void {
  enterEntry(recorder, `GPT level ${level} (cached)`, at, level, Uint32Array.of(lo, hi), DATA);
}

function enterEntry(
  recorder: Recorder,
  name: string,
  at: number,
  level: 0 | 1,
  words: Uint32Array,
  status: ReadStatus,
): void {
  const layout = layoutOf(level, words[0] ?? 0);
  recorder.enter(recorder.depth, { kind: 'gpt', name, layout, space: 'root', pa: at, words, status, level });
}

function layoutOf(level: 0 | 1, lo: number): string {
  const type = lo & 0xf;
  if (level === 0) return type === LEADS_ON ? GPT_L0_TABLE.name : GPT_L0_BLOCK.name;
  return type === CONTIGUOUS ? GPT_L1_CONTIG.name : GPT_L1_GRANULES.name;
}

function unread(status: ReadStatus, at: number, level: 0 | 1): LookupError | Unknown {
  if (status === ABORT)
    return { code: EABT, reason: `reading the level ${level} entry at ${hex(at)} aborted` };
  return { status, at, level };
}

function isValidGpi(gpi: number): boolean {
  return GPI_ALLOWS[gpi] !== undefined;
}

function invalid(level: 0 | 1): LookupError {
  const shown = hex64(word[1] as number, word[0] as number);
  return { code: ENTRY, reason: `the level ${level} entry ${shown} is not valid` };
}

/**
 * Finds what the table says of an address below the limit.
 * @param pa in bytes
 * @param space of the access that asks
 */
export function lookUp(by: Lookup, pa: number, space: World): Found {
  const { config, rulesOff } = by;
  let level1 = by.table(pa);
  if (level1 === undefined) {
    const index = rulesOff.has('gpc:L0') ? 0 : Math.floor(pa / 2 ** config.level0Bits);
    const at = config.base + index * ENTRY_BYTES;
    const status = readEntry(by, at, 0);
    if (status !== DATA) return unread(status, at, 0);
    const found = level0(by, pa, at, space);
    if (!('level' in found) || found.gpi >= 0) return found;
    level1 = found;
  }
  const { level0Bits, granuleBits } = config;
  const index = rulesOff.has('gpc:L1')
    ? 0
    : Math.floor((pa % 2 ** level0Bits) / 2 ** (granuleBits + GRANULES_LOG2));
  const at = level1.next + index * ENTRY_BYTES;
  const status = readEntry(by, at, 1);
  if (status !== DATA) return unread(status, at, 1);
  return lastLevel(by, pa, at, space);
}

function entryOf(
  by: Lookup,
  level: 0 | 1,
  pa: number,
  shift: number,
  gpi: number,
  next: number,
  at: number,
  space: World,
): GptEntry {
  const [lo, hi] = [word[0] as number, word[1] as number];
  const entry = { level, base: pa - (pa % 2 ** shift), shift, gpi, next, at, hi, lo, readFor: space };
  by.read(entry);
  return entry;
}

function level0(by: Lookup, pa: number, at: number, space: World): GptEntry | LookupError {
  const { config, rulesOff, recorder } = by;
  const { level0Bits, granuleBits, limit } = config;
  const [lo, hi] = [word[0] as number, word[1] as number];
  const type = GPT_L0_BLOCK.fields.Type.get(word, 0);
  if (type === BLOCK && !rulesOff.has('gpc:L0-BLOCK')) {
    const gpi = GPT_L0_BLOCK.fields.GPI.get(word, 0);
    if (hi !== 0 || (lo & ~BLOCK_BITS) !== 0 || !isValidGpi(gpi)) return invalid(0);
    recorder?.step('decide', () => `Block of ${hex(2 ** level0Bits)} bytes: ${gpiText(gpi)}`, 'GPI');
    return entryOf(by, 0, pa, level0Bits, gpi, 0, at, space);
  }
  if (type !== LEADS_ON || rulesOff.has('gpc:L0-TABLE')) return invalid(0);
  const named = GPT_L0_TABLE.fields.NextTable.get(word, 0);
  if (hi >>> 20 !== 0 || (lo & 0xff0) !== 0) return invalid(0);
  if (named >= limit && !rulesOff.has('gpc:NEXT-PPS'))
    return { code: NEXT, reason: `the level 1 table at ${hex(named)} is beyond ROOT_GPT_BASE_CFG.PPS` };
  // A table is aligned to its size, so the bits below count as 0.
  const bytes = 2 ** (level0Bits - granuleBits - GRANULES_LOG2) * ENTRY_BYTES;
  const next = named - (named % Math.max(bytes, 2 ** 12));
  recorder?.step('decide', () => `level 1 table at ${hex(next)}`, 'NextTable');
  return entryOf(by, 0, pa, level0Bits, -1, next, at, space);
}

/** Which of the granules of its entry holds an address. */
function granuleOf(pa: number, granuleBits: number): number {
  return Math.floor(pa / 2 ** granuleBits) % 2 ** GRANULES_LOG2;
}

/** The field of an entry that says the protection of an address. */
export function gpiField({ level, lo, shift }: GptEntry, pa: number): string {
  const ofGranule = level === 1 && (lo & 0xf) !== CONTIGUOUS;
  return ofGranule ? `GPI${granuleOf(pa, shift)}` : 'GPI';
}

function lastLevel(by: Lookup, pa: number, at: number, space: World): GptEntry | LookupError {
  const { config, rulesOff, recorder } = by;
  const { granuleBits } = config;
  const [lo, hi] = [word[0] as number, word[1] as number];
  if ((lo & 0xf) === CONTIGUOUS) {
    const shift = CONTIG_LOG2[GPT_L1_CONTIG.fields.Contig.get(word, 0)];
    const gpi = GPT_L1_CONTIG.fields.GPI.get(word, 0);
    const isWrong = hi !== 0 || (lo & ~CONTIG_BITS) !== 0 || !isValidGpi(gpi);
    if (isWrong || shift === undefined || rulesOff.has('gpc:L1-CONTIG')) return invalid(1);
    recorder?.step('decide', () => `Contiguous, ${hex(2 ** shift)} bytes: ${gpiText(gpi)}`, 'GPI');
    return entryOf(by, 1, pa, shift, gpi, 0, at, space);
  }
  // Any code that is reserved spoils the whole entry.
  for (let i = 0; i < 8; i++) {
    if (!isValidGpi((lo >>> (i * 4)) & 0xf) || !isValidGpi((hi >>> (i * 4)) & 0xf)) return invalid(1);
  }
  if (rulesOff.has('gpc:L1-GRANULES')) return invalid(1);
  const index = granuleOf(pa, granuleBits);
  const gpi = ((index < 8 ? lo : hi) >>> ((index % 8) * 4)) & 0xf;
  recorder?.step('decide', () => `granule ${index} of 16: ${gpiText(gpi)}`, `GPI${index}`);
  return entryOf(by, 1, pa, granuleBits, gpi, 0, at, space);
}
