/** The stop of the debugger at a stale use. */

import type { Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Filter } from '../stops/stop.ts';
import { staleUses } from './judge.ts';
import type { Origins } from './origins.ts';
import type { StaleUse } from './use.ts';

/**
 * Off by default: what is on by default is what the SMMU itself reports, and this is what it cannot see. It asks for
 * another reading of everything at each transaction as well.
 */
export const STALE_USE: Filter = {
  id: 'stale-use',
  label: 'Stale use',
  description:
    'A transaction uses an old version of a structure or a translation, or hardware may: an invalidation is missing, does not cover it or is not complete.',
  byDefault: false,
};

/**
 * The first stale use at or after a step that software should know of; uses that are allowed are none.
 * @param from index of a step of the plan
 */
export function staleStop(
  smmu: Smmu,
  plan: Plan,
  from: number,
  origins: Origins | null = null,
): { readonly step: number; readonly use: StaleUse } | null {
  let first: StaleUse | null = null;
  for (const use of staleUses(smmu, plan, origins)) {
    if (use.class === 'allowed' || use.step < from) continue;
    if (first === null || use.step < first.step) first = use;
  }
  return first === null ? null : { step: first.step, use: first };
}
