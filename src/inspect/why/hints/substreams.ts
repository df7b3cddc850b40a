/** Signatures of SubstreamIDs and CDs. */

import { hex } from '../../../bits/u64.ts';
import { CD } from '../../../spec/cd.ts';
import type { Facts } from '../facts.ts';
import type { HintKind } from './hint.ts';

/** By STE.S1DSS, what becomes of traffic without a SubstreamID while there are substreams (5.2). */
const S1DSS_TEXT = [
  'S1DSS=0: without SubstreamID it is terminated (F_STREAM_DISABLED)',
  'S1DSS=1: without SubstreamID stage 1 is bypassed',
  'S1DSS=2: without SubstreamID CD 0 is used, and SubstreamID 0 is F_STREAM_DISABLED',
  'S1DSS=3 is reserved and acts as 0',
] as const;

const SUBSTREAM_EVENTS: readonly string[] = ['C_BAD_SUBSTREAMID', 'F_STREAM_DISABLED'];

/** 3.3.2 and 5.2: which CD this STE gives to this SSV and SubstreamID. */
const decision: HintKind = {
  id: 'substream-decision',
  when({ fault, stream, transaction, state }) {
    if (stream === null || !SUBSTREAM_EVENTS.includes(fault?.event ?? '') || !stream.translates1) return null;
    const { ssid } = transaction;
    const came = ssid < 0 ? 'SSV=0' : `SSV=1, SubstreamID ${hex(ssid)}`;
    if (stream.s1CDMax === 0) {
      return `${came}; S1CDMax=0: one CD, and only traffic without SubstreamID reaches it; it looks like a PASID that was enabled in the device but not in the STE`;
    }
    const range = `S1CDMax=${stream.s1CDMax}: SubstreamIDs 0 to ${hex(2 ** stream.s1CDMax - 1)} (IDR1.SSIDSIZE=${state.ssidBits} allows up to ${hex(2 ** state.ssidBits - 1)})`;
    return `${came}; ${range}; ${S1DSS_TEXT[stream.s1DSS]}`;
  },
};

const notTranslated: HintKind = {
  id: 'substream-without-stage-1',
  when({ fault, transaction }) {
    if (fault?.rule !== 'SSID-NOS1') return null;
    return `SubstreamID ${hex(transaction.ssid)} needs a stage 1: it looks like a device that kept its PASID while its stream went to bypass or to stage 2 alone`;
  },
};

const deadProcess: HintKind = {
  id: 'cd-gone',
  when({ fault, cd, transaction }: Facts) {
    if (fault?.rule !== 'CD-V' || cd === null) return null;
    const empty = cd.words.every((word) => word === 0);
    if (transaction.ssid < 0 || transaction.ssid === 0) {
      return empty
        ? 'CD 0 is all zero: it looks like a domain that was never attached'
        : 'CD 0 has V=0 but is not empty: it looks like a domain that was detached while the device still runs';
    }
    return empty
      ? `CD ${transaction.ssid} is all zero: it looks like a PASID that was never bound, or that was unbound`
      : `CD ${transaction.ssid} has V=0 but TTB0=${hex(CD.fields.TTB0.get(cd.words, 0))} is left: it looks like an address space whose process has exited while the device still uses its PASID`;
  },
};

/** IDR0.TERM_MODEL=1: faults always abort, and CD.A must say so (5.4). */
const terminationModel: HintKind = {
  id: 'cd-a-term-model',
  when({ fault, state }) {
    if (fault?.rule !== 'CD-A-TERM') return null;
    return `IDR0.TERM_MODEL=${state.features.termModel}: terminated transactions always abort, so CD.A must be 1; a layout whose bit 46 is somewhere else gives the same picture`;
  },
};

const readAsZero: HintKind = {
  id: 'cd-a-zero',
  when({ plan, fault }) {
    if (plan.outcome.result !== 'razwi' || fault === null) return null;
    return 'CD.A=0: the device sees zeros instead of an error, and goes on with them';
  },
};

const silent: HintKind = {
  id: 'record-suppressed',
  when({ plan, fault }) {
    if (plan.outcome.recording !== 'suppressed' || fault === null || plan.outcome.result === 'stall')
      return null;
    return fault.stage === 2
      ? 'STE.S2R=0 suppresses the event: software hears nothing of this fault'
      : 'CD.R=0 suppresses the event: software hears nothing of this fault';
  },
};

export const SUBSTREAM_HINTS: readonly HintKind[] = [
  decision,
  notTranslated,
  deadProcess,
  terminationModel,
  readAsZero,
  silent,
];
