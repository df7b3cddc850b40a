/** The registers of an SMMU as rows, bank by bank. */

import { hex, hex64 } from '../bits/u64.ts';
import type { World } from '../bits/world.ts';
import { offsetOf, type RegisterBank } from '../model/bank.ts';
import { REGISTER_LIST, type Register, SINGLE_BLOCKS } from '../spec/registers.ts';
import { type Row, rows } from './rows.ts';

function listOf(world: World): readonly Register[] {
  return REGISTER_LIST.filter((r) => r.world === world && SINGLE_BLOCKS.has(r.block) && !r.array)
    .slice()
    .sort((a, b) => offsetOf(a.short) - offsetOf(b.short));
}

const BY_WORLD: Readonly<Record<World, readonly Register[]>> = {
  ns: listOf('ns'),
  s: listOf('s'),
  realm: listOf('realm'),
  root: listOf('root'),
};

/** The registers that the model's bank holds, of one world, in the order of their offsets. */
export function registersOf(world: World): readonly Register[] {
  return BY_WORLD[world];
}

/** Where a register lies, for people: `+0x00020`, `R_PAGE_0 +0x00020`. */
export function registerPlace({ block, offset, short }: Register): string {
  return block === 'PAGE_0' || block === 'PAGE_1'
    ? `+${hex(offsetOf(short), 5)}`
    : `${block} +${hex(offset, 5)}`;
}

/** The whole register in hexadecimal. */
export function registerValue(bank: RegisterBank, register: Register): string {
  const lo = bank.lo(register.short);
  return register.width === 64 ? hex64(bank.hi(register.short), lo) : hex(lo);
}

/** The fields of a register. */
export function registerFields(bank: RegisterBank, register: Register): Row[] {
  const words =
    register.width === 64
      ? Uint32Array.of(bank.lo(register.short), bank.hi(register.short))
      : Uint32Array.of(bank.lo(register.short));
  const all = rows(register.layout, words, 0, { world: register.world ?? 'ns' });
  // Where not all fields are known, an unclaimed bit says nothing.
  return register.partial === true ? all.filter((r) => !r.name.startsWith('RES0')) : all;
}
