/** What the S2 fields of an STE say of its translation tables: IHI 0070 5.2 (S2T0SZ to S2SKL), DDI 0487 D8.2. */

import { type FeatureTest, holds, parseFeatureExpression } from '../../spec/features.ts';
import { STE } from '../../spec/ste.ts';
import {
  ADDRESS_BITS,
  GRANULES,
  type GranuleBits,
  type GranuleName,
  S1_START_LEVELS_D128,
  S2_START_LEVELS,
  type S2StartLevel,
  TG0_LOG2,
} from '../../spec/translation.ts';
import { LPAE } from '../../spec/walk-rules.ts';
import type { WorldState } from '../state.ts';
import type { TableFormat } from './configuration.ts';
import { levelShift } from './descriptor.ts';

const f = STE.fields;

/** An STE whose stage 2 is on: its words, and the registers that it is read with. */
export interface Stage2Fields {
  readonly w: Uint32Array;
  readonly state: WorldState;
  /** The tables for Secure IPAs are meant, whose fields are S_S2T0SZ and so on (3.10.2.2). */
  readonly secure?: boolean;
}

/** The fields that the tables for Secure IPAs have of their own. */
const OWN = { T0SZ: f.S2T0SZ, SL0: f.S2SL0, SL0_2: f.S2SL0_2, TG: f.S2TG, TTB: f.S2TTB, SKL: f.S2SKL };
const OWN_SECURE: typeof OWN = {
  T0SZ: f.S_S2T0SZ,
  SL0: f.S_S2SL0,
  SL0_2: f.S_S2SL0_2,
  TG: f.S_S2TG,
  TTB: f.S_S2TTB,
  SKL: f.S_S2SKL,
};

/** The fields of the tables that are meant. */
export function tableFields(s: Pick<Stage2Fields, 'secure'>): typeof OWN {
  return s.secure ? OWN_SECURE : OWN;
}

/** Format of the stage-2 tables (5.2, S2AA64). */
export function stage2Format({ w, state }: Pick<Stage2Fields, 'w' | 'state'>): TableFormat {
  if (f.S2AA64.get(w, 0) === 1) return 'VMSAv8-64';
  return state.features.d128 ? 'VMSAv9-128' : 'VMSAv8-32';
}

/** log2 of the stage-2 granule, or null when S2TG is reserved; LPAE has 4 KiB always. */
export function stage2GranuleBits(s: Stage2Fields): GranuleBits | null {
  if (stage2Format(s) === 'VMSAv8-32') return GRANULES['4KB'].log2;
  return TG0_LOG2[tableFields(s).TG.get(s.w, 0)] ?? null;
}

/**
 * S2DS counts and is set: VMSAv8-64 tables of 4 KiB or 16 KiB whose descriptors hold 52-bit addresses. Of a Secure
 * stream it is RES0 where either of its two tables has 64 KiB (5.2, S2DS).
 */
export function stage2LargeAddresses(s: Stage2Fields): boolean {
  const { w, state } = s;
  if (!state.features.ds || f.S2DS.get(w, 0) === 0 || stage2Format(s) !== 'VMSAv8-64') return false;
  const wide = GRANULES['64KB'].log2;
  const other = state.world === 's' ? stage2GranuleBits({ w, state, secure: s.secure !== true }) : null;
  return stage2GranuleBits(s) !== wide && other !== wide;
}

/** Bits of an IPA that stage 2 accepts: 64 - S2T0SZ. LPAE: 32 less a signed number of 4 bits, thus 25 to 40. */
export function stage2InputBits(s: Stage2Fields): number {
  const t0sz = tableFields(s).T0SZ.get(s.w, 0);
  if (stage2Format(s) !== 'VMSAv8-32') return 64 - t0sz;
  const low = t0sz & 0xf;
  return 32 - (low < 8 ? low : low - 16);
}

/**
 * Effective S2PS: MIN(S2PS, OAS) in bits; LPAE has 40 whatever the OAS is (3.4). What S2PS reserves in older versions
 * is above any OAS of theirs.
 */
export function stage2OutputBits(s: Stage2Fields): number {
  if (stage2Format(s) === 'VMSAv8-32') return LPAE.stage2.out;
  return Math.min(ADDRESS_BITS[f.S2PS.get(s.w, 0)] ?? 0, s.state.oasBits);
}

/** A row of the table of start levels, with its condition taken apart. */
interface Row {
  readonly start: S2StartLevel;
  readonly oasBits: number;
  readonly largeAddresses: boolean;
  readonly feature: FeatureTest | null;
}

const OAS_TERM = /^OAS>=(\d+)$/;

function rowOf(start: S2StartLevel): Row {
  let oasBits = 0;
  let largeAddresses = false;
  let feature: FeatureTest | null = null;
  // What stands in parentheses says again how SL0_2 and SL0 make `sl`.
  const terms = (start.condition ?? '').replace(/ \(.*\)$/, '').split(' && ');
  for (const term of terms) {
    const [test] = parseFeatureExpression(term) ?? [];
    const oas = OAS_TERM.exec(term);
    if (oas) oasBits = Number(oas[1]);
    else if (term === 'S2DS') largeAddresses = true;
    else if (test) feature = test;
    else if (term !== '') throw new RangeError(`${term} is no condition of a start level`);
  }
  return { start, oasBits, largeAddresses, feature };
}

function rowsOf(granule: GranuleName): readonly (Row | undefined)[] {
  const rows: (Row | undefined)[] = [];
  for (const start of S2_START_LEVELS) if (start.granule === granule) rows[start.sl] = rowOf(start);
  return rows;
}

/** Rows by log2 of the granule, then by SL. */
const ROWS: Readonly<Record<GranuleBits, readonly (Row | undefined)[]>> = {
  12: rowsOf('4KB'),
  14: rowsOf('16KB'),
  16: rowsOf('64KB'),
};

/** S2SL0_2:S2SL0. Bit 2 counts with 4 KiB and S2DS only (5.2, S2SL0); LPAE has the two levels of `LPAE.stage2.sl0`. */
function rowBySl(s: Stage2Fields, granuleBits: GranuleBits): Row | undefined {
  const sl = tableFields(s).SL0.get(s.w, 0);
  if (stage2Format(s) === 'VMSAv8-32') return sl in LPAE.stage2.sl0 ? ROWS[granuleBits][sl] : undefined;
  const high =
    granuleBits === GRANULES['4KB'].log2 && stage2LargeAddresses(s) ? tableFields(s).SL0_2.get(s.w, 0) : 0;
  return ROWS[granuleBits][high * 4 + sl];
}

/**
 * Where the stage-2 walk begins, and the input sizes that this start level serves. The start tables stand side by side
 * where the input has more than `concatenateAbove` bits. VMSAv9-128 has S2SKL instead of S2SL0 (5.2) and nothing side
 * by side.
 * @returns null when S2SL0 (or S2SKL) does not go with the granule, the OAS or S2T0SZ: such an STE is ILLEGAL
 */
export function stage2StartLevel(s: Stage2Fields): S2StartLevel | null {
  const granuleBits = stage2GranuleBits(s);
  if (granuleBits === null) return null;
  const bits = stage2InputBits(s);
  if (stage2Format(s) === 'VMSAv9-128') return startOf128(granuleBits, bits, tableFields(s).SKL.get(s.w, 0));
  const row = rowBySl(s, granuleBits);
  if (row === undefined || bits < row.start.iaMin || bits > row.start.iaMax) return null;
  if (s.state.oasBits < row.oasBits || (row.largeAddresses && !stage2LargeAddresses(s))) return null;
  if (row.feature !== null && !holds(s.state.ids, row.feature)) return null;
  return row.start;
}

function startOf128(granuleBits: GranuleBits, bits: number, skip: number): S2StartLevel | null {
  const t0sz = 64 - bits;
  const row = S1_START_LEVELS_D128.find(
    (r) => GRANULES[r.granule].log2 === granuleBits && t0sz >= r.txszMin && t0sz <= r.txszMax,
  );
  if (row === undefined || row.level + skip > 3) return null;
  const { granule, txszMin, txszMax } = row;
  return {
    granule,
    sl: skip,
    level: row.level + skip,
    iaMin: 64 - txszMax,
    iaMax: 64 - txszMin,
    t0szMin: txszMin,
    t0szMax: txszMax,
    concatenateAbove: 64 - txszMin,
  };
}

/** Smallest alignment of start tables (5.2, S2TTB): VMSAv8-64 with 52-bit output, and VMSAv9-128 always. */
const ALIGNMENT_52 = 64;
const ALIGNMENT_128 = 32;

/**
 * PA in bytes of the start tables as the hardware uses S2TTB: aligned down to the size of all of them together.
 * @param start of {@link stage2StartLevel}
 */
export function stage2TableBase(s: Stage2Fields, start: S2StartLevel): number {
  const format = stage2Format(s);
  const { log2, stride } = GRANULES[start.granule];
  const shift =
    format === 'VMSAv9-128' ? log2 + (3 - start.level) * (stride - 1) : levelShift(start.level, log2);
  const entryBytes = format === 'VMSAv9-128' ? 16 : 8;
  const wide = format === 'VMSAv8-64' && stage2OutputBits(s) === 52;
  const least = format === 'VMSAv9-128' ? ALIGNMENT_128 : wide ? ALIGNMENT_52 : entryBytes;
  const bytes = Math.max(entryBytes * 2 ** (stage2InputBits(s) - shift), least);
  return Math.floor(tableFields(s).TTB.get(s.w, 0) / bytes) * bytes;
}
