/** Test machines with a granule protection table. */

import type { World } from '../../src/bits/world.ts';
import { withoutStream } from '../../src/model/gpc/output.ts';
import type { Outcome, Plan } from '../../src/model/plan.ts';
import { type Registers, SID, type TestOptions, TestSmmu } from './smmu.ts';
import { map } from './tables.ts';

/** Where the tables lie in Root memory: level 0, and the level-1 table of the gigabyte that holds the RAM. */
export const GPT_L0 = 0x44000000;
export const GPT_L1 = 0x44100000;
/** The gigabyte that the level-1 table protects. */
const PROTECTED = 0x40000000;

/** Codes of protection, as DDI 0487 D9 has them. */
export const NO_ACCESS = 0;
export const SECURE = 8;
export const NONSECURE = 9;
export const ROOT = 10;
export const REALM = 11;
export const ANY = 15;

const BLOCK_ANY = 0xf1n;

/** 4 GiB in granules of 4 KiB, level 0 of 1 GiB each; checks are on. */
const CHECKED: Registers = {
  'ROOT_GPT_BASE.ADDR': GPT_L0,
  'ROOT_GPT_BASE_CFG.SH': 3,
  'ROOT_GPT_BASE_CFG.IRGN': 1,
  'ROOT_GPT_BASE_CFG.ORGN': 1,
  'ROOT_CR0.GPCEN': 1,
  'ROOT_CR0ACK.GPCEN': 1,
};

/** What {@link Guarded.far} shows of a fault register, or null where it holds none. */
export interface Syndrome {
  readonly pas: number;
  readonly address: number;
  readonly code: number;
  readonly reason: number;
  readonly error?: number;
}

/** The page that {@link Guarded} maps, and where its output lies. */
export const IOVA = 0x12345000;
export const OUTPUT = 0x48000000;

/**
 * An SMMU whose granules are all open, and whose stream has one page mapped. Blocks of level 0 cover what the level-1
 * table does not.
 */
export class Guarded {
  readonly m: TestSmmu;
  readonly root: TestSmmu;

  constructor(options: TestOptions = {}) {
    this.m = new TestSmmu({ ...options, worlds: 'rme', registers: { ...CHECKED, ...options.registers } });
    this.root = this.m.in('root');
    for (let i = 0; i < 4; i++) this.level0(i, BLOCK_ANY);
    this.level0(PROTECTED / 2 ** 30, BigInt(GPT_L1) | 3n);
    const open = new Uint32Array(2 ** 15).fill(0xffffffff);
    this.root.store(GPT_L1, open);
    this.m.ste();
    this.m.cd();
    map(this.m, { iova: BigInt(IOVA), pa: BigInt(OUTPUT) });
  }

  level0(index: number, entry: bigint, base = GPT_L0): void {
    this.root.descriptor(base + index * 8, entry);
  }

  /** The level-1 entry of the 64 KiB around an address. */
  level1(pa: number, entry: bigint): void {
    this.root.descriptor(GPT_L1 + ((pa - PROTECTED) >>> 16) * 8, entry);
  }

  /** Sets the protection of one granule of 4 KiB. */
  gpi(pa: number, code: number): void {
    const at = GPT_L1 + ((pa - PROTECTED) >>> 16) * 8;
    const [lo = 0, hi = 0] = this.root.words(at, 2);
    const shift = BigInt(((pa >>> 12) & 15) * 4);
    const entry = (BigInt(hi) << 32n) | BigInt(lo);
    this.root.descriptor(at, (entry & ~(15n << shift)) | (BigInt(code) << shift));
  }

  /** The transaction of the mapped page. */
  dma(address: number = IOVA): Plan {
    return this.m.dma(address, {}, SID);
  }

  /** An access without StreamID, in a physical address space. */
  device(pa: number, space: World): Outcome {
    return this.m.dma(pa, withoutStream(space), 0).outcome;
  }

  /** How each space fares at an address: `ok` or `abort`. */
  fates(pa: number): string {
    return (['ns', 's', 'realm', 'root'] as const).map((space) => this.device(pa, space).result).join(' ');
  }

  far(register: 'ROOT_GPF_FAR' | 'ROOT_GPT_CFG_FAR' = 'ROOT_GPF_FAR'): Syndrome | null {
    const { bank } = this.m.smmu;
    const field = (name: string): number => bank.field(register, name);
    if (field('FAULT') === 0) return null;
    const error = register === 'ROOT_GPT_CFG_FAR' ? { error: field('CFG_ERR') } : {};
    return {
      pas: field('FPAS'),
      address: field('FADDR'),
      code: field('FAULTCODE'),
      reason: field('REASON'),
      ...error,
    };
  }

  /** Software clears a fault register. */
  clear(register: 'ROOT_GPF_FAR' | 'ROOT_GPT_CFG_FAR' = 'ROOT_GPF_FAR'): void {
    this.root.write(register, 0, 0);
  }

  /** ROOT_TLBI: everything, or a range of 2^n bytes by its code. */
  invalidate(
    range: { readonly pa: number; readonly size: number; readonly last?: boolean } | null = null,
  ): void {
    const word = range === null ? 1 : range.pa + range.size * 16 + (range.last ? 2 : 0);
    this.root.write('ROOT_TLBI', word, 0);
    this.root.write('ROOT_TLBI_CTRL', 1);
  }
}
