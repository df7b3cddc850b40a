import { WORLDS, type World } from '../bits/world.ts';
import { GPI } from './encodings.ts';
import type { GerrorName } from './gerror.ts';

/** Bits of the address space that granule protection covers, by GPT_BASE_CFG.PPS; undefined where reserved. */
export const PPS_BITS: readonly (number | undefined)[] = [32, 36, 40, 42, 44, 48, 52, undefined];

/** log2 of the protection granule, by GPT_BASE_CFG.PGS; undefined where reserved. */
export const PGS_LOG2: readonly (number | undefined)[] = [12, 16, 14, undefined];

/** log2 of the bytes that a level-0 entry covers, by GPT_BASE_CFG.L0GPTSZ. */
export const L0GPTSZ_LOG2: Readonly<Record<number, number>> = { 0: 30, 4: 34, 6: 36, 9: 39 };

/** log2 of the bytes of a contiguous level-1 region, by GPT_L1_CONTIG.Contig; undefined where reserved. */
export const CONTIG_LOG2: readonly (number | undefined)[] = [undefined, 21, 25, 29];

/** log2 of the bytes that ROOT_TLBI.SIZE names; undefined where reserved. */
export const GPT_TLBI_LOG2: readonly (number | undefined)[] = [12, 14, 16, 21, 25, 29, 30, 34, 36, 39];

/** Which address spaces a GPI lets in; any other code makes the entry invalid, as this SMMU has no RME GDI and no GPC2. */
export const GPI_ALLOWS: Readonly<Record<number, readonly World[]>> = {
  [GPI.names.NO_ACCESS]: [],
  [GPI.names.SECURE]: ['s'],
  [GPI.names.NONSECURE]: ['ns'],
  [GPI.names.ROOT]: ['root'],
  [GPI.names.REALM]: ['realm'],
  [GPI.names.ANY]: WORLDS,
};

/** What ROOT_GPF_FAR.FAULTCODE and ROOT_GPT_CFG_FAR.FAULTCODE name while REASON is TRANSLATION. */
export const GPC_TRANSLATION_FAULTCODES: Readonly<Record<number, string>> = {
  3: 'STE',
  9: 'CD',
  11: 'walk',
  37: 'VMS',
};

/** The same while REASON is GERROR. */
export const GPC_GERROR_FAULTCODES: Readonly<Record<number, string>> = {
  0: 'CMDQ',
  2: 'EVENTQ',
  3: 'PRIQ',
  4: 'CMDQ MSI',
  5: 'EVENTQ MSI',
  6: 'PRIQ MSI',
  7: 'GERROR MSI',
  16: 'other',
};

/** FAULTCODE of a refused access that shows as a global error; of another it is {@link GPC_OTHER_FAULTCODE}. */
export const GPC_FAULTCODE_OF_ERROR: Readonly<Partial<Record<GerrorName, number>>> = {
  CMDQ_ERR: 0,
  CMDQP_ERR: 0,
  EVENTQ_ABT_ERR: 2,
  PRIQ_ABT_ERR: 3,
  MSI_CMDQ_ABT_ERR: 4,
  MSI_EVENTQ_ABT_ERR: 5,
  MSI_PRIQ_ABT_ERR: 6,
  MSI_GERROR_ABT_ERR: 7,
};

/** FAULTCODE of any other access of the SMMU. */
export const GPC_OTHER_FAULTCODE = 16;
