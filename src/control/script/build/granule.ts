/** Granule protection tables (IHI 0070 3.25): made, changed, and switched on. */

import { sizeText } from '../../../bits/size-text.ts';
import { hex, hiOf, loOf } from '../../../bits/u64.ts';
import { UserError } from '../../../bits/user-error.ts';
import { offsetOf } from '../../../model/bank.ts';
import type { Operation } from '../../../model/plan.ts';
import { GPI } from '../../../spec/encodings.ts';
import { GPT_TLBI_LOG2, L0GPTSZ_LOG2, PGS_LOG2, PPS_BITS } from '../../../spec/gpc.ts';
import { GPT_L0_BLOCK, GPT_L0_TABLE } from '../../../spec/gpt.ts';
import { GPT_CACHEABILITY, REGISTER_SH } from '../../../spec/registers/encodings.ts';
import { registerByName } from '../../../spec/registers.ts';
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

/** The shape of the table, as its registers say or will say. */
interface Shape {
  readonly base: number;
  readonly limit: number;
  readonly level0Bits: number;
  readonly granuleBits: number;
}

/** A range of physical addresses that gets a GPI. */
export interface GranuleRange {
  readonly pa: number;
  readonly size: number;
  readonly gpi: number;
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
function shapeNow(draft: Draft): Shape | null {
  const base = field(draft, 'ROOT_GPT_BASE', 'ADDR');
  if (base === 0) return null;
  return {
    base,
    limit: 2 ** (PPS_BITS[field(draft, 'ROOT_GPT_BASE_CFG', 'PPS')] ?? 0),
    level0Bits: level0BitsOf(draft),
    granuleBits: PGS_LOG2[field(draft, 'ROOT_GPT_BASE_CFG', 'PGS')] ?? 12,
  };
}

/** A table in which every granule may be reached from every space, and the writes of the registers that name it. */
function makeTable(draft: Draft): { readonly shape: Shape; readonly registers: readonly Operation[] } {
  const { oasBits, features } = draft.smmu.state('ns');
  const end = Math.max(...draft.smmu.memory('root').ram.map(({ base, size }) => base + size), 0);
  const pps = PPS_BITS.findIndex((bits) => bits !== undefined && bits <= oasBits && 2 ** bits >= end);
  const granules = { 12: features.gran4k, 14: features.gran16k, 16: features.gran64k };
  const pgs = PGS_LOG2.findIndex((bits) => bits !== undefined && granules[bits as 12 | 14 | 16]);
  const level0Bits = level0BitsOf(draft);
  const limit = 2 ** (PPS_BITS[pps] ?? oasBits);
  const entries = Math.max(limit / 2 ** level0Bits, 1);
  const base = draft.table(Math.max(entries * ENTRY_BYTES, SMALLEST_TABLE));
  const [lo, hi] = block(GPI.names.ANY);
  for (let i = 0; i < entries; i++) draft.write64(base + i * ENTRY_BYTES, lo, hi, 'GPT');
  const { WBRWA } = GPT_CACHEABILITY.names;
  return {
    shape: { base, limit, level0Bits, granuleBits: PGS_LOG2[pgs] ?? 12 },
    registers: [
      write(draft, 'ROOT_GPT_BASE', { ADDR: base }),
      write(draft, 'ROOT_GPT_BASE_CFG', {
        PPS: pps,
        PGS: pgs,
        SH: REGISTER_SH.names.ISH,
        ORGN: WBRWA,
        IRGN: WBRWA,
      }),
    ],
  };
}

function block(gpi: number): readonly [lo: number, hi: number] {
  const words = new Uint32Array(GPT_L0_BLOCK.words);
  GPT_L0_BLOCK.fields.Type.set(words, 0, BLOCK);
  GPT_L0_BLOCK.fields.GPI.set(words, 0, gpi);
  return [words[0] ?? 0, words[1] ?? 0];
}

/** A level-1 table whose granules all have the GPI that a block had; nothing points to it yet. */
function split(draft: Draft, { level0Bits, granuleBits }: Shape, gpi: number): number {
  const bytes = 2 ** (level0Bits - granuleBits - GPI_BITS) * ENTRY_BYTES;
  const word = (gpi * 0x1111_1111) >>> 0;
  return draft.table(bytes, word);
}

/** The level-1 table under an entry of level 0, made where there is none. */
function level1(draft: Draft, shape: Shape, at: number): number {
  const name = 'entry of the GPT, level 0';
  const words = draft.read(at, GPT_L0_BLOCK.words, name);
  const type = GPT_L0_BLOCK.fields.Type.get(words, 0);
  if (type === TO_LEVEL_1) return GPT_L0_TABLE.fields.NextTable.get(words, 0);
  if (type !== BLOCK) throw new UserError(`the ${name} at ${hex(at)} is neither a block nor a table`);
  const table = split(draft, shape, GPT_L0_BLOCK.fields.GPI.get(words, 0));
  const entry = new Uint32Array(GPT_L0_TABLE.words);
  GPT_L0_TABLE.fields.Type.set(entry, 0, TO_LEVEL_1);
  GPT_L0_TABLE.fields.NextTable.setHalves(entry, 0, hiOf(table), loOf(table));
  draft.write64(at, entry[0] ?? 0, entry[1] ?? 0, name, PUBLISH.ste);
  return table;
}

/** The GPIs of some granules of one level-1 entry, set. */
function setGranules(draft: Draft, at: number, first: number, count: number, gpi: number): void {
  const name = 'entry of the GPT, level 1';
  const words = draft.read(at, 2, name);
  const half = PER_ENTRY / 2;
  for (let i = first; i < first + count; i++) {
    const word = i < half ? 0 : 1;
    const shift = (i % half) * GPI_BITS;
    words[word] = (((words[word] ?? 0) & ~(0xf << shift)) | (gpi << shift)) >>> 0;
  }
  draft.write64(at, words[0] ?? 0, words[1] ?? 0, name);
}

function checkRange({ pa, size }: GranuleRange, { limit, granuleBits }: Shape): void {
  const granule = 2 ** granuleBits;
  if (size === 0) throw new UserError('the range is empty');
  if (pa % granule !== 0 || size % granule !== 0) {
    throw new UserError(
      `${hex(pa)} + ${hex(size)} is not made of granules of ${sizeText(granule)} (ROOT_GPT_BASE_CFG.PGS)`,
    );
  }
  if (pa + size > limit)
    throw new UserError(
      `the range ends beyond ${hex(limit)}, up to which the table reaches (ROOT_GPT_BASE_CFG.PPS)`,
    );
}

/**
 * Gives a range of granules a GPI. Makes the table where ROOT_GPT_BASE names none. Invalidates nothing.
 * @param draft of Root space
 * @returns writes of registers, to be made after those of the draft
 */
export function setGpi(draft: Draft, range: GranuleRange): readonly Operation[] {
  const now = shapeNow(draft);
  const made = now === null ? makeTable(draft) : null;
  const shape = now ?? made?.shape;
  if (!shape) return [];
  checkRange(range, shape);
  const { level0Bits, granuleBits, base } = shape;
  const region = 2 ** level0Bits;
  const perEntry = PER_ENTRY * 2 ** granuleBits;
  for (let at = range.pa; at < range.pa + range.size; ) {
    const end = Math.min(range.pa + range.size, (Math.floor(at / region) + 1) * region);
    const entry = base + Math.floor(at / region) * ENTRY_BYTES;
    if (end - at === region) {
      const [lo, hi] = block(range.gpi);
      draft.write64(entry, lo, hi, 'entry of the GPT, level 0', PUBLISH.ste);
      at = end;
      continue;
    }
    const table = level1(draft, shape, entry);
    while (at < end) {
      const stop = Math.min(end, (Math.floor(at / perEntry) + 1) * perEntry);
      const place = table + Math.floor((at % region) / perEntry) * ENTRY_BYTES;
      const first = Math.floor((at % perEntry) / 2 ** granuleBits);
      setGranules(draft, place, first, (stop - at) / 2 ** granuleBits, range.gpi);
      at = stop;
    }
  }
  return made?.registers ?? [];
}

/** Switches the checks on or off; a table is made where there is none. Returns as {@link setGpi}. */
export function switchGpc(draft: Draft, on: boolean): readonly Operation[] {
  const registers = on && shapeNow(draft) === null ? makeTable(draft).registers : [];
  return [...registers, write(draft, 'ROOT_CR0', { GPCEN: on ? 1 : 0 })];
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
  const code = GPT_TLBI_LOG2.findIndex((bits) => bits !== undefined && 2 ** bits === size);
  if (code < 0) {
    const sizes = GPT_TLBI_LOG2.flatMap((bits) => (bits === undefined ? [] : [sizeText(2 ** bits)]));
    throw new UserError(`ROOT_TLBI has no size of ${sizeText(size)}`, { todo: `use ${sizes.join(', ')}` });
  }
  if (pa % size !== 0) throw new UserError(`${hex(pa)} is no multiple of ${sizeText(size)}`);
  return [write(draft, 'ROOT_TLBI', { Address: pa, SIZE: code, L: 0, ALL: 0 }), run];
}
