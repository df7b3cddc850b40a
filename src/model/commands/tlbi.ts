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
import { argument, type CommandContext } from './context.ts';
import { scaleOf } from './legality.ts';

/** Bits of an address that a TLB entry's page is counted in: 52, and above them the half. */
const PAGE_SPACE_BITS = 53;

/** The addresses of a command: pages of 4 KiB, first and last, in the space of {@link tlbPage}. */
interface AddressScope {
  readonly first: number;
  readonly last: number;
  /** log2 of the granule that entries must have, or 0 for any. */
  readonly granuleBits: number;
  /** The level that entries must have, or 0 for any. */
  readonly level: number;
  readonly text: string;
}

function addressScope(c: CommandContext): AddressScope | null {
  const field = c.spec.layout.fields['Address'];
  if (!field || c.spec.tlb?.address === 'none') return null;
  const hi = field.hi(c.words, 0);
  const lo = field.lo(c.words, 0);
  const first = tlbPage(hi, lo, 12);
  const tg = c.state.features.ril ? argument(c, 'TG') : 0;
  const granuleBits = RANGE_GRANULE_LOG2[tg] ?? 0;
  const at = hex64(hi, lo);
  if (granuleBits === 0) return { first, last: first, granuleBits: 0, level: 0, text: at };
  const bytes = (argument(c, 'NUM') + 1) * 2 ** scaleOf(c.state, argument(c, 'SCALE')) * 2 ** granuleBits;
  // The range neither wraps nor spills from TTB0 into TTB1 (4.4.1.1).
  const half =
    first < 2 ** (PAGE_SPACE_BITS - 13) ? 2 ** (PAGE_SPACE_BITS - 13) : 2 ** (PAGE_SPACE_BITS - 12);
  const last = Math.min(first + bytes / 4096, half) - 1;
  const ttl = argument(c, 'TTL');
  // TTL 1 of the 16 KiB granule is reserved without DS, and acts as 0.
  const level = granuleBits === 14 && ttl === 1 && !c.state.features.ds ? 0 : ttl;
  return { first, last, granuleBits, level, text: `${at} + ${hex(bytes)} bytes` };
}

/** EL2 commands act on the regime that CR2.E2H selects, unless they act on all (4.4.2). */
function regimes(c: CommandContext, scope: TlbScope): readonly StreamWorld[] {
  const worlds = scope.worlds[c.world];
  if (scope.address === 'none') return worlds;
  const e2h = worlds.filter((w) => w.endsWith('E2H'));
  if (e2h.length === 0) return worlds;
  return c.state.e2h ? e2h : worlds.filter((w) => !w.endsWith('E2H'));
}

function spaceMatches(
  c: CommandContext,
  scope: TlbScope,
  worlds: readonly StreamWorld[],
  space: TlbSpace,
): boolean {
  const { tag } = space;
  if (!worlds.includes(tag.streamWorld)) return false;
  if (scope.vmid && tag.vmid >= 0 && !vmidMatches(c, tag.vmid)) return false;
  return true;
}

/** Which entries of a space the ASID leaves in scope: all, only global ones, or none. */
function asidScope(c: CommandContext, scope: TlbScope, space: TlbSpace): 'all' | 'global' | 'none' {
  if (scope.asid === 'any' || space.tag.asid === NO_ASID || space.tag.asid === argument(c, 'ASID'))
    return 'all';
  return scope.asid === 'match-or-global' ? 'global' : 'none';
}

/** CR0.VMW leaves the low VMID bits out of the comparison (3.17.6). */
function vmidMatches(c: CommandContext, vmid: number): boolean {
  const step = 2 ** c.state.vmwBits;
  return Math.floor(vmid / step) === Math.floor(argument(c, 'VMID') / step);
}

function entryMatches(entry: TlbEntry, scope: AddressScope): boolean {
  if (scope.granuleBits !== 0 && entry.granuleBits !== scope.granuleBits) return false;
  if (scope.level !== 0 && entry.level !== scope.level) return false;
  const pages = 2 ** (entry.shift - 12);
  const first = entry.page * pages;
  return first <= scope.last && first + pages - 1 >= scope.first;
}

/** The entries of a space within an address scope; looks them up where the scope is smaller than the space. */
function matchingEntries(space: TlbSpace, scope: AddressScope, found: TlbEntry[]): void {
  const span = scope.last - scope.first + 1;
  for (const shift of space.shifts) {
    const pages = space.byShift[shift];
    if (!pages || pages.size === 0) continue;
    const step = 2 ** (shift - 12);
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
  found.length = kept;
}

/** CMD_TLBI_*: drops the entries whose tags and addresses the command names. */
export function invalidateTlb(c: CommandContext): void {
  const scope = c.spec.tlb;
  if (!scope) return;
  // Every entry of this policy goes from VA to PA, so an invalidation of stage 2 alone leaves it (4.4.3).
  const found: TlbEntry[] = [];
  if (scope.stages.some((stage) => stage !== '2')) {
    const worlds = regimes(c, scope);
    const addresses = addressScope(c);
    for (const space of c.machine.tlb.spaces()) {
      if (space.size === 0 || !spaceMatches(c, scope, worlds, space)) continue;
      const which = asidScope(c, scope, space);
      if (which === 'none') continue;
      const before = found.length;
      if (addresses) matchingEntries(space, addresses, found);
      else collect(space, found);
      if (which === 'global') keepGlobal(found, before);
    }
    if (addresses) c.recorder?.step('decide', `addresses: ${addresses.text}`, 'Address');
  }
  for (const entry of found) {
    c.recorder?.step('cache-remove', `TLB entry ${entryText(entry)} leaves`);
    c.effects.push({ kind: 'tlb', op: 'remove', entry });
  }
  if (found.length === 0) c.recorder?.step('decide', 'no TLB entry matches');
}

/** `0x1000 + 0x1000 bytes -> 0x80000000 (ASID=1)`, for people. */
function entryText(entry: TlbEntry): string {
  return `${inputAddressText(entry)} + ${hex(2 ** entry.shift)} bytes -> ${hex(entry.pa)} (${tagText(entry)})`;
}
