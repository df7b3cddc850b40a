import { command } from './command.ts';
import { ASID, OPCODE, RANGE, VA, VMID } from './fields.ts';

/** TLB invalidation of stage 1 (4.4.2). */
export const TLBI_STAGE1_COMMANDS = {
  CMD_TLBI_NH_ALL: command(
    {
      name: 'CMD_TLBI_NH_ALL',
      opcode: 0x10,
      section: '4.4.2.1',
      kind: 'tlb',
      doc: "Removes the stage-1 EL1 entries of the queue's security state.",
      legal: { ns: ['IDR0.S1P'], s: true, realm: true },
      legalText: { ns: 'Legal if IDR0.S1P else CERROR_ILL.', s: 'Legal.', realm: 'Legal.' },
      tlb: {
        worlds: { ns: ['NS-EL1'], s: ['Secure'], realm: ['Realm-EL1'] },
        vmid: true,
        asid: 'any',
        address: 'none',
        stages: ['1', 'combined'],
      },
    },
    {
      ...OPCODE,
      ...VMID,
    },
  ),
  CMD_TLBI_NH_ASID: command(
    {
      name: 'CMD_TLBI_NH_ASID',
      opcode: 0x11,
      section: '4.4.2.2',
      kind: 'tlb',
      doc: 'Removes the non-global stage-1 EL1 entries of an ASID.',
      legal: { ns: ['IDR0.S1P'], s: true, realm: true },
      legalText: { ns: 'Legal if IDR0.S1P else CERROR_ILL.', s: 'Legal.', realm: 'Legal.' },
      tlb: {
        worlds: { ns: ['NS-EL1'], s: ['Secure'], realm: ['Realm-EL1'] },
        vmid: true,
        asid: 'match',
        address: 'none',
        stages: ['1', 'combined'],
      },
    },
    {
      ...OPCODE,
      ...VMID,
      ...ASID,
    },
  ),
  CMD_TLBI_NH_VA: command(
    {
      name: 'CMD_TLBI_NH_VA',
      opcode: 0x12,
      section: '4.4.2.4',
      kind: 'tlb',
      doc: 'Removes stage-1 EL1 entries by VA: those of the ASID and global ones.',
      legal: { ns: ['IDR0.S1P'], s: true, realm: true },
      legalText: { ns: 'Legal if IDR0.S1P else CERROR_ILL.', s: 'Legal.', realm: 'Legal.' },
      tlb: {
        worlds: { ns: ['NS-EL1'], s: ['Secure'], realm: ['Realm-EL1'] },
        vmid: true,
        asid: 'match-or-global',
        address: 'va',
        stages: ['1', 'combined'],
      },
    },
    {
      ...OPCODE,
      ...RANGE,
      ...VMID,
      ...ASID,
      ...VA,
    },
  ),
  CMD_TLBI_NH_VAA: command(
    {
      name: 'CMD_TLBI_NH_VAA',
      opcode: 0x13,
      section: '4.4.2.3',
      kind: 'tlb',
      doc: 'Removes stage-1 EL1 entries by VA, of any ASID.',
      legal: { ns: ['IDR0.S1P'], s: true, realm: true },
      legalText: { ns: 'Legal if IDR0.S1P else CERROR_ILL.', s: 'Legal.', realm: 'Legal.' },
      tlb: {
        worlds: { ns: ['NS-EL1'], s: ['Secure'], realm: ['Realm-EL1'] },
        vmid: true,
        asid: 'any',
        address: 'va',
        stages: ['1', 'combined'],
      },
    },
    {
      ...OPCODE,
      ...RANGE,
      ...VMID,
      ...VA,
    },
  ),
  CMD_TLBI_EL3_ALL: command(
    {
      name: 'CMD_TLBI_EL3_ALL',
      opcode: 0x18,
      section: '4.4.2.5',
      kind: 'tlb',
      doc: 'Removes all EL3 entries.',
      legal: { ns: false, s: ['!IDR0.RME_IMPL'], realm: false },
      legalText: {
        ns: 'CERROR_ILL.',
        s: 'Legal unless IDR0.RME_IMPL (then CERROR_ILL).',
        realm: 'CERROR_ILL.',
      },
      tlb: {
        worlds: { ns: [], s: ['EL3'], realm: [] },
        vmid: false,
        asid: 'any',
        address: 'none',
        stages: ['1'],
      },
    },
    {
      ...OPCODE,
    },
  ),
  CMD_TLBI_EL3_VA: command(
    {
      name: 'CMD_TLBI_EL3_VA',
      opcode: 0x1a,
      section: '4.4.2.6',
      kind: 'tlb',
      doc: 'Removes EL3 entries by VA.',
      legal: { ns: false, s: ['!IDR0.RME_IMPL'], realm: false },
      legalText: {
        ns: 'CERROR_ILL.',
        s: 'Legal unless IDR0.RME_IMPL (then CERROR_ILL).',
        realm: 'CERROR_ILL.',
      },
      tlb: {
        worlds: { ns: [], s: ['EL3'], realm: [] },
        vmid: false,
        asid: 'any',
        address: 'va',
        stages: ['1'],
      },
    },
    {
      ...OPCODE,
      ...RANGE,
      ...VA,
    },
  ),
  CMD_TLBI_EL2_ALL: command(
    {
      name: 'CMD_TLBI_EL2_ALL',
      opcode: 0x20,
      section: '4.4.2.7',
      kind: 'tlb',
      doc: 'Removes all EL2 and EL2-E2H entries of Non-secure (or Realm) state.',
      legal: { ns: ['IDR0.Hyp'], s: ['IDR0.Hyp'], realm: true },
      legalText: {
        ns: 'Legal if IDR0.Hyp else CERROR_ILL.',
        s: 'Same effect as on NS queue (acts on Non-secure EL2).',
        realm: 'Legal, acts on Realm EL2 (R_CR2.E2H).',
      },
      tlb: {
        worlds: {
          ns: ['NS-EL2', 'NS-EL2-E2H'],
          s: ['NS-EL2', 'NS-EL2-E2H'],
          realm: ['Realm-EL2', 'Realm-EL2-E2H'],
        },
        vmid: false,
        asid: 'any',
        address: 'none',
        stages: ['1'],
      },
    },
    {
      ...OPCODE,
    },
  ),
  CMD_TLBI_EL2_ASID: command(
    {
      name: 'CMD_TLBI_EL2_ASID',
      opcode: 0x21,
      section: '4.4.2.10',
      kind: 'tlb',
      doc: 'Removes the non-global EL2-E2H entries of an ASID; EL2 entries need not be affected.',
      legal: { ns: ['IDR0.Hyp'], s: ['IDR0.Hyp'], realm: true },
      legalText: {
        ns: 'Legal if IDR0.Hyp else CERROR_ILL.',
        s: 'Same effect as on NS queue (acts on Non-secure EL2).',
        realm: 'Legal, acts on Realm EL2 (R_CR2.E2H).',
      },
      tlb: {
        worlds: { ns: ['NS-EL2-E2H'], s: ['NS-EL2-E2H'], realm: ['Realm-EL2-E2H'] },
        vmid: false,
        asid: 'match',
        address: 'none',
        stages: ['1'],
      },
    },
    {
      ...OPCODE,
      ...ASID,
    },
  ),
  CMD_TLBI_EL2_VA: command(
    {
      name: 'CMD_TLBI_EL2_VA',
      opcode: 0x22,
      section: '4.4.2.8',
      kind: 'tlb',
      doc: 'E2H==1: removes EL2-E2H entries by VA, of the ASID or global. E2H==0: removes EL2 entries by VA, ASID ignored.',
      legal: { ns: ['IDR0.Hyp'], s: ['IDR0.Hyp'], realm: true },
      legalText: {
        ns: 'Legal if IDR0.Hyp else CERROR_ILL.',
        s: 'Same effect as on NS queue (acts on Non-secure EL2).',
        realm: 'Legal, acts on Realm EL2 (R_CR2.E2H).',
      },
      tlb: {
        worlds: {
          ns: ['NS-EL2', 'NS-EL2-E2H'],
          s: ['NS-EL2', 'NS-EL2-E2H'],
          realm: ['Realm-EL2', 'Realm-EL2-E2H'],
        },
        vmid: false,
        asid: 'match-or-global',
        address: 'va',
        stages: ['1'],
      },
    },
    {
      ...OPCODE,
      ...RANGE,
      ...ASID,
      ...VA,
    },
  ),
  CMD_TLBI_EL2_VAA: command(
    {
      name: 'CMD_TLBI_EL2_VAA',
      opcode: 0x23,
      section: '4.4.2.9',
      kind: 'tlb',
      doc: 'Removes EL2 or EL2-E2H entries by VA, of any ASID.',
      legal: { ns: ['IDR0.Hyp'], s: ['IDR0.Hyp'], realm: true },
      legalText: {
        ns: 'Legal if IDR0.Hyp else CERROR_ILL.',
        s: 'Same effect as on NS queue (acts on Non-secure EL2).',
        realm: 'Legal, acts on Realm EL2 (R_CR2.E2H).',
      },
      tlb: {
        worlds: {
          ns: ['NS-EL2', 'NS-EL2-E2H'],
          s: ['NS-EL2', 'NS-EL2-E2H'],
          realm: ['Realm-EL2', 'Realm-EL2-E2H'],
        },
        vmid: false,
        asid: 'any',
        address: 'va',
        stages: ['1'],
      },
    },
    {
      ...OPCODE,
      ...RANGE,
      ...VA,
    },
  ),
} as const;
