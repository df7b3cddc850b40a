/** Which commands would have removed an entry: found in the table of commands, by what each must remove (4.3, 4.4). */

import type { FieldValue } from '../../bits/layout.ts';
import { hex, hex64, hiOf, loOf } from '../../bits/u64.ts';
import { ipaSpace } from '../../model/caches/entry-spaces.ts';
import type { GptEntry } from '../../model/caches/gpt.ts';
import type { CachedStructure } from '../../model/caches/structures.ts';
import { ANY_ASID, type TlbEntry } from '../../model/caches/tlb.ts';
import { COMMAND_LIST, type CommandName, type CommandSpec } from '../../spec/commands.ts';
import { feature, holds, type IdValues } from '../../spec/features.ts';
import { STREAM_WORLDS, type StreamWorld } from '../../spec/stream-worlds.ts';
import { RANGE_GRANULE_LOG2, RANGE_SCALE_BITS } from '../../spec/tlbi-range.ts';
import { startOf } from './entries.ts';
import type { StoredEntry } from './use.ts';

/** A command with its fields by name. */
export interface CureCommand {
  readonly name: CommandName;
  readonly values: Readonly<Record<string, FieldValue>>;
}

export const SYNC: CureCommand = { name: 'CMD_SYNC', values: {} };
/** Address bits within one half: beyond them {@link startOf} has the half. */
const HALF = 2 ** 52;
const PAGE = 4096;

/** The command that removes a structure (Leaf=0 only where level 1 is meant), and its CMD_SYNC. */
export function structureCure(structure: CachedStructure, sid: number, index: number): CureCommand[] {
  const leaf = structure === 'STE' || structure === 'CD' ? 1 : 0;
  return structure === 'STE' || structure === 'L1STD'
    ? [{ name: 'CMD_CFGI_STE', values: { StreamID: sid, Leaf: leaf } }, SYNC]
    : [{ name: 'CMD_CFGI_CD', values: { StreamID: sid, SubstreamID: index, Leaf: leaf } }, SYNC];
}

/** An input address as a command has it: the upper half with all bits above bit 51 set. */
function addressOf(start: number): FieldValue {
  const within = start % HALF;
  const hi = (start >= HALF ? 0xfff0_0000 : 0) + hiOf(within);
  return { hi: hi >>> 0, lo: loOf(within) };
}

function isLegal(spec: CommandSpec, world: 'ns' | 's' | 'realm', ids: IdValues): boolean {
  const legal = spec.legal[world];
  return legal === true || (legal !== false && legal.every((test) => holds(ids, test)));
}

/** What a TLBI is to name: a leaf by its address, a range of addresses whatever stands there, or all of a tag. */
export type CureScope = 'leaf' | 'all' | CureRange;

/** Input addresses under one table descriptor. */
export interface CureRange {
  /** First page of 4 KiB of the range, in the space of `tlbPage`. */
  readonly page: number;
  /** log2 of its bytes. */
  readonly shift: number;
}

/** NUM=0 and SCALE name 2^SCALE granules (4.4.1.1), in as many bits as SCALE has without DS. */
const SCALES = 2 ** RANGE_SCALE_BITS.withoutDS;

/** Fields that make a TLBI one of a range, or null where it cannot be. */
function rangeFields(range: CureRange, granuleBits: number, ids: IdValues): Record<string, number> | null {
  const scale = range.shift - granuleBits;
  if (feature(ids, 'IDR3.RIL') === 0 || scale < 1 || scale >= SCALES) return null;
  return { TG: RANGE_GRANULE_LOG2.indexOf(granuleBits), NUM: 0, SCALE: scale };
}

/** The command for one stage of an entry. Without ranges (IDR3.RIL=0) a range is all of the tag. */
export function tlbi(
  { entry }: Pick<StoredEntry, 'entry'>,
  stage: '1' | '2',
  asked: CureScope,
  ids: IdValues,
): CureCommand[] {
  const { tag } = entry.space;
  const { world } = STREAM_WORLDS[tag.streamWorld];
  const range = typeof asked === 'string' ? null : rangeFields(asked, entry.granuleBits, ids);
  const scope = typeof asked === 'string' || range !== null ? asked : 'all';
  const address = scope === 'all' ? 'none' : stage === '2' ? 'ipa' : 'va';
  const named = stage === '1' && tag.asid >= 0 && !(scope === 'all' && entry.global);
  const fits = (spec: (typeof COMMAND_LIST)[number]): boolean => {
    const { tlb } = spec;
    if (!tlb?.stages.includes(stage) || tlb.address !== address) return false;
    return tlb.worlds[world].includes(tag.streamWorld) && isLegal(spec, world, ids);
  };
  const all = COMMAND_LIST.filter(fits);
  // The narrowest: by ASID where the entry has one, and with regard to the VMID.
  const rank = ({ tlb }: CommandSpec): number =>
    ((tlb?.asid === 'any') === named ? 2 : 0) + (tlb?.vmid === tag.vmid >= 0 ? 0 : 1);
  const [spec] = all.sort((a, b) => rank(a) - rank(b) || a.opcode - b.opcode);
  if (spec === undefined) return [];
  const fields: Readonly<Record<string, unknown>> = spec.layout.fields;
  const values: Record<string, FieldValue> = {};
  if ('ASID' in fields && tag.asid >= 0) values['ASID'] = tag.asid;
  if (spec.tlb?.vmid && tag.vmid >= 0) values['VMID'] = tag.vmid;
  const between = entry.nested === null ? undefined : ipaSpace(entry.spaces);
  if ('NS' in fields && (tag.stage === 2 ? tag.ipaSpace : between) === 'ns') values['NS'] = 1;
  if (scope === 'leaf') {
    values['Address'] = stage === '2' && tag.stage === 1 ? ipaOf(entry) : addressOf(startOf(entry));
    values['Leaf'] = 1;
  } else if (scope !== 'all') {
    values['Address'] = addressOf(scope.page * PAGE);
    Object.assign(values, range, { Leaf: 0 });
  }
  return [{ name: spec.name, values }];
}

function ipaOf({ nested }: TlbEntry): FieldValue {
  return { hi: (nested?.ipaHi ?? 0) >>> 0, lo: (nested?.ipaLo ?? 0) >>> 0 };
}

/** All translations of stage 1 of an entry's VMID, those through both stages among them. */
export function stage1OfVmid(
  { store, entry }: StoredEntry,
  streamWorld: StreamWorld,
  ids: IdValues,
): CureCommand[] {
  const { tag } = entry.space;
  const space = { ...entry.space, tag: { ...tag, streamWorld, stage: 1, asid: ANY_ASID } } as const;
  return tlbi(
    { store, entry: { ...entry, space: space as typeof entry.space, global: true } } as StoredEntry,
    '1',
    'all',
    ids,
  );
}

/** `CMD_TLBI_NH_VA ASID=0x1 VMID=0x0 Address=0x1000 Leaf=1; CMD_SYNC`. */
export function cureText(commands: readonly CureCommand[]): string {
  return commands
    .map(({ name, values }) => [name, ...Object.entries(values).map(fieldText)].join(' '))
    .join('; ');
}

/** Fields that people write in decimal. */
const SMALL: ReadonlySet<string> = new Set(['Leaf', 'TG', 'NUM', 'SCALE', 'NS']);

function fieldText([name, value]: [string, FieldValue]): string {
  if (SMALL.has(name)) return `${name}=${String(value)}`;
  return `${name}=${typeof value === 'number' ? hex(value) : hex64(value.hi, value.lo)}`;
}

/** What removes an entry of granule protection: no command does (6.3.118). */
export function gptCureText({ base, shift }: GptEntry): string {
  return `ROOT_TLBI of ${hex(base)} + ${hex(2 ** shift)} bytes, and waiting for ROOT_TLBI_CTRL.RUN=0`;
}
