import type { FeatureName } from './feature-test.ts';

/** A kind of queue (3.5). Register names are stems: a world's own letter comes before them. */
export interface QueueFacts {
  readonly entryBytes: 16 | 32;
  readonly producer: 'software' | 'smmu';
  readonly consumer: 'software' | 'smmu';
  readonly base: string;
  readonly prod: string;
  readonly cons: string;
  /** log2 of the most entries; never above {@link QUEUE_LOG2_MAX}. */
  readonly sizeLimit: FeatureName;
  readonly enable: string;
  readonly worlds: readonly ('ns' | 's' | 'realm')[];
}

export type QueueName = 'CMDQ' | 'EVENTQ' | 'PRIQ' | 'ECMDQ';

export const QUEUES: Readonly<Record<QueueName, QueueFacts>> = {
  CMDQ: {
    entryBytes: 16,
    producer: 'software',
    consumer: 'smmu',
    base: 'CMDQ_BASE',
    prod: 'CMDQ_PROD',
    cons: 'CMDQ_CONS',
    sizeLimit: 'IDR1.CMDQS',
    enable: 'CR0.CMDQEN',
    worlds: ['ns', 's', 'realm'],
  },
  EVENTQ: {
    entryBytes: 32,
    producer: 'smmu',
    consumer: 'software',
    base: 'EVENTQ_BASE',
    prod: 'EVENTQ_PROD',
    cons: 'EVENTQ_CONS',
    sizeLimit: 'IDR1.EVENTQS',
    enable: 'CR0.EVENTQEN',
    worlds: ['ns', 's', 'realm'],
  },
  PRIQ: {
    entryBytes: 16,
    producer: 'smmu',
    consumer: 'software',
    base: 'PRIQ_BASE',
    prod: 'PRIQ_PROD',
    cons: 'PRIQ_CONS',
    sizeLimit: 'IDR1.PRIQS',
    enable: 'CR0.PRIQEN (as 0 while SMMUEN is 0)',
    worlds: ['ns', 'realm'],
  },
  ECMDQ: {
    entryBytes: 16,
    producer: 'software',
    consumer: 'smmu',
    base: 'ECMDQ_BASEn',
    prod: 'ECMDQ_PRODn',
    cons: 'ECMDQ_CONSn',
    sizeLimit: 'IDR1.CMDQS',
    enable: 'ECMDQ_PRODn.EN, acknowledged in ECMDQ_CONSn.ENACK',
    worlds: ['ns', 's', 'realm'],
  },
};

/** log2 of the most entries that any queue can have. */
export const QUEUE_LOG2_MAX = 19;

/** A queue is aligned to its size, and at least to this many bytes; hardware takes the lower bits of its base as 0. */
export const QUEUE_ALIGN_MIN = 32;

/**
 * Indexes (3.5.1), with QS = BASE.LOG2SIZE: bits [QS-1:0] index, bit [QS] wrap, the bits above up to [19] read as 0.
 */
export const QUEUE_INDEX = {
  increment: 'v = (v + 1) & ((1<<(QS+1))-1), other bits (OVFLG, ERR) kept',
  empty: '(PROD ^ CONS) & ((1<<(QS+1))-1) == 0',
  full: '(PROD ^ CONS) & ((1<<(QS+1))-1) == 1<<QS',
  used: '(PROD - CONS) & ((1<<(QS+1))-1)',
  entryAddress: '(BASE.ADDR aligned down to MAX(32, entry_bytes<<QS)) + index*entry_bytes',
  inconsistent: 'Used > 1<<QS is a software error, result UNPREDICTABLE.',
} as const;

/** How queues, global errors and interrupts behave (3.5, 3.18, 7.1, 7.2, 7.4, 7.5). */
export const QUEUE_RULES = {
  'Q-VIS-OUT': { doc: 'SMMU makes an entry visible in memory before PROD passes it; interrupt after both.' },
  'Q-VIS-IN': { doc: 'Software makes commands visible before writing PROD.' },
  'Q-CONS-LAZY': {
    doc: 'CONS may be updated after several commands but in finite time; CMD_SYNC completion is reflected in CONS before its signal is observable.',
  },
  'Q-CMD-STOP': {
    doc: 'A command error stops consumption: CONS.RD stays at the bad command, CONS.ERR is set, then GERROR.CMDQ_ERR toggles.',
  },
  'Q-CMD-RESTART': {
    doc: 'Acknowledging GERRORN.CMDQ_ERR restarts from CONS.RD (commands refetched); writing PROD is not needed.',
  },
  'Q-CMD-BACK': {
    doc: 'While CMDQ_ERR active, PROD may move backwards to CONS; entries may be rewritten (a driver can overwrite the bad one with CMD_SYNC).',
  },
  'Q-CMD-ABT': { doc: 'Abort on command fetch: CERROR_ABT, RD at the unreadable entry.' },
  'Q-CMD-ATC': {
    doc: 'ATC invalidation timeout: CERROR_ATC_INV_SYNC, RD at the CMD_SYNC; re-acknowledge retries.',
  },
  'Q-CMD-SMMUEN0': { doc: 'Commands run with SMMUEN==0; prefetch, ATC_INV and PRI_RESP are ignored then.' },
  'Q-CMD-DIS': { doc: 'CMDQEN 1 gives 0 update: current command fully consumed, no more fetches.' },
  'Q-EVT-FULL': {
    doc: 'Event for terminated transaction with queue full: lost, and if OVFLG==OVACKFLG then OVFLG toggles.',
  },
  'Q-EVT-OVF': {
    doc: 'Overflow present = PROD.OVFLG != CONS.OVACKFLG; an event queue in overflow still accepts new records once space exists.',
  },
  'Q-EVT-OVFACK': {
    doc: 'Software acknowledges by writing OVACKFLG = OVFLG with RD; a second loss before that is invisible.',
  },
  'Q-EVT-STALL': {
    doc: 'Stall records are never lost; written when the queue becomes writable, and never cause overflow.',
  },
  'Q-EVT-ABT': {
    doc: 'Abort on event write toggles GERROR.EVENTQ_ABT_ERR; no further writes until acknowledged; synchronous abort: PROD not advanced; asynchronous: contents suspect.',
  },
  'Q-EVT-DIS': {
    doc: 'EVENTQEN 1 gives 0: committed events are written, others dropped; no overflow while disabled.',
  },
  'Q-EVT-SMMUEN0': { doc: 'Only F_UUT, F_TRANSL_FORBIDDEN, F_BAD_ATS_TREQ may be recorded with SMMUEN==0.' },
  'Q-PRI-OVF': {
    doc: 'PRI overflow: OVFLG toggles; while active no entries are written; Last==1 requests get automatic Success response (Failure if STE.PPAR must be read and STE is bad).',
  },
  'Q-PRI-ABT': {
    doc: 'PRIQ_ABT_ERR active or PRIQEN==0 or Secure stream: request discarded, response 0b1111; no response to Stop markers.',
  },
  'Q-PRI-LAST': {
    doc: 'PRIQ_IRQ_CFG2.LO==1: interrupt only when a Last entry is written (or on overflow).',
    conf: 'medium',
  },
  'Q-IRQ-EVT': { doc: 'EVENTQ interrupt on transition empty gives non-empty, if IRQ_CTRL.EVENTQ_IRQEN.' },
  'Q-IRQ-PRI': {
    doc: 'PRIQ interrupt on empty gives non-empty, on Last (LO) and on overflow.',
    conf: 'medium',
  },
  'Q-IRQ-GERR': {
    doc: 'GERROR interrupt when any error activates except MSI_GERROR_ABT_ERR, if GERROR_IRQEN.',
  },
  'Q-IRQ-SYNC': { doc: 'CMD_SYNC interrupt per command (CS=SIG_IRQ); no IRQEN bit.' },
  'Q-MSI': {
    doc: 'MSI: 32-bit write of CFG1.DATA to CFG0.ADDR<<2 with CFG2 attributes; ADDR==0 sends none (wired only); needs IDR0.MSI (S_/R_ variants).',
  },
  'Q-MSI-ABT': { doc: 'Aborted MSI toggles GERROR.MSI_{CMDQ,EVENTQ,PRIQ,GERROR}_ABT_ERR.' },
  'Q-MSI-SPACE': {
    doc: 'NS MSIs to NS PA; Secure MSIs to Secure PA; Realm MSIs to Realm PA unless *_IRQ_CFG0.NS / CMD_SYNC.MSI_NS.',
  },
  'Q-IRQCFG': {
    doc: 'IRQ_CFG registers only change with the IRQEN (and ACK) 0; IRQEN 1 gives 0 completes after outstanding MSIs and their aborts are visible.',
  },
  'Q-GERR': {
    doc: 'Active = GERROR ^ GERRORN; hardware toggles only inactive bits; software acknowledges by making GERRORN equal.',
  },
  'Q-GERR-SFM': { doc: 'SFM_ERR appears in NS and Secure GERROR.' },
  'Q-ECMDQ': { doc: 'Errors also toggle GERROR.CMDQP_ERR if inactive.' },
  'Q-SMMUEN-OFF': {
    doc: 'SMMUEN 1 gives 0: outstanding transactions finish or abort, stalled transactions are terminated with abort, no new events; configuration caches and TLBs keep contents.',
  },
  'Q-SEV': { doc: 'IDR0.SEV: WFE event when a full CMDQ becomes non-full, and for SIG_SEV.' },
} as const satisfies Readonly<Record<string, { doc: string; conf?: 'medium' | 'low' }>>;

export type QueueRuleId = keyof typeof QUEUE_RULES;

/** The order in which software enables an interface (3.11). */
export const ENABLE_ORDER: readonly string[] = [
  'CR1, CR2, STRTAB_BASE(_CFG), CMDQ_BASE/PROD/CONS with everything off',
  'CR0.CMDQEN, wait CR0ACK',
  'CMD_CFGI_ALL + CMD_SYNC, CMD_TLBI_EL2_ALL (if Hyp), CMD_TLBI_NSNH_ALL + CMD_SYNC',
  'EVENTQ_BASE/PROD/CONS, CR0.EVENTQEN',
  'PRIQ (if any), CR0.PRIQEN',
  'CR0.ATSCHK (if ATS)',
  'IRQ_CFG, IRQ_CTRL',
  'CR0.SMMUEN',
];

/** The order in which software disables it. */
export const DISABLE_ORDER: readonly string[] = [
  'disable ATS/PRI at endpoints',
  '(optional) GBPA.ABORT via Update procedure',
  'CR0.SMMUEN=0, wait ACK',
  'IRQ_CTRL=0, wait ACK',
  'EVENTQEN/PRIQEN/CMDQEN=0, wait ACK',
];
