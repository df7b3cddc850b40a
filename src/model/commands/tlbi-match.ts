/** Whether a CMD_TLBI_* covers an entry, and if not, why: IHI 0070 4.4. */

import type { World } from '../../bits/world.ts';
import type { Covered } from '../caches/location.ts';
import { ANY_ASID, NO_ASID, REGIME_BIT } from '../caches/tlb.ts';
import type { WorldState } from '../state.ts';
import { levelShift } from '../translate/descriptor.ts';
import { type CompiledScope, ipaSpaceOf, range, readRange } from './tlbi-scope.ts';

/** A command's scope with the values of its fields: what it says does not change with what comes after it. */
export interface TlbiMatch {
  readonly scope: CompiledScope;
  /** Bits of {@link REGIME_BIT}. */
  readonly regimes: number;
  /** -1 where the command names none. */
  readonly vmid: number;
  readonly asid: number;
  /** The IPA space of the address; null where there is only one. */
  readonly ipaSpace: World | null;
  /** VMID bits that are left out of the comparison (CR0.VMW, 3.17.6). */
  readonly vmwBits: number;
  /** Pages of 4 KiB, inclusive; the whole space where the command names no address. */
  readonly first: number;
  readonly last: number;
  /** 0 any. */
  readonly granuleBits: number;
  readonly level: number;
  /** Leaf=0, or a command without addresses: table descriptors go too. */
  readonly tables: boolean;
}

/**
 * The scope of a command by its words; it leaves the addresses in `range`.
 * @param c its words, the state that it acts on, and the regimes whose entries go (`reach.ts`)
 */
export function tlbiMatch(
  c: { readonly words: Uint32Array; readonly state: WorldState; readonly regimes: number },
  scope: CompiledScope,
): TlbiMatch {
  const { words, state } = c;
  const { address } = scope;
  if (address !== null) readRange(scope, address, words, state);
  return {
    scope,
    regimes: c.regimes,
    vmid: scope.vmid === null ? -1 : scope.vmid.get(words, 0),
    asid: scope.asid === null ? -1 : scope.asid.get(words, 0),
    ipaSpace: ipaSpaceOf(scope, words),
    vmwBits: state.vmwBits,
    first: address === null ? 0 : range.first,
    last: address === null ? Number.MAX_SAFE_INTEGER : range.last,
    granuleBits: address === null ? 0 : range.granuleBits,
    level: address === null ? 0 : range.level,
    tables: scope.leaf === null || scope.leaf.get(words, 0) === 0,
  };
}

/**
 * Why a command need not remove an entry, or null when it must.
 * @param match what the command says
 */
export function whyNot(match: TlbiMatch, entry: Covered): string | null {
  const { tag } = entry;
  if ((REGIME_BIT[tag.streamWorld] & match.regimes) === 0)
    return `it acts on other regimes than ${tag.streamWorld}`;
  if (tag.stage === 1 ? !match.scope.stage1 : !match.scope.stage2)
    return `it leaves stage ${tag.stage} alone`;
  if (match.vmid >= 0 && tag.vmid >= 0 && tag.vmid >>> match.vmwBits !== match.vmid >>> match.vmwBits)
    return `VMID=${match.vmid}, the entry has ${tag.vmid}`;
  if (match.ipaSpace !== null && tag.ipaSpace !== undefined && tag.ipaSpace !== match.ipaSpace)
    return `it names a ${match.ipaSpace === 'ns' ? 'Non-secure' : 'Secure'} IPA`;
  const named = match.asid < 0 || tag.asid === NO_ASID || tag.asid === match.asid;
  if (!named && !(match.scope.orGlobal && (entry.global || tag.asid === ANY_ASID)))
    return entry.global ? 'it leaves global entries alone' : `ASID=${match.asid}, the entry has ${tag.asid}`;
  if (entry.table && !match.tables) return 'Leaf=1 leaves table descriptors alone';
  return whyOutOfRange(match, entry);
}

function whyOutOfRange(match: TlbiMatch, entry: Covered): string | null {
  if (match.granuleBits !== 0 && entry.granuleBits !== match.granuleBits)
    return `TG names the ${2 ** (match.granuleBits - 10)} KiB granule, the entry has ${2 ** (entry.granuleBits - 10)} KiB`;
  if (match.level !== 0) {
    if (entry.table ? entry.level >= match.level : entry.level !== match.level)
      return `TTL=${match.level}, the ${entry.table ? 'table descriptor' : 'leaf'} is of level ${entry.level}`;
  }
  const pages = 2 ** (levelShift(entry.level, entry.granuleBits) - 12);
  if (entry.page > match.last || entry.page + pages - 1 < match.first) return 'its addresses lie elsewhere';
  return null;
}
