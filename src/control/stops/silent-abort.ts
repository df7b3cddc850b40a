import { mayFault } from './may-fault.ts';
import type { StopKind } from './stop.ts';

const ID = 'silent-abort';

/** A transaction is about to be terminated and software will not hear of it: by rule, or with its event suppressed. */
export const silentAborts: StopKind = {
  filters: [
    {
      id: ID,
      label: 'Silent abort',
      description: 'A transaction is terminated without an event: software learns nothing.',
      byDefault: false,
    },
  ],
  match(plan, at, enabled) {
    if (!enabled.has(ID)) return null;
    const step = plan.steps[at];
    if (step?.kind !== 'fault' || step.fault === null) return null;
    if (plan.outcome.result === 'not-modelled') return null;
    return step.fault.event === null || plan.outcome.recording === 'suppressed' ? ID : null;
  },
  mayMatch: (outline, enabled, smmu) => enabled.has(ID) && mayFault(outline, smmu),
};
