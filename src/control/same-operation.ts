import type { Operation } from '../model/plan.ts';

/**
 * Whether two operations ask for the same. Queues and programs make what they do next anew whenever something changes,
 * so that the objects differ.
 */
export function sameOperation(a: Operation, b: Operation): boolean {
  if (a === b) return true;
  if (a.kind === 'command') {
    return b.kind === 'command' && a.world === b.world && a.queue === b.queue && a.index === b.index;
  }
  return a.kind === b.kind && JSON.stringify(a) === JSON.stringify(b);
}
