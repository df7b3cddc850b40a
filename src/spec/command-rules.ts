/** What CMD_SYNC guarantees (4.7.3). */
export const SYNC = {
  waits: 'All earlier commands of the same queue.',
  effects: [
    'TLBI/ATC_INV complete and affected traffic observable',
    'CFGI complete',
    'events of already terminated transactions visible or discarded',
    'HTTU updates of completed transactions visible',
    'earlier CMD_SYNC MSIs visible or reported',
  ],
  irq: 'MSI write of MSIData to MSIAddress if non-zero and IDR0.MSI; wired interrupt also asserts.',
  sev: 'Event to PEs if IDR0.SEV.',
  order: 'Signal observed implies CONS passed it.',
  crossQueue: 'Secure CMD_SYNC need not cover NS commands; NS CMD_SYNC never affects Secure traffic.',
  error: 'CERROR_ATC_INV_SYNC leaves RD at the CMD_SYNC.',
} as const;

/** What the consumption of a command means (4.8). */
export const CONSUMPTION = {
  CMD_SYNC: 'guarantees met',
  CMD_RESUME: 'action will happen',
  CMD_STALL_TERM: 'action will happen',
  others: 'nothing guaranteed',
} as const;

/** A reserved field that is not zero may be ignored or give CERROR_ILL (4.1.5). */
export const RESERVED_FIELDS = ['ignore', 'strict'] as const;

/** A StreamID or SubstreamID beyond the implemented size: no effect, or truncated (4.1.7). */
export const OUT_OF_RANGE = 'StreamID/SubstreamID beyond the implemented size: no effect or truncation.';

/** Size of an ATC invalidation (4.5.1): 4096 * 2^Size bytes; address bits below that are taken as 0. */
export const ATC_INV_SIZE_ALL = 52;

/** PCIe response codes by CMD_PRI_RESP.Resp (4.5.2). */
export const PRI_RESPONSE_CODES = {
  ResponseFailure: 0b1111,
  InvalidRequest: 0b0001,
  Success: 0b0000,
} as const;

/** Enhanced command queues (3.5.6). */
export const ECMDQ = {
  interfaceBytes: 16,
  spacing: '64KB / number of ECMDQs in the page.',
  count: '2^CMDQ_CONTROL_PAGE_LOG2NUMQ per page, 2^LOG2NUMP pages.',
  enable: 'PROD.EN written, done when CONS.ENACK equals; BASE writable only while EN==ENACK==0.',
  error:
    'CONS.ERR toggled, CONS.ERR_REASON set, RD at the bad command; stopped until PROD.ERRACK==CONS.ERR; also GERROR.CMDQP_ERR.',
  sync: 'Only its own queue.',
} as const;
