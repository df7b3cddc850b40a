import type { ConformCase } from '../../src/cli/conform/case.ts';

/** Offsets of registers from the SMMU's base (IHI 0070 6.1). */
const CR0 = 0x20;
const STRTAB_BASE = 0x80;
const STRTAB_BASE_CFG = 0x88;

/** What a case says about memory and registers, told apart from the model: only what finding an STE needs. */
class Tables {
  readonly #memory = new Map<bigint, bigint>();
  readonly #registers = new Map<number, bigint>();
  readonly #sidSize: number;

  constructor(of: ConformCase) {
    this.#sidSize = Number(of.idr[1]) & 0x3f;
    this.store(of.mem);
    for (const [offset, value, bytes] of of.regs) this.write(Number(offset), BigInt(value), bytes);
  }

  store(words: readonly (readonly [string, string])[]): void {
    for (const [address, value] of words) this.#memory.set(BigInt(address), BigInt(value));
  }

  write(offset: number, value: bigint, bytes: number): void {
    const enabled = ((this.#registers.get(CR0) ?? 0n) & 1n) === 1n;
    const guarded = offset >= STRTAB_BASE && offset <= STRTAB_BASE_CFG;
    if (guarded && enabled) return;
    if (offset === STRTAB_BASE + 4) {
      const low = (this.#registers.get(STRTAB_BASE) ?? 0n) & 0xffffffffn;
      this.#registers.set(STRTAB_BASE, low | (value << 32n));
    } else this.#registers.set(offset, bytes === 8 ? value : value & 0xffffffffn);
  }

  /** The first doubleword of the STE that a StreamID leads to, or null when there is none. */
  ste(sid: number): bigint | null {
    if (((this.#registers.get(CR0) ?? 0n) & 1n) === 0n) return null;
    const cfg = Number(this.#registers.get(STRTAB_BASE_CFG) ?? 0n);
    const base = (this.#registers.get(STRTAB_BASE) ?? 0n) & 0xfffffffffc0n;
    const log2size = cfg & 0x3f;
    if (sid >= 2 ** Math.min(log2size, this.#sidSize)) return null;
    const raw = (cfg >> 6) & 0x1f;
    const split = raw === 8 || raw === 10 ? raw : 6;
    const twoLevel = ((cfg >> 16) & 3) === 1;
    if (!twoLevel) return this.#read((base & -(64n << BigInt(log2size))) + BigInt(sid) * 64n);
    const bytes = 8n << BigInt(Math.max(3, log2size - split));
    const l1std = this.#read((base & -bytes) + BigInt(sid >> split) * 8n);
    const span = Number(l1std & 0x1fn);
    const low = sid & (2 ** split - 1);
    if (span === 0 || span > split + 1 || low >= 2 ** (span - 1)) return null;
    const array = l1std & 0xfffffffffc0n & -(64n << BigInt(span - 1));
    return this.#read(array + BigInt(low) * 64n);
  }

  #read(address: bigint): bigint {
    return this.#memory.get(address) ?? 0n;
  }
}

/** Whether a dma step of the case meets a valid STE whose Config enables stage 2 (bits 2 and 1 of Config). */
export function meetsStage2(of: ConformCase): boolean {
  const tables = new Tables(of);
  for (const step of of.steps) {
    if (step.op === 'mem') tables.store(step.words);
    if (step.op === 'reg') tables.write(Number(step.off), BigInt(step.val), step.size);
    if (step.op !== 'dma') continue;
    const ste = tables.ste(step.sid);
    if (ste !== null && (ste & 1n) === 1n && ((ste >> 1n) & 6n) === 6n) return true;
  }
  return false;
}
