/** Order of the checks of one transaction: the first that fails decides (7.3.22). */
export const EVENT_PRIORITY: readonly string[] = [
  'C_BAD_STREAMID',
  'F_STE_FETCH',
  'C_BAD_STE',
  'F_VMS_FETCH',
  'C_BAD_SUBSTREAMID',
  'F_STREAM_DISABLED',
  'stage-2 fault for CD fetch',
  'F_CD_FETCH',
  'C_BAD_CD',
  'translation faults of the data access',
];

/** Order of the checks of a walk through one stage. */
export const WALK_ORDER_SINGLE: readonly string[] = [
  'F_TRANSLATION (range/EPD)',
  'per level: F_WALK_EABT, F_TRANSLATION, F_ADDR_SIZE',
  'F_ACCESS',
  'F_PERMISSION',
];

/** Order of the checks of a nested walk. */
export const WALK_ORDER_NESTED: readonly string[] = [
  'S1 F_TRANSLATION (range/EPD)',
  'per S1 level, S2 of the descriptor IPA: F_TRANSLATION range, F_WALK_EABT, F_TRANSLATION, F_ADDR_SIZE, F_ACCESS, F_PERMISSION (S2=1 CLASS=TT)',
  'per S1 level: F_WALK_EABT (S2=0 CLASS=TT), F_TRANSLATION, F_ADDR_SIZE',
  'S1 F_ACCESS, F_PERMISSION (CLASS=IN)',
  'S2 of final IPA, same six steps (S2=1 CLASS=IN)',
];

/** S2, CLASS and IPA of the translation faults, by what was being translated (7.3.13). */
export const CLASS_RULES = {
  'stage 1 fault': 'S2=0, CLASS=IN, IPA unknown',
  'S2, CD fetch': 'S2=1, CLASS=CD, IPA=CD/L1CD address',
  'S2, stage-1 table': 'S2=1, CLASS=TT, IPA=descriptor address',
  'S2, final': 'S2=1, CLASS=IN, IPA=stage-1 output',
} as const;

/** When an event is recorded, and what becomes of it otherwise (7.2.1, 7.4). */
export const RECORDING = {
  writable: 'EVENTQEN && !full && no active EVENTQ_ABT_ERR',
  notWritableTerminate: 'Event discarded; if reason is full gives overflow toggles OVFLG.',
  notWritableStall: 'Not discarded; retried/recorded when writable; does not cause overflow.',
  oneEventPerTransaction: true,
  prefetchAndSpeculationSilent: true,
  abortConfigSilent: true,
  suppress:
    'Translation fault event suppressed if (CD.R or STE.S2R)==0 and not stalled; other events always attempted.',
} as const;

/** Events whose transaction may stall (3.12.2). */
export const STALL_ELIGIBLE = ['F_TRANSLATION', 'F_ADDR_SIZE', 'F_ACCESS', 'F_PERMISSION'] as const;

/** Cases of those events that never stall. */
export const STALL_NEVER: readonly string[] = [
  'F_ADDR_SIZE from stage-1 bypass',
  'F_PERMISSION from SIF on a bypassed stage 1',
  'any ATS request',
];

/** When a fault stalls, and what the stall tag is (3.12.2). */
export const STALL_RULES = {
  stage1: 'CD.S && !STE.S1STALLD',
  stage2: 'STE.S2S (also for CLASS CD and TT)',
  stag: 'Opaque, unique per outstanding stall; freed by CMD_RESUME, CMD_STALL_TERM, or SMMUEN gives 0.',
  recorded: 'Stall==1 ignores R.',
  mayTerminate: 'Then Stall==0 and abort.',
  duplicates: 'Allowed for same page, privilege, I/D, R/W, SubstreamID while first is still stalled.',
} as const;

/** What CD.A, R, S (as the binary number 0bARS) do with a stage-1 fault (5.5); x stands for either value. */
export const ARS = {
  '0b000': 'RAZ/WI, silent',
  '0b010': 'RAZ/WI + event',
  '0b100': 'abort, silent',
  '0b110': 'abort + event',
  '0bxx1': 'stall + event',
} as const;

/** When records of one stream may be merged into one (7.3.1, STE.MEV). */
export const MERGING = {
  control: 'STE.MEV==1 permits; MEV==0 forbids except F_UUT, C_BAD_STREAMID, F_STE_FETCH, C_BAD_STE',
  need: ['identical fields (ignoring merge_ignore)', 'Stall==0', 'close in time'],
} as const;

/** Fault codes of an address translation operation (chapter 9) that are not event numbers. */
export const ATOS_FAULTCODES = { INV_REQ: 0xff, INV_STAGE: 0xfe, INTERNAL_ERR: 0xfd } as const;

/** Event numbers that an address translation operation can report. */
export const ATOS_EVENT_NUMBERS: readonly number[] = [
  0x02, 0x03, 0x04, 0x06, 0x08, 0x09, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x20, 0x21, 0x25,
];
