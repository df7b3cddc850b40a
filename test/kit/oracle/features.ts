import { bits, num } from './bits.ts';
import type { Machine } from './types.ts';

/** A machine uses what this second reading leaves out (VMSAv9-128, permission indirection, MPAM). */
export class Uncovered extends Error {}

/** Bits of an address by the codes of OAS, IPS and S2PS (6.3.6, 5.2, 5.4). */
const SIZES = [32, 36, 40, 42, 44, 48, 52, 56] as const;

/** What the ID registers say, by the manual's names. */
export class Features {
  readonly #idr: Readonly<Record<string, bigint>>;

  constructor(machine: Machine) {
    this.#idr = machine.idr;
    if (this.has('IDR5.D128')) throw new Uncovered('VMSAv9-128');
    if (this.minor < 1) throw new Uncovered('SMMUv3.0');
  }

  value(name: string): number {
    return Number(this.#idr[name] ?? 0n);
  }

  has(name: string): boolean {
    return this.value(name) !== 0;
  }

  get minor(): number {
    return this.value('AIDR.ArchMinorRev');
  }

  /** VMSAv8-32 LPAE, VMSAv8-64. */
  get lpae(): boolean {
    return (this.value('IDR0.TTF') & 1) !== 0;
  }

  get aa64(): boolean {
    return (this.value('IDR0.TTF') & 2) !== 0;
  }

  get oas(): number {
    return SIZES[this.value('IDR5.OAS') & 7] as number;
  }

  /** The largest intermediate address, in bits (3.4). */
  get ias(): number {
    return Math.max(this.lpae ? 40 : 0, this.aa64 ? this.oas : 0);
  }

  /** Bits of an output address by a code of IPS or S2PS, with the cap to OAS; reserved codes by revision. */
  outputSize(code: number): number {
    const effective = code === 7 && this.minor < 4 ? 6 : code;
    return Math.min(SIZES[effective] as number, this.oas);
  }

  /** A granule that is there, by its log2. */
  granule(log2: number | null): log2 is 12 | 14 | 16 {
    if (log2 === 12) return this.has('IDR5.GRAN4K');
    if (log2 === 14) return this.has('IDR5.GRAN16K');
    return log2 === 16 && this.has('IDR5.GRAN64K');
  }
}

/** log2 of the granule by CD.TG0 and STE.S2TG; null: reserved. */
export function granuleOfTg0(code: number): 12 | 14 | 16 | null {
  return ([12, 16, 14, null] as const)[code] ?? null;
}

/** The same by CD.TG1, whose codes are others. */
export function granuleOfTg1(code: number): 12 | 14 | 16 | null {
  return ([null, 14, 12, 16] as const)[code] ?? null;
}

/** Registers that translation asks. */
export function registersOf({ registers: { CR0, CR2, GBPA, STRTAB_BASE, STRTAB_BASE_CFG } }: Machine) {
  return {
    enabled: num(CR0, 0) === 1,
    e2h: num(CR2, 0) === 1,
    recordBadStreams: num(CR2, 1) === 1,
    gbpa: GBPA,
    table: bits(STRTAB_BASE, 55, 6) << 6n,
    log2size: num(STRTAB_BASE_CFG, 5, 0),
    split: num(STRTAB_BASE_CFG, 10, 6),
    format: num(STRTAB_BASE_CFG, 17, 16),
  };
}
