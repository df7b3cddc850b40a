import { fieldOf, type Layout } from '../../../bits/layout.ts';
import { hex } from '../../../bits/u64.ts';
import { UserError } from '../../../bits/user-error.ts';
import type { WorldState } from '../../../model/state.ts';
import type { StreamConfig } from '../../../model/translate/configuration.ts';
import { decodeStream } from '../../../model/translate/stream.ts';
import { CD } from '../../../spec/cd.ts';
import { CD_LEAF_LOG2, L1CD, L1CD_BYTES } from '../../../spec/l1cd.ts';
import { L1STD, L1STD_BYTES, SPAN_MAX } from '../../../spec/l1std.ts';
import { STE, STE_BYTES } from '../../../spec/ste.ts';
import { misfit } from '../field-value.ts';
import type { Draft } from './draft.ts';
import { halvesOf, PUBLISH } from './draft.ts';
import { ipaToPa } from './stage2.ts';

/** A field by its name in the table, with the value that it gets: 64 bits at most. */
export type FieldAssignments = ReadonlyMap<string, bigint>;

/** Bytes of a CD in memory. */
const CD_BYTES = CD.words * 4;
/** More CDs than this stand in a table of two levels (3.3.2). */
const LINEAR_CD_LOG2 = 10;
/** 64 KiB leaves: 2^10 CDs each. */
const TWO_LEVEL_FMT = STE.fields.S1Fmt.names['64KB_L2'];

const ste = STE.fields;

/**
 * A copy of a structure in which the named fields have other values.
 * @throws UserError when there is no such field, or the value does not fit
 */
export function withFields(of: Layout, words: Uint32Array, fields: FieldAssignments): Uint32Array {
  const changed = words.slice();
  for (const [name, value] of fields) {
    const field = fieldOf(of, name);
    if (!field) throw new UserError(`${of.name} has no field ${name}`);
    const wrong = misfit(field, value);
    if (wrong !== null)
      throw new UserError(`0x${value.toString(16)} ${wrong}`, { where: `${of.name}.${name}` });
    const [hi, lo] = [Number(value >> 32n), Number(value & 0xffff_ffffn)];
    if (hi === 0 && field.address !== true) field.set(changed, 0, lo);
    else field.setHalves(changed, 0, hi, lo);
  }
  return changed;
}

/** The state of the draft's world. */
export function stateOf(draft: Draft): WorldState {
  return draft.smmu.state(draft.space);
}

/** PA in bytes of an L1STD. @throws UserError when the stream table has one level, or no such index */
export function locateL1std(draft: Draft, index: number): number {
  const { streamTable } = stateOf(draft);
  if (!streamTable.twoLevel)
    throw new UserError('the stream table is linear: it has no L1STDs (STRTAB_BASE_CFG.FMT=0)');
  if (index < 0 || index >= streamTable.entries)
    throw new UserError(`there is no L1STD ${index}: the stream table has ${streamTable.entries}`);
  return streamTable.base + index * L1STD_BYTES;
}

/**
 * PA in bytes of the STE of a stream.
 * @param create makes the level-2 table where the L1STD has none
 * @throws UserError when the StreamID is beyond the table
 */
export function locateSte(draft: Draft, sid: number, create: boolean): number {
  const { streamTable } = stateOf(draft);
  if (sid < 0 || sid >= streamTable.streams) {
    throw new UserError(
      `StreamID ${hex(sid)} is beyond the ${streamTable.streams} streams of STRTAB_BASE_CFG`,
      {
        todo: 'use a smaller one',
      },
    );
  }
  if (!streamTable.twoLevel) return streamTable.base + sid * STE_BYTES;
  const { split } = streamTable;
  const index = Math.floor(sid / 2 ** split);
  const low = sid % 2 ** split;
  const at = locateL1std(draft, index);
  const words = draft.read(at, L1STD.words, `L1STD ${index}`);
  const span = L1STD.fields.Span.get(words, 0);
  if (span !== 0 && span <= SPAN_MAX && span <= split + 1) {
    const count = 2 ** (span - 1);
    if (low >= count)
      throw new UserError(
        `StreamID ${hex(sid)} is beyond the ${count} STEs of L1STD ${index} (Span=${span})`,
      );
    const bytes = count * STE_BYTES;
    const pointer = L1STD.fields.L2Ptr.get(words, 0);
    return Math.floor(pointer / bytes) * bytes + low * STE_BYTES;
  }
  if (!create) throw new UserError(`L1STD ${index} has no level-2 table (Span=${span})`);
  const table = draft.table(2 ** split * STE_BYTES);
  L1STD.fields.Span.set(words, 0, split + 1);
  L1STD.fields.L2Ptr.set(words, 0, table);
  draft.write64(at, words[0] ?? 0, words[1] ?? 0, `L1STD ${index}`, PUBLISH.l1std);
  return table + low * STE_BYTES;
}

/** A stream's STE as it will be: its words, and decoded unless it is invalid. */
export interface SteAt {
  readonly pa: number;
  readonly words: Uint32Array;
}

/** Reads an STE; see {@link locateSte}. */
export function readSte(draft: Draft, sid: number, create = false): SteAt {
  const pa = locateSte(draft, sid, create);
  return { pa, words: draft.read(pa, STE.words, `STE ${hex(sid)}`) };
}

/**
 * An STE decoded, for statements that must understand it.
 * @throws UserError when it is invalid or ILLEGAL
 */
export function decodeSte(draft: Draft, sid: number, at: SteAt): StreamConfig {
  if (ste.V.get(at.words, 0) === 0) throw new UserError(`STE ${hex(sid)} is not valid (V=0)`);
  const decoded = decodeStream(at.words, 0, at.pa, draft.space, sid, stateOf(draft));
  if ('event' in decoded) throw new UserError(`STE ${hex(sid)} is ILLEGAL: ${decoded.reason}`);
  return decoded;
}

/**
 * Gives an STE a CD table where S1ContextPtr is 0, as large as its S1CDMax says.
 * @returns the words of the STE with it; the caller writes them
 */
export function withContextTable(draft: Draft, sid: number, words: Uint32Array): Uint32Array {
  if (ste.S1ContextPtr.get(words, 0) !== 0) return words;
  const log2 = stateOf(draft).ssidBits === 0 ? 0 : ste.S1CDMax.get(words, 0);
  const changed = words.slice();
  const twoLevel = log2 > LINEAR_CD_LOG2 && stateOf(draft).features.cd2l;
  const leaf = CD_LEAF_LOG2[TWO_LEVEL_FMT] ?? LINEAR_CD_LOG2;
  const bytes = twoLevel ? L1CD_BYTES * 2 ** (log2 - leaf) : CD_BYTES * 2 ** log2;
  const pa = draft.table(Math.max(bytes, CD_BYTES));
  ste.S1Fmt.set(changed, 0, twoLevel ? TWO_LEVEL_FMT : ste.S1Fmt.names.LINEAR);
  ste.S1ContextPtr.set(changed, 0, pa);
  if (!Number.isSafeInteger(pa)) throw new UserError(`STE ${hex(sid)} cannot point to ${hex(pa)}`);
  return changed;
}

/** Where a CD lies, or the L1CD before it. */
interface CdPlace {
  readonly fmt: number;
  readonly log2: number;
  /** PA, or IPA of a nested stream. */
  readonly table: number;
}

function cdPlace(draft: Draft, sid: number, words: Uint32Array, index: number): CdPlace {
  const log2 = stateOf(draft).ssidBits === 0 ? 0 : ste.S1CDMax.get(words, 0);
  if (index < 0 || index >= 2 ** log2) {
    throw new UserError(
      `SubstreamID ${hex(index)} is beyond the ${2 ** log2} CDs of STE ${hex(sid)} (S1CDMax=${log2})`,
      {
        todo: `give the STE a larger S1CDMax, and S1ContextPtr=0 for a new table`,
      },
    );
  }
  return { fmt: log2 === 0 ? 0 : ste.S1Fmt.get(words, 0), log2, table: ste.S1ContextPtr.get(words, 0) };
}

/** PA in bytes of an L1CD. @throws UserError when the CD table has one level, or no such index */
export function locateL1cd(draft: Draft, sid: number, words: Uint32Array, index: number): number {
  const { fmt, log2, table } = cdPlace(draft, sid, words, 0);
  const leaf = CD_LEAF_LOG2[fmt];
  if (leaf === undefined) throw new UserError(`the CD table of STE ${hex(sid)} is linear: it has no L1CDs`);
  const count = 2 ** Math.max(log2 - leaf, 0);
  if (index < 0 || index >= count) throw new UserError(`there is no L1CD ${index}: the table has ${count}`);
  return ipaToPa(draft, sid, words, table + index * L1CD_BYTES);
}

/**
 * PA in bytes of a CD: by S1Fmt directly or through its L1CD, by stage 2 where that is on (3.3.2).
 * @param create makes the leaf table where the L1CD has none
 */
export function locateCd(
  draft: Draft,
  sid: number,
  words: Uint32Array,
  index: number,
  create: boolean,
): number {
  const { fmt, table } = cdPlace(draft, sid, words, index);
  if (table === 0) throw new UserError(`STE ${hex(sid)} has no CD table (S1ContextPtr=0)`);
  const leaf = CD_LEAF_LOG2[fmt];
  if (leaf === undefined) return ipaToPa(draft, sid, words, table + index * CD_BYTES);
  const number = Math.floor(index / 2 ** leaf);
  const low = index % 2 ** leaf;
  const at = locateL1cd(draft, sid, words, number);
  const l1cd = draft.read(at, L1CD.words, `L1CD ${number} of STE ${hex(sid)}`);
  const bytes = 2 ** leaf * CD_BYTES;
  if (L1CD.fields.V.get(l1cd, 0) === 1) {
    const pointer = Math.floor(L1CD.fields.L2Ptr.get(l1cd, 0) / bytes) * bytes;
    return ipaToPa(draft, sid, words, pointer + low * CD_BYTES);
  }
  if (!create) throw new UserError(`L1CD ${number} of STE ${hex(sid)} has no CDs (V=0)`);
  const made = draft.table(bytes);
  const pa = ipaToPa(draft, sid, words, made);
  for (let i = 4096; i < bytes; i += 4096) ipaToPa(draft, sid, words, made + i);
  L1CD.fields.V.set(l1cd, 0, 1);
  const { hi, lo } = halvesOf(made);
  L1CD.fields.L2Ptr.setHalves(l1cd, 0, hi, lo);
  draft.write64(at, l1cd[0] ?? 0, l1cd[1] ?? 0, `L1CD ${number}`, PUBLISH.l1cd);
  return pa + low * CD_BYTES;
}
