import { offsetOf } from '../model/bank.ts';
import { REGISTER_LIST, REGISTERS, type Register, SINGLE_BLOCKS } from '../spec/registers.ts';

/** Where the registers of the Realm state begin: a place of the bank, wherever ROOT_IDR0.BA_REALM puts them (6.1). */
export const REALM_PAGE_0 = offsetOf('R_IDR0') - REGISTERS.R_IDR0.offset;

/** Where the words of a register are kept in a snapshot. */
export interface RegisterPlace {
  /** Byte offset from the base in pages 0 and 1; of the Realm and Root pages a place of the bank. */
  readonly offset: number;
  /** 32 or 64 bits. */
  readonly width: number;
}

const byName = new Map<string, Register>(REGISTER_LIST.map((register) => [register.short, register]));

/**
 * Where a register lies, by its name with or without SMMU_, in any case; one of an array by its number
 * (CMDQ_CONTROL_PAGE_BASE3).
 * @returns null when there is none of that name, or its block's place is not fixed
 */
export function registerPlace(name: string): RegisterPlace | null {
  const short = name.toUpperCase().replace(/^SMMU_/, '');
  const found = byName.get(short);
  if (found) return place(found, 0);
  const [, stem, digits] = /^(.*[A-Z])([0-9]{1,3})$/.exec(short) ?? [];
  const element = byName.get(`${stem}n`);
  const index = Number(digits);
  return element?.array && index < element.array.count ? place(element, index) : null;
}

function place(register: Register, index: number): RegisterPlace | null {
  const stride = register.array ? register.array.stride : 0;
  if (!SINGLE_BLOCKS.has(register.block) || stride === null) return null;
  return { offset: offsetOf(register.short) + index * stride, width: register.width };
}
