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
import { streamTableSpace } from './spaces.ts';
import { decodeStream } from './stream.ts';
import { cachedStructure, entryOf, keepStructure, recordStructure } from './structure.ts';

const { Span, L2Ptr } = L1STD.fields;
const { CONT } = STE.fields;

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
  let pa =
    cachedStructure(machine, 'STE', world, sid, 0, scratch) ??
    neighbouringSte(machine, state, world, sid, recorder);
  const cached = pa !== null;
  if (pa === null) {
    pa = locateSte(machine, state, world, sid, answer, recorder);
    if (pa === null) return null;
  }
  const { streams } = machine.decoded;
  const space = streamTableSpace(state, world);
  if (recorder === null && machine.policy !== 'maximal' && !machine.options.configConflict) {
    // Where what was decoded before still stands in memory, it need not be read again.
    const known = streams.at(pa, sid, state, null);
    if (known !== null && machine.own(space).holds(pa, known.words))
      return 'event' in known.decoded ? answer.fail(known.decoded) : known.decoded;
  }
  const status = cached ? DATA : machine.own(space).load(pa, scratch, 0, STE.words);
  if (recorder !== null) {
    const from =
      entryOf(machine, cached, 'STE', world, sid, 0) ??
      (cached ? (machine.structures.neighbour(world, sid) ?? null) : null);
    recordStructure(recorder, 1, 'ste', 'STE', sid, space, pa, scratch, status, from, 0);
  }
  if (status !== DATA) {
    const abort = fetchAbort('F_STE_FETCH', 'STE', pa, state.rulesOff);
    return answer.unreadable(status, space, pa, `STE of StreamID ${hex(sid)}`, abort);
  }
  const { decoded, words } =
    streams.find(pa, sid, scratch, state, null) ??
    streams.keep(pa, sid, scratch, state, null, decodeStream(scratch, 0, pa, world, sid, state));
  if (!cached) keepStructure(machine, answer, 'STE', world, sid, 0, pa, space, words, 1);
  if ('event' in decoded) return answer.fail(decoded);
  if (machine.options.configConflict && conflicts(machine, state, decoded))
    return answer.fail(
      configFault(
        'F_CFG_CONFLICT',
        `STE.CONT=${CONT.get(decoded.words, 0)} joins STEs that differ from that of StreamID ${hex(sid)}`,
        'EVT-CFG-CONFLICT',
      ),
    );
  return decoded;
}

/** A cached STE whose CONT says that it is the same as that of this StreamID (5.2); its words are copied. */
function neighbouringSte(
  machine: Machine,
  state: WorldState,
  world: World,
  sid: number,
  recorder: Recorder | null,
): number | null {
  if (machine.policy !== 'maximal' || sid >= state.streamTable.streams) return null;
  const entry = machine.structures.neighbour(world, sid);
  if (!entry) return null;
  scratch.set(entry.words);
  recorder?.step('decide', () => {
    const cont = CONT.get(entry.words, 0);
    return `the cached STE of StreamID ${hex(entry.sid)} serves its neighbour (STE.CONT=${cont})`;
  });
  return entry.pa;
}

const neighbour = new Uint32Array(STE.words);

/** STE.CONT: the 2^CONT STEs around must be alike (5.2); whether those of its table are not. */
function conflicts(machine: Machine, state: WorldState, stream: StreamConfig): boolean {
  const span = 2 ** CONT.get(stream.words, 0);
  if (span === 1 || state.rulesOff.has('EVT-CFG-CONFLICT')) return false;
  const { sid, pa, words, world } = stream;
  const { twoLevel, split, streams } = state.streamTable;
  const table = twoLevel ? 2 ** split : streams;
  const at = sid % Math.min(span, table);
  for (let i = 0; i < Math.min(span, table); i++) {
    const status = machine
      .own(streamTableSpace(state, world))
      .load(pa + (i - at) * STE_BYTES, neighbour, 0, STE.words);
    if (status === DATA && neighbour.some((word, k) => word !== words[k])) return true;
  }
  return false;
}

/** A StreamID that leads to no STE: an event only with CR2.RECINVSID (7.3.3). */
function bad(answer: Answer, state: WorldState, reason: string, rule: string): null {
  const recorded = state.recInvSid || state.rulesOff.has('SID-RECINVSID0');
  return answer.fail(
    recorded
      ? configFault('C_BAD_STREAMID', reason, rule)
      : silent(`${reason}; CR2.RECINVSID=0, so no event`, 'SID-RECINVSID0'),
  );
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
  const off = state.rulesOff;
  if (sid >= table.streams && !off.has('SID-RANGE')) {
    const reason = `StreamID ${hex(sid)} is not below 2^${table.log2size}, the size of the stream table`;
    return bad(answer, state, reason, 'SID-RANGE');
  }
  if (!table.twoLevel) return table.base + sid * STE_BYTES;

  const { split } = table;
  const low = sid & ((1 << split) - 1);
  const first = sid - low;
  let pa = cachedStructure(machine, 'L1STD', world, first, 0, scratch);
  const cached = pa !== null;
  pa ??= table.base + (sid >>> split) * L1STD_BYTES;
  const space = streamTableSpace(state, world);
  const status = cached ? DATA : machine.own(space).load(pa, scratch, 0, L1STD.words);
  if (recorder !== null) {
    const from = entryOf(machine, cached, 'L1STD', world, first, 0);
    recordStructure(recorder, 1, 'l1std', 'L1STD', sid >>> split, space, pa, scratch, status, from, 1);
  }
  if (status !== DATA) {
    const abort = fetchAbort('F_STE_FETCH', 'L1STD', pa, off);
    return answer.unreadable(status, space, pa, `L1STD of StreamID ${hex(sid)}`, abort);
  }
  if (!cached && machine.policy === 'maximal')
    keepStructure(
      machine,
      answer,
      'L1STD',
      world,
      first,
      0,
      pa,
      space,
      scratch.slice(0, L1STD.words),
      1 << split,
    );
  const span = Span.get(scratch, 0);
  if (recorder !== null) {
    const what = span === 0 ? 'no STEs' : `${2 ** (span - 1)} STEs`;
    recorder.step('decide', `Span=${span}: ${what}`, 'Span');
  }
  if (span === 0 && !off.has('SID-SPAN0'))
    return bad(answer, state, `L1STD.Span=0 at ${hex(pa)}: no level-2 table`, 'SID-SPAN0');
  if (span > SPAN_MAX && !off.has('SID-SPANRES'))
    return bad(answer, state, `L1STD.Span=${span} at ${hex(pa)} is reserved`, 'SID-SPANRES');
  if (span > split + 1 && !off.has('SID-SPANBIG'))
    return bad(answer, state, `L1STD.Span=${span} exceeds SPLIT+1=${split + 1}`, 'SID-SPANBIG');
  const count = span === 0 ? 0.5 : 1 << (span - 1);
  if (low >= count && !off.has('SID-SPANRANGE')) {
    const reason = `StreamID ${hex(sid)} is beyond the ${count} STEs of its L1STD`;
    return bad(answer, state, reason, 'SID-SPANRANGE');
  }
  // The array is aligned down to its own size (5.1, L2Ptr).
  const bytes = STE_BYTES * count;
  const pointer = L2Ptr.get(scratch, 0);
  const array = pointer - ((pointer >>> 0) & (bytes - 1));
  return (array < state.oasLimit ? array : array % state.oasLimit) + low * STE_BYTES;
}
