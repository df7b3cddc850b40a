/** In which physical address space tables lie and where they lead: IHI 0070 3.10.2, 3.10.3. */

import { maskOf } from '../bits/layout.ts';
import type { World } from '../bits/world.ts';
import { SparseMemory } from '../model/memory.ts';
import type { TableSpaces } from '../model/translate/configuration.ts';
import { leafSpace, spaceAt } from '../model/translate/spaces.ts';
import { S1_LEAF, S2_LEAF, TABLE } from '../spec/descriptors.ts';

/** The memory of each address space, as an SMMU has it. */
export interface Memories {
  memory(space: World): SparseMemory;
}

/** Memories of which there is one, whatever the space is. */
export function memoriesOf(of: SparseMemory | Memories): Memories {
  return of instanceof SparseMemory ? { memory: () => of } : of;
}

/** What says in which space tables lie and lead. */
interface InSpace {
  readonly stage: 1 | 2;
  readonly spaces: TableSpaces | null;
}

const NS_TABLE = maskOf(TABLE.fields.NSTable);
const NS1 = maskOf(S1_LEAF.fields.NS);
const NS2 = maskOf(S2_LEAF.fields.NS);

/**
 * The space of the table that a table descriptor names.
 * @param space of the descriptor itself
 */
export function nextSpace({ spaces }: InSpace, space: World, hi: number): World {
  return spaces?.nsTable && (hi & NS_TABLE) !== 0 ? 'ns' : space;
}

/**
 * The space of a leaf's output.
 * @param space of the descriptor itself
 */
export function outputSpace({ stage, spaces }: InSpace, space: World, hi: number, lo: number): World {
  if (spaces === null) return 'ns';
  return spaceAt(leafSpace(spaces, space, stage === 1 ? (lo & NS1) !== 0 : (hi & NS2) !== 0));
}
