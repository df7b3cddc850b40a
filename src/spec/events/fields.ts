import type { FieldSpecs } from '../../bits/layout.ts';
import { CLASS_VALUES } from '../encodings.ts';

/** First byte of every record. */
export const NUMBER = {
  EventNumber: { bits: [7, 0], doc: 'Which event this is.' },
} as const satisfies FieldSpecs;

/** The SubstreamID, where one was supplied. */
export const SUBSTREAM = {
  SSV: { bits: [11, 11], doc: 'A SubstreamID was supplied.' },
  SubstreamID: { bits: [31, 12], doc: 'Valid when SSV.' },
} as const satisfies FieldSpecs;

/** The stream. */
export const STREAM = {
  StreamID: { bits: [63, 32], doc: 'The stream of the transaction.' },
} as const satisfies FieldSpecs;

/** Cause, for the vendor to define. */
export const REASON = {
  Reason: { bits: [79, 64], doc: 'IMPLEMENTATION DEFINED cause.' },
} as const satisfies FieldSpecs;

/** A fetch that failed, also for a granule protection fault. */
export const GPC_FETCH = {
  GPCF: { bits: [80, 80], doc: '1: caused by granule protection fault.', needs: 'IDR0.RME_IMPL' },
  FetchAddr: {
    bits: [247, 195],
    doc: 'Physical address[55:3] of the fetch.',
    narrow: [243, 239],
    address: true,
  },
} as const satisfies FieldSpecs;

/** Address of a fetch that failed. */
export const FETCH = {
  FetchAddr: {
    bits: [247, 195],
    doc: 'Physical address[55:3] of the fetch.',
    narrow: [243, 239],
    address: true,
  },
} as const satisfies FieldSpecs;

/** Whether the transaction waits for CMD_RESUME or CMD_STALL_TERM. */
export const STALLED = {
  STAG: { bits: [79, 64], doc: 'Stall tag, valid if Stall==1.' },
  Stall: { bits: [95, 95], doc: 'Transaction is stalled and needs CMD_RESUME/CMD_STALL_TERM.' },
} as const satisfies FieldSpecs;

/** What kind of access it was. */
export const ACCESS = {
  PnU: { bits: [97, 97], doc: 'Privileged (after STE override unless noted).' },
  InD: { bits: [98, 98], doc: 'Instruction fetch (after STE override); 0 for writes.' },
  RnW: { bits: [99, 99], doc: '1 read, 0 write, of the incoming transaction.' },
} as const satisfies FieldSpecs;

/** Which stage faulted, and in which IPA space. */
export const STAGE2 = {
  NSIPA: {
    bits: [102, 102],
    doc: 'NS bit of the IPA; only Secure queue with S2==1, else 0.',
    conf: 'medium',
  },
  S2: { bits: [103, 103], doc: 'Fault at stage 2.' },
} as const satisfies FieldSpecs;

/** What was being translated. */
export const CLASS = {
  CLASS: { bits: [105, 104], doc: 'What was being translated.', ...CLASS_VALUES },
} as const satisfies FieldSpecs;

/** Left to the implementation. */
export const IMPDEF = {
  ImpDef: { bits: [127, 112], doc: 'IMPLEMENTATION DEFINED.', conf: 'low' },
} as const satisfies FieldSpecs;

/** The input address, all 64 bits. */
export const INPUT = {
  InputAddr: { bits: [191, 128], doc: '64-bit input address, TBI bits kept.' },
} as const satisfies FieldSpecs;

/** The intermediate physical address. */
export const INTERMEDIATE = {
  IPA: {
    bits: [247, 204],
    doc: 'IPA[55:12]; v3.0 [47:12], v3.1-3.3 [51:12]; valid if S2==1.',
    narrow: [243, 239],
    address: true,
  },
} as const satisfies FieldSpecs;
