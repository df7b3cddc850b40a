import { maskOf } from '../../../bits/layout.ts';
import { sizeText } from '../../../bits/size-text.ts';
import { UserError } from '../../../bits/user-error.ts';
import type { World } from '../../../bits/world.ts';
import type { Tables } from '../../../model/translate/configuration.ts';
import {
  addressHi,
  addressLo,
  descriptorKind,
  firstBlockLevel,
  INVALID,
  LEAF_DESCRIPTOR,
  levelShift,
  swap32,
} from '../../../model/translate/descriptor.ts';
import { TABLE } from '../../../spec/descriptors.ts';
import type { Draft } from './draft.ts';

/** Levels above this one have no descriptors of pages. */
const LAST_LEVEL = 3;
/** Descriptors that one statement looks at: beyond it, tables point in circles or somebody asks for too much. */
const MAX_VISITS = 2 ** 20;
const TABLE_BITS = 3;
const PAGE = 4096;
/** In the upper half of a table descriptor. */
const NS_TABLE = maskOf(TABLE.fields.NSTable);

/** Translation tables that a statement changes. */
export interface TableSet {
  readonly draft: Draft;
  readonly tables: Tables;
  /** For messages: `stage 1 of STE 8`. */
  readonly name: string;
  /** Where tables are made below Secure ones; null: where the table above lies. */
  readonly below: World | null;
  /** PA in bytes of a table's address, which is an IPA where stage 1 is nested. */
  reach(address: number, space: World): number;
  /** The address space of that PA. */
  home(space: World): World;
}

/** A table by its address, which is an IPA where stage 1 is nested, and the space of that. */
interface Table {
  readonly at: number;
  readonly space: World;
}

/** A range of input addresses in bytes, cut to the input size of the tables; `to` is the one after the last. */
export interface InputRange {
  readonly from: bigint;
  readonly to: bigint;
}

/** What accesses a leaf permits. */
export interface Access {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

/** What a range becomes. */
export interface Leaves {
  /** Output address of the first byte. */
  readonly output: bigint;
  /** Attribute bits of each leaf. */
  readonly lo: number;
  readonly hi: number;
  /** log2 of the bytes of a leaf; null: as large as the alignment of both addresses allows. */
  readonly leafLog2: number | null;
  /** They lead to Non-secure addresses: tables in Non-secure memory lead to no others. */
  readonly nonSecure: boolean;
}

/** The leaf sizes of tables as log2 of bytes, smallest first (DDI 0487 D8.3). */
function leafSizes({ granuleBits, wide, startLevel }: Tables): number[] {
  const sizes: number[] = [];
  const first = Math.max(firstBlockLevel(granuleBits, wide), startLevel);
  for (let level = LAST_LEVEL; level >= first; level--) sizes.push(levelShift(level, granuleBits));
  return sizes;
}

/** A descriptor as it was found. */
interface Found {
  readonly kind: number;
  readonly lo: number;
  readonly hi: number;
}

/** One statement's way through a set of tables. */
class Traversal {
  readonly #set: TableSet;
  #visits = 0;

  constructor(set: TableSet) {
    this.#set = set;
  }

  root(): Table {
    const { baseHi, baseLo, spaces } = this.#set.tables;
    return { at: baseHi * 2 ** 32 + baseLo, space: spaces?.walk ?? this.#set.draft.space };
  }

  /** The descriptors of a table, in the space where they lie. */
  draft({ space }: Table): Draft {
    return this.#set.draft.in(this.#set.home(space));
  }

  /** Runs over the descriptors of a table that a range touches. */
  each(
    level: number,
    base: bigint,
    range: InputRange,
    visit: (index: number, part: InputRange, full: boolean, slot: bigint) => void,
  ): void {
    const shift = BigInt(levelShift(level, this.#set.tables.granuleBits));
    const first = (range.from - base) >> shift;
    const last = (range.to - 1n - base) >> shift;
    for (let index = first; index <= last; index++) {
      if (++this.#visits > MAX_VISITS) {
        throw new UserError(`${this.#set.name}: more than ${MAX_VISITS} descriptors for one statement`, {
          todo: 'give it a smaller range, or larger pages',
        });
      }
      const slot = base + (index << shift);
      const end = slot + (1n << shift);
      const from = range.from > slot ? range.from : slot;
      const to = range.to < end ? range.to : end;
      visit(Number(index), { from, to }, from === slot && to === end, slot);
    }
  }

  at(table: Table, index: number): number {
    return this.#set.reach(table.at + index * 8, table.space);
  }

  read(table: Table, index: number, level: number): Found {
    const { tables, name } = this.#set;
    const what = `level ${level} descriptor of ${name}`;
    const [a = 0, b = 0] = this.draft(table).read64(this.at(table, index), what);
    const [lo, hi] = tables.bigEndian ? [swap32(b), swap32(a)] : [a, b];
    return { kind: descriptorKind(lo, level, tables.granuleBits, tables.wide), lo, hi };
  }

  write(table: Table, index: number, level: number, lo: number, hi: number): void {
    const { tables, name } = this.#set;
    const [a, b] = tables.bigEndian ? [swap32(hi), swap32(lo)] : [lo, hi];
    this.draft(table).write64(this.at(table, index), a, b, `level ${level} descriptor of ${name}`);
  }

  /** The address in a descriptor: the next table, or the output of a leaf. */
  addressOf({ lo, hi }: Found): number {
    const { granuleBits, wide } = this.#set.tables;
    return addressHi(hi, lo, granuleBits, wide) * 2 ** 32 + addressLo(lo, granuleBits);
  }

  /** The table to which a descriptor points: Non-secure with NSTable, and below what is Non-secure (3.10.2). */
  next(found: Found, { space }: Table): Table {
    const leaves = this.#set.tables.spaces?.nsTable === true && (found.hi & NS_TABLE) !== 0;
    return { at: this.addressOf(found), space: leaves ? 'ns' : space };
  }

  /** Where a table is made below another one. */
  below({ space }: Table): World {
    return space === this.#set.draft.space ? (this.#set.below ?? space) : space;
  }

  /** A new table, empty, with a place that its address leads to. */
  make(space: World): Table {
    const { draft, tables, name } = this.#set;
    const bytes = 2 ** tables.granuleBits;
    const home = draft.in(this.#set.home(space));
    const table = home.table(bytes);
    for (let page = table; page < table + bytes; page += PAGE) {
      const pa = this.#set.reach(page, space);
      // Where the IPA is mapped to another place, that one must be empty.
      if (pa !== page) for (let i = 0; i < PAGE; i += 8) home.write64(pa + i, 0, 0, `a table of ${name}`);
    }
    return { at: table, space };
  }

  point(table: Table, index: number, level: number, to: Table): void {
    const { lo, hi } = addressBits(BigInt(to.at), this.#set.tables, this.#set.name);
    const leaves = to.space === table.space ? 0 : NS_TABLE;
    this.write(table, index, level, (lo | 3) >>> 0, (hi | leaves) >>> 0);
  }

  /** A table whose descriptors together say what a block says; nothing points to it yet. */
  split(block: Found, level: number, space: World): Table {
    const { granuleBits, wide } = this.#set.tables;
    const made = this.make(space);
    const next = level + 1;
    if (next < firstBlockLevel(granuleBits, wide))
      throw new UserError(`${this.#set.name}: level ${next} has no blocks`);
    const step = 2n ** BigInt(levelShift(next, granuleBits));
    const whole = 2n ** BigInt(levelShift(level, granuleBits));
    const output = (BigInt(this.addressOf(block)) / whole) * whole;
    const type = next === LAST_LEVEL ? 3 : 1;
    const kept = attributesOf(block, wide, granuleBits);
    for (let i = 0; i < 2 ** (granuleBits - TABLE_BITS); i++) {
      const { lo, hi } = addressBits(output + step * BigInt(i), this.#set.tables, this.#set.name);
      this.write(made, i, next, (lo | kept.lo | type) >>> 0, (hi | kept.hi) >>> 0);
    }
    return made;
  }

  /** @throws UserError where a leaf cannot lead to where it is to lead */
  checkSpace({ space }: Table, { nonSecure }: Leaves): void {
    const { draft, tables, name } = this.#set;
    if (nonSecure || space === draft.space || tables.spaces?.nsTable !== true) return;
    throw new UserError(`${name}: tables in ${space} memory lead to ${space} addresses alone`, {
      todo: `use space=${space}`,
    });
  }
}

/** The attribute bits of a leaf: [11:2] and [63:50], without what holds address bits there. */
function attributesOf({ lo, hi }: Found, wide: boolean, granuleBits: number): { lo: number; hi: number } {
  const largeAddress = wide && granuleBits !== 16;
  return { lo: lo & (largeAddress ? 0xcfc : 0xffc), hi: (hi & 0xfffc0000) >>> 0 };
}

/**
 * An address as a descriptor holds it: in place up to bit 47; above it, 64 KiB keeps [51:48] in [15:12], and DS=1 keeps
 * [49:48] in place and [51:50] in [9:8] (DDI 0487 D8.3).
 */
function addressBits(
  address: bigint,
  { wide, granuleBits }: Tables,
  name: string,
): { lo: number; hi: number } {
  const bits = wide ? 52n : 48n;
  if (address >> bits !== 0n) {
    throw new UserError(
      `${name}: 0x${address.toString(16)} does not fit the ${bits} address bits of a descriptor`,
    );
  }
  const high = address >> 48n;
  const inPlace = address & 0xffff_ffff_ffffn;
  const moved = granuleBits === 16 ? high << 12n : ((high & 3n) << 48n) | ((high >> 2n) << 8n);
  const all = inPlace | (wide ? moved : 0n);
  return { lo: Number(all & 0xffff_ffffn), hi: Number(all >> 32n) };
}

/**
 * Checks a range and the leaf size of a statement.
 * @throws UserError when a size or an address is not a multiple of the granule or of the leaf
 */
function checkRange(set: TableSet, range: InputRange, leaves: Leaves | null): void {
  const { granuleBits, inputBits } = set.tables;
  if (range.to > 1n << BigInt(inputBits)) {
    throw new UserError(`${set.name}: the range ends beyond the ${inputBits} bits of its input`);
  }
  if (range.to <= range.from) throw new UserError(`${set.name}: the range is empty`);
  const log2 = leaves?.leafLog2 ?? granuleBits;
  if (leaves !== null && leaves.leafLog2 !== null && !leafSizes(set.tables).includes(leaves.leafLog2)) {
    const sizes = leafSizes(set.tables).map((bits) => sizeText(2 ** bits));
    throw new UserError(`${set.name}: there are no leaves of ${sizeText(2 ** log2)}`, {
      todo: `choose ${sizes.join(', ')}`,
    });
  }
  const unit = 1n << BigInt(log2);
  for (const [what, value] of [
    ['input address', range.from],
    ['size', range.to - range.from],
    ['output address', leaves?.output ?? 0n],
  ] as const) {
    if (value % unit === 0n) continue;
    throw new UserError(
      `${set.name}: the ${what} 0x${value.toString(16)} is no multiple of ${sizeText(Number(unit))}`,
    );
  }
}

/**
 * Writes leaves for a range, and the tables that it takes: a table before the descriptor that points to it. What was
 * there is replaced; a block that is only partly in the range is split.
 */
export function mapRange(set: TableSet, range: InputRange, leaves: Leaves): void {
  checkRange(set, range, leaves);
  const walk = new Traversal(set);
  const { granuleBits, wide, startLevel } = set.tables;
  const fill = (table: Table, level: number, base: bigint, within: InputRange): void => {
    const shift = levelShift(level, granuleBits);
    const mayHold = level === LAST_LEVEL || level >= firstBlockLevel(granuleBits, wide);
    walk.each(level, base, within, (index, part, full, slot) => {
      const output = leaves.output + (part.from - range.from);
      const fits = full && mayHold && output % (1n << BigInt(shift)) === 0n;
      if (fits && (leaves.leafLog2 ?? shift) === shift) {
        walk.checkSpace(table, leaves);
        const type = level === LAST_LEVEL ? 3 : 1;
        const { lo, hi } = addressBits(output, set.tables, set.name);
        walk.write(table, index, level, (lo | leaves.lo | type) >>> 0, (hi | leaves.hi) >>> 0);
        return;
      }
      const found = walk.read(table, index, level);
      const isTable = found.kind !== INVALID && found.kind !== LEAF_DESCRIPTOR;
      const next = isTable
        ? walk.next(found, table)
        : found.kind === LEAF_DESCRIPTOR
          ? walk.split(found, level, table.space)
          : walk.make(walk.below(table));
      fill(next, level + 1, slot, part);
      if (!isTable) walk.point(table, index, level, next);
    });
  };
  fill(walk.root(), startLevel, 0n, range);
}

/** Writes zeros to the leaves of a range; tables stay. A block that is only partly in the range is split. */
export function unmapRange(set: TableSet, range: InputRange): void {
  checkRange(set, range, null);
  const walk = new Traversal(set);
  const clear = (table: Table, level: number, base: bigint, within: InputRange): void => {
    walk.each(level, base, within, (index, part, full, slot) => {
      const found = walk.read(table, index, level);
      if (found.kind === INVALID) return;
      if (found.kind === LEAF_DESCRIPTOR && full) {
        walk.write(table, index, level, 0, 0);
        return;
      }
      const isBlock = found.kind === LEAF_DESCRIPTOR;
      const next = isBlock ? walk.split(found, level, table.space) : walk.next(found, table);
      clear(next, level + 1, slot, part);
      if (isBlock) walk.point(table, index, level, next);
    });
  };
  clear(walk.root(), set.tables.startLevel, 0n, range);
}

/** The output address of an input address, or null where nothing is mapped. */
export function outputOf(set: TableSet, input: bigint): bigint | null {
  const { granuleBits, inputBits, startLevel } = set.tables;
  if (input >> BigInt(inputBits) !== 0n) return null;
  const walk = new Traversal(set);
  let table = walk.root();
  let base = 0n;
  for (let level = startLevel; level <= LAST_LEVEL; level++) {
    const shift = BigInt(levelShift(level, granuleBits));
    const index = (input - base) >> shift;
    const found = walk.read(table, Number(index), level);
    if (found.kind === INVALID) return null;
    const address = walk.addressOf(found);
    if (found.kind === LEAF_DESCRIPTOR) {
      const mask = (1n << shift) - 1n;
      return (BigInt(address) & ~mask) | (input & mask);
    }
    base += index << shift;
    table = walk.next(found, table);
  }
  return null;
}

/** Calls `visit` with the address of every table below the first, each once. Errors as the other statements. */
export function eachTable(set: TableSet, visit: (table: number, space: World) => void): void {
  const walk = new Traversal(set);
  const { granuleBits, inputBits, startLevel } = set.tables;
  const seen = new Set<string>();
  const down = (table: Table, level: number, bits: number): void => {
    if (level >= LAST_LEVEL) return;
    const range = { from: 0n, to: 1n << BigInt(bits) };
    walk.each(level, 0n, range, (index) => {
      const found = walk.read(table, index, level);
      if (found.kind === INVALID || found.kind === LEAF_DESCRIPTOR) return;
      const next = walk.next(found, table);
      const key = `${next.space} ${next.at}`;
      if (seen.has(key)) return;
      seen.add(key);
      visit(next.at, next.space);
      down(next, level + 1, levelShift(level, granuleBits));
    });
  };
  down(walk.root(), startLevel, inputBits);
}
