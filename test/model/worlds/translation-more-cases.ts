/** Attributes, permissions and tags of the streams of each Security state: IHI 0070 3.9, 3.10 and 3.17. */

import { type Access, SID, type TestSmmu, type Values } from '../../kit/smmu.ts';
import { SPACE_BITS } from '../../kit/spaces.ts';
import { identity, mapStage2, NONSECURE_S2TTB, S2_PAGE, S2_STE, SECURE_S2_STE } from '../../kit/stage2.ts';
import { map, USER_PAGE } from '../../kit/tables.ts';
import { endOf, type StatementCase } from './statement-case.ts';
import { IOVA, PA, secureNested, stage1, through } from './translation-cases.ts';

const REQUEST: Access = { kind: 'request' };
const TRANSLATED: Access = { kind: 'translated' };
const ATS: Values = { EATS: 1 };

/** How a Translation Request ends. */
function requested(m: TestSmmu): unknown {
  return through(m, REQUEST).outcome.ats?.status;
}

export const ATS_CASES: readonly StatementCase[] = [
  {
    id: 'NS-ATS',
    shows: (m) => {
      stage1(m, 0n, ATS);
      return requested(m);
    },
    holds: 'success',
  },
  {
    id: 'S-ATS',
    what: 'requests are refused',
    world: 's',
    shows: (m) => {
      stage1(m, 0n, ATS);
      const { outcome } = through(m, REQUEST);
      return [outcome.ats?.status, outcome.fault?.event];
    },
    holds: ['ur', 'F_BAD_ATS_TREQ'],
  },
  {
    id: 'S-ATS',
    what: 'Translated transactions are refused',
    world: 's',
    shows: (m) => {
      stage1(m, 0n, ATS);
      return through(m, TRANSLATED).outcome.fault?.event;
    },
    holds: 'F_TRANSL_FORBIDDEN',
  },
  {
    id: 'R-ATS',
    what: 'Translated transactions are checked, whatever R_CR0.ATSCHK holds',
    world: 'realm',
    registers: { 'R_CR0.ATSCHK': 0 },
    shows: (m) => {
      stage1(m);
      return through(m, TRANSLATED).outcome.fault?.event;
    },
    holds: 'F_TRANSL_FORBIDDEN',
  },
];

/** An instruction fetch from a page that anyone may execute. */
function fetch(m: TestSmmu, access: Access = {}): string {
  return endOf(through(m, { instruction: true, ...access }));
}

export const PERMISSION_CASES: readonly StatementCase[] = [
  {
    id: 'S-STAGE2',
    what: 'it needs S_IDR1.SEL2',
    world: 's',
    registers: { 'S_IDR1.SEL2': 0 },
    shows: (m) => {
      secureNested(m, {});
      return endOf(through(m));
    },
    holds: 'C_BAD_STE',
  },
  {
    id: 'S-STAGE2',
    what: 'it has no VMSAv8-32 tables',
    world: 's',
    registers: { 'IDR0.TTF': 3 },
    shows: (m) => {
      secureNested(m, { S2AA64: 0 });
      return endOf(through(m));
    },
    holds: 'C_BAD_STE',
  },
  {
    id: 'R-LPAE',
    what: 'of stage 1',
    world: 'realm',
    registers: { 'IDR0.TTF': 3 },
    shows: (m) => {
      stage1(m, 0n, {}, { AA64: 0 });
      return endOf(through(m));
    },
    holds: 'C_BAD_CD',
  },
  {
    id: 'R-LPAE',
    what: 'of stage 2',
    world: 'realm',
    registers: { 'IDR0.TTF': 3 },
    shows: (m) => {
      m.ste({ ...S2_STE, S2AA64: 0 });
      identity(m);
      return endOf(m.dma(PA));
    },
    holds: 'C_BAD_STE',
  },
  {
    id: 'S-VMID0',
    world: 's',
    shows: (m) => {
      stage1(m, 0n, { S2VMID: 7 });
      through(m);
      return m.smmu.tlb.entries().map(({ space }) => space.tag.vmid);
    },
    holds: [0],
  },
  {
    id: 'S-SIF',
    what: 'stage 1 alone: CD.A, R and S decide',
    world: 's',
    registers: { 'S_CR0.SIF': 1 },
    shows: (m) => {
      stage1(m, SPACE_BITS.NS);
      return [endOf(through(m)), fetch(m)];
    },
    holds: ['ok ns:0x48000000', 'F_PERMISSION 1'],
  },
  {
    id: 'S-SIF',
    what: 'a Non-secure IPA counts, whatever stage 2 makes of it',
    world: 's',
    registers: { 'S_CR0.SIF': 1 },
    shows: (m) => {
      secureNested(m, {}, SPACE_BITS.NS);
      return [endOf(through(m)), fetch(m)];
    },
    holds: ['ok s:0x48000000', 'F_PERMISSION 1'],
  },
  {
    id: 'S-SIF',
    what: 'a bypassed stage 1',
    world: 's',
    registers: { 'S_CR0.SIF': 1 },
    shows: (m) => {
      m.ste({ Config: 4, NSCFG: 3 });
      return fetch(m);
    },
    holds: 'F_PERMISSION 1',
  },
  {
    id: 'S-SIF',
    what: 'SMMUEN=0 aborts without an event',
    world: 's',
    registers: { 'S_CR0.SIF': 1, 'S_CR0.SMMUEN': 0 },
    shows: (m) => fetch(m, { ns: true }),
    holds: 'abort',
  },
  {
    id: 'R-NSCFG',
    world: 'realm',
    shows: (m) => {
      stage1(m, 0n, {}, { NSCFG0: 1, NSCFG1: 1 });
      return endOf(through(m));
    },
    holds: 'ok realm:0x48000000',
  },
  {
    id: 'R-NS-EXEC',
    what: 'EL2: stage 1 has chosen',
    world: 'realm',
    shows: (m) => {
      stage1(m, SPACE_BITS.NS, { STRW: 2 });
      return [endOf(through(m)), fetch(m)];
    },
    holds: ['ok ns:0x48000000', 'F_PERMISSION 1'],
  },
  {
    id: 'R-NS-EXEC',
    what: 'stage 2 has chosen',
    world: 'realm',
    shows: (m) => {
      m.ste(S2_STE);
      mapStage2(m, { ipa: BigInt(IOVA), pa: BigInt(PA), attributes: S2_PAGE | SPACE_BITS.S2_NS });
      return [endOf(through(m)), fetch(m)];
    },
    holds: ['ok ns:0x48000000', 'F_PERMISSION 2'],
  },
  {
    id: 'R-NS-EXEC',
    what: 'a bypassed stream',
    world: 'realm',
    shows: (m) => {
      m.ste({ Config: 4 });
      return fetch(m, { ns: true });
    },
    holds: 'F_PERMISSION 1',
  },
  {
    id: 'R-MECID',
    what: 'of the STE, as many bits as there are',
    world: 'realm',
    registers: { 'R_IDR3.MEC': 1, 'R_MECIDR.MECIDSIZE': 7, 'R_GMECID.GMECID': 0x109 },
    shows: (m) => {
      stage1(m, 0n, { MECID: 0x1234 });
      const { outcome, steps } = through(m);
      return [outcome.mecid, steps.find(({ text }) => text.startsWith('MECID'))?.text];
    },
    holds: [0x34, 'MECID: the access bears 52; CD and tables 52; stream table and queues 9'],
  },
];

/** The stream of another state with the same StreamID: another page, in memory of its own. */
function twin(all: TestSmmu, cd: Values = {}, pa = PA + 0x1000): TestSmmu {
  const m = all.in('s');
  m.ste();
  m.cd(cd);
  map(m, { iova: BigInt(IOVA), pa: BigInt(pa), attributes: USER_PAGE });
  return m;
}

/** Streams of two states: what each reads, twice. */
function both(m: TestSmmu, all: TestSmmu): unknown {
  stage1(m);
  const other = twin(all);
  return [m, other, m, other].map((one) => endOf(through(one)));
}

const APART = ['ok ns:0x48000000', 'ok s:0x48001000', 'ok ns:0x48000000', 'ok s:0x48001000'];

/** A Secure stage 2 through which Secure and Non-secure IPAs lead to different places. */
function bothIpas(m: TestSmmu): unknown {
  m.ste(SECURE_S2_STE);
  mapStage2(m, { ipa: BigInt(IOVA), pa: BigInt(PA) });
  mapStage2(m, { ipa: BigInt(IOVA), pa: BigInt(PA + 0x1000), ttb: NONSECURE_S2TTB });
  return [false, true, false].map((ns) => {
    const { outcome } = through(m, { ns });
    return [outcome.pa, outcome.tlbHit];
  });
}

export const TAG_CASES: readonly StatementCase[] = [
  { id: 'CANNOT-SID', shows: both, holds: APART },
  { id: 'CANNOT-TAGS', shows: both, holds: APART },
  { id: 'TLB-SEPARATE', shows: both, holds: APART },
  {
    id: 'TLB-S-IPA',
    world: 's',
    shows: bothIpas,
    holds: [
      [PA, false],
      [PA + 0x1000, false],
      [PA, true],
    ],
  },
  ...(['maximal', 'combined'] as const).flatMap((caches) =>
    [
      { ns: 0, left: ['ns'] },
      { ns: 1, left: ['s'] },
    ].map(
      ({ ns, left }): StatementCase => ({
        id: 'TLB-S-IPA',
        what: `CMD_TLBI_S_S2_IPA NS=${ns} names IPAs of one space (${caches})`,
        world: 's',
        caches,
        shows: (m) => leftOfBoth(m, ns),
        holds: left,
      }),
    ),
  ),
];

/** What is left of {@link bothIpas} after an invalidation by IPA: the spaces of the IPAs. */
function leftOfBoth(m: TestSmmu, ns: number): unknown {
  bothIpas(m);
  m.run(['CMD_TLBI_S_S2_IPA', { VMID: 3, Address: IOVA, NS: ns }], ['CMD_SYNC']);
  return m.smmu.tlb.entries().map(({ space }) => space.tag.ipaSpace);
}

/** A stream that bypasses, with an NS attribute; one for each NSCFG. */
function attribute(m: TestSmmu, ns: boolean, nsCfg = 0): string {
  const sid = SID + nsCfg;
  m.ste({ Config: 4, NSCFG: nsCfg }, sid);
  return endOf(m.dma(PA, { ns }, sid));
}

export const ATTRIBUTE_CASES: readonly StatementCase[] = [
  {
    id: 'NSIN-NO-SECURE',
    registers: { 'S_IDR1.SECURE_IMPL': 0 },
    shows: (m) => [true, false].map((ns) => attribute(m, ns)),
    holds: ['ok ns:0x48000000', 'ok ns:0x48000000'],
  },
  {
    id: 'NSIN-NS',
    shows: (m) => [true, false].map((ns) => attribute(m, ns)),
    holds: ['ok ns:0x48000000', 'ok ns:0x48000000'],
  },
  {
    id: 'NSIN-S',
    world: 's',
    shows: (m) => [attribute(m, true), attribute(m, false), attribute(m, true, 2), attribute(m, false, 3)],
    holds: ['ok ns:0x48000000', 'ok s:0x48000000', 'ok s:0x48000000', 'ok ns:0x48000000'],
  },
  {
    id: 'NSIN-S',
    what: 'it chooses the IPA space of stage 2 alone',
    world: 's',
    shows: (m) => {
      m.ste({ ...SECURE_S2_STE, S2NSA: 1 });
      identity(m);
      identity(m, { ttb: NONSECURE_S2TTB });
      return [true, false].map((ns) => endOf(m.dma(PA, { ns })));
    },
    holds: ['ok ns:0x48000000', 'ok s:0x48000000'],
  },
  {
    id: 'NSIN-R',
    world: 'realm',
    registers: { 'IDR1.ATTR_PERMS_OVR': 0 },
    shows: (m) => [attribute(m, true), attribute(m, false), attribute(m, true, 2), attribute(m, false, 3)],
    holds: ['ok ns:0x48000000', 'ok realm:0x48000000', 'ok realm:0x48000000', 'ok ns:0x48000000'],
  },
];
