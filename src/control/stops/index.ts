import type { Outline, Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { commandErrors } from './command-errors.ts';
import { eventStops } from './events.ts';
import { expectFailed } from './expect-failed.ts';
import { globalErrors } from './global-errors.ts';
import { isolation } from './isolation.ts';
import { notifierStops } from './notifier.ts';
import { silentAborts } from './silent-abort.ts';
import { staleUse } from './stale-use.ts';
import type { Filter, Hit, Peek, StopKind } from './stop.ts';
import { updateSequence } from './update-sequence.ts';

/** In the order in which they name a step that several of them match. */
export const KINDS: readonly StopKind[] = [
  eventStops,
  commandErrors,
  globalErrors,
  silentAborts,
  staleUse,
  updateSequence,
  isolation,
  notifierStops,
  expectFailed,
];

/** Every exception filter there is. */
export const FILTERS: readonly Filter[] = KINDS.flatMap((kind) => kind.filters);

/** The filters that are on until somebody chooses. */
export const DEFAULT_FILTERS: ReadonlySet<string> = new Set(
  FILTERS.filter((filter) => filter.byDefault).map((filter) => filter.id),
);

/** The exception filter that stops at step `at`, without conditions, if one does. */
function stopAt(plan: Plan, at: number, enabled: ReadonlySet<string>, peek: Peek): Hit | null {
  for (const kind of KINDS) {
    const filter = kind.match(plan, at, enabled, peek);
    if (filter !== null) return { filter, step: at, reason: 'exception', ids: [], text: filter };
  }
  return null;
}

/** The first of them at or after step `from`. */
export function findStop(plan: Plan, from: number, enabled: ReadonlySet<string>, peek: Peek): Hit | null {
  for (let at = from; at < plan.steps.length; at++) {
    const hit = stopAt(plan, at, enabled, peek);
    if (hit) return hit;
  }
  return null;
}

/** Whether {@link findStop} may find something in the plan of an operation, judged without its steps. */
export function mayStop(outline: Outline, enabled: ReadonlySet<string>, smmu: Smmu): boolean {
  for (const kind of KINDS) if (kind.mayMatch(outline, enabled, smmu)) return true;
  return false;
}
