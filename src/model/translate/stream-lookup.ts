/** From a StreamID to its STE: IHI 0070 3.3.2 (stream table lookup) and 5.1 (L1STD). */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { L1STD, L1STD_BYTES, SPAN_MAX } from '../../spec/l1std.ts';
import { STE, STE_BYTES } from '../../spec/ste.ts';
import type { Machine } from '../machine.ts';
import { DATA } from '../memory.ts';
import type { Recorder } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { type Answer, configFault, fetchAbort, silent } from './answer.ts';
import type { StreamConfig } from './configuration.ts';
import { decodeStream } from './stream.ts';

const { Span, L2Ptr } = L1STD.fields;

const scratch = new Uint32Array(STE.words);

/**
 * Finds and reads the STE of a stream.
 * @returns null when the answer already says why not
 */
export function fetchStream(
  machine: Machine,
  state: WorldState,
  world: World,
  sid: number,
  answer: Answer,
  recorder: Recorder | null,
): StreamConfig | null {
  const pa = locateSte(machine, state, world, sid, answer, recorder);
  if (pa === null) return null;
  const status = machine.memory(world).load(pa, scratch, 0, STE.words);
  recorder?.enter(1, {
    kind: 'ste',
    name: `STE ${hex(sid)}`,
    layout: 'STE',
    space: world,
    pa,
    words: status === DATA ? scratch.slice() : new Uint32Array(0),
    status,
    stage: 0,
    level: 0,
  });
  recorder?.step('fetch', `read STE of StreamID ${hex(sid)} at ${hex(pa)}`);
  if (status !== DATA) {
    const abort = fetchAbort('F_STE_FETCH', 'STE', pa, state.rulesOff);
    return answer.unreadable(status, world, pa, `STE of StreamID ${hex(sid)}`, abort);
  }
  const decoded = decodeStream(scratch, 0, pa, world, sid, state);
  if ('event' in decoded) return answer.fail(decoded);
  return decoded;
}

/** PA of the STE: linear, or through the L1STD (5.1). */
function locateSte(
  machine: Machine,
  state: WorldState,
  world: World,
  sid: number,
  answer: Answer,
  recorder: Recorder | null,
): number | null {
  const table = state.streamTable;
  const on = (rule: string): boolean => !state.rulesOff.has(rule);
  const bad = (reason: string, rule: string): null =>
    answer.fail(
      state.recInvSid || !on('SID-RECINVSID0')
        ? configFault('C_BAD_STREAMID', reason, rule)
        : silent(`${reason}; CR2.RECINVSID=0, so no event`, 'SID-RECINVSID0'),
    );
  if (sid >= 2 ** table.log2size && on('SID-RANGE')) {
    return bad(
      `StreamID ${hex(sid)} is not below 2^${table.log2size}, the size of the stream table`,
      'SID-RANGE',
    );
  }
  if (!table.twoLevel) return table.base + sid * STE_BYTES;

  const pa = table.base + Math.floor(sid / 2 ** table.split) * L1STD_BYTES;
  const memory = machine.memory(world);
  const status = memory.load(pa, scratch, 0, L1STD.words);
  recorder?.enter(1, {
    kind: 'l1std',
    name: `L1STD ${Math.floor(sid / 2 ** table.split)}`,
    layout: 'L1STD',
    space: world,
    pa,
    words: status === DATA ? scratch.slice(0, L1STD.words) : new Uint32Array(0),
    status,
    stage: 0,
    level: 1,
  });
  recorder?.step('fetch', `read L1STD of StreamID ${hex(sid)} at ${hex(pa)}`);
  if (status !== DATA) {
    const abort = fetchAbort('F_STE_FETCH', 'L1STD', pa, state.rulesOff);
    return answer.unreadable(status, world, pa, `L1STD of StreamID ${hex(sid)}`, abort);
  }
  const span = Span.get(scratch, 0);
  const low = sid % 2 ** table.split;
  recorder?.step('decide', `Span=${span}: ${span === 0 ? 'no STEs' : `${2 ** (span - 1)} STEs`}`, 'Span');
  if (span === 0 && on('SID-SPAN0')) return bad(`L1STD.Span=0 at ${hex(pa)}: no level-2 table`, 'SID-SPAN0');
  if (span > SPAN_MAX && on('SID-SPANRES'))
    return bad(`L1STD.Span=${span} at ${hex(pa)} is reserved`, 'SID-SPANRES');
  if (span > table.split + 1 && on('SID-SPANBIG'))
    return bad(`L1STD.Span=${span} exceeds SPLIT+1=${table.split + 1}`, 'SID-SPANBIG');
  if (low >= 2 ** (span - 1) && on('SID-SPANRANGE')) {
    return bad(`StreamID ${hex(sid)} is beyond the ${2 ** (span - 1)} STEs of its L1STD`, 'SID-SPANRANGE');
  }
  // The array is aligned down to its own size (5.1, L2Ptr).
  const bytes = STE_BYTES * 2 ** (span - 1);
  const array = Math.floor(L2Ptr.get(scratch, 0) / bytes) * bytes;
  return (array % 2 ** state.oasBits) + low * STE_BYTES;
}
