/**
 * What registers and queues ask of parts that they know nothing of: stalled transactions, address translation operations. Each hook adds effects to a list and changes nothing itself.
 */

import type { World } from '../bits/world.ts';
import type { AtosGroup } from '../spec/atos-groups.ts';
import type { Effect, Recorder } from './plan.ts';

export interface Hooks {
  /** CR0.SMMUEN has become 0: stalled transactions of the world are to be terminated with abort (IHI 0070 6.3.9.6). */
  smmuDisabled?: (world: World, effects: Effect[], recorder: Recorder | null) => void;
  /** RUN was set: the operation that SID and ADDR ask for, with effects that write PAR (9.1). RUN is cleared after it. */
  atos?: (group: AtosGroup, effects: Effect[], recorder: Recorder | null) => void;
}
