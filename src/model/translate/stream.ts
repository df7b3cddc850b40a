/** From a StreamID to its STE: IHI 0070 3.3.2 (stream table lookup) and 5.2 (the STE and what makes it ILLEGAL). */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { L1STD } from '../../spec/l1std.ts';
import { STE } from '../../spec/ste.ts';
import type { StreamWorld } from '../../spec/stream-worlds.ts';
import type { Machine } from '../machine.ts';
import { DATA } from '../memory.ts';
import type { Fault, Recorder } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { type Answer, configFault, silent } from './answer.ts';
import { firstBroken, type Rule } from './rules.ts';

const { Span, L2Ptr } = L1STD.fields;
const {
  V,
  Config,
  S1Fmt,
  S1ContextPtr,
  S1CDMax,
  S1DSS,
  S1STALLD,
  EATS,
  STRW,
  MEV,
  PRIVCFG,
  INSTCFG,
  S2VMID,
  S2S,
} = STE.fields;

const STE_BYTES = 64;
const STE_WORDS = 16;

/** What an STE makes of its stream. */
export type StreamAction = 'abort' | 'bypass' | 'stage1' | 'stage2';

/** A legal STE, decoded to what translation needs. */
export interface StreamConfig {
  readonly world: World;
  readonly sid: number;
  /** Where the STE lay (PA in bytes), and its words. */
  readonly pa: number;
  readonly words: Uint32Array;
  readonly action: StreamAction;
  /** PA in bytes of the CD or the CD table. */
  readonly s1ContextPtr: number;
  /** 0 linear, 1 two levels with 4 KiB leaves, 2 two levels with 64 KiB leaves. */
  readonly s1Fmt: number;
  /** log2 of the number of CDs; 0 when substreams are off or not implemented. */
  readonly s1CDMax: number;
  readonly s1DSS: number;
  readonly s1StallD: boolean;
  readonly mev: boolean;
  readonly streamWorld: StreamWorld;
  /** VMID of the TLB tags; -1 where the regime has none. */
  readonly vmid: number;
  /** 0 as the transaction says, 2 unprivileged, 3 privileged. */
  readonly privCfg: number;
  /** 0 as the transaction says, 2 data, 3 instruction. */
  readonly instCfg: number;
}

interface SteSubject {
  readonly w: Uint32Array;
  readonly state: WorldState;
  /** Config, when the stage it asks for exists. */
  readonly config: number;
}

const stage1On = (s: SteSubject): boolean => (s.config & 5) === 5;
const strwUsed = (s: SteSubject): boolean => s.config === 5 && s.state.features.hyp;
const eatsUsed = (s: SteSubject): boolean => s.state.features.ats && (s.config & 3) !== 0;
const ssidsOn = (s: SteSubject): boolean => s.state.ssidBits !== 0 && S1CDMax.get(s.w, 0) !== 0;

/** StreamWorld of a Non-secure stream: IHI 0070 5.2, STRW; CR2.E2H selects the flavour of EL2. */
function streamWorldOf(s: SteSubject): StreamWorld {
  if (!strwUsed(s) || STRW.get(s.w, 0) !== 2) return 'NS-EL1';
  return s.state.e2h ? 'NS-EL2-E2H' : 'NS-EL2';
}

/** What makes an STE ILLEGAL (C_BAD_STE), in the order in which a reader of the STE meets the fields. */
export const STE_RULES: readonly Rule<SteSubject>[] = [
  { id: 'STE-V', field: 'V', broken: (s) => V.get(s.w, 0) === 0, why: () => 'V=0: the STE is not valid' },
  {
    id: 'STE-S1-UNSUP',
    field: 'Config',
    broken: (s) => stage1On(s) && !s.state.features.s1p,
    why: (s) => `Config=${s.config} asks for stage 1, but IDR0.S1P=0`,
  },
  {
    id: 'STE-S2-UNSUP',
    field: 'Config',
    broken: (s) => (s.config & 6) === 6 && !s.state.features.s2p,
    why: (s) => `Config=${s.config} asks for stage 2, but IDR0.S2P=0`,
  },
  {
    id: 'STE-S1FMT',
    field: 'S1Fmt',
    broken: (s) => {
      const fmt = S1Fmt.get(s.w, 0);
      return stage1On(s) && ssidsOn(s) && !s.state.features.cd2l && (fmt === 1 || fmt === 2);
    },
    why: (s) => `S1Fmt=${S1Fmt.get(s.w, 0)} is a two-level CD table, but IDR0.CD2L=0`,
  },
  {
    id: 'STE-S1CDMAX',
    field: 'S1CDMax',
    broken: (s) => stage1On(s) && s.state.ssidBits !== 0 && S1CDMax.get(s.w, 0) > s.state.ssidBits,
    why: (s) => `S1CDMax=${S1CDMax.get(s.w, 0)} is more than IDR1.SSIDSIZE=${s.state.ssidBits}`,
  },
  {
    // SMMUv3.0 may truncate instead (3.4.3); the model truncates there.
    id: 'STE-S1CTXPTR',
    field: 'S1ContextPtr',
    broken: (s) =>
      s.config === 5 && s.state.minorVersion >= 1 && S1ContextPtr.get(s.w, 0) >= 2 ** s.state.oasBits,
    why: (s) => `S1ContextPtr=${hex(S1ContextPtr.get(s.w, 0))} is beyond the ${s.state.oasBits}-bit OAS`,
  },
  {
    id: 'STE-STRW-NSR',
    field: 'STRW',
    broken: (s) => strwUsed(s) && (STRW.get(s.w, 0) & 1) === 1,
    why: (s) => `STRW=${STRW.get(s.w, 0)} does not exist for this Security state`,
  },
  {
    id: 'STE-EATS-SPLIT',
    field: 'EATS',
    broken: (s) =>
      eatsUsed(s) &&
      EATS.get(s.w, 0) === 2 &&
      (s.config !== 7 || S2S.get(s.w, 0) === 1 || s.state.features.ns1ats),
    why: () => 'EATS=2 (split-stage ATS) needs both stages, S2S=0 and IDR0.NS1ATS=0',
  },
  {
    id: 'STE-EATS-FULL-S2S',
    field: 'EATS',
    broken: (s) => eatsUsed(s) && EATS.get(s.w, 0) === 1 && (s.config & 6) === 6 && S2S.get(s.w, 0) === 1,
    why: () => 'EATS=1 with S2S=1: full ATS excludes stage-2 stalls',
  },
  {
    id: 'STE-S1STALLD-NS',
    field: 'S1STALLD',
    broken: (s) => stage1On(s) && S1STALLD.get(s.w, 0) === 1 && s.state.stallModel !== 0,
    why: (s) => `S1STALLD=1, but the stall model is ${s.state.stallModel}: only model 0 lets software choose`,
  },
  {
    id: 'STE-VMID8',
    field: 'S2VMID',
    broken: (s) =>
      (s.config & 3) !== 0 &&
      s.state.features.s2p &&
      !s.state.features.vmid16 &&
      streamWorldOf(s) === 'NS-EL1' &&
      S2VMID.get(s.w, 0) > 0xff,
    why: (s) => `S2VMID=${S2VMID.get(s.w, 0)} does not fit 8 bits (IDR0.VMID16=0)`,
  },
];

/**
 * Decodes an STE.
 * @param words 16 words at index `at`; copied
 * @param pa where it lay (PA in bytes)
 * @returns the configuration, or the fault that use of the STE raises
 */
export function decodeStream(
  words: Uint32Array,
  at: number,
  pa: number,
  world: World,
  sid: number,
  state: WorldState,
): StreamConfig | Fault {
  const w = words.slice(at, at + STE_WORDS);
  const config = Config.get(w, 0);
  const subject: SteSubject = { w, state, config };
  // Config 0b0xx terminates silently, whatever else the STE holds, once it is valid (5.2).
  const silentAbort = V.get(w, 0) === 1 && (config & 4) === 0;
  if (!silentAbort) {
    const rule = firstBroken(STE_RULES, subject, state.rulesOff);
    if (rule) return { ...configFault('C_BAD_STE', `STE.${rule.why(subject)}`, rule.id), field: rule.field };
  }
  const streamWorld = streamWorldOf(subject);
  const { features } = state;
  return {
    world,
    sid,
    pa,
    words: w,
    action: silentAbort ? 'abort' : config === 4 ? 'bypass' : config === 5 ? 'stage1' : 'stage2',
    s1ContextPtr: S1ContextPtr.get(w, 0) % 2 ** state.oasBits,
    s1Fmt: S1Fmt.get(w, 0),
    s1CDMax: state.ssidBits === 0 ? 0 : S1CDMax.get(w, 0),
    s1DSS: S1DSS.get(w, 0),
    s1StallD: S1STALLD.get(w, 0) === 1,
    mev: MEV.get(w, 0) === 1,
    streamWorld,
    vmid: features.s2p && streamWorld === 'NS-EL1' ? S2VMID.get(w, 0) : -1,
    privCfg: features.attrPermsOvr ? PRIVCFG.get(w, 0) : 0,
    instCfg: features.attrPermsOvr ? INSTCFG.get(w, 0) : 0,
  };
}

const scratch = new Uint32Array(STE_WORDS);

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
  const status = machine.memory(world).load(pa, scratch, 0, STE_WORDS);
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
    const abort = configFault('F_STE_FETCH', `reading the STE at ${hex(pa)} aborted`, 'STE-FETCH-EABT', pa);
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
  const bad = (reason: string, rule: string): null =>
    answer.fail(
      state.recInvSid
        ? configFault('C_BAD_STREAMID', reason, rule)
        : silent(`${reason}; CR2.RECINVSID=0, so no event`, 'SID-RECINVSID0'),
    );
  if (sid >= 2 ** table.log2size) {
    return bad(
      `StreamID ${hex(sid)} is not below 2^${table.log2size}, the size of the stream table`,
      'SID-RANGE',
    );
  }
  if (!table.twoLevel) return table.base + sid * STE_BYTES;

  const pa = table.base + Math.floor(sid / 2 ** table.split) * 8;
  const memory = machine.memory(world);
  const status = memory.load(pa, scratch, 0, 2);
  recorder?.enter(1, {
    kind: 'l1std',
    name: `L1STD ${Math.floor(sid / 2 ** table.split)}`,
    layout: 'L1STD',
    space: world,
    pa,
    words: status === DATA ? scratch.slice(0, 2) : new Uint32Array(0),
    status,
    stage: 0,
    level: 1,
  });
  recorder?.step('fetch', `read L1STD of StreamID ${hex(sid)} at ${hex(pa)}`);
  if (status !== DATA) {
    const abort = configFault('F_STE_FETCH', `reading the L1STD at ${hex(pa)} aborted`, 'STE-FETCH-EABT', pa);
    return answer.unreadable(status, world, pa, `L1STD of StreamID ${hex(sid)}`, abort);
  }
  const span = Span.get(scratch, 0);
  const low = sid % 2 ** table.split;
  recorder?.step('decide', `Span=${span}: ${span === 0 ? 'no STEs' : `${2 ** (span - 1)} STEs`}`, 'Span');
  if (span === 0) return bad(`L1STD.Span=0 at ${hex(pa)}: no level-2 table`, 'SID-SPAN0');
  if (span >= 12) return bad(`L1STD.Span=${span} at ${hex(pa)} is reserved`, 'SID-SPANRES');
  if (span > table.split + 1)
    return bad(`L1STD.Span=${span} exceeds SPLIT+1=${table.split + 1}`, 'SID-SPANBIG');
  if (low >= 2 ** (span - 1)) {
    return bad(`StreamID ${hex(sid)} is beyond the ${2 ** (span - 1)} STEs of its L1STD`, 'SID-SPANRANGE');
  }
  // The array is aligned down to its own size (5.1, L2Ptr).
  const bytes = STE_BYTES * 2 ** (span - 1);
  const array = Math.floor(L2Ptr.get(scratch, 0) / bytes) * bytes;
  return (array % 2 ** state.oasBits) + low * STE_BYTES;
}
