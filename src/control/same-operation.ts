import type { Operation } from '../model/plan.ts';

/** Whether both ask for the same: queues and programs make what they do next anew whenever something changes. */
export function sameOperation(a: Operation, b: Operation): boolean {
  return a === b || (a.kind === b.kind && sameValue(a, b));
}

function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [one, other] = [Object.entries(a), new Map(Object.entries(b))];
  return one.length === other.size && one.every(([key, value]) => sameValue(value, other.get(key)));
}
