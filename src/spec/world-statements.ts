/** What holds between Security states and of each by itself, a statement an id: `world:NS-CMDQ` in `rulesOff`. */

/** One statement that can be left out of the model, so that its test can prove that it decides something. */
export interface Statement {
  readonly doc: string;
  /** Section of IHI 0070. */
  readonly section: string;
}

/** Of each state by itself (3.10), then between them. */
export const WORLD_STATEMENTS = {
  'NS-SEC-SID': { doc: 'SEC_SID 0 names Non-secure streams.', section: '3.10.1' },
  'NS-PRESENT': { doc: 'The Non-secure state is always there.', section: '3.10' },
  'NS-REGISTERS': { doc: 'SMMU_* lie in page 0 at 0x0000-0x7FFF and in page 1.', section: '6.1' },
  'NS-ACCESS': { doc: 'Accesses of every PA space reach the Non-secure registers.', section: '6.1' },
  'NS-STRTAB': { doc: 'Non-secure streams use SMMU_STRTAB_BASE.', section: '3.10.1' },
  'NS-CMDQ': { doc: 'The Non-secure state has a command queue.', section: '3.10.2' },
  'NS-EVENTQ': { doc: 'The Non-secure state has an event queue.', section: '3.10.2' },
  'NS-PRIQ': { doc: 'The Non-secure PRI queue is there with IDR0.PRI.', section: '8.1' },
  'NS-FETCH-STE': {
    doc: 'L1STD, STE and VMS of Non-secure streams are read from Non-secure PA.',
    section: '3.10.2',
  },
  'NS-FETCH-CD': {
    doc: 'L1CD and CD of Non-secure streams are read from Non-secure PA or IPA.',
    section: '3.10.2',
  },
  'NS-FETCH-TT': {
    doc: 'Tables of Non-secure streams are read from Non-secure PA or IPA.',
    section: '3.10.2',
  },
  'NS-FETCH-QUEUES': { doc: 'The Non-secure queues lie in Non-secure PA.', section: '3.10.2' },
  'NS-FETCH-MSI': { doc: 'Non-secure MSIs are written to Non-secure PA.', section: '3.18' },
  'NS-OUTPUT': { doc: 'Non-secure streams output Non-secure addresses only.', section: '3.10.2' },
  'NS-STREAMWORLDS': {
    doc: 'Regimes of Non-secure streams: NS-EL1, NS-EL2, NS-EL2-E2H.',
    section: '3.3.4',
  },
  'NS-DISABLED': { doc: 'With SMMUEN=0 GBPA lets pass or aborts.', section: '6.3.14' },
  'NS-STALL': { doc: 'IDR0.STALL_MODEL, filtered by S_CR0.NSSTALLD.', section: '3.12.2' },
  'NS-ATS': { doc: 'Non-secure streams may use ATS with IDR0.ATS.', section: '3.9' },

  'S-SEC-SID': { doc: 'SEC_SID 1 names Secure streams.', section: '3.10.1' },
  'S-PRESENT': { doc: 'The Secure state is there with S_IDR1.SECURE_IMPL.', section: '3.10' },
  'S-REGISTERS': {
    doc: 'SMMU_S_* lie in page 0 at 0x8000-0xBFFF; ECMDQ control at 0xC000.',
    section: '6.1',
  },
  'S-ACCESS': {
    doc: 'Secure and Root accesses reach SMMU_S_*; to others they are RAZ/WI, S_INIT where the system opens it.',
    section: '6.1',
  },
  'S-STRTAB': { doc: 'Secure streams use SMMU_S_STRTAB_BASE, of S_SIDSIZE bits.', section: '3.10.1' },
  'S-CMDQ': { doc: 'The Secure state has a command queue.', section: '3.10.2' },
  'S-EVENTQ': { doc: 'The Secure state has an event queue.', section: '3.10.2' },
  'S-PRIQ': { doc: 'The Secure state has no PRI queue.', section: '8.1' },
  'S-FETCH-STE': { doc: 'L1STD, STE and VMS of Secure streams are read from Secure PA.', section: '3.10.2' },
  'S-FETCH-CD': {
    doc: 'L1CD and CD of Secure streams are read from Secure PA, or as Secure IPA through S_S2TTB.',
    section: '3.10.2',
  },
  'S-FETCH-TT1': {
    doc: 'Stage-1 tables of Secure streams are Secure, or Non-secure by CD.NSCFGx and NSTable.',
    section: '3.10.2',
  },
  'S-FETCH-TT2': { doc: 'Stage-2 tables of Secure streams lie where S2SW and S2NSW say.', section: '3.10.2' },
  'S-FETCH-QUEUES': { doc: 'The Secure queues lie in Secure PA.', section: '3.10.2' },
  'S-FETCH-MSI': { doc: 'Secure MSIs are written to Secure PA.', section: '3.18' },
  'S-OUTPUT': { doc: 'Secure streams output Secure or Non-secure addresses.', section: '3.10.2' },
  'S-STREAMWORLDS': {
    doc: 'Regimes of Secure streams: Secure, S-EL2 and S-EL2-E2H with SEL2, EL3 without RME.',
    section: '3.3.4',
  },
  'S-DISABLED': { doc: 'With S_CR0.SMMUEN=0 S_GBPA decides, its NSCFG included.', section: '6.3.64' },
  'S-STALL': { doc: 'S_IDR0.STALL_MODEL says whether Secure streams may stall.', section: '3.12.2' },
  'S-ATS': { doc: 'Secure streams have no ATS.', section: '3.9' },
  'S-STAGE2': {
    doc: 'Secure stage 2 needs S_IDR1.SEL2, and tables of VMSAv8-64 or VMSAv9-128.',
    section: '3.10.2.2',
  },
  'S-VMID0': { doc: 'Entries of Secure streams with stage 1 alone have VMID 0.', section: '3.10.2.2' },
  'S-SIF': { doc: 'S_CR0.SIF forbids Secure streams to fetch Non-secure instructions.', section: '6.3.57' },
  'S-INV-ALL': { doc: 'S_INIT.INV_ALL drops what is cached of every state.', section: '6.3.62' },
  'S-RME-SEL2': { doc: 'With RME S_IDR1.SEL2 is 1 where there is a Secure state.', section: '3.10.2.2' },

  'R-SEC-SID': { doc: 'SEC_SID 2 names Realm streams.', section: '3.10.1' },
  'R-PRESENT': { doc: 'The Realm state is there with ROOT_IDR0.REALM_IMPL.', section: '3.10' },
  'R-REGISTERS': {
    doc: 'SMMU_R_* lie in the Realm pages at 0x20000 + ROOT_IDR0.BA_REALM * 0x10000.',
    section: '6.1',
  },
  'R-ACCESS': {
    doc: 'Realm and Root accesses reach SMMU_R_*; to others they are RAZ/WI.',
    section: '6.1',
  },
  'R-STRTAB': {
    doc: 'Realm streams use SMMU_R_STRTAB_BASE; StreamIDs have as many bits as Non-secure ones.',
    section: '3.10.1',
  },
  'R-CMDQ': { doc: 'The Realm state has a command queue.', section: '3.10.3' },
  'R-EVENTQ': { doc: 'The Realm state has an event queue.', section: '3.10.3' },
  'R-PRIQ': { doc: 'The Realm PRI queue is there with R_IDR0.PRI.', section: '8.1' },
  'R-FETCH-STE': { doc: 'L1STD, STE and VMS of Realm streams are read from Realm PA.', section: '3.10.3' },
  'R-FETCH-CD': {
    doc: 'L1CD and CD of Realm streams are read from Realm PA, or through a stage 2 that must give Realm PA.',
    section: '3.10.3',
  },
  'R-FETCH-TT': {
    doc: 'Tables of Realm streams lie in Realm PA; stage 2 must give Realm PA for those of stage 1.',
    section: '3.10.3',
  },
  'R-FETCH-QUEUES': { doc: 'The Realm queues lie in Realm PA.', section: '3.10.3' },
  'R-FETCH-MSI': {
    doc: 'Realm MSIs are written to Realm PA, or Non-secure by their NS bit.',
    section: '3.18',
  },
  'R-OUTPUT': { doc: 'Realm streams output Realm or Non-secure addresses.', section: '3.10.3' },
  'R-STREAMWORLDS': {
    doc: 'Regimes of Realm streams: Realm-EL1, Realm-EL2, Realm-EL2-E2H.',
    section: '3.3.4',
  },
  'R-DISABLED': { doc: 'With R_CR0.SMMUEN=0 Realm streams are aborted: R_GBPA.ABORT is 1.', section: '6.3' },
  'R-STALL': {
    doc: 'Realm streams never stall; CMD_RESUME and CMD_STALL_TERM are illegal on the Realm queue.',
    section: '3.12.2',
  },
  'R-ATS': {
    doc: 'Realm streams may use ATS with R_IDR0.ATS; Translated transactions are always checked.',
    section: '3.9',
  },
  'R-LPAE': { doc: 'Realm streams have no VMSAv8-32 LPAE tables.', section: '3.10.3' },
  'R-NSCFG': { doc: 'CD.NSCFG0 and NSCFG1 of Realm streams do not count.', section: '5.4' },
  'R-NS-EXEC': {
    doc: 'A Realm stream that fetches instructions from a Non-secure address gets F_PERMISSION.',
    section: '3.10.3',
  },
  'R-MECID': { doc: 'Realm accesses bear the MECID of the STE or of R_GMECID.', section: '3.10.3' },
  'R-SSEC': { doc: 'Commands of the Realm queue must have SSec=0.', section: '4.1.6' },

  'ROOT-SEC-SID': { doc: 'No SEC_SID names the Root state.', section: '3.10.1' },
  'ROOT-PRESENT': { doc: 'The Root state is there with ROOT_IDR0.ROOT_IMPL.', section: '3.10' },
  'ROOT-REGISTERS': {
    doc: 'SMMU_ROOT_* lie in a 64 KiB page of their own that the system places.',
    section: '6.1',
  },
  'ROOT-ACCESS': { doc: 'Root accesses reach SMMU_ROOT_*; to others they are RAZ/WI.', section: '6.1' },
  'ROOT-STRTAB': { doc: 'The Root state has no stream table.', section: '3.10' },
  'ROOT-CMDQ': { doc: 'The Root state has no command queue.', section: '3.10' },
  'ROOT-EVENTQ': { doc: 'The Root state has no event queue.', section: '3.10' },
  'ROOT-ROLE-GPC': {
    doc: 'Root registers hold the GPT, switch its checks on, and let the SMMU access memory at all.',
    section: '3.25',
  },
  'ROOT-ROLE-TLBI': { doc: 'ROOT_TLBI drops GPT entries by physical address.', section: '6.3' },
  'ROOT-ROLE-FAR': {
    doc: 'ROOT_GPF_FAR and ROOT_GPT_CFG_FAR say which check failed first.',
    section: '3.25.3',
  },
  'ROOT-OUTPUT': { doc: 'Only devices without StreamID reach Root memory.', section: '3.25' },
  'ROOT-STREAMS': { doc: 'SEC_SID 3 is reserved: the Root state has no streams.', section: '3.10.1' },

  'SEC-SID-0': { doc: 'SEC_SID 0: Non-secure.', section: '3.10.1' },
  'SEC-SID-1': { doc: 'SEC_SID 1: Secure.', section: '3.10.1' },
  'SEC-SID-2': { doc: 'SEC_SID 2: Realm, with RME DA.', section: '3.10.1' },
  'SEC-SID-3': { doc: 'SEC_SID 3 is reserved.', section: '3.10.1' },
  'SEC-SID-NO-SECURE': { doc: 'Without SECURE_IMPL every SEC_SID counts as 0.', section: '3.10.1' },
  'PA-NS-BIT': { doc: 'Of an NS bit alone: 0 Secure, 1 Non-secure.', section: '3.10' },
  'PA-NSE-NS': {
    doc: 'NSE:NS 00 Secure, 01 Non-secure, 10 Root, 11 Realm.',
    section: '3.10',
  },
  'PA-FPAS': { doc: 'FPAS 0 Secure, 1 Non-secure, 2 Root, 3 Realm.', section: '3.25.3' },
  'EVENTS-ROUTING': {
    doc: 'An event goes to the queue of the SEC_SID of its transaction, never to that of another state.',
    section: '7.1',
  },
  'EVENTS-GPF': {
    doc: 'A refused output of a client has no event, only the Root fault registers.',
    section: '3.25.3',
  },
  'CMD-NS': {
    doc: 'The Non-secure queue reaches Non-secure streams and entries only; SSec=1, EL3 and Secure opcodes are illegal.',
    section: '4.1.6',
  },
  'CMD-S': {
    doc: 'The Secure queue reaches Secure streams (SSec=1), Non-secure ones (SSec=0), and the entries of both by opcode.',
    section: '4.1.6',
  },
  'CMD-R': { doc: 'The Realm queue reaches Realm streams and entries only.', section: '4.1.6' },
  'CAN-S-TLBI': {
    doc: 'Secure software may invalidate what is cached of Non-secure streams.',
    section: '3.10.2',
  },
  'CAN-S-INIT': {
    doc: 'S_INIT.INV_ALL invalidates everything; nothing while ROOT_CR0.GPCEN=1, unpredictable while an SMMUEN or ACCESSEN is 1.',
    section: '6.3.62',
  },
  'CAN-S-NSSTALLD': { doc: 'S_CR0.NSSTALLD forbids Non-secure streams to stall.', section: '3.12.2' },
  'CAN-ROOT-GPC': { doc: 'Granule protection and ACCESSEN act on every state.', section: '3.25' },
  'CAN-ROOT-TLBI': { doc: 'ROOT_TLBI by PA drops GPT entries of every state.', section: '6.3' },
  'CANNOT-REGS': {
    doc: 'Non-secure and Realm software neither reads nor changes S_* registers or what is cached of Secure streams.',
    section: '3.10.2',
  },
  'CANNOT-OVER-INVALIDATE': {
    doc: 'An invalidation may drop too much, but none of the Non-secure queue should drop Secure entries.',
    section: '3.17',
  },
  'CANNOT-SID': { doc: 'The same StreamID in two states names two streams.', section: '3.10.1' },
  'CANNOT-TAGS': { doc: 'The same VMID or ASID in two states tags unrelated entries.', section: '3.3.4' },
  'TLB-SEPARATE': { doc: 'Entries of different states never answer for each other.', section: '3.3.4' },
  'TLB-S-IPA': {
    doc: 'Secure stage 2 keeps entries of Secure IPA and of Non-secure IPA apart.',
    section: '3.10.2.2',
  },
  'TLB-VMW': {
    doc: 'CR0, S_CR0 and R_CR0 have a VMW each, for the entries of their state.',
    section: '3.17.6',
  },
  'NSIN-NO-SECURE': {
    doc: 'Without SECURE_IMPL an incoming NS attribute does not count.',
    section: '3.10.1',
  },
  'NSIN-S': {
    doc: 'Of a Secure stream the incoming NS counts where stage 1 is bypassed and no NSCFG replaces it.',
    section: '3.10.1',
  },
  'NSIN-R': {
    doc: 'Of a Realm stream the incoming NS tells Realm from Non-secure; Realm by default.',
    section: '3.10.1',
  },
  'NSIN-NS': { doc: 'Of a Non-secure stream an incoming NS does not count.', section: '3.10.1' },
  'MMIO-BANK': {
    doc: 'The offset of an access chooses the bank: 0x8000-0xBFFF of page 0 is the Secure one.',
    section: '6.1',
  },
} as const satisfies Readonly<Record<string, Statement>>;

export type WorldStatementId = keyof typeof WORLD_STATEMENTS;
