/**
 * The spaces of a translation as one small integer: 2 bits for each, an index of WORLDS. Nearly all are 0, Non-secure
 * throughout, and as fields of their own they would make every entry larger.
 *
 * Bits [1:0] output, [3:2] leaf, [5:4] IPA, [7:6] leaf of stage 2; the last two of entries from VA to PA through both.
 */

import { WORLDS, type World } from '../../bits/world.ts';

/**
 * The spaces of one stage, or of one table descriptor.
 * @param output of the output address or of the next table, as an index of WORLDS
 * @param descriptor where the descriptor lay, as an index of WORLDS
 */
export function packSpaces(output: number, descriptor: number): number {
  return output | (descriptor << 2);
}

/** The spaces of an entry from VA to PA, from those of stage 1 and of the stage 2 that followed. */
export function throughBoth(stage1: number, stage2: number): number {
  return (stage2 & 3) | (stage1 & 12) | ((stage1 & 3) << 4) | ((stage2 & 12) << 4);
}

/** The space of the output: PA, or IPA where stage 2 follows. */
export function outputSpace(spaces: number): World {
  return WORLDS[spaces & 3] as World;
}

/** The space that the descriptor lay in. */
export function descriptorSpace(spaces: number): World {
  return WORLDS[(spaces >>> 2) & 3] as World;
}

/** The space of the IPA between both stages. */
export function ipaSpace(spaces: number): World {
  return WORLDS[(spaces >>> 4) & 3] as World;
}

/** The space that the leaf of stage 2 lay in, of an entry through both stages. */
export function stage2DescriptorSpace(spaces: number): World {
  return WORLDS[(spaces >>> 6) & 3] as World;
}
