/** Where attributes come from: fields of STE, CD, descriptors and registers, as packed numbers (IHI 0070 13.5, 13.8). */

import type { Field } from '../../bits/layout.ts';
import { CD } from '../../spec/cd.ts';
import {
  FETCH_LEVELS,
  LEVEL,
  REGISTER_LEVELS,
  SHCFG_INCOMING,
  WALK_LEVELS,
} from '../../spec/memory-attributes.ts';
import { REGISTERS } from '../../spec/registers.ts';
import { STE } from '../../spec/ste.ts';
import { type Attributes, fromMair, type Overrides } from './attributes.ts';

const { IR0, OR0, SH0, IR1, OR1, SH1 } = CD.fields;
const { S1CIR, S1COR, S1CSH, S2IR0, S2OR0, S2SH0, MTCFG, MemAttr, SHCFG, ALLOCCFG } = STE.fields;
const CR1 = REGISTERS.CR1.layout.fields;
const GBPA = REGISTERS.GBPA.layout.fields;

/** Overrides that change nothing. */
export const NO_OVERRIDES: Overrides = { mtcfg: 0, memAttr: 0, shcfg: SHCFG_INCOMING, alloccfg: 0 };

interface OverrideFields {
  readonly MTCFG: Field;
  readonly MemAttr: Field;
  readonly SHCFG: Field;
  readonly ALLOCCFG: Field;
}

function overridesOf(fields: OverrideFields, words: Uint32Array): Overrides {
  return {
    mtcfg: fields.MTCFG.get(words, 0),
    memAttr: fields.MemAttr.get(words, 0),
    shcfg: fields.SHCFG.get(words, 0),
    alloccfg: fields.ALLOCCFG.get(words, 0),
  };
}

/**
 * The overrides of an STE (5.2; which transactions they apply to: table 13.5).
 * @param supported IDR1.ATTR_TYPES_OVR
 */
export function steOverrides(ste: Uint32Array, supported: boolean): Overrides {
  return supported ? overridesOf({ MTCFG, MemAttr, SHCFG, ALLOCCFG }, ste) : NO_OVERRIDES;
}

/**
 * The overrides while SMMUEN=0 (13.2), of GBPA and S_GBPA alike.
 * @param gbpa the register
 * @param supported IDR1.ATTR_TYPES_OVR
 */
export function gbpaOverrides(gbpa: number, supported: boolean): Overrides {
  return supported ? overridesOf(GBPA, Uint32Array.of(gbpa)) : NO_OVERRIDES;
}

function ofLevels(
  levels: readonly number[],
  outer: number,
  inner: number,
  hints: number,
  sh: number,
): Attributes {
  const level = (code: number): number => {
    const bits = levels[code] ?? LEVEL.NC;
    return bits === LEVEL.NC ? bits : bits | hints;
  };
  return fromMair((level(outer) << 4) | level(inner), sh);
}

/** Reads of stage-1 tables, before stage 2 combines with them (13.8): CD.IRx, ORx, SHx. */
export function stage1WalkAttributes(cd: Uint32Array, half: 0 | 1): Attributes {
  return half === 0
    ? ofLevels(WALK_LEVELS, OR0.get(cd, 0), IR0.get(cd, 0), 0, SH0.get(cd, 0))
    : ofLevels(WALK_LEVELS, OR1.get(cd, 0), IR1.get(cd, 0), 0, SH1.get(cd, 0));
}

/** Reads of stage-2 tables (13.8): STE.S2IR0, S2OR0, S2SH0. */
export function stage2WalkAttributes(ste: Uint32Array): Attributes {
  return ofLevels(WALK_LEVELS, S2OR0.get(ste, 0), S2IR0.get(ste, 0), 0, S2SH0.get(ste, 0));
}

/** Fetches of L1CD and CD, before stage 2 combines with them (13.8): STE.S1CIR, S1COR, S1CSH. */
export function contextFetchAttributes(ste: Uint32Array): Attributes {
  return ofLevels(FETCH_LEVELS, S1COR.get(ste, 0), S1CIR.get(ste, 0), 0, S1CSH.get(ste, 0));
}

/**
 * Reads of stream table, VMS and device permission table (13.8): CR1.TABLE_*.
 * @param cr1 the register of the world
 * @param readAllocate STRTAB_BASE.RA, or DPT_BASE.RA
 */
export function tableAttributes(cr1: number, readAllocate: boolean): Attributes {
  const w = Uint32Array.of(cr1);
  const hints = readAllocate ? LEVEL.READ_ALLOCATE : 0;
  const { TABLE_OC, TABLE_IC, TABLE_SH } = CR1;
  return ofLevels(REGISTER_LEVELS, TABLE_OC.get(w, 0), TABLE_IC.get(w, 0), hints, TABLE_SH.get(w, 0));
}
