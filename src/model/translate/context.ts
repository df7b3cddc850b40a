/** From an STE and a SubstreamID to the CD: IHI 0070 3.3.2, 5.3 (L1CD) and 5.4 (the CD and what makes it ILLEGAL). */

import { hex } from '../../bits/u64.ts';
import { CD } from '../../spec/cd.ts';
import { L1CD } from '../../spec/l1cd.ts';
import { S1DSS_BYPASS, S1DSS_SSID0, STE } from '../../spec/ste.ts';
import { STREAM_WORLDS, type StreamWorld } from '../../spec/stream-worlds.ts';
import type { TlbSpace } from '../caches/tlb.ts';
import type { Machine } from '../machine.ts';
import { DATA } from '../memory.ts';
import type { Fault, Recorder } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { type Answer, configFault } from './answer.ts';
import { CD_RULES, type CdSubject, granuleBitsOf0, granuleBitsOf1, outputBitsOf } from './cd-rules.ts';
import { firstBroken } from './rules.ts';
import type { StreamConfig } from './stream.ts';

const f = CD.fields;
const { V, L2Ptr } = L1CD.fields;
const { S1PIE } = STE.fields;

const CD_BYTES = 64;
const CD_WORDS = 16;

/** One of the two address ranges of a context. */
export interface Half {
  /** Walks are allowed: EPDx=0 (and the half exists). */
  readonly enabled: boolean;
  /** PA of the starting-level table, in bytes, aligned down as the hardware does; as halves. */
  readonly baseHi: number;
  readonly baseLo: number;
  readonly granuleBits: 12 | 14 | 16;
  /** 64 - TxSZ. */
  readonly inputBits: number;
  readonly startLevel: number;
  readonly tbi: boolean;
  /** Hierarchical permissions are off (HADx). */
  readonly had: boolean;
  readonly e0pd: boolean;
  /** 52-bit descriptors: 64 KiB granule with 52-bit output, or DS=1. */
  readonly wide: boolean;
}

export type TableFormat = 'VMSAv8-64' | 'VMSAv8-32' | 'VMSAv9-128';

/** A legal CD, decoded to what translation needs. */
export interface ContextConfig {
  /** Where the CD lay (PA in bytes), and its words. */
  readonly pa: number;
  readonly index: number;
  readonly words: Uint32Array;
  readonly format: TableFormat;
  readonly streamWorld: StreamWorld;
  readonly asid: number;
  readonly aset: number;
  /** TTB0 and TTB1. */
  readonly halves: readonly [Half, Half];
  /** Two ranges (TTB0 and TTB1) and two privilege levels; otherwise TTB0 only and everything is privileged. */
  readonly twoRanges: boolean;
  /** Effective IPS: MIN(IPS, OAS), in bits. */
  readonly outputBits: number;
  readonly bigEndian: boolean;
  readonly affd: boolean;
  readonly wxn: boolean;
  readonly pan: boolean;
  readonly epan: boolean;
  readonly ha: boolean;
  readonly hd: boolean;
  /** Permission indirection is on. */
  readonly indirect: boolean;
  readonly stall: boolean;
  readonly record: boolean;
  readonly abort: boolean;
  /** The TLB entries of these tags; found at first use. */
  space: TlbSpace | null;
}

/** IHI 0070 D8: the level at which a walk starts. */
export function startLevelOf(inputBits: number, granuleBits: number): number {
  return 3 - Math.floor((inputBits - 1 - granuleBits) / (granuleBits - 3));
}

/** Decodes a legal half. The table is aligned down to its size, 64 bytes at least when addresses have 52 bits. */
function halfOf(
  enabled: boolean,
  base: number,
  granuleBits: 12 | 14 | 16,
  txsz: number,
  flags: { tbi: boolean; had: boolean; e0pd: boolean; ds: boolean },
  outputBits: number,
): Half {
  // An unused half may hold any TxSZ; keep its numbers in range, nobody looks at them.
  const inputBits = Math.min(Math.max(64 - txsz, 16), 52);
  const startLevel = startLevelOf(inputBits, granuleBits);
  const stride = granuleBits - 3;
  const entries = 2 ** (inputBits - granuleBits - (3 - startLevel) * stride);
  const align = Math.max(entries * 8, outputBits === 52 ? 64 : 8);
  const aligned = Math.floor(base / align) * align;
  return {
    enabled,
    baseHi: Math.floor(aligned / 2 ** 32),
    baseLo: aligned >>> 0,
    granuleBits,
    inputBits,
    startLevel,
    tbi: flags.tbi,
    had: flags.had,
    e0pd: flags.e0pd,
    wide: granuleBits === 16 ? outputBits === 52 : flags.ds,
  };
}

/**
 * Decodes a CD.
 * @param words 16 words at index `at`; copied
 * @param pa where it lay (PA in bytes)
 * @param index its place in the CD table: the SubstreamID, or 0
 * @returns the configuration, or the fault that use of the CD raises
 */
export function decodeContext(
  words: Uint32Array,
  at: number,
  pa: number,
  index: number,
  stream: StreamConfig,
  state: WorldState,
): ContextConfig | Fault {
  const w = words.slice(at, at + CD_WORDS);
  const { features } = state;
  const { streamWorld } = stream;
  const { twoRanges } = STREAM_WORLDS[streamWorld];
  const aa64 = f.AA64.get(w, 0) === 1;
  const format: TableFormat = aa64 ? 'VMSAv8-64' : features.d128 ? 'VMSAv9-128' : 'VMSAv8-32';
  // EPDx is ignored where there is only TTB0 (5.4, EPD0): that half walks, the other does not exist.
  const walks0 = !twoRanges || f.EPD0.get(w, 0) === 0;
  const walks1 = f.EPD1.get(w, 0) === 0;
  const subject: CdSubject = {
    w,
    state,
    stream,
    format,
    twoRanges,
    walks0: walks0 || state.rulesOff.has('CD-EPD-IGN'),
    walks1: (walks1 || state.rulesOff.has('CD-EPD-IGN')) && (twoRanges || state.rulesOff.has('CD-EL2-T1IGN')),
  };
  const rule = firstBroken(CD_RULES, subject, state.rulesOff);
  if (rule) return { ...configFault('C_BAD_CD', `CD.${rule.why(subject)}`, rule.id), field: rule.field };

  const outputBits = outputBitsOf(subject);
  const ds = features.ds && f.DS.get(w, 0) === 1;
  const had = features.had && twoRanges;
  const e0pd = features.e0pd && twoRanges;
  const ha = features.httu >= 1 && f.HA.get(w, 0) === 1;
  return {
    pa,
    index,
    words: w,
    format,
    streamWorld,
    asid: f.ASID.get(w, 0),
    aset: f.ASET.get(w, 0),
    halves: [
      halfOf(
        walks0,
        f.TTB0.get(w, 0),
        granuleBitsOf0(w) ?? 12,
        f.T0SZ.get(w, 0),
        {
          tbi: f.TBI0.get(w, 0) === 1,
          had: had && f.HAD0.get(w, 0) === 1,
          e0pd: e0pd && f.E0PD0.get(w, 0) === 1,
          ds,
        },
        outputBits,
      ),
      halfOf(
        twoRanges && walks1,
        f.TTB1.get(w, 0),
        granuleBitsOf1(w) ?? 12,
        f.T1SZ.get(w, 0),
        {
          tbi: f.TBI1.get(w, 0) === 1,
          had: had && f.HAD1.get(w, 0) === 1,
          e0pd: e0pd && f.E0PD1.get(w, 0) === 1,
          ds,
        },
        outputBits,
      ),
    ],
    twoRanges,
    outputBits,
    bigEndian: f.ENDI.get(w, 0) === 1,
    affd: f.AFFD.get(w, 0) === 1,
    wxn: f.WXN.get(w, 0) === 1,
    pan: twoRanges && f.PAN.get(w, 0) === 1,
    epan: features.epan && f.EPAN.get(w, 0) === 1,
    ha,
    hd: ha && features.httu >= 2 && f.HD.get(w, 0) === 1,
    indirect: features.s1pi && S1PIE.get(stream.words, 0) === 1 && f.PIE.get(w, 0) === 1,
    stall: f.S.get(w, 0) === 1,
    record: f.R.get(w, 0) === 1,
    abort: f.A.get(w, 0) === 1,
    space: null,
  };
}

/** Instead of a CD index: stage 1 is bypassed. */
export const BYPASS_STAGE1 = -1;

/**
 * Which CD a transaction uses (3.3.2 and 5.2, S1DSS and S1CDMax).
 * @param ssid -1 without SubstreamID
 * @returns the index, {@link BYPASS_STAGE1}, or a fault
 */
export function contextIndex(stream: StreamConfig, ssid: number, state: WorldState): number | Fault {
  const on = (rule: string): boolean => !state.rulesOff.has(rule);
  const badSsid = (reason: string, rule: string): Fault => configFault('C_BAD_SUBSTREAMID', reason, rule);
  const disabled = (reason: string, rule: string): Fault => ({
    ...configFault('F_STREAM_DISABLED', reason, rule),
    field: 'S1DSS',
  });
  if (stream.action === 'bypass') {
    if (ssid >= 0 && on('SSID-NOS1')) {
      return badSsid(`SubstreamID ${hex(ssid)} on a stream whose stage 1 does not translate`, 'SSID-NOS1');
    }
    return BYPASS_STAGE1;
  }
  if (ssid >= 0) {
    if (state.ssidBits === 0 && on('SSID-UNSUP')) {
      return badSsid(`SubstreamID ${hex(ssid)}, but IDR1.SSIDSIZE=0`, 'SSID-UNSUP');
    }
    if (stream.s1CDMax === 0 && on('SSID-DISABLED')) {
      return badSsid(`SubstreamID ${hex(ssid)}, but STE.S1CDMax=0`, 'SSID-DISABLED');
    }
    if (ssid >= 2 ** stream.s1CDMax && on('SSID-RANGE')) {
      return badSsid(
        `SubstreamID ${hex(ssid)} is not below 2^S1CDMax = ${2 ** stream.s1CDMax}`,
        'SSID-RANGE',
      );
    }
    if (ssid === 0 && stream.s1CDMax !== 0 && stream.s1DSS === S1DSS_SSID0 && on('SD-SSID0')) {
      return disabled(
        'SubstreamID 0 with STE.S1DSS=2: CD 0 serves transactions without SubstreamID',
        'SD-SSID0',
      );
    }
    return ssid;
  }
  if (stream.s1CDMax === 0) return 0;
  if (stream.s1DSS === S1DSS_BYPASS && on('SD-BYPASS')) return BYPASS_STAGE1;
  if (stream.s1DSS === S1DSS_SSID0) return 0;
  const reserved = stream.s1DSS === 3;
  const rule = reserved ? 'SD-RES' : 'SD-NOSSID';
  if (on(rule))
    return disabled(`no SubstreamID, and STE.S1DSS=${stream.s1DSS} terminates such traffic`, rule);
  return 0;
}

const scratch = new Uint32Array(CD_WORDS);

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
  const pa = locateCd(machine, state, stream, index, answer, recorder);
  if (pa === null) return null;
  const status = machine.memory(stream.world).load(pa, scratch, 0, CD_WORDS);
  recorder?.enter(2, {
    kind: 'cd',
    name: `CD ${index}`,
    layout: 'CD',
    space: stream.world,
    pa,
    words: status === DATA ? scratch.slice() : new Uint32Array(0),
    status,
    stage: 0,
    level: 0,
  });
  recorder?.step('fetch', `read CD ${index} at ${hex(pa)}`);
  if (status !== DATA) {
    const abort = configFault('F_CD_FETCH', `reading the CD at ${hex(pa)} aborted`, 'CD-FETCH-EABT', pa);
    return answer.unreadable(status, stream.world, pa, `CD ${index} of StreamID ${hex(stream.sid)}`, abort);
  }
  const decoded = decodeContext(scratch, 0, pa, index, stream, state);
  if ('event' in decoded) return answer.fail(decoded);
  return decoded;
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
    leafBits === 0 ? CD_BYTES * 2 ** s1CDMax : Math.max(64, 8 * 2 ** Math.max(0, s1CDMax - leafBits));
  return Math.floor(s1ContextPtr / bytes) * bytes;
}

/** log2 of the CDs in a level-2 table; 0 for a linear table. S1Fmt 3 is reserved and acts as 0. */
export function leafBitsOf(s1Fmt: number): number {
  return s1Fmt === 1 ? 6 : s1Fmt === 2 ? 10 : 0;
}

/** PA of the CD: linear, or through the L1CD (5.3). */
function locateCd(
  machine: Machine,
  state: WorldState,
  stream: StreamConfig,
  index: number,
  answer: Answer,
  recorder: Recorder | null,
): number | null {
  const base = cdTableBase(stream);
  const leafBits = stream.s1CDMax === 0 ? 0 : leafBitsOf(stream.s1Fmt);
  if (leafBits === 0) return base + index * CD_BYTES;

  const pa = base + Math.floor(index / 2 ** leafBits) * 8;
  const status = machine.memory(stream.world).load(pa, scratch, 0, 2);
  recorder?.enter(2, {
    kind: 'l1cd',
    name: `L1CD ${Math.floor(index / 2 ** leafBits)}`,
    layout: 'L1CD',
    space: stream.world,
    pa,
    words: status === DATA ? scratch.slice(0, 2) : new Uint32Array(0),
    status,
    stage: 0,
    level: 1,
  });
  recorder?.step('fetch', `read L1CD of SubstreamID ${hex(index)} at ${hex(pa)}`);
  if (status !== DATA) {
    const abort = configFault('F_CD_FETCH', `reading the L1CD at ${hex(pa)} aborted`, 'CD-FETCH-EABT', pa);
    return answer.unreadable(status, stream.world, pa, `L1CD of StreamID ${hex(stream.sid)}`, abort);
  }
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
  // SMMUv3.0 may truncate instead (3.4.3); the model truncates there.
  const beyond = pointer >= 2 ** state.oasBits && state.minorVersion >= 1;
  if (beyond && !state.rulesOff.has('SSID-L1CD-OOR')) {
    const reason = `L1CD.L2Ptr=${hex(pointer)} is beyond the ${state.oasBits}-bit OAS`;
    return answer.fail({ ...configFault('C_BAD_SUBSTREAMID', reason, 'SSID-L1CD-OOR'), field: 'L2Ptr' });
  }
  const bytes = CD_BYTES * 2 ** leafBits;
  const leaf = (Math.floor(pointer / bytes) * bytes) % 2 ** state.oasBits;
  return leaf + (index % 2 ** leafBits) * CD_BYTES;
}
