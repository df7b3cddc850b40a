import type { Operation, Transaction } from '../model/plan.ts';

/**
 * Whether two operations ask for the same. Queues and programs make what they do next anew whenever something changes,
 * so that the objects differ.
 */
export function sameOperation(a: Operation, b: Operation): boolean {
  if (a === b) return true;
  if (a.kind === 'transaction')
    return b.kind === 'transaction' && sameTransaction(a.transaction, b.transaction);
  if (a.kind !== 'command' || b.kind !== 'command') return false;
  return a.world === b.world && a.queue === b.queue && a.index === b.index;
}

function sameTransaction(a: Transaction, b: Transaction): boolean {
  const other = new Map<string, unknown>(Object.entries(b));
  const own = Object.entries(a);
  return own.length === other.size && own.every(([key, value]) => other.get(key) === value);
}
