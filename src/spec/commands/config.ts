import { command } from './command.ts';
import { LEAF, OPCODE, SSEC, STREAM, SUBSTREAM, VA } from './fields.ts';

/** Prefetch and configuration invalidation (4.2, 4.3). */
export const CONFIG_COMMANDS = {
  CMD_PREFETCH_CONFIG: command(
    {
      name: 'CMD_PREFETCH_CONFIG',
      opcode: 0x01,
      section: '4.2.1',
      kind: 'prefetch',
      doc: 'Hints that the STE and CD of a stream will be needed. Gives no events and no command error for bad configuration; ignored if SMMUEN==0.',
      legal: { ns: true, s: true, realm: true },
      legalText: {
        ns: 'Legal, SSec must be 0.',
        s: 'Legal, SSec selects Secure or Non-secure stream.',
        realm: 'Legal, Realm stream, SSec must be 0.',
      },
    },
    {
      ...OPCODE,
      ...SSEC,
      ...SUBSTREAM,
      ...STREAM,
    },
  ),
  CMD_PREFETCH_ADDR: command(
    {
      name: 'CMD_PREFETCH_ADDR',
      opcode: 0x02,
      section: '4.2.2',
      kind: 'prefetch',
      doc: 'Hints that the configuration and the translations of a span of addresses will be needed.',
      legal: { ns: true, s: true, realm: true },
      legalText: {
        ns: 'Legal, SSec must be 0.',
        s: 'Legal, SSec selects Secure or Non-secure stream.',
        realm: 'Legal, Realm stream, SSec must be 0.',
      },
    },
    {
      ...OPCODE,
      NS: {
        bits: [9, 9],
        doc: 'Secure stream with stage 1 not translating: NS of the IPA.',
        conf: 'low',
        note: 'Position not confirmed.',
      },
      ...SSEC,
      ...SUBSTREAM,
      ...STREAM,
      Size: { bits: [68, 64], doc: '2^Size strides.' },
      Stride: {
        bits: [73, 69],
        doc: 'Stride 2^(12+Stride); RES0 in v3.0.',
        conf: 'low',
        note: 'Position not confirmed.',
      },
      ...VA,
    },
  ),
  CMD_CFGI_STE: command(
    {
      name: 'CMD_CFGI_STE',
      opcode: 0x03,
      section: '4.3.1',
      kind: 'config',
      doc: 'Drops the cached STE of a stream, every CD and L1CD cached through it, and VMS data kept by StreamID. Leaf==0 also drops the L1STD.',
      legal: { ns: true, s: true, realm: true },
      legalText: {
        ns: 'Legal, SSec must be 0.',
        s: 'Legal, SSec selects Secure or Non-secure stream.',
        realm: 'Legal, Realm stream, SSec must be 0.',
      },
      config: { by: 'stream', drops: ['STE', 'CD', 'L1CD', 'VMS'], unlessLeaf: ['L1STD'] },
    },
    {
      ...OPCODE,
      ...SSEC,
      ...STREAM,
      ...LEAF,
    },
  ),
  CMD_CFGI_STE_RANGE: command(
    {
      name: 'CMD_CFGI_STE_RANGE',
      opcode: 0x04,
      section: '4.3.2',
      kind: 'config',
      doc: 'Drops the STEs of 2^(Range+1) aligned StreamIDs with their CDs, L1STDs and VMS data. Range==31 is CMD_CFGI_ALL: everything of the security state, also VMS data kept by VMID.',
      legal: { ns: true, s: true, realm: true },
      legalText: {
        ns: 'Legal, SSec must be 0.',
        s: 'Legal, SSec selects Secure or Non-secure stream.',
        realm: 'Legal, Realm stream, SSec must be 0.',
      },
      config: { by: 'stream-range', drops: ['STE', 'CD', 'L1CD', 'L1STD', 'VMS'], unlessLeaf: [] },
    },
    {
      ...OPCODE,
      ...SSEC,
      ...STREAM,
      Range: { bits: [68, 64], doc: '2^(Range+1) aligned StreamIDs; 31 = ALL.' },
    },
  ),
  CMD_CFGI_CD: command(
    {
      name: 'CMD_CFGI_CD',
      opcode: 0x05,
      section: '4.3.3',
      kind: 'config',
      doc: 'Drops one CD (that of SubstreamID; 0 for a single CD). Leaf==0 also drops the L1CD.',
      legal: { ns: ['IDR0.S1P'], s: true, realm: true },
      legalText: { ns: 'Legal if IDR0.S1P else CERROR_ILL.', s: 'Legal.', realm: 'Legal.' },
      config: { by: 'substream', drops: ['CD'], unlessLeaf: ['L1CD'] },
    },
    {
      ...OPCODE,
      ...SSEC,
      SubstreamID: { bits: [31, 12], doc: 'The substream.' },
      ...STREAM,
      ...LEAF,
    },
  ),
  CMD_CFGI_CD_ALL: command(
    {
      name: 'CMD_CFGI_CD_ALL',
      opcode: 0x06,
      section: '4.3.4',
      kind: 'config',
      doc: 'Drops all CDs and L1CDs of a stream.',
      legal: { ns: ['IDR0.S1P'], s: true, realm: true },
      legalText: { ns: 'Legal if IDR0.S1P else CERROR_ILL.', s: 'Legal.', realm: 'Legal.' },
      config: { by: 'stream', drops: ['CD', 'L1CD'], unlessLeaf: [] },
    },
    {
      ...OPCODE,
      ...SSEC,
      ...STREAM,
    },
  ),
  CMD_CFGI_VMS_PIDM: command(
    {
      name: 'CMD_CFGI_VMS_PIDM',
      opcode: 0x07,
      section: '4.3.5',
      kind: 'config',
      doc: 'Drops the PARTID map kept by VMID.',
      legal: {
        ns: ['IDR3.MPAM', 'IDR0.S1P', 'IDR0.S2P', 'MPAMIDR.PARTID_MAX'],
        s: ['IDR3.MPAM', 'IDR0.S1P', 'IDR0.S2P'],
        realm: ['IDR3.MPAM', 'IDR0.S1P', 'IDR0.S2P'],
      },
      legalText: {
        ns: 'CERROR_ILL unless IDR3.MPAM and VMS supported.',
        s: 'Same, by SSec.',
        realm: 'Same.',
      },
      config: { by: 'vmid', drops: ['VMS'], unlessLeaf: [] },
      since: '3.2',
    },
    {
      ...OPCODE,
      ...SSEC,
      VMID: { bits: [47, 32], doc: 'VMID of the VMS.', conf: 'medium' },
    },
  ),
} as const;
