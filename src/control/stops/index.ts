import type { Outline, Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { commandErrors } from './command-errors.ts';
import { eventStops } from './events.ts';
import { globalErrors } from './global-errors.ts';
import { silentAborts } from './silent-abort.ts';
import type { Filter, Hit, Peek, StopKind } from './stop.ts';

/** In the order in which they name a step that several of them match. */
const KINDS: readonly StopKind[] = [eventStops, commandErrors, globalErrors, silentAborts];

/** Every exception filter there is. */
export const FILTERS: readonly Filter[] = KINDS.flatMap((kind) => kind.filters);

/** The filters that are on until somebody chooses. */
export const DEFAULT_FILTERS: ReadonlySet<string> = new Set(
  FILTERS.filter((filter) => filter.byDefault).map((filter) => filter.id),
);

/** The stop at step `at`, if there is one. */
export function stopAt(plan: Plan, at: number, enabled: ReadonlySet<string>, peek: Peek): Hit | null {
  return firstHit(KINDS, plan, at, enabled, peek);
}

function firstHit(
  kinds: readonly StopKind[],
  plan: Plan,
  at: number,
  enabled: ReadonlySet<string>,
  peek: Peek,
): Hit | null {
  for (const kind of kinds) {
    const filter = kind.match(plan, at, enabled, peek);
    if (filter !== null) return { filter, step: at };
  }
  return null;
}

/** The first stop at or after step `from`, if there is one. */
export function findStop(plan: Plan, from: number, enabled: ReadonlySet<string>, peek: Peek): Hit | null {
  const kinds = KINDS.filter((kind) => kind.filters.some((filter) => enabled.has(filter.id)));
  if (kinds.length === 0) return null;
  for (let at = from; at < plan.steps.length; at++) {
    const hit = firstHit(kinds, plan, at, enabled, peek);
    if (hit) return hit;
  }
  return null;
}

/** Whether {@link findStop} may find something in the plan of an operation, judged without its steps. */
export function mayStop(outline: Outline, enabled: ReadonlySet<string>, smmu: Smmu): boolean {
  for (const kind of KINDS) if (kind.mayMatch(outline, enabled, smmu)) return true;
  return false;
}
