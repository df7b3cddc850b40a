import { maskOf } from '../../../bits/layout.ts';
import { hex } from '../../../bits/u64.ts';
import { UserError } from '../../../bits/user-error.ts';
import type { World } from '../../../bits/world.ts';
import type { ContextConfig, Half, StreamConfig } from '../../../model/translate/configuration.ts';
import { decodeContext } from '../../../model/translate/context.ts';
import { CD } from '../../../spec/cd.ts';
import { S1_LEAF, S2_LEAF } from '../../../spec/descriptors.ts';
import { STE } from '../../../spec/ste.ts';
import { type GranuleBits, NARROW_ADDRESS_BITS, TG0_LOG2, TG1_LOG2 } from '../../../spec/translation.ts';
import type { Draft } from './draft.ts';
import { halvesOf, PUBLISH } from './draft.ts';
import {
  addStage2,
  hasStage2,
  ipaToPa,
  sizeCode,
  stage2Attributes,
  stage2Output,
  stage2Set,
} from './stage2.ts';
import { decodeSte, locateCd, readSte, type SteAt, stateOf, withContextTable } from './structures.ts';
import { type Access, eachTable, type InputRange, mapRange, type TableSet, unmapRange } from './tables.ts';

const s = STE.fields;
const c = CD.fields;

/** MAIR of contexts that are made here: write-back, non-cacheable, and the four kinds of Device (13.1.1). */
const DEFAULT_MAIR: readonly number[] = [0xff, 0x44, 0x00, 0x04, 0x08, 0x0c, 0xbb, 0xf4];
const WRITE_BACK = 0xff;
const INNER_SHAREABLE = 3;
/** NS of a Realm stage-2 leaf, in its upper half. */
const LEAF_NS = maskOf(S2_LEAF.fields.NS);
/** What a new context translates: 48 bits, legal with every granule and version. */
const NEW_TXSZ = 64 - NARROW_ADDRESS_BITS;

/** A range of a stream, as `map` and `unmap` name it. */
export interface MapTarget {
  readonly sid: number;
  /** SubstreamID, or -1. */
  readonly ssid: number;
  readonly stage: 1 | 2;
  /** Space of the intermediate addresses at stage 2: the stream's own, or Non-secure where Secure streams have both. */
  readonly ipa: World;
  /** Input address of the first byte, 64 bits. */
  readonly iova: bigint;
  readonly size: bigint;
}

/** What `map` makes of it. */
export interface MapRequest extends MapTarget {
  readonly output: bigint;
  /** Address space of the output: the stream's own, or Non-secure. */
  readonly space: World;
  readonly access: Access;
  /** Of tables that are made for this; null: 4 KiB. */
  readonly granuleBits: GranuleBits | null;
  /** log2 of the leaves, or null for the largest that fit. */
  readonly leafLog2: number | null;
  readonly accessFlag: boolean;
  readonly global: boolean;
  /** A byte of MAIR (stage 1) or MemAttr (stage 2); null: Normal write-back. */
  readonly attribute: number | null;
  /** Address space of stage-1 tables that are made; null: that of the table above, and of the CD. */
  readonly tables: World | null;
}

/** Maps a range: makes STE, CD and tables where there are none, and publishes them last. */
export function map(draft: Draft, request: MapRequest): void {
  checkTables(draft, request);
  if (request.stage === 2) mapStage2(draft, request);
  else mapStage1(draft, request);
}

/** Takes a range away: zeros in its leaves. Nothing is invalidated. */
export function unmap(draft: Draft, target: MapTarget): void {
  const at = readSte(draft, target.sid);
  const stream = decodeSte(draft, target.sid, at);
  if (target.stage === 2) {
    if (!hasStage2(at.words)) throw new UserError(`STE ${hex(target.sid)} has no stage 2`);
    unmapRange(stage2Set(draft, target.sid, at.words, ipaSpace(draft, target)), rangeOf(target, 64));
    return;
  }
  if (!stream.translates1) throw new UserError(`STE ${hex(target.sid)} has no stage 1`);
  const cd = readCd(draft, target, at, stream, false);
  const half = halfFor(target, cd.context);
  unmapRange(stage1Set(draft, target, at.words, half), rangeOf(target, half.inputBits));
}

/** @throws UserError where stage 2 has no tables for such addresses */
function ipaSpace({ space }: Draft, { ipa }: MapTarget): World {
  if (ipa === space || (space === 's' && ipa === 'ns')) return ipa;
  throw new UserError(`stage 2 of a ${space} stream has no ${ipa} addresses`, { todo: `use ipa=${space}` });
}

/** Says in the STE of a Secure stream where the output of one set of its stage-2 tables lies (3.10.2.2). */
function setSecureOutput(
  sid: number,
  words: Uint32Array,
  ipa: World,
  nonSecure: boolean,
  fresh: boolean,
): void {
  const which = ipa === 'ns' ? s.S2NSA : s.S2SA;
  if (!fresh && which.get(words, 0) !== (nonSecure ? 1 : 0)) {
    const now = nonSecure ? 's' : 'ns';
    throw new UserError(`all output of these tables of STE ${hex(sid)} is ${now} (${which.name})`, {
      todo: `use space=${now}, or change ${which.name} by ste before`,
    });
  }
  which.set(words, 0, nonSecure ? 1 : 0);
}

function rangeOf({ iova, size }: MapTarget, inputBits: number): InputRange {
  const from = BigInt.asUintN(inputBits, iova);
  return { from, to: from + size };
}

/** Values for the fields that are 0; what software prepared before V=1 stays. */
function fill(
  words: Uint32Array,
  of: typeof STE | typeof CD,
  values: Readonly<Record<string, number>>,
): void {
  for (const [name, value] of Object.entries(values)) {
    const field = (of.fields as Readonly<Record<string, (typeof of.list)[number]>>)[name];
    if (field && field.get(words, 0) === 0) field.set(words, 0, value);
  }
}

/** The STE with stage 1 on, and a CD table that has the SubstreamID. */
function withStage1(draft: Draft, { sid, ssid }: MapTarget, before: Uint32Array): Uint32Array {
  const words = before.slice();
  const fresh = s.V.get(words, 0) === 0;
  const config =
    fresh && s.Config.get(words, 0) === 0 ? s.Config.names.S1 : s.Config.get(words, 0) | s.Config.names.S1;
  s.V.set(words, 0, 1);
  s.Config.set(words, 0, config);
  // S1CIR, S1COR and S1CSH stay 0: all that changes stands in doubleword 0, so hardware sees the old STE or the new one.
  if (ssid < 0) return withContextTable(draft, sid, words);
  const { ssidBits } = stateOf(draft);
  if (ssid >= 2 ** ssidBits)
    throw new UserError(`SubstreamID ${hex(ssid)} is beyond the ${ssidBits} bits of IDR1.SSIDSIZE`);
  if (s.S1CDMax.get(words, 0) !== 0) return withContextTable(draft, sid, words);
  return withSubstreams(draft, sid, ssid, words);
}

/** The least CDs that a table is made with when substreams come into use. */
const FIRST_S1CDMAX = 4;

/** A stream that had one CD gets a table of them, whose first is the old one (S1DSS: it stays that of plain traffic). */
function withSubstreams(draft: Draft, sid: number, ssid: number, before: Uint32Array): Uint32Array {
  const { ssidBits } = stateOf(draft);
  const words = before.slice();
  const old = s.S1ContextPtr.get(before, 0);
  const need = Math.max(ssid.toString(2).length, FIRST_S1CDMAX);
  s.S1CDMax.set(words, 0, Math.min(need, ssidBits));
  s.S1DSS.set(words, 0, s.S1DSS.names.SSID0);
  s.S1ContextPtr.set(words, 0, 0);
  const made = withContextTable(draft, sid, words);
  if (old === 0) return made;
  const from = ipaToPa(draft, sid, before, old);
  const cd = draft.read(from, CD.words, `CD of STE ${hex(sid)}`);
  if (cd.some((word) => word !== 0)) {
    draft.writeStructure(locateCd(draft, sid, made, 0, true), cd, `CD 0 of STE ${hex(sid)}`);
  }
  return made;
}

/** A CD with what it means. */
interface CdAt {
  readonly pa: number;
  readonly words: Uint32Array;
  readonly context: ContextConfig;
}

function decodeCd(
  draft: Draft,
  { sid, ssid }: MapTarget,
  pa: number,
  words: Uint32Array,
  stream: StreamConfig,
): ContextConfig {
  const index = Math.max(ssid, 0);
  if (c.V.get(words, 0) === 0) throw new UserError(`CD ${index} of STE ${hex(sid)} is not valid (V=0)`);
  const context = decodeContext(words, 0, pa, index, stream, stateOf(draft));
  if ('event' in context) throw new UserError(`CD ${index} of STE ${hex(sid)} is ILLEGAL: ${context.reason}`);
  if (context.format !== 'VMSAv8-64')
    throw new UserError(`CD ${index} of STE ${hex(sid)} has ${context.format} tables`, {
      todo: 'set AA64=1',
    });
  return context;
}

function readCd(draft: Draft, target: MapTarget, at: SteAt, stream: StreamConfig, create: boolean): CdAt {
  const index = Math.max(target.ssid, 0);
  const pa = locateCd(draft, target.sid, at.words, index, create);
  const words = draft.read(pa, CD.words, `CD ${index} of STE ${hex(target.sid)}`);
  return { pa, words, context: decodeCd(draft, target, pa, words, stream) };
}

/** An address with bit 55 set belongs to TTB1, where there are two ranges (3.4.1). */
function upper(iova: bigint): boolean {
  return ((iova >> 55n) & 1n) === 1n;
}

function halfFor({ sid, iova }: MapTarget, context: ContextConfig): Half {
  const half = context.halves[upper(iova) ? 1 : 0];
  if (!half.enabled) {
    throw new UserError(`${half.name} of STE ${hex(sid)} is not walked`, {
      todo: `set CD.${half.name === 'TTB1' ? 'EPD1' : 'EPD0'}=0`,
    });
  }
  const top = iova >> BigInt(half.inputBits);
  const ones = (1n << BigInt(64 - half.inputBits)) - 1n;
  if (top !== (upper(iova) ? ones : 0n)) {
    throw new UserError(`0x${iova.toString(16)} is outside the ${half.inputBits} bits of ${half.name}`, {
      todo: 'map an address inside, or change CD.TxSZ before',
    });
  }
  return half;
}

function stage1Set(
  draft: Draft,
  { sid }: MapTarget,
  ste: Uint32Array,
  half: Half,
  below: World | null = null,
): TableSet {
  const pages = new Map<string, number>();
  const reach = (address: number, space: World): number => {
    const page = address - (address % 4096);
    const key = `${space} ${page}`;
    let pa = pages.get(key);
    if (pa === undefined) {
      pa = ipaToPa(draft, sid, ste, page, space);
      pages.set(key, pa);
    }
    return pa + (address - page);
  };
  const home = (space: World): World => stage2Output(draft, ste, space);
  return { draft, tables: half, name: `stage 1 of STE ${hex(sid)}`, below, reach, home };
}

/** @throws UserError where the stream has no tables in such memory (3.10.2) */
function checkTables({ space }: Draft, { tables, stage }: MapRequest): void {
  if (tables === null || (tables === space && stage === 1)) return;
  if (stage === 2)
    throw new UserError('where stage-2 tables lie stands in the STE', {
      todo: 'leave tables= out; of a Secure stream set S2SW or S2NSW by ste before',
    });
  if (space === 's' && tables === 'ns') return;
  throw new UserError(`stage-1 tables of a ${space} stream do not lie in ${tables} memory`, {
    todo: `use tables=${space}`,
  });
}

/** Empty tables for one half of a context, in Non-secure memory where NSCFGx says so; the CD's words are changed in place. */
function addHalf(
  draft: Draft,
  target: MapRequest,
  ste: Uint32Array,
  words: Uint32Array,
  granuleBits: GranuleBits,
): void {
  const entries =
    2 **
    (NARROW_ADDRESS_BITS -
      granuleBits -
      Math.floor((NARROW_ADDRESS_BITS - granuleBits - 1) / (granuleBits - 3)) * (granuleBits - 3));
  const bytes = Math.max(entries * 8, 4096);
  const nsCfg = upper(target.iova) ? c.NSCFG1 : c.NSCFG0;
  if (draft.space === 's' && target.tables !== null) nsCfg.set(words, 0, target.tables === 'ns' ? 1 : 0);
  const space = draft.space === 's' && nsCfg.get(words, 0) === 1 ? 'ns' : draft.space;
  const table = draft.in(stage2Output(draft, ste, space)).table(bytes);
  for (let page = table; page < table + bytes; page += 4096) ipaToPa(draft, target.sid, ste, page, space);
  const { hi, lo } = halvesOf(table);
  if (upper(target.iova)) {
    c.TTB1.setHalves(words, 0, hi, lo);
    c.TG1.set(words, 0, TG1_LOG2.indexOf(granuleBits));
    c.EPD1.set(words, 0, 0);
    fill(words, CD, { T1SZ: NEW_TXSZ, IR1: 1, OR1: 1, SH1: INNER_SHAREABLE });
  } else {
    c.TTB0.setHalves(words, 0, hi, lo);
    c.TG0.set(words, 0, TG0_LOG2.indexOf(granuleBits));
    c.EPD0.set(words, 0, 0);
    fill(words, CD, { T0SZ: NEW_TXSZ, IR0: 1, OR0: 1, SH0: INNER_SHAREABLE });
  }
}

/** A CD for the first mapping of its context. */
function newCd(
  draft: Draft,
  target: MapRequest,
  ste: Uint32Array,
  words: Uint32Array,
  granuleBits: GranuleBits,
): void {
  const { oasBits, features, stallModel } = stateOf(draft);
  c.V.set(words, 0, 1);
  c.AA64.set(words, 0, 1);
  if (c.ASID.get(words, 0) === 0) c.ASID.set(words, 0, draft.tag('asid'));
  fill(words, CD, {
    IPS: sizeCode(granuleBits === 16 ? oasBits : Math.min(oasBits, NARROW_ADDRESS_BITS)),
    ASET: 1,
    R: 1,
    A: 1,
    // The stall model may force stalls (3.12.2).
    S: stallModel === 2 ? 1 : 0,
    ENDI: features.ttEndian === 3 ? 1 : 0,
  });
  if (c.MAIR0.get(words, 0) === 0 && c.MAIR1.get(words, 0) === 0) {
    for (const [i, byte] of DEFAULT_MAIR.entries()) {
      const field = i < 4 ? c.MAIR0 : c.MAIR1;
      field.set(words, 0, (field.get(words, 0) | (byte << ((i & 3) * 8))) >>> 0);
    }
  }
  c.EPD0.set(words, 0, 1);
  c.EPD1.set(words, 0, 1);
  addHalf(draft, target, ste, words, granuleBits);
}

/** AttrIndx of a byte in the context's MAIR. @throws UserError when it is not there */
function attributeIndex(words: Uint32Array, byte: number): number {
  const bytes = Array.from(
    { length: 8 },
    (_, i) => ((i < 4 ? c.MAIR0 : c.MAIR1).get(words, 0) >>> ((i & 3) * 8)) & 0xff,
  );
  const found = bytes.indexOf(byte);
  if (found >= 0) return found;
  throw new UserError(`MAIR has no attribute ${hex(byte, 2)}`, {
    todo: `it has ${bytes.map((b) => hex(b, 2)).join(', ')}; change CD.MAIR0 or MAIR1 before`,
  });
}

/** Whether a leaf says Non-secure. @throws UserError where it cannot say what is asked for */
function saysNonSecure({ space }: MapRequest, of: World, canSay: boolean): boolean {
  if (space === of) return false;
  if (space === 'ns' && canSay) return true;
  throw new UserError(`tables of a ${of} stream cannot output ${space} addresses at this stage`, {
    todo: canSay ? `use space=${of} or space=ns` : `use space=${of}, or another stage or STRW`,
  });
}

function stage1Attributes(
  request: MapRequest,
  words: Uint32Array,
  half: Half,
  nonSecure: boolean,
): { lo: number; hi: number } {
  const { access, accessFlag, global, attribute } = request;
  if (!access.read) {
    throw new UserError('stage 1 permits no writing without reading', { todo: 'use perm=rw, or stage=2' });
  }
  const leaf = new Uint32Array(2);
  const l = S1_LEAF.fields;
  l.AttrIndx.set(leaf, 0, attributeIndex(words, attribute ?? WRITE_BACK));
  l.AP1.set(leaf, 0, 1);
  l.AP2.set(leaf, 0, access.write ? 0 : 1);
  // With DS=1 these bits are of the address.
  l.SH.set(leaf, 0, half.wide && half.granuleBits !== 16 ? 0 : INNER_SHAREABLE);
  l.AF.set(leaf, 0, accessFlag ? 1 : 0);
  l.nG.set(leaf, 0, global ? 0 : 1);
  l.PXN.set(leaf, 0, access.execute ? 0 : 1);
  l.UXN_XN.set(leaf, 0, access.execute ? 0 : 1);
  l.NS.set(leaf, 0, nonSecure ? 1 : 0);
  return { lo: leaf[0] ?? 0, hi: leaf[1] ?? 0 };
}

function mapStage1(draft: Draft, request: MapRequest): void {
  const { sid, ssid } = request;
  const before = readSte(draft, sid, true);
  const ste = withStage1(draft, request, before.words);
  const stream = decodeSte(draft, sid, { pa: before.pa, words: ste });
  const index = Math.max(ssid, 0);
  const name = `CD ${index} of STE ${hex(sid)}`;
  const pa = locateCd(draft, sid, ste, index, true);
  const words = draft.read(pa, CD.words, name);
  const granule = request.granuleBits ?? 12;
  if (c.V.get(words, 0) === 0) newCd(draft, request, ste, words, granule);
  else {
    const off = upper(request.iova) ? c.EPD1 : c.EPD0;
    if (off.get(words, 0) === 1) addHalf(draft, request, ste, words, granule);
  }
  const context = decodeCd(draft, request, pa, words, stream);
  const half = halfFor(request, context);
  refuseOtherGranule(request, half.granuleBits, name);
  // NS is RES0 in stage 1 of Realm EL1, whose output space stage 2 decides (3.10.3).
  const canSay = draft.space === 's' || (draft.space === 'realm' && stream.streamWorld !== 'Realm-EL1');
  const nonSecure = saysNonSecure(request, draft.space, canSay);
  const { lo, hi } = stage1Attributes(request, words, half, nonSecure);
  const leaves = { output: request.output, lo, hi, leafLog2: request.leafLog2, nonSecure };
  mapRange(stage1Set(draft, request, ste, half, request.tables), rangeOf(request, half.inputBits), leaves);
  draft.writeStructure(pa, words, name);
  draft.writeStructure(before.pa, ste, `STE ${hex(sid)}`, PUBLISH.ste);
}

function refuseOtherGranule({ granuleBits }: MapRequest, has: number, name: string): void {
  if (granuleBits === null || granuleBits === has) return;
  throw new UserError(`the tables of ${name} have a granule of ${2 ** (has - 10)}K`, {
    todo: 'leave granule= out',
  });
}

function mapStage2(draft: Draft, request: MapRequest): void {
  const { sid, access, accessFlag, attribute } = request;
  const before = readSte(draft, sid, true);
  const words = before.words.slice();
  const valid = s.V.get(words, 0) === 1;
  const had = valid && hasStage2(words);
  const stage1 = valid && (s.Config.get(words, 0) & s.Config.names.S1) === s.Config.names.S1;
  if (!had) {
    s.V.set(words, 0, 1);
    s.Config.set(words, 0, stage1 ? s.Config.names.NESTED : s.Config.names.S2);
    addStage2(draft, sid, words, request.granuleBits ?? 12);
    // Non-secure addresses stay Non-secure, unless the statement says otherwise.
    if (draft.space === 's') s.S2NSA.set(words, 0, 1);
  }
  const ipa = ipaSpace(draft, request);
  const ns = saysNonSecure(request, draft.space, draft.space !== 'ns');
  if (draft.space === 's') setSecureOutput(sid, words, ipa, ns, !had);
  decodeSte(draft, sid, { pa: before.pa, words });
  const set = stage2Set(draft, sid, words, ipa);
  refuseOtherGranule(request, set.tables.granuleBits, set.name);
  const { lo, hi } = stage2Attributes(access, accessFlag, attribute ?? undefined);
  const from = request.iova;
  mapRange(
    set,
    { from, to: from + request.size },
    {
      output: request.output,
      lo,
      hi: ns && draft.space === 'realm' ? (hi | LEAF_NS) >>> 0 : hi,
      leafLog2: request.leafLog2,
      nonSecure: ns,
    },
  );
  if (stage1 && !had) mapStructures(draft, request, before.words, words);
  draft.writeStructure(before.pa, words, `STE ${hex(sid)}`, PUBLISH.ste);
}

/** What stage 1 had at PAs has IPAs now: each of its tables is mapped to where it is, unless it is mapped already. */
function mapStructures(draft: Draft, request: MapRequest, before: Uint32Array, words: Uint32Array): void {
  const { sid } = request;
  const at = { pa: 0, words: before };
  const stream = decodeSte(draft, sid, at);
  const place = (address: number, bytes: number, space = draft.space): void => {
    for (let page = address - (address % 4096); page < address + bytes; page += 4096)
      ipaToPa(draft, sid, words, page, space);
  };
  for (let index = 0; index < 2 ** stream.s1CDMax; index++) {
    let pa: number;
    try {
      pa = locateCd(draft, sid, before, index, false);
    } catch (error) {
      // A leaf of CDs that is not there.
      if (error instanceof UserError) continue;
      throw error;
    }
    const cd = draft.read(pa, CD.words, `CD ${index} of STE ${hex(sid)}`);
    if (c.V.get(cd, 0) === 0) continue;
    place(pa, CD.words * 4);
    const context = decodeContext(cd, 0, pa, index, stream, stateOf(draft));
    if ('event' in context) continue;
    for (const half of context.halves) {
      if (!half.enabled || half.format !== 'VMSAv8-64') continue;
      const first = half.baseHi * 2 ** 32 + half.baseLo;
      place(first, 8 * 2 ** half.startBits, half.spaces?.walk);
      const set = stage1Set(draft, { ...request, ssid: index }, before, half);
      eachTable(set, (table, space) => place(table, 2 ** half.granuleBits, space));
    }
  }
  if (stream.s1Fmt !== 0 && stream.s1CDMax !== 0) place(stream.s1ContextPtr, 4096);
}
