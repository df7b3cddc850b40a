import type { Values } from '../../kit/smmu.ts';
import { LEAF, TABLE, USER_PAGE } from '../../kit/tables.ts';
import { joined, type SetUp } from '../validity/case.ts';
import { page, STAGE_2_ONLY, UPPER, upperPage } from './picture.ts';

const KERNEL_PAGE = LEAF.AF | LEAF.nG;

/** Configurations in which a field of an STE or a CD shows in what transactions do, once its feature is there. */
export const WITNESSES: Readonly<Record<string, SetUp>> = {
  'STE.S1Fmt': { ste: { S1CDMax: 1, S1DSS: 2 } },
  'STE.S1CDMax': {},
  'STE.S1DSS': { ste: { S1CDMax: 1 } },
  'STE.S1PIE': { cd: { PIE: 1 } },
  'STE.EATS': {},
  'STE.STRW': {},
  'STE.PRIVCFG': page(KERNEL_PAGE, 0n),
  'STE.INSTCFG': page(USER_PAGE | LEAF.UXN, 0n),
  'STE.S2VMID': {},
  'STE.S2PIE': STAGE_2_ONLY,
  'STE.S2HAFT': joined(STAGE_2_ONLY, { ste: { S2HA: 1 } }),
  'STE.S2DS': STAGE_2_ONLY,
  'CD.HAFT': { cd: { HA: 1 } },
  'CD.HAD0': page(USER_PAGE, TABLE.READ_ONLY),
  'CD.HAD1': upperPage(USER_PAGE, TABLE.READ_ONLY),
  'CD.E0PD0': {},
  'CD.E0PD1': UPPER,
  'CD.EPAN': page(KERNEL_PAGE, 0n, { PAN: 1 }),
  'CD.DS': { registers: { 'IDR5.VAX': 1 }, cd: { T0SZ: 12 } },
  'CD.PIE': { ste: { S1PIE: 1 } },
};

/** What the configuration needs for single values of a field to be used; by field, or by field and value. */
export const CONTEXT: Readonly<Record<string, SetUp>> = {
  'STE.S1Fmt': { ste: { S1CDMax: 4 } },
  'STE.Config': STAGE_2_ONLY,
  'STE.EATS': joined(STAGE_2_ONLY, { ste: { Config: 7 } }),
  // A table of at most 25 bits begins at level 3.
  'STE.S2T0SZ': { ste: { S2SL0: 3 } },
  // VMSAv8-32 LPAE: 32 bits, from level 1.
  'STE.S2AA64=0': { ste: { S2T0SZ: 0, S2SL0: 1 } },
  'CD.T1SZ': UPPER,
  'CD.TG1': UPPER,
};

/** Virtual addresses of 52 bits need the 64 KiB granule. */
export const LARGE: SetUp = joined(UPPER, { cd: { TG0: 1, TG1: 3 } });

/** Arguments with which a field of a command matters, once its feature is there. */
export const COMMAND_WITNESSES: Readonly<Record<string, Values>> = {
  NUM: { TG: 1 },
  SCALE: { TG: 1, NUM: 1 },
  TG: {},
  TTL: { TG: 1, NUM: 1 },
  MSIAddress: { CS: 1, MSIData: 0xabcd },
  MSIData: { CS: 1, MSIAddress: 0x48001000 },
};
