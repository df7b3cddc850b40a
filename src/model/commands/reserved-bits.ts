/**
 * Bits of commands that are RES0 by what else the command says, by its queue or by the version: IHI 0070 4.1.5. Those that
 * hang on features are in `field-bits.ts`. Only an SMMU that is told to be strict asks.
 */

import type { Field } from '../../bits/layout.ts';
import { RESERVED_ADDRESS, RESERVED_PARTS, type ReservedPart } from '../../spec/command-reserved.ts';
import type { CommandSpec, QueueWorld } from '../../spec/commands.ts';
import type { WorldState } from '../state.ts';

/** Bits that are reserved here, one of them set. */
export interface ReservedSet {
  readonly msb: number;
  readonly lsb: number;
  readonly field: string;
  readonly section: string;
}

/** The first field with bits that are set and do not exist in this command, or null. */
export function reservedPart(
  spec: CommandSpec,
  state: WorldState,
  world: QueueWorld,
  words: Uint32Array,
): ReservedSet | null {
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
  return `${bits}, in ${set.field}, which is RES0 here (${set.section})`;
}
