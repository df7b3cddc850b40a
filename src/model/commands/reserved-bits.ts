/** Reserved bits of commands: IHI 0070 4.1.5. Only an SMMU that is told to be strict asks. */

import { type Field, reservedMask } from '../../bits/layout.ts';
import { RESERVED_ADDRESS, RESERVED_PARTS, type ReservedPart } from '../../spec/command-reserved.ts';
import type { CommandSpec, QueueWorld } from '../../spec/commands.ts';
import { holds } from '../../spec/features.ts';
import type { WorldState } from '../state.ts';

/** Reserved bits that are set: the lowest and the highest of them, and the field that has them, if one has. */
export interface ReservedSet {
  readonly msb: number;
  readonly lsb: number;
  readonly field: string | null;
  readonly section: string;
}

const MASKS = new Map<CommandSpec, Uint32Array>();

function unclaimed(spec: CommandSpec): Uint32Array {
  let mask = MASKS.get(spec);
  if (!mask) {
    mask = reservedMask(spec.layout);
    MASKS.set(spec, mask);
  }
  return mask;
}

/** The first reserved bits of a command that are set, or null. */
export function reservedBits(
  spec: CommandSpec,
  state: WorldState,
  world: QueueWorld,
  words: Uint32Array,
): ReservedSet | null {
  const mask = unclaimed(spec);
  for (let i = 0; i < mask.length; i++) {
    const set = ((mask[i] as number) & (words[i] as number)) >>> 0;
    if (set === 0) continue;
    const lsb = i * 32 + 31 - Math.clz32(set & -set);
    return { msb: i * 32 + 31 - Math.clz32(set), lsb, field: null, section: '4.1.5' };
  }
  for (const field of spec.layout.list) {
    for (const part of partsOf(spec, field)) {
      if (isThere(part, spec, state, world, words)) continue;
      const found = bitsSet(field, part, words);
      if (found !== null) return found;
    }
  }
  return null;
}

function partsOf(spec: CommandSpec, field: Field): readonly ReservedPart[] {
  const isVa = spec.tlb?.address !== 'ipa' && spec.dpt === undefined;
  if (field.name === 'Address') return isVa ? [] : RESERVED_ADDRESS;
  return Object.hasOwn(RESERVED_PARTS, field.name) ? (RESERVED_PARTS[field.name] ?? []) : [];
}

function isThere(
  part: ReservedPart,
  spec: CommandSpec,
  state: WorldState,
  world: QueueWorld,
  words: Uint32Array,
): boolean {
  if (part.needs !== undefined && !holds(state.ids, part.needs)) return false;
  if (part.onlyOn !== undefined && part.onlyOn !== world) return false;
  if (part.sinceMinor !== undefined && state.minorVersion < part.sinceMinor) return false;
  if (part.unlessField === undefined) return true;
  const fields: Readonly<Record<string, Field | undefined>> = spec.layout.fields;
  return (fields[part.unlessField]?.get(words, 0) ?? 0) !== 0;
}

function bitsSet(field: Field, part: ReservedPart, words: Uint32Array): ReservedSet | null {
  const [top, bottom] = part.bits ?? [field.width - 1, 0];
  for (let bit = field.lsb + bottom; bit <= field.lsb + top; bit++) {
    if (((words[bit >>> 5] as number) >>> (bit & 31)) & 1) {
      return { msb: field.lsb + top, lsb: field.lsb + bottom, field: field.name, section: part.section };
    }
  }
  return null;
}

/** `bits [31:20]`, `bit 71 of TTL128`. */
export function reservedText(set: ReservedSet): string {
  const bits = set.msb === set.lsb ? `bit ${set.lsb}` : `bits [${set.msb}:${set.lsb}]`;
  return set.field === null ? bits : `${bits}, in ${set.field}, which is RES0 here (${set.section})`;
}
