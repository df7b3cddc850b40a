import { command } from './command.ts';
import { LEAF, OPCODE, SSEC, STREAM, SUBSTREAM, VA } from './fields.ts';

/** ATS and PRI, device permission table, stalls and synchronization (4.5, 4.6, 4.7). */
export const TRAFFIC_COMMANDS = {
  CMD_ATC_INV: command(
    {
      name: 'CMD_ATC_INV',
      opcode: 0x40,
      section: '4.5.1',
      kind: 'atc-invalidate',
      doc: 'Sends an ATS Invalidate to the endpoint; ignored if SMMUEN==0. Complete only after a CMD_SYNC.',
      legal: { ns: ['IDR0.ATS'], s: ['IDR0.ATS', '!S_IDR3.SAMS'], realm: ['R_IDR0.ATS'] },
      legalText: {
        ns: 'CERROR_ILL if !IDR0.ATS.',
        s: 'CERROR_ILL if !IDR0.ATS or S_IDR3.SAMS; StreamID is Non-secure.',
        realm: 'CERROR_ILL if !R_IDR0.ATS; Realm StreamID.',
      },
    },
    {
      ...OPCODE,
      Global: { bits: [9, 9], doc: 'PASID-global invalidate; ignored if SSV==0.', conf: 'medium' },
      ...SUBSTREAM,
      ...STREAM,
      Size: {
        bits: [69, 64],
        doc: 'log2 of span in 4KB pages; 52 = whole 2^64; >52 may be CERROR_ILL.',
        conf: 'medium',
      },
      ...VA,
    },
  ),
  CMD_PRI_RESP: command(
    {
      name: 'CMD_PRI_RESP',
      opcode: 0x41,
      section: '4.5.2',
      kind: 'page-response',
      doc: 'Sends the response to a page request group; ignored if SMMUEN==0.',
      legal: { ns: ['IDR0.PRI'], s: ['IDR0.PRI', '!S_IDR3.SAMS'], realm: ['R_IDR0.PRI'] },
      legalText: {
        ns: 'CERROR_ILL if !IDR0.PRI.',
        s: 'CERROR_ILL if !IDR0.PRI or S_IDR3.SAMS.',
        realm: 'Legal if R_IDR0.PRI; Realm StreamID.',
      },
      illegalValues: { Resp: [3] },
    },
    {
      ...OPCODE,
      ...SUBSTREAM,
      ...STREAM,
      PRGIndex: { bits: [72, 64], doc: 'Page request group.', conf: 'medium' },
      Resp: {
        bits: [77, 76],
        doc: 'Response.',
        conf: 'medium',
        values: { 0: 'ResponseFailure', 1: 'InvalidRequest', 2: 'Success', 3: 'CERROR_ILL' },
        names: { ResponseFailure: 0, InvalidRequest: 1, Success: 2 },
      },
    },
  ),
  CMD_RESUME: command(
    {
      name: 'CMD_RESUME',
      opcode: 0x44,
      section: '4.7.1',
      kind: 'resume',
      doc: 'Resumes one stalled transaction; no effect if StreamID or STAG do not match one.',
      legal: { ns: ['IDR0.STALL_MODEL!=1'], s: ['S_IDR0.STALL_MODEL!=1'], realm: false },
      legalText: {
        ns: 'CERROR_ILL if IDR0.STALL_MODEL==1.',
        s: 'CERROR_ILL if S_IDR0.STALL_MODEL==1; SSec selects.',
        realm: 'CERROR_ILL.',
      },
    },
    {
      ...OPCODE,
      ...SSEC,
      Ac: {
        bits: [12, 12],
        doc: '1 retry, 0 terminate.',
        values: { 0: 'terminate', 1: 'retry' },
        names: { TERMINATE: 0, RETRY: 1 },
      },
      Ab: {
        bits: [13, 13],
        doc: 'Terminate: 1 abort, 0 RAZ/WI (abort anyway if TERM_MODEL).',
        values: { 0: 'RAZ/WI', 1: 'abort' },
        names: { RAZWI: 0, ABORT: 1 },
      },
      ...STREAM,
      STAG: { bits: [79, 64], doc: 'Tag from the event.' },
    },
  ),
  CMD_STALL_TERM: command(
    {
      name: 'CMD_STALL_TERM',
      opcode: 0x45,
      section: '4.7.2',
      kind: 'stall-terminate',
      doc: 'Marks all stalled transactions of a stream for termination with abort. The STE must already terminate new traffic.',
      legal: { ns: ['IDR0.STALL_MODEL!=1'], s: ['S_IDR0.STALL_MODEL!=1'], realm: false },
      legalText: {
        ns: 'CERROR_ILL if IDR0.STALL_MODEL==1.',
        s: 'CERROR_ILL if S_IDR0.STALL_MODEL==1.',
        realm: 'CERROR_ILL.',
      },
    },
    {
      ...OPCODE,
      ...SSEC,
      ...STREAM,
    },
  ),
  CMD_SYNC: command(
    {
      name: 'CMD_SYNC',
      opcode: 0x46,
      section: '4.7.3',
      kind: 'sync',
      doc: 'Waits for all earlier commands of the same queue.',
      legal: { ns: true, s: true, realm: true },
      legalText: { ns: 'Legal.', s: 'Legal.', realm: 'Legal.' },
      illegalValues: { CS: [3] },
    },
    {
      ...OPCODE,
      CS: {
        bits: [13, 12],
        doc: 'Completion signal.',
        values: { 0: 'SIG_NONE', 1: 'SIG_IRQ', 2: 'SIG_SEV', 3: 'CERROR_ILL' },
        names: { SIG_NONE: 0, SIG_IRQ: 1, SIG_SEV: 2 },
      },
      MSH: {
        bits: [23, 22],
        doc: 'MSI shareability.',
        values: { 0: 'NSH', 1: 'acts as NSH', 2: 'OSH', 3: 'ISH' },
        names: { NSH: 0, OSH: 2, ISH: 3 },
      },
      MSIAttr: { bits: [27, 24], doc: 'MSI memory type, encoded as STE.MemAttr.' },
      MSIData: { bits: [63, 32], doc: '32-bit payload.' },
      MSIAddress: {
        bits: [119, 66],
        doc: 'address[55:2]; 0 = no MSI.',
        conf: 'medium',
        narrow: [115, 111],
        address: true,
      },
      MSI_NS: {
        bits: [127, 127],
        doc: 'Realm queue: 1 = Non-secure PA; RES0 elsewhere.',
        since: '3.3 RME DA',
        conf: 'medium',
      },
    },
  ),
  CMD_DPTI_ALL: command(
    {
      name: 'CMD_DPTI_ALL',
      opcode: 0x70,
      section: '4.6.1',
      kind: 'dpt',
      doc: 'Drops all device permission table entries cached for the security state.',
      legal: { ns: ['IDR3.DPT'], s: ['IDR3.DPT', '!S_IDR3.SAMS'], realm: ['R_IDR3.DPT'] },
      legalText: {
        ns: 'CERROR_ILL if !IDR3.DPT.',
        s: 'CERROR_ILL if !IDR3.DPT or S_IDR3.SAMS; acts on NS.',
        realm: 'CERROR_ILL if !R_IDR3.DPT.',
      },
      dpt: { address: 'none' },
      since: '3.3',
    },
    {
      ...OPCODE,
    },
  ),
  CMD_DPTI_PA: command(
    {
      name: 'CMD_DPTI_PA',
      opcode: 0x73,
      section: '4.6.2',
      kind: 'dpt',
      doc: 'Drops the cached device permission table entries of an aligned region. With a misaligned address or too small a SIZE nothing need go.',
      legal: { ns: ['IDR3.DPT'], s: ['IDR3.DPT', '!S_IDR3.SAMS'], realm: ['R_IDR3.DPT'] },
      legalText: {
        ns: 'CERROR_ILL if !IDR3.DPT.',
        s: 'CERROR_ILL if !IDR3.DPT or S_IDR3.SAMS; acts on NS.',
        realm: 'CERROR_ILL if !R_IDR3.DPT.',
      },
      dpt: { address: 'pa' },
      since: '3.3',
    },
    {
      ...OPCODE,
      ...LEAF,
      SIZE: {
        bits: [71, 68],
        doc: 'Region size.',
        conf: 'low',
        note: 'Encoding from text, bit position not confirmed.',
        values: {
          0: '4KB',
          1: '16KB',
          2: '64KB',
          3: '2MB',
          4: '32MB',
          5: '512MB',
          6: '1GB',
          7: '16GB',
          8: '64GB',
          9: '512GB',
        },
      },
      Address: {
        bits: [119, 76],
        doc: 'Physical address, bits [55:12].',
        conf: 'medium',
        narrow: [115, 111],
        address: true,
      },
    },
  ),
} as const;
