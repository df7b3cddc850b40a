import { INSTCFG_VALUES, PRIVCFG_VALUES, REPLACE, SHCFG_VALUES } from './encodings.ts';
import { bank } from './register.ts';
import {
  AGBPA,
  CR0,
  CR1,
  DPT_BASE,
  DPT_BASE_CFG,
  DPT_CFG_FAR,
  GERROR,
  S2PII,
  STRTAB_BASE,
  STRTAB_BASE_CFG,
} from './shared-fields.ts';

const page0 = bank('ns', 'PAGE_0');

/** Non-secure registers of page 0, without queues and ID registers (6.2.1). */
export const NONSECURE_REGISTERS = {
  CR0: page0(
    'CR0',
    {
      offset: 0x0020,
      width: 32,
      access: 'RW',
      section: '6.3.9',
      doc: 'Enables translation and queues.',
      update:
        'Each field written is acknowledged in SMMU_CR0ACK; do not rewrite a field before it matches; new value may act any time in between.',
    },
    CR0,
  ),
  CR0ACK: page0(
    'CR0ACK',
    { offset: 0x0024, width: 32, access: 'RO', section: '6.3.10', doc: 'What CR0 has taken effect.' },
    CR0,
  ),
  CR1: page0(
    'CR1',
    {
      offset: 0x0028,
      width: 32,
      access: 'RW',
      section: '6.3.11',
      doc: 'Attributes of table and queue accesses.',
      update:
        'TABLE_* writable only when SMMU_CR0.SMMUEN==0 (and acknowledged); QUEUE_* only when CMDQEN, EVENTQEN, PRIQEN are 0.',
    },
    CR1,
  ),
  CR2: page0(
    'CR2',
    {
      offset: 0x002c,
      width: 32,
      access: 'RW',
      section: '6.3.12',
      doc: 'Recording of configuration errors, broadcast TLB maintenance, E2H.',
      update: 'Writable only when SMMU_CR0.SMMUEN==0.',
    },
    {
      REC_CFG_ATS: {
        bits: [3, 3],
        doc: 'Record configuration events for ATS/PRI.',
        needs: 'IDR0.ATSRECERR',
        reset: 'UNKNOWN',
      },
      PTM: {
        bits: [2, 2],
        doc: '1: ignore broadcast TLBI of this state.',
        needs: 'IDR0.BTM',
        reset: 'IMPDEF',
      },
      RECINVSID: { bits: [1, 1], doc: 'Record C_BAD_STREAMID.', reset: 'UNKNOWN' },
      E2H: { bits: [0, 0], doc: 'STRW 0b10 means EL2-E2H.', needs: 'IDR0.Hyp', reset: 'UNKNOWN' },
    },
  ),
  S2PII: page0(
    'S2PII',
    {
      offset: 0x0030,
      width: 64,
      access: 'RW',
      section: '6.3.17',
      doc: 'Stage-2 base permissions by permission index.',
      needs: 'IDR3.S2PI',
      update: 'Set before SMMUEN; cached in TLBs.',
    },
    S2PII,
  ),
  STATUSR: page0(
    'STATUSR',
    { offset: 0x0040, width: 32, access: 'RO', section: '6.3.13', doc: 'Status.' },
    {
      DORMANT: { bits: [0, 0], doc: 'Nothing cached, no prefetch.', needs: 'IDR0.DORMHINT', reset: '0' },
    },
  ),
  GBPA: page0(
    'GBPA',
    {
      offset: 0x0044,
      width: 32,
      access: 'RW',
      section: '6.3.14',
      doc: 'What happens to transactions while SMMUEN is 0.',
      update: 'Poll Update==0, write new value with Update=1, poll Update==0; ignored while Update==1.',
    },
    {
      Update: { bits: [31, 31], doc: 'Write 1 with new values; hardware clears when taken.', reset: '0' },
      ABORT: { bits: [20, 20], doc: 'Abort all transactions while SMMUEN==0.', reset: 'IMPDEF' },
      INSTCFG: { bits: [19, 18], doc: 'Instruction or data override.', reset: 'IMPDEF', ...INSTCFG_VALUES },
      PRIVCFG: { bits: [17, 16], doc: 'Privilege override.', reset: 'IMPDEF', ...PRIVCFG_VALUES },
      SHCFG: { bits: [13, 12], doc: 'Shareability override.', reset: 'IMPDEF', ...SHCFG_VALUES },
      ALLOCCFG: {
        bits: [11, 8],
        doc: 'Allocation hints: 0b0xxx incoming, 0b1RWT forces Read-alloc=R, Write-alloc=W, Transient=T.',
        reset: 'IMPDEF',
      },
      MTCFG: { bits: [4, 4], doc: '1: use MemAttr.', reset: 'IMPDEF', ...REPLACE },
      MemAttr: { bits: [3, 0], doc: 'Memory type as STE.MemAttr.', reset: 'IMPDEF' },
    },
  ),
  AGBPA: page0(
    'AGBPA',
    {
      offset: 0x0048,
      width: 32,
      access: 'RW',
      section: '6.3.15',
      doc: 'IMPLEMENTATION DEFINED attributes of global bypass.',
    },
    AGBPA,
  ),
  GERROR: page0(
    'GERROR',
    {
      offset: 0x0060,
      width: 32,
      access: 'RO',
      section: '6.3.19',
      doc: 'Global errors, toggled by hardware.',
      update: 'RO; hardware toggles a bit to activate; active = GERROR ^ GERRORN.',
    },
    GERROR,
  ),
  GERRORN: page0(
    'GERRORN',
    {
      offset: 0x0064,
      width: 32,
      access: 'RW',
      section: '6.3.20',
      doc: 'Global errors acknowledged by software.',
      update: 'Software toggles a bit to acknowledge; toggling an inactive bit is CONSTRAINED UNPREDICTABLE.',
    },
    GERROR,
  ),
  STRTAB_BASE: page0(
    'STRTAB_BASE',
    {
      offset: 0x0080,
      width: 64,
      access: 'RW',
      section: '6.3.24',
      doc: 'Where the stream table lies.',
      update: 'Writable only when SMMU_CR0.SMMUEN==0 (RO if IDR1.TABLES_PRESET).',
    },
    STRTAB_BASE,
  ),
  STRTAB_BASE_CFG: page0(
    'STRTAB_BASE_CFG',
    {
      offset: 0x0088,
      width: 32,
      access: 'RW',
      section: '6.3.25',
      doc: 'Shape and size of the stream table.',
      update: 'Writable only when SMMU_CR0.SMMUEN==0 (RO if IDR1.TABLES_PRESET).',
    },
    STRTAB_BASE_CFG,
  ),
  GMPAM: page0(
    'GMPAM',
    {
      offset: 0x0138,
      width: 32,
      access: 'RW',
      section: '6.3.42',
      doc: 'MPAM values of accesses of the SMMU itself.',
      needs: 'IDR3.MPAM',
      update: 'Same Update procedure as GBPA.',
    },
    {
      Update: { bits: [31, 31], doc: 'Write 1 with new values; hardware clears when taken.', reset: '0' },
      SO_PMG: { bits: [23, 16], doc: 'PMG of SMMU accesses.', reset: '0' },
      SO_PARTID: { bits: [15, 0], doc: 'PARTID of SMMU accesses.', reset: '0' },
    },
  ),
  GBPMPAM: page0(
    'GBPMPAM',
    {
      offset: 0x013c,
      width: 32,
      access: 'RW',
      section: '6.3.43',
      doc: 'MPAM values while SMMUEN is 0.',
      needs: 'IDR3.MPAM',
      update: 'Same Update procedure as GBPA.',
    },
    {
      Update: { bits: [31, 31], doc: 'Write 1 with new values; hardware clears when taken.', reset: '0' },
      GBP_PMG: { bits: [23, 16], doc: 'PMG in global bypass.', reset: '0' },
      GBP_PARTID: { bits: [15, 0], doc: 'PARTID in global bypass.', reset: '0' },
    },
  ),
  DPT_BASE: page0(
    'DPT_BASE',
    {
      offset: 0x0200,
      width: 64,
      access: 'RW',
      section: '6.3.46',
      doc: 'Where the device permission table lies.',
      needs: 'IDR3.DPT',
      update: 'Writable only when SMMU_CR0.DPT_WALK_EN and ACK are 0.',
    },
    DPT_BASE,
  ),
  DPT_BASE_CFG: page0(
    'DPT_BASE_CFG',
    {
      offset: 0x0208,
      width: 32,
      access: 'RW',
      section: '6.3.47',
      doc: 'Shape of the device permission table.',
      needs: 'IDR3.DPT',
      update: 'Writable only when SMMU_CR0.DPT_WALK_EN and ACK are 0.',
    },
    DPT_BASE_CFG,
  ),
  DPT_CFG_FAR: page0(
    'DPT_CFG_FAR',
    {
      offset: 0x0210,
      width: 64,
      access: 'clear-only',
      section: '6.3.48',
      doc: 'The last lookup fault of the device permission table.',
      needs: 'IDR3.DPT',
      update: 'Write with FAULT=0 clears whole register; other writes ignored.',
    },
    DPT_CFG_FAR,
  ),
  ID_REGS: page0(
    'ID_REGS',
    {
      offset: 0x0fd0,
      width: 32,
      access: 'RO',
      section: '6.2.1',
      doc: 'CoreSight-style identification, one byte a word.',
      array: { count: 12, stride: 4 },
      conf: 'medium',
    },
    {
      VALUE: { bits: [31, 0], doc: 'One byte of the CoreSight-style identification.' },
    },
  ),
} as const;
