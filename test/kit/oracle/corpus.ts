/** Cases of the corpus (test/vectors/corpus), run with the oracle: one SMMU without caches, transactions alone. */

import { bits, ones } from './bits.ts';
import { type Record4, recordOf } from './record.ts';
import { translate } from './translate.ts';
import type { Machine, OracleResult } from './types.ts';

export interface Answer {
  readonly ok: boolean;
  readonly pa?: string;
  readonly ev?: readonly string[];
  readonly fresh?: Answer;
}

export type Step =
  | { readonly op: 'dma'; readonly sid: number; readonly iova: string; readonly rw: 'r' | 'w' }
  | { readonly op: 'mem'; readonly words: readonly (readonly [string, string])[] }
  | { readonly op: 'reg'; readonly off: string; readonly val: string; readonly size: number }
  | { readonly op: 'cmd' };

export interface Case {
  readonly name: string;
  readonly family: string;
  readonly idr: readonly string[];
  readonly aidr: string;
  readonly ram: readonly [string, string];
  readonly regs: readonly (readonly [string, string, number])[];
  readonly mem: readonly (readonly [string, string])[];
  readonly steps: readonly Step[];
  readonly expect: { readonly steps: readonly Answer[] } | null;
  readonly cache_seq?: boolean;
  readonly qemu_deviates?: string;
  readonly arch_expect?: Readonly<Record<string, Answer>>;
}

/** Fields of ID registers by position (6.3.1 to 6.3.6): register, name, high, low. */
const ID_FIELDS: readonly (readonly [number, string, number, number])[] = [
  [0, 'S2P', 0, 0],
  [0, 'S1P', 1, 1],
  [0, 'TTF', 3, 2],
  [0, 'HTTU', 7, 6],
  [0, 'Hyp', 9, 9],
  [0, 'ATS', 10, 10],
  [0, 'NS1ATS', 11, 11],
  [0, 'ASID16', 12, 12],
  [0, 'VMID16', 18, 18],
  [0, 'CD2L', 19, 19],
  [0, 'TTENDIAN', 22, 21],
  [0, 'STALL_MODEL', 25, 24],
  [0, 'TERM_MODEL', 26, 26],
  [0, 'ST_LEVEL', 28, 27],
  [1, 'SIDSIZE', 5, 0],
  [1, 'SSIDSIZE', 10, 6],
  [1, 'ATTR_PERMS_OVR', 26, 26],
  [1, 'ATTR_TYPES_OVR', 27, 27],
  [3, 'HAD', 2, 2],
  [3, 'PBHA', 3, 3],
  [3, 'XNX', 4, 4],
  [3, 'MPAM', 7, 7],
  [3, 'FWB', 8, 8],
  [3, 'STT', 9, 9],
  [3, 'E0PD', 13, 13],
  [3, 'PTWNNC', 14, 14],
  [3, 'DPT', 15, 15],
  [3, 'EPAN', 17, 17],
  [3, 'S1PI', 18, 18],
  [3, 'S2PI', 19, 19],
  [3, 'S2PO', 20, 20],
  [3, 'THE', 21, 21],
  [3, 'MTEPERM', 22, 22],
  [3, 'AIE', 23, 23],
  [5, 'OAS', 2, 0],
  [5, 'GRAN4K', 4, 4],
  [5, 'GRAN16K', 5, 5],
  [5, 'GRAN64K', 6, 6],
  [5, 'DS', 7, 7],
  [5, 'D128', 8, 8],
  [5, 'VAX', 11, 10],
];

/** Fields of raw ID registers IDR0..IDR5 and AIDR. */
export function idFields(idr: readonly bigint[], aidr: bigint): Record<string, bigint> {
  const fields: Record<string, bigint> = { 'AIDR.ArchMinorRev': bits(aidr, 3, 0) };
  for (const [register, name, high, low] of ID_FIELDS) {
    fields[`IDR${register}.${name}`] = bits(idr[register] ?? 0n, high, low);
  }
  return fields;
}

/** Positions of the ID fields, for machines that are made of fields. */
export const ID_POSITIONS: ReadonlyMap<string, readonly [register: number, low: number]> = new Map(
  ID_FIELDS.map(([register, name, , low]) => [`IDR${register}.${name}`, [register, low]]),
);

const OFFSETS = { CR0: 0x20, CR2: 0x2c, GBPA: 0x44, STRTAB_BASE: 0x80, STRTAB_BASE_CFG: 0x88 } as const;
const UPDATE = 1n << 31n;

/** Memory and registers of a case, changed by its steps. */
export class CaseMachine implements Machine {
  readonly idr: Readonly<Record<string, bigint>>;
  readonly #words = new Map<bigint, bigint>();
  readonly #registers = new Map<number, bigint>();
  readonly #ram: readonly [bigint, bigint];

  constructor(of: Case) {
    this.idr = idFields(of.idr.map(BigInt), BigInt(of.aidr));
    this.#ram = [BigInt(of.ram[0]), BigInt(of.ram[1])];
    this.store(of.mem);
    for (const [offset, value, bytes] of of.regs) this.write(Number(offset), BigInt(value), bytes);
  }

  store(words: readonly (readonly [string, string])[]): void {
    for (const [address, value] of words) this.#words.set(BigInt(address), BigInt(value));
  }

  /** Table registers do not change while SMMUEN=1; GBPA takes a value that comes with Update=1 (6.3.14, 6.3.24). */
  write(offset: number, value: bigint, bytes: number): void {
    const enabled = ((this.#registers.get(OFFSETS.CR0) ?? 0n) & 1n) === 1n;
    if (
      enabled &&
      (offset === OFFSETS.CR2 || (offset >= OFFSETS.STRTAB_BASE && offset <= OFFSETS.STRTAB_BASE_CFG))
    ) {
      return;
    }
    if (offset === OFFSETS.GBPA) {
      if ((value & UPDATE) !== 0n) this.#registers.set(offset, value & ~UPDATE);
    } else if (offset === OFFSETS.STRTAB_BASE + 4) {
      const low = (this.#registers.get(OFFSETS.STRTAB_BASE) ?? 0n) & ones(32);
      this.#registers.set(OFFSETS.STRTAB_BASE, low | (value << 32n));
    } else if (offset === OFFSETS.STRTAB_BASE && bytes === 4) {
      const high = (this.#registers.get(offset) ?? 0n) >> 32n;
      this.#registers.set(offset, (high << 32n) | value);
    } else this.#registers.set(offset, value);
  }

  get registers(): Machine['registers'] {
    const at = (name: keyof typeof OFFSETS): bigint => this.#registers.get(OFFSETS[name]) ?? 0n;
    return {
      CR0: at('CR0'),
      CR2: at('CR2'),
      GBPA: at('GBPA'),
      STRTAB_BASE: at('STRTAB_BASE'),
      STRTAB_BASE_CFG: at('STRTAB_BASE_CFG'),
    };
  }

  read(pa: bigint): bigint | 'abort' {
    const inside = pa >= this.#ram[0] && pa < this.#ram[0] + this.#ram[1];
    return inside ? (this.#words.get(pa) ?? 0n) : 'abort';
  }
}

/** What the oracle says of a case's transactions, by step; other steps are null. */
export function answersOf(of: Case): (OracleResult | null)[] {
  const machine = new CaseMachine(of);
  return of.steps.map((step) => {
    if (step.op === 'mem') machine.store(step.words);
    if (step.op === 'reg') machine.write(Number(step.off), BigInt(step.val), step.size);
    if (step.op !== 'dma') return null;
    const plain = { ssid: null, privileged: false, instruction: false };
    return translate(machine, { ...plain, sid: step.sid, va: BigInt(step.iova), write: step.rw === 'w' });
  });
}

export function recordsOf(result: OracleResult): Record4[] {
  const record = recordOf(result);
  return record === null ? [] : [record];
}
