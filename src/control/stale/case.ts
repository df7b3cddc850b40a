import type { Plan, Transaction } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { FreshReader, Reading } from './fresh.ts';
import type { Origins } from './origins.ts';

/** What judging one transaction needs. */
export interface Case {
  readonly smmu: Smmu;
  readonly plan: Plan;
  readonly transaction: Transaction;
  readonly reader: FreshReader;
  /**
   * What memory says now, whatever granule protection refuses of it: that nobody may read a structure now does not make
   * what is kept of it stale (3.25).
   */
  readonly fresh: Reading;
  /** What becomes of the transaction when everything is read anew, behind granule protection checks. */
  readonly checked: Reading;
  readonly bbml: number;
  readonly origins: Origins | null;
}
