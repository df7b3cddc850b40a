import type { StopKind } from './stop.ts';

const STALE_USE = 'stale-use';
/** What an entry of another address space gives is as wrong as what is old. */
const KINDS: ReadonlySet<string> = new Set([STALE_USE, 'address-space-clash']);

/** A transaction is about to use, or may use, what software has changed since it was cached (IHI 0070 3.17, 3.21). */
export const staleUse: StopKind = {
  filters: [
    {
      id: STALE_USE,
      label: 'Stale use',
      description:
        'A transaction uses a cache entry that software has changed in memory and not invalidated, or one of another address space with the same tags; or hardware may.',
      byDefault: false,
    },
  ],
  match(plan, at, enabled, _peek, findings = []) {
    if (!enabled.has(STALE_USE)) return null;
    const last = plan.steps.length - 1;
    const here = findings.some(({ kind, step }) => KINDS.has(kind) && (step < 0 ? last : step) === at);
    return here ? STALE_USE : null;
  },
  // Commands and writes of memory use no translation; findings are made from steps, so nothing else is known without.
  mayMatch: ({ operation }, enabled) =>
    enabled.has(STALE_USE) && operation.kind !== 'command' && operation.kind !== 'memory',
};
