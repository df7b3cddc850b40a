/** Signatures in the address: doorbells, physical addresses, mappings that are somewhere else. */

import { hex, hex64, toNumber } from '../../../bits/u64.ts';
import { otherStreams, otherSubstreams } from '../elsewhere.ts';
import type { Facts } from '../facts.ts';
import type { HintKind } from './hint.ts';

/** GITS_TRANSLATER lies 0x40 into its own frame of 64 KiB: in a page of 4 KiB the low bits are these. */
const DOORBELL_OFFSET = 0x40;
const PAGE = 4096;

function isUnmapped({ fault }: Facts): boolean {
  return fault?.event === 'F_TRANSLATION' && fault.stage !== 0 && fault.class !== 0;
}

const doorbell: HintKind = {
  id: 'msi-doorbell',
  when(facts) {
    const { transaction } = facts;
    if (!isUnmapped(facts) || !transaction.write || transaction.vaLo % PAGE !== DOORBELL_OFFSET) return null;
    const where =
      facts.fault?.stage === 2
        ? 'stage 1 maps it, stage 2 (the hypervisor) does not'
        : 'it is not mapped in this domain';
    return `it looks like an MSI: a write at offset 0x040 of a page is that of GITS_TRANSLATER (the frame at 0x10000 of an ITS); ${where}`;
  },
};

const physical: HintKind = {
  id: 'pa-as-iova',
  when(facts) {
    const { transaction, smmu } = facts;
    if (!isUnmapped(facts) || facts.fault?.stage !== 1 || transaction.vaHi >= 2 ** 20) return null;
    const address = toNumber(transaction.vaHi, transaction.vaLo);
    if (!smmu.memory(transaction.world).inRam(address)) return null;
    return `it looks like DMA by physical address: ${hex(address)} is the PA of RAM, and is not mapped as an IOVA; the driver may have skipped dma_map, or the device goes by another StreamID`;
  },
};

/** Bits [63:N] are the sign of VA[55] or a tag: an address cut to 32 bits, or one that was never meant to be an IOVA. */
const outside: HintKind = {
  id: 'beyond-range',
  when({ fault, transaction, context }) {
    if (fault?.rule !== '3.4.1' || context === null) return null;
    const half = context.halves[context.twoRanges && (transaction.vaHi & 0x800000) !== 0 ? 1 : 0];
    const address = hex64(transaction.vaHi, transaction.vaLo);
    const tag = transaction.vaHi >>> 24;
    const tagged = tag !== 0 && tag !== 0xff && !half.tbi;
    return tagged
      ? `it looks like a tagged pointer: bits [63:56] of ${address} are ${hex(tag)}, and CD.TBI is 0`
      : `${half.name} covers ${half.inputBits} bits; ${address} looks like a kernel or user address of the CPU, not like an IOVA`;
  },
};

const otherSubstream: HintKind = {
  id: 'other-substream',
  when(facts) {
    if (!isUnmapped(facts)) return null;
    const { places, tried } = otherSubstreams(facts);
    if (places.length === 0) return null;
    return `the same access passes with ${places.join(', ')} of this stream (${tried} tried): it looks like a wrong or missing PASID`;
  },
};

const otherStream: HintKind = {
  id: 'other-stream',
  when(facts) {
    if (!isUnmapped(facts)) return null;
    const { places, tried } = otherStreams(facts);
    if (places.length === 0) return null;
    return `the same access passes for ${places.join(', ')} (${tried} streams tried): it looks like an alias (a bridge, a wrong StreamID) or like the wrong domain`;
  },
};

export const ADDRESS_HINTS: readonly HintKind[] = [doorbell, physical, outside, otherSubstream, otherStream];
