/** Rules of Secure and Realm streams. */

import { identity, NONSECURE_S2TTB, S2_STE, SECURE_S2_STE } from '../../kit/stage2.ts';
import type { RuleCase, SetUp } from './case.ts';

const SECURE: SetUp = { worlds: 'secure', world: 's' };
const REALM: SetUp = { worlds: 'rme', world: 'realm' };

/** A Secure stream through stage 2, in which every IPA of either space is its PA. */
const SECURE_STAGE2: SetUp = {
  ...SECURE,
  ste: SECURE_S2_STE,
  prepare: (m) => {
    identity(m);
    identity(m, { ttb: NONSECURE_S2TTB });
  },
};

const REALM_STAGE2: SetUp = { ...REALM, ste: S2_STE, prepare: (m) => identity(m) };

const NONSECURE_FETCH = { access: { instruction: true, ns: true } };

export const WORLD_CASES: readonly RuleCase[] = [
  {
    id: 'STE-S-S2-UNSUP',
    base: SECURE_STAGE2,
    breaks: { registers: { 'S_IDR1.SEL2': 0 } },
    holds: {},
    gives: 'C_BAD_STE',
    otherwise: 'translates',
  },
  {
    id: 'STE-SR-AA32',
    base: { ...SECURE_STAGE2, registers: { 'IDR0.TTF': 3 } },
    breaks: { ste: { S2AA64: 0 } },
    holds: { ste: { S2AA64: 1 } },
    gives: 'C_BAD_STE',
    otherwise: 'translates',
  },
  {
    id: 'STE-SR-AA32',
    base: { ...REALM_STAGE2, registers: { 'IDR0.TTF': 3 } },
    breaks: { ste: { S2AA64: 0 } },
    holds: { ste: { S2AA64: 1 } },
    gives: 'C_BAD_STE',
    otherwise: 'translates',
  },
  {
    id: 'STE-STRW-S3',
    base: SECURE,
    breaks: { ste: { STRW: 3 } },
    holds: { ste: { STRW: 2 } },
    gives: 'C_BAD_STE',
  },
  {
    id: 'STE-STRW-EL3-RME',
    base: { worlds: 'rme', world: 's', ste: { STRW: 1 } },
    breaks: {},
    holds: { registers: { 'IDR0.RME_IMPL': 0 } },
    gives: 'C_BAD_STE',
  },
  {
    id: 'STE-STRW-SEL2',
    base: { ...SECURE, ste: { STRW: 2 } },
    breaks: { registers: { 'S_IDR1.SEL2': 0 } },
    holds: {},
    gives: 'C_BAD_STE',
  },
  ...[1, 2].map(
    (model): RuleCase => ({
      id: 'STE-S1STALLD-S',
      base: { ...SECURE, ste: { S1STALLD: 1 } },
      breaks: { registers: { 'S_IDR0.STALL_MODEL': model } },
      holds: { registers: { 'S_IDR0.STALL_MODEL': 0 } },
      gives: 'C_BAD_STE',
    }),
  ),
  ...[{ S_S2TG: 3 }, { S_S2T0SZ: 15 }, { S_S2SL0: 3 }, { S_S2TTB: 2 ** 48 }].map(
    (ste): RuleCase => ({
      id: 'STE-S-S2TTB',
      base: SECURE_STAGE2,
      breaks: { ste },
      holds: {},
      gives: 'C_BAD_STE',
      otherwise: 'translates',
    }),
  ),
  {
    id: 'SIF-BYPASS',
    base: { ...SECURE, registers: { 'S_CR0.SIF': 1 }, ste: { Config: 4 } },
    breaks: NONSECURE_FETCH,
    holds: { access: { instruction: true, ns: false } },
    gives: 'F_PERMISSION',
  },
  {
    id: 'STE-DPT-VMATCH-R',
    base: { ...REALM, registers: { 'R_IDR3.DPT': 1 }, ste: { EATS: 3 } },
    breaks: { ste: { DPT_VMATCH: 1 } },
    holds: { ste: { DPT_VMATCH: 0 } },
    gives: 'C_BAD_STE',
  },
  {
    id: 'STE-S1STALLD-R',
    base: REALM,
    breaks: { ste: { S1STALLD: 1 } },
    holds: { ste: { S1STALLD: 0 } },
    gives: 'C_BAD_STE',
  },
  {
    id: 'STE-S2S-R',
    base: REALM_STAGE2,
    breaks: { ste: { S2S: 1 } },
    holds: { ste: { S2S: 0 } },
    gives: 'C_BAD_STE',
    otherwise: 'translates',
  },
  {
    id: 'CD-AA32-REALM',
    base: { ...REALM, registers: { 'IDR0.TTF': 3 } },
    breaks: { cd: { AA64: 0 } },
    holds: { cd: { AA64: 1 } },
    gives: 'C_BAD_CD',
  },
  {
    id: 'DIS-REALM',
    base: REALM,
    breaks: { registers: { 'R_CR0.SMMUEN': 0 } },
    holds: {},
    gives: null,
  },
  {
    id: 'DIS-REALM-NSEXEC',
    base: { ...REALM, ste: { Config: 4 } },
    breaks: NONSECURE_FETCH,
    holds: { access: { instruction: true, ns: false } },
    gives: 'F_PERMISSION',
  },
];
