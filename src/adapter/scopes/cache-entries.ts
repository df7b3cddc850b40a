/** What caches keep, one entry a variable. */

import { sizeText } from '../../bits/size-text.ts';
import { hex } from '../../bits/u64.ts';
import { entryText } from '../../control/updates/finding-words.ts';
import { busDeviceFunction } from '../../inspect/stream-id.ts';
import { worldName } from '../../inspect/text.ts';
import { atcText } from '../../model/ats/atc.ts';
import type { AtcEntry } from '../../model/ats/completion.ts';
import { type ConfigEntry, contextsOf } from '../../model/caches/config.ts';
import { type DptEntry, dptEntryText } from '../../model/caches/dpt.ts';
import { outputSpace } from '../../model/caches/entry-spaces.ts';
import { type GptEntry, gptEntryText } from '../../model/caches/gpt.ts';
import type { LeavingItem } from '../../model/caches/leaving.ts';
import type { PartidMap } from '../../model/caches/partid-maps.ts';
import type { StructureEntry } from '../../model/caches/structures.ts';
import { descriptorPaOf, inputAddressText, paOf, type TlbEntry, tagText } from '../../model/caches/tlb.ts';
import { DATA } from '../../model/memory.ts';
import { attributesText } from '../../model/translate/attribute-text.ts';
import { permissionText } from '../../model/translate/permission.ts';
import { STREAM_WORLDS } from '../../spec/stream-worlds.ts';
import { type Node, named } from '../variable-node.ts';
import { structureScope } from './structure.ts';

/** What an entry says once an invalidation has named it (3.21.1). */
function leavingText(entry: { readonly leaving: boolean }): string {
  return entry.leaving ? ', on its way out' : '';
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

/** What an entry permits, and with which memory attributes. */
function rightsText({ space, permissions, attributes }: TlbEntry): string {
  const { twoPrivileges } = STREAM_WORLDS[space.tag.streamWorld];
  return `${permissionText(permissions, twoPrivileges)}; ${attributesText(attributes)}`;
}

/** Tags of an entry, and where its leaf descriptor lay. */
function tlbType(entry: TlbEntry): string {
  const { tag } = entry.space;
  const place = `level ${entry.level}, from the descriptor at PA ${hex(descriptorPaOf(entry))}`;
  return `${tag.streamWorld} ${tag.world}, ${tagText(entry)}, ${place}`;
}

/** An entry of the TLB: from VA or IPA to PA. */
export function tlbNode(entry: TlbEntry): Node {
  const paSpace = outputSpace(entry.spaces);
  const { world } = entry.space.tag;
  // Only Non-secure entries reach nothing but Non-secure memory.
  const spaces = world === 'ns' ? '' : ` (${paSpace}), of ${worldName(world)}`;
  return {
    name: inputAddressText(entry),
    value: `${sizeText(2 ** entry.shift)} -> PA ${hex(paOf(entry))}${spaces}${leavingText(entry)}`,
    type: `${tlbType(entry)}; ${rightsText(entry)}`,
    memory: { space: paSpace, pa: paOf(entry) },
  };
}

/** What stage 1 gave by itself: an IPA has no memory of its own. */
export function partialNode(entry: TlbEntry): Node {
  return {
    name: inputAddressText(entry),
    value: `${sizeText(2 ** entry.shift)} -> IPA ${hex(paOf(entry))}${leavingText(entry)}`,
    type: `${tlbType(entry)}; ${rightsText(entry)}`,
  };
}

/** A table descriptor of either stage. The table that it names lies at an IPA where stage 2 follows. */
export function walkNode(entry: TlbEntry): Node {
  const { tag } = entry.space;
  return {
    name: inputAddressText(entry),
    value: `stage ${tag.stage} level ${entry.level}, ${sizeText(2 ** entry.shift)}, next table ${hex(paOf(entry))}${leavingText(entry)}`,
    type: tlbType(entry),
    memory: { space: tag.world, pa: descriptorPaOf(entry) },
  };
}

/** A configuration structure as it was when it was cached; it opens to its fields. */
export function structureNode(entry: StructureEntry): Node {
  const { structure, world, pa, words } = entry;
  return {
    name: entryText(entry),
    value: `from PA ${hex(pa)}${leavingText(entry)}`,
    type: `${structure} of the ${world} stream table as it was read, ${busDeviceFunction(entry.sid)}`,
    memory: { space: world, pa },
    // A copy: what lies in memory by now may be something else, and writing there would not change the copy.
    children: structureScope({ layout: structure, space: world, pa: null, words, status: DATA }),
  };
}

/** An entry of the Device Permission Table's TLB (3.24.2). */
export function dptNode(entry: DptEntry): Node {
  const pa = entry.page * 2 ** entry.shift;
  return {
    name: hex(pa),
    value: dptEntryText(entry),
    type: `${entry.world} Device Permission Table, from a ${entry.source === 'walk' ? 'walk' : 'Translation Completion'}`,
    memory: { space: entry.world, pa },
  };
}

/** What is kept of the granule protection table (3.25). */
export function gptNode(entry: GptEntry): Node {
  return {
    name: hex(entry.base),
    value: gptEntryText(entry),
    type: `level ${entry.level} entry at PA ${hex(entry.at)} (root), read for an access in ${entry.readFor} space`,
    memory: { space: 'root', pa: entry.at },
  };
}

/** A cached PARTID_MAP (5.6.2): two PARTIDs a word, the lower one in bits [15:0]. */
export function partidMapNode(map: PartidMap): Node {
  return {
    name: map.by === 'stream' ? `StreamID ${hex(map.key)}` : `VMID ${map.key}`,
    value: `PARTID_MAP of the VMS at PA ${hex(map.pa)}`,
    memory: { space: map.world, pa: map.pa },
    children: named(() =>
      Array.from(map.words, (word, i) => [word & 0xffff, word >>> 16].map((id, j) => ({ id, at: 2 * i + j })))
        .flat()
        .map(({ id, at }) => ({ name: `PARTID ${at}`, value: hex(id) })),
    ),
  };
}

/** A translation that an endpoint keeps (3.9.1). */
export function atcNode(entry: AtcEntry): Node {
  const { completion, world } = entry;
  return {
    name: `StreamID ${hex(entry.sid)}`,
    value: atcText(entry),
    type: completion.text,
    ...(completion.isIpa ? {} : { memory: { space: world, pa: completion.address } }),
  };
}

/** Something that an invalidation has named, and the queue whose CMD_SYNC completes that. */
export function leavingNode({ entry, queue }: LeavingItem): Node {
  const node = entryNode(entry);
  return { ...node, type: `gone at the completion of a CMD_SYNC on ${queue}; ${node.type ?? ''}` };
}

function entryNode(entry: LeavingItem['entry']): Node {
  if (isStructure(entry)) return structureNode(entry);
  if (isTranslation(entry)) return tlbNode(entry);
  return { name: 'entry', value: 'on its way out' };
}

function isStructure(entry: LeavingItem['entry']): entry is StructureEntry {
  return 'structure' in entry;
}

function isTranslation(entry: LeavingItem['entry']): entry is TlbEntry {
  return 'space' in entry;
}
