/** A small machine for the oracle, written word by word: one stream, one CD, tables of 4 KiB. */

import { encode } from '../../src/bits/layout.ts';
import { CD } from '../../src/spec/cd.ts';
import { STE } from '../../src/spec/ste.ts';
import { translate } from './oracle/translate.ts';
import type { Machine, OracleResult, Txn } from './oracle/types.ts';

type Numbers = Readonly<Record<string, number>>;

export const SID = 3;
const STRTAB = 0x1000;
export const CD_AT = 0x20000;
/** First tables; stage 1 with 39 bits (level 1), stage 2 with 34 bits (level 2 of 16 concatenated tables). */
export const S1_TABLE = 0x30000;
export const S2_TABLE = 0x80000;
const RAM = { base: 0, size: 0x50000000 };

const IDR: Numbers = {
  'IDR0.S1P': 1,
  'IDR0.S2P': 1,
  'IDR0.TTF': 3,
  'IDR0.Hyp': 1,
  'IDR0.HTTU': 3,
  'IDR0.ASID16': 1,
  'IDR0.VMID16': 1,
  'IDR1.SIDSIZE': 8,
  'IDR1.ATTR_TYPES_OVR': 1,
  'IDR1.ATTR_PERMS_OVR': 1,
  'IDR3.XNX': 1,
  'IDR3.FWB': 1,
  'IDR5.OAS': 5,
  'IDR5.GRAN4K': 1,
  'IDR5.GRAN16K': 1,
  'IDR5.GRAN64K': 1,
  'AIDR.ArchMinorRev': 2,
};

/** A transaction of the one stream; an unprivileged read unless told otherwise. */
export function plainTxn(va: bigint, more: Partial<Txn> = {}): Txn {
  return { sid: SID, ssid: null, va, write: false, privileged: false, instruction: false, ...more };
}

export class PlainMachine implements Machine {
  readonly idr: Readonly<Record<string, bigint>>;
  readonly registers: Machine['registers'];
  readonly ram = [RAM];
  /** What was written, in order. */
  readonly made: [pa: bigint, value: bigint][] = [];
  readonly #words = new Map<bigint, bigint>();

  constructor(ste: Numbers = {}, cd: Numbers = {}, idr: Numbers = {}) {
    this.idr = Object.fromEntries(
      Object.entries({ ...IDR, ...idr }).map(([name, value]) => [name, BigInt(value)]),
    );
    this.registers = { CR0: 5n, CR2: 2n, GBPA: 0n, STRTAB_BASE: BigInt(STRTAB), STRTAB_BASE_CFG: 6n };
    const stage2 = { S2AA64: 1, S2T0SZ: 30, S2SL0: 0, S2PS: 5, S2TTB: S2_TABLE, S2R: 1 };
    const base = { V: 1, Config: 5, S1ContextPtr: CD_AT, SHCFG: 1, ...stage2 };
    this.#structure(STRTAB + SID * 64, encode(STE, { ...base, ...ste }));
    const context = { V: 1, AA64: 1, T0SZ: 25, TTB0: S1_TABLE, EPD1: 1, IPS: 5, A: 1, R: 1 };
    this.#structure(CD_AT, encode(CD, { ...context, MAIR0: 0x00ff44bb, ...cd }));
  }

  #structure(at: number, words: Uint32Array): void {
    for (let i = 0; i < words.length; i += 2) {
      const high = BigInt(words[i + 1] as number) << 32n;
      this.put(at + i * 4, BigInt(words[i] as number) | high);
    }
  }

  put(pa: number, value: bigint): void {
    this.#words.set(BigInt(pa), value);
    this.made.push([BigInt(pa), value]);
  }

  read(pa: bigint): bigint | 'abort' {
    return pa < BigInt(RAM.size) ? this.peek(pa) : 'abort';
  }

  peek(pa: bigint): bigint {
    return this.#words.get(pa) ?? 0n;
  }

  /** Stage 2 maps 2 MiB blocks onto themselves with these attribute bits. */
  identity(attributes: bigint, ...blocks: readonly number[]): void {
    for (const block of blocks) this.put(S2_TABLE + block * 8, BigInt(block * 0x200000) | attributes | 1n);
  }

  /** A transaction; an unprivileged read unless told otherwise. */
  ask(va: bigint, more: Partial<Txn> = {}): OracleResult {
    return translate(this, plainTxn(va, more));
  }
}
