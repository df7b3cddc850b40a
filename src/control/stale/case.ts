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
  readonly fresh: Reading;
  readonly bbml: number;
  readonly origins: Origins | null;
}
