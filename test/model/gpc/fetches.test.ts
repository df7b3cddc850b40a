/** Each structure that the SMMU fetches for a client is checked, in the space of its state (IHI 0070 3.25.3). */

import { describe, expect, test } from 'vitest';
import type { World } from '../../../src/bits/world.ts';
import { Guarded, IOVA, NO_ACCESS, OUTPUT } from '../../kit/gpt.ts';
import { CDTAB, type Registers, STRTAB, type TestSmmu, TTB0 } from '../../kit/smmu.ts';
import { identity, NESTED_STE, S2TTB } from '../../kit/stage2.ts';
import { map } from '../../kit/tables.ts';

/** Where the level-2 tables and the VMS lie. */
const LEVEL_2 = 0x40600000;
const VMS = 0x40700000;

const WORLDS = [
  ['ns', '', 1],
  ['s', 'S_', 0],
  ['realm', 'R_', 3],
] as const satisfies readonly (readonly [World, string, number])[];

/** What is fetched from where, with the event and its number. */
interface Fetch {
  readonly what: string;
  readonly at: number;
  readonly event: string;
  readonly code: number;
  readonly arrange?: (m: TestSmmu, prefix: string) => void;
}

/** Both stages translate; every table lies where its IPA says. */
function nested(m: TestSmmu, values: Readonly<Record<string, number>> = {}): void {
  const secure = m.world === 's' ? { S_S2TTB: S2TTB, S_S2T0SZ: 24, S_S2SL0: 1 } : {};
  m.ste({ ...NESTED_STE, ...secure, ...values });
  identity(m);
}

const FETCHES: readonly Fetch[] = [
  { what: 'an STE', at: STRTAB, event: 'F_STE_FETCH', code: 0x03 },
  {
    what: 'an L1STD',
    at: STRTAB,
    event: 'F_STE_FETCH',
    code: 0x03,
    arrange: (m, prefix) => {
      m.set({ [`${prefix}STRTAB_BASE_CFG.FMT`]: 1, [`${prefix}STRTAB_BASE_CFG.SPLIT`]: 6 });
      m.l1std(STRTAB, { Span: 7, L2Ptr: LEVEL_2 });
    },
  },
  { what: 'a CD', at: CDTAB, event: 'F_CD_FETCH', code: 0x09 },
  {
    what: 'an L1CD',
    at: LEVEL_2,
    event: 'F_CD_FETCH',
    code: 0x09,
    arrange: (m) => m.ste({ S1CDMax: 8, S1Fmt: 1, S1DSS: 2, S1ContextPtr: LEVEL_2 }),
  },
  { what: 'a stage-1 table', at: TTB0, event: 'F_WALK_EABT', code: 0x0b },
  { what: 'a stage-2 table', at: S2TTB, event: 'F_WALK_EABT', code: 0x0b, arrange: (m) => nested(m) },
  {
    what: 'a VMS',
    at: VMS,
    event: 'F_VMS_FETCH',
    code: 0x25,
    arrange: (m) => nested(m, { S1MPAM: 1, VMSPtr: VMS }),
  },
];

const MPAM: Registers = {
  'IDR3.MPAM': 1,
  'MPAMIDR.PARTID_MAX': 63,
  'S_MPAMIDR.PARTID_MAX': 63,
  'R_MPAMIDR.PARTID_MAX': 63,
};

describe.each(WORLDS)('of a stream of state %s', (world, prefix, pas) => {
  test.each(FETCHES)('$what is checked: $event, and its code', ({ at, event, code, arrange }) => {
    const g = new Guarded({ registers: MPAM });
    const m = g.m.in(world);
    m.ste();
    m.cd();
    map(m, { iova: BigInt(IOVA), pa: BigInt(OUTPUT) });
    arrange?.(m, prefix);
    g.gpi(at, NO_ACCESS);
    const { outcome } = m.dma(IOVA);
    const [record = []] = m.events();
    expect([outcome.fault?.event, record[0], ((record[2] ?? 0) >>> 16) & 1]).toEqual([event, code, 1]);
    expect(g.far()).toEqual({ pas, address: at, code, reason: 1 });
  });
});
