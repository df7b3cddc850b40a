/** What can be said of a single decision about a notifier. */

import type { NotifyDecision } from '../../model/notifiers/decision.ts';

/** An UNMAP was sent into another address space than that of a mapping which the consumer held in its range. */
export function hasWrongSpace({ delivered, event, obtained }: NotifyDecision): boolean {
  return delivered && event !== null && obtained.some((space) => space !== event.space);
}
