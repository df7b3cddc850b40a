import { type TestSmmu, TTB0, TTB1 } from '../../kit/smmu.ts';
import { map } from '../../kit/tables.ts';
import type { RuleCase, SetUp } from './case.ts';

/** VMSAv8-32 tables of 32 bits for the address of the tests, beside those of 48 bits. */
const shortTables = (m: TestSmmu): void => {
  map(m, { iova: 0x12345000n, pa: 0x48000000n, txsz: 32n });
};

/** TTB1 is walked as well. */
const bothHalves: SetUp = { cd: { EPD1: 0, T1SZ: 16, TG1: 2, TTB1 } };
const E2H: SetUp = { registers: { 'CR2.E2H': 1 }, ste: { STRW: 2 } };
/** VMSAv9-128 tables. */
const d128: SetUp = { registers: { 'IDR5.D128': 1, 'IDR3.S1PI': 1 }, ste: { S1PIE: 1 }, cd: { AA64: 0 } };
/** Permission indirection. */
const indirect: SetUp = { registers: { 'IDR3.S1PI': 1 }, ste: { S1PIE: 1 }, cd: { PIE: 1 } };

/** TxSZ by small tables, 52-bit input, granule and DS: the limits of IHI 0070 5.4, T0SZ. */
const TXSZ: readonly (readonly [
  registers: SetUp['registers'],
  cd: SetUp['cd'],
  bad: number,
  good: number,
])[] = [
  [{}, { TG0: 0 }, 15, 16],
  [{}, { TG0: 0 }, 40, 39],
  [{}, { TG0: 1 }, 15, 16],
  [{ 'IDR3.STT': 1 }, { TG0: 0 }, 49, 48],
  [{ 'IDR3.STT': 1 }, { TG0: 2 }, 49, 48],
  [{ 'IDR3.STT': 1 }, { TG0: 1 }, 48, 47],
  [{ 'IDR5.VAX': 1 }, { TG0: 0 }, 15, 16],
  [{ 'IDR5.VAX': 1 }, { TG0: 1 }, 11, 12],
  [{ 'IDR5.VAX': 1, 'IDR5.DS': 1 }, { TG0: 0, DS: 1 }, 11, 12],
  [{ 'IDR5.VAX': 0, 'IDR5.DS': 1 }, { TG0: 0, DS: 1 }, 15, 16],
];
const TG1_OF_TG0 = [2, 3, 1];

/** What makes a CD ILLEGAL, as far as no second stage decides: IHI 0070 5.4.2. */
export const CD_CASES: readonly RuleCase[] = [
  { id: 'CD-V', breaks: { cd: { V: 0 } }, holds: {}, gives: 'C_BAD_CD' },
  {
    id: 'CD-S-STALLD',
    base: { ste: { S1STALLD: 1 } },
    breaks: { cd: { S: 1 } },
    holds: { cd: { S: 0 } },
    gives: 'C_BAD_CD',
  },
  {
    id: 'CD-A-TERM',
    base: { registers: { 'IDR0.TERM_MODEL': 1 } },
    breaks: { cd: { A: 0 } },
    holds: { cd: { A: 1 } },
    gives: 'C_BAD_CD',
  },
  {
    id: 'CD-S-NOSTALL',
    base: { registers: { 'IDR0.STALL_MODEL': 1 } },
    breaks: { cd: { S: 1 } },
    holds: { cd: { S: 0 } },
    gives: 'C_BAD_CD',
  },
  {
    id: 'CD-S-FORCE',
    base: { registers: { 'IDR0.STALL_MODEL': 2 } },
    breaks: { cd: { S: 0 } },
    holds: { cd: { S: 1 } },
    gives: 'C_BAD_CD',
  },
  {
    id: 'CD-ENDI',
    base: { registers: { 'IDR0.TTENDIAN': 2 } },
    breaks: { cd: { ENDI: 1 } },
    holds: { cd: { ENDI: 0 } },
    gives: 'C_BAD_CD',
    // The descriptors of the test are little-endian.
  },
  {
    id: 'CD-ENDI',
    base: { registers: { 'IDR0.TTENDIAN': 3 } },
    breaks: { cd: { ENDI: 0 } },
    // Neither half is walked: ENDI does not matter.
    holds: { cd: { ENDI: 0, EPD0: 1 } },
    gives: 'C_BAD_CD',
    otherwise: 'F_TRANSLATION',
  },
  {
    id: 'CD-AA32',
    base: { cd: { AA64: 0 }, prepare: shortTables },
    breaks: { registers: { 'IDR0.TTF': 2 } },
    holds: { registers: { 'IDR0.TTF': 3 } },
    gives: 'C_BAD_CD',
  },
  {
    id: 'CD-AA32',
    base: { registers: { 'IDR0.TTF': 3 }, ste: { STRW: 2 }, cd: { AA64: 0 }, prepare: shortTables },
    breaks: { registers: { 'CR2.E2H': 1 } },
    holds: { registers: { 'CR2.E2H': 0 } },
    gives: 'C_BAD_CD',
  },
  {
    id: 'CD-AA64',
    breaks: { registers: { 'IDR0.TTF': 1 } },
    holds: { registers: { 'IDR0.TTF': 3 } },
    gives: 'C_BAD_CD',
  },
  ...[{ HA: 1 }, { HD: 1 }].map(
    (cd): RuleCase => ({
      id: 'CD-HTTU',
      base: { cd },
      breaks: { registers: { 'IDR0.HTTU': 0 } },
      holds: { registers: { 'IDR0.HTTU': 2 } },
      gives: 'C_BAD_CD',
    }),
  ),
  {
    id: 'CD-HTTU',
    base: { registers: { 'IDR0.HTTU': 1 } },
    breaks: { cd: { HA: 1, HD: 1 } },
    holds: { cd: { HA: 1 } },
    gives: 'C_BAD_CD',
  },
  {
    id: 'CD-HAFT',
    base: { registers: { 'IDR0.HTTU': 3 }, cd: { HAFT: 1 } },
    breaks: { cd: { HA: 0 } },
    holds: { cd: { HA: 1 } },
    gives: 'C_BAD_CD',
  },
  {
    id: 'CD-HAFT',
    breaks: { registers: { 'IDR0.HTTU': 3 }, cd: { HAFT: 1 } },
    holds: { registers: { 'IDR0.HTTU': 2 }, cd: { HAFT: 1 } },
    gives: 'C_BAD_CD',
  },
  {
    id: 'CD-ASID8',
    base: { registers: { 'IDR0.ASID16': 0 } },
    breaks: { cd: { ASID: 0x100 } },
    holds: { cd: { ASID: 0xff } },
    gives: 'C_BAD_CD',
  },
  {
    id: 'CD-ASID8',
    base: { ...E2H, registers: { 'IDR0.ASID16': 0 }, cd: { ASID: 0x100 } },
    breaks: { registers: { 'CR2.E2H': 1 } },
    // EL2 without E2H has no ASID.
    holds: { registers: { 'CR2.E2H': 0 } },
    gives: 'C_BAD_CD',
  },
  ...TXSZ.map(
    ([registers, cd, bad, good]): RuleCase => ({
      id: 'CD-T0SZ',
      base: { registers: registers ?? {}, cd: cd ?? {} },
      breaks: { cd: { T0SZ: bad } },
      holds: { cd: { T0SZ: good } },
      gives: 'C_BAD_CD',
      // The tables of the test are those of a 48-bit range in 4 KiB.
      otherwise: cd?.['TG0'] === 0 && good === 16 ? 'ok' : 'F_TRANSLATION',
    }),
  ),
  ...TXSZ.map(([registers, cd, bad, good]): RuleCase => {
    const TG1 = TG1_OF_TG0[Number(cd?.['TG0'])] ?? 0;
    return {
      id: 'CD-T1SZ',
      base: { registers: registers ?? {}, cd: { ...bothHalves.cd, TG1, DS: cd?.['DS'] ?? 0 } },
      breaks: { cd: { T1SZ: bad } },
      holds: { cd: { T1SZ: good } },
      gives: 'C_BAD_CD',
      otherwise: 'ok',
    };
  }),
  { id: 'CD-TG0', breaks: { cd: { TG0: 3 } }, holds: {}, gives: 'C_BAD_CD' },
  ...['GRAN4K', 'GRAN64K', 'GRAN16K'].map(
    (granule, TG0): RuleCase => ({
      id: 'CD-TG0',
      base: { cd: { TG0 } },
      breaks: { registers: { [`IDR5.${granule}`]: 0 } },
      holds: {},
      gives: 'C_BAD_CD',
      otherwise: TG0 === 0 ? 'ok' : 'F_TRANSLATION',
    }),
  ),
  { id: 'CD-TG1', base: bothHalves, breaks: { cd: { TG1: 0 } }, holds: {}, gives: 'C_BAD_CD' },
  ...['GRAN16K', 'GRAN64K'].map(
    (granule, i): RuleCase => ({
      id: 'CD-TG1',
      base: { cd: { ...bothHalves.cd, TG1: i * 2 + 1 } },
      breaks: { registers: { [`IDR5.${granule}`]: 0 } },
      holds: {},
      gives: 'C_BAD_CD',
    }),
  ),
  {
    id: 'CD-TTB0',
    base: { cd: { IPS: 0 } },
    breaks: { cd: { TTB0: 2 ** 32 } },
    holds: { cd: { TTB0 } },
    gives: 'C_BAD_CD',
  },
  {
    // Capped by OAS.
    id: 'CD-TTB0',
    base: { registers: { 'IDR5.OAS': 0 }, cd: { IPS: 5 } },
    breaks: { cd: { TTB0: 2 ** 32 } },
    holds: { cd: { TTB0 } },
    gives: 'C_BAD_CD',
  },
  {
    // 4 KiB without DS: 48 bits, whatever IPS says.
    id: 'CD-TTB0',
    base: { registers: { 'IDR5.OAS': 6 }, cd: { IPS: 6, TTB0: 2 ** 48 } },
    breaks: { cd: { TG0: 0 } },
    holds: { cd: { TG0: 1 } },
    gives: 'C_BAD_CD',
    otherwise: 'F_WALK_EABT',
  },
  {
    id: 'CD-TTB0',
    base: { registers: { 'IDR5.OAS': 6, 'IDR5.DS': 1 }, cd: { IPS: 6, TTB0: 2 ** 48 } },
    breaks: { cd: { DS: 0 } },
    holds: { cd: { DS: 1 } },
    gives: 'C_BAD_CD',
    otherwise: 'F_WALK_EABT',
  },
  {
    id: 'CD-TTB1',
    base: { cd: { ...bothHalves.cd, IPS: 0 } },
    breaks: { cd: { TTB1: 2 ** 32 } },
    holds: { cd: { TTB1 } },
    gives: 'C_BAD_CD',
  },
  {
    id: 'CD-D128-S1PIE',
    base: d128,
    breaks: { ste: { S1PIE: 0 } },
    holds: {},
    gives: 'C_BAD_CD',
    otherwise: 'not-modelled',
  },
  {
    id: 'CD-D128-EL2',
    base: { ...d128, ste: { STRW: 2, S1PIE: 1 } },
    breaks: { registers: { 'CR2.E2H': 0 } },
    holds: { registers: { 'CR2.E2H': 1 } },
    gives: 'C_BAD_CD',
    otherwise: 'not-modelled',
  },
  {
    id: 'CD-D128-SKL',
    base: { ...d128, cd: { AA64: 0, T0SZ: 28 } },
    breaks: { cd: { SKL0: 3 } },
    holds: { cd: { SKL0: 2 } },
    gives: 'C_BAD_CD',
    otherwise: 'not-modelled',
  },
  ...[{ PIIP0: 4 }, { PIIP15: 6 }, { PIIU0: 4 }, { PIIU10: 6 }, { PIIU5: 5, PIIP5: 3 }].map(
    (cd): RuleCase => ({
      id: 'CD-PII',
      base: indirect,
      breaks: { cd },
      holds: { cd: Object.fromEntries(Object.keys(cd).map((key) => [key, 1])) },
      gives: 'C_BAD_CD',
      otherwise: 'not-modelled',
    }),
  ),
  {
    id: 'CD-PII',
    base: { registers: { 'IDR3.S1PI': 1 }, ste: { S1PIE: 1 }, cd: { PIIP0: 4 } },
    breaks: { cd: { PIE: 1 } },
    // Indirection is off.
    holds: { cd: { PIE: 0 } },
    gives: 'C_BAD_CD',
  },
  {
    id: 'CD-EPD-IGN',
    breaks: { cd: { EPD1: 1, TG1: 0, T1SZ: 63, TTB1: 2 ** 51 } },
    holds: { cd: { EPD1: 0, TG1: 0, T1SZ: 63, TTB1: 2 ** 51 } },
    gives: 'ok',
    otherwise: 'C_BAD_CD',
  },
  {
    id: 'CD-EL2-T1IGN',
    base: { cd: { EPD1: 0, TG1: 0, T1SZ: 63, TTB1: 2 ** 51 } },
    breaks: { ste: { STRW: 2 } },
    holds: { ste: { STRW: 0 } },
    gives: 'ok',
    otherwise: 'C_BAD_CD',
  },
];
