import type { StopKind } from './stop.ts';

const ISOLATION = 'isolation';

/** What keeps Security states apart is about to break (IHI 0070 3.10). */
export const isolation: StopKind = {
  filters: [
    {
      id: ISOLATION,
      label: 'Isolation',
      description:
        'An invalidation reaches a consumer of another Security state or names another address space, a consumer is left with a mapping that was invalidated, a registration is accepted that should be refused, or an access reaches an address space that its Security state has no access to.',
      byDefault: false,
    },
  ],
  match(plan, at, enabled, _peek, findings = []) {
    if (!enabled.has(ISOLATION)) return null;
    const last = plan.steps.length - 1;
    const here = findings.some(({ kind, step }) => kind === ISOLATION && (step < 0 ? last : step) === at);
    return here ? ISOLATION : null;
  },
  // Only findings match, and an operation of which a checker may tell something is planned anyway.
  mayMatch: () => false,
};
