import type { FieldSpecs } from '../../bits/layout.ts';
import { REGISTER_SH } from './encodings.ts';
import { bank } from './register.ts';
import { AIDR, IIDR } from './shared-fields.ts';

const counterGroup = bank(null, 'PMCG');

const COUNTER_MPAMIDR = {
  PMG_MAX: { bits: [23, 16], doc: 'Max PMG.' },
  PARTID_MAX: { bits: [15, 0], doc: 'Max PARTID.' },
} as const satisfies FieldSpecs;

/** Performance monitor counter group (chapter 10). */
export const PMCG_REGISTERS = {
  PMCG_EVCNTRn: counterGroup(
    'PMCG_EVCNTRn',
    {
      offset: 0x0000,
      width: 64,
      access: 'RW',
      section: '10.5',
      doc: 'An event counter.',
      array: { count: 64, stride: 8 },
      note: '4 bytes apart while counters have at most 32 bits.',
      conf: 'medium',
    },
    {
      COUNTER_VALUE: { bits: [63, 0], doc: 'Counter (CFGR.SIZE + 1 bits).' },
    },
  ),
  PMCG_EVTYPERn: counterGroup(
    'PMCG_EVTYPERn',
    {
      offset: 0x0400,
      width: 32,
      access: 'RW',
      section: '10.5',
      doc: 'What a counter counts.',
      array: { count: 64, stride: 4 },
      conf: 'medium',
    },
    {
      OVFCAP: { bits: [31, 31], doc: 'Capture on overflow.' },
      FILTER_SEC_SID: { bits: [30, 30], doc: 'Filter Secure.' },
      FILTER_SID_SPAN: { bits: [29, 29], doc: 'SMR matches a span.' },
      FILTER_REALM_SID: { bits: [28, 28], doc: 'Filter Realm.' },
      FILTER_MPAM_SP: { bits: [19, 18], doc: 'MPAM space.' },
      FILTER_PMG: { bits: [17, 17], doc: 'Filter PMG.' },
      FILTER_PARTID: { bits: [16, 16], doc: 'Filter PARTID.' },
      EVENT: { bits: [15, 0], doc: 'Event number.' },
    },
  ),
  PMCG_SVRn: counterGroup(
    'PMCG_SVRn',
    {
      offset: 0x0600,
      width: 64,
      access: 'RO',
      section: '10.5',
      doc: 'Captured value of a counter.',
      array: { count: 64, stride: 8 },
      note: '4 bytes apart while counters have at most 32 bits.',
      conf: 'medium',
    },
    {
      SHADOW_COUNTER_VALUE: { bits: [63, 0], doc: 'Captured value.' },
    },
  ),
  PMCG_SMRn: counterGroup(
    'PMCG_SMRn',
    {
      offset: 0x0a00,
      width: 32,
      access: 'RW',
      section: '10.5',
      doc: 'StreamID filter of a counter.',
      array: { count: 64, stride: 4 },
      conf: 'medium',
    },
    {
      STREAMID: { bits: [31, 0], doc: 'StreamID filter.' },
    },
  ),
  PMCG_CNTENSET0: counterGroup(
    'PMCG_CNTENSET0',
    { offset: 0x0c00, width: 64, access: 'W1S', section: '10.5', doc: 'Enables counters.', conf: 'medium' },
    {
      CNTEN: { bits: [63, 0], doc: 'Enable.' },
    },
  ),
  PMCG_CNTENCLR0: counterGroup(
    'PMCG_CNTENCLR0',
    { offset: 0x0c20, width: 64, access: 'W1C', section: '10.5', doc: 'Disables counters.', conf: 'medium' },
    {
      CNTEN: { bits: [63, 0], doc: 'Disable.' },
    },
  ),
  PMCG_INTENSET0: counterGroup(
    'PMCG_INTENSET0',
    {
      offset: 0x0c40,
      width: 64,
      access: 'W1S',
      section: '10.5',
      doc: 'Enables overflow interrupts.',
      conf: 'medium',
    },
    {
      INTEN: { bits: [63, 0], doc: 'Interrupt enable.' },
    },
  ),
  PMCG_INTENCLR0: counterGroup(
    'PMCG_INTENCLR0',
    {
      offset: 0x0c60,
      width: 64,
      access: 'W1C',
      section: '10.5',
      doc: 'Disables overflow interrupts.',
      conf: 'medium',
    },
    {
      INTEN: { bits: [63, 0], doc: 'Interrupt disable.' },
    },
  ),
  PMCG_OVSCLR0: counterGroup(
    'PMCG_OVSCLR0',
    {
      offset: 0x0c80,
      width: 64,
      access: 'W1C',
      section: '10.5',
      doc: 'Clears overflow status.',
      conf: 'medium',
    },
    {
      OVS: { bits: [63, 0], doc: 'Overflow status clear.' },
    },
  ),
  PMCG_OVSSET0: counterGroup(
    'PMCG_OVSSET0',
    {
      offset: 0x0cc0,
      width: 64,
      access: 'W1S',
      section: '10.5',
      doc: 'Sets overflow status.',
      conf: 'medium',
    },
    {
      OVS: { bits: [63, 0], doc: 'Overflow status set.' },
    },
  ),
  PMCG_CAPR: counterGroup(
    'PMCG_CAPR',
    {
      offset: 0x0d88,
      width: 32,
      access: 'WO',
      section: '10.5',
      doc: 'Captures all counters.',
      conf: 'medium',
    },
    {
      CAPTURE: { bits: [0, 0], doc: 'Capture all.' },
    },
  ),
  PMCG_SCR: counterGroup(
    'PMCG_SCR',
    {
      offset: 0x0df8,
      width: 32,
      access: 'RW',
      section: '10.5',
      doc: 'Secure control of the counters.',
      conf: 'low',
      partial: true,
    },
    {
      READS_AS_ONE: { bits: [31, 31], doc: 'Reads as 1.' },
      NSMSI: { bits: [2, 2], doc: 'Non-secure MSI.' },
      NSRA: { bits: [1, 1], doc: 'Non-secure register access.' },
      SO: { bits: [0, 0], doc: 'Secure observation.' },
    },
  ),
  PMCG_CFGR: counterGroup(
    'PMCG_CFGR',
    {
      offset: 0x0e00,
      width: 32,
      access: 'RO',
      section: '10.5',
      doc: 'Features of the counters.',
      conf: 'medium',
      partial: true,
    },
    {
      FILTER_PARTID_PMG: { bits: [25, 25], doc: 'Filtering by PARTID and PMG supported.' },
      MPAM: { bits: [24, 24], doc: 'MPAM of MSIs supported.' },
      SID_FILTER_TYPE: { bits: [23, 23], doc: 'One filter for all.' },
      CAPTURE: { bits: [22, 22], doc: 'Capture supported.' },
      MSI: { bits: [21, 21], doc: 'MSIs supported.' },
      RELOC_CTRS: { bits: [20, 20], doc: 'Counters in page 1.' },
      SIZE: { bits: [13, 8], doc: 'Bits of a counter minus 1.' },
      NCTR: { bits: [5, 0], doc: 'Number of counters minus 1.' },
    },
  ),
  PMCG_CR: counterGroup(
    'PMCG_CR',
    {
      offset: 0x0e04,
      width: 32,
      access: 'RW',
      section: '10.5',
      doc: 'Enables the counters.',
      conf: 'medium',
    },
    {
      E: { bits: [0, 0], doc: 'Global enable.' },
    },
  ),
  PMCG_IIDR: counterGroup(
    'PMCG_IIDR',
    {
      offset: 0x0e08,
      width: 32,
      access: 'RO',
      section: '10.5',
      doc: 'Who made the counters.',
      conf: 'medium',
    },
    IIDR,
  ),
  PMCG_CEID0: counterGroup(
    'PMCG_CEID0',
    {
      offset: 0x0e20,
      width: 64,
      access: 'RO',
      section: '10.5',
      doc: 'Events 0 to 63 that can be counted.',
      conf: 'medium',
    },
    {
      CEID: { bits: [63, 0], doc: 'Events 0-63 supported.' },
    },
  ),
  PMCG_CEID1: counterGroup(
    'PMCG_CEID1',
    {
      offset: 0x0e28,
      width: 64,
      access: 'RO',
      section: '10.5',
      doc: 'Events 64 to 127 that can be counted.',
      conf: 'medium',
    },
    {
      CEID: { bits: [63, 0], doc: 'Events 64-127 supported.' },
    },
  ),
  PMCG_ROOTCR: counterGroup(
    'PMCG_ROOTCR',
    {
      offset: 0x0e48,
      width: 32,
      access: 'RW',
      section: '10.5',
      doc: 'Root control of the counters.',
      conf: 'medium',
    },
    {
      ROOTCR_IMPL: { bits: [31, 31], doc: 'The register is implemented.' },
      NAO: { bits: [3, 3], doc: 'Events of no particular Security state are counted.', reset: '1' },
      RLO: { bits: [1, 1], doc: 'Events of Realm streams are counted.', reset: '0' },
      RTO: { bits: [0, 0], doc: 'Events of Root state are counted.', reset: '0' },
    },
  ),
  PMCG_IRQ_CTRL: counterGroup(
    'PMCG_IRQ_CTRL',
    {
      offset: 0x0e50,
      width: 32,
      access: 'RW',
      section: '10.5',
      doc: 'Enables the overflow interrupt.',
      conf: 'medium',
    },
    {
      IRQEN: { bits: [0, 0], doc: 'Interrupt enable.' },
    },
  ),
  PMCG_IRQ_CTRLACK: counterGroup(
    'PMCG_IRQ_CTRLACK',
    {
      offset: 0x0e54,
      width: 32,
      access: 'RO',
      section: '10.5',
      doc: 'What PMCG_IRQ_CTRL has taken effect.',
      conf: 'medium',
    },
    {
      IRQEN: { bits: [0, 0], doc: 'Interrupt enable.' },
    },
  ),
  PMCG_IRQ_CFG0: counterGroup(
    'PMCG_IRQ_CFG0',
    {
      offset: 0x0e58,
      width: 64,
      access: 'RW',
      section: '10.5',
      doc: 'Address of the overflow MSI.',
      conf: 'medium',
      partial: true,
    },
    {
      ADDR: { bits: [55, 2], doc: 'Where the MSI is written, bits [55:2]; 0 = no MSI.', address: true },
    },
  ),
  PMCG_IRQ_CFG1: counterGroup(
    'PMCG_IRQ_CFG1',
    {
      offset: 0x0e60,
      width: 32,
      access: 'RW',
      section: '10.5',
      doc: 'Payload of the overflow MSI.',
      conf: 'medium',
    },
    {
      DATA: { bits: [31, 0], doc: 'MSI data.' },
    },
  ),
  PMCG_IRQ_CFG2: counterGroup(
    'PMCG_IRQ_CFG2',
    {
      offset: 0x0e64,
      width: 32,
      access: 'RW',
      section: '10.5',
      doc: 'Attributes of the overflow MSI.',
      conf: 'medium',
    },
    {
      SH: { bits: [5, 4], doc: 'Shareability.', ...REGISTER_SH },
      MemAttr: { bits: [3, 0], doc: 'Memory type.' },
    },
  ),
  PMCG_IRQ_STATUS: counterGroup(
    'PMCG_IRQ_STATUS',
    {
      offset: 0x0e68,
      width: 32,
      access: 'RO',
      section: '10.5',
      doc: 'Whether the overflow MSI was aborted.',
      conf: 'medium',
    },
    {
      IRQ_ABT: { bits: [0, 0], doc: 'An MSI was terminated with an abort.' },
    },
  ),
  PMCG_GMPAM: counterGroup(
    'PMCG_GMPAM',
    {
      offset: 0x0e6c,
      width: 32,
      access: 'RW',
      section: '10.5',
      doc: 'MPAM values of the overflow MSI.',
      conf: 'medium',
    },
    {
      Update: { bits: [31, 31], doc: 'Write 1 with new values; hardware clears when taken.', reset: '0' },
      PO_PMG: { bits: [23, 16], doc: 'PMG of MSIs.', reset: '0' },
      PO_PARTID: { bits: [15, 0], doc: 'PARTID of MSIs.', reset: '0' },
    },
  ),
  PMCG_AIDR: counterGroup(
    'PMCG_AIDR',
    {
      offset: 0x0e70,
      width: 32,
      access: 'RO',
      section: '10.5',
      doc: 'Version of the architecture of the counters.',
      conf: 'medium',
    },
    AIDR,
  ),
  PMCG_MPAMIDR: counterGroup(
    'PMCG_MPAMIDR',
    {
      offset: 0x0e74,
      width: 32,
      access: 'RO',
      section: '10.5',
      doc: 'Largest Non-secure MPAM values of MSIs.',
      conf: 'medium',
    },
    COUNTER_MPAMIDR,
  ),
  PMCG_S_MPAMIDR: counterGroup(
    'PMCG_S_MPAMIDR',
    {
      offset: 0x0e78,
      width: 32,
      access: 'RO',
      section: '10.5',
      doc: 'Largest Secure MPAM values of MSIs.',
      conf: 'medium',
    },
    {
      HAS_MPAM_NS: { bits: [25, 25], doc: 'Secure MSIs may use the Non-secure PARTID space.' },
      ...COUNTER_MPAMIDR,
    },
  ),
} as const;
