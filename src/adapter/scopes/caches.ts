import { sizeText } from '../../bits/size-text.ts';
import { hex } from '../../bits/u64.ts';
import { type ConfigEntry, contextsOf } from '../../model/caches/config.ts';
import { descriptorPaOf, inputAddressText, paOf, type TlbEntry, tagText } from '../../model/caches/tlb.ts';
import type { Smmu } from '../../model/smmu.ts';
import { type Children, type Node, named } from '../variable-node.ts';

/** What the SMMU's caches hold at the cursor. */
export function cachesScope(smmu: Smmu): Children {
  return named(() => [
    { name: 'policy', value: smmu.policy, type: 'which cache model runs' },
    list('configuration', smmu.config.entries().map(configNode)),
    list('TLB', smmu.tlb.entries().map(tlbNode)),
  ]);
}

function list(name: string, nodes: readonly Node[]): Node {
  const value = `${nodes.length} ${nodes.length === 1 ? 'entry' : 'entries'}`;
  if (nodes.length === 0) return { name, value };
  return {
    name,
    value,
    children: { indexed: nodes.length, page: (start, count) => nodes.slice(start, start + count) },
  };
}

/** An entry of the configuration cache: an STE and the CDs used through it. */
export function configNode(entry: ConfigEntry): Node {
  const { stream } = entry;
  const contexts = contextsOf(entry);
  const cds = contexts.map((context) => `CD ${context.index} ASID=${context.asid}`).join(', ');
  return {
    name: `StreamID ${hex(entry.sid)}`,
    value: `${stream.action}${cds === '' ? '' : `, ${cds}`}`,
    type: `configuration of StreamID ${hex(entry.sid)} (${entry.world}), from the STE at PA ${hex(stream.pa)}`,
    memory: { space: entry.world, pa: stream.pa },
  };
}

/** An entry of the TLB. */
export function tlbNode(entry: TlbEntry): Node {
  const { tag } = entry.space;
  const place = `level ${entry.level}, from the descriptor at PA ${hex(descriptorPaOf(entry))}`;
  return {
    name: inputAddressText(entry),
    value: `${sizeText(2 ** entry.shift)} -> PA ${hex(paOf(entry))}`,
    type: `${tag.streamWorld} ${tag.world}, ${tagText(entry)}, ${place}`,
    memory: { space: tag.world, pa: paOf(entry) },
  };
}
