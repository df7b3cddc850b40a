/** What makes a CD ILLEGAL (C_BAD_CD): IHI 0070 5.4.2, in its order. */

import { hex } from '../../bits/u64.ts';
import { CD } from '../../spec/cd.ts';
import { STE } from '../../spec/ste.ts';
import type { StreamWorld } from '../../spec/stream-worlds.ts';
import {
  ADDRESS_BITS,
  type GranuleBits,
  NARROW_ADDRESS_BITS,
  TG0_LOG2,
  TG1_LOG2,
  TXSZ_LIMITS,
} from '../../spec/translation.ts';
import { LPAE } from '../../spec/walk-rules.ts';
import type { WorldState } from '../state.ts';
import type { StreamConfig, TableFormat } from './configuration.ts';
import { granuleSupported } from './granule.ts';
import type { Rule } from './rules.ts';
import { statementOff } from './spaces.ts';
import { stage2Format } from './stage2-format.ts';

const f = CD.fields;
const { Config, S1PIE } = STE.fields;

/** A CD under judgement. */
export interface CdSubject {
  readonly w: Uint32Array;
  readonly state: WorldState;
  readonly stream: StreamConfig;
  readonly format: TableFormat;
  readonly twoRanges: boolean;
  /** TTB0 (TTB1) is walked: its fields count. */
  readonly walks0: boolean;
  readonly walks1: boolean;
}

/** CD.TG0: log2 of the granule, or null when reserved. */
export function granuleBitsOf0(w: Uint32Array): GranuleBits | null {
  return TG0_LOG2[f.TG0.get(w, 0)] ?? null;
}

/** CD.TG1 has an encoding of its own. */
export function granuleBitsOf1(w: Uint32Array): GranuleBits | null {
  return TG1_LOG2[f.TG1.get(w, 0)] ?? null;
}

/** Effective IPS in bits: MIN(IPS, OAS); LPAE has 40. */
export function outputBitsOf(s: CdSubject): number {
  if (s.format === 'VMSAv8-32') return LPAE.stage1.out;
  return Math.min(ADDRESS_BITS[f.IPS.get(s.w, 0)] ?? 0, s.state.oasBits);
}

/** Addresses of 52 bits: 64 KiB, or DS. */
function large(s: CdSubject, granuleBits: GranuleBits | null): boolean {
  return granuleBits === 16 || (s.state.features.ds && f.DS.get(s.w, 0) === 1);
}

/** The smallest TxSZ that 5.4 allows, by 52-bit addresses (VAX) and granule. */
function smallestTxsz(s: CdSubject, granuleBits: GranuleBits | null): number {
  const { vax } = s.state.features;
  const { min } = TXSZ_LIMITS;
  if (s.format !== 'VMSAv9-128') {
    return vax !== 0 && large(s, granuleBits) ? min['VAX>=1 and (64KB or DS=1)'] : min['VAX==0'];
  }
  if (vax !== 2) return vax === 1 ? min['VMSAv9-128 VAX==1'] : min['VAX==0'];
  return s.stream.streamWorld === 'EL3' ? min['VMSAv9-128 VAX==2 EL3'] : min['VMSAv9-128 VAX==2 other'];
}

/** The largest one: small tables (STT) allow more, and VMSAv9-128 always has them. */
function largestTxsz(s: CdSubject, granuleBits: GranuleBits | null): number {
  const { max } = TXSZ_LIMITS;
  if (!s.state.features.stt && s.format !== 'VMSAv9-128') return max['STT==0'];
  return granuleBits === 16 ? max['STT==1 64K'] : max['STT==1 4K/16K'];
}

function txszOk(s: CdSubject, txsz: number, granuleBits: GranuleBits | null): boolean {
  return txsz >= smallestTxsz(s, granuleBits) && txsz <= largestTxsz(s, granuleBits);
}

/**
 * 5.4, TTB0: within the effective IPS, and within 48 bits unless the format has more. With stage 2 on TTB0 is an IPA;
 * the IAS adds no limit, for no effective IPS is above it (3.4).
 */
function ttbOk(s: CdSubject, ttb: number, granuleBits: GranuleBits | null): boolean {
  const bits = outputBitsOf(s);
  const narrow = s.format === 'VMSAv8-64' && !large(s, granuleBits);
  return ttb < 2 ** (narrow ? Math.min(bits, NARROW_ADDRESS_BITS) : bits);
}

const lpae = (s: CdSubject): boolean => s.format === 'VMSAv8-32';
const E2H: ReadonlySet<StreamWorld> = new Set<StreamWorld>(['NS-EL2-E2H', 'S-EL2-E2H', 'Realm-EL2-E2H']);
const EL2: ReadonlySet<StreamWorld> = new Set<StreamWorld>(['NS-EL2', 'S-EL2', 'Realm-EL2']);
const isE2h = (s: CdSubject): boolean => E2H.has(s.stream.streamWorld);
const usesAsid = (s: CdSubject): boolean => s.twoRanges;

/** The stream has a stage 2 of VMSAv8-32 tables: no 64-bit stage 1 before that (5.4, AA64). */
function stage2Lpae(s: CdSubject): boolean {
  const { words } = s.stream;
  return (Config.get(words, 0) & 6) === 6 && stage2Format({ w: words, state: s.state }) === 'VMSAv8-32';
}

/** Bits [i*3+2:i*3] of the permission tables PIIU and PIIP, which begin at bits 384 and 448. */
function permission(w: Uint32Array, base: number, i: number): number {
  const bit = base + i * 3;
  const word = bit >>> 5;
  const shift = bit & 31;
  const low = (w[word] as number) >>> shift;
  const high = shift > 29 ? (w[word + 1] as number) << (32 - shift) : 0;
  return (low | high) & 7;
}

function badIndirection(s: CdSubject): boolean {
  const on =
    s.format === 'VMSAv9-128' ||
    (s.format === 'VMSAv8-64' &&
      s.state.features.s1pi &&
      S1PIE.get(s.stream.words, 0) === 1 &&
      f.PIE.get(s.w, 0) === 1);
  if (!on) return false;
  for (let i = 0; i < 16; i++) {
    const privileged = permission(s.w, 448, i);
    if (privileged === 4 || privileged === 6) return true;
    if (!s.twoRanges) continue;
    const user = permission(s.w, 384, i);
    if (user === 4 || user === 6) return true;
    if ((privileged & 2) !== 0 && (user & 4) !== 0) return true;
  }
  return false;
}

function badSkip(
  s: CdSubject,
  walks: boolean,
  txsz: number,
  granuleBits: number | null,
  skip: number,
): boolean {
  if (s.format !== 'VMSAv9-128' || !walks || granuleBits === null) return false;
  const start = 3 - Math.floor((64 - txsz - 1 - granuleBits) / (granuleBits - 4));
  return start + skip > 3;
}

/** The rules in the order in which the first broken one is reported. */
export const CD_RULES: readonly Rule<CdSubject>[] = [
  { id: 'CD-V', field: 'V', broken: (s) => f.V.get(s.w, 0) === 0, why: () => 'V=0: the CD is not valid' },
  {
    id: 'CD-S-STALLD',
    field: 'S',
    broken: (s) => s.stream.s1StallD && f.S.get(s.w, 0) === 1,
    why: () => 'S=1, but STE.S1STALLD=1 forbids stalls',
  },
  {
    id: 'CD-A-TERM',
    field: 'A',
    broken: (s) => s.state.features.termModel === 1 && f.A.get(s.w, 0) === 0,
    why: () => 'A=0, but IDR0.TERM_MODEL=1 has no RAZ/WI termination',
  },
  {
    id: 'CD-S-NOSTALL',
    field: 'S',
    broken: (s) => s.state.stallModel === 1 && f.S.get(s.w, 0) === 1,
    why: () => 'S=1, but the stall model is 1: stalls are not supported',
  },
  {
    id: 'CD-S-FORCE',
    field: 'S',
    broken: (s) => s.state.stallModel === 2 && f.S.get(s.w, 0) === 0,
    why: () => 'S=0, but the stall model is 2: stalls are forced',
  },
  {
    id: 'CD-ENDI',
    field: 'ENDI',
    broken: (s) => {
      const endian = s.state.features.ttEndian;
      const big = f.ENDI.get(s.w, 0) === 1;
      return (s.walks0 || s.walks1) && ((endian === 2 && big) || (endian === 3 && !big));
    },
    why: (s) =>
      `ENDI=${f.ENDI.get(s.w, 0)}, but IDR0.TTENDIAN=${s.state.features.ttEndian} fixes the byte order`,
  },
  {
    id: 'CD-AA32',
    field: 'AA64',
    broken: (s) => {
      const world = s.stream.streamWorld;
      return (
        lpae(s) && ((s.state.features.ttf & 1) === 0 || world === 'EL3' || world === 'S-EL2' || isE2h(s))
      );
    },
    why: (s) =>
      `AA64=0 asks for VMSAv8-32 tables (IDR0.TTF=${s.state.features.ttf}, StreamWorld ${s.stream.streamWorld})`,
  },
  {
    id: 'CD-AA32-REALM',
    field: 'AA64',
    broken: (s) => lpae(s) && s.state.world === 'realm' && !statementOff(s.state, 'world:R-LPAE'),
    why: () => 'AA64=0 asks for VMSAv8-32 tables, which Realm streams do not have',
  },
  {
    id: 'CD-AA64',
    field: 'AA64',
    broken: (s) => s.format === 'VMSAv8-64' && ((s.state.features.ttf & 2) === 0 || stage2Lpae(s)),
    why: (s) => {
      const reason = stage2Lpae(s) ? 'stage 2 has VMSAv8-32 tables' : `IDR0.TTF=${s.state.features.ttf}`;
      return `AA64=1 asks for VMSAv8-64 tables, but ${reason}`;
    },
  },
  {
    id: 'CD-HTTU',
    field: 'HA',
    broken: (s) => {
      const { httu } = s.state.features;
      const hd = f.HD.get(s.w, 0) === 1;
      return !lpae(s) && (((f.HA.get(s.w, 0) === 1 || hd) && httu === 0) || (hd && httu === 1));
    },
    why: (s) => `HA=${f.HA.get(s.w, 0)} HD=${f.HD.get(s.w, 0)}, but IDR0.HTTU=${s.state.features.httu}`,
  },
  {
    id: 'CD-HAFT',
    field: 'HAFT',
    broken: (s) =>
      !lpae(s) && s.state.features.httu === 3 && f.HAFT.get(s.w, 0) === 1 && f.HA.get(s.w, 0) === 0,
    why: () => 'HAFT=1 needs HA=1',
  },
  {
    id: 'CD-ASID8',
    field: 'ASID',
    broken: (s) => usesAsid(s) && !s.state.features.asid16 && f.ASID.get(s.w, 0) > 0xff,
    why: (s) => `ASID=${f.ASID.get(s.w, 0)} does not fit 8 bits (IDR0.ASID16=0)`,
  },
  {
    id: 'CD-T0SZ',
    field: 'T0SZ',
    broken: (s) => !lpae(s) && s.walks0 && !txszOk(s, f.T0SZ.get(s.w, 0), granuleBitsOf0(s.w)),
    why: (s) => {
      const bits = granuleBitsOf0(s.w);
      return `T0SZ=${f.T0SZ.get(s.w, 0)} is outside ${smallestTxsz(s, bits)} to ${largestTxsz(s, bits)}`;
    },
  },
  {
    id: 'CD-T1SZ',
    field: 'T1SZ',
    broken: (s) => !lpae(s) && s.walks1 && !txszOk(s, f.T1SZ.get(s.w, 0), granuleBitsOf1(s.w)),
    why: (s) => {
      const bits = granuleBitsOf1(s.w);
      return `T1SZ=${f.T1SZ.get(s.w, 0)} is outside ${smallestTxsz(s, bits)} to ${largestTxsz(s, bits)}`;
    },
  },
  {
    id: 'CD-TG0',
    field: 'TG0',
    broken: (s) => !lpae(s) && s.walks0 && !granuleSupported(s.state.features, granuleBitsOf0(s.w)),
    why: (s) => `TG0=${f.TG0.get(s.w, 0)} is reserved, or IDR5 lacks this granule`,
  },
  {
    id: 'CD-TG1',
    field: 'TG1',
    broken: (s) => !lpae(s) && s.walks1 && !granuleSupported(s.state.features, granuleBitsOf1(s.w)),
    why: (s) => `TG1=${f.TG1.get(s.w, 0)} is reserved, or IDR5 lacks this granule`,
  },
  {
    id: 'CD-TTB0',
    field: 'TTB0',
    broken: (s) => s.walks0 && !ttbOk(s, f.TTB0.get(s.w, 0), granuleBitsOf0(s.w)),
    why: (s) => `TTB0=${hex(f.TTB0.get(s.w, 0))} is beyond the ${outputBitsOf(s)}-bit output range`,
  },
  {
    id: 'CD-TTB1',
    field: 'TTB1',
    broken: (s) => s.walks1 && !ttbOk(s, f.TTB1.get(s.w, 0), granuleBitsOf1(s.w)),
    why: (s) => `TTB1=${hex(f.TTB1.get(s.w, 0))} is beyond the ${outputBitsOf(s)}-bit output range`,
  },
  {
    id: 'CD-D128-S1PIE',
    field: 'AA64',
    broken: (s) => s.format === 'VMSAv9-128' && S1PIE.get(s.stream.words, 0) === 0,
    why: () => 'AA64=0 selects VMSAv9-128, which needs STE.S1PIE=1',
  },
  {
    id: 'CD-D128-EL2',
    field: 'AA64',
    broken: (s) => s.format === 'VMSAv9-128' && EL2.has(s.stream.streamWorld),
    why: () => 'AA64=0 selects VMSAv9-128, which StreamWorld EL2 does not have',
  },
  {
    id: 'CD-D128-SKL',
    field: 'SKL0',
    broken: (s) =>
      badSkip(s, s.walks0, f.T0SZ.get(s.w, 0), granuleBitsOf0(s.w), f.SKL0.get(s.w, 0)) ||
      badSkip(s, s.walks1, f.T1SZ.get(s.w, 0), granuleBitsOf1(s.w), f.SKL1.get(s.w, 0)),
    why: () => 'SKL skips past level 3',
  },
  {
    id: 'CD-PII',
    field: 'PIE',
    broken: badIndirection,
    why: () => 'PIIP or PIIU holds a reserved permission, or privileged execute beside unprivileged write',
  },
];
