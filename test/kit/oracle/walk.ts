/** The walk that both stages share: DDI 0487 D8.2 and D8.3 (VMSAv8-64), G5.5 (VMSAv8-32 LPAE). */

import { alignDown, bit, bits, exceeds, ones } from './bits.ts';
import type { Format } from './types.ts';

/** Where a walk begins. */
export interface Start {
  readonly format: Format;
  readonly level: number;
  /** Address of the first table: PA, or IPA when stage 2 lies under it. */
  readonly table: bigint;
  /** Bits that index the first table; more than the stride where tables are concatenated. */
  readonly indexBits: number;
  readonly input: bigint;
}

/** What a walk asks of its stage. Each may throw the stage's fault. */
export interface Stage {
  load(address: bigint, level: number): bigint;
  /** F_TRANSLATION or F_ADDR_SIZE of a descriptor. */
  fail(event: 'F_TRANSLATION' | 'F_ADDR_SIZE'): never;
  /** A table descriptor leads on; what is kept of it, and its Access flag, are the stage's business. */
  table(descriptor: bigint, address: bigint): void;
}

export interface Leaf {
  readonly descriptor: bigint;
  /** Where it lies. */
  readonly address: bigint;
  readonly output: bigint;
}

export const stride = (format: Format): number => format.granule - 3;

/** log2 of what one entry covers. */
export function entryBits(format: Format, level: number): number {
  return format.granule + (3 - level) * stride(format);
}

/** The first table of an address that is `inputBits` wide, as far as alignment goes (5.2 S2TTB, 5.4 TTB0). */
export function firstTable(base: bigint, indexBits: number, format: Format): bigint {
  const size = indexBits + 3;
  const least = !format.lpae && format.outputBits === 52 ? 6 : 0;
  return alignDown(base, Math.max(size, least));
}

/** The address in a descriptor, all bits that it has. */
function addressOf(descriptor: bigint, format: Format): bigint {
  const low = bits(descriptor, 47, format.granule) << BigInt(format.granule);
  if (format.lpae) return low;
  if (format.granule === 16) return format.wide ? low | (bits(descriptor, 15, 12) << 48n) : low;
  if (!format.ds) return low;
  return low | (bits(descriptor, 49, 48) << 48n) | (bits(descriptor, 9, 8) << 50n);
}

function mayBeBlock(format: Format, level: number): boolean {
  if (level === 2) return true;
  if (format.granule === 12) return level === 1 || (level === 0 && format.ds);
  if (format.granule === 14) return level === 1 && format.ds;
  return level === 1 && format.wide;
}

/** Walks to a page or block. Permissions and the Access flag are not looked at here. */
export function walk(start: Start, stage: Stage): Leaf {
  const { format, input } = start;
  let { table, indexBits } = start;
  for (let level = start.level; ; level++) {
    const shift = entryBits(format, level);
    const index = (input >> BigInt(shift)) & ones(indexBits);
    const address = table + index * 8n;
    const descriptor = stage.load(address, level);
    const isLeaf = level === 3 ? bits(descriptor, 1, 0) === 3n : bits(descriptor, 1, 0) === 1n;
    const isTable = level < 3 && bits(descriptor, 1, 0) === 3n;
    if (!bit(descriptor, 0) || !(isTable || (isLeaf && (level === 3 || mayBeBlock(format, level))))) {
      stage.fail('F_TRANSLATION');
    }
    const next = addressOf(descriptor, format);
    if (exceeds(next, format.outputBits)) stage.fail('F_ADDR_SIZE');
    if (isLeaf) return { descriptor, address, output: alignDown(next, shift) | (input & ones(shift)) };
    stage.table(descriptor, address);
    table = next;
    indexBits = stride(format);
  }
}
