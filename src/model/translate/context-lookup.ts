/** From a SubstreamID to its CD: IHI 0070 3.3.2 and 5.3 (L1CD). */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { CD, CD_BYTES } from '../../spec/cd.ts';
import { CLASS_CD } from '../../spec/events.ts';
import { CD_LEAF_LOG2, L1CD, L1CD_BYTES } from '../../spec/l1cd.ts';
import { S1DSS_BYPASS, S1DSS_SSID0 } from '../../spec/ste.ts';
import { outputSpace } from '../caches/entry-spaces.ts';
import type { Machine } from '../machine.ts';
import { DATA } from '../memory.ts';
import type { Fault, Recorder } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { type Answer, configFault, fetchAbort, silent } from './answer.ts';
import type { ContextConfig, StreamConfig } from './configuration.ts';
import { decodeContext } from './context.ts';
import { PERM } from './permission.ts';
import { contextSpace } from './spaces.ts';
import { F_PA_HI, F_PA_LO, F_SPACES, found, translateStage2 } from './stage2.ts';
import { contextAddressBits } from './ste-rules.ts';
import { configOf } from './stream.ts';
import { cachedStructure, entryOf, keepStructure, recordStructure } from './structure.ts';

const { V, L2Ptr } = L1CD.fields;

/** Instead of a CD index: stage 1 is bypassed. */
export const BYPASS_STAGE1 = -1;

function badSsid(reason: string, rule: string): Fault {
  return configFault('C_BAD_SUBSTREAMID', reason, rule);
}

function disabled(reason: string, rule: string): Fault {
  return { ...configFault('F_STREAM_DISABLED', reason, rule), field: 'S1DSS' };
}

/**
 * Which CD a transaction uses (3.3.2 and 5.2, S1DSS and S1CDMax).
 * @param ssid -1 without SubstreamID
 * @returns the index, {@link BYPASS_STAGE1}, or a fault
 */
export function contextIndex(stream: StreamConfig, ssid: number, state: WorldState): number | Fault {
  if (ssid >= 0) return indexOfSubstream(stream, ssid, state);
  if (!stream.translates1) return BYPASS_STAGE1;
  if (stream.s1CDMax === 0) return 0;
  const off = state.rulesOff;
  if (stream.s1DSS === S1DSS_BYPASS && !off.has('SD-BYPASS')) return BYPASS_STAGE1;
  if (stream.s1DSS === S1DSS_SSID0) return 0;
  const rule = stream.s1DSS === 3 ? 'SD-RES' : 'SD-NOSSID';
  if (off.has(rule)) return 0;
  return disabled(`no SubstreamID, and STE.S1DSS=${stream.s1DSS} terminates such traffic`, rule);
}

function indexOfSubstream(stream: StreamConfig, ssid: number, state: WorldState): number | Fault {
  const off = state.rulesOff;
  if (!stream.translates1) {
    if (off.has('SSID-NOS1')) return BYPASS_STAGE1;
    return badSsid(`SubstreamID ${hex(ssid)} on a stream whose stage 1 does not translate`, 'SSID-NOS1');
  }
  if (state.ssidBits === 0 && !off.has('SSID-UNSUP')) {
    return badSsid(`SubstreamID ${hex(ssid)}, but IDR1.SSIDSIZE=0`, 'SSID-UNSUP');
  }
  if (stream.s1CDMax === 0 && !off.has('SSID-DISABLED')) {
    return badSsid(`SubstreamID ${hex(ssid)}, but STE.S1CDMax=0`, 'SSID-DISABLED');
  }
  if (ssid >= 2 ** stream.s1CDMax && !off.has('SSID-RANGE')) {
    const reason = `SubstreamID ${hex(ssid)} is not below 2^S1CDMax = ${2 ** stream.s1CDMax}`;
    return badSsid(reason, 'SSID-RANGE');
  }
  const taken = ssid === 0 && stream.s1CDMax !== 0 && stream.s1DSS === S1DSS_SSID0;
  if (taken && !off.has('SD-SSID0')) {
    const reason = 'SubstreamID 0 with STE.S1DSS=2: CD 0 serves transactions without SubstreamID';
    return disabled(reason, 'SD-SSID0');
  }
  return ssid;
}

const scratch = new Uint32Array(CD.words);

/** What an address of a CD or L1CD has become: a PA in bytes, or null when the answer says why there is none. */
type Found = number | null;

/**
 * Finds and reads a CD.
 * @returns null when the answer already says why not
 */
export function fetchContext(
  machine: Machine,
  state: WorldState,
  stream: StreamConfig,
  index: number,
  answer: Answer,
  recorder: Recorder | null,
): ContextConfig | null {
  const { world, sid } = stream;
  let pa: Found = cachedStructure(machine, 'CD', world, sid, index, scratch);
  const cached = pa !== null;
  if (pa === null) {
    const address = locateCd(machine, state, stream, index, answer, recorder);
    if (address === null) return null;
    pa = toPhysical(machine, state, stream, address, answer, recorder);
    if (pa === null) return null;
  }
  const { contexts } = machine.decoded;
  if (recorder === null && machine.policy !== 'maximal') {
    const known = contexts.at(pa, index, state, stream);
    if (known !== null && machine.own(foundSpace(state, stream)).holds(pa, known.words))
      return 'event' in known.decoded ? answer.fail(known.decoded) : known.decoded;
  }
  const entry =
    cached && asksForEntry(stream, recorder) ? entryOf(machine, cached, 'CD', world, sid, index) : null;
  const space = entry?.paSpace ?? foundSpace(state, stream);
  const status = cached ? DATA : machine.own(space).load(pa, scratch, 0, CD.words);
  if (recorder !== null)
    recordStructure(recorder, 2, 'cd', 'CD', index, space, pa, scratch, status, entry, 0);
  if (status !== DATA) {
    const abort = fetchAbort('F_CD_FETCH', 'CD', pa, state.rulesOff);
    return answer.unreadable(status, space, pa, `CD ${index} of StreamID ${hex(sid)}`, abort);
  }
  const { decoded, words } =
    contexts.find(pa, index, scratch, state, stream) ??
    contexts.keep(
      pa,
      index,
      scratch,
      state,
      stream,
      decodeContext(scratch, 0, pa, index, stream, state, space),
    );
  if (!cached) keepStructure(machine, answer, 'CD', world, sid, index, pa, space, words, 1);
  return 'event' in decoded ? answer.fail(decoded) : decoded;
}

/** The cached structure counts for its space, unless all are Non-secure, and for a recorder. */
function asksForEntry(stream: StreamConfig, recorder: Recorder | null): boolean {
  return !stream.plain || recorder !== null;
}

/** The space of the PA that {@link toPhysical} has just given. */
function foundSpace(state: WorldState, stream: StreamConfig): World {
  if (stream.plain) return 'ns';
  return stream.stage2 === null ? contextSpace(state, stream.world) : outputSpace(found[F_SPACES] as number);
}

/** The address of a CD or L1CD is an IPA where stage 2 is on: it is translated as a data read (5.2, S1ContextPtr). */
function toPhysical(
  machine: Machine,
  state: WorldState,
  stream: StreamConfig,
  address: number,
  answer: Answer,
  recorder: Recorder | null,
): Found {
  const { stage2 } = stream;
  if (stage2 === null) return address;
  if (recorder !== null) {
    recorder.leave(2);
    recorder.step('decide', () => `the CD lies at IPA ${hex(address)}`, 'S1ContextPtr');
  }
  const hi = Math.floor(address / 2 ** 32);
  if (
    !translateStage2(machine, stream, stage2, hi, address >>> 0, CLASS_CD, PERM.pr, false, answer, recorder)
  ) {
    nameFault(answer, state);
    return null;
  }
  return (found[F_PA_HI] as number) * 2 ** 32 + ((found[F_PA_LO] as number) >>> 0);
}

/** A stage-2 fault of the fetch has a rule of its own; without it the fetch fails silently. */
function nameFault(answer: Answer, state: WorldState): void {
  const { fault } = answer;
  if (fault === null || fault.event === 'F_WALK_EABT' || fault.rule === 'S2-RANGE') return;
  answer.fault = { ...fault, rule: 'CD-FETCH-S2' };
  if (state.rulesOff.has('CD-FETCH-S2')) answer.fault = silent(fault.reason, 'CD-FETCH-S2');
}

/**
 * Base of a CD table as the hardware uses it: aligned down to its size (5.2, S1Fmt).
 * @param stream whose S1Fmt and S1CDMax give the size
 */
export function cdTableBase(stream: StreamConfig): number {
  const { s1CDMax, s1Fmt, s1ContextPtr } = stream;
  if (s1CDMax === 0) return s1ContextPtr;
  const leafBits = leafBitsOf(s1Fmt);
  const bytes =
    leafBits === 0
      ? CD_BYTES * 2 ** s1CDMax
      : Math.max(64, L1CD_BYTES * 2 ** Math.max(0, s1CDMax - leafBits));
  return Math.floor(s1ContextPtr / bytes) * bytes;
}

/** log2 of the CDs in a level-2 table; 0 for a linear table. S1Fmt 3 is reserved and acts as 0. */
export function leafBitsOf(s1Fmt: number): number {
  return CD_LEAF_LOG2[s1Fmt] ?? 0;
}

/** Address of the CD, PA or IPA: linear, or through the L1CD (5.3). */
function locateCd(
  machine: Machine,
  state: WorldState,
  stream: StreamConfig,
  index: number,
  answer: Answer,
  recorder: Recorder | null,
): Found {
  const base = cdTableBase(stream);
  const leafBits = stream.s1CDMax === 0 ? 0 : leafBitsOf(stream.s1Fmt);
  if (leafBits === 0) return base + index * CD_BYTES;

  const { world, sid } = stream;
  const low = index & ((1 << leafBits) - 1);
  let pa: Found = cachedStructure(machine, 'L1CD', world, sid, index - low, scratch);
  const cached = pa !== null;
  if (pa === null) {
    pa = toPhysical(machine, state, stream, base + (index >>> leafBits) * L1CD_BYTES, answer, recorder);
    if (pa === null) return null;
  }
  const entry = asksForEntry(stream, recorder)
    ? entryOf(machine, cached, 'L1CD', world, sid, index - low)
    : null;
  const space = entry?.paSpace ?? foundSpace(state, stream);
  const status = cached ? DATA : machine.own(space).load(pa, scratch, 0, L1CD.words);
  if (recorder !== null)
    recordStructure(recorder, 2, 'l1cd', 'L1CD', index >>> leafBits, space, pa, scratch, status, entry, 1);
  if (status !== DATA) {
    const abort = fetchAbort('F_CD_FETCH', 'L1CD', pa, state.rulesOff);
    return answer.unreadable(status, space, pa, `L1CD of StreamID ${hex(sid)}`, abort);
  }
  if (!cached && machine.policy === 'maximal')
    keepStructure(
      machine,
      answer,
      'L1CD',
      world,
      sid,
      index - low,
      pa,
      space,
      scratch.slice(0, L1CD.words),
      1 << leafBits,
    );
  const pointer = L2Ptr.get(scratch, 0);
  if (V.get(scratch, 0) === 0 && !state.rulesOff.has('SSID-L1CD-V')) {
    return answer.fail({
      ...configFault(
        'C_BAD_SUBSTREAMID',
        `L1CD.V=0 at ${hex(pa)}: SubstreamID ${hex(index)} has no CD`,
        'SSID-L1CD-V',
      ),
      field: 'V',
    });
  }
  // Beyond IAS a nested stream may also give a stage-2 translation fault (3.4.3). SMMUv3.0 may truncate; the model does.
  const bits = contextAddressBits(configOf(stream.words), state);
  if (pointer >= 2 ** bits && state.minorVersion >= 1 && !state.rulesOff.has('SSID-L1CD-OOR')) {
    const reason = `L1CD.L2Ptr=${hex(pointer)} is beyond the ${bits}-bit ${stream.stage2 === null ? 'OAS' : 'IAS'}`;
    return answer.fail({ ...configFault('C_BAD_SUBSTREAMID', reason, 'SSID-L1CD-OOR'), field: 'L2Ptr' });
  }
  const bytes = CD_BYTES * 2 ** leafBits;
  const leaf = (Math.floor(pointer / bytes) * bytes) % 2 ** bits;
  return leaf + low * CD_BYTES;
}
