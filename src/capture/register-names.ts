import { BLOCKS, REGISTER_LIST, type RegisterBlock, type RegisterSpec } from '../spec/registers.ts';

/** Byte offset of register page 1 from the base (IHI 0070 6.1). */
const PAGE_1 = BLOCKS.PAGE_0.bytes;
/** Byte offset of the Realm page 0 when ROOT_IDR0.BA_REALM is 0. */
export const REALM_PAGE_0 = PAGE_1 + BLOCKS.PAGE_1.bytes;

/** Blocks whose place follows from the base alone; registers of others can only be given by offset. */
const BLOCK_OFFSETS: Readonly<Partial<Record<RegisterBlock, number>>> = {
  PAGE_0: 0,
  PAGE_1,
  R_PAGE_0: REALM_PAGE_0,
  R_PAGE_1: REALM_PAGE_0 + BLOCKS.R_PAGE_0.bytes,
};

/** Where the words of a register are kept in a snapshot. */
export interface RegisterPlace {
  /** Byte offset from the base. */
  readonly offset: number;
  /** 32 or 64 bits. */
  readonly width: number;
}

const byName = new Map<string, RegisterSpec>(REGISTER_LIST.map((register) => [register.short, register]));

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

function place(register: RegisterSpec, index: number): RegisterPlace | null {
  const block = BLOCK_OFFSETS[register.block];
  const stride = register.array ? register.array.stride : 0;
  if (block === undefined || stride === null) return null;
  return { offset: block + register.offset + index * stride, width: register.width };
}
