import { layout } from '../bits/layout.ts';

/** Level 1 Stream Table Descriptor: points to an array of STEs. The level-1 table is aligned to its size, at least 64 bytes. */
export const L1STD = layout('L1STD', '5.1', 64, {
  Span: {
    bits: [4, 0],
    doc: '0: no level-2 array; 1..11: 2^(Span-1) STEs; 12..31 reserved, acts as 0. Span > SPLIT+1 is out of bounds.',
    rules: ['SID-SPAN0', 'SID-SPANRES', 'SID-SPANBIG', 'SID-SPANRANGE'],
  },
  L2Ptr: {
    bits: [55, 6],
    doc: 'Address of the level-2 STE array, bits [55:6], aligned by hardware to its size: bits [5+Span-1:0] taken as 0 (v3.0 [47:6], v3.1-3.3 [51:6]).',
    security: 'same PA space as the stream table',
    narrow: [51, 47],
    address: true,
  },
});

/** Bytes of an L1STD in memory. */
export const L1STD_BYTES = L1STD.words * 4;
/** Spans above this are reserved and act as 0. */
export const SPAN_MAX = 11;

/** log2 of the STEs a level-2 array holds, by STRTAB_BASE_CFG.SPLIT; every other value acts as 6 (3.3.1.2). */
export const SPLITS = [6, 8, 10] as const;
