/** What an SMMU and its clients remember of traffic, beside the caches. */

import { Atc } from './ats/atc.ts';
import { PageGroups } from './ats/page-requests.ts';
import type { Transaction } from './plan.ts';
import { STALL_POLICY, type StallPolicy, Stalls } from './stalls.ts';

/** A conflict of entries in a cache: what brings it about depends on the cache's build (7.3.17, 7.3.18). */
export type Conflict = 'F_TLB_CONFLICT' | 'F_CFG_CONFLICT';

/** What the architecture leaves to the implementation, about traffic. */
export interface TrafficOptions {
  readonly stalls?: Partial<StallPolicy>;
  /** Whether a record equal to the last unread one is left out where that is permitted (7.3.1). Default: no. */
  readonly mergeEvents?: boolean;
  /** Names the conflict that a transaction meets; default: none ever does. */
  readonly conflict?: (t: Transaction) => Conflict | null;
}

/** Stalled transactions, and what endpoints hold. */
export class Traffic {
  readonly stalls: Stalls;
  readonly atc: Atc;
  readonly pages: PageGroups;
  readonly policy: StallPolicy;
  readonly mergeEvents: boolean;
  readonly conflict: ((t: Transaction) => Conflict | null) | null;
  readonly #options: TrafficOptions;

  constructor(
    options: TrafficOptions = {},
    stores = { stalls: new Stalls(), atc: new Atc(), pages: new PageGroups() },
  ) {
    this.stalls = stores.stalls;
    this.atc = stores.atc;
    this.pages = stores.pages;
    this.policy = { ...STALL_POLICY, ...options.stalls };
    this.mergeEvents = options.mergeEvents ?? false;
    this.conflict = options.conflict ?? null;
    this.#options = options;
  }

  /**
   * The same with a copy of the stalls, to look ahead. Nothing merges there: the last record of the queue may be one
   * that is only planned.
   */
  ahead(): Traffic {
    const { stalls, atc, pages } = this;
    return new Traffic({ ...this.#options, mergeEvents: false }, { stalls: stalls.copy(), atc, pages });
  }
}
