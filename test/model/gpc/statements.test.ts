/** Each statement on granule protection by its id (IHI 0070 3.25, 6.3.110 to 6.3.121). */

import { describe, expect, test } from 'vitest';
import { GPC_STATEMENTS } from '../../../src/spec/gpc-statements.ts';
import {
  ANY,
  GPT_L0,
  GPT_L1,
  Guarded,
  IOVA,
  NO_ACCESS,
  NONSECURE,
  OUTPUT,
  REALM,
  ROOT,
  SECURE,
} from '../../kit/gpt.ts';
import { CDTAB, CMDQ, EVENTQ, NOWHERE, SID, STRTAB } from '../../kit/smmu.ts';
import { type StatementCase, statementTests } from './case.ts';

const STE_AT = STRTAB + SID * 64;
/** FPAS of Non-secure (6.3.116). */
const NS = 1;

/** What a lookup error shows when nothing is wrong with the access itself. */
const lookupError = (error: number): unknown => [
  'abort',
  { pas: NS, address: OUTPUT, code: 0, reason: 3, error },
];

/** Ends of the mapped page's transaction with a changed configuration, and the syndrome of a lookup error. */
const configured = (registers: Readonly<Record<string, number>>): StatementCase['shows'] => {
  return (make) => {
    const g = make({ registers });
    return [g.device(OUTPUT, 'ns').result, g.far('ROOT_GPT_CFG_FAR')];
  };
};

const CASES: Readonly<Record<keyof typeof GPC_STATEMENTS, StatementCase>> = {
  GPCEN: {
    shows: (make) =>
      [0, 1].map((on) => {
        const g = make({ registers: { 'ROOT_CR0.GPCEN': on } });
        g.gpi(OUTPUT, SECURE);
        return g.dma().outcome.result;
      }),
    as: ['ok', 'abort'],
  },
  ACCESSEN: {
    shows: (make) =>
      [0, 1].map((on) => {
        const g = make({ registers: { 'ROOT_CR0.ACCESSEN': 0, 'ROOT_CR0.GPCEN': on } });
        return [g.dma().outcome.result, g.far(), [...g.m.smmu.gpt.entries()].length];
      }),
    as: [0, 1].map(() => ['abort', { pas: NS, address: STE_AT - (STE_AT % 4096), code: 3, reason: 1 }, 0]),
  },
  APPLIES: {
    shows: (make) => {
      const g = make();
      // The table itself is closed to everyone.
      g.gpi(GPT_L0, NO_ACCESS);
      g.gpi(GPT_L1, NO_ACCESS);
      const before = g.dma().outcome.result;
      const h = make();
      h.gpi(CDTAB, REALM);
      return [before, h.dma().outcome.fault?.event];
    },
    as: ['ok', 'F_CD_FETCH'],
  },
  'PPS-NS': {
    shows: (make) => {
      const g = make();
      return [g.device(2 ** 32, 'ns').result, g.device(2 ** 36 + 5, 'ns').result, g.far()];
    },
    as: ['ok', 'ok', null],
  },
  'PPS-OTHER': {
    shows: (make) =>
      (['s', 'realm', 'root'] as const).map((space) => {
        const g = make();
        return [g.device(2 ** 32, space).result, g.far()?.address, g.far('ROOT_GPT_CFG_FAR')];
      }),
    as: [0, 1, 2].map(() => ['abort', 2 ** 32, null]),
  },
  L0: {
    shows: (make) => {
      const g = make();
      // The gigabytes 2 and 3: one for Secure, one for Realm accesses alone.
      g.level0(2, 0x81n);
      g.level0(3, 0xb1n);
      return [g.fates(0x80000000), g.fates(0xfffff000)];
    },
    as: ['abort ok abort abort', 'abort abort ok abort'],
  },
  'L0-BLOCK': {
    shows: (make) => {
      const g = make();
      g.level0(0, 0x91n);
      return [g.fates(0), g.fates(0x3fffffff), [...g.m.smmu.gpt.entries()].map(({ shift }) => shift)];
    },
    as: ['ok abort abort abort', 'ok abort abort abort', [30]],
  },
  'L0-TABLE': {
    shows: (make) => {
      const g = make();
      const next = 0x44200000;
      g.root.descriptor(next, 0xffff_ffff_ffff_ff8fn);
      // Bits below the size of the table do not count.
      g.level0(0, BigInt(next) | 0x1000n | 3n);
      return [g.fates(0), g.fates(0x1000)];
    },
    as: ['ok ok ok ok', 'abort ok abort abort'],
  },
  L1: {
    shows: (make) => {
      const g = make();
      g.level1(OUTPUT, 0x9999_9999_9999_9999n);
      return [g.fates(OUTPUT), g.fates(OUTPUT - 1), g.fates(OUTPUT + 0x10000)];
    },
    as: ['ok abort abort abort', 'ok ok ok ok', 'ok ok ok ok'],
  },
  'L1-CONTIG': {
    shows: (make) =>
      [1, 2, 3].map((contig) => {
        const g = make();
        g.level1(OUTPUT, BigInt((contig << 8) | (SECURE << 4) | 1));
        return [g.fates(OUTPUT), [...g.m.smmu.gpt.entries()].map(({ base, shift }) => [base, shift])];
      }),
    as: [21, 25, 29].map((shift) => [
      'abort ok abort abort',
      [
        [0x40000000, 30],
        [OUTPUT - (OUTPUT % 2 ** shift), shift],
      ],
    ]),
  },
  'L1-GRANULES': {
    shows: (make) => {
      const g = make();
      g.level1(OUTPUT, 0x0f0b_a98f_0f0b_a98fn);
      return [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12].map((i) => g.fates(OUTPUT + i * 4096));
    },
    as: [0, 8].flatMap((first) =>
      [
        'ok ok ok ok',
        'abort ok abort abort',
        'ok abort abort abort',
        'abort abort abort ok',
        'abort abort ok abort',
        ...(first === 0 ? ['abort abort abort abort'] : []),
      ].map((fate) => fate),
    ),
  },
  ENCODING: {
    shows: (make) => {
      const found: unknown[] = [];
      // Types, GPIs and bits that mean nothing at level 0.
      for (const entry of [0n, 0x2n, 0x11n, 0x1f1n, (1n << 40n) | 0xf1n, BigInt(GPT_L1) | 0x13n]) {
        const g = make();
        g.level0(1, entry);
        found.push([g.device(OUTPUT, 'ns').result, g.far('ROOT_GPT_CFG_FAR')?.error]);
      }
      // At level 1: Contig 0, a reserved GPI, and one reserved GPI among 16 granules, even another's.
      for (const entry of [0xf1n, 0x1c1n, 0x4f1n, 0xffff_ffff_ffff_ff5fn, 0xdfff_ffff_ffff_ffffn]) {
        const g = make();
        g.level1(OUTPUT, entry);
        found.push([g.device(OUTPUT, 'ns').result, g.far('ROOT_GPT_CFG_FAR')?.error]);
      }
      return found;
    },
    as: Array.from({ length: 11 }, () => ['abort', 3]),
  },
  GPI: {
    shows: (make) =>
      [NO_ACCESS, SECURE, NONSECURE, ROOT, REALM, ANY].map((code) => {
        const g = make();
        g.gpi(OUTPUT, code);
        return g.fates(OUTPUT);
      }),
    as: [
      'abort abort abort abort',
      'abort ok abort abort',
      'ok abort abort abort',
      'abort abort abort ok',
      'abort abort ok abort',
      'ok ok ok ok',
    ],
  },
  'CFG-FIELD': {
    shows: (make) => [
      configured({ 'ROOT_GPT_BASE_CFG.PPS': 7 })(make),
      configured({ 'ROOT_GPT_BASE_CFG.PGS': 3 })(make),
      configured({ 'ROOT_GPT_BASE_CFG.PGS': 1, 'IDR5.GRAN64K': 0 })(make),
      configured({ 'ROOT_GPT_BASE_CFG.PGS': 2, 'IDR5.GRAN16K': 0 })(make),
      configured({ 'ROOT_GPT_BASE_CFG.SH': 1 })(make),
      configured({ 'ROOT_GPT_BASE_CFG.L0GPTSZ': 5 })(make),
    ],
    as: Array.from({ length: 6 }, () => lookupError(0)),
  },
  'CFG-CACHEABILITY': {
    shows: (make) => {
      const uncached = { 'ROOT_GPT_BASE_CFG.IRGN': 0, 'ROOT_GPT_BASE_CFG.ORGN': 0 };
      return [
        configured({ ...uncached, 'ROOT_GPT_BASE_CFG.SH': 3 })(make),
        configured({ ...uncached, 'ROOT_GPT_BASE_CFG.SH': 0 })(make),
        configured({ ...uncached, 'ROOT_GPT_BASE_CFG.SH': 2 })(make),
        configured({ 'ROOT_GPT_BASE_CFG.ORGN': 0, 'ROOT_GPT_BASE_CFG.SH': 0 })(make),
      ];
    },
    as: [lookupError(0), lookupError(0), ['ok', null], ['ok', null]],
  },
  'PPS-OAS': {
    shows: (make) => [
      configured({ 'ROOT_GPT_BASE_CFG.PPS': 1, 'IDR5.OAS': 0 })(make),
      configured({ 'ROOT_GPT_BASE_CFG.PPS': 0, 'IDR5.OAS': 0 })(make),
    ],
    as: [lookupError(0), ['ok', null]],
  },
  'BASE-PPS': {
    shows: configured({ 'ROOT_GPT_BASE.ADDR': 2 ** 32 + GPT_L0 }),
    as: lookupError(1),
  },
  'NEXT-PPS': {
    shows: (make) => {
      const g = make();
      g.level0(1, 0x1_4410_0003n);
      return [g.device(OUTPUT, 'ns').result, g.far('ROOT_GPT_CFG_FAR')];
    },
    as: lookupError(4),
  },
  EABT: {
    shows: (make) => {
      const g = make();
      g.level0(1, BigInt(NOWHERE) | 3n);
      const h = make({ registers: { 'ROOT_GPT_BASE.ADDR': NOWHERE } });
      return [
        [g.device(OUTPUT, 'ns').result, g.far('ROOT_GPT_CFG_FAR')],
        [h.device(OUTPUT, 'ns').result, h.far('ROOT_GPT_CFG_FAR')],
      ];
    },
    as: [lookupError(2), lookupError(2)],
  },
  CLIENT: {
    shows: (make) => {
      const g = make();
      g.gpi(OUTPUT, SECURE);
      const { outcome } = g.dma();
      return [outcome.result, outcome.fault?.event, g.m.events().length, g.far()];
    },
    as: ['abort', null, 0, { pas: NS, address: OUTPUT, code: 0, reason: 3 }],
  },
  FETCH: {
    shows: (make) =>
      [STE_AT, CDTAB, 0x41000000].map((at) => {
        const g = make();
        g.gpi(at, REALM);
        const { outcome } = g.dma();
        const [record = []] = g.m.events();
        return [outcome.fault?.event, ((record[2] ?? 0) >>> 16) & 1, g.far()];
      }),
    as: [
      ['F_STE_FETCH', 1, { pas: NS, address: STRTAB, code: 3, reason: 1 }],
      ['F_CD_FETCH', 1, { pas: NS, address: CDTAB, code: 9, reason: 1 }],
      ['F_WALK_EABT', 1, { pas: NS, address: 0x41000000, code: 11, reason: 1 }],
    ],
  },
  QUEUE: {
    shows: (make) => {
      const commands = make();
      commands.gpi(CMDQ, ROOT);
      commands.m.run(['CMD_SYNC']);
      const { bank } = commands.m.smmu;
      const events = make();
      events.gpi(EVENTQ, SECURE);
      events.dma(0x7000);
      return [
        [bank.field('CMDQ_CONS', 'ERR'), commands.m.read('GERROR'), commands.far()],
        [events.m.read('GERROR'), events.m.read('EVENTQ_PROD'), events.far()],
      ];
    },
    as: [
      [2, 1, { pas: NS, address: CMDQ, code: 0, reason: 2 }],
      [4, 0, { pas: NS, address: EVENTQ, code: 2, reason: 2 }],
    ],
  },
  ATS: {
    shows: (make) => {
      const g = make();
      g.m.ste({ EATS: 1 });
      g.gpi(OUTPUT, SECURE);
      const { outcome } = g.m.dma(IOVA, { kind: 'request' });
      return [outcome.ats?.status, outcome.fault?.event, g.m.events().length, g.far()];
    },
    as: ['ca', null, 0, { pas: NS, address: OUTPUT, code: 0, reason: 3 }],
  },
  ATOS: {
    shows: (make) => {
      const g = make();
      g.gpi(OUTPUT, SECURE);
      const { outcome } = g.m.dma(IOVA, { kind: 'atos', atos: { stages: 1, passive: false } });
      return [outcome.result, outcome.pa, g.far()];
    },
    as: ['ok', OUTPUT, null],
  },
  'FIRST-WINS': {
    shows: (make) => {
      const g = make();
      g.gpi(OUTPUT, SECURE);
      g.gpi(OUTPUT + 0x1000, REALM);
      g.device(OUTPUT, 'ns');
      g.device(OUTPUT + 0x1000, 's');
      g.level0(2, 0n);
      g.device(0x80000000, 'ns');
      g.device(0x80001000, 'ns');
      return [g.far()?.address, g.far('ROOT_GPT_CFG_FAR')?.address];
    },
    as: [OUTPUT, 0x80000000],
  },
  CLEAR: {
    shows: (make) => {
      const g = make();
      g.gpi(OUTPUT, SECURE);
      g.device(OUTPUT, 'ns');
      // FAULT stays 1, or another word alone: nothing happens.
      g.root.write('ROOT_GPF_FAR', 1, 0);
      const before = g.far();
      g.clear();
      const words = [g.m.smmu.bank.lo('ROOT_GPF_FAR'), g.m.smmu.bank.hi('ROOT_GPF_FAR')];
      g.device(OUTPUT, 'ns');
      return [before?.address, words, g.far()?.address];
    },
    as: [OUTPUT, [0, 0], OUTPUT],
  },
  IRQ: {
    shows: (make) => {
      const g = make();
      g.gpi(OUTPUT, SECURE);
      g.level0(2, 0n);
      const signals = (pa: number): string[] =>
        g.dma(pa).effects.flatMap((effect) => (effect.kind === 'signal' ? [effect.what] : []));
      g.m.set({ 'CR0.SMMUEN': 0 });
      return [signals(OUTPUT), signals(OUTPUT), signals(0x80000000)];
    },
    as: [
      ['wired GPF_FAR interrupt: an error is active'],
      [],
      ['wired GPT_CFG_FAR interrupt: an error is active'],
    ],
  },
  TLBI: {
    shows: (make) => {
      const g = make();
      const found = [g.dma().outcome.result];
      g.gpi(OUTPUT, SECURE);
      found.push(g.dma().outcome.result);
      g.invalidate();
      found.push(g.dma().outcome.result);
      return found;
    },
    as: ['ok', 'ok', 'abort'],
  },
  'NO-STREAM-ID': {
    shows: (make) => {
      const g = make({ registers: { 'CR0.SMMUEN': 0, 'GBPA.ABORT': 1 } });
      g.gpi(OUTPUT, REALM);
      // Beyond OAS nothing tells of the abort.
      const { outcome, effects } = g.m.dma('0x1000000000000', { kind: 'no-stream-id', nse: true, ns: true });
      return [g.fates(OUTPUT), g.device(OUTPUT, 'realm').space, g.far(), outcome.result, effects];
    },
    as: ['abort abort ok abort', 'realm', { pas: NS, address: OUTPUT, code: 0, reason: 3 }, 'abort', []],
  },
  UPDATE: {
    shows: (make) => {
      const g = make();
      const other = 0x44400000;
      for (let i = 0; i < 4; i++) g.level0(i, 0x81n, other);
      g.root.write('ROOT_GPT_BASE', other, 0);
      const guarded = g.m.read('ROOT_GPT_BASE');
      g.root.write('ROOT_GPT_BASE2', other, 0);
      g.root.write('ROOT_GPT_BASE_UPDATE', 0);
      const before = g.m.read('ROOT_GPT_BASE');
      g.root.write('ROOT_GPT_BASE_UPDATE', 1);
      const { bank } = g.m.smmu;
      return [guarded, before, bank.lo('ROOT_GPT_BASE'), bank.lo('ROOT_GPT_BASE_UPDATE'), g.fates(OUTPUT)];
    },
    as: [GPT_L0, GPT_L0, 0x44400000, 0, 'abort ok abort abort'],
  },
};

describe('the statement', () => {
  statementTests('gpc', CASES);
});

test('the cases are those of the table', () => {
  expect(Object.keys(CASES).sort()).toEqual(Object.keys(GPC_STATEMENTS).sort());
  expect(new Guarded().dma().outcome.pa).toBe(OUTPUT);
});
