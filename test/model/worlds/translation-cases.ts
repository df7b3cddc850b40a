/** What streams of each Security state read, and where they lead: IHI 0070 3.10.2 and 3.10.3. */

import type { World } from '../../../src/bits/world.ts';
import type { Plan } from '../../../src/model/plan.ts';
import { type Access, CDTAB, SID, STRTAB, type TestSmmu, TTB0, type Values } from '../../kit/smmu.ts';
import { SPACE_BITS } from '../../kit/spaces.ts';
import {
  identity,
  mapStage2,
  NESTED_STE,
  NONSECURE_S2TTB,
  S2_PAGE,
  S2_STE,
  SECURE_S2_STE,
} from '../../kit/stage2.ts';
import { map, USER_PAGE } from '../../kit/tables.ts';
import { endOf, type StatementCase, spacesOf } from './statement-case.ts';

export const IOVA = 0x12345000;
export const PA = 0x48000000;

/** A stream with stage 1 alone, whose page has these bits beside the usual ones. */
export function stage1(m: TestSmmu, bits = 0n, ste: Values = {}, cd: Values = {}, tables = 0n): void {
  m.ste(ste);
  m.cd(cd);
  map(m, { iova: BigInt(IOVA), pa: BigInt(PA), attributes: USER_PAGE | bits, tables });
}

export function through(m: TestSmmu, access: Access = {}): Plan {
  return m.dma(IOVA, access);
}

/** Both stages of a Secure stream; every IPA of either space is its PA. */
export function secureNested(m: TestSmmu, ste: Values, bits = 0n): void {
  stage1(m, bits, { ...SECURE_S2_STE, Config: 7, ...ste });
  identity(m);
  identity(m, { ttb: NONSECURE_S2TTB });
}

/** Copies what lies in one space to the same addresses of another. */
function copy(all: TestSmmu, from: World, to: World, pa: number, words: number): void {
  all.in(to).store(pa, Uint32Array.from(all.in(from).words(pa, words)));
}

/** CD and tables of a stream, to the same addresses of another space. */
export function copyTables(all: TestSmmu, from: World, to: World): void {
  for (const at of [CDTAB, TTB0, TTB0 + 0x200000, TTB0 + 0x210000, TTB0 + 0x220000])
    copy(all, from, to, at, 0x1000);
}

const STATES = [
  ['NS', 'ns'],
  ['S', 's'],
  ['R', 'realm'],
] as const;

const FETCHES: readonly StatementCase[] = STATES.flatMap(([letter, world]): readonly StatementCase[] => [
  {
    id: `${letter}-FETCH-STE`,
    world,
    shows: (m) => {
      stage1(m);
      return spacesOf(through(m), 'ste');
    },
    holds: [world],
  },
  {
    id: `${letter}-FETCH-STE`,
    what: 'a two-level table',
    world,
    registers: {
      [`${world === 'ns' ? '' : `${letter}_`}STRTAB_BASE_CFG.FMT`]: 1,
      [`${world === 'ns' ? '' : `${letter}_`}STRTAB_BASE_CFG.SPLIT`]: 6,
    },
    shows: (m) => {
      stage1(m);
      const leaf = STRTAB + 0x100000;
      m.store(leaf + SID * 64, Uint32Array.from(m.words(STRTAB + SID * 64, 16)));
      m.l1std(STRTAB, { Span: 7, L2Ptr: leaf });
      const plan = through(m);
      return [endOf(plan), ...spacesOf(plan, 'l1std', 'ste')];
    },
    holds: [`ok ${world}:0x48000000`, world, world],
  },
]);

const CONTEXTS: readonly StatementCase[] = [
  ...(['ns', 's'] as const).map(
    (world): StatementCase => ({
      id: world === 'ns' ? 'NS-FETCH-CD' : 'S-FETCH-CD',
      world,
      shows: (m) => {
        stage1(m);
        return spacesOf(through(m), 'cd');
      },
      holds: [world],
    }),
  ),
  {
    id: 'R-FETCH-CD',
    what: 'stage 2 must not put it in Non-secure memory',
    world: 'realm',
    shows: (m, all) => {
      stage1(m, 0n, NESTED_STE);
      identity(m);
      mapStage2(m, {
        ipa: BigInt(CDTAB & ~0x3fffffff),
        pa: 0x40000000n,
        level: 1n,
        attributes: S2_PAGE | SPACE_BITS.S2_NS,
      });
      copy(all, 'realm', 'ns', CDTAB, 16);
      const { outcome } = through(m);
      return [outcome.fault?.event, outcome.fault?.stage, outcome.fault?.class];
    },
    holds: ['F_PERMISSION', 2, 0],
  },
];

export const FETCH_CASES: readonly StatementCase[] = [...FETCHES, ...CONTEXTS];

/** How a walk of a stage-1-only stream ends, and the spaces of its descriptors. */
function walk(
  m: TestSmmu,
  all: TestSmmu,
  ...how: readonly [bits?: bigint, cd?: Values, tables?: bigint]
): unknown {
  stage1(m, how[0], {}, how[1], how[2]);
  // Where a table lies in another space than its descriptor, it is there with the same words.
  if (m.world === 's') copyTables(all, 's', 'ns');
  const plan = through(m);
  return [endOf(plan), ...spacesOf(plan, 'descriptor')];
}

export const TABLE_CASES: readonly StatementCase[] = [
  {
    id: 'NS-FETCH-TT',
    shows: walk,
    holds: ['ok ns:0x48000000', 'ns', 'ns', 'ns', 'ns'],
  },
  {
    id: 'S-FETCH-TT1',
    what: 'CD.NSCFG0=1 begins in Non-secure memory, and stays there',
    world: 's',
    shows: (m, all) => walk(m, all, 0n, { NSCFG0: 1 }),
    holds: ['ok ns:0x48000000', 'ns', 'ns', 'ns', 'ns'],
  },
  {
    id: 'S-FETCH-TT1',
    what: 'NSTable=1 makes what follows Non-secure',
    world: 's',
    shows: (m, all) => walk(m, all, 0n, {}, SPACE_BITS.NS_TABLE),
    holds: ['ok ns:0x48000000', 's', 'ns', 'ns', 'ns'],
  },
  {
    id: 'S-FETCH-TT2',
    what: 'S2SW=1 reads the tables for Secure IPAs from Non-secure memory',
    world: 's',
    shows: (m, all) => {
      stage1(m, 0n, { ...SECURE_S2_STE, S2SW: 1 });
      identity(all);
      const plan = m.dma(PA);
      return [endOf(plan), ...spacesOf(plan, 'descriptor')];
    },
    holds: ['ok ns:0x48000000', 'ns'],
  },
  {
    id: 'S-FETCH-TT2',
    what: 'S2NSW=1 reads the tables for Non-secure IPAs from Non-secure memory',
    world: 's',
    shows: (m, all) => {
      stage1(m, 0n, { ...SECURE_S2_STE, S2NSW: 1 });
      identity(all, { ttb: NONSECURE_S2TTB });
      const plan = m.dma(PA, { ns: true });
      return [endOf(plan), ...spacesOf(plan, 'descriptor')];
    },
    holds: ['ok ns:0x48000000', 'ns'],
  },
  {
    id: 'R-FETCH-TT',
    what: 'stage 2 must not put tables of stage 1 in Non-secure memory',
    world: 'realm',
    shows: (m) => {
      stage1(m, 0n, NESTED_STE);
      identity(m);
      // The CD stays where it is; the tables of stage 1 are at other IPAs.
      m.cd({ TTB0: 0x80000000 });
      mapStage2(m, { ipa: 0x80000000n, pa: BigInt(TTB0), attributes: S2_PAGE | SPACE_BITS.S2_NS });
      const { outcome } = through(m);
      return [outcome.fault?.event, outcome.fault?.stage, outcome.fault?.class];
    },
    holds: ['F_PERMISSION', 2, 1],
  },
  {
    id: 'R-FETCH-TT',
    what: 'they lie in Realm memory',
    world: 'realm',
    shows: walk,
    holds: ['ok realm:0x48000000', 'realm', 'realm', 'realm', 'realm'],
  },
];

export const OUTPUT_CASES: readonly StatementCase[] = [
  {
    id: 'NS-OUTPUT',
    what: 'NS of a leaf does not count',
    shows: (m) => {
      stage1(m);
      return endOf(through(m));
    },
    holds: 'ok ns:0x48000000',
  },
  {
    id: 'S-OUTPUT',
    what: 'NS of a leaf leads to Non-secure memory',
    world: 's',
    shows: (m) => {
      stage1(m, SPACE_BITS.NS);
      return [through(m), through(m)].map((plan) => [endOf(plan), plan.outcome.tlbHit]);
    },
    holds: [
      ['ok ns:0x48000000', false],
      ['ok ns:0x48000000', true],
    ],
  },
  ...(
    [
      [{ S2NSA: 1 }, SPACE_BITS.NS],
      [{ S2SA: 1 }, 0n],
      [{ S2SA: 1 }, SPACE_BITS.NS],
    ] as const
  ).map(
    ([ste, bits]): StatementCase => ({
      id: 'S-OUTPUT',
      what: `stage 2 with ${Object.keys(ste).join()}=1, IPA ${bits === 0n ? 'Secure' : 'Non-secure'}`,
      world: 's',
      shows: (m, all) => {
        secureNested(m, ste, bits);
        // Where Secure IPAs lead to Non-secure memory, CD and tables of stage 1 are there.
        if ('S2SA' in ste) copyTables(all, 's', 'ns');
        return endOf(through(m));
      },
      holds: 'ok ns:0x48000000',
    }),
  ),
  {
    id: 'R-OUTPUT',
    what: 'NS[55] of a stage-2 leaf leads to Non-secure memory',
    world: 'realm',
    shows: (m) => {
      m.ste(S2_STE);
      mapStage2(m, { ipa: BigInt(IOVA), pa: BigInt(PA), attributes: S2_PAGE | SPACE_BITS.S2_NS });
      return endOf(through(m));
    },
    holds: 'ok ns:0x48000000',
  },
  ...([0, 1] as const).map(
    (e2h): StatementCase => ({
      id: 'R-OUTPUT',
      what: `NS[5] of a leaf of EL2 leads to Non-secure memory (E2H=${e2h})`,
      world: 'realm',
      registers: { 'R_CR2.E2H': e2h },
      shows: (m) => {
        stage1(m, SPACE_BITS.NS, { STRW: 2 });
        return endOf(through(m));
      },
      holds: 'ok ns:0x48000000',
    }),
  ),
];

/** The regime that a stream's TLB entry is tagged with. */
function regimeOf(m: TestSmmu, ste: Values): unknown {
  stage1(m, 0n, ste);
  through(m);
  return m.smmu.tlb.entries().map(({ space }) => [space.tag.streamWorld, space.tag.asid, space.tag.vmid]);
}

const NO_TAG = -1;

export const REGIME_CASES: readonly StatementCase[] = [
  { id: 'NS-STREAMWORLDS', shows: (m) => regimeOf(m, { STRW: 2 }), holds: [['NS-EL2', NO_TAG, NO_TAG]] },
  {
    id: 'NS-STREAMWORLDS',
    what: 'E2H',
    registers: { 'CR2.E2H': 1 },
    shows: (m) => regimeOf(m, { STRW: 2 }),
    holds: [['NS-EL2-E2H', 1, NO_TAG]],
  },
  {
    id: 'S-STREAMWORLDS',
    what: 'EL3 without RME',
    world: 's',
    shows: (m) => regimeOf(m, { STRW: 1 }),
    holds: [['EL3', NO_TAG, NO_TAG]],
  },
  {
    id: 'S-STREAMWORLDS',
    what: 'S-EL2',
    world: 's',
    shows: (m) => regimeOf(m, { STRW: 2 }),
    holds: [['S-EL2', NO_TAG, NO_TAG]],
  },
  {
    id: 'S-STREAMWORLDS',
    what: 'S-EL2-E2H by S_CR2, whatever CR2 says',
    world: 's',
    registers: { 'S_CR2.E2H': 1, 'CR2.E2H': 0 },
    shows: (m) => regimeOf(m, { STRW: 2 }),
    holds: [['S-EL2-E2H', 1, NO_TAG]],
  },
  {
    id: 'R-STREAMWORLDS',
    what: 'Realm-EL2',
    world: 'realm',
    registers: { 'R_CR2.E2H': 0, 'CR2.E2H': 1 },
    shows: (m) => regimeOf(m, { STRW: 2 }),
    holds: [['Realm-EL2', NO_TAG, NO_TAG]],
  },
  {
    id: 'R-STREAMWORLDS',
    what: 'Realm-EL2-E2H',
    world: 'realm',
    registers: { 'R_CR2.E2H': 1 },
    shows: (m) => regimeOf(m, { STRW: 2 }),
    holds: [['Realm-EL2-E2H', 1, NO_TAG]],
  },
];

/** A stream whose STE terminates it: what passes does so because nobody looks at the STE. */
function disabled(m: TestSmmu, access: Access = {}): unknown {
  m.ste({ Config: 0 });
  return endOf(m.dma(PA, access));
}

/** A stream whose STE lets everything pass: what is terminated, is without it. */
function passing(m: TestSmmu): unknown {
  m.ste({ Config: 4 });
  return endOf(m.dma(PA));
}

export const DISABLED_CASES: readonly StatementCase[] = [
  {
    id: 'NS-DISABLED',
    what: 'bypass',
    registers: { 'CR0.SMMUEN': 0 },
    shows: (m) => disabled(m),
    holds: 'ok ns:0x48000000',
  },
  {
    id: 'NS-DISABLED',
    what: 'abort',
    registers: { 'CR0.SMMUEN': 0, 'GBPA.ABORT': 1 },
    shows: passing,
    holds: 'abort',
  },
  ...(
    [
      [0, false, 's'],
      [0, true, 'ns'],
      [1, true, 'ns'],
      [2, true, 's'],
      [3, false, 'ns'],
    ] as const
  ).map(
    ([nsCfg, ns, space]): StatementCase => ({
      id: 'S-DISABLED',
      what: `S_GBPA.NSCFG=${nsCfg}, NS=${ns ? 1 : 0}`,
      world: 's',
      registers: { 'S_CR0.SMMUEN': 0, 'S_GBPA.NSCFG': nsCfg },
      shows: (m) => disabled(m, { ns }),
      holds: `ok ${space}:0x48000000`,
    }),
  ),
  {
    id: 'S-DISABLED',
    what: 'abort',
    world: 's',
    registers: { 'S_CR0.SMMUEN': 0, 'S_GBPA.ABORT': 1 },
    shows: passing,
    holds: 'abort',
  },
  { id: 'R-DISABLED', world: 'realm', registers: { 'R_CR0.SMMUEN': 0 }, shows: passing, holds: 'abort' },
];
