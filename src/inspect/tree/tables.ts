/** Translation tables in the tree: tables down to pages, equal neighbours joined. */

import { sizeText } from '../../bits/size-text.ts';
import { hex, hex64, hiOf, loOf, toNumber } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { DATA, type ReadStatus } from '../../model/memory.ts';
import {
  addressHi,
  addressLo,
  descriptorKind,
  INVALID,
  LEAF_DESCRIPTOR,
  levelShift,
  swap32,
} from '../../model/translate/descriptor.ts';
import { HIERARCHICAL_BITS } from '../../model/translate/permission.ts';
import { S1_LEAF, S2_LEAF, TABLE } from '../../spec/descriptors.ts';
import { structureHover } from '../hover.ts';
import { inputAddress, leafPermissions, startEntries, type TableStart, userBits } from '../maps.ts';
import { type Memories, nextSpace, outputSpace } from '../spaces.ts';
import { permText } from '../text.ts';
import { parseSegment, statusText, type TreeNode, unreadable } from './node.ts';
import { listing, type Run } from './runs.ts';

const { AF, AttrIndx } = S1_LEAF.fields;
const { MemAttr } = S2_LEAF.fields;

/** One table on the way down. */
interface Table {
  readonly pa: number;
  readonly space: World;
  readonly level: number;
  readonly entries: number;
  /** Input address of entry 0, in bytes from the start of the range. */
  readonly offset: number;
  readonly deny: number;
}

interface Entry {
  readonly kind: 'table' | 'leaf' | 'invalid' | 'unreadable';
  readonly status: ReadStatus;
  readonly lo: number;
  readonly hi: number;
  /** PA that the entry points to. */
  readonly target: number;
}

/** What the nodes carry of the stream they belong to. */
export interface Owner {
  readonly sid: number;
  readonly ssid?: number;
}

/** The children of a set of tables (empty path) or of something below. */
export function tableChildren(
  memory: Memories,
  start: TableStart,
  id: string,
  path: readonly string[],
  owner: Owner,
): TreeNode[] {
  const way: Table[] = [
    {
      pa: start.base,
      space: start.space,
      level: start.level,
      entries: startEntries(start),
      offset: 0,
      deny: 0,
    },
  ];
  let range: { first: number; last: number } | null = null;
  for (const text of path) {
    const segment = parseSegment(text);
    const table = way[way.length - 1] as Table;
    if (!segment || segment.first > segment.last || segment.last >= table.entries) return [];
    if (segment.word === 'r') {
      range = { first: segment.first, last: segment.last };
      continue;
    }
    const entry = readEntry(memory, start, table, segment.first);
    if (segment.word !== '' || entry.kind !== 'table') return [];
    if (way.some((t) => t.pa === entry.target)) return [];
    way.push(below(start, table, segment.first, entry));
    range = null;
  }
  return entries(memory, start, way, range, tableId(id, path), owner);
}

/** Ranges are no part of an entry's id: the entry keeps it when the grouping changes. */
function tableId(id: string, path: readonly string[]): string {
  return [id, ...path.filter((text) => !text.startsWith('r.'))].join('/');
}

function below(start: TableStart, table: Table, index: number, entry: Entry): Table {
  return {
    pa: entry.target,
    space: nextSpace(start, table.space, entry.hi),
    level: table.level + 1,
    entries: 2 ** (start.granuleBits - 3),
    offset: table.offset + index * 2 ** levelShift(table.level, start.granuleBits),
    deny: start.stage === 2 || start.had ? 0 : table.deny | (entry.hi & HIERARCHICAL_BITS),
  };
}

function readEntry(memories: Memories, start: TableStart, table: Table, index: number): Entry {
  const memory = memories.memory(table.space);
  const pa = table.pa + index * 8;
  const status = memory.load64(hiOf(pa), loOf(pa));
  if (status !== DATA) return { kind: 'unreadable', status, lo: 0, hi: 0, target: 0 };
  const lo = start.bigEndian ? swap32(memory.hi) : memory.lo;
  const hi = start.bigEndian ? swap32(memory.lo) : memory.hi;
  const g = start.granuleBits;
  const kind = descriptorKind(lo, table.level, g, start.wide);
  if (kind === INVALID) return { kind: 'invalid', status, lo, hi, target: 0 };
  const high = addressHi(hi, lo, g, start.wide);
  const target = toNumber(high, addressLo(lo, g));
  if (kind !== LEAF_DESCRIPTOR) return { kind: 'table', status, lo, hi, target };
  const size = 2 ** levelShift(table.level, g);
  return { kind: 'leaf', status, lo, hi, target: Math.floor(target / size) * size };
}

function entries(
  memory: Memories,
  start: TableStart,
  way: readonly Table[],
  range: { first: number; last: number } | null,
  id: string,
  owner: Owner,
): TreeNode[] {
  const table = way[way.length - 1] as Table;
  const size = 2 ** levelShift(table.level, start.granuleBits);
  const keyOf = (index: number): string | null => {
    const entry = readEntry(memory, start, table, index);
    if (entry.kind === 'invalid') return 'invalid';
    if (entry.kind === 'unreadable') return `status ${entry.status}`;
    if (entry.kind === 'table') return null;
    // Neighbours that continue each other, with the same attributes.
    return `leaf ${entry.target - index * size} ${entry.lo & 0xfff} ${entry.hi >>> 18}`;
  };
  const first = range?.first ?? 0;
  const last = range?.last ?? table.entries - 1;
  const list = listing(first, last, keyOf, range === null);
  if (list.kind === 'groups') return list.groups.map((run) => groupNode(start, table, run, id, owner));
  return list.runs.map((run) => runNode(memory, start, way, run, id, owner));
}

function spanText(start: TableStart, table: Table, run: Run): { first: string; label: string } {
  const size = 2 ** levelShift(table.level, start.granuleBits);
  const first = inputAddress(start, table.offset + run.first * size);
  const last = inputAddress(start, table.offset + (run.last + 1) * size - 1);
  return { first, label: `${first}–${last}` };
}

function groupNode(start: TableStart, table: Table, run: Run, id: string, owner: Owner): TreeNode {
  const { first, label } = spanText(start, table, run);
  return {
    id: `${id}/r.${run.first}-${run.last}`,
    label,
    description: `entries ${run.first}–${run.last} of the level ${table.level} table`,
    tooltip: '',
    icon: 'list-tree',
    kind: 'range',
    collapsible: 'collapsed',
    address: { space: table.space, pa: hex(table.pa + run.first * 8), bytes: (run.last - run.first + 1) * 8 },
    ...owner,
    iova: first,
  };
}

function runNode(
  memory: Memories,
  start: TableStart,
  way: readonly Table[],
  run: Run,
  id: string,
  owner: Owner,
): TreeNode {
  const table = way[way.length - 1] as Table;
  const count = run.last - run.first + 1;
  const entry = readEntry(memory, start, table, run.first);
  const { first, label } = spanText(start, table, run);
  const nodeId = count === 1 ? `${id}/${run.first}` : `${id}/r.${run.first}-${run.last}`;
  const at = table.pa + run.first * 8;
  const address = { space: table.space, pa: hex(at), bytes: count * 8 } as const;
  if (entry.kind === 'unreadable') return unreadable(nodeId, label, entry.status, table.space, at, count * 8);
  if (entry.kind === 'invalid') {
    const description = count === 1 ? 'not mapped' : `not mapped (${count} entries)`;
    const raw =
      entry.lo === 0 && entry.hi === 0 ? '' : ` The first entry holds ${hex64(entry.hi, entry.lo)}.`;
    return {
      id: nodeId,
      label,
      description,
      tooltip: `Invalid descriptors: a translation here faults with F\\_TRANSLATION.${raw}`,
      icon: 'circle-outline',
      kind: 'unmapped',
      collapsible: 'none',
      address,
      ...owner,
      iova: first,
    };
  }
  const words = Uint32Array.of(entry.lo, entry.hi);
  if (entry.kind === 'table')
    return tableNode(memory, start, way, entry, words, nodeId, label, address, owner, first);
  return leafNode(start, table, run, entry, words, nodeId, label, address, owner, first);
}

function tableNode(
  memory: Memories,
  start: TableStart,
  way: readonly Table[],
  entry: Entry,
  words: Uint32Array,
  id: string,
  label: string,
  address: NonNullable<TreeNode['address']>,
  owner: Owner,
  iova: string,
): TreeNode {
  const table = way[way.length - 1] as Table;
  const to = `level ${table.level + 1} table at ${hex(entry.target)}`;
  const tooltip = structureHover(TABLE, words, 0, `Level ${table.level} descriptor: ${to}`, {
    world: start.space,
    granuleBits: start.granuleBits,
  });
  const base = { id, label, tooltip, kind: 'table', address, ...owner, iova } as const;
  if (way.some((t) => t.pa === entry.target)) {
    const description = `${to} points back to itself: not followed`;
    return { ...base, description, icon: 'warning', collapsible: 'none' };
  }
  const status = memory.memory(nextSpace(start, table.space, entry.hi)).status(entry.target);
  if (status !== DATA) {
    return { ...base, description: `${to} is ${statusText(status)}`, icon: 'question', collapsible: 'none' };
  }
  return { ...base, description: to, icon: 'symbol-array', collapsible: 'collapsed' };
}

function leafNode(
  start: TableStart,
  table: Table,
  run: Run,
  entry: Entry,
  words: Uint32Array,
  id: string,
  label: string,
  address: NonNullable<TreeNode['address']>,
  owner: Owner,
  iova: string,
): TreeNode {
  const count = run.last - run.first + 1;
  const size = 2 ** levelShift(table.level, start.granuleBits);
  const perm = permText(userBits(start, leafPermissions(start, entry.hi, entry.lo, table.deny)));
  const attr = start.stage === 2 ? `MemAttr ${MemAttr.get(words, 0)}` : `attr ${AttrIndx.get(words, 0)}`;
  const what = table.level === 3 ? 'page' : 'block';
  const many = count === 1 ? sizeText(size) : `${count} ${what}s, ${sizeText(size * count)}`;
  const flag = AF.get(words, 0) ? '' : ', AF=0';
  const output = outputSpace(start, table.space, entry.hi, entry.lo);
  const layout = start.stage === 2 ? S2_LEAF : S1_LEAF;
  const title = `Level ${table.level} ${what}: ${iova} to ${hex(entry.target)}`;
  return {
    id,
    label,
    description: `→ ${hex(entry.target)}${start.spaces === null ? '' : ` (${output})`} ${perm} ${many}, ${attr}${flag}`,
    tooltip: structureHover(layout, words, 0, title, { world: start.space, granuleBits: start.granuleBits }),
    icon: table.level === 3 ? 'file' : 'file-binary',
    kind: 'page',
    collapsible: count === 1 ? 'none' : 'collapsed',
    address,
    ...owner,
    iova,
  };
}
