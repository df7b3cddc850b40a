import type { RuleCase } from './case.ts';

/** What makes an STE ILLEGAL, as far as no second stage decides (see `STAGE2_CASES`): IHI 0070 5.2.2. */
export const STE_CASES: readonly RuleCase[] = [
  { id: 'STE-V', breaks: { ste: { V: 0 } }, holds: {}, gives: 'C_BAD_STE' },
  // V=0 is looked at before Config.
  { id: 'STE-V', breaks: { ste: { V: 0, Config: 0 } }, holds: {}, gives: 'C_BAD_STE' },
  { id: 'STE-ABORT', breaks: { ste: { Config: 0 } }, holds: { ste: { Config: 4 } }, gives: null },
  // A terminating STE is never looked at more closely.
  {
    id: 'STE-ABORT',
    breaks: { ste: { Config: 0, S1CDMax: 31, STRW: 3, EATS: 2, S1STALLD: 1 } },
    holds: { ste: { Config: 4, S1CDMax: 31, S1STALLD: 1 } },
    gives: null,
  },
  ...[1, 2, 3].map(
    (Config): RuleCase => ({
      id: 'STE-RES-CFG',
      breaks: { ste: { Config } },
      holds: { ste: { Config: 5 } },
      gives: null,
    }),
  ),
  {
    id: 'STE-S1-UNSUP',
    breaks: { registers: { 'IDR0.S1P': 0 } },
    holds: { registers: { 'IDR0.S1P': 0 }, ste: { Config: 4 } },
    gives: 'C_BAD_STE',
  },
  ...[1, 2].map(
    (S1Fmt): RuleCase => ({
      id: 'STE-S1FMT',
      base: { registers: { 'IDR0.CD2L': 0 }, ste: { S1Fmt, S1DSS: 2 } },
      breaks: { ste: { S1CDMax: 1 } },
      holds: { ste: { S1CDMax: 0 } },
      gives: 'C_BAD_STE',
    }),
  ),
  {
    id: 'STE-S1CDMAX',
    base: { ste: { S1DSS: 2 } },
    breaks: { ste: { S1CDMax: 17 } },
    holds: { ste: { S1CDMax: 16 } },
    gives: 'C_BAD_STE',
  },
  {
    id: 'STE-S1CDMAX',
    base: { ste: { S1DSS: 2, S1CDMax: 1 } },
    breaks: { registers: { 'IDR1.SSIDSIZE': 1 }, ste: { S1CDMax: 2 } },
    // SSIDSIZE=0: S1CDMax is IGNORED.
    holds: { registers: { 'IDR1.SSIDSIZE': 0 }, ste: { S1CDMax: 31 } },
    gives: 'C_BAD_STE',
  },
  {
    id: 'STE-S1CTXPTR',
    breaks: { ste: { S1ContextPtr: 2 ** 48 } },
    holds: { ste: { S1ContextPtr: 2 ** 48 - 64 } },
    gives: 'C_BAD_STE',
    otherwise: 'F_CD_FETCH',
  },
  ...[1, 3].map(
    (STRW): RuleCase => ({
      id: 'STE-STRW-NSR',
      breaks: { ste: { STRW } },
      holds: { ste: { STRW: STRW - 1 } },
      gives: 'C_BAD_STE',
    }),
  ),
  {
    id: 'STE-STRW-IGN',
    breaks: { registers: { 'IDR0.Hyp': 0 }, ste: { STRW: 3 } },
    holds: { ste: { STRW: 3 } },
    gives: 'ok',
    otherwise: 'C_BAD_STE',
  },
  {
    id: 'STE-STRW-IGN',
    breaks: { ste: { Config: 4, STRW: 3 } },
    holds: { ste: { STRW: 3 } },
    gives: 'ok',
    otherwise: 'C_BAD_STE',
  },
  { id: 'STE-EATS-SPLIT', breaks: { ste: { EATS: 2 } }, holds: { ste: { EATS: 1 } }, gives: 'C_BAD_STE' },
  {
    id: 'STE-EATS-DPT-SW',
    base: { registers: { 'IDR3.DPT': 1 }, ste: { EATS: 3 } },
    breaks: { ste: { STRW: 2 } },
    holds: { ste: { STRW: 0 } },
    gives: 'C_BAD_STE',
  },
  {
    id: 'STE-EATS-DPT-SW',
    base: { ste: { EATS: 3, STRW: 2 } },
    breaks: { registers: { 'IDR3.DPT': 1 } },
    // Without a Device Permission Table EATS=3 is reserved and acts as 0.
    holds: { registers: { 'IDR3.DPT': 0 } },
    gives: 'C_BAD_STE',
  },
  {
    id: 'STE-EATS-IGN',
    breaks: { registers: { 'IDR0.ATS': 0 }, ste: { EATS: 2 } },
    holds: { ste: { EATS: 2 } },
    gives: 'ok',
    otherwise: 'C_BAD_STE',
  },
  {
    id: 'STE-EATS-IGN',
    breaks: { ste: { Config: 4, EATS: 2 } },
    holds: { ste: { EATS: 2 } },
    gives: 'ok',
    otherwise: 'C_BAD_STE',
  },
  ...[1, 2].map(
    (model): RuleCase => ({
      id: 'STE-S1STALLD-NS',
      base: { registers: { 'IDR0.STALL_MODEL': model }, cd: { S: model === 2 ? 1 : 0 } },
      breaks: { ste: { S1STALLD: 1 } },
      holds: { ste: { S1STALLD: 0 } },
      gives: 'C_BAD_STE',
    }),
  ),
  {
    // Secure software forbids Non-secure stalls: the stall model is 1 in effect (3.12.2).
    id: 'STE-S1STALLD-NS',
    base: { ste: { S1STALLD: 1 } },
    breaks: { registers: { 'S_CR0.NSSTALLD': 1 } },
    holds: {},
    gives: 'C_BAD_STE',
  },
  {
    id: 'STE-VMID8',
    base: { registers: { 'IDR0.VMID16': 0 } },
    breaks: { ste: { S2VMID: 0x100 } },
    holds: { ste: { S2VMID: 0xff } },
    gives: 'C_BAD_STE',
  },
  {
    // EL2 has no VMID.
    id: 'STE-VMID8',
    base: { registers: { 'IDR0.VMID16': 0 }, ste: { S2VMID: 0x100 } },
    breaks: {},
    holds: { ste: { STRW: 2 } },
    gives: 'C_BAD_STE',
  },
  {
    id: 'BYP-ADDR',
    base: { ste: { Config: 4 } },
    breaks: { iova: 2 ** 48 },
    holds: { iova: 2 ** 48 - 1 },
    gives: 'F_ADDR_SIZE',
  },
];
