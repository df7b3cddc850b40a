/** What an SMMU and its clients remember of traffic, beside the caches. */

import { Atc } from './ats/atc.ts';
import { PageGroups } from './ats/page-requests.ts';
import type { Recorder, Transaction } from './plan.ts';
import { STALL_POLICY, type StallPolicy, Stalls } from './stalls.ts';
import type { WorldState } from './state.ts';
import type { StreamConfig } from './translate/configuration.ts';

/** What a Device Permission Table says of a Translated transaction (3.24): it may pass, or why not. */
export type DptVerdict = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

/** Checks a Translated transaction against the Device Permission Table (3.24.1). */
export type DptCheck = (
  state: WorldState,
  stream: StreamConfig,
  t: Transaction,
  /** Output address (PA in bytes). */
  pa: number,
  recorder: Recorder | null,
) => DptVerdict;

/** A conflict of entries in a cache: what brings it about depends on the cache's build (7.3.17, 7.3.18). */
export type Conflict = 'F_TLB_CONFLICT' | 'F_CFG_CONFLICT';

/** What the architecture leaves to the implementation, about traffic. */
export interface TrafficOptions {
  readonly stalls?: Partial<StallPolicy>;
  /** Whether a record equal to the last unread one is left out where that is permitted (7.3.1). Default: no. */
  readonly mergeEvents?: boolean;
  /** Names the conflict that a transaction meets; default: none ever does. */
  readonly conflict?: (t: Transaction) => Conflict | null;
  /** Default: streams with STE.EATS=3 are not modelled. */
  readonly checkDpt?: DptCheck;
}

/** Stalled transactions, and what endpoints hold. */
export class Traffic {
  readonly stalls: Stalls;
  readonly atc: Atc;
  readonly pages: PageGroups;
  readonly policy: StallPolicy;
  readonly mergeEvents: boolean;
  readonly conflict: ((t: Transaction) => Conflict | null) | null;
  readonly checkDpt: DptCheck | null;
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
    this.checkDpt = options.checkDpt ?? null;
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
