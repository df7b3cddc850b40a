import type { EventName } from './types.ts';

export const CLASS = { CD: 0, TT: 1, IN: 2 } as const;
export type FaultClass = (typeof CLASS)[keyof typeof CLASS];

/** What a fault knows beside its event. */
export interface FaultDetails {
  /** 0: before any translation. */
  readonly stage?: 0 | 1 | 2;
  readonly class?: FaultClass;
  readonly ipa?: bigint;
  readonly fetch?: bigint;
  /** F_PERMISSION of stage 2: writing a stage-1 descriptor was refused (TTRnW=0). */
  readonly tableWrite?: boolean;
  /** An atomic that lacks only read permission is recorded as a read (13.1.1). */
  readonly lacksRead?: boolean;
  /** Neither A, R nor S apply (3.4, 3.12). */
  readonly fixed?: boolean;
  /** C_BAD_SUBSTREAMID for CD 0 of a transaction without SubstreamID (7.3.9). */
  readonly substreamZero?: boolean;
}

/** Ends a translation. */
export class Fault extends Error {
  readonly event: EventName | null;
  readonly details: FaultDetails;

  constructor(event: EventName | null, details: FaultDetails = {}) {
    super(event ?? 'silent abort');
    this.event = event;
    this.details = details;
  }
}
