/** Stream tables and STEs in the tree. */

import { sizeText } from '../../bits/size-text.ts';
import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { DATA, type SparseMemory } from '../../model/memory.ts';
import type { WorldState } from '../../model/state.ts';
import type { StreamConfig } from '../../model/translate/configuration.ts';
import { L1STD, L1STD_BYTES } from '../../spec/l1std.ts';
import { STE, STE_BYTES } from '../../spec/ste.ts';
import { hover, structureHover } from '../hover.ts';
import type { Memories } from '../spaces.ts';
import { busDeviceFunction } from '../stream-id.ts';
import {
  arrayOf,
  holdsAny,
  isFault,
  readLevel1,
  readSte,
  type SteArray,
  type SteKind,
  type SteRead,
  streamOf,
} from '../streams.ts';
import { stage2Tables } from '../tables.ts';
import { countText, escapeMarkdown, worldName } from '../text.ts';
import { type Contexts, contextChildren } from './contexts.ts';
import { note, parseSegment, statusIcon, statusText, type TreeNode, unreadable } from './node.ts';
import { GROUP, listing, type Run } from './runs.ts';
import { tableChildren } from './tables.ts';

/** The stream table of one world. */
export interface Streams {
  readonly memory: SparseMemory;
  readonly memories: Memories;
  readonly world: World;
  readonly state: WorldState;
  /** Where stage 2 of a stream puts the address of a CD (PA in bytes), or null where it does not. */
  placeOf(stream: StreamConfig, address: number): number | null;
}

/** The children of a world's stream table, or of something below it. */
export function streamChildren(at: Streams, id: string, path: readonly string[]): TreeNode[] {
  const { streamTable } = at.state;
  const [head, ...rest] = path;
  if (head === undefined)
    return [...notes(at, id), ...(streamTable.twoLevel ? level1(at, id) : linear(at, id))];
  const segment = parseSegment(head);
  if (!segment || segment.first > segment.last) return [];
  const { first, last } = segment;
  switch (segment.word) {
    case 'l1s':
      return last < streamTable.entries ? level1List(at, id, first, last, false) : [];
    case 'l1': {
      if (first >= streamTable.entries) return [];
      const { array } = readLevel1(at.memory, at.state, first);
      return typeof array === 'string' ? [] : steList(at, id, array, allOf(array), true);
    }
    case 'sids': {
      const array = arrayOf(at.memory, at.state, first);
      return array && last < array.firstSid + array.count
        ? steList(at, id, array, { first, last }, false)
        : [];
    }
    case 'ste':
      return steChildren(at, `${id}/${head}`, first, rest);
    default:
      return [];
  }
}

/** What is odd about the registers, as far as it concerns the stream table. */
function notes(at: Streams, id: string): TreeNode[] {
  const { streamTable: t, smmuEnabled, gbpaAbort } = at.state;
  const found: TreeNode[] = [];
  if (!smmuEnabled) {
    const effect = gbpaAbort
      ? 'traffic is aborted (GBPA.ABORT=1)'
      : 'traffic bypasses translation (GBPA.ABORT=0)';
    found.push(note(`${id}/smmuen`, 'The SMMU is off', `CR0.SMMUEN=0: ${effect}`));
  }
  if (t.base !== t.programmedBase) {
    const why = `STRTAB_BASE holds ${hex(t.programmedBase)}; hardware aligns it down to the size of the table`;
    found.push(note(`${id}/base`, `The table is read at ${hex(t.base)}`, why));
  }
  return found;
}

function level1(at: Streams, id: string): TreeNode[] {
  return level1List(at, id, 0, at.state.streamTable.entries - 1, true);
}

function level1List(at: Streams, id: string, first: number, last: number, whole: boolean): TreeNode[] {
  const keyOf = (index: number): string | null => {
    const l1 = readLevel1(at.memory, at.state, index);
    if (l1.status !== DATA) return `status ${l1.status}`;
    return typeof l1.array === 'string' ? l1.array : null;
  };
  const list = listing(first, last, keyOf, whole);
  if (list.kind === 'groups')
    return list.groups.map((run) => {
      const pa = at.state.streamTable.base + run.first * L1STD_BYTES;
      return isUniform(at, pa, L1STD_BYTES, run, keyOf)
        ? level1Run(at, id, run)
        : level1Group(at, id, run, 'level-1 descriptors');
    });
  return list.runs.map((run) => level1Run(at, id, run));
}

/** Whether a group needs no opening: the image has nothing of it, or it is small and its elements are alike. */
function isUniform(
  at: Streams,
  pa: number,
  size: number,
  { first, last }: Run,
  keyOf: (index: number) => string | null,
): boolean {
  const count = last - first + 1;
  if (!holdsAny(at.memory, pa, count * size)) return true;
  if (count > GROUP) return false;
  const list = listing(first, last, keyOf, true);
  return list.kind === 'runs' && list.runs.length === 1;
}

function sidsOf(at: Streams, run: Run): { first: number; last: number } {
  const sids = 2 ** at.state.streamTable.split;
  return { first: run.first * sids, last: (run.last + 1) * sids - 1 };
}

function level1Group(at: Streams, id: string, run: Run, what: string): TreeNode {
  const { first, last } = sidsOf(at, run);
  return {
    id: `${id}/l1s.${run.first}-${run.last}`,
    label: `StreamIDs ${hex(first)}–${hex(last)}`,
    description: `${countText(run.last - run.first + 1)} ${what}`,
    tooltip: '',
    icon: 'list-tree',
    kind: 'range',
    collapsible: 'collapsed',
  };
}

function level1Run(at: Streams, id: string, run: Run): TreeNode {
  const { first, last } = sidsOf(at, run);
  const label = `StreamIDs ${hex(first)}–${hex(last)}`;
  const l1 = readLevel1(at.memory, at.state, run.first);
  const count = run.last - run.first + 1;
  if (l1.status !== DATA) {
    return unreadable(
      `${id}/l1s.${run.first}-${run.last}`,
      label,
      l1.status,
      at.world,
      l1.pa,
      count * L1STD_BYTES,
    );
  }
  const address = { space: at.world, pa: hex(l1.pa), bytes: count * L1STD_BYTES } as const;
  if (typeof l1.array === 'string') {
    const many = count === 1 ? '' : ` in each of ${countText(count)} level-1 descriptors`;
    return {
      id: `${id}/l1s.${run.first}-${run.last}`,
      label,
      description: `${l1.array}${many}: C_BAD_STREAMID`,
      tooltip: hover(L1STD, L1STD.fields.Span, l1.words),
      icon: 'circle-outline',
      kind: 'range',
      collapsible: 'none',
      address,
    };
  }
  const { array } = l1;
  return {
    id: `${id}/l1.${run.first}`,
    label,
    description: `${busText(first, last)}${arrayText(at, array)}`,
    tooltip: structureHover(L1STD, l1.words, 0, `L1STD ${run.first} at ${hex(l1.pa)}`),
    icon: 'list-tree',
    kind: 'range',
    collapsible: 'collapsed',
    address,
  };
}

/** `bus 01: ` where the StreamIDs are those of one PCI bus. */
function busText(first: number, last: number): string {
  if (last > 0xffff || first >>> 8 !== last >>> 8) return '';
  return `bus ${(first >>> 8).toString(16).padStart(2, '0')}: `;
}

const KIND_WORDS: Readonly<Record<SteKind, string>> = {
  invalid: 'invalid',
  abort: 'abort',
  bypass: 'bypass',
  s1: 'stage 1',
  s2: 'stage 2',
  nested: 'stage 1 and 2',
};
const KIND_ORDER: readonly SteKind[] = ['s1', 'nested', 's2', 'bypass', 'invalid', 'abort'];

/** `3 stage 1, 253 abort`. */
function arrayText(at: Streams, array: SteArray): string {
  const counts = new Map<string, number>();
  for (let sid = array.firstSid; sid < array.firstSid + array.count; sid++) {
    const read = readSte(at.memory, array, sid);
    const kind = read.status === DATA ? read.kind : statusText(read.status);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const parts: string[] = [];
  for (const kind of KIND_ORDER) {
    const n = counts.get(kind);
    if (n !== undefined) parts.push(`${countText(n)} ${KIND_WORDS[kind]}`);
    counts.delete(kind);
  }
  for (const [kind, n] of counts) parts.push(`${countText(n)} ${kind}`);
  return parts.join(', ');
}

function linear(at: Streams, id: string): TreeNode[] {
  const { base, entries } = at.state.streamTable;
  const array: SteArray = { firstSid: 0, count: entries, pa: base };
  return steList(at, id, array, allOf(array), true);
}

function allOf(array: SteArray): { first: number; last: number } {
  return { first: array.firstSid, last: array.firstSid + array.count - 1 };
}

function steList(
  at: Streams,
  id: string,
  array: SteArray,
  range: { first: number; last: number },
  whole: boolean,
): TreeNode[] {
  const keyOf = (sid: number): string | null => {
    const read = readSte(at.memory, array, sid);
    if (read.status !== DATA) return `status ${read.status}`;
    if (read.kind === 'abort' || read.kind === 'invalid') return read.kind;
    return read.kind === 'bypass' ? read.words.join() : null;
  };
  const list = listing(range.first, range.last, keyOf, whole);
  if (list.kind === 'groups') {
    return list.groups.map((run) => {
      const pa = array.pa + (run.first - array.firstSid) * STE_BYTES;
      return isUniform(at, pa, STE_BYTES, run, keyOf)
        ? steRun(at, id, array, run)
        : steGroup(at, id, array, run);
    });
  }
  return list.runs.map((run) => steRun(at, id, array, run));
}

function steGroup(at: Streams, id: string, array: SteArray, run: Run): TreeNode {
  const count = run.last - run.first + 1;
  const part: SteArray = {
    firstSid: run.first,
    count,
    pa: array.pa + (run.first - array.firstSid) * STE_BYTES,
  };
  const what = count <= GROUP ? arrayText(at, part) : `${countText(count)} STEs`;
  return {
    id: `${id}/sids.${run.first}-${run.last}`,
    label: `StreamIDs ${hex(run.first)}–${hex(run.last)}`,
    description: `${busText(run.first, run.last)}${what}`,
    tooltip: '',
    icon: 'list-tree',
    kind: 'range',
    collapsible: 'collapsed',
    address: { space: at.world, pa: hex(part.pa), bytes: count * STE_BYTES },
  };
}

const RUN_TEXT: Readonly<Record<SteKind, string>> = {
  invalid: 'invalid STEs: C_BAD_STE',
  abort: 'STEs that abort silently',
  bypass: 'STEs that bypass translation',
  s1: 'STEs',
  s2: 'STEs',
  nested: 'STEs',
};

function steRun(at: Streams, id: string, array: SteArray, run: Run): TreeNode {
  const read = readSte(at.memory, array, run.first);
  if (run.first === run.last) return steNode(at, id, read);
  const count = run.last - run.first + 1;
  const there = read.status === DATA;
  const what = there ? RUN_TEXT[read.kind] : `STEs ${statusText(read.status)} (${hex(read.pa)})`;
  return {
    id: `${id}/sids.${run.first}-${run.last}`,
    label: `StreamIDs ${hex(run.first)}–${hex(run.last)}`,
    description: `${countText(count)} ${what}`,
    tooltip: there ? hover(STE, STE.fields.Config, read.words, 0, { world: at.world }) : '',
    icon: there ? ICONS[read.kind] : statusIcon(read.status),
    kind: there ? 'range' : 'absent',
    collapsible: there ? 'collapsed' : 'none',
    address: { space: at.world, pa: hex(read.pa), bytes: count * STE_BYTES },
  };
}

const ICONS: Readonly<Record<SteKind, string>> = {
  invalid: 'circle-outline',
  abort: 'circle-slash',
  bypass: 'arrow-right',
  s1: 'type-hierarchy',
  s2: 'layers',
  nested: 'layers-active',
};

function steNode(at: Streams, parent: string, read: SteRead): TreeNode {
  const id = `${parent}/ste.${read.sid}`;
  const label = `StreamID ${hex(read.sid)} (${busDeviceFunction(read.sid)})`;
  if (read.status !== DATA) return unreadable(id, label, read.status, at.world, read.pa, STE_BYTES);
  const stream = streamOf(read, at.world, at.state);
  const title = `STE of StreamID ${hex(read.sid)} at ${hex(read.pa)}`;
  const base = {
    id,
    label,
    tooltip: structureHover(STE, read.words, 0, title, { world: at.world }, ['V', 'Config']),
    kind: 'ste',
    address: { space: at.world, pa: hex(read.pa), bytes: STE_BYTES },
    sid: read.sid,
  } as const;
  if (isFault(stream) && read.kind !== 'invalid') {
    const tooltip = `**${escapeMarkdown(`${stream.event ?? 'fault'}: ${stream.reason}`)}**\n\n${base.tooltip}`;
    const description = `${KIND_WORDS[read.kind]}, illegal: ${stream.reason}`;
    return { ...base, tooltip, description, icon: 'warning', collapsible: 'none' };
  }
  const opens = read.kind === 's1' || read.kind === 's2' || read.kind === 'nested';
  return {
    ...base,
    description: steText(at, read),
    icon: ICONS[read.kind],
    collapsible: opens ? 'collapsed' : 'none',
  };
}

/** What the STE does, in a few words. */
function steText(at: Streams, read: SteRead): string {
  const f = STE.fields;
  const w = read.words;
  const max = f.S1CDMax.get(w, 0);
  const cds = max === 0 || at.state.ssidBits === 0 ? 'CD' : `${countText(2 ** max)} CDs`;
  const s1 = `${cds} at ${hex(f.S1ContextPtr.get(w, 0))}`;
  const s2 = `VMID ${f.S2VMID.get(w, 0)}, S2TTB ${hex(f.S2TTB.get(w, 0))}`;
  switch (read.kind) {
    case 'invalid':
      return 'invalid (V=0): C_BAD_STE';
    case 'abort':
      return 'abort, without an event';
    case 'bypass':
      return 'bypass: addresses pass unchanged';
    case 's1':
      return `stage 1, ${s1}`;
    case 's2':
      return `stage 2, ${s2}`;
    case 'nested':
      return `stage 1 and 2, ${s1}, ${s2}`;
  }
}

function steChildren(at: Streams, id: string, sid: number, path: readonly string[]): TreeNode[] {
  const array = arrayOf(at.memory, at.state, sid);
  if (!array) return [];
  const read = readSte(at.memory, array, sid);
  if (read.status !== DATA) return [];
  const stream = streamOf(read, at.world, at.state);
  if (isFault(stream)) return [];
  const [head, ...rest] = path;
  if (head === 's2' || head === 's2ns') {
    const start = stage2Tables(read.words, at.state, head === 's2' ? at.world : 'ns');
    return typeof start === 'string' ? [] : tableChildren(at.memories, start, `${id}/${head}`, rest, { sid });
  }
  const { memory, memories, world, state } = at;
  const place = (address: number): number | null => at.placeOf(stream, address);
  const contexts: Contexts = { memory, memories, world, state, stream, place };
  if (read.kind === 'nested' && head === 's1') return contextChildren(contexts, `${id}/s1`, rest);
  if (head !== undefined) return read.kind === 's1' ? contextChildren(contexts, id, path) : [];
  if (read.kind === 's1') return contextChildren(contexts, id, path);
  const nodes: TreeNode[] = [];
  if (read.kind === 'nested') nodes.push(stage1Node(stream, id));
  if (read.kind === 's2' || read.kind === 'nested') {
    nodes.push(stage2Node(at, read, id, 's2', at.world));
    // A Secure stream has tables for Non-secure IPAs as well (3.10.2.2).
    if (at.world === 's') nodes.push(stage2Node(at, read, id, 's2ns', 'ns'));
  }
  return nodes;
}

/** Stage 1 of a nested stream: its CDs lie at IPAs. */
function stage1Node({ sid, s1ContextPtr }: StreamConfig, parent: string): TreeNode {
  return {
    id: `${parent}/s1`,
    label: 'Stage 1',
    description: `CDs at IPA ${hex(s1ContextPtr)}, found through stage 2`,
    tooltip: '',
    icon: 'symbol-array',
    kind: 'range',
    collapsible: 'collapsed',
    sid,
  };
}

function stage2Node(at: Streams, read: SteRead, parent: string, name: 's2' | 's2ns', input: World): TreeNode {
  const id = `${parent}/${name}`;
  const label = at.world === 's' ? `Stage 2 (${worldName(input)} IPAs)` : 'Stage 2';
  const start = stage2Tables(read.words, at.state, input);
  if (typeof start === 'string') return note(id, label, start);
  const where = `level ${start.level} table at ${hex(start.base)}`;
  const status = at.memories.memory(start.space).status(start.base);
  const there = status === DATA;
  const more = `${start.inputBits} bits, ${sizeText(2 ** start.granuleBits)} granule`;
  return {
    id,
    label,
    description: there ? `${where}, ${more}` : `${where} is ${statusText(status)}`,
    tooltip: '',
    icon: there ? 'symbol-array' : 'question',
    kind: 'ttb',
    collapsible: there ? 'collapsed' : 'none',
    address: { space: start.space, pa: hex(start.base), bytes: 2 ** start.granuleBits },
    sid: read.sid,
  };
}
