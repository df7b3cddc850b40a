import { layout } from '../bits/layout.ts';

/** Level 1 Context Descriptor: points to a leaf table of CDs. The level-1 table is aligned to its size, at least 64 bytes. */
export const L1CD = layout('L1CD', '5.3', 64, {
  V: { bits: [0, 0], doc: 'L2Ptr valid; 0 gives C_BAD_SUBSTREAMID.', rules: ['SSID-L1CD-V'] },
  L2Ptr: {
    bits: [55, 12],
    doc: 'Leaf CD table address[55:12]; 64KB leaf: bits [15:12] must be 0.',
    security: 'IPA when stage 2 on, else PA',
    rules: ['SSID-L1CD-OOR'],
    narrow: [51, 47],
    address: true,
  },
});

/** Bytes of an L1CD in memory. */
export const L1CD_BYTES = L1CD.words * 4;

/** log2 of the CDs a leaf table holds, by STE.S1Fmt; undefined where there is one level (3.3.2). */
export const CD_LEAF_LOG2: readonly (number | undefined)[] = [undefined, 6, 10, undefined];
