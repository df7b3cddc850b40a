/** Statements about a Security state that are switched off: `world:S-CMDQ` in `rulesOff`. */

import type { World } from '../bits/world.ts';
import { STATEMENT_PREFIX } from '../spec/world-statements.ts';

/** What is said of each state in its own words. */
export type WorldTopic =
  | 'SEC-SID'
  | 'PRESENT'
  | 'REGISTERS'
  | 'ACCESS'
  | 'STRTAB'
  | 'CMDQ'
  | 'EVENTQ'
  | 'PRIQ'
  | 'FETCH-QUEUES'
  | 'FETCH-MSI'
  | 'STALL';

/** Whether what is said of a state is left out of the model. */
export function worldRuleOff(rulesOff: ReadonlySet<string>, world: World, topic: WorldTopic): boolean {
  return rulesOff.size !== 0 && rulesOff.has(`world:${STATEMENT_PREFIX[world]}-${topic}`);
}
