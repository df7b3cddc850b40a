/** Bits of memory or of a register that people may set: a field, or a whole word. */

import { compile, type Field } from '../../bits/field.ts';
import { fieldOf, type Layout } from '../../bits/layout.ts';
import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { type DataPlace, placeOfField } from '../../control/stops/data-place.ts';
import { type Row, row } from '../../inspect/rows.ts';
import { offsetOf } from '../../model/bank.ts';
import { DATA, PA_LIMIT } from '../../model/memory.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Register } from '../../spec/registers.ts';

/** A field, and where the structure or register lies that it belongs to. */
export interface Slot {
  /** For people: `STE.Config`, `reg.CR0.SMMUEN`, `doubleword at 0x1000`. */
  readonly name: string;
  readonly space: World | 'reg';
  /** PA of the structure in bytes; of a register its place in the bank. */
  readonly base: number;
  /** 32-bit words of the structure or register. */
  readonly words: number;
  readonly field: Field;
  /** Security state by which values are named, and by which registers are written. */
  readonly world: World;
}

const WHOLE: Readonly<Record<4 | 8, Field>> = {
  4: compile('value', { bits: [31, 0], doc: 'The whole word.' }),
  8: compile('value', { bits: [63, 0], doc: 'The whole doubleword.' }),
};

/** A field of a structure in memory; null when the structure has none of that name. */
export function structureSlot(of: Layout, space: World, pa: number, name: string): Slot | null {
  const field = fieldOf(of, name);
  return field ? { name: `${of.name}.${name}`, space, base: pa, words: of.words, field, world: space } : null;
}

/** Eight bytes of memory. */
export function doublewordSlot(space: World, pa: number): Slot | null {
  if (pa % 4 !== 0 || pa < 0 || pa + 8 > PA_LIMIT) return null;
  return { name: `doubleword at ${hex(pa)}`, space, base: pa, words: 2, field: WHOLE[8], world: space };
}

/** A register, or a field of it; null when it has none of that name. */
export function registerSlot(register: Register, name: string | null): Slot | null {
  const bytes = register.width === 64 ? 8 : 4;
  const field = name === null ? WHOLE[bytes] : fieldOf(register.layout, name);
  if (!field) return null;
  return {
    name: name === null ? register.short : `${register.short}.${name}`,
    space: 'reg',
    base: offsetOf(register.short),
    words: bytes / 4,
    field,
    world: register.world ?? 'ns',
  };
}

/** The words of the structure or register as they are now; null when the image lacks them. */
export function slotWords(smmu: Smmu, { space, base, words: count }: Slot): Uint32Array | null {
  const words = new Uint32Array(count);
  if (space === 'reg') {
    for (let i = 0; i < count; i++) words[i] = smmu.bank.peek(base + i * 4);
    return words;
  }
  return smmu.memory(space).load(base, words, 0, count) === DATA ? words : null;
}

/** The field as it is now, as a row. */
export function slotRow(smmu: Smmu, slot: Slot): Row | null {
  const words = slotWords(smmu, slot);
  return words && row(slot.field, words, 0, { world: slot.world });
}

/** Where the bits lie. */
export function placeOfSlot({ space, base, field }: Slot): DataPlace {
  return placeOfField(space, base, field);
}
