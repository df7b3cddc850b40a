/** The CD, decoded: IHI 0070 5.4. */

import { CD } from '../../spec/cd.ts';
import { STE } from '../../spec/ste.ts';
import { STREAM_WORLDS } from '../../spec/stream-worlds.ts';
import type { GranuleBits } from '../../spec/translation.ts';
import { countingWords } from '../field-bits.ts';
import type { Fault } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { configFault } from './answer.ts';
import { CD_RULES, type CdSubject, granuleBitsOf0, granuleBitsOf1, outputBitsOf } from './cd-rules.ts';
import type { ContextConfig, Half, StreamConfig, TableFormat } from './configuration.ts';
import { reservedFault } from './reserved.ts';
import { firstBroken } from './rules.ts';

const f = CD.fields;
const { S1PIE } = STE.fields;

/** IHI 0070 D8: the level at which a walk starts. */
function startLevelOf(inputBits: number, granuleBits: number): number {
  return 3 - Math.floor((inputBits - 1 - granuleBits) / (granuleBits - 3));
}

/** Decodes a legal half. The table is aligned down to its size, 64 bytes at least when addresses have 52 bits. */
function halfOf(
  enabled: boolean,
  base: number,
  granuleBits: GranuleBits,
  txsz: number,
  flags: { tbi: boolean; had: boolean; e0pd: boolean; ds: boolean },
  outputBits: number,
  oasBits: number,
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
    // What the SMMU supports decides, not IPS: with less of IPS those bits give F_ADDR_SIZE instead of being ignored.
    wide: granuleBits === 16 ? oasBits === 52 : flags.ds,
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
  const bits = state.bits.of(CD);
  const w = countingWords(bits, words, at);
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
  const reserved = state.strict ? reservedFault('C_BAD_CD', CD, bits, words, at) : null;
  if (reserved) return reserved;

  const outputBits = outputBitsOf(subject);
  const ds = features.ds && f.DS.get(w, 0) === 1;
  const { had } = features;
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
        state.oasBits,
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
        state.oasBits,
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
