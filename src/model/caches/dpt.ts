/** The TLB of the Device Permission Table: IHI 0070 3.24.2. */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { DPT_ACCESS } from '../../spec/dpt.ts';
import type { Store } from '../store.ts';

/** A region of physical memory and who may access it. */
export interface DptEntry {
  /** Security state of the table. */
  readonly world: World;
  /** The region: PA[51:shift], and log2 of its bytes. */
  readonly page: number;
  readonly shift: number;
  /** Access control, as the table encodes it. */
  readonly access: number;
  readonly write: boolean;
  /** VMID that the region belongs to; says nothing where the access control lets anyone in. */
  readonly vmid: number;
  /** What it was made from: only what a walk of the table found may deny an access (3.24.2.1). */
  readonly source: 'walk' | 'completion';
}

/**
 * The region of an address: PA[51:shift].
 * @param shift log2 of the region's bytes, 12 or more
 */
export function dptPage(pa: number, shift: number): number {
  const hi = (pa / 2 ** 32) | 0;
  return shift < 32 ? hi * (1 << (32 - shift)) + ((pa >>> 0) >>> shift) : hi >>> (shift - 32);
}

/** `0x40000000 + 0x1000 bytes: read, VMID 5`, for people. */
export function dptEntryText(entry: DptEntry): string {
  const bytes = 2 ** entry.shift;
  const who = entry.access === DPT_ACCESS.ANYONE ? 'any VMID' : `VMID ${entry.vmid}, AC=${entry.access}`;
  return `${hex(entry.page * bytes)} + ${hex(bytes)} bytes: ${entry.write ? 'read and write' : 'read'}, ${who}`;
}

export class DptTlb implements Store<DptEntry> {
  readonly #byWorld = new Map<World, Map<number, Map<number, DptEntry>>>();

  /** The smallest region that holds the address, if any. */
  find(world: World, pa: number): DptEntry | undefined {
    const shifts = this.#byWorld.get(world);
    if (!shifts) return undefined;
    let found: DptEntry | undefined;
    for (const [shift, pages] of shifts) {
      if (found && found.shift < shift) continue;
      found = pages.get(dptPage(pa, shift)) ?? found;
    }
    return found;
  }

  insert(entry: DptEntry): void {
    let shifts = this.#byWorld.get(entry.world);
    if (!shifts) {
      shifts = new Map();
      this.#byWorld.set(entry.world, shifts);
    }
    let pages = shifts.get(entry.shift);
    if (!pages) {
      pages = new Map();
      shifts.set(entry.shift, pages);
    }
    pages.set(entry.page, entry);
  }

  /** Removes just this entry: one for the same region that came later stays. */
  remove(entry: DptEntry): void {
    const pages = this.#byWorld.get(entry.world)?.get(entry.shift);
    if (pages?.get(entry.page) === entry) pages.delete(entry.page);
  }

  /** The entry that an insertion would displace. */
  displaced(entry: DptEntry): DptEntry | undefined {
    return this.#byWorld.get(entry.world)?.get(entry.shift)?.get(entry.page);
  }

  /** The entries of a world. */
  entries(world: World): DptEntry[] {
    const all: DptEntry[] = [];
    for (const pages of this.#byWorld.get(world)?.values() ?? []) all.push(...pages.values());
    return all;
  }

  /** The entries of a world whose region shares a byte with `first` .. `last` (PAs in bytes, inclusive). */
  overlapping(world: World, first: number, last: number): DptEntry[] {
    return this.entries(world).filter(({ page, shift }) => {
      const base = page * 2 ** shift;
      return base <= last && base + 2 ** shift - 1 >= first;
    });
  }
}
