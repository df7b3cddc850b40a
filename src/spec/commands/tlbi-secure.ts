import { command } from './command.ts';
import { ASID, IPA, OPCODE, RANGE, VA, VMID } from './fields.ts';

/** TLB invalidation of Secure EL2 and Secure stage 2, on the Secure queue only (4.4.2, 4.4.3, 4.4.4). */
export const TLBI_SECURE_COMMANDS = {
  CMD_TLBI_S_EL2_ALL: command(
    {
      name: 'CMD_TLBI_S_EL2_ALL',
      opcode: 0x50,
      section: '4.4.2.11',
      kind: 'tlb',
      doc: 'Removes all Secure EL2 and EL2-E2H entries.',
      legal: { ns: false, s: ['S_IDR1.SEL2'], realm: false },
      legalText: { ns: 'CERROR_ILL.', s: 'Legal if S_IDR1.SEL2 else CERROR_ILL.', realm: 'CERROR_ILL.' },
      tlb: {
        worlds: { ns: [], s: ['S-EL2', 'S-EL2-E2H'], realm: [] },
        vmid: false,
        asid: 'any',
        address: 'none',
        stages: ['1'],
      },
      since: '3.2',
    },
    {
      ...OPCODE,
    },
  ),
  CMD_TLBI_S_EL2_ASID: command(
    {
      name: 'CMD_TLBI_S_EL2_ASID',
      opcode: 0x51,
      section: '4.4.2.14',
      kind: 'tlb',
      doc: 'Removes the non-global Secure EL2-E2H entries of an ASID.',
      legal: { ns: false, s: ['S_IDR1.SEL2'], realm: false },
      legalText: { ns: 'CERROR_ILL.', s: 'Legal if S_IDR1.SEL2 else CERROR_ILL.', realm: 'CERROR_ILL.' },
      tlb: {
        worlds: { ns: [], s: ['S-EL2-E2H'], realm: [] },
        vmid: false,
        asid: 'match',
        address: 'none',
        stages: ['1'],
      },
      since: '3.2',
    },
    {
      ...OPCODE,
      ...ASID,
    },
  ),
  CMD_TLBI_S_EL2_VA: command(
    {
      name: 'CMD_TLBI_S_EL2_VA',
      opcode: 0x52,
      section: '4.4.2.12',
      kind: 'tlb',
      doc: 'S_CR2.E2H==1: removes Secure EL2-E2H entries by VA, of the ASID or global. E2H==0: removes Secure EL2 entries by VA, ASID ignored.',
      legal: { ns: false, s: ['S_IDR1.SEL2'], realm: false },
      legalText: { ns: 'CERROR_ILL.', s: 'Legal if S_IDR1.SEL2 else CERROR_ILL.', realm: 'CERROR_ILL.' },
      tlb: {
        worlds: { ns: [], s: ['S-EL2', 'S-EL2-E2H'], realm: [] },
        vmid: false,
        asid: 'match-or-global',
        address: 'va',
        stages: ['1'],
      },
      since: '3.2',
    },
    {
      ...OPCODE,
      ...RANGE,
      ...ASID,
      ...VA,
    },
  ),
  CMD_TLBI_S_EL2_VAA: command(
    {
      name: 'CMD_TLBI_S_EL2_VAA',
      opcode: 0x53,
      section: '4.4.2.13',
      kind: 'tlb',
      doc: 'Removes Secure EL2 or EL2-E2H entries by VA, of any ASID.',
      legal: { ns: false, s: ['S_IDR1.SEL2'], realm: false },
      legalText: { ns: 'CERROR_ILL.', s: 'Legal if S_IDR1.SEL2 else CERROR_ILL.', realm: 'CERROR_ILL.' },
      tlb: {
        worlds: { ns: [], s: ['S-EL2', 'S-EL2-E2H'], realm: [] },
        vmid: false,
        asid: 'any',
        address: 'va',
        stages: ['1'],
      },
      since: '3.2',
    },
    {
      ...OPCODE,
      ...RANGE,
      ...VA,
    },
  ),
  CMD_TLBI_S_S12_VMALL: command(
    {
      name: 'CMD_TLBI_S_S12_VMALL',
      opcode: 0x58,
      section: '4.4.3.4',
      kind: 'tlb',
      doc: 'Removes all Secure EL1 entries of a VMID, stage 1 and stage 2.',
      legal: { ns: false, s: ['S_IDR1.SEL2'], realm: false },
      legalText: { ns: 'CERROR_ILL.', s: 'Legal if S_IDR1.SEL2 else CERROR_ILL.', realm: 'CERROR_ILL.' },
      tlb: {
        worlds: { ns: [], s: ['Secure'], realm: [] },
        vmid: true,
        asid: 'any',
        address: 'none',
        stages: ['1', '2', 'combined'],
      },
      since: '3.2',
    },
    {
      ...OPCODE,
      ...VMID,
    },
  ),
  CMD_TLBI_S_S2_IPA: command(
    {
      name: 'CMD_TLBI_S_S2_IPA',
      opcode: 0x5a,
      section: '4.4.3.3',
      kind: 'tlb',
      doc: 'Removes Secure stage-2 entries by IPA and VMID, in the IPA space that NS chooses.',
      legal: { ns: false, s: ['S_IDR1.SEL2'], realm: false },
      legalText: { ns: 'CERROR_ILL.', s: 'Legal if S_IDR1.SEL2 else CERROR_ILL.', realm: 'CERROR_ILL.' },
      tlb: {
        worlds: { ns: [], s: ['Secure'], realm: [] },
        vmid: true,
        asid: 'any',
        address: 'ipa',
        stages: ['2'],
      },
      since: '3.2',
    },
    {
      ...OPCODE,
      ...RANGE,
      ...VMID,
      ...IPA,
      NS: {
        bits: [127, 127],
        doc: '0 Secure IPA space, 1 Non-secure IPA space of the Secure regime.',
        conf: 'medium',
        note: 'Where TLBI IPAS2E1 of a PE has it, to which the command is the equivalent.',
      },
    },
  ),
  CMD_TLBI_SNH_ALL: command(
    {
      name: 'CMD_TLBI_SNH_ALL',
      opcode: 0x60,
      section: '4.4.4.2',
      kind: 'tlb',
      doc: 'Removes all Secure entries but those of Secure EL2 and EL3.',
      legal: { ns: false, s: ['S_IDR1.SEL2'], realm: false },
      legalText: { ns: 'CERROR_ILL.', s: 'Legal if S_IDR1.SEL2 else CERROR_ILL.', realm: 'CERROR_ILL.' },
      tlb: {
        worlds: { ns: [], s: ['Secure'], realm: [] },
        vmid: false,
        asid: 'any',
        address: 'none',
        stages: ['1', '2', 'combined'],
      },
      since: '3.2',
    },
    {
      ...OPCODE,
    },
  ),
} as const;
