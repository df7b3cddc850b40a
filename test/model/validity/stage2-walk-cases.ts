import { CDTAB, NOWHERE, TTB0, type Values } from '../../kit/smmu.ts';
import { identity, mapStage2, NESTED_STE, S2_LEAF, S2_PAGE, S2_STE } from '../../kit/stage2.ts';
import { map } from '../../kit/tables.ts';
import type { RuleCase, SetUp, Stage2Fault } from './case.ts';

const IOVA = 0x12345000;
const PA = 0x48000000n;
const CLASS_CD = 0;
const CLASS_IN = 2;

/** Both stages; stage 2 maps every address of the test's RAM to itself. */
const nested: SetUp = { ste: NESTED_STE, prepare: (m) => identity(m) };

/**
 * Both stages; stage 2 maps what a translation of IOVA needs in pages, and the page of the CDs as it is told.
 * @param cds `null`: not at all
 */
function pageOfCds(
  cds: { readonly pa?: bigint; readonly attributes?: bigint } | null,
  ste: Values = {},
): SetUp {
  return {
    ste: { ...NESTED_STE, ...ste },
    prepare: (m) => {
      const cdPage = BigInt(CDTAB);
      if (cds) mapStage2(m, { ipa: cdPage, pa: cds.pa ?? cdPage, attributes: cds.attributes ?? S2_PAGE });
      mapStage2(m, { ipa: PA, pa: PA });
      // The tables of stage 1: 2 MiB from TTB0.
      for (let at = 0; at < 2 ** 22; at += 2 ** 21) {
        const ipa = BigInt(TTB0 + at);
        mapStage2(m, { ipa, pa: ipa, level: 2n });
      }
    },
  };
}

const onCd = (event: Stage2Fault['event'], ipa = BigInt(CDTAB)): Stage2Fault => ({
  event,
  class: CLASS_CD,
  ipa,
});
const onInput = (event: Stage2Fault['event'], ipa: bigint): Stage2Fault => ({ event, class: CLASS_IN, ipa });

/** Faults that need a stage 2 that translates: IHI 0070 3.4, 7.3.13 to 7.3.16. */
export const STAGE2_WALK_CASES: readonly RuleCase[] = [
  {
    id: 'CD-FETCH-S2',
    breaks: pageOfCds(null),
    holds: pageOfCds({}),
    gives: onCd('F_TRANSLATION'),
    otherwise: 'translates',
  },
  {
    id: 'CD-FETCH-S2',
    breaks: pageOfCds({ pa: 2n ** 36n }, { S2PS: 1 }),
    holds: pageOfCds({}, { S2PS: 1 }),
    gives: onCd('F_ADDR_SIZE'),
    otherwise: 'translates',
  },
  {
    id: 'CD-FETCH-S2',
    breaks: pageOfCds({ attributes: S2_PAGE & ~S2_LEAF.AF }),
    holds: pageOfCds({ attributes: S2_PAGE & ~S2_LEAF.AF }, { S2AFFD: 1 }),
    gives: onCd('F_ACCESS'),
    otherwise: 'translates',
  },
  {
    id: 'CD-FETCH-S2',
    breaks: pageOfCds({ attributes: S2_PAGE & ~S2_LEAF.READ }),
    // A CD is only read.
    holds: pageOfCds({ attributes: S2_PAGE & ~S2_LEAF.WRITE }),
    gives: onCd('F_PERMISSION'),
    otherwise: 'translates',
  },
  {
    // Protected table walk: CDs do not come from Device memory.
    id: 'CD-FETCH-S2',
    breaks: pageOfCds({ attributes: S2_PAGE & ~S2_LEAF.WRITE_BACK }, { S2PTW: 1 }),
    holds: pageOfCds({ attributes: S2_PAGE & ~S2_LEAF.WRITE_BACK }, { S2PTW: 0 }),
    gives: onCd('F_PERMISSION'),
    otherwise: 'translates',
  },
  {
    // S1ContextPtr beyond S2T0SZ, not beyond the IAS.
    id: 'S2-RANGE',
    base: nested,
    breaks: { ste: { S1ContextPtr: 2 ** 40 + CDTAB } },
    holds: {},
    gives: onCd('F_TRANSLATION', 2n ** 40n + BigInt(CDTAB)),
    otherwise: 'translates',
  },
  {
    id: 'S2-RANGE',
    base: { ste: { ...S2_STE, S2T0SZ: 33 }, prepare: (m) => identity(m, { t0sz: 33n }) },
    breaks: { iova: 2 ** 31 },
    holds: { iova: 2 ** 31 - 1 },
    gives: onInput('F_TRANSLATION', 2n ** 31n),
    otherwise: 'translates',
  },
  {
    // The IPA that stage 1 puts out.
    id: 'S2-RANGE',
    base: { ste: { ...NESTED_STE, S2T0SZ: 33 }, prepare: (m) => identity(m, { t0sz: 33n }) },
    breaks: { prepare: (m) => map(m, { iova: BigInt(IOVA), pa: 2n ** 31n }) },
    holds: {},
    gives: onInput('F_TRANSLATION', 2n ** 31n),
    otherwise: 'translates',
  },
  {
    // The input of a bypassed stage 1 is held against the IAS before stage 2 sees it.
    id: 'S2ONLY-ADDR',
    base: {
      ste: { ...S2_STE, S2T0SZ: 16, S2SL0: 2 },
      prepare: (m) => mapStage2(m, { t0sz: 16n, start: 0n, ipa: 2n ** 48n - 4096n, pa: PA }),
    },
    breaks: { iova: 2 ** 48 },
    holds: { iova: 2 ** 48 - 4096 },
    gives: 'F_ADDR_SIZE',
    otherwise: 'translates',
  },
  {
    // With VMSAv8-32 tables in the SMMU the IAS has 40 bits, here more than the OAS.
    id: 'S2ONLY-ADDR',
    base: {
      registers: { 'IDR0.TTF': 3, 'IDR5.OAS': 0 },
      ste: S2_STE,
      prepare: (m) => mapStage2(m, { ipa: 2n ** 40n - 4096n, pa: PA }),
    },
    breaks: { iova: 2 ** 40 },
    holds: { iova: 2 ** 40 - 4096 },
    gives: 'F_ADDR_SIZE',
    otherwise: 'translates',
  },
  {
    // S1DSS=1 bypasses stage 1 the same way.
    id: 'S2ONLY-ADDR',
    base: {
      ste: { ...NESTED_STE, S1CDMax: 2, S1DSS: 1, S2T0SZ: 16, S2SL0: 2 },
      prepare: (m) => mapStage2(m, { t0sz: 16n, start: 0n, ipa: 2n ** 48n - 4096n, pa: PA }),
    },
    breaks: { iova: 2 ** 48 },
    holds: { iova: 2 ** 48 - 4096 },
    gives: 'F_ADDR_SIZE',
    otherwise: 'translates',
  },
  {
    // A stream of stage 2 only has no substreams.
    id: 'SSID-NOS1',
    base: { ste: S2_STE, prepare: (m) => identity(m) },
    breaks: { access: { ssid: 1 } },
    holds: {},
    gives: 'C_BAD_SUBSTREAMID',
    otherwise: 'translates',
  },
  {
    // No CD is fetched, so none need be there.
    id: 'SD-BYPASS',
    base: { ...nested, cd: { V: 0 }, ste: { ...NESTED_STE, S1CDMax: 2 } },
    breaks: { ste: { S1DSS: 1 } },
    holds: { ste: { S1DSS: 2 } },
    gives: 'translates',
    otherwise: 'C_BAD_CD',
  },
  {
    id: 'CD-V',
    base: nested,
    breaks: { cd: { V: 0 } },
    holds: {},
    gives: 'C_BAD_CD',
    otherwise: 'translates',
  },
  {
    // The record has the PA of the CD, not its IPA.
    id: 'CD-FETCH-EABT',
    breaks: pageOfCds({ pa: BigInt(NOWHERE) }),
    holds: pageOfCds({}),
    gives: 'F_CD_FETCH',
    fetch: BigInt(NOWHERE),
    otherwise: 'translates',
  },
];
