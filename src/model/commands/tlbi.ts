/** CMD_TLBI_*: IHI 0070 4.4. What is removed is the guaranteed minimum. */

import { hex, hex64 } from '../../bits/u64.ts';
import type { TlbScope } from '../../spec/commands.ts';
import type { StreamWorld } from '../../spec/stream-worlds.ts';
import { RANGE_GRANULE_LOG2 } from '../../spec/tlbi-range.ts';
import {
  collect,
  inputAddressText,
  NO_ASID,
  type TlbEntry,
  type TlbSpace,
  tagText,
  tlbPage,
} from '../caches/tlb.ts';
import type { CommandContext } from './context.ts';
import { scaleOf } from './legality.ts';

/** Bits of an address that a TLB entry's page is counted in: 52, and above them the half. */
const PAGE_SPACE_BITS = 53;

/** The addresses of a command: pages of 4 KiB, first and last, in the space of {@link tlbPage}. */
interface AddressScope {
  first: number;
  last: number;
  /** log2 of the granule that entries must have, or 0 for any. */
  granuleBits: number;
  /** The level that entries must have, or 0 for any. */
  level: number;
}

/** Of the command under way: one object serves all. */
const addresses: AddressScope = { first: 0, last: 0, granuleBits: 0, level: 0 };

/** Fills {@link addresses}; false when the command is not about addresses. */
function readAddresses(c: CommandContext, scope: TlbScope): boolean {
  const { read, words } = c;
  if (!read.hasAddress || scope.address === 'none') return false;
  const first = tlbPage(read.addressHi(words, 0), read.addressLo(words, 0), 12);
  const tg = c.state.features.ril ? read.TG(words, 0) : 0;
  const granuleBits = tg === 0 ? 0 : (RANGE_GRANULE_LOG2[tg] ?? 0);
  addresses.first = first;
  addresses.last = first;
  addresses.granuleBits = granuleBits;
  addresses.level = 0;
  if (granuleBits === 0) return true;
  // The range neither wraps nor spills from TTB0 into TTB1 (4.4.1.1).
  const half =
    first < 2 ** (PAGE_SPACE_BITS - 13) ? 2 ** (PAGE_SPACE_BITS - 13) : 2 ** (PAGE_SPACE_BITS - 12);
  addresses.last = Math.min(first + rangeBytes(c, granuleBits) / 4096, half) - 1;
  const ttl = read.TTL(words, 0);
  // TTL 1 of the 16 KiB granule is reserved without DS, and acts as 0.
  addresses.level = granuleBits === 14 && ttl === 1 && !c.state.features.ds ? 0 : ttl;
  return true;
}

/** Size of the range that a command names, in bytes. */
function rangeBytes({ read, words, state }: CommandContext, granuleBits: number): number {
  return (read.NUM(words, 0) + 1) * 2 ** scaleOf(state, read.SCALE(words, 0)) * 2 ** granuleBits;
}

function addressText(c: CommandContext): string {
  const at = hex64(c.read.addressHi(c.words, 0), c.read.addressLo(c.words, 0));
  const { granuleBits } = addresses;
  return granuleBits === 0 ? at : `${at} + ${hex(rangeBytes(c, granuleBits))} bytes`;
}

/** EL2 commands act on the regime that CR2.E2H selects, unless they act on all (4.4.2). */
function regimeMatches(c: CommandContext, scope: TlbScope, regime: StreamWorld): boolean {
  const worlds = scope.worlds[c.world];
  if (!worlds.includes(regime)) return false;
  if (worlds.length === 1 || scope.address === 'none' || !worlds.some(isE2h)) return true;
  return isE2h(regime) === c.state.e2h;
}

function isE2h(regime: StreamWorld): boolean {
  return regime.endsWith('E2H');
}

function spaceMatches(c: CommandContext, scope: TlbScope, { tag }: TlbSpace): boolean {
  if (!regimeMatches(c, scope, tag.streamWorld)) return false;
  return !scope.vmid || tag.vmid < 0 || vmidMatches(c, tag.vmid);
}

/** Which entries of a space the ASID leaves in scope: all, only global ones, or none. */
function asidScope(c: CommandContext, scope: TlbScope, space: TlbSpace): 'all' | 'global' | 'none' {
  if (scope.asid === 'any' || space.tag.asid === NO_ASID || space.tag.asid === c.read.ASID(c.words, 0))
    return 'all';
  return scope.asid === 'match-or-global' ? 'global' : 'none';
}

/** CR0.VMW leaves the low VMID bits out of the comparison (3.17.6). */
function vmidMatches(c: CommandContext, vmid: number): boolean {
  return (vmid ^ c.read.VMID(c.words, 0)) >>> c.state.vmwBits === 0;
}

function entryMatches(entry: TlbEntry, scope: AddressScope): boolean {
  if (scope.granuleBits !== 0 && entry.granuleBits !== scope.granuleBits) return false;
  if (scope.level !== 0 && entry.level !== scope.level) return false;
  const pages = pagesOf(entry.shift);
  const first = entry.page * pages;
  return first <= scope.last && first + pages - 1 >= scope.first;
}

/** Pages of 4 KiB in one of `shift` bits: a power costs more than all the rest. */
function pagesOf(shift: number): number {
  return shift < 43 ? 1 << (shift - 12) : 2 ** (shift - 12);
}

/** The entries of a space within an address scope; looks them up where the scope is smaller than the space. */
function matchingEntries(space: TlbSpace, scope: AddressScope, found: TlbEntry[]): void {
  const span = scope.last - scope.first + 1;
  for (const shift of space.shifts) {
    const pages = space.byShift[shift];
    if (!pages || pages.size === 0) continue;
    const step = pagesOf(shift);
    const first = Math.floor(scope.first / step);
    const last = Math.floor(scope.last / step);
    if (span !== 1 && last - first >= pages.size) {
      for (const entry of pages.values()) if (entryMatches(entry, scope)) found.push(entry);
      continue;
    }
    for (let page = first; page <= last; page++) {
      const entry = pages.get(page);
      if (entry && entryMatches(entry, scope)) found.push(entry);
    }
  }
}

/** Drops what is not global from `found[from]` on. */
function keepGlobal(found: TlbEntry[], from: number): void {
  let kept = from;
  for (let i = from; i < found.length; i++) {
    const entry = found[i] as TlbEntry;
    if (entry.global) found[kept++] = entry;
  }
  // Setting a length costs as much as a look-up.
  if (kept < found.length) found.length = kept;
}

/** What the command under way removes. */
const found: TlbEntry[] = [];

/** CMD_TLBI_*: drops the entries whose tags and addresses the command names. */
export function invalidateTlb(c: CommandContext): void {
  const scope = c.spec.tlb;
  if (!scope) return;
  // Every entry of this policy goes from VA to PA, so an invalidation of stage 2 alone leaves it (4.4.3).
  if (scope.stages.length > 1 || scope.stages[0] !== '2') find(c, scope);
  for (let i = 0; i < found.length; i++) {
    const entry = found[i] as TlbEntry;
    c.recorder?.step('cache-remove', `TLB entry ${entryText(entry)} leaves`);
    c.effects.push({ kind: 'tlb', op: 'remove', entry });
  }
  if (found.length > 0) found.length = 0;
  else c.recorder?.step('decide', 'no TLB entry matches');
}

function find(c: CommandContext, scope: TlbScope): void {
  const byAddress = readAddresses(c, scope);
  const spaces = c.machine.tlb.spaces();
  for (let i = 0; i < spaces.length; i++) {
    const space = spaces[i] as TlbSpace;
    if (space.size === 0 || !spaceMatches(c, scope, space)) continue;
    const which = asidScope(c, scope, space);
    if (which === 'none') continue;
    const before = found.length;
    if (byAddress) matchingEntries(space, addresses, found);
    else collect(space, found);
    if (which === 'global') keepGlobal(found, before);
  }
  if (byAddress && c.recorder !== null) c.recorder.step('decide', `addresses: ${addressText(c)}`, 'Address');
}

/** `0x1000 + 0x1000 bytes -> 0x80000000 (ASID=1)`, for people. */
function entryText(entry: TlbEntry): string {
  return `${inputAddressText(entry)} + ${hex(2 ** entry.shift)} bytes -> ${hex(entry.pa)} (${tagText(entry)})`;
}
