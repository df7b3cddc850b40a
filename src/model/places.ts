/**
 * Where the registers of each block are kept. Pages 0 and 1 lie at the offsets that software uses. Where the others lie
 * is said by ID registers or by the system (IHI 0070 6.1), so they are kept at places of the model's own, far above
 * every offset, and {@link Placement.placeOf} finds the place of an offset.
 */

import type { Field, Layout } from '../bits/layout.ts';
import type { QueueWorld } from '../spec/commands.ts';
import { BLOCKS, REGISTERS, type Register, type RegisterBlock, registerByName } from '../spec/registers.ts';

const PAGE_BYTES = 0x10000;
/** Places from here on are not offsets. */
const BEYOND = 2 ** 40;

/** The most control pages of enhanced command queues that a Security state has (3.5.6). */
const CONTROL_PAGES = 256;

/** The states that have control pages, in the order in which these are kept. */
const CONTROL_WORLDS = ['ns', 's', 'realm'] as const satisfies readonly QueueWorld[];

/** What says whether a state has control pages, how many, and where the first of them lies. */
export const CONTROL: Readonly<
  Record<
    QueueWorld,
    {
      /** Register and field that must be 1, all of them. */
      readonly needs: readonly (readonly [register: string, field: string])[];
      readonly ids: string;
      readonly base: string;
    }
  >
> = {
  ns: { needs: [['IDR1', 'ECMDQ']], ids: 'IDR6', base: 'CMDQ_CONTROL_PAGE_BASEn' },
  s: {
    needs: [
      ['S_IDR1', 'SECURE_IMPL'],
      ['S_IDR0', 'ECMDQ'],
    ],
    ids: 'S_IDR6',
    base: 'S_CMDQ_CONTROL_PAGE_BASEn',
  },
  realm: {
    needs: [
      ['ROOT_IDR0', 'REALM_IMPL'],
      ['R_IDR0', 'ECMDQ'],
    ],
    ids: 'R_IDR6',
    base: 'R_CMDQ_CONTROL_PAGE_BASEn',
  },
};

const STARTS: Readonly<Record<RegisterBlock, number>> = {
  PAGE_0: 0,
  PAGE_1: PAGE_BYTES,
  VATOS: BEYOND,
  S_VATOS: BEYOND + PAGE_BYTES,
  R_PAGE_0: BEYOND + 2 * PAGE_BYTES,
  R_PAGE_1: BEYOND + 3 * PAGE_BYTES,
  ROOT: BEYOND + 4 * PAGE_BYTES,
  PMCG: BEYOND + 0x100 * PAGE_BYTES,
  CMDQCP: BEYOND + 0x200 * PAGE_BYTES,
};

/** Bytes of pages 0 and 1: below it a place is the offset that software uses. */
export const FIXED_BYTES = BLOCKS.PAGE_0.bytes + BLOCKS.PAGE_1.bytes;

/** Where the first register page of a counter group is kept. */
export function copyOf(block: 'PMCG', index: number): number {
  return STARTS[block] + index * PAGE_BYTES;
}

/** Where a control page of a state is kept. */
export function controlPageAt(world: QueueWorld, page: number): number {
  return STARTS.CMDQCP + (CONTROL_WORLDS.indexOf(world) * CONTROL_PAGES + page) * PAGE_BYTES;
}

/** The state of a control page, and which of its pages it is. @param copy as in {@link BlockPlace} */
export function controlPageOf(copy: number): { readonly world: QueueWorld; readonly page: number } {
  const world = CONTROL_WORLDS[Math.floor(copy / CONTROL_PAGES)] ?? 'ns';
  return { world, page: copy % CONTROL_PAGES };
}

/** A block by a place in it, the place from the block's start in bytes, and which copy of the block it is. */
export interface BlockPlace {
  readonly block: RegisterBlock;
  readonly offset: number;
  readonly copy: number;
}

/** The block that holds a place, or null: a place of none. */
export function blockOf(place: number): BlockPlace | null {
  if (place < 0) return null;
  if (place < PAGE_BYTES) return { block: 'PAGE_0', offset: place, copy: 0 };
  if (place < FIXED_BYTES) return { block: 'PAGE_1', offset: place - PAGE_BYTES, copy: 0 };
  const page = Math.floor((place - BEYOND) / PAGE_BYTES);
  const offset = place % PAGE_BYTES;
  if (page < 0) return null;
  if (page >= 0x200)
    return page < 0x200 + CONTROL_WORLDS.length * CONTROL_PAGES
      ? { block: 'CMDQCP', offset, copy: page - 0x200 }
      : null;
  if (page >= 0x100) return { block: 'PMCG', offset, copy: page - 0x100 };
  const block = (['VATOS', 'S_VATOS', 'R_PAGE_0', 'R_PAGE_1', 'ROOT'] as const)[page];
  return block === undefined ? null : { block, offset, copy: 0 };
}

/** A name that no table has is a mistake in the program, not in its input. */
function knownRegister(name: string): Register {
  const register = registerByName(name);
  if (!register) throw new RangeError(`no register is called ${name}`);
  return register;
}

const PLACES = new Map<string, number>();

/**
 * Place of a register: in pages 0 and 1 its byte offset from the base of the SMMU. Of a register with copies (control
 * pages, counter groups) or of an array the first.
 * @param name with or without SMMU_
 * @throws RangeError when the name is none
 */
export function offsetOf(name: string): number {
  const before = PLACES.get(name);
  if (before !== undefined) return before;
  const register = knownRegister(name);
  const place = STARTS[register.block] + register.offset;
  PLACES.set(name, place);
  return place;
}

interface FieldPlace {
  /** Place of the register's first word. */
  readonly place: number;
  readonly field: Field;
}

/** By register, then by field: a key made of both would have to be put together at each look-up. */
const FIELD_PLACES = new Map<string, Map<string, FieldPlace>>();

/**
 * Place and readers of a field.
 * @throws RangeError when there is none of that name
 */
export function fieldPlace(register: string, field: string): FieldPlace {
  let places = FIELD_PLACES.get(register);
  if (!places) {
    places = new Map();
    FIELD_PLACES.set(register, places);
  }
  const found = places.get(field);
  if (found) return found;
  const layout: Layout = knownRegister(register).layout;
  const declared = layout.fields[field];
  if (!declared) throw new RangeError(`${register} has no field ${field}`);
  const place = { place: offsetOf(register), field: declared };
  places.set(field, place);
  return place;
}

/** Queue indices of page 1: page 0 may repeat them (IHI 0070 6.2.2), and this SMMU does. */
const PAGE_1_INDICES = ['EVENTQ_PROD', 'EVENTQ_CONS', 'PRIQ_PROD', 'PRIQ_CONS'];
const QUEUE_INDICES: ReadonlySet<number> = new Set(
  [
    ...['CMDQ_PROD', 'CMDQ_CONS', ...PAGE_1_INDICES].flatMap((name) => [name, `R_${name}`]),
    ...['S_CMDQ_PROD', 'S_CMDQ_CONS', 'S_EVENTQ_PROD', 'S_EVENTQ_CONS'],
  ].map(offsetOf),
);

/** Where page 0 repeats a queue index, and the index itself, as byte offsets. */
export const REPEATED_INDICES: ReadonlyMap<number, number> = new Map(
  PAGE_1_INDICES.map((name) => [offsetOf(name) - BLOCKS.PAGE_0.bytes, offsetOf(name)]),
);

/** The pages of Realm state repeat indices in the same way (6.2.8). */
const REALM_REPEATED: ReadonlySet<number> = new Set(
  PAGE_1_INDICES.map((name) => offsetOf(`R_${name}`) - STARTS.R_PAGE_1),
);

/** PROD and CONS of an enhanced command queue: the upper half of its 16 bytes (3.5.6). */
const INTERFACE_UPPER_HALF = 8;

/** Whether a word only moves with commands and records, so that nothing is derived from it. */
export function isQueueIndex(place: number): boolean {
  if (place < STARTS.CMDQCP) return QUEUE_INDICES.has(place);
  return (place & INTERFACE_UPPER_HALF) !== 0;
}

/** Where the system has put what no ID register places: bytes from the base of the SMMU. */
export interface BankOptions {
  /** The Root Control Page (6.2.6). */
  readonly root?: number;
  /** Performance monitor counter groups (10.5): page 0, and page 1 where there is one. */
  readonly pmcg?: readonly { readonly page0: number; readonly page1?: number }[];
}

const COUNTER_PAGE_BYTES = 0x1000;

/** What finding a place asks of the registers. */
export interface Readable {
  field(register: string, field: string): number;
  peek(place: number): number;
}

type FieldReader = Readable['field'];

const { RELOC_CTRS } = REGISTERS.PMCG_CFGR.layout.fields;

/** The registers that a counter group has in its page 1, if it has one (10.5.1). */
function isRelocated(offset: number): boolean {
  return (
    offset < 0x200 ||
    (offset >= 0x600 && offset < 0x800) ||
    (offset >= 0xc80 && offset < 0xc88) ||
    (offset >= 0xcc0 && offset < 0xcc8) ||
    (offset >= 0xd88 && offset < 0xd8c)
  );
}

function within(offset: number, base: number, bytes: number): boolean {
  return offset >= base && offset < base + bytes;
}

/**
 * The place of an offset.
 * @param offset bytes from the base of the SMMU, as software has it
 * @param of the registers of this SMMU
 * @returns null where there is no page of registers
 */
export function placeAt(offset: number, options: BankOptions, of: Readable): number | null {
  if (offset >= 0 && offset < FIXED_BYTES) return REPEATED_INDICES.get(offset) ?? offset;
  const field: FieldReader = (register, name) => of.field(register, name);
  return (
    atosPlace(offset, field) ??
    realmPlace(offset, field) ??
    controlPagePlace(offset, field) ??
    systemPlace(offset, options, of)
  );
}

function atosPlace(offset: number, field: FieldReader): number | null {
  if (field('IDR0', 'VATOS') === 0) return null;
  const first = FIXED_BYTES + field('IDR2', 'BA_VATOS') * PAGE_BYTES;
  if (within(offset, first, PAGE_BYTES)) return STARTS.VATOS + offset - first;
  if (field('S_IDR1', 'SEL2') === 0) return null;
  const secure = FIXED_BYTES + field('S_IDR2', 'BA_S_VATOS') * PAGE_BYTES;
  return within(offset, secure, PAGE_BYTES) ? STARTS.S_VATOS + offset - secure : null;
}

function realmPlace(offset: number, field: FieldReader): number | null {
  if (field('ROOT_IDR0', 'REALM_IMPL') === 0) return null;
  const first = FIXED_BYTES + field('ROOT_IDR0', 'BA_REALM') * PAGE_BYTES;
  if (!within(offset, first, 2 * PAGE_BYTES)) return null;
  const at = offset - first;
  return REALM_REPEATED.has(at) ? STARTS.R_PAGE_1 + at : STARTS.R_PAGE_0 + at;
}

/** The control pages of a state follow one another from the first (6.3.49). */
function controlPagePlace(offset: number, field: FieldReader): number | null {
  for (const world of CONTROL_WORLDS) {
    const { needs, ids, base } = CONTROL[world];
    if (needs.some(([register, name]) => field(register, name) === 0)) continue;
    const first = field(base, 'ADDR');
    const pages = Math.min(2 ** field(ids, 'CMDQ_CONTROL_PAGE_LOG2NUMP'), CONTROL_PAGES);
    if (first > 0 && within(offset, first, pages * PAGE_BYTES))
      return controlPageAt(world, 0) + offset - first;
  }
  return null;
}

function systemPlace(offset: number, options: BankOptions, of: Readable): number | null {
  const { root, pmcg } = options;
  if (root !== undefined && within(offset, root, PAGE_BYTES)) return STARTS.ROOT + offset - root;
  for (const [index, group] of (pmcg ?? []).entries()) {
    const cfgr = Uint32Array.of(of.peek(copyOf('PMCG', index) + REGISTERS.PMCG_CFGR.offset));
    const relocated = RELOC_CTRS.get(cfgr, 0) === 1;
    if (within(offset, group.page0, COUNTER_PAGE_BYTES)) {
      const at = offset - group.page0;
      return relocated && isRelocated(at) ? null : copyOf('PMCG', index) + at;
    }
    if (group.page1 !== undefined && within(offset, group.page1, COUNTER_PAGE_BYTES)) {
      const at = offset - group.page1;
      return relocated && isRelocated(at) ? copyOf('PMCG', index) + at : null;
    }
  }
  return null;
}
