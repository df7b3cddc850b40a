import { contextsOf } from '../../src/model/caches/config.ts';
import { CDTAB, EVENTQ, type Registers, type TestOptions, TestSmmu, TTB1, type Values } from './smmu.ts';
import { S2_STE } from './stage2.ts';
import { LEAF, map, startLevel, TABLE } from './tables.ts';

/** Reproducible numbers (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** Below `n`. */
  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  }

  /** True once in `n` times. */
  once(n: number): boolean {
    return this.below(n) === 0;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** Addresses that random machines map, or nearly. */
export const ADDRESSES = [
  '0x1000',
  '0x1ff8',
  '0x3000',
  '0x200000',
  '0x3fffff',
  '0x40000000',
  '0x7000000000',
  '0xff00000000001000',
  '0xffffffff80001000',
  '0xffff800000000000',
  '0x1000000000000',
] as const;

const GRANULES = [
  { granule: 12n, TG0: 0, TG1: 2 },
  { granule: 14n, TG0: 2, TG1: 1 },
  { granule: 16n, TG0: 1, TG1: 3 },
] as const;

function randomCd(random: Random): Values {
  const { TG0 } = random.of(GRANULES);
  const values: Record<string, number> = {
    TG0,
    T0SZ: random.of([16, 16, 25, 33, 39]),
    IPS: random.of([5, 5, 4, 0]),
    ASID: random.below(3),
    A: random.below(2),
    R: random.once(4) ? 0 : 1,
    S: random.once(5) ? 1 : 0,
    TBI0: random.below(2),
    HAD0: random.below(2),
    AFFD: random.below(2),
    WXN: random.once(4) ? 1 : 0,
    PAN: random.once(4) ? 1 : 0,
    EPD0: random.once(10) ? 1 : 0,
  };
  if (random.once(2))
    Object.assign(values, { EPD1: 0, T1SZ: random.of([16, 25]), TG1: random.of(GRANULES).TG1, TTB1 });
  if (random.once(12)) values['V'] = 0;
  if (random.once(12)) values['TTB0'] = 0x80000000;
  return values;
}

function randomSte(random: Random): Values {
  return {
    ...S2_STE,
    Config: random.of([5, 5, 5, 5, 5, 4, 0, 1, 6]),
    V: random.once(15) ? 0 : 1,
    S1CDMax: random.of([0, 0, 2, 3]),
    S1DSS: random.below(4),
    S1Fmt: random.of([0, 0, 0, 1]),
    STRW: random.of([0, 0, 0, 2, 1]),
    S2VMID: random.below(2),
    PRIVCFG: random.below(4),
    INSTCFG: random.below(4),
  };
}

/** The streams that random machines have STEs for. */
export const SIDS = [8, 9, 10] as const;

/** A machine with a few streams, contexts and mappings, good and bad; the same for the same numbers. */
export function randomMachine(random: Random, options: TestOptions = {}): TestSmmu {
  const registers: Record<string, number> = {
    'EVENTQ_BASE.LOG2SIZE': 2,
    'CR2.E2H': random.below(2),
    'CR2.RECINVSID': random.below(2),
    ...(random.once(20) && { 'CR0.SMMUEN': 0, 'GBPA.ABORT': random.below(2) }),
    ...(random.once(20) && { 'EVENTQ_BASE.ADDR': 0x80000000 }),
    ...(random.once(20) && { 'CR0.EVENTQEN': 0 }),
  };
  const m = new TestSmmu({ ...options, registers: { ...registers, ...options.registers } as Registers });
  for (const sid of SIDS) {
    m.ste({ ...randomSte(random), S1ContextPtr: CDTAB + sid * 0x1000 }, sid);
    m.l1cd(CDTAB + sid * 0x1000, { V: 1, L2Ptr: CDTAB + sid * 0x1000 });
    for (let index = 0; index < 4; index++) {
      const cd = randomCd(random);
      const at = CDTAB + sid * 0x1000 + index * 64;
      const TTB0 = (cd['TTB0'] as number | undefined) ?? m.table();
      m.cd({ ...cd, TTB0 }, at);
      const { granule } = GRANULES.find((g) => g.TG0 === cd['TG0']) ?? GRANULES[0];
      if (TTB0 !== 0x80000000) randomMappings(random, m, granule, TTB0, BigInt(cd['T0SZ'] as number));
    }
  }
  return m;
}

function randomMappings(
  random: Random,
  m: TestSmmu,
  granule: 12n | 14n | 16n,
  ttb: number,
  txsz: bigint,
): void {
  for (let i = 0; i < 3; i++) {
    const bit = (attribute: bigint): bigint => (random.once(3) ? attribute : 0n);
    map(m, {
      granule,
      ttb,
      txsz,
      iova: BigInt(random.of(ADDRESSES)) & ((1n << (64n - txsz)) - 1n) & -(1n << granule),
      pa: BigInt(random.below(0x100000)) << granule,
      level: random.once(4) && startLevel(granule, txsz) <= 2n ? 2n : 3n,
      attributes:
        (random.once(8) ? 0n : LEAF.AF) |
        bit(LEAF.nG) |
        bit(LEAF.USER) |
        bit(LEAF.READ_ONLY) |
        bit(LEAF.UXN) |
        bit(LEAF.PXN),
      tables: random.once(4) ? random.of([TABLE.NO_USER, TABLE.READ_ONLY, TABLE.UXN, TABLE.PXN]) : 0n,
    });
  }
}

/** Everything that operations change, in a form to compare: registers, the event queue's memory, caches. */
export function stateOf(m: TestSmmu): unknown {
  const registers: string[] = [];
  for (let offset = 0; offset < 0x20000; offset += 4) {
    const value = m.smmu.bank.peek(offset);
    if (value !== 0) registers.push(`${offset.toString(16)}=${value.toString(16)}`);
  }
  const configs = m.smmu.config.entries().map((entry) => ({
    sid: entry.sid,
    ste: [...entry.stream.words],
    cds: contextsOf(entry)
      .map((cd) => [cd.index, ...cd.words])
      .sort(),
  }));
  const tlb = m.smmu.tlb.entries().map(({ space, ...entry }) => JSON.stringify([space.tag, entry]));
  return {
    registers,
    events: m.words(EVENTQ, 32),
    configs: configs.sort((a, b) => a.sid - b.sid),
    tlb: tlb.sort(),
  };
}
