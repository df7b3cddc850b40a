import type { ReservedBits } from '../../../src/model/smmu.ts';
import type { FeatureEffect } from '../../../src/spec/feature-effects.ts';
import type { FeatureTest } from '../../../src/spec/features.ts';
import { type Access, type Registers, SID, TestSmmu, TTB0, type Values } from '../../kit/smmu.ts';
import { LEAF, map, USER_PAGE } from '../../kit/tables.ts';
import { joined, type SetUp } from '../validity/case.ts';

export const IOVA = 0x12345000;
const PA = 0x48000000;
/** The table of stage 2 where a set-up has one: 4 KiB, 48 bits, from level 0. */
const S2TTB = 0x42000000;

const STAGE_2: Values = {
  Config: 6,
  S2T0SZ: 16,
  S2SL0: 2,
  S2PS: 5,
  S2AA64: 1,
  S2R: 1,
  S2TTB,
  S2VMID: 1,
};

const S2_PAGE = LEAF.AF | (0xfn << 2n) | (3n << 6n) | (3n << 8n);

/** A stream that stage 2 alone translates. */
export const STAGE_2_ONLY: SetUp = {
  ste: STAGE_2,
  prepare: (m) => {
    map(m, { ttb: S2TTB, iova: BigInt(IOVA), pa: BigInt(PA), attributes: S2_PAGE });
  },
};

const NEEDS_STAGE_2 = /^(?:S2|S_S2|DPT_VMATCH|AssuredOnly|TL[01]|VMSPtr|MPAM_NS|MECID)/;

/** The configuration in which a field has its place, with and without the feature. */
export function baseOf({ of, field }: FeatureEffect, test: FeatureTest): SetUp {
  if (of === 'CD') return field?.match(/1(?:59|6[012])?$/) ? UPPER : {};
  if (test === 'IDR0.S1P' && field !== 'Config') return STAGE_2_ONLY;
  const stage2 = NEEDS_STAGE_2.test(field ?? '') && test !== 'IDR0.S2P' && test !== 'IDR0.VMID16';
  return stage2 ? STAGE_2_ONLY : {};
}

const UPPER_IOVA = '0xffff800012345000';
const TTB1 = 0x43000000;

/** A stream that is translated through TTB1 as well. */
export const UPPER: SetUp = {
  cd: { EPD1: 0, T1SZ: 16, TG1: 2, TTB1 },
  prepare: (m) => {
    map(m, { ttb: TTB1, iova: BigInt(UPPER_IOVA), pa: BigInt(PA) });
  },
};

/** The same with the attributes of tables and leaf that make a field matter. */
export function page(leaf: bigint, tables: bigint, cd: Values = {}): SetUp {
  return {
    cd,
    prepare: (m) => {
      map(m, { iova: BigInt(IOVA), pa: BigInt(PA), attributes: leaf, tables });
    },
  };
}

export function upperPage(leaf: bigint, tables: bigint, cd: Values = {}): SetUp {
  return joined(UPPER, {
    cd,
    prepare: (m) => {
      map(m, { ttb: TTB1, iova: BigInt(UPPER_IOVA), pa: BigInt(PA), attributes: leaf, tables });
    },
  });
}

const ACCESSES: readonly Access[] = [
  {},
  { write: true },
  { privileged: true },
  { privileged: true, write: true },
  { instruction: true },
  { ssid: 1 },
];

/** How every kind of access to two addresses ends, what is recorded, and what the TLB keeps. */
export interface Picture {
  readonly accesses: readonly unknown[];
  readonly events: readonly (readonly number[])[];
  readonly tlb: readonly string[];
  /** The first descriptors of both stages, which hardware may update. */
  readonly tables: readonly number[];
}

export interface Circumstances {
  readonly registers: Registers;
  readonly rulesOff?: readonly string[];
  readonly reservedBits?: ReservedBits;
}

/** What a stream does whose STE or CD is as the set-up says. */
export function pictureOf(setUp: SetUp, { registers, rulesOff, reservedBits }: Circumstances): Picture {
  const m = new TestSmmu({
    registers: { ...setUp.registers, ...registers },
    ...(rulesOff && { rulesOff: new Set(rulesOff) }),
    ...(reservedBits && { reservedBits }),
  });
  m.ste(setUp.ste);
  m.cd(setUp.cd);
  map(m, { iova: BigInt(IOVA), pa: BigInt(PA), attributes: USER_PAGE });
  setUp.prepare?.(m);
  const accesses: unknown[] = [];
  for (const address of [IOVA, UPPER_IOVA]) {
    for (const access of ACCESSES) {
      const { result, pa, space, attributes, record } = m.dma(address, access, SID).outcome;
      accesses.push([result, pa, space, attributes, record && [...record]]);
    }
  }
  const tlb = m.smmu.tlb.entries().map(({ space, ...entry }) => JSON.stringify([space.tag, entry]));
  const tables = [...m.words(TTB0, 2), ...m.words(S2TTB, 2)];
  return { accesses, events: m.drain(), tlb: tlb.sort(), tables };
}

/** The result of the first access, and the number of its event. */
export function firstOf({ accesses }: Picture): readonly [result: string, event: number | null] {
  const [result, , , , record] = accesses[0] as [string, number, string, number, number[] | null];
  return [result, record ? (record[0] as number) & 0xff : null];
}
