import { layout } from '../bits/layout.ts';

/** PRI queue entry: one page request. Last, W, R = 1, 0, 0 with SSV=1 is a Stop PASID marker; X and Priv are 0 when SSV==0. */
export const PRIQ_ENTRY = layout('PRIQ_ENTRY', '8.1', 128, {
  StreamID: { bits: [31, 0], doc: 'The stream that asks for a page.' },
  SubstreamID: { bits: [51, 32], doc: 'PASID, valid if SSV.' },
  Priv: { bits: [58, 58], doc: 'Privileged request.' },
  X: { bits: [59, 59], doc: 'Execute wanted.' },
  R: { bits: [60, 60], doc: 'Read wanted.' },
  W: { bits: [61, 61], doc: 'Write wanted.' },
  Last: { bits: [62, 62], doc: 'Last of the group.' },
  SSV: { bits: [63, 63], doc: 'PASID present.' },
  PRGIndex: { bits: [72, 64], doc: 'Page request group index.' },
  PageAddress: { bits: [127, 76], doc: 'Address of the page, bits [63:12].', address: true },
});

/** Bytes of a PRI queue entry. */
export const PRIQ_ENTRY_BYTES = 16;
