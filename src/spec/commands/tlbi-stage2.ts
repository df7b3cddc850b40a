import { command } from './command.ts';
import { IPA, OPCODE, RANGE, VMID } from './fields.ts';

/** TLB invalidation of stage 2 and of everything (4.4.3, 4.4.4). */
export const TLBI_STAGE2_COMMANDS = {
  CMD_TLBI_S12_VMALL: command(
    {
      name: 'CMD_TLBI_S12_VMALL',
      opcode: 0x28,
      section: '4.4.3.2',
      kind: 'tlb',
      doc: 'Removes all EL1 entries of a VMID, stage 1 and stage 2.',
      legal: { ns: ['IDR0.S2P'], s: ['IDR0.S2P'], realm: true },
      legalText: {
        ns: 'Legal if IDR0.S2P else CERROR_ILL.',
        s: 'Same effect as NS queue (acts on Non-secure).',
        realm: 'Acts on Realm.',
      },
      tlb: {
        worlds: { ns: ['NS-EL1'], s: ['NS-EL1'], realm: ['Realm-EL1'] },
        vmid: true,
        asid: 'any',
        address: 'none',
        stages: ['1', '2', 'combined'],
      },
    },
    {
      ...OPCODE,
      ...VMID,
    },
  ),
  CMD_TLBI_S2_IPA: command(
    {
      name: 'CMD_TLBI_S2_IPA',
      opcode: 0x2a,
      section: '4.4.3.1',
      kind: 'tlb',
      doc: 'Removes stage-2 entries by IPA and VMID. Combined stage 1 and 2 entries need not go; for stage-2-only streams it is enough.',
      legal: { ns: ['IDR0.S2P'], s: ['IDR0.S2P'], realm: true },
      legalText: {
        ns: 'Legal if IDR0.S2P else CERROR_ILL.',
        s: 'Same effect as NS queue (acts on Non-secure).',
        realm: 'Acts on Realm.',
      },
      tlb: {
        worlds: { ns: ['NS-EL1'], s: ['NS-EL1'], realm: ['Realm-EL1'] },
        vmid: true,
        asid: 'any',
        address: 'ipa',
        stages: ['2'],
      },
    },
    {
      ...OPCODE,
      ...RANGE,
      ...VMID,
      ...IPA,
    },
  ),
  CMD_TLBI_NSNH_ALL: command(
    {
      name: 'CMD_TLBI_NSNH_ALL',
      opcode: 0x30,
      section: '4.4.4.1',
      kind: 'tlb',
      doc: 'Removes all entries but those of EL2, of every VMID and every stage.',
      legal: { ns: true, s: true, realm: true },
      legalText: { ns: 'Legal.', s: 'Acts on Non-secure.', realm: 'Acts on Realm EL1.' },
      tlb: {
        worlds: { ns: ['NS-EL1'], s: ['NS-EL1'], realm: ['Realm-EL1'] },
        vmid: false,
        asid: 'any',
        address: 'none',
        stages: ['1', '2', 'combined'],
      },
    },
    {
      ...OPCODE,
    },
  ),
} as const;
