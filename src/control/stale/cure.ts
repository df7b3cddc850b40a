/** Which commands would have removed an entry: found in the table of commands, by what each must remove (4.3, 4.4). */

import type { FieldValue } from '../../bits/layout.ts';
import { hex, hex64, hiOf, loOf } from '../../bits/u64.ts';
import type { CachedStructure } from '../../model/caches/structures.ts';
import { ANY_ASID, type TlbEntry } from '../../model/caches/tlb.ts';
import { COMMAND_LIST, type CommandName, type CommandSpec } from '../../spec/commands.ts';
import { holds, type IdValues } from '../../spec/features.ts';
import { STREAM_WORLDS } from '../../spec/stream-worlds.ts';
import { startOf } from './entries.ts';
import type { StoredEntry } from './use.ts';

/** A command with its fields by name. */
export interface CureCommand {
  readonly name: CommandName;
  readonly values: Readonly<Record<string, FieldValue>>;
}

const SYNC: CureCommand = { name: 'CMD_SYNC', values: {} };
/** Address bits within one half: beyond them {@link startOf} has the half. */
const HALF = 2 ** 52;

/** The command that removes a structure (Leaf=0 only where level 1 is meant), and its CMD_SYNC. */
export function structureCure(structure: CachedStructure, sid: number, index: number): CureCommand[] {
  const leaf = structure === 'STE' || structure === 'CD' ? 1 : 0;
  return structure === 'STE' || structure === 'L1STD'
    ? [{ name: 'CMD_CFGI_STE', values: { StreamID: sid, Leaf: leaf } }, SYNC]
    : [{ name: 'CMD_CFGI_CD', values: { StreamID: sid, SubstreamID: index, Leaf: leaf } }, SYNC];
}

/** The entry's first input address as a command has it: the upper half with all bits above bit 51 set. */
function addressOf(entry: TlbEntry): FieldValue {
  const start = startOf(entry);
  const within = start % HALF;
  const hi = (start >= HALF ? 0xfff0_0000 : 0) + hiOf(within);
  return { hi: hi >>> 0, lo: loOf(within) };
}

function isLegal(spec: CommandSpec, world: 'ns' | 's' | 'realm', ids: IdValues): boolean {
  const legal = spec.legal[world];
  return legal === true || (legal !== false && legal.every((test) => holds(ids, test)));
}

/** The command for one stage of an entry; by its address, or all of its ASID or VMID. */
function tlbi({ store, entry }: StoredEntry, stage: '1' | '2', whole: boolean, ids: IdValues): CureCommand[] {
  const { tag } = entry.space;
  const { world } = STREAM_WORLDS[tag.streamWorld];
  const address = whole ? 'none' : stage === '2' ? 'ipa' : 'va';
  const named = stage === '1' && tag.asid >= 0 && !(whole && entry.global);
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
  if (address !== 'none') {
    values['Address'] = stage === '2' && tag.stage === 1 ? ipaOf(entry) : addressOf(entry);
    values['Leaf'] = store === 'walks' ? 0 : 1;
  }
  return [{ name: spec.name, values }];
}

function ipaOf({ nested }: TlbEntry): FieldValue {
  return { hi: (nested?.ipaHi ?? 0) >>> 0, lo: (nested?.ipaLo ?? 0) >>> 0 };
}

/**
 * The commands that remove a TLB entry.
 * @param whole not the page alone has changed, but what all of its address space is made from
 * @param byStage2 stage 2 of an entry from VA to PA has changed: IPA to PA goes first, and S2_IPA leaves VA to PA (4.4.3)
 */
export function tlbCure(
  stored: StoredEntry,
  whole: boolean,
  byStage2: boolean,
  ids: IdValues,
): CureCommand[] {
  const { tag } = stored.entry.space;
  if (tag.stage === 2) return [...tlbi(stored, '2', whole, ids), SYNC];
  if (!byStage2) return [...tlbi(stored, '1', whole, ids), SYNC];
  // What goes from VA to PA by a page of stage 2 can have any address: all of the VMID goes.
  const { space, ...entry } = stored.entry;
  const every = { ...space, tag: { ...tag, asid: ANY_ASID } } as typeof space;
  const all = tlbi({ store: stored.store, entry: { ...entry, space: every, global: true } }, '1', true, ids);
  return [...tlbi(stored, '2', false, ids), SYNC, ...all, SYNC];
}

/** `CMD_TLBI_NH_VA ASID=0x1 VMID=0x0 Address=0x1000 Leaf=1; CMD_SYNC`. */
export function cureText(commands: readonly CureCommand[]): string {
  return commands
    .map(({ name, values }) => [name, ...Object.entries(values).map(fieldText)].join(' '))
    .join('; ');
}

function fieldText([name, value]: [string, FieldValue]): string {
  if (name === 'Leaf') return `Leaf=${String(value)}`;
  return `${name}=${typeof value === 'number' ? hex(value) : hex64(value.hi, value.lo)}`;
}
