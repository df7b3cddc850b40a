/**
 * A machine whose memory is made up when it is first read: what lies at an address follows from the address, from the
 * seed and from what the oracle looks for there. Most descriptors lead on, so most walks go deep.
 */

import { encode, type Layout } from '../../src/bits/layout.ts';
import { CD } from '../../src/spec/cd.ts';
import { STE } from '../../src/spec/ste.ts';
import { swapBytes } from '../kit/oracle/bits.ts';
import type { Format, Machine, Role } from '../kit/oracle/types.ts';
import { Random } from '../kit/random.ts';
import { chance, makeDescriptor, structureAddress } from './descriptors.ts';
import { type Fields, highRam, LOG2SIZE, type MachineSpec, oasOf, RAM, STRTAB } from './spec.ts';

const bigints = (fields: Fields): Record<string, bigint> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, BigInt(value)]));

/** GBPA by position (6.3.14). */
const GBPA_LOW: Readonly<Record<string, number>> = {
  MemAttr: 0,
  MTCFG: 4,
  ALLOCCFG: 8,
  SHCFG: 12,
  PRIVCFG: 16,
  INSTCFG: 18,
  ABORT: 20,
};

function registersOf(spec: MachineSpec): Machine['registers'] {
  const { smmuen, e2h, recinvsid, gbpa, twoLevel, split } = spec.registers;
  const bypass = Object.entries(gbpa).reduce(
    (all, [name, value]) => all + value * 2 ** (GBPA_LOW[name] as number),
    0,
  );
  return {
    CR0: smmuen ? 0b101n : 0b100n,
    CR2: (e2h ? 1n : 0n) | (recinvsid ? 2n : 0n),
    GBPA: BigInt(bypass),
    STRTAB_BASE: BigInt(STRTAB),
    STRTAB_BASE_CFG: (twoLevel ? 1n << 16n : 0n) | BigInt(split << 6) | BigInt(LOG2SIZE),
  };
}

function doublewords(of: Layout, fields: Fields): bigint[] {
  const words = encode(of, fields);
  return Array.from({ length: words.length / 2 }, (_, i) => {
    const lo = BigInt(words[i * 2] as number);
    return lo | (BigInt(words[i * 2 + 1] as number) << 32n);
  });
}

/** A descriptor, as it reads, into one that a machine is to have instead. */
export type Refine = (descriptor: bigint, stage: 1 | 2) => bigint;

export class RandomMachine implements Machine {
  readonly spec: MachineSpec;
  readonly idr: Readonly<Record<string, bigint>>;
  readonly registers: Machine['registers'];
  readonly ram: readonly { readonly base: number; readonly size: number }[];
  /** Everything that was made up or written, in order. */
  readonly made: [pa: bigint, value: bigint][] = [];
  readonly #words = new Map<bigint, bigint>();
  readonly #refine: Refine;

  /** @param refine what becomes of each descriptor before anybody reads it */
  constructor(spec: MachineSpec, refine: Refine = (descriptor) => descriptor) {
    this.spec = spec;
    this.#refine = refine;
    this.idr = bigints(spec.idr);
    this.registers = registersOf(spec);
    const high = highRam(oasOf(spec));
    this.ram = high ? [RAM, high] : [RAM];
  }

  read(pa: bigint, role: Role): bigint | 'abort' {
    if (!this.ram.some(({ base, size }) => pa >= BigInt(base) && pa < BigInt(base + size))) return 'abort';
    const known = this.#words.get(pa);
    if (known !== undefined) return known;
    this.#make(pa, role);
    return this.#words.get(pa) ?? 0n;
  }

  /** What lies at an address already; 0 where nothing was made up. */
  peek(pa: bigint): bigint {
    return this.#words.get(pa) ?? 0n;
  }

  /** Software, or the SMMU, writes a doubleword. */
  poke(pa: bigint, value: bigint): void {
    this.#words.set(pa, value);
    this.made.push([pa, value]);
  }

  #put(pa: bigint, value: bigint): void {
    if (this.#words.has(pa)) return;
    this.#words.set(pa, value);
    this.made.push([pa, value]);
  }

  #make(pa: bigint, role: Role): void {
    const random = new Random(Number(BigInt.asIntN(32, (pa >> 3n) * 0x9e3779b1n)) ^ this.spec.seed);
    switch (role.kind) {
      case 'ste':
        this.#structure(pa - BigInt(role.offset), STE, this.spec.ste);
        return;
      case 'cd': {
        const cd = random.of(this.spec.cds);
        this.#structure(pa - BigInt(role.offset), CD, cd);
        return;
      }
      case 'l1std':
        this.#put(pa, this.#l1std(random));
        return;
      case 'l1cd': {
        const valid = chance(random, this.spec.badIn) ? 0n : 1n;
        this.#put(pa, structureAddress(random, this.spec, 16) | valid);
        return;
      }
      case 'descriptor':
        this.#put(pa, this.#descriptor(random, role.stage, role.level, role.format));
    }
  }

  #structure(base: bigint, of: Layout, fields: Fields): void {
    doublewords(of, fields).forEach((word, i) => {
      this.#put(base + BigInt(i * 8), word);
    });
  }

  /** Spans that reach every StreamID mostly. */
  #l1std(random: Random): bigint {
    const { split } = this.spec.registers;
    const full = (split === 8 || split === 10 ? split : 6) + 1;
    const span = chance(random, this.spec.badIn) ? random.below(32) : full;
    return structureAddress(random, { ...this.spec, ste: { Config: 5 } }, 16) | BigInt(span);
  }

  #descriptor(random: Random, stage: 1 | 2, level: number, format: Format): bigint {
    const descriptor = this.#refine(makeDescriptor(random, this.spec, { stage, level, format }), stage);
    return format.bigEndian ? swapBytes(descriptor) : descriptor;
  }
}
