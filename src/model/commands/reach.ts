/** Which streams and entries the commands of a queue reach: IHI 0070 3.10.2, 4.1.6, 4.5. */

import type { QueueWorld } from '../../spec/commands.ts';
import type { WorldState } from '../state.ts';
import { argument, type CommandContext } from './context.ts';
import type { CompiledScope } from './tlbi-scope.ts';

/** What says which streams a command means. */
export type Reaching = Pick<CommandContext, 'spec' | 'words' | 'world'> & {
  readonly state: Pick<WorldState, 'rulesOff'>;
};

/** The Security state of the streams that a command names: on the Secure queue SSec chooses. */
export function streamWorld(c: Reaching): QueueWorld {
  return c.world === 'ns' && c.state.rulesOff.size === 0 ? 'ns' : namedWorld(c);
}

function namedWorld(c: Reaching): QueueWorld {
  const { rulesOff } = c.state;
  if (c.world === 's') {
    if (rulesOff.size !== 0 && rulesOff.has('world:CMD-S')) return 's';
    return argument(c, 'SSec') === 1 ? 's' : 'ns';
  }
  if (rulesOff.size === 0) return c.world;
  if (c.world === 'realm') return rulesOff.has('world:CMD-R') ? 'ns' : 'realm';
  return rulesOff.has('world:CMD-NS') && argument(c, 'SSec') === 1 ? 's' : 'ns';
}

/** The Security state of the endpoints and device permissions that a command means: Secure ones do not exist (4.5, 4.6). */
export function endpointWorld({ world, state: { rulesOff } }: Pick<Reaching, 'world' | 'state'>): QueueWorld {
  return world === 's' && !rulesOff.has('world:CMD-S') ? 'ns' : world;
}

/** Whether a command may not invalidate what is cached of a state, and says so. */
export function isOutOfReach(c: CommandContext, acted: QueueWorld): boolean {
  if (c.world !== 's' || acted !== 'ns' || !c.state.rulesOff.has('world:CAN-S-TLBI')) return false;
  c.recorder?.step('decide', 'what is cached of Non-secure streams stays');
  return true;
}

/** Where a command comes from. */
type Queue = Pick<CommandContext, 'machine' | 'world' | 'state'>;

/** Whose column of a command's scope holds. */
function columnOf({ world, state: { rulesOff } }: Pick<CommandContext, 'world' | 'state'>): QueueWorld {
  return rulesOff.size !== 0 && world === 'realm' && rulesOff.has('world:CMD-R') ? 'ns' : world;
}

/** The state that an invalidation acts on: its VMW and E2H count, whatever queue the command came from (4.4.2, 3.17.6). */
export function actedState(c: Queue, scope: CompiledScope): WorldState {
  const acts = scope.acts[columnOf(c)];
  return acts === c.world ? c.state : c.machine.state(acts);
}

/** The regimes whose entries go: bits of `REGIME_BIT`. */
export function actedRegimes(c: Queue, scope: CompiledScope, acted: WorldState): number {
  const e2h = acted.e2h ? 1 : 0;
  const regimes = scope.regimes[columnOf(c)][e2h];
  const { rulesOff } = c.state;
  if (rulesOff.size === 0) return regimes;
  if (c.world === 's' && acted.world === 'ns') {
    return rulesOff.has('world:CAN-S-TLBI') || rulesOff.has('world:CMD-S') ? 0 : regimes;
  }
  const tooMuch = c.world === 'ns' && rulesOff.has('world:CANNOT-OVER-INVALIDATE');
  return tooMuch ? regimes | scope.regimes.s[e2h] : regimes;
}
