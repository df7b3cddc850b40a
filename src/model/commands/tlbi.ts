/** CMD_TLBI_*: IHI 0070 4.4. What is removed is the guaranteed minimum. */

import { hex, hex64 } from '../../bits/u64.ts';
import { opcodeOf } from '../../spec/commands.ts';
import type { Reading } from '../caches/noted.ts';
import { pageOf } from '../caches/page-map.ts';
import {
  ANY_ASID,
  collect,
  inputAddressText,
  NO_ASID,
  paOf,
  type Tlb,
  type TlbEntry,
  type TlbSpace,
  tagText,
} from '../caches/tlb.ts';
import { tellOfTlbi } from '../notifiers/causes.ts';
import { levelShift } from '../translate/descriptor.ts';
import type { CommandContext } from './context.ts';
import { dropTlbEntry, noteInvalidation } from './drop.ts';
import { unpredictable } from './legality.ts';
import { actedRegimes, actedState } from './reach.ts';
import { tlbiMatch, whyNot } from './tlbi-match.ts';
import { type CompiledScope, ipaSpaceOf, range, readRange, scopeOfOpcode } from './tlbi-scope.ts';

/** What the commands' entries are gathered in: one array for all commands, since most of them find nothing. */
const matches: TlbEntry[] = [];

/** CMD_TLBI_*: drops the entries whose tags and addresses the command names. */
export function invalidateTlb(c: CommandContext): void {
  const scope = scopeOfOpcode(opcodeOf(c.words, 0));
  if (scope === undefined) return;
  if (c.machine.notifiers.devices.size !== 0 && c.broadcast !== true) tellAndRemove(c, scope);
  else removeEntries(c, scope);
}

/** Notifiers run before entries go. */
function tellAndRemove(c: CommandContext, scope: CompiledScope): void {
  const after = c.state.rulesOff.has('notify:N6.4');
  if (!after) tellOfTlbi(c);
  removeEntries(c, scope);
  if (after) tellOfTlbi(c);
}

function removeEntries(c: CommandContext, scope: CompiledScope): void {
  const { address } = scope;
  if (address !== null) {
    readRange(scope, address, c.words, c.state);
    c.recorder?.step('decide', `addresses: ${rangeText(c, scope)}`, 'Address');
    if (range.misaligned && !removesMisaligned(c)) return;
  }
  if (c.machine.policy === 'maximal') {
    noteInvalidation(c, readingOf(c, scope));
  }
  let count = invalidateIn(c, scope, c.machine.tlb, false);
  if (c.machine.policy === 'maximal') {
    count += invalidateIn(c, scope, c.machine.partial, false);
    if (scope.leaf === null || scope.leaf.get(c.words, 0) === 0)
      count += invalidateIn(c, scope, c.machine.walks, true);
  }
  if (count === 0) c.recorder?.step('decide', 'no TLB entry matches');
}

/** A misaligned range guarantees nothing (4.4.1.1): said, and by default nothing is removed. */
function removesMisaligned(c: CommandContext): boolean {
  const written = c.machine.options.misalignedRange === 'as-written';
  if (c.recorder !== null) {
    const why = unpredictable(c.spec, c.words, c.state) ?? 'the address is not aligned';
    const then = written ? 'here what is written goes' : 'nothing is removed';
    c.recorder.step('finding', `${why}; ${then}`, 'Address');
  }
  if (!written && c.machine.policy === 'maximal') {
    const scope = scopeOfOpcode(opcodeOf(c.words, 0));
    if (scope !== undefined) noteInvalidation(c, readingOf(c, scope));
  }
  return written;
}

/** What words of such a command say of a location; it keeps nothing of the context. */
function readingOf(c: CommandContext, scope: CompiledScope): Reading {
  const state = actedState(c, scope);
  const regimes = actedRegimes(c, scope, state);
  const written = c.machine.options.misalignedRange === 'as-written';
  return (words) => {
    const match = tlbiMatch({ words, state, regimes }, scope);
    const isVoid = scope.address !== null && range.misaligned && !written;
    return (location) => {
      if (isVoid) return 'its address is not aligned as TG and TTL ask: nothing is guaranteed';
      return location.kind === 'descriptor'
        ? whyNot(match, location)
        : 'it acts on translations, not on configuration';
    };
  };
}

/** Drops the matching entries of one TLB. */
function invalidateIn(c: CommandContext, scope: CompiledScope, tlb: Tlb, tables: boolean): number {
  if (tlb.size === 0) return 0;
  const { words } = c;
  // What nearly every command is: of the Non-secure queue, which acts on its own state.
  const plain = c.world === 'ns' && c.state.rulesOff.size === 0;
  const state = plain ? c.state : actedState(c, scope);
  const regimes = plain ? scope.regimes.ns[state.e2h ? 1 : 0] : actedRegimes(c, scope, state);
  const vmid = scope.vmid === null ? -1 : scope.vmid.get(words, 0);
  const asid = scope.asid === null ? -1 : scope.asid.get(words, 0);
  const ipaSpace = scope.ipaNs === null ? null : ipaSpaceOf(scope, words);
  const spaces = tlb.spaces();
  // Setting a length costs as much as a look-up.
  if (matches.length > 0) matches.length = 0;
  for (let i = 0; i < spaces.length; i++) {
    const space = spaces[i] as TlbSpace;
    if (space.size === 0 || (space.regime & regimes) === 0) continue;
    const { tag } = space;
    if (tag.stage === 1 ? !scope.stage1 : !scope.stage2) continue;
    // CR0.VMW leaves the low VMID bits out of the comparison (3.17.6).
    if (vmid >= 0 && tag.vmid >= 0 && tag.vmid >>> state.vmwBits !== vmid >>> state.vmwBits) continue;
    if (ipaSpace !== null && tag.ipaSpace !== undefined && tag.ipaSpace !== ipaSpace) continue;
    const every = asid < 0 || tag.asid === NO_ASID || tag.asid === asid;
    // A space of global entries of every ASID is out of reach of commands that name non-global entries.
    if (!every && !scope.orGlobal) continue;
    const before = matches.length;
    if (scope.address === null) collect(space, matches);
    else if (tables) matchTables(space);
    else matchPages(space);
    if (!every && tag.asid !== ANY_ASID) keepGlobal(before);
  }
  for (const entry of matches) dropTlbEntry(c, tlb, entry, () => entryText(entry, tables));
  return matches.length;
}

/** Whether the leaf that an entry was made from lies in {@link range}: the whole leaf, however small the entry. */
function leafMatches(entry: TlbEntry): boolean {
  if (range.granuleBits !== 0 && entry.granuleBits !== range.granuleBits) return false;
  if (range.level !== 0 && entry.level !== range.level) return false;
  const pages = 2 ** (entry.leafShift - 12);
  const first = Math.floor((pageOf(entry) * 2 ** (entry.shift - 12)) / pages) * pages;
  return first <= range.last && first + pages - 1 >= range.first;
}

/** The entries of a space within {@link range}; looks them up where the range is smaller than the space. */
function matchPages(space: TlbSpace): void {
  const span = range.last - range.first + 1;
  for (const shift of space.shifts) {
    const pages = space.byShift[shift];
    if (!pages || pages.size === 0) continue;
    const step = shift === 12 ? 1 : 2 ** (shift - 12);
    const first = step === 1 ? range.first : Math.floor(range.first / step);
    const last = span === 1 ? first : Math.floor(range.last / step);
    if (space.split > 0 || last - first >= pages.size) {
      for (const entry of pages.values()) if (leafMatches(entry)) matches.push(entry);
      continue;
    }
    for (let page = first; page <= last; page++) {
      const entry = pages.get(page);
      if (entry && leafMatches(entry)) matches.push(entry);
    }
  }
}

/**
 * The table descriptors on the way to the addresses of {@link range}: with a level hint those above the level that it
 * names, else all (4.4.1.1).
 */
function matchTables(space: TlbSpace): void {
  for (const shift of space.shifts) {
    for (const entry of space.byShift[shift]?.values() ?? []) {
      if (range.granuleBits !== 0 && entry.granuleBits !== range.granuleBits) continue;
      if (range.level !== 0 && entry.level >= range.level) continue;
      const pages = 2 ** (levelShift(entry.level, entry.granuleBits) - 12);
      const first = pageOf(entry) * pages;
      if (first <= range.last && first + pages - 1 >= range.first) matches.push(entry);
    }
  }
}

/** Drops what is not global from `matches[from]` on. */
function keepGlobal(from: number): void {
  let kept = from;
  for (let i = from; i < matches.length; i++) {
    const entry = matches[i] as TlbEntry;
    if (entry.global) matches[kept++] = entry;
  }
  if (kept < matches.length) matches.length = kept;
}

function rangeText(c: CommandContext, scope: CompiledScope): string {
  const at = hex64(scope.address?.hi(c.words, 0) ?? 0, scope.address?.lo(c.words, 0) ?? 0);
  if (range.granuleBits === 0) return at;
  return `${at} + ${hex((range.last - range.first + 1) * 4096)} bytes`;
}

/** `0x1000 + 0x1000 bytes -> 0x80000000 (ASID=1)`, for people. */
function entryText(entry: TlbEntry, table: boolean): string {
  const what = table ? `level ${entry.level} table descriptor of` : 'TLB entry';
  return `${what} ${inputAddressText(entry)} + ${hex(2 ** entry.shift)} bytes -> ${hex(paOf(entry))} (${tagText(entry)})${table ? '' : ' leaves'}`;
}
