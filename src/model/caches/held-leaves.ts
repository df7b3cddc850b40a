/** What the entries of the TLB were made from, for whoever reads it again. */

import type { World } from '../../bits/world.ts';
import { descriptorSpace, stage2DescriptorSpace } from './entry-spaces.ts';
import { descriptorPaOf, type TlbEntry } from './tlb.ts';

/** A descriptor as it was read: where it lay (PA in bytes, and its space), and its halves as uint32. */
export interface HeldLeaf {
  readonly space: World;
  readonly pa: number;
  readonly hi: number;
  readonly lo: number;
}

type Held = Pick<TlbEntry, 'descriptorAtHi' | 'descriptorAtLo' | 'descriptorHi' | 'descriptorLo'>;

/** The descriptors of an entry: its own stage's, and the leaf of stage 2 where it goes through both. */
export function leavesOf(entry: TlbEntry): readonly HeldLeaf[] {
  const { nested, spaces } = entry;
  const own = leafOf(entry, descriptorSpace(spaces));
  return nested === null ? [own] : [own, leafOf(nested, stage2DescriptorSpace(spaces))];
}

function leafOf(held: Held, space: World): HeldLeaf {
  const { descriptorHi, descriptorLo } = held;
  return { space, pa: descriptorPaOf(held), hi: descriptorHi >>> 0, lo: descriptorLo >>> 0 };
}
