/** CMD_PREFETCH_*: IHI 0070 4.2. Hints: never an event, never a command error for what they find. */

import type { CommandContext } from './context.ts';

/** The model prefetches nothing: a hint may be ignored, and what is not fetched cannot go stale. */
export function prefetch(c: CommandContext): void {
  c.recorder?.step('decide', 'a hint; this SMMU does not prefetch');
}
