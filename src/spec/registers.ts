import type { World } from '../bits/world.ts';
import { ATOS_REGISTERS } from './registers/atos.ts';
import { ECMDQ_REGISTERS } from './registers/ecmdq.ts';
import { IDENTIFICATION_REGISTERS } from './registers/identification.ts';
import { NONSECURE_REGISTERS } from './registers/nonsecure.ts';
import { NONSECURE_QUEUE_REGISTERS } from './registers/nonsecure-queues.ts';
import { PMCG_REGISTERS } from './registers/pmcg.ts';
import { REALM_REGISTERS } from './registers/realm.ts';
import { REALM_QUEUE_REGISTERS } from './registers/realm-queues.ts';
import { type RegisterBlock, type RegisterSpec, WORLD_PREFIX } from './registers/register.ts';
import { ROOT_REGISTERS } from './registers/root.ts';
import { SECURE_REGISTERS } from './registers/secure.ts';
import { SECURE_QUEUE_REGISTERS } from './registers/secure-queues.ts';

export type { RegisterAccess, RegisterBlock, RegisterSpec } from './registers/register.ts';
export { WORLD_PREFIX } from './registers/register.ts';

/** Every register by its name without SMMU_ (chapter 6, chapter 10). */
export const REGISTERS = {
  ...IDENTIFICATION_REGISTERS,
  ...NONSECURE_REGISTERS,
  ...NONSECURE_QUEUE_REGISTERS,
  ...SECURE_REGISTERS,
  ...SECURE_QUEUE_REGISTERS,
  ...REALM_REGISTERS,
  ...REALM_QUEUE_REGISTERS,
  ...ROOT_REGISTERS,
  ...ATOS_REGISTERS,
  ...ECMDQ_REGISTERS,
  ...PMCG_REGISTERS,
} as const;

/** Name of a register without SMMU_. */
export type RegisterName = keyof typeof REGISTERS;

/** A register together with its name as a type. */
export type Register = RegisterSpec & { readonly short: RegisterName };

export const REGISTER_LIST: readonly Register[] = Object.values(REGISTERS);

/** Where a block lies, and who may access it. */
export interface BlockFacts {
  /** Address, from the base of the SMMU and its ID registers. */
  readonly at: string;
  /** Bytes. */
  readonly bytes: number;
  readonly access: string;
  readonly section: string;
}

/** The blocks of registers (6.1). */
export const BLOCKS: Readonly<Record<RegisterBlock, BlockFacts>> = {
  PAGE_0: {
    at: 'base',
    bytes: 0x10000,
    access:
      'Any world; the Secure registers from 0x8000 are RAZ/WI to Non-secure and Realm (S_INIT may be excepted), and RES0 if S_IDR1.SECURE_IMPL is 0.',
    section: '6.2.1',
  },
  PAGE_1: {
    at: 'base + 0x10000',
    bytes: 0x10000,
    access:
      'Any world. Offsets without a register are RES0 or alias page 0; page 0 may alias the queue indexes.',
    section: '6.2.2',
  },
  VATOS: {
    at: 'base + 0x20000 + IDR2.BA_VATOS * 0x10000',
    bytes: 0x10000,
    access: 'Any world.',
    section: '6.2.3',
  },
  S_VATOS: {
    at: 'base + 0x20000 + S_IDR2.BA_S_VATOS * 0x10000',
    bytes: 0x10000,
    access: 'Secure and Root; RAZ/WI otherwise.',
    section: '6.2.4',
  },
  CMDQCP: {
    at: 'base + CMDQ_CONTROL_PAGE_BASEn.ADDR',
    bytes: 0x10000,
    access: 'The world of the control page.',
    section: '6.2.5',
  },
  R_PAGE_0: {
    at: 'base + 0x20000 + ROOT_IDR0.BA_REALM * 0x10000',
    bytes: 0x10000,
    access: 'Realm and Root; RAZ/WI otherwise.',
    section: '6.2.8',
  },
  R_PAGE_1: {
    at: 'R_PAGE_0 + 0x10000',
    bytes: 0x10000,
    access: 'Realm and Root; RAZ/WI otherwise.',
    section: '6.2.9',
  },
  ROOT: { at: 'IMPLEMENTATION DEFINED', bytes: 0x10000, access: 'Root; RAZ/WI otherwise.', section: '6.2.6' },
  PMCG: { at: 'IMPLEMENTATION DEFINED', bytes: 0x2000, access: 'As PMCG_SCR says.', section: '10.4' },
};

/** Blocks of which an SMMU has one each, whatever the system has put elsewhere (6.1). */
export const SINGLE_BLOCKS: ReadonlySet<RegisterBlock> = new Set([
  'PAGE_0',
  'PAGE_1',
  'R_PAGE_0',
  'R_PAGE_1',
  'ROOT',
]);

/** The register of that name in a world: `worldRegister('s', 'CR0')` is S_CR0; undefined where the world has none. */
export function worldRegister(world: World, stem: string): Register | undefined {
  const found = registerByName(WORLD_PREFIX[world] + stem);
  return found?.world === world ? found : undefined;
}

/** The register of that name, with or without SMMU_; undefined when there is none. */
export function registerByName(name: string): Register | undefined {
  const short = name.startsWith('SMMU_') ? name.slice(5) : name;
  return Object.hasOwn(REGISTERS, short) ? REGISTERS[short as RegisterName] : undefined;
}

const BY_OFFSET = new Map<RegisterBlock, Map<number, { register: Register; index: number }>>();

function place(register: Register): void {
  let block = BY_OFFSET.get(register.block);
  if (!block) {
    block = new Map();
    BY_OFFSET.set(register.block, block);
  }
  const { count, stride } = register.array ?? { count: 1, stride: 0 };
  for (let index = 0; index < (stride === null ? 1 : count); index++) {
    block.set(register.offset + index * (stride ?? 0), { register, index });
  }
}
for (const register of REGISTER_LIST) place(register);

/**
 * The register that begins at `offset` (bytes from the start of the block), and which one of an array it is.
 * @param stride bytes between the registers of an array whose stride depends on an ID register (ECMDQ)
 */
export function registerAt(
  block: RegisterBlock,
  offset: number,
  stride = 0,
): { readonly register: Register; readonly index: number } | undefined {
  const direct = BY_OFFSET.get(block)?.get(offset);
  if (direct || stride <= 0) return direct;
  const first = BY_OFFSET.get(block)?.get(offset % stride);
  return first?.register.array?.stride === null
    ? { register: first.register, index: Math.floor(offset / stride) }
    : undefined;
}
