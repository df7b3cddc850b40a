import type { Statement } from './world-statements.ts';

/** How granule protection goes, a statement an id: `gpc:ACCESSEN` in `rulesOff`. */
export const GPC_STATEMENTS = {
  GPCEN: { doc: 'ROOT_CR0.GPCEN switches the checks on.', section: '6.3.112' },
  ACCESSEN: {
    doc: 'ROOT_CR0.ACCESSEN=0, as after reset, outranks GPCEN and ends every access as a GPF.',
    section: '6.3.112',
  },
  APPLIES: {
    doc: 'Every access of the SMMU and of clients is checked, except reads of the GPT.',
    section: '3.25.1',
  },
  'PPS-NS': { doc: 'A Non-secure access at or above 2^PPS passes.', section: '3.25.1' },
  'PPS-OTHER': { doc: 'Any other access at or above 2^PPS is a GPF.', section: '3.25.1' },
  L0: {
    doc: 'PA[PPS-1:L0GPTSZ] selects the 8-byte entry at GPT_BASE.ADDR, aligned to its table.',
    section: '3.25',
  },
  'L0-BLOCK': { doc: 'A level-0 Block holds the GPI of its whole region.', section: '3.25' },
  'L0-TABLE': { doc: 'A level-0 Table names a level-1 table.', section: '3.25' },
  L1: { doc: 'PA[L0GPTSZ-1:p+4] selects the entry of level 1; p is log2 of the granule.', section: '3.25' },
  'L1-CONTIG': { doc: 'A Contiguous entry holds the GPI of its region.', section: '3.25' },
  'L1-GRANULES': { doc: 'A Granules entry holds 16 GPIs; PA[p+3:p] selects one.', section: '3.25' },
  ENCODING: { doc: 'Any other encoding, a reserved GPI included, fails the lookup.', section: '3.25' },
  GPI: { doc: 'The GPI says which address spaces may reach the granule; another is a GPF.', section: '3.25' },
  'CFG-FIELD': { doc: 'A reserved field of GPT_BASE_CFG fails every lookup.', section: '6.3' },
  'CFG-CACHEABILITY': { doc: 'So does a bad combination of SH, IRGN and ORGN.', section: '6.3' },
  'PPS-OAS': { doc: 'So does a PPS beyond OAS.', section: '6.3' },
  'BASE-PPS': { doc: 'So does a GPT_BASE beyond PPS.', section: '6.3' },
  'NEXT-PPS': { doc: 'A level-1 table beyond PPS fails the lookup.', section: '3.25' },
  EABT: { doc: 'An external abort on a read of the GPT fails the lookup.', section: '3.25' },
  CLIENT: {
    doc: 'A refused output of a client is aborted without an event; REASON is TRANSACTION.',
    section: '3.25.3',
  },
  FETCH: {
    doc: 'A refused fetch of the SMMU is the external abort of that fetch, with GPCF=1; REASON is TRANSLATION.',
    section: '3.25.3',
  },
  QUEUE: {
    doc: 'A refused access to a queue or of an MSI sets GERROR or CERROR_ABT; REASON is GERROR.',
    section: '3.25.3',
  },
  ATS: { doc: 'A Translation Request whose output is refused gets CA.', section: '3.25.2' },
  ATOS: { doc: 'The output of an address translation operation is not checked.', section: '3.25.2' },
  'FIRST-WINS': { doc: 'GPF_FAR and GPT_CFG_FAR keep the first fault.', section: '3.25.3' },
  CLEAR: { doc: 'Writing 0 to FAULT clears the whole register.', section: '3.25.3' },
  IRQ: { doc: 'Each of the two has a wired interrupt of its own.', section: '3.25.3' },
  TLBI: { doc: 'What was read of the GPT may be kept until ROOT_TLBI drops it.', section: '3.25' },
  'NO-STREAM-ID': {
    doc: 'Devices without StreamID are checked with the space of their access.',
    section: '3.25',
  },
  UPDATE: { doc: 'GPT_BASE_UPDATE takes GPT_BASE2 over in one step.', section: '6.3' },
} as const satisfies Readonly<Record<string, Statement>>;

export type GpcStatementId = keyof typeof GPC_STATEMENTS;
