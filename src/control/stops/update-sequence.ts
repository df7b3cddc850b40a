import type { StopKind } from './stop.ts';

const UPDATE_SEQUENCE = 'update-sequence';

/** Software updates a structure in an order in which hardware may fetch it half done (IHI 0070 3.21.3). */
export const updateSequence: StopKind = {
  filters: [
    {
      id: UPDATE_SEQUENCE,
      label: 'Update sequence',
      description:
        'Software writes an STE, CD, L1STD or L1CD so that hardware may fetch it half old and half new, or without the invalidation that it needs.',
      byDefault: false,
    },
  ],
  match(plan, at, enabled, _peek, findings = []) {
    if (!enabled.has(UPDATE_SEQUENCE)) return null;
    const last = plan.steps.length - 1;
    const here = findings.some(
      ({ kind, step }) => kind === UPDATE_SEQUENCE && (step < 0 ? last : step) === at,
    );
    return here ? UPDATE_SEQUENCE : null;
  },
  // Only findings match, and an operation of which a checker may tell something is planned anyway.
  mayMatch: () => false,
};
