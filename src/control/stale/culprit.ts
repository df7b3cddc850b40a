/** Which write made an entry old: the one before which memory still said what the entry says. */

import type { World } from '../../bits/world.ts';
import { type HeldLeaf, leavesOf } from '../../model/caches/held-leaves.ts';
import type { Dated, Version } from '../../model/caches/versions.ts';
import type { Frame, Plan, Transaction } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { swap32 } from '../../model/translate/descriptor.ts';
import { compareTranslations, counterparts, tableText } from './entries.ts';
import { frameOf, isUnknown, type Reading, readerOf } from './fresh.ts';
import type { Origins } from './origins.ts';
import { wordsInstead } from './structures.ts';
import type { StaleUse, StoredEntry } from './use.ts';

/** Earlier moments that are tried. */
const MOMENTS = 32;

/** The overwritten value that a stale use goes back to, or null where no write that was watched explains it. */
export function findWrite(
  smmu: Smmu,
  plan: Plan,
  use: StaleUse,
  origins: Origins | null,
): Dated<Version> | null {
  if (use.version !== null) return use.version;
  if (plan.operation.kind !== 'transaction' || use.clash !== null) return null;
  if (use.tlb !== null) return writeOfTlb(smmu, plan.operation.transaction, use.tlb, use.used, origins);
  const step = plan.steps[use.step];
  const frame = step === undefined ? undefined : plan.frames[step.frame];
  if (frame === undefined || frame.pa === null) return null;
  let found: Dated<Version> | null = null;
  for (let at = 0; at < frame.words.length; at += 2) {
    const [lo, hi] = [frame.words[at] as number, frame.words[at + 1] as number];
    const one = lastOf(smmu, frame.space, frame.pa + at * 4, hi, lo);
    if (one !== null && (found === null || one.at < found.at)) found = one;
  }
  return found ?? writeBefore(smmu, plan.operation.transaction, frame);
}

/** The write before which another place was read as a structure, and held what this frame has. */
function writeBefore(smmu: Smmu, t: Transaction, { kind, words }: Frame): Dated<Version> | null {
  const reader = readerOf(smmu);
  for (const version of versionsOn(smmu, reader.now(t))) {
    const past = reader.before(t, version.at);
    if (!isUnknown(past) && frameOf(past.plan, kind)?.words.every((word, i) => word === words[i]))
      return version;
  }
  return null;
}

const pair = new Uint32Array(2);

/** The newest overwritten value of a doubleword that is this one, unless it stands there again. */
function lastOf(smmu: Smmu, space: World, pa: number, hi: number, lo: number): Dated<Version> | null {
  smmu.memory(space).load(pa, pair, 0, 2);
  if (pair[0] === lo && pair[1] === hi) return null;
  return smmu.versions.of(pa, space).findLast(({ of }) => of.hi === hi && of.lo === lo) ?? null;
}

function leafWrite(smmu: Smmu, { space, pa, hi, lo }: HeldLeaf): Dated<Version> | null {
  return lastOf(smmu, space, pa, hi, lo) ?? lastOf(smmu, space, pa, swap32(lo), swap32(hi));
}

function writeOfTlb(
  smmu: Smmu,
  t: Transaction,
  stored: StoredEntry,
  used: StaleUse['used'],
  origins: Origins | null,
): Dated<Version> | null {
  const { entry } = stored;
  for (const leaf of leavesOf(entry)) {
    const write = leafWrite(smmu, leaf);
    if (write !== null) return write;
  }
  const filler = used?.kind === 'tlb' ? (origins?.filler(used.entry) ?? null) : null;
  const asking = filler === null ? t : { ...t, sid: filler.sid, ssid: filler.ssid };
  const reader = readerOf(smmu);
  for (const version of versionsOn(smmu, reader.now(asking))) {
    const past = reader.before(asking, version.at);
    if (!isUnknown(past) && gives(past, stored)) return version;
    // Or what it was made from by then was old already, and the rest as it is now.
    const mixed = reader.with(
      asking,
      wordsInstead(version.of.pa, version.of.space, Uint32Array.of(version.of.lo, version.of.hi)),
    );
    if (!isUnknown(mixed) && gives(mixed, stored)) return version;
  }
  return null;
}

/** The overwritten values where a reading reads, the newest first. */
function versionsOn({ versions }: Smmu, { plan }: Reading): Dated<Version>[] {
  const found: Dated<Version>[] = [];
  for (const { pa, space, words } of plan.frames) {
    if (pa === null) continue;
    for (let at = 0; at < words.length; at += 2)
      found.push(...versions.of(pa + at * 4, space).slice(-MOMENTS));
  }
  return found.sort((a, b) => b.at - a.at).slice(0, MOMENTS);
}

/** Whether a reading finds just what an entry says. */
function gives(past: Reading, stored: StoredEntry): boolean {
  const own = counterparts(stored, past.tlb);
  return (
    own.length > 0 &&
    own.every((now) =>
      stored.store === 'walks'
        ? tableText(stored.entry, now) === null
        : compareTranslations(stored.entry, now, false, 2) === null,
    )
  );
}
