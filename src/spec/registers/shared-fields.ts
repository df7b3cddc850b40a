import type { FieldSpecs } from '../../bits/layout.ts';
import { indexed, TO_15 } from '../indexed.ts';
import {
  ATOS_TYPE,
  CERROR_VALUES,
  LEVEL0_SIZE,
  PROTECTED_SIZE,
  PROTECTION_GRANULE,
  REGISTER_CACHEABILITY,
  REGISTER_SH,
  SPLIT_VALUES,
  TABLE_FORMAT,
} from './encodings.ts';

/** Fields of IDR4, S_IDR4, R_IDR4. */
export const IDR4 = {
  IMPDEF: { bits: [31, 0], doc: 'IMPLEMENTATION DEFINED.' },
} as const satisfies FieldSpecs;

/** Fields of IIDR, ROOT_IIDR. */
export const IIDR = {
  ProductID: { bits: [31, 20], doc: 'Product.' },
  Variant: { bits: [19, 16], doc: 'Major revision.' },
  Revision: { bits: [15, 12], doc: 'Minor revision.' },
  Implementer: { bits: [11, 0], doc: 'JEP106: [11:8] continuation count, [6:0] code.' },
} as const satisfies FieldSpecs;

/** Fields of AIDR, R_AIDR. */
export const AIDR = {
  ArchMajorRev: { bits: [7, 4], doc: 'Major revision of the architecture.', values: { 0: 'SMMUv3' } },
  ArchMinorRev: {
    bits: [3, 0],
    doc: 'Minor revision of the architecture.',
    values: { 0: 'SMMUv3.0', 1: 'SMMUv3.1', 2: 'SMMUv3.2', 3: 'SMMUv3.3', 4: 'SMMUv3.4' },
  },
} as const satisfies FieldSpecs;

/** Fields of CR0, CR0ACK. */
export const CR0 = {
  DPT_WALK_EN: { bits: [10, 10], doc: 'DPT walks enabled.', needs: 'IDR3.DPT', reset: '0' },
  VMW: { bits: [8, 6], doc: 'Ignore n low VMID bits on invalidation, 0..4.', needs: 'IDR0.VMW', reset: '0' },
  ATSCHK: {
    bits: [4, 4],
    doc: 'Check Translated transactions against STE.EATS.',
    needs: 'IDR0.ATS',
    reset: '0',
  },
  CMDQEN: { bits: [3, 3], doc: 'Command processing enabled.', reset: '0' },
  EVENTQEN: { bits: [2, 2], doc: 'Event queue writes enabled.', reset: '0' },
  PRIQEN: { bits: [1, 1], doc: 'PRI queue writes enabled.', needs: 'IDR0.PRI', reset: '0' },
  SMMUEN: { bits: [0, 0], doc: 'Translation enabled for this state.', reset: '0' },
} as const satisfies FieldSpecs;

/** Fields of CR1, S_CR1, R_CR1. */
export const CR1 = {
  TABLE_SH: { bits: [11, 10], doc: 'Shareability of table accesses.', reset: 'IMPDEF', ...REGISTER_SH },
  TABLE_OC: {
    bits: [9, 8],
    doc: 'Outer cacheability of table accesses.',
    reset: 'IMPDEF',
    ...REGISTER_CACHEABILITY,
  },
  TABLE_IC: {
    bits: [7, 6],
    doc: 'Inner cacheability of table accesses.',
    reset: 'IMPDEF',
    ...REGISTER_CACHEABILITY,
  },
  QUEUE_SH: { bits: [5, 4], doc: 'Shareability of queue accesses.', reset: 'IMPDEF', ...REGISTER_SH },
  QUEUE_OC: {
    bits: [3, 2],
    doc: 'Outer cacheability of queue accesses.',
    reset: 'IMPDEF',
    ...REGISTER_CACHEABILITY,
  },
  QUEUE_IC: {
    bits: [1, 0],
    doc: 'Inner cacheability of queue accesses.',
    reset: 'IMPDEF',
    ...REGISTER_CACHEABILITY,
  },
} as const satisfies FieldSpecs;

/** Fields of AGBPA, S_AGBPA, R_AGBPA. */
export const AGBPA = {
  IMPDEF: { bits: [31, 0], doc: 'IMPLEMENTATION DEFINED.', reset: 'IMPDEF' },
} as const satisfies FieldSpecs;

/** Fields of IRQ_CTRL, IRQ_CTRLACK. */
export const IRQ_CTRL = {
  EVENTQ_IRQEN: { bits: [2, 2], doc: 'Event queue interrupt enable.', reset: '0' },
  PRIQ_IRQEN: { bits: [1, 1], doc: 'PRI queue interrupt enable.', needs: 'IDR0.PRI', reset: '0' },
  GERROR_IRQEN: { bits: [0, 0], doc: 'Global error interrupt enable.', reset: '0' },
} as const satisfies FieldSpecs;

/** Fields of S2PII, S_S2PII, R_S2PII. */
export const S2PII = {
  ...indexed(
    'S2PII',
    TO_15,
    0,
    4,
    'Stage-2 base permission for PIIndex #, encoded as STE.S2POI (1 and 5 act as no access).',
    { reset: 'UNKNOWN' },
  ),
} as const satisfies FieldSpecs;

/** Fields of GERROR, GERRORN. */
export const GERROR = {
  DPT_ERR: { bits: [10, 10], doc: 'DPT lookup fault, see DPT_CFG_FAR.', needs: 'IDR3.DPT', reset: '0' },
  CMDQP_ERR: { bits: [9, 9], doc: 'An ECMDQ has an error.', needs: 'IDR1.ECMDQ', reset: '0' },
  SFM_ERR: { bits: [8, 8], doc: 'Service failure mode entered.', reset: '0' },
  MSI_GERROR_ABT_ERR: {
    bits: [7, 7],
    doc: 'GERROR MSI aborted (no GERROR interrupt for it).',
    needs: 'IDR0.MSI',
    reset: '0',
  },
  MSI_PRIQ_ABT_ERR: {
    bits: [6, 6],
    doc: 'PRI queue MSI aborted.',
    needs: 'IDR0.MSI && IDR0.PRI',
    reset: '0',
  },
  MSI_EVENTQ_ABT_ERR: { bits: [5, 5], doc: 'Event queue MSI aborted.', needs: 'IDR0.MSI', reset: '0' },
  MSI_CMDQ_ABT_ERR: { bits: [4, 4], doc: 'CMD_SYNC MSI aborted.', needs: 'IDR0.MSI', reset: '0' },
  PRIQ_ABT_ERR: { bits: [3, 3], doc: 'PRI queue access aborted.', needs: 'IDR0.PRI', reset: '0' },
  EVENTQ_ABT_ERR: { bits: [2, 2], doc: 'Event queue access aborted.', reset: '0' },
  CMDQ_ERR: { bits: [0, 0], doc: 'Command queue stopped by error.', reset: '0' },
} as const satisfies FieldSpecs;

/** Fields of GERROR_IRQ_CFG0, EVENTQ_IRQ_CFG0, PRIQ_IRQ_CFG0, S_GERROR_IRQ_CFG0, S_EVENTQ_IRQ_CFG0. */
export const MSI_ADDRESS = {
  ADDR: {
    bits: [55, 2],
    doc: 'Where the MSI is written, bits [55:2]; 0 = no MSI.',
    reset: 'UNKNOWN',
    address: true,
  },
} as const satisfies FieldSpecs;

/** Fields of GERROR_IRQ_CFG1, EVENTQ_IRQ_CFG1, PRIQ_IRQ_CFG1, S_GERROR_IRQ_CFG1, S_EVENTQ_IRQ_CFG1, R_GERROR_IRQ_CFG1, R_EVENTQ_IRQ_CFG1, R_PRIQ_IRQ_CFG1. */
export const MSI_PAYLOAD = {
  DATA: { bits: [31, 0], doc: 'MSI payload.', reset: 'UNKNOWN' },
} as const satisfies FieldSpecs;

/** Fields of GERROR_IRQ_CFG2, EVENTQ_IRQ_CFG2, S_GERROR_IRQ_CFG2, S_EVENTQ_IRQ_CFG2, R_GERROR_IRQ_CFG2, R_EVENTQ_IRQ_CFG2. */
export const MSI_ATTRIBUTES = {
  SH: { bits: [5, 4], doc: 'Shareability.', reset: 'UNKNOWN', ...REGISTER_SH },
  MemAttr: { bits: [3, 0], doc: 'Memory type as STE.MemAttr.', reset: 'UNKNOWN' },
} as const satisfies FieldSpecs;

/** Fields of STRTAB_BASE, S_STRTAB_BASE, R_STRTAB_BASE. */
export const STRTAB_BASE = {
  RA: { bits: [62, 62], doc: 'Read-allocate hint.', reset: 'IMPDEF' },
  ADDR: { bits: [55, 6], doc: 'Base of the stream table, bits [55:6].', reset: 'IMPDEF', address: true },
} as const satisfies FieldSpecs;

/** Fields of STRTAB_BASE_CFG, S_STRTAB_BASE_CFG, R_STRTAB_BASE_CFG. */
export const STRTAB_BASE_CFG = {
  FMT: {
    bits: [17, 16],
    doc: 'Shape of the stream table.',
    needs: 'IDR0.ST_LEVEL!=0',
    reset: 'IMPDEF',
    ...TABLE_FORMAT,
  },
  SPLIT: {
    bits: [10, 6],
    doc: 'log2 of the STEs of a level-2 array; other values act as 6.',
    needs: 'IDR0.ST_LEVEL!=0',
    reset: 'IMPDEF',
    ...SPLIT_VALUES,
  },
  LOG2SIZE: { bits: [5, 0], doc: 'log2 of the number of entries.', reset: 'IMPDEF' },
} as const satisfies FieldSpecs;

/** Fields of CMDQ_BASE, S_CMDQ_BASE, R_CMDQ_BASE. */
export const CMDQ_BASE = {
  RA: { bits: [62, 62], doc: 'Read-allocate hint.', reset: 'IMPDEF' },
  ADDR: { bits: [55, 5], doc: 'Base of the queue, bits [55:5].', reset: 'IMPDEF', address: true },
  LOG2SIZE: { bits: [4, 0], doc: 'log2 of the number of entries.', reset: 'IMPDEF' },
} as const satisfies FieldSpecs;

/** Fields of CMDQ_PROD, S_CMDQ_PROD, R_CMDQ_PROD. */
export const CMDQ_PROD = {
  WR: { bits: [19, 0], doc: 'Write index and wrap bit [QS].', reset: 'UNKNOWN' },
} as const satisfies FieldSpecs;

/** Fields of CMDQ_CONS, S_CMDQ_CONS, R_CMDQ_CONS. */
export const CMDQ_CONS = {
  ERR: { bits: [30, 24], doc: 'Why the queue stopped: a CERROR code.', reset: 'UNKNOWN', ...CERROR_VALUES },
  RD: { bits: [19, 0], doc: 'Read index and wrap bit [QS].', reset: 'UNKNOWN' },
} as const satisfies FieldSpecs;

/** Fields of EVENTQ_BASE, S_EVENTQ_BASE, R_EVENTQ_BASE. */
export const EVENTQ_BASE = {
  WA: { bits: [62, 62], doc: 'Write-allocate hint.', reset: 'IMPDEF' },
  ADDR: { bits: [55, 5], doc: 'Base of the queue, bits [55:5].', reset: 'IMPDEF', address: true },
  LOG2SIZE: { bits: [4, 0], doc: 'log2 of the number of entries.', reset: 'IMPDEF' },
} as const satisfies FieldSpecs;

/** Fields of PRIQ_BASE, R_PRIQ_BASE. */
export const PRIQ_BASE = {
  WA: { bits: [62, 62], doc: 'Write-allocate hint.', reset: 'UNKNOWN' },
  ADDR: { bits: [55, 5], doc: 'Base of the queue, bits [55:5].', reset: 'UNKNOWN', address: true },
  LOG2SIZE: { bits: [4, 0], doc: 'log2 of the number of entries.', reset: 'UNKNOWN' },
} as const satisfies FieldSpecs;

/** Fields of PRIQ_IRQ_CFG2, R_PRIQ_IRQ_CFG2. */
export const PRIQ_MSI_ATTRIBUTES = {
  LO: { bits: [31, 31], doc: '1: interrupt only when a Last page request is written.', reset: 'UNKNOWN' },
  SH: { bits: [5, 4], doc: 'Shareability.', reset: 'UNKNOWN', ...REGISTER_SH },
  MemAttr: { bits: [3, 0], doc: 'Memory type as STE.MemAttr.', reset: 'UNKNOWN' },
} as const satisfies FieldSpecs;

/** Fields of GATOS_CTRL, S_GATOS_CTRL, VATOS_CTRL, S_VATOS_CTRL, ROOT_TLBI_CTRL. */
export const GATOS_CTRL = {
  RUN: { bits: [0, 0], doc: 'Write 1 to start; hardware clears it when done.', reset: '0' },
} as const satisfies FieldSpecs;

/** Fields of GATOS_SID, VATOS_SID, S_VATOS_SID. */
export const GATOS_SID = {
  SSID_VALID: { bits: [52, 52], doc: 'Use SUBSTREAMID.', needs: 'IDR1.SSIDSIZE!=0', reset: 'UNKNOWN' },
  SUBSTREAMID: { bits: [51, 32], doc: 'SubstreamID.', reset: 'UNKNOWN' },
  STREAMID: { bits: [31, 0], doc: 'StreamID.', reset: 'UNKNOWN' },
} as const satisfies FieldSpecs;

/** Fields of GATOS_ADDR, VATOS_ADDR, S_VATOS_ADDR. */
export const GATOS_ADDR = {
  ADDR: { bits: [63, 12], doc: 'Address to translate, bits [63:12].', reset: 'UNKNOWN', address: true },
  TYPE: { bits: [11, 10], doc: 'Stages to translate.', reset: 'UNKNOWN', ...ATOS_TYPE },
  PnU: { bits: [9, 9], doc: 'Privileged.', reset: 'UNKNOWN' },
  RnW: { bits: [8, 8], doc: 'Read rather than write.', reset: 'UNKNOWN' },
  InD: { bits: [7, 7], doc: 'Instruction rather than data.', reset: 'UNKNOWN' },
  HTTUI: { bits: [6, 6], doc: 'Inhibit access flag and dirty state updates.', reset: 'UNKNOWN' },
} as const satisfies FieldSpecs;

/** Fields of GATOS_PAR, VATOS_PAR. */
export const GATOS_PAR = {
  ATTR: {
    bits: [63, 56],
    doc: 'Memory attributes in MAIR encoding.',
    reset: 'UNKNOWN',
    when: 'FAULT==0',
    alternativeTo: 'IMPDEF',
  },
  IMPDEF: {
    bits: [63, 60],
    doc: 'IMPLEMENTATION DEFINED.',
    reset: 'UNKNOWN',
    when: 'FAULT==1',
    alternativeTo: 'ATTR',
  },
  ADDR: {
    bits: [55, 12],
    doc: 'Result, bits [55:12].',
    reset: 'UNKNOWN',
    address: true,
    when: 'FAULT==0',
    alternativeTo: 'FADDR',
  },
  FADDR: {
    bits: [55, 12],
    doc: 'Faulting address, bits [55:12].',
    reset: 'UNKNOWN',
    address: true,
    when: 'FAULT==1',
    alternativeTo: 'ADDR',
  },
  Size: {
    bits: [11, 11],
    doc: '0: address is page result, 1: low set bit pattern gives block size.',
    reset: 'UNKNOWN',
    when: 'FAULT==0',
    alternativeTo: 'FAULTCODE',
  },
  FAULTCODE: {
    bits: [11, 4],
    doc: 'Number of the event, or of an address translation error.',
    reset: 'UNKNOWN',
    when: 'FAULT==1',
    alternativeTo: ['Size', 'SH'],
  },
  SH: {
    bits: [9, 8],
    doc: 'Shareability.',
    reset: 'UNKNOWN',
    when: 'FAULT==0',
    alternativeTo: 'FAULTCODE',
    ...REGISTER_SH,
  },
  REASON: {
    bits: [2, 1],
    doc: 'Which stage faulted and what was being translated.',
    reset: 'UNKNOWN',
    when: 'FAULT==1',
  },
  FAULT: { bits: [0, 0], doc: '1: the translation faulted.', reset: 'UNKNOWN' },
} as const satisfies FieldSpecs;

/** Fields of VATOS_SEL, S_VATOS_SEL. */
export const VATOS_SEL = {
  VMID: { bits: [15, 0], doc: 'VMID allowed through VATOS.', reset: 'UNKNOWN' },
} as const satisfies FieldSpecs;

/** Fields of IDR6, S_IDR6, R_IDR6. */
export const IDR6 = {
  CMDQ_CONTROL_PAGE_LOG2NUMP: { bits: [27, 24], doc: 'log2 number of control pages.' },
  CMDQ_CONTROL_PAGE_LOG2NUMQ: { bits: [19, 16], doc: 'log2 queues per page.' },
} as const satisfies FieldSpecs;

/** Fields of DPT_BASE, R_DPT_BASE. */
export const DPT_BASE = {
  RA: { bits: [62, 62], doc: 'Read-allocate hint.', reset: 'UNKNOWN' },
  BADDR: { bits: [55, 12], doc: 'DPT level-0 base.', reset: 'UNKNOWN', address: true },
} as const satisfies FieldSpecs;

/** Fields of DPT_BASE_CFG, R_DPT_BASE_CFG. */
export const DPT_BASE_CFG = {
  L0DPTSZ: { bits: [23, 20], doc: 'What one level-0 entry covers.', reset: 'UNKNOWN', ...LEVEL0_SIZE },
  DPTGS: { bits: [15, 14], doc: 'Granule.', reset: 'UNKNOWN', ...PROTECTION_GRANULE },
  DPTPS: { bits: [2, 0], doc: 'Address space that the table covers.', reset: 'UNKNOWN', ...PROTECTED_SIZE },
} as const satisfies FieldSpecs;

/** Fields of DPT_CFG_FAR, R_DPT_CFG_FAR. */
export const DPT_CFG_FAR = {
  FADDR: { bits: [55, 12], doc: 'Faulting address, bits [55:12].', address: true },
  DPT_FAULTCODE: {
    bits: [7, 4],
    doc: 'What went wrong.',
    values: { 0: 'DPT walks disabled', 1: 'walk fault', 2: 'granule protection fault', 3: 'external abort' },
  },
  LEVEL: { bits: [1, 1], doc: 'Level of fault.' },
  FAULT: { bits: [0, 0], doc: '1: the register holds a fault.', reset: '0' },
} as const satisfies FieldSpecs;

/** Fields of CMDQ_CONTROL_PAGE_BASEn, S_CMDQ_CONTROL_PAGE_BASEn, R_CMDQ_CONTROL_PAGE_BASEn. */
export const CMDQ_CONTROL_PAGE_BASE = {
  ADDR: { bits: [55, 16], doc: 'Where the control page lies, bits [55:16].', address: true },
  CMDQGS: { bits: [2, 1], doc: 'Control page granule, 1 = 64KB.' },
  CMDQ_CONTROL_PAGE_PRESET: { bits: [0, 0], doc: '1 = implemented in registers.' },
} as const satisfies FieldSpecs;

/** Fields of CMDQ_CONTROL_PAGE_CFGn, S_CMDQ_CONTROL_PAGE_CFGn, R_CMDQ_CONTROL_PAGE_CFGn. */
export const CMDQ_CONTROL_PAGE_CFG = {
  EN: { bits: [0, 0], doc: 'Enable.' },
} as const satisfies FieldSpecs;

/** Fields of CMDQ_CONTROL_PAGE_STATUSn, S_CMDQ_CONTROL_PAGE_STATUSn, R_CMDQ_CONTROL_PAGE_STATUSn. */
export const CMDQ_CONTROL_PAGE_STATUS = {
  ENACK: { bits: [0, 0], doc: 'Enable acknowledge.' },
} as const satisfies FieldSpecs;

/** Fields of S_IRQ_CTRL, S_IRQ_CTRLACK. */
export const SECURE_IRQ_CTRL = {
  EVENTQ_IRQEN: { bits: [2, 2], doc: 'Event queue interrupt enable.', reset: '0' },
  GERROR_IRQEN: { bits: [0, 0], doc: 'Global error interrupt enable.', reset: '0' },
} as const satisfies FieldSpecs;

/** Fields of S_EVENTQ_PROD, EVENTQ_PROD, R_EVENTQ_PROD. */
export const EVENTQ_PROD = {
  OVFLG: { bits: [31, 31], doc: 'Overflow flag, toggled by hardware.', reset: 'UNKNOWN' },
  WR: { bits: [19, 0], doc: 'Write index and wrap bit [QS].', reset: 'UNKNOWN' },
} as const satisfies FieldSpecs;

/** Fields of S_EVENTQ_CONS, EVENTQ_CONS, PRIQ_CONS, R_EVENTQ_CONS, R_PRIQ_CONS. */
export const EVENTQ_CONS = {
  OVACKFLG: { bits: [31, 31], doc: 'Overflow acknowledge, software copies OVFLG.', reset: 'UNKNOWN' },
  RD: { bits: [19, 0], doc: 'Read index and wrap bit [QS].', reset: 'UNKNOWN' },
} as const satisfies FieldSpecs;

/** Fields of S_MPAMIDR, R_MPAMIDR. */
export const MPAMIDR = {
  HAS_MPAM_NS: { bits: [25, 25], doc: 'MPAM_NS fields exist.' },
  PMG_MAX: { bits: [23, 16], doc: 'Max PMG.' },
  PARTID_MAX: { bits: [15, 0], doc: 'Max PARTID.' },
} as const satisfies FieldSpecs;

/** Fields of PRIQ_PROD, R_PRIQ_PROD. */
export const PRIQ_PROD = {
  OVFLG: { bits: [31, 31], doc: 'Overflow flag, toggled by hardware.', reset: '0' },
  WR: { bits: [19, 0], doc: 'Write index and wrap bit [QS].', reset: 'UNKNOWN' },
} as const satisfies FieldSpecs;

/** Fields of ROOT_CR0, ROOT_CR0ACK. */
export const ROOT_CR0 = {
  GPCEN: { bits: [1, 1], doc: 'Granule protection checks on.', reset: '0' },
  ACCESSEN: { bits: [0, 0], doc: 'SMMU and client accesses allowed.', reset: '0' },
} as const satisfies FieldSpecs;

/** Fields of ROOT_GPT_BASE, ROOT_GPT_BASE2. */
export const GPT_BASE = {
  ADDR: {
    bits: [51, 12],
    doc: 'Base of the level-0 granule protection table, bits [51:12].',
    reset: 'UNKNOWN',
    address: true,
  },
} as const satisfies FieldSpecs;

/** Fields of R_CR0, R_CR0ACK. */
export const REALM_CR0 = {
  DPT_WALK_EN: { bits: [10, 10], doc: 'DPT walks enabled.', needs: 'R_IDR3.DPT', reset: '0' },
  VMW: { bits: [8, 6], doc: 'Ignore n low VMID bits on invalidation, 0..4.', needs: 'IDR0.VMW', reset: '0' },
  ATSCHK: { bits: [4, 4], doc: 'Check Translated transactions against STE.EATS.', needs: 'R_IDR0.ATS' },
  CMDQEN: { bits: [3, 3], doc: 'Command processing enabled.', reset: '0' },
  EVENTQEN: { bits: [2, 2], doc: 'Event queue writes enabled.', reset: '0' },
  PRIQEN: { bits: [1, 1], doc: 'PRI queue writes enabled.', needs: 'R_IDR0.PRI', reset: '0' },
  SMMUEN: { bits: [0, 0], doc: 'Translation enabled for this state.', reset: '0' },
} as const satisfies FieldSpecs;

/** Fields of R_IRQ_CTRL, R_IRQ_CTRLACK. */
export const REALM_IRQ_CTRL = {
  EVENTQ_IRQEN: { bits: [2, 2], doc: 'Event queue interrupt enable.', reset: '0' },
  PRIQ_IRQEN: { bits: [1, 1], doc: 'PRI queue interrupt enable.', needs: 'R_IDR0.PRI', reset: '0' },
  GERROR_IRQEN: { bits: [0, 0], doc: 'Global error interrupt enable.', reset: '0' },
} as const satisfies FieldSpecs;

/** Fields of R_GERROR_IRQ_CFG0, R_EVENTQ_IRQ_CFG0, R_PRIQ_IRQ_CFG0. */
export const REALM_MSI_ADDRESS = {
  NS: { bits: [63, 63], doc: 'Where the MSI goes: 1 Non-secure physical address space.' },
  ADDR: {
    bits: [55, 2],
    doc: 'Where the MSI is written, bits [55:2]; 0 = no MSI.',
    reset: 'UNKNOWN',
    address: true,
  },
} as const satisfies FieldSpecs;
