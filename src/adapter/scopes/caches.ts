import { WORLDS } from '../../bits/world.ts';
import type { Smmu } from '../../model/smmu.ts';
import { type Children, type Node, named } from '../variable-node.ts';
import {
  atcNode,
  configNode,
  dptNode,
  gptNode,
  leavingNode,
  partialNode,
  partidMapNode,
  structureNode,
  tlbNode,
  walkNode,
} from './cache-entries.ts';
import { type Lister, list as listAll } from './list.ts';

/** What the SMMU's caches hold at the cursor, and what endpoints hold of it. */
export function cachesScope(smmu: Smmu, list: Lister = listAll): Children {
  return named(() => [
    { name: 'policy', value: smmu.policy, type: 'which cache model runs' },
    ...(smmu.policy === 'maximal' ? maximalNodes(smmu, list) : combinedNodes(smmu, list)),
    list(
      'Device Permission Table',
      WORLDS.flatMap((world) => smmu.dpt.entries(world)),
      dptNode,
    ),
    list('Granule Protection Table', [...smmu.gpt.entries()], gptNode),
    list('PARTID maps', smmu.partidMaps.entries(), partidMapNode),
    list('ATCs', smmu.traffic.atc.entries(), atcNode, 'what endpoints were granted'),
  ]);
}

function combinedNodes(smmu: Smmu, list: Lister): Node[] {
  return [
    list('configuration', smmu.config.entries(), configNode, 'one entry a stream: its STE and CDs'),
    list('TLB', smmu.tlb.entries(), tlbNode, 'from input to output address'),
  ];
}

function maximalNodes(smmu: Smmu, list: Lister): Node[] {
  return [
    list('structures', smmu.structures.entries(), structureNode, 'L1STDs, STEs, L1CDs and CDs by themselves'),
    list('TLB', smmu.tlb.entries(), tlbNode, 'from VA to PA, and from IPA to PA'),
    list('VA to IPA', smmu.partial.entries(), partialNode, 'stage 1 by itself'),
    list('table descriptors', smmu.walks.entries(), walkNode, 'of both stages'),
    list('leaving', smmu.leaving.entries(), leavingNode, 'invalidated, but no CMD_SYNC is complete'),
    versionsNode(smmu),
  ];
}

/** What hardware may have fetched before software changed it: counted, since each would be asked for by its place. */
function versionsNode({ versions }: Smmu): Node {
  const { size, invalidations, forgotten } = versions;
  const lost = forgotten === 0 ? '' : `; ${forgotten} too old to be remembered`;
  return {
    name: 'versions',
    value: `${size} overwritten doublewords, ${invalidations} invalidations${lost}`,
    type: 'what hardware may hold of what software has overwritten',
  };
}
