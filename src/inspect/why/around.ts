/** Which tables should have had an address, and what they map around it. */

import { toNumber } from '../../bits/u64.ts';
import type { Fault, Transaction } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { WorldState } from '../../model/state.ts';
import type { ContextConfig, StreamConfig } from '../../model/translate/configuration.ts';
import type { TableStart } from '../maps.ts';
import { placeOfCd } from '../stage2.ts';
import { stage1Tables, stage2Tables } from '../tables.ts';
import type { Nearest } from './explanation.ts';
import { nearestMappings, type Place } from './neighbours.ts';

const PAGE = 4096;

/** What says which tables a transaction walks. */
export interface Located {
  readonly smmu: Smmu;
  readonly transaction: Transaction;
  readonly state: WorldState;
  readonly fault: Fault | null;
  readonly stream: StreamConfig | null;
  readonly context: ContextConfig | null;
}

/** Stage-1 tables of a nested stream lie at IPAs: where stage 2 puts them, a page at a time. */
function placeBy({ smmu, stream }: Located): Place | undefined {
  if (stream === null || stream.stage2 === null) return undefined;
  const known = new Map<number, number | null>();
  return (address) => {
    const offset = address % PAGE;
    const page = address - offset;
    let base = known.get(page);
    if (base === undefined) {
      const placed = placeOfCd(smmu, stream, page);
      base = typeof placed === 'number' ? placed : null;
      known.set(page, base);
    }
    return base === null ? null : base + offset;
  };
}

/** The offset of a 64-bit address in a range of tables, in bytes; tag bits above the range do not count. */
export function offsetIn(start: TableStart, hi: number, lo: number): number {
  const n = start.inputBits;
  if (n >= 53) return toNumber(hi & 0x1fffff, lo);
  return n > 32 ? (hi & (2 ** (n - 32) - 1)) * 2 ** 32 + (lo >>> 0) : (lo >>> 0) % 2 ** n;
}

/** The tables that stage 1 of a transaction walks, or null. */
export function stage1Start(facts: Located): TableStart | null {
  const { context, transaction } = facts;
  if (context === null) return null;
  const upper = context.twoRanges && (transaction.vaHi & 0x800000) !== 0;
  const start = stage1Tables(context, upper ? 1 : 0, transaction.world);
  return typeof start === 'string' ? null : start;
}

/** The tables that stage 2 of a transaction walks, or null. */
export function stage2Start(facts: Located): TableStart | null {
  const { stream, state, fault } = facts;
  if (stream === null || stream.stage2 === null) return null;
  const start = stage2Tables(stream.words, state, fault?.ipaNs ? 'ns' : state.world);
  return typeof start === 'string' ? null : start;
}

/** The mappings around the address at which translation failed; null where there is nothing to search. */
export function nearestFor(facts: Located): Nearest | null {
  const { fault, smmu, transaction } = facts;
  if (fault === null || fault.stage === 0) return null;
  if (fault.stage === 2) {
    const start = stage2Start(facts);
    if (start === null || fault.ipa === undefined || fault.ipa >= 2 ** start.inputBits) return null;
    return nearestMappings(smmu, start, fault.ipa);
  }
  const start = stage1Start(facts);
  if (start === null) return null;
  return nearestMappings(smmu, start, offsetIn(start, transaction.vaHi, transaction.vaLo), placeBy(facts));
}
