/** The registers of one SMMU: raw words, readable by name and field. What writing does is in `register-write.ts`. */

import type { Field, Layout } from '../bits/layout.ts';
import { ID_REGISTERS, type IdRegister, type IdValues } from '../spec/features.ts';
import { BLOCKS, type Register, type RegisterBlock, registerByName } from '../spec/registers.ts';

/** Where a block begins, in bytes from the base of the SMMU; blocks placed elsewhere by the system have none. */
const BLOCK_OFFSETS: Readonly<Partial<Record<RegisterBlock, number>>> = {
  PAGE_0: 0,
  PAGE_1: BLOCKS.PAGE_0.bytes,
};

const BANK_BYTES = BLOCKS.PAGE_0.bytes + BLOCKS.PAGE_1.bytes;

/** A register that this bank does not hold is a mistake in the program, not in its input. */
function known(name: string): Register {
  const register = registerByName(name);
  if (!register) throw new RangeError(`no register is called ${name}`);
  return register;
}

const OFFSETS = new Map<string, number>();

/**
 * Byte offset of a register from the base of the SMMU.
 * @param name with or without SMMU_
 * @throws RangeError when the name is none, or its place is IMPLEMENTATION DEFINED
 */
export function offsetOf(name: string): number {
  const before = OFFSETS.get(name);
  if (before !== undefined) return before;
  const register = known(name);
  const block = BLOCK_OFFSETS[register.block];
  if (block === undefined) throw new RangeError(`${name} lies in a block without a fixed place`);
  const offset = block + register.offset;
  OFFSETS.set(name, offset);
  return offset;
}

const ID_OFFSETS: readonly (readonly [IdRegister, number])[] = ID_REGISTERS.filter(
  (name) => BLOCK_OFFSETS[known(name).block] !== undefined,
).map((name) => [name, offsetOf(name)]);

/** Queue indices of page 1: page 0 may repeat them (IHI 0070 6.2.2), and this SMMU does. */
const PAGE_1_INDICES = ['EVENTQ_PROD', 'EVENTQ_CONS', 'PRIQ_PROD', 'PRIQ_CONS'];
const QUEUE_INDICES = new Set(['CMDQ_PROD', 'CMDQ_CONS', ...PAGE_1_INDICES].map(offsetOf));

/** Where page 0 repeats a queue index, and the index itself, as byte offsets. */
export const REPEATED_INDICES: ReadonlyMap<number, number> = new Map(
  PAGE_1_INDICES.map((name) => [offsetOf(name) - BLOCKS.PAGE_0.bytes, offsetOf(name)]),
);

interface FieldPlace {
  /** Index of the register's first word. */
  readonly word: number;
  readonly field: Field;
}

/** By register, then by field: a key made of both would have to be put together at each look-up. */
const PLACES = new Map<string, Map<string, FieldPlace>>();

function placeOf(register: string, field: string): FieldPlace {
  let places = PLACES.get(register);
  if (!places) {
    places = new Map();
    PLACES.set(register, places);
  }
  const found = places.get(field);
  if (found) return found;
  const layout: Layout = known(register).layout;
  const declared = layout.fields[field];
  if (!declared) throw new RangeError(`${register} has no field ${field}`);
  const place = { word: offsetOf(register) >>> 2, field: declared };
  places.set(field, place);
  return place;
}

export class RegisterBank {
  readonly #words = new Uint32Array(BANK_BYTES / 4);
  #version = 0;

  /**
   * Grows with every change but that of a queue index: what was derived from the registers may be out of date. Indices
   * move with every command and record, and nobody derives anything from them.
   */
  get version(): number {
    return this.#version;
  }

  /** 32 bits at a byte offset from the base of the SMMU; 0 where there is no register. No side effects. */
  peek(offset: number): number {
    return this.#words[offset >>> 2] ?? 0;
  }

  /** Bits [31:0] of a register. */
  lo(name: string): number {
    return this.peek(offsetOf(name));
  }

  /** Bits [63:32] of a 64-bit register. */
  hi(name: string): number {
    return this.peek(offsetOf(name) + 4);
  }

  /** A field of a register; an address in bytes where the field is one. */
  field(register: string, field: string): number {
    const place = placeOf(register, field);
    return place.field.get(this.#words, place.word);
  }

  /** The ID registers that lie in this bank. */
  ids(): IdValues {
    const values: Partial<Record<IdRegister, number>> = {};
    for (const [name, offset] of ID_OFFSETS) values[name] = this.peek(offset);
    return values;
  }

  /** Another bank that holds the same. */
  copy(): RegisterBank {
    const other = new RegisterBank();
    other.#words.set(this.#words);
    other.#version = this.#version;
    return other;
  }

  /** Stores a raw word; the rules of writing are the caller's business. */
  poke(offset: number, value: number): void {
    this.#words[offset >>> 2] = value;
    if (!QUEUE_INDICES.has(offset)) this.#version++;
  }

  /**
   * Sets words as a snapshot has them, bypassing the rules of writing. Where only the repetition of a queue index was
   * saved, it counts.
   */
  load(words: Iterable<readonly [offset: number, value: number]>): void {
    const seen = new Map(words);
    for (const [offset, value] of seen)
      if (offset >= 0 && offset < BANK_BYTES) this.#words[offset >>> 2] = value;
    for (const [repetition, offset] of REPEATED_INDICES) {
      const value = seen.get(repetition);
      if (!seen.has(offset) && value !== undefined) this.#words[offset >>> 2] = value;
    }
    this.#version++;
  }
}
