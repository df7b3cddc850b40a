import type { FieldSpecs } from '../../bits/layout.ts';
import { COMMAND_TG } from '../encodings.ts';

/** First byte of every command. */
export const OPCODE = {
  Opcode: { bits: [7, 0], doc: 'Which command this is.' },
} as const satisfies FieldSpecs;

/** Which stream table a command of the Secure queue means. */
export const SSEC = {
  SSec: {
    bits: [10, 10],
    doc: 'Secure queue: StreamID is Secure; must be 0 on NS and Realm queues (else CERROR_ILL).',
  },
} as const satisfies FieldSpecs;

/** The stream a command is about. */
export const STREAM = { StreamID: { bits: [63, 32], doc: 'The stream.' } } as const satisfies FieldSpecs;

/** The substream a command is about, where there is one. */
export const SUBSTREAM = {
  SSV: { bits: [11, 11], doc: 'SubstreamID valid.' },
  SubstreamID: { bits: [31, 12], doc: 'The substream.' },
} as const satisfies FieldSpecs;

/** Whether intermediate levels stay. */
export const LEAF = { Leaf: { bits: [64, 64], doc: '1: last level only.' } } as const satisfies FieldSpecs;

/** The virtual machine. */
export const VMID = { VMID: { bits: [47, 32], doc: 'The virtual machine.' } } as const satisfies FieldSpecs;

/** The address space. */
export const ASID = { ASID: { bits: [63, 48], doc: 'The address space.' } } as const satisfies FieldSpecs;

/** Range and level hint of a TLB invalidation by address (4.4.1.1). */
export const RANGE = {
  NUM: { bits: [16, 12], doc: 'Range multiplier-1; RES0 if TG==0 or !IDR3.RIL.' },
  SCALE: {
    bits: [25, 20],
    doc: 'Range exponent; 5 bits [24:20] unless IDR5.DS; >39 treated as 39.',
    narrow: [24],
  },
  Leaf: { bits: [64, 64], doc: '1: last level only.' },
  TTL128: { bits: [71, 71], doc: 'TTL refers to 128-bit descriptors.', since: '3.4', conf: 'medium' },
  TTL: { bits: [73, 72], doc: 'Level hint 1..3, 0 = any.' },
  TG: { bits: [75, 74], doc: 'Granule.', ...COMMAND_TG },
} as const satisfies FieldSpecs;

/** Virtual address in bytes, bits [63:12]. */
export const VA = {
  Address: { bits: [127, 76], doc: 'Virtual address, bits [63:12].', address: true },
} as const satisfies FieldSpecs;

/** Intermediate physical address in bytes, bits [55:12]. */
export const IPA = {
  Address: {
    bits: [119, 76],
    doc: 'IPA[55:12] (v3.0 [47:12], v3.1-3.3 [51:12]).',
    narrow: [115, 111],
    address: true,
  },
} as const satisfies FieldSpecs;
