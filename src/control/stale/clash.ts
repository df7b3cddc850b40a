/** Entries that another STE or CD with the same tags has filled: an address-space clash, not a missing invalidation. */

import { hex } from '../../bits/u64.ts';
import type { TlbEntry } from '../../model/caches/tlb.ts';
import type { Transaction } from '../../model/plan.ts';
import type { Case } from './case.ts';
import { compareTranslations, counterparts, tableText } from './entries.ts';
import { frameOf, type Reading } from './fresh.ts';
import type { Clash, StoredEntry } from './use.ts';

/** Streams and substreams that are tried where nobody remembers who filled an entry. */
const CANDIDATES = 16;

/** `StreamID 0x8, CD 1 at 0x40400040`. */
function configText(t: Transaction, { plan }: Reading): string {
  const ste = frameOf(plan, 'ste');
  const cd = frameOf(plan, 'cd');
  const parts = [`StreamID ${hex(t.sid)}`];
  if (ste?.pa != null) parts.push(`STE at ${hex(ste.pa)}`);
  if (cd?.pa != null) parts.push(`${cd.name} at ${hex(cd.pa)}`);
  return parts.join(', ');
}

/** The input of an entry as a transaction of another stream. */
function asked(t: Transaction, sid: number, ssid: number): Transaction {
  return { ...t, sid, ssid };
}

/** Who may have filled an entry: the one that is remembered, or the streams whose configuration is cached. */
function fillers({ smmu, transaction: t, origins }: Case, entry: TlbEntry): Transaction[] {
  const known = origins?.filler(entry) ?? null;
  if (known !== null) return [asked(t, known.sid, known.ssid)];
  const found = new Map<string, Transaction>();
  const add = (sid: number, ssid: number): void => {
    if (found.size < CANDIDATES) found.set(`${sid}/${ssid}`, asked(t, sid, ssid));
  };
  for (const { world, sid } of smmu.config.entries()) if (world === t.world) add(sid, -1);
  for (const { world, structure, sid, index } of smmu.structures.entries()) {
    if (world !== t.world || (structure !== 'STE' && structure !== 'CD')) continue;
    add(sid, -1);
    if (structure === 'CD') add(sid, index);
  }
  return [...found.values()];
}

/**
 * Whether the entry is right for another stream or substream with the same tags, and wrong for this one only because the
 * tables differ (3.3.3): the one that filled it still finds what the entry says.
 */
export function clashOf(of: Case, hit: StoredEntry): Clash | null {
  const { transaction: t, fresh, reader, bbml } = of;
  for (const filler of fillers(of, hit.entry)) {
    if (filler.sid === t.sid && filler.ssid === t.ssid) continue;
    const reading = reader.now(filler);
    const own = counterparts(hit, reading.tlb);
    const right =
      own.length > 0 &&
      own.every((now) => {
        if (hit.store === 'walks') return tableText(hit.entry, now) === null;
        const found = compareTranslations(hit.entry, now, false, bbml);
        return found === null || found.class === 'allowed';
      });
    if (!right) continue;
    const filledBy = configText(filler, reading);
    const usedBy = configText(t, fresh);
    if (sameTables(reading, fresh)) continue;
    return { filler, filledBy, usedBy };
  }
  return null;
}

/** Both read the very same CD and STE: then it is one address space. */
function sameTables(a: Reading, b: Reading): boolean {
  const place = ({ plan }: Reading): string =>
    `${frameOf(plan, 'ste')?.pa ?? 'none'}/${frameOf(plan, 'cd')?.pa ?? 'none'}`;
  return place(a) === place(b);
}
