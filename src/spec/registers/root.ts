import {
  ADDRESS_SPACE,
  GPC_REASON,
  GPT_CACHEABILITY,
  GPT_LOOKUP_ERROR,
  LEVEL0_SIZE,
  PROTECTED_SIZE,
  PROTECTION_GRANULE,
  REGISTER_SH,
} from './encodings.ts';
import { bank } from './register.ts';
import { GATOS_CTRL, GPT_BASE, IIDR, ROOT_CR0 } from './shared-fields.ts';

const root = bank('root', 'ROOT');

/** Registers of the Root control page (6.2.6). */
export const ROOT_REGISTERS = {
  ROOT_IDR0: root(
    'ROOT_IDR0',
    {
      offset: 0x0000,
      width: 32,
      access: 'RO',
      section: '6.3.110',
      doc: 'Features: stages, formats, queues, faults.',
    },
    {
      BA_REALM: {
        bits: [31, 22],
        doc: 'Realm page offset from NS page 0 = 0x20000 + value*0x10000 (even value).',
        needs: 'ROOT_IDR0.REALM_IMPL',
      },
      REALM_IMPL: { bits: [3, 3], doc: 'Realm interface present.' },
      RGPTM: { bits: [2, 2], doc: 'ROOT_TLBI registers present.' },
      BGPTM: { bits: [1, 1], doc: 'Broadcast TLBI PA accepted.' },
      ROOT_IMPL: { bits: [0, 0], doc: 'Root interface present: reads 1.' },
    },
  ),
  ROOT_IIDR: root(
    'ROOT_IIDR',
    {
      offset: 0x0008,
      width: 32,
      access: 'RO',
      section: '6.3.111',
      doc: 'Who made the SMMU, and which product it is.',
    },
    IIDR,
  ),
  ROOT_CR0: root(
    'ROOT_CR0',
    {
      offset: 0x0020,
      width: 32,
      access: 'RW',
      section: '6.3.112',
      doc: 'Lets accesses pass and has granule protection checked.',
      update: 'Acknowledged in SMMU_ROOT_CR0ACK; fields RO while any field is unacknowledged.',
    },
    ROOT_CR0,
  ),
  ROOT_CR0ACK: root(
    'ROOT_CR0ACK',
    { offset: 0x0024, width: 32, access: 'RO', section: '6.3.113', doc: 'What CR0 has taken effect.' },
    ROOT_CR0,
  ),
  ROOT_GPT_BASE: root(
    'ROOT_GPT_BASE',
    {
      offset: 0x0028,
      width: 64,
      access: 'RW',
      section: '6.3.114',
      doc: 'Where the granule protection table lies.',
      update: 'Writable only when GPCEN and its ACK are 0; new base used at latest after TLBI PAALL.',
    },
    GPT_BASE,
  ),
  ROOT_GPT_BASE_CFG: root(
    'ROOT_GPT_BASE_CFG',
    {
      offset: 0x0030,
      width: 64,
      access: 'RW',
      section: '6.3.115',
      doc: 'Shape of the granule protection table.',
      update: 'Writable only when GPCEN and its ACK are 0; new base used at latest after TLBI PAALL.',
    },
    {
      L0GPTSZ: { bits: [23, 20], doc: 'What one level-0 entry covers (read-only).', ...LEVEL0_SIZE },
      GPCP: {
        bits: [17, 17],
        doc: 'GPC fault priority relaxation for stage-2 table fetch; here every fetch is checked, whatever it is.',
        reset: 'UNKNOWN',
      },
      PGS: { bits: [15, 14], doc: 'Granule.', reset: 'UNKNOWN', ...PROTECTION_GRANULE },
      SH: { bits: [13, 12], doc: 'Shareability.', reset: 'UNKNOWN', ...REGISTER_SH },
      ORGN: {
        bits: [11, 10],
        doc: 'Outer cacheability of GPT fetches.',
        reset: 'UNKNOWN',
        ...GPT_CACHEABILITY,
      },
      IRGN: {
        bits: [9, 8],
        doc: 'Inner cacheability of GPT fetches.',
        reset: 'UNKNOWN',
        ...GPT_CACHEABILITY,
      },
      PPS: { bits: [2, 0], doc: 'Address space that the table covers.', reset: 'UNKNOWN', ...PROTECTED_SIZE },
    },
  ),
  ROOT_GPF_FAR: root(
    'ROOT_GPF_FAR',
    {
      offset: 0x0038,
      width: 64,
      access: 'clear-only',
      section: '6.3.116',
      doc: 'The first granule protection fault.',
      update: 'Write with FAULT=0 clears whole register; other writes ignored.',
    },
    {
      FPAS: { bits: [63, 62], doc: 'Physical address space of the access.', ...ADDRESS_SPACE },
      FADDR: { bits: [55, 12], doc: 'Faulting address, bits [55:12].', address: true },
      FAULTCODE: { bits: [11, 4], doc: 'What was accessed: depends on REASON.' },
      REASON: { bits: [3, 1], doc: 'Who made the access.', ...GPC_REASON },
      FAULT: { bits: [0, 0], doc: '1: the register holds a fault.', reset: '0' },
    },
  ),
  ROOT_GPT_CFG_FAR: root(
    'ROOT_GPT_CFG_FAR',
    {
      offset: 0x0040,
      width: 64,
      access: 'clear-only',
      section: '6.3.117',
      doc: 'The first lookup error of the granule protection table.',
      update: 'Write with FAULT=0 clears whole register; other writes ignored.',
    },
    {
      FPAS: { bits: [63, 62], doc: 'Physical address space of the access.', ...ADDRESS_SPACE },
      CFG_ERR: { bits: [59, 56], doc: 'Lookup error kind.', ...GPT_LOOKUP_ERROR },
      FADDR: { bits: [55, 12], doc: 'Faulting address, bits [55:12].', address: true },
      FAULTCODE: { bits: [11, 4], doc: 'What was accessed: depends on REASON.' },
      REASON: { bits: [3, 1], doc: 'Who made the access.', ...GPC_REASON },
      FAULT: { bits: [0, 0], doc: '1: the register holds a fault.', reset: '0' },
    },
  ),
  ROOT_TLBI: root(
    'ROOT_TLBI',
    {
      offset: 0x0050,
      width: 64,
      access: 'RW',
      section: '6.3.118',
      doc: 'Range of a granule protection invalidation.',
      needs: 'ROOT_IDR0.RGPTM',
      update: 'Writable only when ROOT_TLBI_CTRL.RUN==0.',
    },
    {
      Address: { bits: [51, 12], doc: 'PA base.', reset: 'UNKNOWN', address: true },
      SIZE: {
        bits: [7, 4],
        doc: 'Size of the range.',
        reset: 'UNKNOWN',
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
      L: { bits: [1, 1], doc: 'Last level only.', reset: 'UNKNOWN' },
      ALL: { bits: [0, 0], doc: 'Everything.', reset: 'UNKNOWN' },
    },
  ),
  ROOT_TLBI_CTRL: root(
    'ROOT_TLBI_CTRL',
    {
      offset: 0x0058,
      width: 32,
      access: 'RW',
      section: '6.3.119',
      doc: 'Starts the invalidation.',
      needs: 'ROOT_IDR0.RGPTM',
      update: 'Write 1 when RUN==0 starts; hardware clears.',
    },
    GATOS_CTRL,
  ),
  ROOT_GPT_BASE2: root(
    'ROOT_GPT_BASE2',
    {
      offset: 0x0060,
      width: 64,
      access: 'RW',
      section: '6.3.120',
      doc: 'The next base of the granule protection table.',
    },
    GPT_BASE,
  ),
  ROOT_GPT_BASE_UPDATE: root(
    'ROOT_GPT_BASE_UPDATE',
    {
      offset: 0x0068,
      width: 32,
      access: 'RW',
      section: '6.3.121',
      doc: 'Takes GPT_BASE2 over.',
      update: 'Write 1: copies GPT_BASE2 to GPT_BASE atomically, clears itself.',
    },
    {
      Update: { bits: [0, 0], doc: 'Write 1 with new values; hardware clears when taken.', reset: '0' },
    },
  ),
} as const;
