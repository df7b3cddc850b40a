import { hex } from '../../../bits/u64.ts';
import { UserError } from '../../../bits/user-error.ts';
import type { World } from '../../../bits/world.ts';
import { countingWords } from '../../../model/field-bits.ts';
import type { WorldState } from '../../../model/state.ts';
import type { Tables } from '../../../model/translate/configuration.ts';
import { levelShift } from '../../../model/translate/descriptor.ts';
import { stage2Spaces } from '../../../model/translate/spaces.ts';
import { decodeStage2 } from '../../../model/translate/stage2-config.ts';
import { stage2StartLevel, tableFields } from '../../../model/translate/stage2-format.ts';
import { S2_LEAF } from '../../../spec/descriptors.ts';
import { STE } from '../../../spec/ste.ts';
import {
  ADDRESS_BITS,
  CONCATENATED_MAX,
  type GranuleBits,
  NARROW_ADDRESS_BITS,
  TG0_LOG2,
} from '../../../spec/translation.ts';
import type { Draft } from './draft.ts';
import { halvesOf } from './draft.ts';
import { type Access, mapRange, outputOf, type TableSet } from './tables.ts';

const f = STE.fields;
/** Config with stage 2 on: 0b11x. */
const STAGE2_ON = f.Config.names.S2;
/** MemAttr of Normal memory, inner and outer write-back (S2FWB=0). */
const WRITE_BACK = 0xf;
const INNER_SHAREABLE = 3;

/** Whether the STE's words switch stage 2 on. */
export function hasStage2(words: Uint32Array): boolean {
  return (f.Config.get(words, 0) & STAGE2_ON) === STAGE2_ON;
}

/**
 * The stage-2 tables of an STE whose stage 2 is on.
 * @param ipa the space of their input; a Secure STE has tables of either (3.10.2.2)
 * @throws UserError when they have a format that is not built here
 */
export function stage2Set(draft: Draft, sid: number, words: Uint32Array, ipa: World = draft.space): TableSet {
  const state = draft.smmu.state(draft.space);
  const config = decodeStage2(countingWords(state.bits.of(STE), words, 0), state);
  const tables: Tables = ipa === draft.space ? config : (config.nonSecure ?? config);
  if (tables.format !== 'VMSAv8-64') {
    throw new UserError(`stage 2 of STE ${hex(sid)} has ${tables.format} tables`, { todo: 'set S2AA64=1' });
  }
  const name = `stage 2 of STE ${hex(sid)}`;
  return { draft, tables, name, below: null, reach: (pa) => pa, home: (space) => space };
}

/** The space of the PAs that stage 2 makes of addresses of a space; the same space where there is no stage 2. */
export function stage2Output(draft: Draft, words: Uint32Array, ipa: World): World {
  if (!hasStage2(words)) return ipa;
  return stage2Spaces(draft.smmu.state(draft.space), ipa, words)?.output ?? ipa;
}

/**
 * PA in bytes of a structure or table at an address of a stream: the address itself, or what stage 2 makes of it. An IPA
 * that is not mapped gets a page of its own that maps it to the same PA.
 * @param ipa the space of the address
 */
export function ipaToPa(
  draft: Draft,
  sid: number,
  words: Uint32Array,
  address: number,
  ipa: World = draft.space,
): number {
  if (!hasStage2(words)) return address;
  const set = stage2Set(draft, sid, words, ipa);
  const found = outputOf(set, BigInt(address));
  if (found !== null) return Number(found);
  const page = 2n ** BigInt(set.tables.granuleBits);
  const from = (BigInt(address) / page) * page;
  const { lo, hi } = stage2Attributes({ read: true, write: true, execute: false }, true);
  mapRange(
    set,
    { from, to: from + page },
    { output: from, lo, hi, leafLog2: set.tables.granuleBits, nonSecure: false },
  );
  return address;
}

/** Attribute bits of a stage-2 leaf in Normal memory. */
export function stage2Attributes(
  access: Access,
  accessFlag: boolean,
  memAttr = WRITE_BACK,
): { lo: number; hi: number } {
  const words = new Uint32Array(2);
  const { MemAttr, S2AP0, S2AP1, SH, AF, XN } = S2_LEAF.fields;
  MemAttr.set(words, 0, memAttr);
  S2AP0.set(words, 0, access.read ? 1 : 0);
  S2AP1.set(words, 0, access.write ? 1 : 0);
  SH.set(words, 0, INNER_SHAREABLE);
  AF.set(words, 0, accessFlag ? 1 : 0);
  XN.set(words, 0, access.execute ? XN.names.NONE_DENIED : XN.names.ALL_DENIED);
  return { lo: words[0] ?? 0, hi: words[1] ?? 0 };
}

/** The largest input size that stage 2 is set up with. */
function inputBitsOf(state: WorldState): number {
  return Math.min(state.iasBits, NARROW_ADDRESS_BITS);
}

/** The code of an address size in bits, not above a limit (5.2, S2PS). */
export function sizeCode(bits: number): number {
  let code = 0;
  ADDRESS_BITS.forEach((size, i) => {
    if (size <= bits) code = i;
  });
  return code;
}

/**
 * Sets the stage-2 fields of an STE to empty tables of their own: the start level with the fewest tables side by side
 * (5.2, S2SL0).
 * @param words changed in place; Config stays
 */
export function addStage2(draft: Draft, sid: number, words: Uint32Array, granuleBits: GranuleBits): void {
  const state = draft.smmu.state(draft.space);
  f.S2AA64.set(words, 0, 1);
  f.S2PS.set(
    words,
    0,
    sizeCode(Math.min(state.oasBits, granuleBits === 16 ? state.oasBits : NARROW_ADDRESS_BITS)),
  );
  f.S2IR0.set(words, 0, 1);
  f.S2OR0.set(words, 0, 1);
  f.S2SH0.set(words, 0, INNER_SHAREABLE);
  f.S2R.set(words, 0, 1);
  if (f.S2VMID.get(words, 0) === 0) f.S2VMID.set(words, 0, draft.tag('vmid'));
  addTables(draft, sid, words, granuleBits, false);
  if (draft.space === 's') addTables(draft, sid, words, granuleBits, true);
}

/** Empty tables for one space of IPAs. */
function addTables(
  draft: Draft,
  sid: number,
  words: Uint32Array,
  granuleBits: GranuleBits,
  secure: boolean,
): void {
  const state = draft.smmu.state(draft.space);
  const bits = inputBitsOf(state);
  const fields = tableFields({ secure });
  fields.TG.set(words, 0, TG0_LOG2.indexOf(granuleBits));
  fields.T0SZ.set(words, 0, 64 - bits);
  const entryBits = granuleBits - 3;
  let best = { sl: -1, bytes: Number.POSITIVE_INFINITY };
  for (let sl = 0; sl < 4; sl++) {
    fields.SL0.set(words, 0, sl);
    const start = stage2StartLevel({ w: words, state, secure });
    if (start === null) continue;
    const index = bits - levelShift(start.level, granuleBits);
    const side = 2 ** Math.max(index - entryBits, 0);
    const bytes = 8 * 2 ** index;
    if (side <= CONCATENATED_MAX && bytes < best.bytes) best = { sl, bytes };
  }
  if (best.sl < 0) {
    throw new UserError(`stage 2 of STE ${hex(sid)}: no start level goes with ${bits} bits and this granule`);
  }
  fields.SL0.set(words, 0, best.sl);
  const walk = stage2Spaces(state, draft.space === 's' && !secure ? 'ns' : draft.space, words)?.walk;
  const { hi, lo } = halvesOf(draft.in(walk ?? draft.space).table(Math.max(best.bytes, 4096)));
  fields.TTB.setHalves(words, 0, hi, lo);
}
