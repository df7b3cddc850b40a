import { CERROR_VALUES } from './encodings.ts';
import { bank } from './register.ts';

const controlPage = bank('ns', 'CMDQCP');

/** Enhanced command queues: registers of a command queue control page (6.2.5). */
export const ECMDQ_REGISTERS = {
  ECMDQ_BASEn: controlPage(
    'ECMDQ_BASEn',
    {
      offset: 0x0000,
      width: 64,
      access: 'RW',
      section: '6.3.107',
      doc: 'Where an enhanced command queue lies, and its size.',
      array: { count: 256, stride: null },
      update: 'Writable only when EN==0 and ENACK==0.',
      note: 'Stride = 64KB / queues per page (16 bytes used per interface).',
    },
    {
      RA: { bits: [62, 62], doc: 'Read-allocate hint.', reset: 'UNKNOWN' },
      ADDR: { bits: [55, 5], doc: 'Base of the queue, bits [55:5].', reset: 'UNKNOWN', address: true },
      LOG2SIZE: { bits: [4, 0], doc: 'log2 of the number of entries.', reset: 'UNKNOWN' },
    },
  ),
  ECMDQ_PRODn: controlPage(
    'ECMDQ_PRODn',
    {
      offset: 0x0008,
      width: 32,
      access: 'RW',
      section: '6.3.108',
      doc: 'Write index of an enhanced command queue, moved by software.',
      array: { count: 256, stride: null },
      update: 'RO while EN!=ENACK.',
      note: 'Stride = 64KB / queues per page (16 bytes used per interface).',
    },
    {
      EN: { bits: [31, 31], doc: 'Enable.', reset: '0' },
      ERRACK: { bits: [23, 23], doc: 'Error acknowledge.', reset: '0' },
      WR: { bits: [19, 0], doc: 'Write index and wrap bit [QS].', reset: 'UNKNOWN' },
    },
  ),
  ECMDQ_CONSn: controlPage(
    'ECMDQ_CONSn',
    {
      offset: 0x000c,
      width: 32,
      access: 'RW',
      section: '6.3.109',
      doc: 'Read index of an enhanced command queue, moved by hardware, and its error.',
      array: { count: 256, stride: null },
      update: 'Writable only when EN==0 and ENACK==0.',
      note: 'Stride = 64KB / queues per page (16 bytes used per interface).',
    },
    {
      ENACK: { bits: [31, 31], doc: 'Enable acknowledge.', reset: '0' },
      ERR_REASON: {
        bits: [26, 24],
        doc: 'Why the queue stopped: a CERROR code.',
        reset: 'UNKNOWN',
        ...CERROR_VALUES,
      },
      ERR: {
        bits: [23, 23],
        doc: 'Toggled by hardware when the queue stops on an error; active while it differs from ERRACK.',
        reset: '0',
      },
      RD: { bits: [19, 0], doc: 'Read index and wrap bit [QS].', reset: 'UNKNOWN' },
    },
  ),
} as const;
