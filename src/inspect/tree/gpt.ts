/** The granule protection table in the tree: IHI 0070 3.25, DDI 0487 D9. It lies in Root memory. */

import { sizeText } from '../../bits/size-text.ts';
import { hex, hex64 } from '../../bits/u64.ts';
import { DATA, type ReadStatus, type SparseMemory } from '../../model/memory.ts';
import type { Smmu } from '../../model/smmu.ts';
import { GPI } from '../../spec/encodings.ts';
import { CONTIG_LOG2, L0GPTSZ_LOG2, PGS_LOG2, PPS_BITS } from '../../spec/gpc.ts';
import { GPT_L0_BLOCK, GPT_L0_TABLE, GPT_L1_CONTIG, GPT_L1_GRANULES } from '../../spec/gpt.ts';
import { structureHover } from '../hover.ts';
import { worldName } from '../text.ts';
import { note, parseSegment, statusText, type TreeNode, unreadable } from './node.ts';
import { listing, type Run } from './runs.ts';

const ENTRY_BYTES = 8;
/** log2 of the granules that a level-1 entry describes. */
const GRANULES_LOG2 = 4;
const PER_ENTRY = 2 ** GRANULES_LOG2;
const SPACE = 'root';
const TITLE = `Granule protection table (${worldName(SPACE)})`;

/** Where the table lies and what it covers, as registers say it (6.3.114, 6.3.115). */
interface Geometry {
  readonly base: number;
  readonly paBits: number;
  readonly granuleBits: number;
  readonly level0Bits: number;
}

/** One array of entries. */
interface Table {
  readonly level: 0 | 1;
  readonly pa: number;
  readonly entries: number;
  /** log2 of the bytes that an entry covers, and the first address that the table covers. */
  readonly shift: number;
  readonly first: number;
}

/** What an entry says. */
interface Entry {
  readonly kind: 'gpi' | 'table' | 'granules' | 'invalid' | 'unreadable';
  readonly status: ReadStatus;
  readonly words: Uint32Array;
  readonly pa: number;
  /** Of a `gpi`. */
  readonly gpi: number;
  /** Of a `table`: where it lies. */
  readonly next: number;
  /** The table of words that describes it. */
  readonly layout: typeof GPT_L0_BLOCK | typeof GPT_L0_TABLE | typeof GPT_L1_CONTIG | typeof GPT_L1_GRANULES;
}

function geometryOf({ bank }: Smmu): Geometry | string {
  const field = (name: string): number => bank.field('ROOT_GPT_BASE_CFG', name);
  const paBits = PPS_BITS[field('PPS')];
  const granuleBits = PGS_LOG2[field('PGS')];
  const level0Bits = L0GPTSZ_LOG2[field('L0GPTSZ')];
  if (paBits === undefined) return `ROOT_GPT_BASE_CFG.PPS=${field('PPS')} is reserved`;
  if (granuleBits === undefined) return `ROOT_GPT_BASE_CFG.PGS=${field('PGS')} is reserved`;
  if (level0Bits === undefined) return `ROOT_GPT_BASE_CFG.L0GPTSZ=${field('L0GPTSZ')} is reserved`;
  // Aligned to its size, and to 4 KiB at least (6.3.114).
  const bytes = Math.max(4096, 2 ** Math.max(0, paBits - level0Bits) * ENTRY_BYTES);
  const base = Math.floor(bank.field('ROOT_GPT_BASE', 'ADDR') / bytes) * bytes;
  return { base, paBits, granuleBits, level0Bits };
}

function level0(g: Geometry): Table {
  const entries = 2 ** Math.max(0, g.paBits - g.level0Bits);
  return { level: 0, pa: g.base, entries, shift: g.level0Bits, first: 0 };
}

function level1(g: Geometry, next: number, first: number): Table {
  const shift = g.granuleBits + GRANULES_LOG2;
  return { level: 1, pa: next, entries: 2 ** (g.level0Bits - shift), shift, first };
}

/** The root node of the Root state, which has this table in place of a stream table (3.10). */
export function gptRoot(smmu: Smmu): TreeNode {
  const { bank } = smmu;
  const g = geometryOf(smmu);
  const on = `ACCESSEN=${bank.field('ROOT_CR0', 'ACCESSEN')}, GPCEN=${bank.field('ROOT_CR0', 'GPCEN')}`;
  const head = { id: SPACE, label: TITLE, tooltip: '', kind: 'table' } as const;
  if (typeof g === 'string')
    return { ...head, description: `${g}; ${on}`, icon: 'warning', collapsible: 'none' };
  const { pa, entries } = level0(g);
  return {
    ...head,
    description: `${g.paBits} bits, ${sizeText(2 ** g.granuleBits)} granules, level 0 at ${hex(pa)}, ${on}`,
    icon: 'shield',
    collapsible: 'collapsed',
    address: { space: SPACE, pa: hex(pa), bytes: entries * ENTRY_BYTES },
  };
}

/** The children of the table, or of an entry of it. */
export function gptChildren(smmu: Smmu, id: string, path: readonly string[]): TreeNode[] {
  const g = geometryOf(smmu);
  if (typeof g === 'string') return [];
  const memory = smmu.memory(SPACE);
  let table = level0(g);
  let range: Run | null = null;
  let entry: Entry | null = null;
  for (const text of path) {
    const segment = parseSegment(text);
    if (!segment || segment.first > segment.last || segment.last >= table.entries || entry !== null)
      return [];
    const { first, last } = segment;
    if (segment.word === 'r') range = { first, last, key: null };
    else if (segment.word !== 'e') return [];
    else {
      const found = readEntry(memory, g, table, first);
      range = null;
      if (found.kind === 'table') table = level1(g, found.next, first * 2 ** table.shift);
      else if (found.kind === 'granules') entry = { ...found, next: table.first + first * 2 ** table.shift };
      else return [];
    }
  }
  // Ranges are no part of an entry's id: the entry keeps it when the grouping changes.
  const own = [SPACE, ...path.filter((text) => !text.startsWith('r.'))].join('/');
  if (entry !== null) return granuleNodes(g, entry, own);
  return [...(id === SPACE ? notes(smmu) : []), ...entryNodes(memory, g, table, range, own)];
}

function notes({ bank }: Smmu): TreeNode[] {
  if (bank.field('ROOT_CR0', 'ACCESSEN') === 0)
    return [
      note(`${SPACE}/accessen`, 'Every access ends', 'ROOT_CR0.ACCESSEN=0: a granule protection fault'),
    ];
  if (bank.field('ROOT_CR0', 'GPCEN') === 0)
    return [note(`${SPACE}/gpcen`, 'Nothing is checked', 'ROOT_CR0.GPCEN=0: every access passes')];
  return [];
}

function readEntry(memory: SparseMemory, g: Geometry, table: Table, index: number): Entry {
  const pa = table.pa + index * ENTRY_BYTES;
  const words = new Uint32Array(2);
  const status = memory.load(pa, words, 0, 2);
  const base = { status, words, pa, gpi: 0, next: 0 };
  const type = GPT_L0_BLOCK.fields.Type.get(words, 0);
  const gpi = GPT_L0_BLOCK.fields.GPI.get(words, 0);
  if (table.level === 0) {
    if (status !== DATA) return { ...base, kind: 'unreadable', layout: GPT_L0_BLOCK };
    if (type === 1) return { ...base, kind: isKnown(gpi) ? 'gpi' : 'invalid', gpi, layout: GPT_L0_BLOCK };
    if (type !== 3) return { ...base, kind: 'invalid', layout: GPT_L0_BLOCK };
    const { entries } = level1(g, 0, 0);
    const bytes = Math.max(4096, entries * ENTRY_BYTES);
    const next = Math.floor(GPT_L0_TABLE.fields.NextTable.get(words, 0) / bytes) * bytes;
    return { ...base, kind: 'table', next, layout: GPT_L0_TABLE };
  }
  if (status !== DATA) return { ...base, kind: 'unreadable', layout: GPT_L1_GRANULES };
  if (type === 1) {
    const known = isKnown(gpi) && CONTIG_LOG2[GPT_L1_CONTIG.fields.Contig.get(words, 0)] !== undefined;
    return { ...base, kind: known ? 'gpi' : 'invalid', gpi, layout: GPT_L1_CONTIG };
  }
  const granules = granulesOf(words);
  const first = granules[0] as number;
  if (!granules.every(isKnown)) return { ...base, kind: 'invalid', layout: GPT_L1_GRANULES };
  const alike = granules.every((one) => one === first);
  return { ...base, kind: alike ? 'gpi' : 'granules', gpi: first, layout: GPT_L1_GRANULES };
}

function granulesOf(words: Uint32Array): number[] {
  return Array.from({ length: PER_ENTRY }, (_, i) => ((words[i >>> 3] as number) >>> ((i & 7) * 4)) & 0xf);
}

function isKnown(gpi: number): boolean {
  return Object.hasOwn(GPI.values, gpi);
}

/** `9, Non-secure PAS only`. */
function gpiWords(gpi: number): string {
  const values: Readonly<Record<string, string>> = GPI.values;
  return `GPI ${gpi}, ${values[gpi] ?? 'reserved'}`;
}

function entryNodes(
  memory: SparseMemory,
  g: Geometry,
  table: Table,
  range: Run | null,
  id: string,
): TreeNode[] {
  const keyOf = (index: number): string | null => {
    const entry = readEntry(memory, g, table, index);
    if (entry.kind === 'gpi') return `gpi ${entry.gpi}`;
    return entry.kind === 'invalid' || entry.kind === 'unreadable' ? `${entry.kind} ${entry.status}` : null;
  };
  const first = range?.first ?? 0;
  const last = range?.last ?? table.entries - 1;
  const list = listing(first, last, keyOf, range === null);
  if (list.kind === 'groups') return list.groups.map((run) => groupNode(table, run, id));
  return list.runs.map((run) => entryNode(memory, g, table, run, id));
}

/** The addresses that some entries cover. */
function spanText({ first, shift }: Table, run: Run): string {
  const from = first + run.first * 2 ** shift;
  return `${hex(from)}–${hex(first + (run.last + 1) * 2 ** shift - 1)}`;
}

function groupNode(table: Table, run: Run, id: string): TreeNode {
  return {
    id: `${id}/r.${run.first}-${run.last}`,
    label: spanText(table, run),
    description: `entries ${run.first}–${run.last} of the level ${table.level} table`,
    tooltip: '',
    icon: 'list-tree',
    kind: 'range',
    collapsible: 'collapsed',
    address: placeOf(table, run),
  };
}

function placeOf({ pa }: Table, { first, last }: Run): NonNullable<TreeNode['address']> {
  return { space: SPACE, pa: hex(pa + first * ENTRY_BYTES), bytes: (last - first + 1) * ENTRY_BYTES };
}

function entryNode(memory: SparseMemory, g: Geometry, table: Table, run: Run, parent: string): TreeNode {
  const entry = readEntry(memory, g, table, run.first);
  const count = run.last - run.first + 1;
  const id = count === 1 ? `${parent}/e.${run.first}` : `${parent}/r.${run.first}-${run.last}`;
  const label = spanText(table, run);
  const address = placeOf(table, run);
  if (entry.kind === 'unreadable')
    return unreadable(id, label, entry.status, SPACE, entry.pa, count * ENTRY_BYTES);
  const title = `Level ${table.level} entry at ${hex(entry.pa)}`;
  const tooltip = structureHover(entry.layout, entry.words, 0, title, { world: SPACE });
  const many = count === 1 ? '' : ` (${count} entries)`;
  const base = { id, label, tooltip, address } as const;
  switch (entry.kind) {
    case 'gpi': {
      const description = `${gpiWords(entry.gpi)}${many}`;
      return { ...base, description, icon: 'shield', kind: 'page', collapsible: 'none' };
    }
    case 'granules': {
      const description = `${PER_ENTRY} granules of ${sizeText(2 ** g.granuleBits)}`;
      return { ...base, description, icon: 'list-tree', kind: 'range', collapsible: 'collapsed' };
    }
    case 'table': {
      const status = memory.status(entry.next);
      const to = `level 1 table at ${hex(entry.next)}`;
      const there = status === DATA;
      return {
        ...base,
        description: there ? to : `${to} is ${statusText(status)}`,
        icon: there ? 'symbol-array' : 'question',
        kind: 'table',
        collapsible: there ? 'collapsed' : 'none',
      };
    }
    case 'invalid': {
      const [lo, hi] = entry.words as unknown as [number, number];
      const description = `invalid: ${hex64(hi, lo)}, a lookup error${many}`;
      return { ...base, description, icon: 'error', kind: 'unmapped', collapsible: 'none' };
    }
  }
}

/** The granules of an entry that are not alike, equal neighbours joined. */
function granuleNodes(g: Geometry, { words, next, pa }: Entry, id: string): TreeNode[] {
  const granules = granulesOf(words);
  const table: Table = { level: 1, pa, entries: PER_ENTRY, shift: g.granuleBits, first: next };
  const list = listing(0, PER_ENTRY - 1, (i) => `gpi ${granules[i]}`, true);
  const runs = list.kind === 'runs' ? list.runs : list.groups;
  return runs.map((run) => ({
    id: `${id}/g.${run.first}-${run.last}`,
    label: spanText(table, run),
    description: gpiWords(granules[run.first] as number),
    tooltip: '',
    icon: 'shield',
    kind: 'page',
    collapsible: 'none',
    address: { space: SPACE, pa: hex(pa), bytes: ENTRY_BYTES },
  }));
}
