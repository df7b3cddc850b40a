import { event } from './event.ts';
import { INPUT, NUMBER, STREAM, SUBSTREAM } from './fields.ts';

/** Events of ATS, and page hints (7.3). */
export const ATS_EVENTS = {
  F_BAD_ATS_TREQ: event(
    {
      name: 'F_BAD_ATS_TREQ',
      number: 0x05,
      section: '7.3.6',
      kind: 'fault',
      doc: 'An ATS Translation Request that the stream may not make.',
      raised: [
        'ATS Translation Request while SMMUEN==0.',
        'Effective STE.EATS==0 (incl. Config==0b100, Secure, EATS 0b1x with ATSCHK==0).',
        'Secure StreamID (recorded in Secure queue) if observable.',
      ],
      stall: false,
      response: 'UR',
      notRaised: 'Config==0b000 gives UR without event.',
    },
    {
      ...NUMBER,
      ...SUBSTREAM,
      ...STREAM,
      RWXPriv: {
        bits: [103, 100],
        doc: 'R,W,X,Priv permission bits requested, before STE overrides (individual positions unknown).',
        conf: 'low',
      },
      Span: {
        bits: [115, 108],
        doc: 'Number of STUs requested.',
        conf: 'low',
        note: 'Position inferred from E_PAGE_REQUEST; figure not available.',
      },
      InputAddr: { bits: [191, 140], doc: 'Input address, bits [63:12].', conf: 'low', address: true },
    },
  ),
  F_TRANSL_FORBIDDEN: event(
    {
      name: 'F_TRANSL_FORBIDDEN',
      number: 0x07,
      section: '7.3.8',
      kind: 'fault',
      doc: 'An ATS Translated transaction that the stream may not make.',
      raised: [
        'Translated transaction with ATSCHK==1 and effective EATS==0 or Config==0b100.',
        'Translated on Secure StreamID.',
        'Translated with SMMUEN==0.',
        'DPT Device Access fault or DPT lookup fault.',
      ],
      stall: false,
      smmuen0: 'May be recorded with SMMUEN==0.',
      note: 'Whether SSV and SubstreamID are added with IDR3.PASIDTT is not certain.',
      mergeIgnore: 'InputAddr[11:0]',
      conf: 'medium',
    },
    {
      ...NUMBER,
      ...STREAM,
      RnW: { bits: [99, 99], doc: '1 read, 0 write, of the incoming transaction.' },
      ...INPUT,
    },
  ),
  E_PAGE_REQUEST: event(
    {
      name: 'E_PAGE_REQUEST',
      number: 0x24,
      section: '7.3.19',
      kind: 'hint',
      doc: 'A hint of the client that pages will be needed.',
      raised: ['Speculative page hint from client.'],
      stall: false,
      conf: 'medium',
    },
    {
      ...NUMBER,
      ...SUBSTREAM,
      ...STREAM,
      uX: { bits: [98, 98], doc: 'User execute.', conf: 'medium' },
      uW: { bits: [99, 99], doc: 'User write.', conf: 'medium' },
      uR: { bits: [100, 100], doc: 'User read.', conf: 'medium' },
      pX: { bits: [101, 101], doc: 'Privileged execute.', conf: 'medium' },
      pW: { bits: [102, 102], doc: 'Privileged write.', conf: 'medium' },
      pR: { bits: [103, 103], doc: 'Privileged read.', conf: 'medium' },
      Span: { bits: [115, 108], doc: 'Size = Span*4096.', conf: 'medium' },
      InputAddr: { bits: [191, 140], doc: 'Input address, bits [63:12].', conf: 'medium', address: true },
    },
  ),
} as const;
