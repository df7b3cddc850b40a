import { layout } from '../bits/layout.ts';
import { DPT_AC } from './encodings.ts';

/** Level-0 device permission table entry: no access. */
export const DPT_L0_NOACCESS = layout('DPT_L0_NOACCESS', '3.24.3.1.1', 64, {
  Type: { bits: [1, 0], doc: '0b00: the region is not accessible; must not be cached.', conf: 'medium' },
});

/** Level-0 device permission table entry that covers its whole region. Field positions are inferred. */
export const DPT_L0_BLOCK = layout('DPT_L0_BLOCK', '3.24.3.1.2', 64, {
  Type: { bits: [1, 0], doc: '0b01: Block.', conf: 'medium' },
  AC: {
    bits: [3, 2],
    doc: 'Access control.',
    conf: 'low',
    note: 'Bit positions inferred from the L1 entry layout; figure not available.',
    ...DPT_AC,
  },
  W: { bits: [4, 4], doc: 'Write permitted.', conf: 'low', note: 'Position inferred.' },
  VMID: { bits: [31, 16], doc: 'Owner VMID.', conf: 'low', note: 'Position inferred.' },
});

/** Level-0 device permission table entry that points to a level-1 table. */
export const DPT_L0_TABLE = layout('DPT_L0_TABLE', '3.24.3.1.3', 64, {
  Type: { bits: [1, 0], doc: '0b11: Table.', conf: 'medium' },
  Address: {
    bits: [55, 12],
    doc: 'Address of the level-1 table, bits [55:12].',
    conf: 'medium',
    address: true,
  },
});

/** Level-1 device permission table entry: two granules, or a contiguous region. */
export const DPT_L1 = layout('DPT_L1', '3.24.3.1.4', 64, {
  A: {
    bits: [1, 0],
    doc: 'bit0: lower granule present, bit1: upper granule present.',
    conf: 'medium',
    values: {
      0: 'no access',
      1: 'lower only',
      2: 'upper only',
      3: 'both, or contiguous region when Contig!=0',
    },
  },
  AC0: { bits: [3, 2], doc: 'Access control of lower granule.', conf: 'medium' },
  W0: { bits: [4, 4], doc: 'Write permission of lower granule.', conf: 'medium' },
  Contig: {
    bits: [11, 8],
    doc: 'Contiguous region.',
    conf: 'medium',
    values: {
      0: 'none',
      1: '64KB (reserved if DPTGS=64KB)',
      2: '2MB',
      3: '32MB',
      4: '512MB',
      5: '1GB',
      6: '16GB',
      7: '64GB',
      others: 'reserved',
    },
  },
  VMID0: { bits: [31, 16], doc: 'VMID of lower granule.', conf: 'medium' },
  AC1: { bits: [35, 34], doc: 'Access control of upper granule.', conf: 'medium' },
  W1: { bits: [36, 36], doc: 'Write permission of upper granule.', conf: 'medium' },
  VMID1: { bits: [63, 48], doc: 'VMID of upper granule.', conf: 'medium' },
});

/** log2 of the bytes of a contiguous region, by DPT_L1.Contig; undefined where there is none or the value is reserved. */
export const DPT_CONTIG_LOG2: readonly (number | undefined)[] = [undefined, 16, 21, 25, 29, 30, 34, 36];

/** Types of a level-0 entry, in bits [1:0]. */
export const DPT_L0_TYPES = { NO_ACCESS: 0, BLOCK: 1, TABLE: 3 } as const;

/** Access control of a device permission table entry (3.24.3.1.2). */
export const DPT_ACCESS = { OWNER: 0, OWNER_OR_SHARED: 1, ANYONE: 2, RESERVED: 3 } as const;

/** Whether the VMID must match, by STE.DPT_VMATCH and then AC (3.24.1). */
export const DPT_VMID_CHECKED: readonly (readonly [boolean, boolean, boolean])[] = [
  [true, true, false],
  [true, false, false],
  [false, false, false],
  [true, true, false],
];

/** DPT_CFG_FAR.DPT_FAULTCODE: how a lookup failed (6.3.48). */
export const DPT_FAULTCODES = {
  DPT_DISABLED: 0,
  DPT_WALK_FAULT: 1,
  DPT_GPC_FAULT: 2,
  DPT_EABT: 3,
} as const;

/** log2 of the largest region that CMD_DPTI_PA.SIZE can name: 512 GiB (4.6.2). */
export const DPTI_SIZE_LOG2_MAX = 39;
