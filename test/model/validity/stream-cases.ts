import { STRTAB } from '../../kit/smmu.ts';
import type { RuleCase, SetUp } from './case.ts';

const LEAF_STES = STRTAB + 0x100000;

/** A two-level stream table whose first L1STD leads to 2^(span-1) STEs. */
function twoLevel(span: number, split: number, sid: number): SetUp {
  return {
    registers: {
      'STRTAB_BASE_CFG.FMT': 1,
      'STRTAB_BASE_CFG.SPLIT': split,
      'STRTAB_BASE_CFG.LOG2SIZE': 12,
    },
    sid,
    prepare: (m) => {
      m.l1std(STRTAB, { Span: span, L2Ptr: LEAF_STES });
      m.store(LEAF_STES + sid * 64, Uint32Array.from(m.words(STRTAB + 8 * 64, 16)));
    },
  };
}

/** Which STE a StreamID leads to: IHI 0070 3.3.2, 5.1, 7.3.3. */
export const STREAM_ID_CASES: readonly RuleCase[] = [
  {
    id: 'SID-RANGE',
    base: {
      registers: { 'STRTAB_BASE_CFG.LOG2SIZE': 4 },
      prepare: (m) => [15, 16].map((sid) => m.ste({}, sid)),
    },
    breaks: { sid: 16 },
    holds: { sid: 15 },
    gives: 'C_BAD_STREAMID',
  },
  {
    id: 'SID-RANGE',
    base: {
      registers: { 'STRTAB_BASE_CFG.LOG2SIZE': 8, 'IDR1.SIDSIZE': 4 },
      prepare: (m) => [15, 16].map((sid) => m.ste({}, sid)),
    },
    breaks: { sid: 16 },
    holds: { sid: 15 },
    gives: 'C_BAD_STREAMID',
  },
  {
    id: 'SID-SPAN0',
    breaks: twoLevel(0, 6, 0),
    holds: twoLevel(1, 6, 0),
    gives: 'C_BAD_STREAMID',
  },
  {
    id: 'SID-SPANRES',
    breaks: twoLevel(12, 10, 0),
    holds: twoLevel(11, 10, 0),
    gives: 'C_BAD_STREAMID',
    alsoCaughtBy: ['SID-SPANBIG'],
  },
  {
    id: 'SID-SPANRES',
    breaks: twoLevel(31, 10, 0),
    holds: twoLevel(11, 10, 1023),
    gives: 'C_BAD_STREAMID',
    alsoCaughtBy: ['SID-SPANBIG'],
  },
  {
    id: 'SID-SPANBIG',
    breaks: twoLevel(10, 8, 0),
    holds: twoLevel(9, 8, 0),
    gives: 'C_BAD_STREAMID',
  },
  {
    id: 'SID-SPANRANGE',
    breaks: twoLevel(3, 6, 4),
    holds: twoLevel(3, 6, 3),
    gives: 'C_BAD_STREAMID',
  },
  {
    id: 'SID-RECINVSID0',
    base: { registers: { 'STRTAB_BASE_CFG.LOG2SIZE': 3 } },
    breaks: { registers: { 'CR2.RECINVSID': 0 } },
    holds: { registers: { 'CR2.RECINVSID': 1 } },
    gives: null,
    otherwise: 'C_BAD_STREAMID',
  },
  {
    id: 'STE-FETCH-EABT',
    breaks: { registers: { 'STRTAB_BASE.ADDR': 0x80000000 } },
    holds: {},
    gives: 'F_STE_FETCH',
    fetch: 0x80000200n,
  },
  {
    id: 'STE-FETCH-EABT',
    base: { registers: { 'STRTAB_BASE_CFG.FMT': 1, 'STRTAB_BASE_CFG.SPLIT': 6 }, sid: 65 },
    breaks: { prepare: (m) => m.l1std(STRTAB + 8, { Span: 7, L2Ptr: 0x80000000 }) },
    holds: {
      prepare: (m) => {
        m.l1std(STRTAB + 8, { Span: 7, L2Ptr: LEAF_STES });
        m.ste({}, (LEAF_STES - STRTAB) / 64 + 1);
      },
    },
    gives: 'F_STE_FETCH',
    fetch: 0x80000040n,
  },
];

/** SMMUEN=0: IHI 0070 3.4, 6.3.9.6, 6.3.14. */
export const DISABLED_CASES: readonly RuleCase[] = [
  {
    id: 'DIS-ABORT',
    base: { registers: { 'CR0.SMMUEN': 0 } },
    breaks: { registers: { 'GBPA.ABORT': 1 } },
    holds: { registers: { 'GBPA.ABORT': 0 } },
    gives: null,
  },
  {
    id: 'DIS-BYPASS',
    base: { registers: { 'CR0.SMMUEN': 0 } },
    breaks: { iova: 2 ** 48 },
    holds: { iova: 2 ** 48 - 1 },
    gives: null,
  },
];
