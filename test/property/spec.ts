/** Random machines as plain values, so that a failing one can be read and typed in again. */

/** Fields by name; addresses in bytes. */
export type Fields = Readonly<Record<string, number>>;

/** What the covered stages are called in tests. */
export type StageName = 'stage1' | 'stage2' | 'nested';

export interface MachineSpec {
  /** From which descriptors are made up. */
  readonly seed: number;
  /** One descriptor in so many is bad; 0: none. */
  readonly badIn: number;
  /** `IDR0.S1P` and so on. */
  readonly idr: Fields;
  readonly registers: {
    readonly smmuen: boolean;
    readonly e2h: boolean;
    readonly recinvsid: boolean;
    readonly gbpa: Fields;
    readonly twoLevel: boolean;
    /** As written to STRTAB_BASE_CFG. */
    readonly split: number;
  };
  readonly ste: Fields;
  /** CDs, by chance of where they lie. */
  readonly cds: readonly Fields[];
}

/** RAM of every random machine: 1 GiB, so that the largest common block that begins there stays inside. */
export const RAM = { base: 0x40000000, size: 0x40000000 } as const;
export const STRTAB = 0x40000000;
/** Structures and tables lie from here on, in few chunks of 64 KiB. */
export const ARENA = 0x41000000;
export const ARENA_CHUNKS = 16;
/** Records go here, and commands come from there: no table is made up in these. */
export const EVENTQ = 0x42000000;
export const CMDQ = 0x42010000;
/** More than either queue has. */
export const QUEUE_BYTES = 0x1000;
export const LOG2SIZE = 8;
/** No access answers here. */
export const NOWHERE = 0x90000000;

const SIZES = [32, 36, 40, 42, 44, 48, 52, 52] as const;

export function sizeOf(code: number): number {
  return SIZES[code & 7] as number;
}

export function idOf(spec: MachineSpec, name: string): number {
  return spec.idr[name] ?? 0;
}

export function oasOf(spec: MachineSpec): number {
  return sizeOf(idOf(spec, 'IDR5.OAS'));
}

/** RAM at the upper end of the addresses, for tables that need all their bits. */
export function highRam(oas: number): { base: number; size: number } | null {
  return oas > 32 ? { base: 2 ** (oas - 1), size: 0x1000000 } : null;
}

/** Bits of an IPA that stage 2 takes. */
export function stage2InputBits({ ste }: Pick<MachineSpec, 'ste'>): number {
  const t0sz = ste['S2T0SZ'] ?? 0;
  if (ste['S2AA64'] === 1) return Math.min(64 - t0sz, 52);
  return 32 - ((t0sz & 15) >= 8 ? (t0sz & 15) - 16 : t0sz & 15);
}
