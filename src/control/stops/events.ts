import { EVENTS } from '../../spec/events.ts';
import { mayFault } from './may-fault.ts';
import type { StopKind } from './stop.ts';

/** A transaction is about to end with an event (IHI 0070 section 7.3). */
export const eventStops: StopKind = {
  filters: Object.values(EVENTS).map((event) => ({
    id: event.name,
    label: event.name,
    description: event.doc,
    // A page request is what a device does in its daily work, not a fault.
    byDefault: event.name !== 'E_PAGE_REQUEST',
  })),
  match(plan, at, enabled) {
    const step = plan.steps[at];
    const event = step?.kind === 'fault' ? step.fault?.event : null;
    return event && enabled.has(event) ? event : null;
  },
  mayMatch: (outline, _enabled, smmu) => mayFault(outline, smmu),
};
