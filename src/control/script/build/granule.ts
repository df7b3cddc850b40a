/** Granule protection tables (IHI 0070 3.25): made, changed, and switched on. */

import { sizeText } from '../../../bits/size-text.ts';
import { hex, hiOf, loOf } from '../../../bits/u64.ts';
import { UserError } from '../../../bits/user-error.ts';
import { offsetOf } from '../../../model/bank.ts';
import type { Operation } from '../../../model/plan.ts';
import { GPI } from '../../../spec/encodings.ts';
import { CONTIG_LOG2, L0GPTSZ_LOG2, PGS_LOG2, PPS_BITS } from '../../../spec/gpc.ts';
import { GPT_L0_BLOCK, GPT_L0_TABLE, GPT_L1_CONTIG } from '../../../spec/gpt.ts';
import { GPT_CACHEABILITY, REGISTER_SH } from '../../../spec/registers/encodings.ts';
import { registerByName } from '../../../spec/registers.ts';
import { sizeCodeOf } from '../../gpt-range.ts';
import type { Draft } from './draft.ts';
import { PUBLISH } from './draft.ts';
import { withFields } from './structures.ts';

/** A granule's GPI has 4 bits, and 16 of them make an entry of level 1. */
const GPI_BITS = 4;
const PER_ENTRY = 16;
const ENTRY_BYTES = 8;
/** A table is aligned to its size, and to 4 KiB at least (6.3.114). */
const SMALLEST_TABLE = 4096;

const { BLOCK } = GPT_L0_BLOCK.fields.Type.names;
const { TABLE: TO_LEVEL_1 } = GPT_L0_TABLE.fields.Type.names;
const { CONTIGUOUS } = GPT_L1_CONTIG.fields.Type.names;

/** The registers that name a table: the one in use, and the one that ROOT_GPT_BASE_UPDATE takes over (6.3.121). */
const BASES = { now: 'ROOT_GPT_BASE', next: 'ROOT_GPT_BASE2' } as const;

/** The shape of the table, as its registers say or will say. */
interface Shape {
  readonly base: number;
  readonly limit: number;
  readonly level0Bits: number;
  readonly granuleBits: number;
}

/** What is asked of the shape of a table that is made; null: as the machine has it. */
export interface ShapeWish {
  /** Code of ROOT_GPT_BASE_CFG.PGS and PPS. */
  readonly pgs: number | null;
  readonly pps: number | null;
}

/** A range of physical addresses that gets a GPI. */
export interface GranuleRange {
  readonly pa: number;
  readonly size: number;
  readonly gpi: number;
  /** log2 of the bytes that each Contiguous entry speaks for; null: entries of granules, and blocks. */
  readonly contiguousLog2: number | null;
  /** Of the table that ROOT_GPT_BASE2 names. */
  readonly next: boolean;
}

function field(draft: Draft, register: string, name: string): number {
  return draft.smmu.bank.field(register, name);
}

/** A write of Root software to a 32- or 64-bit register, of the named fields; the others stay. */
function write(draft: Draft, name: string, fields: Readonly<Record<string, number>>): Operation {
  const register = registerByName(name);
  if (!register) throw new RangeError(`no register is called ${name}`);
  const offset = offsetOf(name);
  const { bank } = draft.smmu;
  const bytes = register.width === 64 ? 8 : 4;
  const before = Uint32Array.of(bank.peek(offset), bytes === 8 ? bank.peek(offset + 4) : 0);
  const assigned = new Map(Object.entries(fields).map(([field, value]) => [field, BigInt(value)]));
  const [value = 0, valueHi = 0] = withFields(register.layout, before, assigned);
  return { kind: 'register', offset, value, valueHi, bytes, world: 'root' };
}

function level0BitsOf(draft: Draft): number {
  return L0GPTSZ_LOG2[field(draft, 'ROOT_GPT_BASE_CFG', 'L0GPTSZ')] ?? 30;
}

/** The table that the registers name; null where they name none. */
function shapeNow(draft: Draft, next: boolean): Shape | null {
  const base = field(draft, next ? BASES.next : BASES.now, 'ADDR');
  // What was taken over is the table in use: the next one is another.
  if (base === 0 || (next && base === field(draft, BASES.now, 'ADDR'))) return null;
  return {
    base,
    limit: 2 ** (PPS_BITS[field(draft, 'ROOT_GPT_BASE_CFG', 'PPS')] ?? 0),
    level0Bits: level0BitsOf(draft),
    granuleBits: PGS_LOG2[field(draft, 'ROOT_GPT_BASE_CFG', 'PGS')] ?? 12,
  };
}

/** What a new table gets where nothing is asked for: the least that covers RAM, and the first granule that there is. */
function usualShape(draft: Draft): { readonly pgs: number; readonly pps: number } {
  const { oasBits, features } = draft.smmu.state('ns');
  const end = Math.max(...draft.smmu.memory('root').ram.map(({ base, size }) => base + size), 0);
  const pps = PPS_BITS.findIndex((bits) => bits !== undefined && bits <= oasBits && 2 ** bits >= end);
  const granules = { 12: features.gran4k, 14: features.gran16k, 16: features.gran64k };
  const pgs = PGS_LOG2.findIndex((bits) => bits !== undefined && granules[bits as 12 | 14 | 16]);
  return { pgs, pps };
}

/** @throws UserError where the SMMU cannot have a table like that: each lookup in it would fail (3.25) */
function checkWish(draft: Draft, { pgs, pps }: ShapeWish): void {
  const { oasBits, features } = draft.smmu.state('ns');
  const bits = PPS_BITS[pps ?? 0] ?? 0;
  if (bits > oasBits)
    throw new UserError(`the table cannot cover ${bits} bits: output addresses have ${oasBits} (IDR5.OAS)`, {
      todo: 'use a smaller pps=',
    });
  const granules = [features.gran4k, features.gran64k, features.gran16k];
  if (pgs !== null && !granules[pgs])
    throw new UserError(`this SMMU has no granules of ${sizeText(2 ** (PGS_LOG2[pgs] ?? 0))} (IDR5)`, {
      todo: 'use another pgs=',
    });
}

/** @throws UserError where a table that is there already has another shape than asked for */
function refuseOtherShape({ pgs, pps }: ShapeWish, { granuleBits, limit }: Shape): void {
  const hasGranule = pgs === null || PGS_LOG2[pgs] === granuleBits;
  if (hasGranule && (pps === null || 2 ** (PPS_BITS[pps] ?? 0) === limit)) return;
  const what = hasGranule ? `covers ${sizeText(limit)}` : `has granules of ${sizeText(2 ** granuleBits)}`;
  throw new UserError(`the granule protection table ${what} already`, { todo: 'leave pgs= and pps= out' });
}

/** A table in which every granule may be reached from every space, and the writes of the registers that name it. */
function makeTable(
  draft: Draft,
  wish: ShapeWish,
  next: boolean,
): { readonly shape: Shape; readonly registers: readonly Operation[] } {
  checkWish(draft, wish);
  const first = shapeNow(draft, false);
  if (next && first === null)
    throw new UserError('ROOT_GPT_BASE names no table to which another could be the next', {
      todo: 'make one by gpt or gpc on before',
    });
  // Both tables are read by the same ROOT_GPT_BASE_CFG (6.3.120).
  if (first !== null) refuseOtherShape(wish, first);
  const usual = usualShape(draft);
  const pps = wish.pps ?? usual.pps;
  const pgs = wish.pgs ?? usual.pgs;
  const level0Bits = level0BitsOf(draft);
  const limit = first?.limit ?? 2 ** (PPS_BITS[pps] ?? draft.smmu.state('ns').oasBits);
  const entries = Math.max(limit / 2 ** level0Bits, 1);
  const base = draft.table(Math.max(entries * ENTRY_BYTES, SMALLEST_TABLE), block(GPI.names.ANY));
  const granuleBits = first?.granuleBits ?? PGS_LOG2[pgs] ?? 12;
  const shape = { base, limit, level0Bits, granuleBits };
  if (next) return { shape, registers: [write(draft, BASES.next, { ADDR: base })] };
  const { WBRWA } = GPT_CACHEABILITY.names;
  const config = { PPS: pps, PGS: pgs, SH: REGISTER_SH.names.ISH, ORGN: WBRWA, IRGN: WBRWA };
  return {
    shape,
    registers: [write(draft, BASES.now, { ADDR: base }), write(draft, 'ROOT_GPT_BASE_CFG', config)],
  };
}

function block(gpi: number): readonly [lo: number, hi: number] {
  const words = new Uint32Array(GPT_L0_BLOCK.words);
  GPT_L0_BLOCK.fields.Type.set(words, 0, BLOCK);
  GPT_L0_BLOCK.fields.GPI.set(words, 0, gpi);
  return [words[0] ?? 0, words[1] ?? 0];
}

function contiguous(gpi: number, log2: number): readonly [lo: number, hi: number] {
  const words = new Uint32Array(GPT_L1_CONTIG.words);
  GPT_L1_CONTIG.fields.Type.set(words, 0, CONTIGUOUS);
  GPT_L1_CONTIG.fields.GPI.set(words, 0, gpi);
  GPT_L1_CONTIG.fields.Contig.set(words, 0, CONTIG_LOG2.indexOf(log2));
  return [words[0] ?? 0, words[1] ?? 0];
}

/** An entry of granules that all have one GPI. */
function granules(gpi: number): readonly [lo: number, hi: number] {
  const word = (gpi * 0x1111_1111) >>> 0;
  return [word, word];
}

/** A level-1 table whose granules all have the GPI that a block had; nothing points to it yet. */
function split(draft: Draft, { level0Bits, granuleBits }: Shape, gpi: number): number {
  const bytes = 2 ** (level0Bits - granuleBits - GPI_BITS) * ENTRY_BYTES;
  return draft.table(Math.max(bytes, SMALLEST_TABLE), granules(gpi));
}

/** The level-1 table under an entry of level 0, made where there is none. */
function level1(draft: Draft, shape: Shape, at: number): number {
  const words = draft.read(at, GPT_L0_BLOCK.words, LEVEL_0);
  const type = GPT_L0_BLOCK.fields.Type.get(words, 0);
  if (type === TO_LEVEL_1) return GPT_L0_TABLE.fields.NextTable.get(words, 0);
  if (type !== BLOCK) throw new UserError(`the ${LEVEL_0} at ${hex(at)} is neither a block nor a table`);
  const table = split(draft, shape, GPT_L0_BLOCK.fields.GPI.get(words, 0));
  const entry = new Uint32Array(GPT_L0_TABLE.words);
  GPT_L0_TABLE.fields.Type.set(entry, 0, TO_LEVEL_1);
  GPT_L0_TABLE.fields.NextTable.setHalves(entry, 0, hiOf(table), loOf(table));
  draft.write64(at, entry[0] ?? 0, entry[1] ?? 0, LEVEL_0, PUBLISH.ste);
  return table;
}

/** What a statement says of messages: which entry could not be read. */
const LEVEL_0 = 'entry of the GPT, level 0';
const LEVEL_1 = 'entry of the GPT, level 1';

/** A part of a level-1 table: its granules, counted from the first of the table. */
interface Part {
  readonly table: number;
  readonly first: number;
  readonly count: number;
}

/**
 * Writes entries of granules where a Contiguous entry stands: all entries of its region say the same, so none may stay
 * when one of them changes (DDI 0487 D9).
 */
function dissolve(draft: Draft, { granuleBits }: Shape, table: number, index: number): void {
  const words = draft.read(table + index * ENTRY_BYTES, 2, LEVEL_1);
  const fields = GPT_L1_CONTIG.fields;
  if (fields.Type.get(words, 0) !== CONTIGUOUS) return;
  const log2 = CONTIG_LOG2[fields.Contig.get(words, 0)] ?? granuleBits + GPI_BITS;
  const entries = 2 ** (log2 - granuleBits - GPI_BITS);
  const [lo, hi] = granules(fields.GPI.get(words, 0));
  const first = index - (index % entries);
  for (let i = first; i < first + entries; i++) draft.write64(table + i * ENTRY_BYTES, lo, hi, LEVEL_1);
}

/** The GPIs of some granules, set. */
function setGranules(draft: Draft, shape: Shape, { table, first, count }: Part, gpi: number): void {
  const half = PER_ENTRY / 2;
  for (let i = first; i < first + count; ) {
    const index = Math.floor(i / PER_ENTRY);
    dissolve(draft, shape, table, index);
    const at = table + index * ENTRY_BYTES;
    const words = draft.read(at, 2, LEVEL_1);
    const stop = Math.min(first + count, (index + 1) * PER_ENTRY);
    for (; i < stop; i++) {
      const word = i % PER_ENTRY < half ? 0 : 1;
      const shift = (i % half) * GPI_BITS;
      words[word] = (((words[word] ?? 0) & ~(0xf << shift)) | (gpi << shift)) >>> 0;
    }
    draft.write64(at, words[0] ?? 0, words[1] ?? 0, LEVEL_1);
  }
}

/** Contiguous entries for whole regions: each entry of a region is one. */
function setContiguous(draft: Draft, shape: Shape, part: Part, gpi: number, log2: number): void {
  const first = part.first / PER_ENTRY;
  const end = first + part.count / PER_ENTRY;
  const [lo, hi] = contiguous(gpi, log2);
  const perRegion = 2 ** (log2 - shape.granuleBits - GPI_BITS);
  for (let i = first; i < end; i++) {
    // A larger region that was there goes as a whole.
    if ((i - first) % perRegion === 0) dissolve(draft, shape, part.table, i);
    draft.write64(part.table + i * ENTRY_BYTES, lo, hi, LEVEL_1);
  }
}

function checkRange({ pa, size, contiguousLog2 }: GranuleRange, { limit, granuleBits }: Shape): void {
  if (size === 0) throw new UserError('the range is empty');
  const unit = 2 ** (contiguousLog2 ?? granuleBits);
  if (pa % unit !== 0 || size % unit !== 0) {
    const what =
      contiguousLog2 === null
        ? `granules of ${sizeText(unit)} (ROOT_GPT_BASE_CFG.PGS)`
        : `regions of ${sizeText(unit)} (contiguous=)`;
    throw new UserError(`${hex(pa)} + ${hex(size)} is not made of ${what}`);
  }
  if (pa + size > limit)
    throw new UserError(
      `the range ends beyond ${hex(limit)}, up to which the table reaches (ROOT_GPT_BASE_CFG.PPS)`,
    );
}

/**
 * Gives a range of granules a GPI. Makes the table where there is none. Invalidates nothing.
 * @param draft of Root space
 * @returns writes of registers, to be made after those of the draft
 */
export function setGpi(draft: Draft, range: GranuleRange, wish: ShapeWish): readonly Operation[] {
  const now = shapeNow(draft, range.next);
  if (now !== null) refuseOtherShape(wish, now);
  const { shape, registers } =
    now === null ? makeTable(draft, wish, range.next) : { shape: now, registers: [] };
  checkRange(range, shape);
  const { level0Bits, granuleBits, base } = shape;
  const region = 2 ** level0Bits;
  const granule = 2 ** granuleBits;
  for (let at = range.pa; at < range.pa + range.size; ) {
    const end = Math.min(range.pa + range.size, (Math.floor(at / region) + 1) * region);
    const entry = base + Math.floor(at / region) * ENTRY_BYTES;
    if (end - at === region && range.contiguousLog2 === null) {
      const [lo, hi] = block(range.gpi);
      draft.write64(entry, lo, hi, LEVEL_0, PUBLISH.ste);
    } else {
      const table = level1(draft, shape, entry);
      const part = { table, first: (at % region) / granule, count: (end - at) / granule };
      if (range.contiguousLog2 === null) setGranules(draft, shape, part, range.gpi);
      else setContiguous(draft, shape, part, range.gpi, range.contiguousLog2);
    }
    at = end;
  }
  return registers;
}

/** Switches the checks on or off; a table is made where there is none. Returns as {@link setGpi}. */
export function switchGpc(draft: Draft, on: boolean, wish: ShapeWish): readonly Operation[] {
  const now = shapeNow(draft, false);
  if (now !== null) refuseOtherShape(wish, now);
  const registers = on && now === null ? makeTable(draft, wish, false).registers : [];
  return [...registers, write(draft, 'ROOT_CR0', { GPCEN: on ? 1 : 0 })];
}

/**
 * ROOT_GPT_BASE_UPDATE: the table of ROOT_GPT_BASE2 is taken over (6.3.121). Invalidates nothing.
 * @throws UserError when there is none
 */
export function updateGpt(draft: Draft): readonly Operation[] {
  if (shapeNow(draft, true) === null)
    throw new UserError('ROOT_GPT_BASE2 names no other table than ROOT_GPT_BASE', {
      todo: 'make one by gpt … next before',
    });
  return [write(draft, 'ROOT_GPT_BASE_UPDATE', { Update: 1 })];
}

/**
 * ROOT_TLBI of everything, or of a range (6.3.118).
 * @throws UserError when ROOT_TLBI has no such size, or the address is not aligned to it
 */
export function invalidateGpt(
  draft: Draft,
  range: { readonly pa: number; readonly size: number } | null,
): readonly Operation[] {
  const run = write(draft, 'ROOT_TLBI_CTRL', { RUN: 1 });
  if (range === null) return [write(draft, 'ROOT_TLBI', { Address: 0, SIZE: 0, L: 0, ALL: 1 }), run];
  const { pa, size } = range;
  const code = sizeCodeOf('ROOT_TLBI', pa, size);
  return [write(draft, 'ROOT_TLBI', { Address: pa, SIZE: code, L: 0, ALL: 0 }), run];
}
