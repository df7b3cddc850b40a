import { encode, type FieldSpecs, type FieldValues, type Layout } from '../../src/bits/layout.ts';
import { hiOf, loOf } from '../../src/bits/u64.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { SparseMemory } from '../../src/model/memory.ts';
import { Smmu } from '../../src/model/smmu.ts';
import { CD } from '../../src/spec/cd.ts';
import { L1STD } from '../../src/spec/l1std.ts';
import { registerByName } from '../../src/spec/registers.ts';
import { STE } from '../../src/spec/ste.ts';

const RAM = { base: 0x4000_0000, size: 0x1000_0000 };

/** An SMMU over empty RAM of 256 MiB from 1 GiB, with the ID registers of a common stage-1 implementation. */
export class Bench {
  readonly memory: SparseMemory;
  readonly smmu: Smmu;
  #next = RAM.base + 0x100_0000;

  constructor(idr: { sids?: number; ssids?: number; ttf?: number } = {}) {
    this.memory = new SparseMemory({ fill: () => 0, ranges: [RAM] });
    this.smmu = new Smmu({ memory: this.memory });
    const words = new Map<number, number>([
      [0x00, 0x0d40101a | (1 << 19)],
      [0x04, 0x02730000 | ((idr.ssids ?? 0) << 6) | (idr.sids ?? 16)],
      [0x0c, 0x1404],
      [0x14, 0x74],
      [0x1c, 1],
      [0x20, 0x0d],
    ]);
    this.smmu.bank.load(words);
  }

  register(name: string, values: Readonly<Record<string, number>>): void {
    const of = registerByName(name)?.layout;
    if (!of) throw new Error(name);
    for (const [i, word] of encode(of, values).entries()) this.smmu.bank.poke(offsetOf(name) + i * 4, word);
  }

  /** Zeroed pages, aligned to their size rounded up to a power of two. */
  alloc(bytes: number): number {
    const align = Math.max(4096, 2 ** Math.ceil(Math.log2(bytes)));
    this.#next = Math.ceil(this.#next / align) * align;
    const pa = this.#next;
    this.#next += Math.ceil(bytes / 4096) * 4096;
    this.memory.store(pa, new Uint32Array(Math.ceil(bytes / 4)), 0, Math.ceil(bytes / 4));
    return pa;
  }

  put<D extends FieldSpecs>(pa: number, of: Layout<D>, values: FieldValues<D>): void {
    const words = encode(of, values);
    this.memory.store(pa, words, 0, words.length);
  }

  put64(pa: number, value: number, hi = 0): void {
    this.memory.store(pa, Uint32Array.of(loOf(value), (hiOf(value) | hi) >>> 0), 0, 2);
  }

  /** A linear stream table of 2^log2size zeroed STEs. */
  linear(log2size: number): number {
    const pa = this.alloc(64 * 2 ** log2size);
    this.register('STRTAB_BASE', { ADDR: pa });
    this.register('STRTAB_BASE_CFG', { LOG2SIZE: log2size });
    return pa;
  }

  /** A two-level table with SPLIT 8 whose level-2 arrays are `arrays` (by level-1 index). */
  twoLevel(log2size: number, arrays: Readonly<Record<number, { pa: number; span: number }>>): number {
    const pa = this.alloc(8 * 2 ** (log2size - 8));
    this.register('STRTAB_BASE', { ADDR: pa });
    this.register('STRTAB_BASE_CFG', { LOG2SIZE: log2size, SPLIT: 8, FMT: 1 });
    for (const [index, { pa: l2, span }] of Object.entries(arrays)) {
      this.put(pa + Number(index) * 8, L1STD, { Span: span, L2Ptr: l2 });
    }
    return pa;
  }

  /** A CD for a set of 4 KiB tables, 48 bits, and its address. */
  context(ttb0: number, more: FieldValues<typeof CD extends Layout<infer D> ? D : never> = {}): number {
    const pa = this.alloc(64);
    this.put(pa, CD, { V: 1, AA64: 1, T0SZ: 16, EPD1: 1, IPS: 4, A: 1, R: 1, ASID: 1, TTB0: ttb0, ...more });
    return pa;
  }

  stage1Ste(pa: number, cd: number): void {
    this.put(pa, STE, { V: 1, Config: 5, S1ContextPtr: cd });
  }
}

/** A level 0 to 2 descriptor that points to a table. */
export function tableAt(pa: number): number {
  return pa + 3;
}

/** A level 3 descriptor: readable and writable by everybody, accessed. */
export function pageAt(pa: number): number {
  return pa + 0x743;
}
