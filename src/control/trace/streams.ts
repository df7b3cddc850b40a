/** The stream table and the CDs as far as a trace tells them. What it does not tell is assumed, and lies apart. */

import { encode } from '../../bits/layout.ts';
import { hex } from '../../bits/u64.ts';
import { CD, CD_BYTES } from '../../spec/cd.ts';
import { L1STD, L1STD_BYTES, SPAN_MAX } from '../../spec/l1std.ts';
import { STE, STE_BYTES } from '../../spec/ste.ts';
import { ASSUMED, isAssumed } from './assumed.ts';
import type { Table } from './group.ts';
import type { Learner } from './learner.ts';

/** Values of STE.Config. */
export const CONFIG = { abort: 0, bypass: 4, stage1: 5 } as const;

/** Address of the L1STD of a stream and how many STEs one has, or null when the table has one level. */
function level1(learn: Learner, sid: number): { readonly pa: number; readonly split: number } | null {
  const { streamTable: table } = learn.smmu.state('ns');
  if (!table.twoLevel) return null;
  return { pa: table.base + Math.floor(sid / 2 ** table.split) * L1STD_BYTES, split: table.split };
}

/** An entry of the level-1 table points to an array of STEs. */
export function learnArray(learn: Learner, sid: number, pa: number, stes: number): void {
  const first = level1(learn, sid);
  const span = Math.log2(stes) + 1;
  if (first === null || !Number.isInteger(span) || span > SPAN_MAX) return;
  const words = encode(L1STD, { Span: span, L2Ptr: pa });
  learn.memory(first.pa, words, `L1STD of StreamID ${hex(sid)}`, leadsToGuess);
}

/** A level-2 array at an assumed place: the descriptor that leads there never lay in memory. */
function leadsToGuess(l1std: Uint32Array): boolean {
  return isAssumed(L1STD.fields.L2Ptr.get(l1std, 0));
}

/** An entry of the level-1 table has no array. */
export function learnNoArray(learn: Learner, sid: number): void {
  const first = level1(learn, sid);
  if (first !== null)
    learn.memory(first.pa, encode(L1STD, {}), `L1STD of StreamID ${hex(sid)}`, leadsToGuess);
}

/** Where the STE of a stream lies (PA in bytes); an array is assumed where none is known. */
function steAddress(learn: Learner, sid: number): number {
  const first = level1(learn, sid);
  if (first === null) return learn.smmu.state('ns').streamTable.base + sid * STE_BYTES;
  const stes = 2 ** first.split;
  const words = learn.read(first.pa, L1STD.words);
  const span = words === null ? 0 : L1STD.fields.Span.get(words, 0);
  if (words !== null && span > 0 && span <= SPAN_MAX && sid % stes < 2 ** (span - 1)) {
    return L1STD.fields.L2Ptr.get(words, 0) + (sid % stes) * STE_BYTES;
  }
  const array = ASSUMED.level2 + Math.floor(sid / stes) * stes * STE_BYTES;
  learnArray(learn, sid, array, stes);
  return array + (sid % stes) * STE_BYTES;
}

/** A stream passes or is aborted without translation. */
export function learnPlain(learn: Learner, sid: number, config: 'abort' | 'bypass'): void {
  const at = steAddress(learn, sid);
  const old = learn.read(at, STE.words);
  if (old !== null && STE.fields.V.get(old, 0) === 1 && STE.fields.Config.get(old, 0) === CONFIG[config])
    return;
  learn.memory(at, encode(STE, { V: 1, Config: CONFIG[config] }), `STE ${hex(sid)}, assumed`);
}

/** What is known of the context of a stream. */
export interface Context {
  /** PA in bytes of the CD. */
  readonly pa: number;
  /** Its words, or null: the trace has not shown its tables yet. */
  readonly words: Uint32Array | null;
}

function isStage1(ste: Uint32Array): boolean {
  return STE.fields.V.get(ste, 0) === 1 && STE.fields.Config.get(ste, 0) === CONFIG.stage1;
}

/** The context of a stream, as far as it is known; null for a stream without stage 1. */
export function contextOf(learn: Learner, sid: number): Context | null {
  const ste = learn.read(steAddress(learn, sid), STE.words);
  if (ste === null || !isStage1(ste)) return null;
  const pa = STE.fields.S1ContextPtr.get(ste, 0);
  return { pa, words: learn.read(pa, CD.words) };
}

/** The place of the CD that stands for an ASID, when the trace does not say where it lies. */
function placeOf(asid: number): number {
  return ASSUMED.contexts + asid * CD_BYTES;
}

/**
 * A stream translates by stage 1 with an ASID.
 * @param cd PA in bytes of its CD where the trace quotes it, otherwise -1
 */
export function learnStage1(learn: Learner, sid: number, asid: number, cd: number): Context {
  const known = contextOf(learn, sid);
  const fits = known?.words != null && CD.fields.ASID.get(known.words, 0) === asid;
  const pa = cd >= 0 ? cd : fits ? (known?.pa ?? 0) : placeOf(asid);
  if (known === null || known.pa !== pa) {
    const words = encode(STE, { V: 1, Config: CONFIG.stage1, S1ContextPtr: pa });
    const what = `STE ${hex(sid)}, assumed but for Config and S1ContextPtr`;
    learn.memory(
      steAddress(learn, sid),
      words,
      what,
      (old) => isStage1(old) && isAssumed(STE.fields.S1ContextPtr.get(old, 0)),
    );
  }
  return { pa, words: learn.read(pa, CD.words) };
}

/** What a CD says of its tables; `null` stands for a half of which nothing is known. */
export interface ContextFacts {
  readonly asid: number;
  readonly tables: readonly [Table | null, Table | null];
}

const TG0 = { 12: 0, 16: 1, 14: 2 } as const;
const TG1 = { 14: 1, 12: 2, 16: 3 } as const;

/**
 * A CD has an ASID and tables. Of the rest the trace says nothing, so it is set to what decides nothing: the access
 * flag never faults (AFFD), and what fails is recorded (R) and aborted (A). A half of which nothing is known is not
 * walked (EPD).
 * @param old what is known of the same CD; a half that the new facts leave open stays
 */
export function learnContext(learn: Learner, pa: number, old: Uint32Array | null, facts: ContextFacts): void {
  const words = encode(CD, {
    V: 1,
    AA64: 1,
    ASID: facts.asid,
    ASET: 1,
    R: 1,
    A: 1,
    AFFD: 1,
    IPS: learn.smmu.bank.field('IDR5', 'OAS'),
    EPD0: 1,
    EPD1: 1,
  });
  const same = old !== null && CD.fields.ASID.get(old, 0) === facts.asid;
  const low = facts.tables[0] ?? (same ? tableOf(old, 0) : null);
  const high = facts.tables[1] ?? (same ? tableOf(old, 1) : null);
  if (low !== null) {
    CD.fields.T0SZ.set(words, 0, low.size);
    CD.fields.TG0.set(words, 0, TG0[low.granule]);
    CD.fields.TTB0.set(words, 0, low.base);
    CD.fields.EPD0.set(words, 0, 0);
  }
  if (high !== null) {
    CD.fields.T1SZ.set(words, 0, high.size);
    CD.fields.TG1.set(words, 0, TG1[high.granule]);
    CD.fields.TTB1.set(words, 0, high.base);
    CD.fields.EPD1.set(words, 0, 0);
  }
  const what = `CD with ASID ${facts.asid}, assumed but for its tables`;
  learn.memory(pa, words, what);
  // Other streams with the same ASID have the same tables (3.3.3): theirs is found here.
  if (placeOf(facts.asid) !== pa) learn.memory(placeOf(facts.asid), words, what);
}

/** The tables of a half of a CD, or null when nothing is known of it. */
export function tableOf(cd: Uint32Array, half: 0 | 1): Table | null {
  const { EPD0, EPD1, TG0: low, TG1: high, T0SZ, T1SZ, TTB0, TTB1 } = CD.fields;
  if ((half === 0 ? EPD0 : EPD1).get(cd, 0) !== 0) return null;
  const code = (half === 0 ? low : high).get(cd, 0);
  const codes = half === 0 ? TG0 : TG1;
  const granule = ([12, 14, 16] as const).find((bits) => codes[bits] === code);
  if (granule === undefined) return null;
  return {
    base: (half === 0 ? TTB0 : TTB1).get(cd, 0),
    size: (half === 0 ? T0SZ : T1SZ).get(cd, 0),
    granule,
  };
}
