import { CDTAB } from '../../kit/smmu.ts';
import type { RuleCase, SetUp } from './case.ts';

const LEAF = 0x40500000;

/** CDs 0 to 4 of a linear table are all alike. */
const fiveCds: SetUp = { prepare: (m) => [1, 2, 3, 4].map((i) => m.cd({}, CDTAB + i * 64)) };

/** Two-level CD table; the CD that SubstreamID 1 leads to is usable. */
const twoLevels: SetUp = {
  ste: { S1Fmt: 1, S1CDMax: 8 },
  access: { ssid: 1 },
  prepare: (m) => m.cd({}, LEAF + 64),
};

/** Which CD a SubstreamID leads to: IHI 0070 3.3.2, 5.2 (S1CDMax, S1DSS), 5.3. */
export const SUBSTREAM_CASES: readonly RuleCase[] = [
  {
    id: 'SSID-NOS1',
    base: { ste: { Config: 4 } },
    breaks: { access: { ssid: 1 } },
    holds: {},
    gives: 'C_BAD_SUBSTREAMID',
  },
  {
    id: 'SSID-DISABLED',
    base: { ste: { S1CDMax: 0 } },
    breaks: { access: { ssid: 0 } },
    holds: {},
    gives: 'C_BAD_SUBSTREAMID',
  },
  {
    id: 'SSID-UNSUP',
    base: { registers: { 'IDR1.SSIDSIZE': 0 }, ste: { S1CDMax: 4 } },
    breaks: { access: { ssid: 0 } },
    holds: {},
    gives: 'C_BAD_SUBSTREAMID',
    alsoCaughtBy: ['SSID-DISABLED'],
  },
  {
    id: 'SSID-RANGE',
    base: { ...fiveCds, ste: { S1CDMax: 2 } },
    breaks: { access: { ssid: 4 } },
    holds: { access: { ssid: 3 } },
    gives: 'C_BAD_SUBSTREAMID',
  },
  {
    id: 'SSID-L1CD-V',
    base: twoLevels,
    breaks: { prepare: (m) => m.l1cd(CDTAB, { V: 0, L2Ptr: LEAF }) },
    holds: { prepare: (m) => m.l1cd(CDTAB, { V: 1, L2Ptr: LEAF }) },
    gives: 'C_BAD_SUBSTREAMID',
  },
  {
    id: 'SSID-L1CD-OOR',
    base: twoLevels,
    breaks: { prepare: (m) => m.l1cd(CDTAB, { V: 1, L2Ptr: 2 ** 48 }) },
    holds: { prepare: (m) => m.l1cd(CDTAB, { V: 1, L2Ptr: 2 ** 48 - 4096 }) },
    gives: 'C_BAD_SUBSTREAMID',
    otherwise: 'F_CD_FETCH',
  },
  {
    id: 'SD-NOSSID',
    base: { ste: { S1CDMax: 2 } },
    breaks: { ste: { S1DSS: 0 } },
    holds: { ste: { S1DSS: 2 } },
    gives: 'F_STREAM_DISABLED',
  },
  {
    id: 'SD-SSID0',
    base: { ...fiveCds, ste: { S1CDMax: 2, S1DSS: 2 } },
    breaks: { access: { ssid: 0 } },
    holds: { access: { ssid: 1 } },
    gives: 'F_STREAM_DISABLED',
  },
  {
    id: 'SD-RES',
    base: { ste: { S1CDMax: 2 } },
    breaks: { ste: { S1DSS: 3 } },
    holds: { ste: { S1DSS: 2 } },
    gives: 'F_STREAM_DISABLED',
  },
  {
    // No CD is fetched, so none need be there.
    id: 'SD-BYPASS',
    base: { cd: { V: 0 }, ste: { S1CDMax: 2 } },
    breaks: { ste: { S1DSS: 1 } },
    holds: { ste: { S1DSS: 2 } },
    gives: 'ok',
    otherwise: 'C_BAD_CD',
  },
  {
    id: 'CD-FETCH-EABT',
    breaks: { ste: { S1ContextPtr: 0x80000000 } },
    holds: {},
    gives: 'F_CD_FETCH',
    fetch: 0x80000000n,
  },
  {
    id: 'CD-FETCH-EABT',
    base: { ste: { S1Fmt: 1, S1CDMax: 8 }, access: { ssid: 0x41 } },
    breaks: { ste: { S1ContextPtr: 0x80000000 } },
    holds: {
      prepare: (m) => {
        m.l1cd(CDTAB + 8, { V: 1, L2Ptr: LEAF });
        m.cd({}, LEAF + 64);
      },
    },
    gives: 'F_CD_FETCH',
    fetch: 0x80000008n,
  },
];
