/** CMD_RESUME and CMD_STALL_TERM: IHI 0070 4.7.1 and 4.7.2. */

import { hex } from '../../bits/u64.ts';
import { COMMANDS } from '../../spec/commands.ts';
import { changePhase, removeStall, stalledText, terminateStall } from '../stalls.ts';
import { argument, type CommandContext } from './context.ts';
import { streamWorld } from './reach.ts';

const { Ac, Ab } = COMMANDS.CMD_RESUME.layout.fields;

/** CMD_RESUME: retries or terminates the stall that StreamID and STAG name together; without one it does nothing. */
export function resume(c: CommandContext): void {
  const { stalls } = c.machine.traffic;
  const sid = argument(c, 'StreamID');
  const stag = argument(c, 'STAG');
  const stall = stalls.find(streamWorld(c), sid, stag);
  if (!stall) {
    c.recorder?.step(
      'decide',
      `StreamID ${hex(sid)} has no stalled transaction of STAG ${hex(stag)}`,
      'STAG',
    );
    return;
  }
  const text = stalledText(stall.transaction);
  if (argument(c, 'Ac') === Ac.names.RETRY) {
    c.recorder?.step('decide', `${text} is retried`, 'Ac');
    // What an early retry let go has been retried already; only its tag is given back.
    c.effects.push(
      ...(stall.phase === 'retried' ? [removeStall(stalls, stall)] : changePhase(stalls, stall, 'resumed')),
    );
    return;
  }
  const abort = argument(c, 'Ab') === Ab.names.ABORT || c.state.features.termModel === 1;
  c.recorder?.step('decide', `${text} is terminated${abort ? ' with an abort' : ': RAZ/WI'}`, 'Ab');
  c.effects.push(...terminateStall(stalls, stall, abort ? 'abort' : 'razwi'));
}

/** CMD_STALL_TERM: every stalled transaction of the stream is terminated with an abort, recorded or not. */
export function terminateStream(c: CommandContext): void {
  const { stalls } = c.machine.traffic;
  const sid = argument(c, 'StreamID');
  const found = stalls.ofStream(streamWorld(c), sid);
  for (const stall of found) {
    c.recorder?.step('decide', `${stalledText(stall.transaction)} is terminated with an abort`);
    c.effects.push(...terminateStall(stalls, stall, 'abort'));
  }
  if (found.length === 0) c.recorder?.step('decide', `StreamID ${hex(sid)} has no stalled transaction`);
}
