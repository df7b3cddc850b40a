import { hex } from '../bits/u64.ts';
import { isWorld, type World } from '../bits/world.ts';
import { DOCUMENT_EXTENSION, DOCUMENT_SCHEME, queuePath } from '../inspect/document-path.ts';
import { sectionText } from '../inspect/hover.ts';
import { layoutByName } from '../inspect/layouts.ts';
import { rawWords, rows, rowText } from '../inspect/rows.ts';
import { statusText } from '../inspect/tree/node.ts';
import { DATA } from '../model/memory.ts';
import type { Smmu } from '../model/smmu.ts';
import type { QueueDocuments } from './queue-documents.ts';

/** Queues with a document each. */
export const QUEUES = ['CMDQ', 'EVENTQ'] as const;
type QueueName = (typeof QUEUES)[number];

/** A virtual document: the queue of a world, or a structure in memory. Its URI is all there is to know about it. */
export type DocumentRef =
  | { readonly kind: 'queue'; readonly world: World; readonly queue: QueueName }
  | { readonly kind: 'structure'; readonly space: World; readonly layout: string; readonly pa: number };

const ROOT = `${DOCUMENT_SCHEME}:/`;
const STRUCTURE = /^([A-Za-z0-9_]+)@(0x[0-9a-f]{1,13})$/;

/** `smmu:/<capture>/ns/cmdq.smmuq`, `smmu:/<capture>/ns/STE@0x1000.smmuq`: the same in every session of the capture. */
export function documentUri(capture: string, document: DocumentRef): string {
  const prefix = `${ROOT}${encodeURIComponent(capture)}/`;
  return document.kind === 'queue'
    ? prefix + queuePath(document.queue, document.world)
    : `${prefix}${document.space}/${document.layout}@${hex(document.pa)}${DOCUMENT_EXTENSION}`;
}

/** What a URI stands for, or null when it is none of these. The capture's name is not looked at. */
export function parseDocumentUri(uri: string): DocumentRef | null {
  if (!uri.startsWith(ROOT) || !uri.endsWith(DOCUMENT_EXTENSION)) return null;
  const parts = uri
    .slice(ROOT.length, -DOCUMENT_EXTENSION.length)
    .split('/')
    .filter((part) => part !== '');
  const [world, name] = parts.slice(-2).map(decode);
  if (parts.length !== 3 || world === undefined || name === undefined || !isWorld(world)) return null;
  const queue = QUEUES.find((q) => q.toLowerCase() === name);
  if (queue) return { kind: 'queue', world, queue };
  const match = STRUCTURE.exec(name);
  const layout = match?.[1] ?? '';
  return match && layoutByName(layout)
    ? { kind: 'structure', space: world, layout, pa: Number(match[2]) }
    : null;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The name of a document's tab. */
export function documentName(document: DocumentRef): string {
  return document.kind === 'queue'
    ? `${document.queue} ${document.world}`
    : `${document.layout} at ${hex(document.pa)}`;
}

/** Lines of heading in the document of a structure. */
export const STRUCTURE_HEADER_LINES = 2;

/** Text of a document as the memory is now. */
export function documentText(smmu: Smmu, queues: QueueDocuments, document: DocumentRef): string {
  return document.kind === 'queue'
    ? queues.document(document.queue, document.world).text
    : structureText(smmu, document.space, document.layout, document.pa);
}

/** Two lines of heading (what and where, the raw words), then one line a field. */
function structureText(smmu: Smmu, space: World, layoutName: string, pa: number): string {
  const layout = layoutByName(layoutName);
  if (!layout) return '';
  const words = new Uint32Array(layout.words);
  const head = `# ${layout.name} at PA ${hex(pa)} (${space}), ${layout.words * 4} bytes; ${sectionText(layout.section)}`;
  const status = smmu.memory(space).load(pa, words, 0, layout.words);
  if (status !== DATA) return `${head}\n# the memory there is ${statusText(status)}\n`;
  const lines = rows(layout, words, 0, { world: space }).map(rowText);
  return `${head}\n# ${rawWords(words).join(' ')}\n${lines.join('\n')}\n`;
}

/** The line of a field in the document of a structure, from 1; the heading when there is no such field. */
export function lineOfField(
  layoutName: string,
  words: Uint32Array,
  field: string | null,
  space: World,
): number {
  const layout = layoutByName(layoutName);
  if (!layout || field === null || words.length < layout.words) return 1;
  const at = rows(layout, words, 0, { world: space }).findIndex((row) => row.name === field);
  return at < 0 ? 1 : at + 1 + STRUCTURE_HEADER_LINES;
}
