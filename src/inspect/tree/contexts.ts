/** CDs and their tables in the tree. */

import { sizeText } from '../../bits/size-text.ts';
import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { DATA, type SparseMemory } from '../../model/memory.ts';
import type { WorldState } from '../../model/state.ts';
import type { ContextConfig, StreamConfig } from '../../model/translate/configuration.ts';
import { CD, CD_BYTES } from '../../spec/cd.ts';
import { structureHover } from '../hover.ts';
import type { Memories } from '../spaces.ts';
import {
  type CdTable,
  cdAddress,
  cdTableOf,
  contextOf,
  isFault,
  NOT_PLACED,
  readCd,
  readL1cd,
} from '../streams.ts';
import { stage1Tables } from '../tables.ts';
import { countText, escapeMarkdown } from '../text.ts';
import { note, parseSegment, statusText, type TreeNode, unreadable } from './node.ts';
import { listing, type Run } from './runs.ts';
import { tableChildren } from './tables.ts';

/** What a CD's place is worked out from. */
export interface Contexts {
  readonly memory: SparseMemory;
  readonly memories: Memories;
  readonly world: World;
  readonly state: WorldState;
  readonly stream: StreamConfig;
  /** Where stage 2 puts the address of a CD (PA in bytes), or null where it does not. */
  place(address: number): number | null;
}

const { V } = CD.fields;

/** The children of an STE that translates by stage 1, or of something below one of its CDs. */
export function contextChildren(at: Contexts, id: string, path: readonly string[]): TreeNode[] {
  const table = cdTableOf(at.stream, at.place);
  const [head, ...rest] = path;
  if (head === undefined) {
    if (table.count === 1) return [cdNode(at, table, 0, id)];
    return cdList(at, table, id, 0, table.count - 1, true);
  }
  const segment = parseSegment(head);
  if (!segment || segment.first > segment.last || segment.last >= table.count) return [];
  if (segment.word === 'cds') return cdList(at, table, id, segment.first, segment.last, false);
  if (segment.word !== 'cd') return [];
  const pa = cdAddress(at.memory, table, segment.first, at.state);
  if (pa === null) return [];
  const read = readCd(at.memory, pa, segment.first);
  if (read.status !== DATA) return [];
  const context = contextOf(read, at.stream, at.state);
  if (isFault(context)) return [];
  return cdChildren(at, context, `${id}/${head}`, rest, table.count > 1);
}

/** CDs first .. last; CDs of an L1CD that has none are one node. */
function cdList(
  at: Contexts,
  table: CdTable,
  id: string,
  first: number,
  last: number,
  whole: boolean,
): TreeNode[] {
  const keyOf = (index: number): string | null => {
    const pa = cdAddress(at.memory, table, index, at.state);
    if (pa === null) return 'none';
    const read = readCd(at.memory, pa, index);
    if (read.status !== DATA) return `status ${read.status}`;
    return V.get(read.words, 0) === 0 ? 'invalid' : null;
  };
  const list = listing(first, last, keyOf, whole);
  if (list.kind === 'groups')
    return list.groups.map((run) => groupNode(id, run, 'CDs of these SubstreamIDs'));
  return list.runs.map((run) => {
    if (run.first === run.last) return cdNode(at, table, run.first, id);
    const count = countText(run.last - run.first + 1);
    const what =
      run.key === 'none' ? 'without a CD table' : run.key === 'invalid' ? 'invalid (V=0)' : 'unreadable';
    return { ...groupNode(id, run, `${count} CDs ${what}`), icon: 'circle-outline' };
  });
}

function groupNode(id: string, run: Run, description: string): TreeNode {
  return {
    id: `${id}/cds.${run.first}-${run.last}`,
    label: `SubstreamIDs ${hex(run.first)}–${hex(run.last)}`,
    description,
    tooltip: '',
    icon: 'list-tree',
    kind: 'range',
    collapsible: 'collapsed',
  };
}

function cdNode(at: Contexts, table: CdTable, index: number, parent: string): TreeNode {
  const id = `${parent}/cd.${index}`;
  const label = table.count > 1 ? `CD ${index} (SubstreamID ${hex(index)})` : 'CD';
  const pa = cdAddress(at.memory, table, index, at.state);
  if (pa === null) return note(id, label, noLevel1(at, table, index), 'circle-outline');
  const read = readCd(at.memory, pa, index);
  if (read.status !== DATA) return unreadable(id, label, read.status, at.world, pa, CD_BYTES);
  const context = contextOf(read, at.stream, at.state);
  const fault = isFault(context);
  const base = {
    id,
    label,
    tooltip: structureHover(CD, read.words, 0, `CD ${index} at ${hex(pa)}`, { world: at.world }, [
      'V',
      'ASID',
    ]),
    kind: 'cd',
    address: { space: at.world, pa: hex(pa), bytes: CD_BYTES },
    sid: at.stream.sid,
    ...(table.count > 1 ? { ssid: index } : {}),
  } as const;
  if (fault && V.get(read.words, 0) === 0) {
    return { ...base, description: 'invalid (V=0): C_BAD_CD', icon: 'circle-outline', collapsible: 'none' };
  }
  if (fault) {
    const tooltip = `**${escapeMarkdown(`${context.event ?? 'fault'}: ${context.reason}`)}**\n\n${base.tooltip}`;
    return {
      ...base,
      tooltip,
      description: `illegal: ${context.reason}`,
      icon: 'warning',
      collapsible: 'none',
    };
  }
  return { ...base, description: contextText(context), icon: 'symbol-structure', collapsible: 'collapsed' };
}

function noLevel1(at: Contexts, table: CdTable, index: number): string {
  if (table.leafBits === 0) return NOT_PLACED;
  const l1 = readL1cd(at.memory, table, Math.floor(index / 2 ** table.leafBits), at.state);
  if (l1.status !== DATA) return `L1CD at ${hex(l1.pa)} is ${statusText(l1.status)}`;
  if (typeof l1.leaf !== 'string' || l1.leaf === NOT_PLACED) return NOT_PLACED;
  return `${l1.leaf}: C_BAD_SUBSTREAMID`;
}

/** `ASID 3, TTB0 48 bits 4 KiB` on one line. */
function contextText(context: ContextConfig): string {
  const halves = context.halves
    .map((h, i) =>
      h.enabled ? `TTB${i} ${h.inputBits} bits, ${sizeText(2 ** h.granuleBits)} granule` : null,
    )
    .filter((text) => text !== null);
  return [`ASID ${context.asid}`, ...(halves.length > 0 ? halves : ['no walks'])].join(', ');
}

function cdChildren(
  at: Contexts,
  context: ContextConfig,
  id: string,
  path: readonly string[],
  withSsid: boolean,
): TreeNode[] {
  const owner = { sid: at.stream.sid, ...(withSsid ? { ssid: context.index } : {}) };
  const [head, ...rest] = path;
  if (head !== undefined) {
    if ((head !== 'ttb0' && head !== 'ttb1') || at.stream.stage2 !== null) return [];
    const start = stage1Tables(context, head === 'ttb0' ? 0 : 1, at.world);
    return typeof start === 'string' ? [] : tableChildren(at.memories, start, `${id}/${head}`, rest, owner);
  }
  return ([0, 1] as const)
    .filter((half) => half === 0 || context.twoRanges)
    .map((half) => ttbNode(at, context, half, id, owner));
}

function ttbNode(
  at: Contexts,
  context: ContextConfig,
  half: 0 | 1,
  parent: string,
  owner: { sid: number; ssid?: number },
): TreeNode {
  const id = `${parent}/ttb${half}`;
  const start = stage1Tables(context, half, at.world);
  if (typeof start === 'string') return note(id, `TTB${half}`, start, 'circle-slash');
  const { base, level, inputBits, granuleBits } = start;
  if (at.stream.stage2 !== null) {
    const why = `level ${level} table at IPA ${hex(base)}, ${inputBits} bits, ${sizeText(2 ** granuleBits)} granule; what lies behind stage 2 is not listed`;
    return note(id, `TTB${half}`, why, 'info');
  }
  const status = at.memories.memory(start.space).status(base);
  const where = `level ${level} table at ${hex(base)}`;
  const description = `${where}, ${inputBits} bits, ${sizeText(2 ** granuleBits)} granule`;
  const tooltip = escapeMarkdown(
    `TTB${half} translates ${half === 1 ? 'the upper' : 'the lower'} range of ${inputBits}-bit input addresses. The walk starts at level ${level} with a granule of ${sizeText(2 ** granuleBits)}.`,
  );
  const there = status === DATA;
  return {
    id,
    label: `TTB${half}`,
    description: there ? description : `${where} is ${statusText(status)}`,
    tooltip,
    icon: there ? 'symbol-array' : 'question',
    kind: 'ttb',
    collapsible: there ? 'collapsed' : 'none',
    address: { space: start.space, pa: hex(base), bytes: 2 ** granuleBits },
    ...owner,
  };
}
