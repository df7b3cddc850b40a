import { hex } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import { WORLD_INDEX, WORLDS, type World } from '../../bits/world.ts';
import { offsetOf } from '../../model/bank.ts';
import {
  ABSENT,
  ALL_PAGES,
  CHUNK_BYTES,
  type ChunkSource,
  DATA,
  PA_LIMIT,
  SparseMemory,
} from '../../model/memory.ts';
import { presentWorlds } from '../../model/present-worlds.ts';
import { type CachePolicy, Smmu } from '../../model/smmu.ts';
import { conflicts } from '../../spec/feature-conflicts.ts';
import { type FeatureValues, feature, type IdValues, withFeatures } from '../../spec/features.ts';
import { PRESET_NAMES, presetNamed } from '../../spec/presets.ts';
import { LEVEL0_SIZE } from '../../spec/registers/encodings.ts';
import { registerByName, WORLD_PREFIX } from '../../spec/registers.ts';
import { WORLD_FACTS } from '../../spec/worlds.ts';
import { type Allocation, allocationOf, type FreeRam } from './build/allocation.ts';

/** The machine of a script that says nothing of it. */
const DEFAULT_MACHINE_PRESET = 'architecture-max';
const DEFAULT_RAM = { base: 0x4000_0000, size: 0x2_0000_0000 } as const;
/** What queues and tables of a machine that comes up ready take, before anything else is placed. */
export const SMALLEST_RAM = 0x100_0000;

/**
 * Offsets where a ready machine has its structures, in bytes: from the beginning of RAM, or where there are more
 * Security states than one, from the beginning of the quarter of RAM of each.
 */
export const READY_PLACES = {
  /** Level-1 stream table: 2^8 descriptors, or a linear table. */
  streamTable: 0,
  commandQueue: 0x10_0000,
  eventQueue: 0x20_0000,
  priQueue: 0x30_0000,
  /** The first byte that statements take for tables. */
  tables: 0x40_0000,
} as const;

/** log2 of the entries of each queue, and of the StreamIDs, as far as the SMMU has so many. */
const QUEUE_LOG2 = 8;
const STREAM_LOG2 = 16;
const SPLIT = 8;

/** Contradictions that a message tells. */
const TOLD = 4;

/** What a script without a capture asks of its machine. */
export interface MachineWish {
  /** `ready`: enabled, with stream table and queues; `bare`: as after reset. */
  readonly kind: 'ready' | 'bare';
  readonly preset: string;
  /** The Security states that come up with tables and queues; null: all that there are. */
  readonly worlds: readonly World[] | null;
  readonly features: FeatureValues;
  readonly ram: { readonly base: number; readonly size: number };
  /** Code of ROOT_GPT_BASE_CFG.L0GPTSZ, which no software can change (6.3.115). */
  readonly l0gptsz: number;
}

/** What a script asks for by `load`. */
export interface LoadWish {
  readonly kind: 'load';
  /** Path relative to the script. */
  readonly capture: string;
  readonly registers: string | null;
  /** PA of the first byte of a raw image, or null. */
  readonly base: number | null;
}

/** The machine that stands for nothing said. */
export const DEFAULT_WISH: MachineWish = {
  kind: 'ready',
  preset: DEFAULT_MACHINE_PRESET,
  worlds: null,
  features: {},
  ram: DEFAULT_RAM,
  l0gptsz: LEVEL0_SIZE.names['1GB'],
};

/**
 * An SMMU with RAM of zeros.
 * @throws UserError when there is no such preset, a value does not fit, or RAM is too small or misplaced
 */
export function makeMachine(wish: MachineWish, caches: CachePolicy = 'maximal'): Smmu {
  const { before, ids } = idsOf(wish);
  refuseContradiction(before, ids);
  const there = presentWorlds(ids);
  const { base, size } = wish.ram;
  checkRam(base, size, there.length > 1);
  const absent = wish.worlds?.find((world) => !there.includes(world));
  if (absent !== undefined) throw noSuchWorld(absent);
  const ranges = [{ base, size }];
  const zeros: ChunkSource = { fill: () => ALL_PAGES, ranges };
  const memory: Partial<Record<World, SparseMemory>> = {};
  for (const world of there) memory[world] = new SparseMemory(zeros, { ram: ranges });
  const smmu = new Smmu({ memory, caches });
  const words: [number, number][] = [];
  for (const [name, value] of Object.entries(ids)) words.push([offsetOf(name), value]);
  smmu.bank.load(words);
  if (there.includes('root')) smmu.bank.load(level0Size(wish.l0gptsz));
  else if (wish.l0gptsz !== DEFAULT_WISH.l0gptsz) throw noSuchWorld('root');
  if (wish.kind === 'ready') {
    // Whatever comes up, firmware has let accesses pass.
    const up = there.filter((world) => world === 'root' || (wish.worlds ?? there).includes(world));
    for (const world of up) smmu.bank.load(readyRegisters(ids, world, sliceOf(wish, world, there).next));
  }
  return smmu;
}

/** What one entry of level 0 of a granule protection table covers is the choice of who made the SMMU. */
function level0Size(code: number): [number, number][] {
  const words = new RegisterWords();
  words.set('ROOT_GPT_BASE_CFG', 'L0GPTSZ', code);
  return words.list();
}

/** The ID registers of the preset, and with the fields that are asked for. */
function idsOf(wish: MachineWish): { readonly before: IdValues; readonly ids: IdValues } {
  const preset = presetNamed(wish.preset);
  if (!preset) {
    const todo = `use one of ${PRESET_NAMES.join(', ')}`;
    throw new UserError(`there is no preset ${JSON.stringify(wish.preset)}`, { where: 'machine', todo });
  }
  try {
    return { before: preset.values, ids: withFeatures(preset.values, wish.features) };
  } catch (error) {
    if (error instanceof RangeError) throw new UserError(error.message, { where: 'machine' });
    throw error;
  }
}

/** What to say of a Security state that an SMMU does not have. */
export function noSuchWorld(world: World): UserError {
  const { present } = WORLD_FACTS[world];
  return new UserError(`this SMMU has no ${world} state: ${present} is 0`, {
    todo: 'choose another preset of machine, such as architecture-rme',
  });
}

/** What a Security state has of RAM: a quarter each, or all of it when it is alone. */
function sliceOf({ ram: { base, size } }: MachineWish, world: World, there: readonly World[]): FreeRam {
  if (there.length === 1) return { next: base, end: base + size };
  const quarter = Math.floor(size / WORLDS.length / CHUNK_BYTES) * CHUNK_BYTES;
  const next = base + WORLD_INDEX[world] * quarter;
  return { next, end: next + quarter };
}

/** What was asked for must not break the architecture; what a known SMMU has, it has. */
function refuseContradiction(before: IdValues, after: IdValues): void {
  const known = new Set(conflicts(before).map(({ why }) => why));
  const found = conflicts(after).filter(({ why, severity }) => severity === 'illegal' && !known.has(why));
  if (found.length === 0) return;
  const told = found.slice(0, TOLD).map(({ text }) => text);
  const more = found.length > TOLD ? `; and ${found.length - TOLD} more` : '';
  const todo = 'no SMMU is like that, so change the other fields as well';
  throw new UserError(`${told.join('; ')}${more}`, { where: 'machine', todo });
}

function checkRam(base: number, size: number, quartered: boolean): void {
  if (base % CHUNK_BYTES !== 0 || size % CHUNK_BYTES !== 0) {
    throw new UserError(`RAM of ${hex(size)} bytes at ${hex(base)} is not made of whole 64 KiB`, {
      where: 'machine',
    });
  }
  const least = quartered ? SMALLEST_RAM * WORLDS.length : SMALLEST_RAM;
  if (size < least) throw new UserError(`RAM is smaller than ${hex(least)} bytes`, { where: 'machine' });
  if (base + size > PA_LIMIT)
    throw new UserError('RAM ends beyond the 52 bits of a physical address', { where: 'machine' });
}

/** What statements may take of a machine's RAM for tables. */
export function tablesOf(wish: MachineWish): Allocation {
  const there = presentWorlds(idsOf(wish).ids);
  const free: Partial<Record<World, FreeRam>> = {};
  for (const world of there) {
    const { next, end } = sliceOf(wish, world, there);
    free[world] = { next: next + READY_PLACES.tables, end };
  }
  return allocationOf(free);
}

/** Register words by offset, with single fields set. */
class RegisterWords {
  readonly #words = new Map<number, number>();

  set(name: string, field: string, value: number): void {
    const register = registerByName(name);
    const declared = register?.layout.fields[field];
    if (!register || !declared) throw new RangeError(`no field ${name}.${field}`);
    const at = offsetOf(name);
    const pair = Uint32Array.of(this.#words.get(at) ?? 0, this.#words.get(at + 4) ?? 0);
    declared.set(pair, 0, value);
    this.#words.set(at, pair[0] ?? 0);
    if (register.width === 64) this.#words.set(at + 4, pair[1] ?? 0);
  }

  list(): [number, number][] {
    return [...this.#words];
  }
}

/** StreamID bits of each state; Realm shares those of Non-secure (6.3.2, 6.3.53). */
const SID_SIZES = { ns: 'IDR1.SIDSIZE', s: 'S_IDR1.S_SIDSIZE', realm: 'IDR1.SIDSIZE' } as const;

/**
 * What software has written when it is done with 3.11: tables and queues in place, everything that there is enabled.
 * Root firmware has let accesses pass (6.3.112); granule protection stays off.
 */
function readyRegisters(ids: IdValues, world: World, base: number): [number, number][] {
  const words = new RegisterWords();
  const prefix = WORLD_PREFIX[world];
  const acknowledged = [`${prefix}CR0`, `${prefix}CR0ACK`];
  if (world === 'root') {
    for (const register of acknowledged) words.set(register, 'ACCESSEN', 1);
    return words.list();
  }
  const twoLevel = feature(ids, 'IDR0.ST_LEVEL') === 1;
  const streams = Math.min(feature(ids, SID_SIZES[world]), STREAM_LOG2);
  // A linear table of 2^14 STEs fills what is reserved for it.
  const log2size = twoLevel ? streams : Math.min(streams, 14);
  words.set(`${prefix}STRTAB_BASE`, 'ADDR', base + READY_PLACES.streamTable);
  words.set(`${prefix}STRTAB_BASE_CFG`, 'LOG2SIZE', log2size);
  if (twoLevel) {
    words.set(`${prefix}STRTAB_BASE_CFG`, 'FMT', 1);
    words.set(`${prefix}STRTAB_BASE_CFG`, 'SPLIT', SPLIT);
  }
  const { priQueue } = WORLD_FACTS[world];
  const hasPri = typeof priQueue === 'string' && feature(ids, priQueue) === 1;
  const queues = [
    ['CMDQ', READY_PLACES.commandQueue],
    ['EVENTQ', READY_PLACES.eventQueue],
    ...(hasPri ? ([['PRIQ', READY_PLACES.priQueue]] as const) : []),
  ] as const;
  for (const [queue, place] of queues) {
    const entries = Math.min(QUEUE_LOG2, feature(ids, `IDR1.${queue}S`));
    words.set(`${prefix}${queue}_BASE`, 'ADDR', base + place);
    words.set(`${prefix}${queue}_BASE`, 'LOG2SIZE', entries);
    for (const register of acknowledged) words.set(register, `${queue}EN`, 1);
  }
  for (const register of acknowledged) words.set(register, 'SMMUEN', 1);
  words.set(`${prefix}CR2`, 'RECINVSID', 1);
  return words.list();
}

/** Bytes that statements may take of a capture's RAM, and how much of it is looked at to find them. */
const FREE_BYTES = 0x40_0000;
const MOST_CHUNKS = 4096;

/**
 * RAM of a capture that holds nothing: absent from the image, or zeros, as near to the end as there is, in each address
 * space. A statement that needs some fails when there is none.
 */
export function freeRam(smmu: Pick<Smmu, 'memory'>): Allocation {
  const free: Partial<Record<World, FreeRam>> = {};
  for (const world of WORLDS) {
    const range = freeRange(smmu.memory(world));
    if (range !== null) free[world] = range;
  }
  return allocationOf(free);
}

function freeRange(memory: SparseMemory): FreeRam | null {
  const words = new Uint32Array(CHUNK_BYTES / 4);
  let looked = 0;
  for (const { base, size } of [...memory.ram].reverse()) {
    let free = 0;
    for (
      let at = Math.floor((base + size) / CHUNK_BYTES) * CHUNK_BYTES - CHUNK_BYTES;
      at >= base;
      at -= CHUNK_BYTES
    ) {
      if (++looked > MOST_CHUNKS) break;
      free = isFree(memory, at, words) ? free + CHUNK_BYTES : 0;
      if (free >= FREE_BYTES) return { next: at, end: at + free };
    }
  }
  return null;
}

function isFree(memory: SparseMemory, chunk: number, words: Uint32Array): boolean {
  const pages = 16;
  const perPage = words.length / pages;
  for (let page = 0; page < pages; page++) {
    const status = memory.load(chunk + page * perPage * 4, words, 0, perPage);
    if (status !== ABSENT && (status !== DATA || words.subarray(0, perPage).some((word) => word !== 0)))
      return false;
  }
  return true;
}
