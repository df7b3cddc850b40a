/** Structures, registers and memory as values of expressions. */

import { type Field, fieldOf, type Layout } from '../../bits/layout.ts';
import { hex, hex64 } from '../../bits/u64.ts';
import { isWorld, WORLDS, type World } from '../../bits/world.ts';
import { offsetOf } from '../../model/bank.ts';
import { DATA } from '../../model/memory.ts';
import { type FrameKind, transaction } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { layoutByName } from '../../spec/layouts.ts';
import {
  REGISTER_LIST,
  type Register,
  registerByName,
  SINGLE_BLOCKS,
  worldRegister,
} from '../../spec/registers.ts';
import type { Bag, Value } from '../expression/value.ts';

/** The value of a field; of an address field the address in bytes. */
export function fieldValue(field: Field, words: Uint32Array, at = 0): bigint {
  return (BigInt(field.hi(words, at)) << 32n) | BigInt(field.lo(words, at));
}

/** A structure by the names of its fields. */
function structureBag(text: string, layout: Layout, words: Uint32Array): Bag {
  return {
    text,
    names: () => layout.list.map(({ name }) => name),
    part(name) {
      const field = fieldOf(layout, name);
      return field ? fieldValue(field, words) : undefined;
    },
  };
}

/** What a register holds now, as 32-bit words; 64-bit registers have two. */
function registerWords({ bank }: Smmu, register: Register): Uint32Array {
  const lo = bank.lo(register.short);
  return register.width === 64 ? Uint32Array.of(lo, bank.hi(register.short)) : Uint32Array.of(lo);
}

/** Part of a register that is its whole value. */
const VALUE = 'value';

function registerBag(smmu: Smmu, register: Register): Bag {
  const words = registerWords(smmu, register);
  const [lo, hi = 0] = words as unknown as [number, number?];
  const fields = structureBag(`${register.short} ${hex64(hi, lo)}`, register.layout, words);
  return {
    text: fields.text,
    names: () => [VALUE, ...fields.names()],
    part: (name) => (name === VALUE ? (BigInt(hi) << 32n) | BigInt(lo) : fields.part(name)),
  };
}

/** A register of a page that an SMMU has once, by its name with or without the world's letter. */
export function registerOf(world: World, name: string): Register | undefined {
  const found = worldRegister(world, name) ?? registerByName(name);
  if (found === undefined || found.array) return undefined;
  return SINGLE_BLOCKS.has(found.block) ? found : undefined;
}

/** `reg.ns.CR0.SMMUEN`, `reg.CR0.value`. */
export function registersBag(smmu: Smmu): Bag {
  return worldBag(smmu, 'ns', true);
}

function worldBag(smmu: Smmu, world: World, outer: boolean): Bag {
  return {
    text: outer ? 'registers' : `registers of ${world}`,
    names: () => [
      ...(outer ? WORLDS : []),
      ...REGISTER_LIST.filter((r) => r.world === world && registerOf(world, r.short)).map((r) => r.short),
    ],
    part(name) {
      if (outer && isWorld(name)) return worldBag(smmu, name, false);
      const register = registerOf(world, name);
      return register && smmu.bank.shows(offsetOf(register.short)) ? registerBag(smmu, register) : undefined;
    },
  };
}

/** A structure that was found in memory. */
export interface Found {
  readonly layout: Layout;
  readonly space: World;
  /** PA in bytes. */
  readonly pa: number;
  readonly words: Uint32Array;
}

/**
 * The STE of a stream or one of its CDs, as it lies in memory now, at the place where a transaction would look for it.
 * @param ssid SubstreamID, or -1
 * @returns null when the stream has none, or the image lacks it
 */
export function findStructure(
  smmu: Smmu,
  kind: 'ste' | 'cd',
  sid: number,
  ssid: number,
  world: World,
): Found | null {
  const found = placeOf(smmu, kind, sid, ssid, world);
  // A stream without Substreams has its only CD at SubstreamID 0.
  return found ?? (kind === 'cd' && ssid === 0 ? placeOf(smmu, kind, sid, -1, world) : null);
}

function placeOf(smmu: Smmu, kind: FrameKind, sid: number, ssid: number, world: World): Found | null {
  const { frames } = smmu.plan({
    kind: 'transaction',
    transaction: transaction({ world, sid, ssid, vaHi: 0, vaLo: 0 }),
  });
  const frame = frames.find((f) => f.kind === kind && f.pa !== null);
  const layout = frame && layoutByName(frame.layout);
  if (!frame || !layout || frame.pa === null) return null;
  const words = new Uint32Array(layout.words);
  if (smmu.memory(frame.space).load(frame.pa, words, 0, words.length) !== DATA) return null;
  return { layout, space: frame.space, pa: frame.pa, words };
}

const SMALL = 2n ** 32n;
const ADDRESSES = 2n ** 52n;

/** `ste(8)`, `cd(8, 1)`, `mem(0x80001000)`; undefined when there is no such function, or nothing at that place. */
export function callFunction(smmu: Smmu, name: string, args: readonly Value[]): Value | undefined {
  const [first, second] = args;
  const last = args[args.length - 1];
  const world: World = typeof last === 'string' && isWorld(last) ? last : 'ns';
  if (typeof first !== 'bigint' || first < 0n) return undefined;
  if (name === 'mem') return first < ADDRESSES ? memoryValue(smmu, world, Number(first)) : undefined;
  if ((name !== 'ste' && name !== 'cd') || first >= SMALL) return undefined;
  const ssid = name === 'cd' ? (typeof second === 'bigint' && second < SMALL ? Number(second) : 0) : -1;
  const found = findStructure(smmu, name, Number(first), ssid, world);
  if (!found) return undefined;
  const { layout, words, pa, space } = found;
  return structureBag(`${layout.name} at PA ${hex(pa)} (${space})`, layout, words);
}

/** 64 bits of memory, little-endian. */
function memoryValue(smmu: Smmu, space: World, pa: number): bigint | undefined {
  const memory = smmu.memory(space);
  const words = new Uint32Array(2);
  const at = pa - (pa % 4);
  if (at !== pa || memory.load(at, words, 0, 2) !== DATA) return undefined;
  const [lo, hi] = words as unknown as [number, number];
  return (BigInt(hi) << 32n) | BigInt(lo);
}
