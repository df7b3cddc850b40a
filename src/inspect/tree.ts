/** The Streams view: stream table, STEs, CDs, translation tables, pages. Holds no state: ids are paths. */

import { hex } from '../bits/u64.ts';
import { isWorld, type World } from '../bits/world.ts';
import { presentWorlds } from '../model/present-worlds.ts';
import type { Smmu } from '../model/smmu.ts';
import { placeOfCd } from './stage2.ts';
import { countText, escapeMarkdown, worldName } from './text.ts';
import { gptChildren, gptRoot } from './tree/gpt.ts';
import type { TreeNode } from './tree/node.ts';
import { type Streams, streamChildren } from './tree/streams.ts';

export type { TreeKind, TreeNode } from './tree/node.ts';

/** Longest id that is looked at: no tree is that deep. */
const ID_LIMIT = 1024;

/**
 * The children of a node, computed from its id alone and from what memory and registers hold now.
 * @param id as {@link TreeNode.id}, or null for the roots
 * @returns an empty list for an id that no longer leads anywhere
 */
export function treeChildren(smmu: Smmu, id: string | null): TreeNode[] {
  if (id === null) return treeRoots(smmu, presentWorlds(smmu.bank.ids()));
  const [world, ...path] = id.slice(0, ID_LIMIT).split('/');
  if (world === undefined || !isWorld(world)) return [];
  if (world === 'root') return gptChildren(smmu, id, path);
  // Ranges stand in ids only at the end, so what is below an STE has the same id however it was reached.
  return streamChildren(streamsOf(smmu, world), world, path);
}

/** One root for each of some worlds. */
export function treeRoots(smmu: Smmu, worlds: readonly World[]): TreeNode[] {
  return worlds.map((world) => (world === 'root' ? gptRoot(smmu) : rootNode(smmu, world)));
}

function streamsOf(smmu: Smmu, world: World): Streams {
  return {
    memory: smmu.memory(world),
    memories: smmu,
    world,
    state: smmu.state(world),
    placeOf: (stream, address) => {
      const pa = placeOfCd(smmu, stream, address);
      return typeof pa === 'number' ? pa : null;
    },
  };
}

function rootNode(smmu: Smmu, world: World): TreeNode {
  const state = smmu.state(world);
  const t = state.streamTable;
  const shape = t.twoLevel ? `two levels (SPLIT ${t.split})` : 'linear';
  const size = `${countText(2 ** t.log2size)} StreamIDs`;
  const off = state.smmuEnabled ? '' : ', SMMUEN=0';
  const limited =
    t.log2size === t.programmedLog2size
      ? ''
      : ` STRTAB_BASE_CFG.LOG2SIZE=${t.programmedLog2size} is limited to ${t.log2size} by IDR1.SIDSIZE.`;
  return {
    id: world,
    label: `Stream table (${worldName(world)})`,
    description: `${shape}, ${size}, at ${hex(t.base)}${off}`,
    tooltip: escapeMarkdown(`Stream table at ${hex(t.base)}, ${shape}, for ${size}.${limited} IHI 0070 3.3.`),
    icon: state.smmuEnabled ? 'table' : 'warning',
    kind: 'stream-table',
    collapsible: 'expanded',
    address: { space: world, pa: hex(t.base), bytes: t.bytes },
  };
}
