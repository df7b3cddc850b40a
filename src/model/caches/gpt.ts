/** What an SMMU keeps of the granule protection table: IHI 0070 3.25, 6.3.118. */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { GPI } from '../../spec/encodings.ts';
import type { Store } from '../store.ts';

/** A region of physical memory, and what one entry of the table says of it. */
export interface GptEntry {
  readonly level: 0 | 1;
  /** The region: its first byte (PA), and log2 of its bytes. */
  readonly base: number;
  readonly shift: number;
  /** Protection of the region; of a level-0 Table entry -1. */
  readonly gpi: number;
  /** Of a level-0 Table entry: Root PA of the level-1 table, in bytes. */
  readonly next: number;
  /** Root PA of the entry that was read, in bytes, and what stood there. */
  readonly at: number;
  readonly hi: number;
  readonly lo: number;
  /** Address space of the access that made the SMMU read it. */
  readonly readFor: World;
}

/** `Secure PAS only (8)`. */
export function gpiText(gpi: number): string {
  const values: Readonly<Record<string, string>> = GPI.values;
  return `${values[gpi] ?? 'reserved'} (${gpi})`;
}

/** `0x40000000 + 0x1000 bytes: Secure PAS only (8)`, for people. */
export function gptEntryText(entry: GptEntry): string {
  const what = isTable(entry) ? `table at ${hex(entry.next)}` : gpiText(entry.gpi);
  return `${hex(entry.base)} + ${hex(2 ** entry.shift)} bytes: ${what}`;
}

function isTable({ gpi }: GptEntry): boolean {
  return gpi < 0;
}

/** Entries of the granule protection table; those that are Tables by themselves, since a last-level TLBI keeps them. */
export class GptCache implements Store<GptEntry> {
  readonly #leaves = new Map<number, Map<number, GptEntry>>();
  readonly #tables = new Map<number, Map<number, GptEntry>>();

  /** The smallest region with a GPI that holds the address, if any. */
  leaf(pa: number): GptEntry | undefined {
    return nearest(this.#leaves, pa);
  }

  /** The level-0 Table entry that leads to the address, if any. */
  table(pa: number): GptEntry | undefined {
    return nearest(this.#tables, pa);
  }

  get size(): number {
    return [...this.entries()].length;
  }

  /** Every entry, Tables first. */
  *entries(): Iterable<GptEntry> {
    for (const sizes of [this.#tables, this.#leaves])
      for (const regions of sizes.values()) yield* regions.values();
  }

  /** Another cache that holds the same. */
  copy(): GptCache {
    const other = new GptCache();
    for (const entry of this.entries()) other.insert(entry);
    return other;
  }

  insert(entry: GptEntry): void {
    const by = isTable(entry) ? this.#tables : this.#leaves;
    let regions = by.get(entry.shift);
    if (!regions) {
      regions = new Map();
      by.set(entry.shift, regions);
    }
    regions.set(entry.base, entry);
  }

  remove(entry: GptEntry): void {
    const by = isTable(entry) ? this.#tables : this.#leaves;
    const regions = by.get(entry.shift);
    if (regions?.get(entry.base) !== entry) return;
    regions.delete(entry.base);
    if (regions.size === 0) by.delete(entry.shift);
  }
}

function nearest(
  sizes: ReadonlyMap<number, ReadonlyMap<number, GptEntry>>,
  pa: number,
): GptEntry | undefined {
  let found: GptEntry | undefined;
  for (const [shift, regions] of sizes) {
    if (found && found.shift < shift) continue;
    found = regions.get(pa - (pa % 2 ** shift)) ?? found;
  }
  return found;
}
