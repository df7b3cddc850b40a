/** What a Realm client says of the memory that it must reach: IHI 0070 3.9.4.3. */

import { describe, expect, test } from 'vitest';
import { type Access, type Registers, TestSmmu, type Values } from '../../kit/smmu.ts';
import { SPACE_BITS } from '../../kit/spaces.ts';
import { identity, mapStage2, S2_PAGE, S2_STE } from '../../kit/stage2.ts';
import { LEAF } from '../../kit/tables.ts';
import { endOf } from './statement-case.ts';
import { IOVA, PA, stage1, through } from './translation-cases.ts';

const CHECKS: Values = { NSCFG: 1 };
const REALM: Access = { xt: true };
const NONSECURE: Access = { ns: true };
const REALM_PA = 'ok realm:0x48000000';
const NONSECURE_PA = 'ok ns:0x48000000';

function realm(caches: 'combined' | 'maximal' | 'none' = 'combined', registers: Registers = {}): TestSmmu {
  return new TestSmmu({ worlds: 'rme', caches, registers: { 'R_IDR3.XT': 1, ...registers } }).in('realm');
}

function stage2(m: TestSmmu, bits = 0n, ste: Values = {}): void {
  m.ste({ ...S2_STE, ...CHECKS, ...ste });
  mapStage2(m, { ipa: BigInt(IOVA), pa: BigInt(PA), attributes: S2_PAGE | bits });
}

function nested(m: TestSmmu, ste: Values = {}): void {
  stage1(m, 0n, { ...S2_STE, Config: 7, ...CHECKS, ...ste });
  identity(m);
}

interface Row {
  readonly what: string;
  readonly arrange: (m: TestSmmu) => void;
  readonly unsaid: string;
  readonly realm: string;
  readonly nonSecure: string;
}

const ROWS: readonly Row[] = [
  {
    what: 'stage 1 of EL1, whose output is Realm',
    arrange: (m) => stage1(m, 0n, CHECKS),
    unsaid: REALM_PA,
    realm: REALM_PA,
    nonSecure: 'F_PERMISSION 1',
  },
  {
    what: 'stage 1 of EL2, a Non-secure page',
    arrange: (m) => stage1(m, SPACE_BITS.NS, { STRW: 2, ...CHECKS }),
    unsaid: NONSECURE_PA,
    realm: 'F_PERMISSION 1',
    nonSecure: NONSECURE_PA,
  },
  {
    what: 'stage 2, a Non-secure page',
    arrange: (m) => stage2(m, SPACE_BITS.S2_NS),
    unsaid: NONSECURE_PA,
    realm: 'F_PERMISSION 2',
    nonSecure: NONSECURE_PA,
  },
  {
    what: 'stage 2, a Realm page',
    arrange: (m) => stage2(m),
    unsaid: REALM_PA,
    realm: REALM_PA,
    nonSecure: 'F_PERMISSION 2',
  },
  {
    what: 'both stages, where the last decides',
    arrange: (m) => nested(m),
    unsaid: REALM_PA,
    realm: REALM_PA,
    nonSecure: 'F_PERMISSION 2',
  },
  {
    what: 'a stream that bypasses',
    arrange: (m) => m.ste({ Config: 4, ...CHECKS }),
    unsaid: 'ok realm:0x12345000',
    realm: 'ok realm:0x12345000',
    nonSecure: 'ok ns:0x12345000',
  },
];

describe('STE.NSCFG=1 with R_IDR3.XT=1', () => {
  test.each(
    ROWS.flatMap((row) => (['combined', 'maximal', 'none'] as const).map((caches) => ({ ...row, caches }))),
  )('$what ($caches)', ({ arrange, caches, unsaid, realm: inRealm, nonSecure }) => {
    const m = realm(caches);
    arrange(m);
    for (let i = 0; i < 2; i++) {
      expect(endOf(through(m))).toBe(unsaid);
      expect(endOf(through(m, REALM))).toBe(inRealm);
      expect(endOf(through(m, NONSECURE))).toBe(nonSecure);
    }
  });

  test('the record of a stage-2 refusal has the IPA, whoever answers', () => {
    for (const caches of ['combined', 'maximal', 'none'] as const) {
      const m = realm(caches);
      stage2(m, SPACE_BITS.S2_NS);
      for (let i = 0; i < 2; i++) {
        expect(through(m, REALM).outcome.fault).toMatchObject({ stage: 2, ipa: IOVA, class: 2 });
        expect(through(m).outcome.result).toBe('ok');
      }
    }
  });

  test('a refused write marks nothing dirty', () => {
    const m = realm('combined', { 'IDR0.HTTU': 2 });
    stage1(m, SPACE_BITS.NS | LEAF.READ_ONLY | LEAF.DBM, { STRW: 2, ...CHECKS }, { HA: 1, HD: 1 });
    const updates = (access: Access): number =>
      through(m, { ...access, write: true }).steps.filter(({ kind }) => kind === 'update').length;
    expect([updates(REALM), updates(NONSECURE)]).toEqual([0, 1]);
  });

  test.each([
    ['R_IDR3.XT=0', CHECKS, { 'R_IDR3.XT': 0 }],
    ['NSCFG=0', {}, {}],
    ['NSCFG=2', { NSCFG: 2 }, {}],
  ] as const)('%s: nothing is checked', (_, ste, registers) => {
    const m = realm('combined', registers);
    stage1(m, SPACE_BITS.NS, { STRW: 2, ...ste });
    expect(endOf(through(m, REALM))).toBe(NONSECURE_PA);
  });
});

describe('ATS with STE.NSCFG=1 and R_IDR3.XT=1', () => {
  const asked = (m: TestSmmu, access: Access): unknown => {
    const { ats, fault } = through(m, { kind: 'request', ...access }).outcome;
    return [ats?.status, ats?.read, ats?.te, fault];
  };

  test('a request for other memory grants nothing', () => {
    const m = realm();
    stage1(m, 0n, { EATS: 1, ...CHECKS });
    expect(asked(m, {})).toEqual(['success', true, true, null]);
    expect(asked(m, REALM)).toEqual(['success', true, true, null]);
    expect(asked(m, NONSECURE)).toEqual(['success', false, false, null]);
  });

  test.each([
    [{}, 'F_TRANSL_FORBIDDEN'],
    [REALM, 'ok realm:0x12345000'],
    [NONSECURE, 'ok ns:0x12345000'],
  ])('a Translated transaction with %o ends as %s', (access, end) => {
    const m = realm();
    stage1(m, 0n, { EATS: 1, ...CHECKS });
    expect(endOf(through(m, { kind: 'translated', ...access }))).toBe(end);
  });

  test('split-stage ATS: stage 2 must lead to the memory that is named', () => {
    const m = realm('combined', { 'R_CR0.ATSCHK': 1 });
    nested(m, { EATS: 2 });
    const translated = (access: Access): string => endOf(m.dma(PA, { kind: 'translated', ...access }));
    expect(translated(REALM)).toBe(REALM_PA);
    expect(translated(NONSECURE)).toBe('F_PERMISSION 2');
    expect(m.dma(PA, { kind: 'translated', ...NONSECURE }).outcome.result).toBe('abort');
  });

  test('the Device Permission Table must say the memory that is named', () => {
    const tables = { 'R_DPT_BASE.BADDR': 0x40500000, 'R_DPT_BASE_CFG.DPTPS': 1, 'R_CR0.DPT_WALK_EN': 1 };
    const m = realm('combined', { 'R_IDR3.DPT': 1, ...tables });
    m.ste({ EATS: 3, S2VMID: 0, ...CHECKS });
    m.cd();
    m.descriptor(0x40500000, 0x40600000n | 3n);
    // Both granules for whoever they belong to, VMID 0.
    m.descriptor(0x40600000, 3n);
    const translated = (access: Access): string => endOf(m.dma(0x1000, { kind: 'translated', ...access }));
    const ends = [translated(REALM), translated(NONSECURE)];
    expect(ends).toEqual(['ok realm:0x1000', 'F_TRANSL_FORBIDDEN']);
  });
});
