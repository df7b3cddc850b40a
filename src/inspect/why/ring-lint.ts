/** What the commands in a ring say: which ATC_INV a CMD_SYNC waits for, and which were issued too early. */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { DATA } from '../../model/memory.ts';
import { entryAddress, ring } from '../../model/queues/ring.ts';
import type { Smmu } from '../../model/smmu.ts';
import { COMMANDS, CS_SIG_IRQ, commandByOpcode, commandNameOf, opcodeOf } from '../../spec/commands.ts';
import { commandText } from '../command-text.ts';
import type { Finding } from './finding.ts';

/** Entries that are read at most, oldest first. */
const READ = 4096;
const NAMED = 8;

/** A command in the ring. */
export interface RingCommand {
  readonly index: number;
  readonly pa: number;
  readonly words: Uint32Array;
  readonly name: string;
  readonly pending: boolean;
}

/** The commands from the oldest that may still be there to PROD; what cannot be read ends it at the front. */
export function commandsIn(smmu: Smmu, world: World): RingCommand[] {
  const q = ring(smmu.bank, 'CMDQ', world);
  const size = 2 ** q.log2size;
  const used = Math.min(q.used, size);
  // Without a wrap on record, what lies below index 0 was probably never written.
  const past = q.consWrap === 0 && q.prodWrap === 0 ? q.cons : size - used;
  const consumed = Math.min(past, size - used, Math.max(READ - used, 0));
  const list: RingCommand[] = [];
  for (let i = -consumed; i < Math.min(used, READ); i++) {
    const index = (q.cons + i + size) % size;
    const words = new Uint32Array(4);
    const pa = entryAddress(q, index);
    if (smmu.memory(world).load(pa, words, 0, 4) !== DATA) continue;
    list.push({ index, pa, words, name: commandNameOf(words, 0) ?? 'reserved opcode', pending: i >= 0 });
  }
  return list;
}

function at({ index }: RingCommand): string {
  return `[${hex(index)}]`;
}

/** ATC invalidations between the CMD_SYNC before the one at `place` and it: those that it waits for. */
export function atcCandidates(commands: readonly RingCommand[], place: number): RingCommand[] {
  const found: RingCommand[] = [];
  for (let i = place - 1; i >= 0; i--) {
    const command = commands[i] as RingCommand;
    if (command.name === 'CMD_SYNC') break;
    if (command.name === 'CMD_ATC_INV') found.unshift(command);
  }
  return found;
}

/** The candidates in words, grouped by StreamID. */
export function candidatesText(candidates: readonly RingCommand[]): string {
  const { StreamID } = COMMANDS.CMD_ATC_INV.layout.fields;
  const bySid = new Map<number, string[]>();
  for (const command of candidates) {
    const sid = StreamID.get(command.words, 0);
    bySid.set(sid, [...(bySid.get(sid) ?? []), at(command)]);
  }
  const shown = [...bySid].slice(0, NAMED).map(([sid, list]) => {
    const more = list.length > NAMED ? ` and ${list.length - NAMED} more` : '';
    return `StreamID ${hex(sid)}: CMD_ATC_INV ${list.slice(0, NAMED).join(' ')}${more}`;
  });
  return shown.join('; ') + (bySid.size > NAMED ? `; and ${bySid.size - NAMED} more streams` : '');
}

/**
 * ATC invalidations that come before the TLB invalidation has been completed by a CMD_SYNC: the endpoint may ask again
 * and be given the old translation by the TLB.
 */
export function orderFindings(commands: readonly RingCommand[]): Finding[] {
  const early: string[] = [];
  let openTlbi: RingCommand | null = null;
  let openAtc: RingCommand[] = [];
  for (const command of commands) {
    if (command.name === 'CMD_SYNC') {
      openTlbi = null;
      openAtc = [];
    } else if (command.name === 'CMD_ATC_INV') {
      if (openTlbi !== null)
        early.push(
          `${at(command)} before a CMD_SYNC has completed ${openTlbi.name.slice(4)} ${at(openTlbi)}`,
        );
      openAtc.push(command);
    } else if (commandByOpcode(opcodeOf(command.words, 0))?.kind === 'tlb') {
      openTlbi ??= command;
      if (openAtc.length > 0) {
        early.push(`${at(openAtc[0] as RingCommand)} before ${command.name.slice(4)} ${at(command)}`);
        openAtc = [];
      }
    }
  }
  if (early.length === 0) return [];
  const more = early.length > NAMED ? `; and ${early.length - NAMED} more` : '';
  const text = `CMD_ATC_INV ${early.slice(0, NAMED).join('; ')}${more}: the endpoint may fetch the old translation again from the TLB; the order is TLBI, CMD_SYNC, CMD_ATC_INV, CMD_SYNC (3.9.1)`;
  return [{ id: 'atc-before-tlbi', kind: 'also', text }];
}

/** Whether the MSI of a CMD_SYNC has arrived: its address, its data, and the word that lies there. */
export function syncText(smmu: Smmu, world: World, command: RingCommand): string {
  const f = COMMANDS.CMD_SYNC.layout.fields;
  const { words } = command;
  const name = `CMD_SYNC ${at(command)}`;
  const pa = f.MSIAddress.get(words, 0);
  if (f.CS.get(words, 0) !== CS_SIG_IRQ || pa === 0)
    return `${name} is signalled without an MSI (${commandText(words)}): software polls CMDQ_CONS or waits for the event`;
  const data = f.MSIData.get(words, 0);
  if (!smmu.state(world).features.msi)
    return `${name} asks for an MSI to ${hex(pa)}, but IDR0.MSI=0: none is written, only the wired interrupt comes`;
  const word = new Uint32Array(1);
  const status = smmu.memory(world).load(pa, word, 0, 1);
  const value = word[0] as number;
  const own = pa === command.pa ? ' (its own slot in the ring)' : '';
  const there = status !== DATA ? 'which cannot be read' : `which holds ${hex(value)}`;
  const verdict =
    status !== DATA
      ? ''
      : value === data
        ? ': complete'
        : command.pending
          ? ': not complete, and not consumed yet'
          : ': consumed, but the word differs; it was overwritten, or the MSI did not arrive';
  return `${name} writes MSIData ${hex(data)} to ${hex(pa)}${own}, ${there}${verdict}`;
}
