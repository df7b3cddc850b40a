/** The CD, decoded: IHI 0070 5.4. */

import type { World } from '../../bits/world.ts';
import { CD } from '../../spec/cd.ts';
import { STREAM_WORLDS } from '../../spec/stream-worlds.ts';
import { countingWords } from '../field-bits.ts';
import type { Fault } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { configFault } from './answer.ts';
import { type Attributes, fromMair } from './attributes.ts';
import { CD_RULES, type CdSubject, granuleBitsOf0, granuleBitsOf1, outputBitsOf } from './cd-rules.ts';
import type { ContextConfig, Half, StreamConfig, TableFormat, TableSpaces, Tables } from './configuration.ts';
import { cutTo, indexBitsAt } from './descriptor.ts';
import { attributesExtended, hasContiguous, notModelled } from './extensions.ts';
import { reservedFault } from './reserved.ts';
import { firstBroken } from './rules.ts';
import { stage1Spaces } from './spaces.ts';

const f = CD.fields;
/** Shareability by a field of two bits: 0b01 is reserved and acts as 0. */
const SHAREABILITY = [0, 0, 2, 3];

/** IHI 0070 D8: the level at which a walk starts. */
function startLevelOf(inputBits: number, granuleBits: number): number {
  return 3 - Math.floor((inputBits - 1 - granuleBits) / (granuleBits - 3));
}

/** What both halves of a context share. */
type Shared = Pick<
  Tables,
  'format' | 'bigEndian' | 'outputBits' | 'ha' | 'hd' | 'haft' | 'affd' | 'cutMask' | 'contiguous'
>;

/** What one half has of its own. */
type Own = Pick<Half, 'name' | 'enabled' | 'granuleBits' | 'tbi' | 'had' | 'e0pd'> & {
  readonly base: number;
  readonly txsz: number;
  readonly sh: number;
  readonly spaces: TableSpaces | null;
};

/** VMSAv8-32 LPAE: TxSZ has 3 bits, and the input 32 - TxSZ (3.4). */
function inputBitsOf(txsz: number, lpae: boolean): number {
  // An unused half may hold any TxSZ; keep its numbers in range, nobody looks at them.
  return lpae ? 32 - (txsz & 7) : Math.min(Math.max(64 - txsz, 16), 52);
}

/** Decodes a legal half. The table is aligned down to its size, 64 bytes at least when addresses have 52 bits. */
function halfOf(own: Own, shared: Shared, ds: boolean, oasBits: number): Half {
  const { name, enabled, tbi, had, e0pd, spaces } = own;
  const { format, bigEndian, outputBits, ha, hd, haft, affd, cutMask, contiguous } = shared;
  const lpae = format === 'VMSAv8-32';
  const granuleBits = lpae ? 12 : own.granuleBits;
  const inputBits = inputBitsOf(own.txsz, lpae);
  const startLevel = startLevelOf(inputBits, granuleBits);
  const startBits = indexBitsAt(inputBits, startLevel, granuleBits);
  const align = Math.max(8 * 2 ** startBits, outputBits === 52 ? 64 : 8);
  const aligned = Math.floor(own.base / align) * align;
  return {
    name,
    enabled,
    baseHi: Math.floor(aligned / 2 ** 32),
    baseLo: aligned >>> 0,
    granuleBits,
    inputBits,
    startLevel,
    startBits,
    tbi,
    had,
    e0pd,
    // What the SMMU supports decides, not IPS: with less of IPS those bits give F_ADDR_SIZE instead of being ignored.
    wide: granuleBits === 16 ? oasBits === 52 : ds,
    sh: ds && granuleBits !== 16 ? (SHAREABILITY[own.sh] ?? 0) : -1,
    format,
    bigEndian,
    outputBits,
    ha,
    hd,
    haft,
    affd,
    cutMask,
    contiguous,
    spaces,
  };
}

function spacesOf(stream: StreamConfig, state: WorldState, nsCfg: number): TableSpaces | null {
  return stage1Spaces(state, stream.world, stream.streamWorld, stream.stage2 !== null, nsCfg === 1);
}

/** MAIR with each shareability, by AttrIndx * 4 + SH. Indices above 7 (CD.AIE) act as 7. */
function attributesOf(w: Uint32Array): Attributes[] {
  const table: Attributes[] = [];
  for (let index = 0; index < 16; index++) {
    const n = Math.min(index, 7);
    const byte = ((n < 4 ? f.MAIR0 : f.MAIR1).get(w, 0) >>> ((n & 3) * 8)) & 0xff;
    for (let sh = 0; sh < 4; sh++) table.push(fromMair(byte, SHAREABILITY[sh] ?? 0));
  }
  return table;
}

/**
 * Decodes a CD.
 * @param words 16 words at index `at`; copied
 * @param pa where it lay (PA in bytes)
 * @param index its place in the CD table: the SubstreamID, or 0
 * @param paSpace of `pa`
 * @returns the configuration, or the fault that use of the CD raises
 */
export function decodeContext(
  words: Uint32Array,
  at: number,
  pa: number,
  index: number,
  stream: StreamConfig,
  state: WorldState,
  paSpace: World = stream.world,
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

  const lpae = format === 'VMSAv8-32';
  const ds = !lpae && features.ds && f.DS.get(w, 0) === 1;
  const had = features.had;
  // E0PD and AttrIndx[3] are of VMSAv8-64 alone (5.4, E0PD0 and MAIR0).
  const e0pd = features.e0pd && twoRanges && !lpae;
  const ha = !lpae && features.httu >= 1 && f.HA.get(w, 0) === 1;
  const shared: Shared = {
    format,
    bigEndian: f.ENDI.get(w, 0) === 1,
    outputBits: outputBitsOf(subject),
    ha,
    hd: ha && features.httu >= 2 && f.HD.get(w, 0) === 1,
    haft: ha && features.httu === 3 && f.HAFT.get(w, 0) === 1,
    affd: f.AFFD.get(w, 0) === 1,
    contiguous: hasContiguous(w, state),
    cutMask: lpae && stream.stage2 === null ? cutTo(state.oasBits) : -1,
  };
  const ttb0: Own = {
    name: 'TTB0',
    enabled: walks0,
    base: f.TTB0.get(w, 0),
    granuleBits: granuleBitsOf0(w) ?? 12,
    txsz: f.T0SZ.get(w, 0),
    tbi: !lpae && f.TBI0.get(w, 0) === 1,
    had: had && f.HAD0.get(w, 0) === 1,
    e0pd: e0pd && f.E0PD0.get(w, 0) === 1,
    sh: f.SH0.get(w, 0),
    spaces: spacesOf(stream, state, f.NSCFG0.get(w, 0)),
  };
  const ttb1: Own = {
    name: 'TTB1',
    enabled: twoRanges && walks1,
    base: f.TTB1.get(w, 0),
    granuleBits: granuleBitsOf1(w) ?? 12,
    txsz: f.T1SZ.get(w, 0),
    tbi: !lpae && f.TBI1.get(w, 0) === 1,
    had: had && f.HAD1.get(w, 0) === 1,
    e0pd: e0pd && f.E0PD1.get(w, 0) === 1,
    sh: f.SH1.get(w, 0),
    spaces: spacesOf(stream, state, f.NSCFG1.get(w, 0)),
  };
  return {
    pa,
    paSpace,
    index,
    raw: words.slice(at, at + CD.words),
    words: w,
    format,
    streamWorld,
    asid: f.ASID.get(w, 0),
    aset: f.ASET.get(w, 0),
    halves: [halfOf(ttb0, shared, ds, state.oasBits), halfOf(ttb1, shared, ds, state.oasBits)],
    twoRanges,
    attributes: attributesOf(w),
    attributeIndexBit3: !lpae && attributesExtended(w, state),
    wxn: f.WXN.get(w, 0) === 1,
    uwxn: f.UWXN.get(w, 0) === 1,
    pan: twoRanges && f.PAN.get(w, 0) === 1,
    epan: features.epan && f.EPAN.get(w, 0) === 1,
    declined: notModelled(stream.words, w, state),
    stall: f.S.get(w, 0) === 1,
    record: f.R.get(w, 0) === 1,
    abort: f.A.get(w, 0) === 1,
    space: null,
    globalSpace: null,
  };
}
