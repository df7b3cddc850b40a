/** From decoded structures to the tables that they point to. */

import { toNumber } from '../bits/u64.ts';
import type { World } from '../bits/world.ts';
import type { WorldState } from '../model/state.ts';
import type { ContextConfig } from '../model/translate/configuration.ts';
import { levelShift } from '../model/translate/descriptor.ts';
import { stage2Spaces } from '../model/translate/spaces.ts';
import { tableFields } from '../model/translate/stage2-format.ts';
import { STE } from '../spec/ste.ts';
import { CONCATENATED_MAX, TG0_LOG2 } from '../spec/translation.ts';
import type { TableStart } from './maps.ts';

const { S2DS, S2ENDI, S2AA64 } = STE.fields;

/**
 * The tables of TTB0 or TTB1.
 * @param world Security state of the stream
 * @returns a sentence where there are none
 */
export function stage1Tables(context: ContextConfig, half: 0 | 1, world: World): TableStart | string {
  const range = context.halves[half];
  if (half === 1 && !context.twoRanges) return `the ${context.streamWorld} regime has no TTB1`;
  if (!range.enabled) return `walks through TTB${half} are disabled (EPD${half}=1)`;
  if (context.format !== 'VMSAv8-64') return `${context.format} tables are not decoded`;
  return {
    stage: 1,
    space: range.spaces?.walk ?? world,
    spaces: range.spaces,
    base: toNumber(range.baseHi, range.baseLo),
    level: range.startLevel,
    granuleBits: range.granuleBits,
    inputBits: range.inputBits,
    upper: half === 1,
    bigEndian: range.bigEndian,
    had: range.had,
    wide: range.wide,
    context,
  };
}

/**
 * The stage-2 tables of an STE, as raw tables: whether the STE is legal is not judged here.
 * @param w the STE's words
 * @param input space of the IPAs: a Secure stream has tables for Secure ones and for Non-secure ones (3.10.2.2)
 * @returns a sentence where they cannot be read
 */
export function stage2Tables(
  w: Uint32Array,
  state: WorldState,
  input: World = state.world,
): TableStart | string {
  const secure = input === 's';
  const { TTB, T0SZ, SL0, TG } = tableFields({ secure });
  const prefix = secure ? 'S_' : '';
  const spaces = stage2Spaces(state, input, w);
  if (S2AA64.get(w, 0) === 0) return 'stage-2 tables other than VMSAv8-64 are not decoded';
  const granuleBits = TG0_LOG2[TG.get(w, 0)];
  if (granuleBits === undefined) return `${prefix}S2TG=3 is reserved`;
  const sl0 = SL0.get(w, 0);
  const wide = granuleBits === 16 ? state.oasBits === 52 : state.features.ds && S2DS.get(w, 0) === 1;
  // DDI 0487 D8.2: SL0 counts from the last level but one with 4 KiB, from the last with larger granules.
  const level = granuleBits === 12 ? (sl0 === 3 ? 3 : 2 - sl0) : 3 - sl0;
  const inputBits = 64 - T0SZ.get(w, 0);
  const indexBits = inputBits - levelShift(level, granuleBits);
  const stride = granuleBits - 3;
  if (indexBits < 1 || indexBits > stride + Math.log2(CONCATENATED_MAX)) {
    return `${prefix}S2T0SZ=${T0SZ.get(w, 0)} and ${prefix}S2SL0=${sl0} do not fit each other`;
  }
  const bytes = Math.max(2 ** indexBits * 8, 64);
  return {
    stage: 2,
    space: spaces?.walk ?? state.world,
    spaces,
    base: Math.floor(TTB.get(w, 0) / bytes) * bytes,
    level,
    granuleBits,
    inputBits,
    upper: false,
    bigEndian: S2ENDI.get(w, 0) === 1,
    had: false,
    wide,
    context: null,
  };
}
