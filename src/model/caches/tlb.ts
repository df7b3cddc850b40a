/**
 * The TLB under the `combined` policy: one entry from input address to output address.
 *
 * The tags are the architecture's: StreamWorld, VMID, ASID (unless global), ASET and address (IHI 0070 3.3.3), never
 * the StreamID. Entries with equal tags but the address live in one {@link TlbSpace}; a context keeps its spaces, so
 * a lookup costs one map access for each page size in use.
 */

import { hex, hex64, hiOf, loOf } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { STREAM_WORLDS, type StreamWorld } from '../../spec/stream-worlds.ts';
import { PageMap, pageOf } from './page-map.ts';

export interface TlbTag {
  readonly world: World;
  /** The translation regimes that keep their entries apart (IHI 0070 3.3.4). */
  readonly streamWorld: StreamWorld;
  /** -1 where the regime has no VMID. */
  readonly vmid: number;
  /** {@link NO_ASID} where the regime has none. */
  readonly asid: number;
  /** CD.ASET: whether broadcast invalidations leave the entries alone. */
  readonly aset: number;
  /** What the addresses of the entries are: 1 VA, 2 IPA. */
  readonly stage: 1 | 2;
  /** Of stage 2 of Secure streams: whether the IPAs are Secure or Non-secure (3.10.2.2). */
  readonly ipaSpace?: World;
}

/** The ASID of tags in regimes without one, and of stage 2. */
export const NO_ASID = -1;
/** The ASID of a space of global entries that serves every ASID (policy `maximal`). */
export const ANY_ASID = -2;

/** What stage 2 added to an entry that goes from VA to PA at once. */
export interface NestedPart {
  /** IPA of the entry's first byte, as int32 halves. */
  readonly ipaHi: number;
  readonly ipaLo: number;
  /** What stage 2 permits: bits of PERM. */
  readonly permissions: number;
  readonly level: number;
  readonly granuleBits: number;
  /** Where the stage-2 leaf lay (PA), and what it held; all as int32. */
  readonly descriptorAtHi: number;
  readonly descriptorAtLo: number;
  readonly descriptorHi: number;
  readonly descriptorLo: number;
}

/** One translation. Address fields are split into halves; sizes are powers of two. */
export interface TlbEntry {
  readonly space: TlbSpace;
  /** nG=0: an invalidation by address and ASID removes it whatever its ASID. */
  readonly global: boolean;
  /** Input page: VA[51:shift] below bit 52 of the address, with bit 55 above it; see {@link tlbPage}. */
  readonly pageHi: number;
  readonly pageLo: number;
  /** log2 of the bytes that the entry translates. */
  readonly shift: number;
  /** Output address of the first byte, as int32 halves: see {@link paOf}. */
  readonly paHi: number;
  readonly paLo: number;
  /** Where the output, the leaf and what stage 2 added lie: see `entry-spaces.ts`. */
  readonly spaces: number;
  readonly level: number;
  /** log2 of the translation granule in bytes. */
  readonly granuleBits: number;
  /** Effective permissions, hierarchical ones included: bits of PERM. */
  readonly permissions: number;
  /** Memory attributes, packed as in `translate/attributes.ts`; of a table descriptor its hierarchical bits. */
  readonly attributes: number;
  /** log2 of the bytes that the leaf of the entry's own stage translates: more than `shift` where stage 2 has smaller pages. */
  readonly leafShift: number;
  readonly nested: NestedPart | null;
  /** Where the leaf descriptor lay (PA), and what it held; all as int32. */
  readonly descriptorAtHi: number;
  readonly descriptorAtLo: number;
  readonly descriptorHi: number;
  readonly descriptorLo: number;
  /** An invalidation has named it, but no CMD_SYNC has completed yet (policy `maximal`): it may still be hit. */
  leaving: boolean;
}

/** Output address of an entry's first byte: PA in bytes, or IPA where stage 2 follows. */
export function paOf({ paHi, paLo }: Pick<TlbEntry, 'paHi' | 'paLo'>): number {
  return paHi * 2 ** 32 + (paLo >>> 0);
}

/** Where an entry's leaf descriptor lay: PA in bytes. */
export function descriptorPaOf(entry: Pick<TlbEntry, 'descriptorAtHi' | 'descriptorAtLo'>): number {
  return entry.descriptorAtHi * 2 ** 32 + (entry.descriptorAtLo >>> 0);
}

/** Each regime as one bit, so that a command's regimes are a mask. */
export const REGIME_BIT: Readonly<Record<StreamWorld, number>> = Object.fromEntries(
  Object.keys(STREAM_WORLDS).map((name, i) => [name, 1 << i]),
) as Record<StreamWorld, number>;

/** All entries that agree in every tag but the address. */
export class TlbSpace {
  readonly tag: TlbTag;
  readonly regime: number;
  /** Page sizes in use, as log2 of bytes, ascending. */
  readonly shifts: number[] = [];
  readonly byShift: (PageMap<TlbEntry> | undefined)[] = [];
  size = 0;
  /** Entries that are smaller than their leaf: an invalidation must find them by the leaf's range. */
  split = 0;
  /** The spaces of equal tags in the TLBs that keep walks and single stages (policy `maximal`); found at first use. */
  walks: TlbSpace | null = null;
  partial: TlbSpace | null = null;

  constructor(tag: TlbTag) {
    this.tag = tag;
    this.regime = REGIME_BIT[tag.streamWorld];
  }
}

/**
 * The address that pages are counted in: 52 bits of VA and, above them, the half that VA[55] chose.
 * @param shift log2 of the page's bytes, 12 or more; shifted, since a power costs as much as all the rest
 */
export function tlbPage(vaHi: number, vaLo: number, shift: number): number {
  const upper = ((vaHi >>> 23) & 1) * 0x100000 + (vaHi & 0xfffff);
  return shift < 32 ? upper * (1 << (32 - shift)) + (vaLo >>> shift) : upper >>> (shift - 32);
}

/** Bits [63:32] and [31:0] of what {@link tlbPage} gives, as int32. */
export function tlbPageHi(vaHi: number, shift: number): number {
  return shift < 32 ? upperOf(vaHi) >>> shift : 0;
}
export function tlbPageLo(vaHi: number, vaLo: number, shift: number): number {
  const upper = upperOf(vaHi);
  return shift < 32 ? (vaLo >>> shift) | (upper << (32 - shift)) : upper >>> (shift - 32);
}

/** VA[51:32] with VA[55] above it. */
function upperOf(vaHi: number): number {
  return ((vaHi >>> 3) & 0x100000) | (vaHi & 0xfffff);
}

/** Address bits that pages count within one half. */
const HALF_BITS = 52;

/** The first input address of an entry, for people; in the upper half with all bits above bit 51 set. */
export function inputAddressText(entry: Pick<TlbEntry, 'pageHi' | 'pageLo' | 'shift'>): string {
  const { shift } = entry;
  const page = pageOf(entry);
  const pages = 2 ** (HALF_BITS - shift);
  const within = (page % pages) * 2 ** shift;
  return page < pages ? hex(within) : hex64(0xfff0_0000 + hiOf(within), loOf(within));
}

/** What an entry is tagged with beside its address, for people: `ASID=2, global`. */
export function tagText({ space: { tag }, global }: Pick<TlbEntry, 'space' | 'global'>): string {
  const parts: string[] = [];
  if (tag.stage === 2) parts.push(tag.ipaSpace === undefined ? 'IPA' : `IPA (${tag.ipaSpace})`);
  else if (tag.asid !== ANY_ASID) parts.push(tag.asid === NO_ASID ? 'no ASID' : `ASID=${tag.asid}`);
  if (global && tag.stage === 1) parts.push('global');
  if (tag.vmid >= 0) parts.push(`VMID=${tag.vmid}`);
  return parts.join(', ');
}

export class Tlb {
  readonly #byTag = new Map<string, TlbSpace>();
  /** The same spaces, to go through them without an iterator. */
  readonly #spaces: TlbSpace[] = [];
  #size = 0;

  /** The space of these tags; made on first use and kept, so that contexts can hold on to it. */
  space(tag: TlbTag): TlbSpace {
    const key = `${tag.world}/${tag.streamWorld}/${tag.vmid}/${tag.asid}/${tag.aset}/${tag.stage}/${tag.ipaSpace ?? ''}`;
    let space = this.#byTag.get(key);
    if (!space) {
      space = new TlbSpace(tag);
      this.#byTag.set(key, space);
      this.#spaces.push(space);
    }
    return space;
  }

  /** The entry of a space that translates the address, or null; of several the smallest. */
  find(space: TlbSpace, vaHi: number, vaLo: number): TlbEntry | null {
    const { shifts } = space;
    const upper = upperOf(vaHi);
    for (let i = 0; i < shifts.length; i++) {
      const shift = shifts[i] as number;
      const pages = space.byShift[shift] as PageMap<TlbEntry>;
      // The same page as `tlbPage` has, in halves.
      const entry =
        shift < 32
          ? pages.at(upper >>> shift, (vaLo >>> shift) | (upper << (32 - shift)))
          : pages.at(0, upper >>> (shift - 32));
      if (entry !== undefined) return entry;
    }
    return null;
  }

  /** Every entry of a space that translates the address: more than one where a block overlaps pages of before. */
  findAll(space: TlbSpace, vaHi: number, vaLo: number): TlbEntry[] {
    return space.shifts.flatMap((shift) => space.byShift[shift]?.get(tlbPage(vaHi, vaLo, shift)) ?? []);
  }

  insert(entry: TlbEntry): void {
    const { space } = entry;
    let pages = space.byShift[entry.shift];
    if (!pages) {
      pages = new PageMap<TlbEntry>();
      space.byShift[entry.shift] = pages;
      space.shifts.push(entry.shift);
      space.shifts.sort((a, b) => a - b);
    }
    const before = pages.set(entry);
    if (before === null) {
      space.size++;
      this.#size++;
    } else if (before.leafShift > before.shift) space.split--;
    if (entry.leafShift > entry.shift) space.split++;
  }

  /** Removes just this entry: one for the same page that came later stays. */
  remove(entry: TlbEntry): void {
    const pages = entry.space.byShift[entry.shift];
    if (pages?.at(entry.pageHi, entry.pageLo) !== entry) return;
    pages.delete(entry);
    entry.space.size--;
    this.#size--;
    if (entry.leafShift > entry.shift) entry.space.split--;
  }

  /** The entry that an insertion would displace. */
  displaced(entry: TlbEntry): TlbEntry | undefined {
    return entry.space.byShift[entry.shift]?.at(entry.pageHi, entry.pageLo);
  }

  spaces(): readonly TlbSpace[] {
    return this.#spaces;
  }

  entries(): TlbEntry[] {
    const all: TlbEntry[] = [];
    for (const space of this.#spaces) collect(space, all);
    return all;
  }

  clear(): void {
    if (this.#size === 0) return;
    this.#size = 0;
    for (const space of this.#spaces) {
      if (space.size === 0) continue;
      for (const shift of space.shifts) space.byShift[shift]?.clear();
      space.size = 0;
      space.split = 0;
    }
  }

  /** How many entries there are. */
  get size(): number {
    return this.#size;
  }
}

/** Appends every entry of a space. */
export function collect(space: TlbSpace, into: TlbEntry[]): void {
  if (space.size === 0) return;
  for (const shift of space.shifts) {
    const pages = space.byShift[shift];
    if (pages) for (const entry of pages.values()) into.push(entry);
  }
}
