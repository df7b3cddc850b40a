/** Each signature: a scenario in which it appears, and a twin in which it does not. */

import { expect, test } from 'vitest';
import { HINT_KINDS } from '../../../src/inspect/why/hints/index.ts';
import { explainTransaction } from '../../../src/inspect/why/transaction.ts';
import {
  type Access,
  BASE_CD,
  CDTAB,
  type Registers,
  SID,
  TestSmmu,
  TTB0,
  TTB1,
  transaction,
  type Values,
} from '../../kit/smmu.ts';
import { identity, mapStage2, NESTED_STE, S2_LEAF, S2_PAGE, S2_STE } from '../../kit/stage2.ts';
import { LEAF, map, USER_PAGE } from '../../kit/tables.ts';

interface Scenario {
  readonly registers?: Registers;
  readonly ste?: Values | null;
  readonly cd?: Values | null;
  readonly set?: (m: TestSmmu) => void;
  readonly iova?: number | string;
  readonly access?: Access;
  readonly sid?: number;
}

function hints(s: Scenario): Map<string, string> {
  const m = new TestSmmu({ registers: s.registers ?? {} });
  if (s.ste !== null) m.ste(s.ste);
  if (s.cd !== null) m.cd(s.cd);
  map(m, { iova: 0x7000n, pa: 0x42340000n });
  s.set?.(m);
  const asked = transaction(s.sid ?? SID, s.iova ?? 0x1000, s.access);
  const plan = m.smmu.plan({ kind: 'transaction', transaction: asked });
  return new Map(explainTransaction(m.smmu, plan).hints.map(({ id, text }) => [id, text]));
}

const write = { write: true };
const page = (attributes: bigint) => (m: TestSmmu) =>
  void map(m, { iova: 0x1000n, pa: 0x42341000n, attributes });
const substreams = { S1CDMax: 3, S1DSS: 2 };

const CASES: Readonly<Record<string, { is: Scenario; not: Scenario; says: RegExp }>> = {
  'effective-policy': {
    is: { registers: { 'CR0.SMMUEN': 0, 'GBPA.ABORT': 1 } },
    not: {},
    says: /SMMUEN=0, so no table is read; GBPA\.ABORT=1 terminates/,
  },
  'ste-never-configured': {
    is: { ste: null },
    not: {},
    says: /StreamID 0x8 \(as a PCI function 00:01\.0\) is all zero/,
  },
  'sid-out-of-range': {
    is: { sid: 0x900 },
    not: {},
    says: /LOG2SIZE=8 and IDR1\.SIDSIZE=16 give StreamIDs 0 to 0xff/,
  },
  'no-level-2-table': {
    is: { registers: { 'STRTAB_BASE_CFG.FMT': 1, 'STRTAB_BASE_CFG.SPLIT': 6 }, ste: null, sid: 0x80 },
    not: { ste: null, sid: 0x80 },
    says: /belongs to L1STD 2, which serves 64 StreamIDs; it is all zero/,
  },
  'stream-table-format': {
    is: { registers: { 'STRTAB_BASE_CFG.FMT': 1, 'IDR0.ST_LEVEL': 0 }, ste: null },
    not: { ste: null },
    says: /FMT=1 asks for a two-level table, but IDR0\.ST_LEVEL=0/,
  },
  'ignored-fields': {
    is: { ste: { S2T0SZ: 24, S2TTB: 0x4c000000, EATS: 2 } },
    not: { ste: { EATS: 2 } },
    says: /STE\.S2T0SZ, STE\.S2TTB are not 0, though Config=5 has no stage 2/,
  },
  'substream-decision': {
    is: { ste: substreams, access: { ssid: 9 } },
    not: { ste: substreams },
    says: /SubstreamID 0x9; S1CDMax=3: SubstreamIDs 0 to 0x7 .*S1DSS=2/,
  },
  'substream-without-stage-1': {
    is: { ste: { Config: 4 }, access: { ssid: 1 } },
    not: { access: { ssid: 1 } },
    says: /SubstreamID 0x1 needs a stage 1/,
  },
  'cd-gone': {
    is: { ste: substreams, set: (m) => m.cd({ V: 0 }, CDTAB + 2 * 64), access: { ssid: 2 } },
    not: { ste: substreams, set: (m) => m.cd({}, CDTAB + 2 * 64), access: { ssid: 2 } },
    says: /CD 2 has V=0 but TTB0=0x41000000 is left: it looks like an address space whose process has exited/,
  },
  'cd-a-term-model': {
    is: { registers: { 'IDR0.TERM_MODEL': 1 }, cd: { A: 0 } },
    not: { cd: { A: 0 } },
    says: /TERM_MODEL=1: .* CD\.A must be 1/,
  },
  'cd-a-zero': { is: { cd: { A: 0 } }, not: {}, says: /the device sees zeros/ },
  'record-suppressed': { is: { cd: { R: 0 } }, not: {}, says: /CD\.R=0 suppresses/ },
  'msi-doorbell': {
    is: { iova: 0xffffe040, access: write },
    not: { iova: 0xffffe040 },
    says: /GITS_TRANSLATER .*not mapped in this domain/,
  },
  'pa-as-iova': { is: { iova: 0x42000000 }, not: { iova: 0x8000_0000 }, says: /0x42000000 is the PA of RAM/ },
  'beyond-range': {
    is: { iova: '0x1200000000001000' },
    not: {},
    says: /bits \[63:56\] of 0x1200000000001000 are 0x12, and CD\.TBI is 0/,
  },
  'other-substream': {
    is: {
      ste: substreams,
      cd: { TTB0: TTB1 },
      set: (m) => m.cd(BASE_CD, CDTAB + 3 * 64),
      iova: 0x7000,
    },
    not: { ste: substreams, cd: { TTB0: TTB1 }, iova: 0x7000 },
    says: /passes with SubstreamID 0x3 \(PA 0x42340000\)/,
  },
  'other-stream': {
    is: {
      cd: { TTB0: TTB1 },
      set: (m) => {
        m.ste({ S1ContextPtr: CDTAB + 0x1000 }, 0x10);
        m.cd({ TTB0 }, CDTAB + 0x1000);
      },
      iova: 0x7000,
    },
    not: { cd: { TTB0: TTB1 }, iova: 0x7000 },
    says: /passes for StreamID 0x10 \(00:02\.0, PA 0x42340000\)/,
  },
  s2ap: {
    is: {
      ste: S2_STE,
      set: (m) => void mapStage2(m, { ipa: 0x1000n, pa: 0x42341000n, attributes: S2_PAGE & ~S2_LEAF.READ }),
    },
    not: { ste: S2_STE },
    says: /S2AP=0b10 \(no read, write\) against RnW=1/,
  },
  s1ap: {
    is: { set: page(USER_PAGE | LEAF.READ_ONLY), access: write },
    not: { set: page(USER_PAGE & ~LEAF.AF), access: write },
    says: /AP\[2\]=1 maps the page read-only/,
  },
  'access-flag': {
    is: { set: page(USER_PAGE & ~LEAF.AF) },
    not: {},
    says: /IDR0\.HTTU=0\), so software must set AF/,
  },
};

test('every signature has its two scenarios', () => {
  expect(HINT_KINDS.map(({ id }) => id).sort()).toEqual(Object.keys(CASES).sort());
});

test.each(Object.entries(CASES))('the signature %s appears where it fits, and not in its twin', (id, c) => {
  expect(hints(c.is).get(id)).toMatch(c.says);
  expect(hints(c.not).has(id)).toBe(false);
});

test('the doorbell of a guest says which stage lacks it', () => {
  const found = hints({
    ste: NESTED_STE,
    set: (m) => {
      identity(m);
      map(m, { iova: 0xfffef000n, pa: 0x90000000n });
    },
    iova: 0xfffef040,
    access: write,
  });
  expect(found.get('msi-doorbell')).toContain('stage 1 maps it, stage 2 (the hypervisor) does not');
});

test('an access that passes has no signature', () => {
  expect(hints({ iova: 0x7000 }).size).toBe(0);
});
