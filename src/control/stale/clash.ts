/** Entries that another STE or CD with the same tags has filled: an address-space clash, not a missing invalidation. */

import { hex } from '../../bits/u64.ts';
import type { Transaction } from '../../model/plan.ts';
import { STE } from '../../spec/ste.ts';
import type { Case } from './case.ts';
import { compareTranslations, counterparts, tableText } from './entries.ts';
import { frameOf, type Reading, sameTag } from './fresh.ts';
import { wordsInstead } from './structures.ts';
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

/**
 * Who may have filled an entry: the one that is remembered; the others whose entries bear the same tags, since what one
 * finds another may have made; or the streams whose configuration is cached.
 */
function fillers({ smmu, transaction: t, origins }: Case, { entry }: StoredEntry): Transaction[] {
  const found = new Map<string, Transaction>();
  const add = (one: Transaction): void => {
    const key = `${one.sid}/${one.ssid}/${one.vaHi}/${one.vaLo}`;
    if (found.size < CANDIDATES && one.world === t.world) found.set(key, one);
  };
  const remember = (filler: Transaction | null): void => {
    if (filler === null || (filler.sid === t.sid && filler.ssid === t.ssid)) return;
    add(asked(t, filler.sid, filler.ssid));
    // What is an IPA to one is none to another: its own transaction is known to lead here.
    add(filler);
  };
  const known = origins?.filler(entry) ?? null;
  remember(known);
  if (origins !== null) {
    for (const store of [smmu.walks, smmu.tlb]) {
      for (const other of store.entries()) {
        if (found.size >= CANDIDATES) break;
        if (sameTag(other.space.tag, entry.space.tag)) remember(origins.filler(other));
      }
    }
  }
  for (const { world, sid } of smmu.config.entries()) if (world === t.world) add(asked(t, sid, -1));
  for (const { world, structure, sid, index } of smmu.structures.entries()) {
    if (world !== t.world || (structure !== 'STE' && structure !== 'CD')) continue;
    add(asked(t, sid, -1));
    if (structure === 'CD') add(asked(t, sid, index));
  }
  return [...found.values()];
}

/**
 * Whether the entry is right for another stream or substream with the same tags, and wrong for this one only because the
 * tables differ (3.3.3): the one that filled it still finds what the entry says.
 */
export function clashOf(of: Case, hit: StoredEntry): Clash | null {
  const { transaction: t, fresh, reader } = of;
  for (const filler of fillers(of, hit)) {
    if (filler.sid === t.sid && filler.ssid === t.ssid) continue;
    const reading = reader.now(filler);
    if (sameTables(reading, fresh)) continue;
    if (!finds(of, hit, reading) && !finds(of, hit, throughStage2(of, reading))) continue;
    return { filler, filledBy: configText(filler, reading), usedBy: configText(t, fresh) };
  }
  return null;
}

/** Whether a reading finds just what an entry says. */
function finds({ bbml }: Case, hit: StoredEntry, reading: Reading | null): boolean {
  const own = reading === null ? [] : counterparts(hit, reading.tlb);
  return (
    own.length > 0 &&
    own.every((now) => {
      if (hit.store === 'walks') return tableText(hit.entry, now) === null;
      const found = compareTranslations(hit.entry, now, false, bbml);
      return found === null || found.class === 'allowed';
    })
  );
}

/** Words of an STE that say what stage 2 is: its VMID, its format and its tables (5.2). */
const [STAGE_2, AFTER_STAGE_2] = [4, 8];

/** The transaction with stage 2 of another stream, which need not come to the same IPA by itself. */
function throughStage2({ fresh, reader, transaction: t }: Case, other: Reading): Reading | null {
  const own = frameOf(fresh.plan, 'ste');
  const ste = frameOf(other.plan, 'ste');
  if (own?.pa == null || ste === undefined || ste.pa === own.pa) return null;
  const { V, Config } = STE.fields;
  const { S2 } = Config.names;
  if (V.get(ste.words, 0) === 0 || (Config.get(ste.words, 0) & S2) !== S2) return null;
  const words = own.words.slice();
  words.set(ste.words.subarray(STAGE_2, AFTER_STAGE_2), STAGE_2);
  return reader.with(t, wordsInstead(own.pa, own.space, words));
}

/** Both read the very same CD and STE: then it is one address space. */
function sameTables(a: Reading, b: Reading): boolean {
  const place = ({ plan }: Reading): string =>
    `${frameOf(plan, 'ste')?.pa ?? 'none'}/${frameOf(plan, 'cd')?.pa ?? 'none'}`;
  return place(a) === place(b);
}
