import { layout } from '../bits/layout.ts';
import { GPI } from './encodings.ts';
import { indexed, TO_15 } from './indexed.ts';

/** Level-0 granule protection table entry that covers its whole region. */
export const GPT_L0_BLOCK = layout('GPT_L0_BLOCK', 'DDI 0487 D9', 64, {
  Type: {
    bits: [3, 0],
    doc: 'Descriptor type, must be 0b0001.',
    values: { 1: 'Block' },
    names: { BLOCK: 1 },
  },
  GPI: { bits: [7, 4], doc: 'Protection of the whole L0 region.', ...GPI },
});

/** Level-0 granule protection table entry that points to a level-1 table. */
export const GPT_L0_TABLE = layout('GPT_L0_TABLE', 'DDI 0487 D9', 64, {
  Type: {
    bits: [3, 0],
    doc: 'Descriptor type, must be 0b0011.',
    values: { 3: 'Table' },
    names: { TABLE: 3 },
  },
  NextTable: {
    bits: [51, 12],
    doc: 'Address of the level-1 table, bits [51:12], in the Root physical address space; aligned to the size of the table.',
    address: true,
  },
});

/** Level-1 granule protection table entry that covers a contiguous region. */
export const GPT_L1_CONTIG = layout('GPT_L1_CONTIG', 'DDI 0487 D9', 64, {
  Type: {
    bits: [3, 0],
    doc: '0b0001 marks a contiguous descriptor.',
    values: { 1: 'Contiguous' },
    names: { CONTIGUOUS: 1 },
  },
  GPI: { bits: [7, 4], doc: 'Protection of the contiguous region.', ...GPI },
  Contig: {
    bits: [9, 8],
    doc: 'Contiguous region size.',
    values: { 0: 'reserved', 1: '2MB', 2: '32MB', 3: '512MB' },
  },
});

/** Level-1 granule protection table entry with the information of 16 granules. */
export const GPT_L1_GRANULES = layout('GPT_L1_GRANULES', 'DDI 0487 D9', 64, {
  ...indexed('GPI', TO_15, 0, 4, 'GPI of granule # of 16; any reserved code makes the whole entry invalid.', {
    ...GPI,
  }),
});
