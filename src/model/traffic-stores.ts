/** What an SMMU and its clients remember of traffic, beside the caches. */

import { Atc } from './ats/atc.ts';
import { PageGroups } from './ats/page-requests.ts';
import { STALL_POLICY, type StallPolicy, Stalls } from './stalls.ts';

/** What the architecture leaves to the implementation, about traffic. */
export interface TrafficOptions {
  readonly stalls?: Partial<StallPolicy>;
  /** Whether a record equal to the last unread one is left out where that is permitted (7.3.1). Default: no. */
  readonly mergeEvents?: boolean;
}

/** Stalled transactions, and what endpoints hold. */
export class Traffic {
  readonly stalls: Stalls;
  readonly atc: Atc;
  readonly pages: PageGroups;
  readonly policy: StallPolicy;
  readonly mergeEvents: boolean;
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
