import type { StopKind } from './stop.ts';

const NOTIFIER = 'notifier';

/** A notifier is about to be told of an invalidation, or is not told: conditions choose. */
export const notifierStops: StopKind = {
  filters: [
    {
      id: NOTIFIER,
      label: 'Notifier',
      description:
        'A notifier of a device is about to be told of an invalidation, or is not told; a condition such as `device == "net0" && !delivered` chooses.',
      byDefault: false,
    },
  ],
  match: (plan, at, enabled) =>
    enabled.has(NOTIFIER) && plan.steps[at]?.kind === 'notify' ? NOTIFIER : null,
  // Whoever is told of something, and whatever it is, is a device that is plugged in.
  mayMatch: (_outline, enabled, smmu) => enabled.has(NOTIFIER) && smmu.notifiers.devices.size > 0,
};
