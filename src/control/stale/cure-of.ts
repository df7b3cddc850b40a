/**
 * What rids of a stale use: the commands, and their order. While one thing is old, hardware may make others of it anew;
 * so what it is made from goes first and completely (3.21.3, 4.4.3, 16.2.1).
 */

import type { CachedStructure } from '../../model/caches/structures.ts';
import { paOf } from '../../model/caches/tlb.ts';
import type { Frame, Plan, Transaction } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { levelShift } from '../../model/translate/descriptor.ts';
import type { IdValues } from '../../spec/features.ts';
import { STE } from '../../spec/ste.ts';
import { type CureCommand, type CureScope, SYNC, stage1OfVmid, structureCure, tlbi } from './cure.ts';
import { compareTranslations, counterparts, startOf } from './entries.ts';
import { frameOf, keptBy, type Reading, readerOf, sameTag } from './fresh.ts';
import { wordsInstead } from './structures.ts';
import type { StaleUse, StoredEntry } from './use.ts';

const STRUCTURES: Readonly<Partial<Record<Frame['kind'], CachedStructure>>> = {
  ste: 'STE',
  l1std: 'L1STD',
  cd: 'CD',
  l1cd: 'L1CD',
};

/** The frame kinds of what an address space is made from. */
const CONFIGURATION: ReadonlySet<Frame['kind']> = new Set(['ste', 'cd', 'l1std', 'l1cd']);

/**
 * The commands that remove what is old, and all that hardware may make of it meanwhile.
 * @param writtenAt PA of the doubleword whose write made it old, or null where that is not known
 */
export function cureOf(smmu: Smmu, plan: Plan, use: StaleUse, writtenAt: number | null): CureCommand[] {
  // No command removes what is kept of granule protection (6.3.118).
  if (plan.operation.kind !== 'transaction' || use.used?.kind === 'gpt') return [];
  const { transaction } = plan.operation;
  const { ids } = smmu.state(transaction.world);
  return use.tlb === null
    ? structuresCure(smmu, plan, use, transaction)
    : translationCure(plan, use, use.tlb, writtenAt, ids);
}

function translationCure(
  plan: Plan,
  use: StaleUse,
  stored: StoredEntry,
  writtenAt: number | null,
  ids: IdValues,
): CureCommand[] {
  const { entry } = stored;
  const own = (entry.descriptorAtHi >>> 0) * 2 ** 32 + (entry.descriptorAtLo >>> 0);
  const elsewhere = writtenAt !== null && writtenAt !== own;
  const at = writtenAt === null ? null : frameAt(use.fresh, writtenAt);
  if (entry.space.tag.stage === 2) return stage2Cure(plan, use, stored, elsewhere, at, ids);
  const { nested } = entry;
  if (nested !== null && elsewhere) {
    const leaf2 = (nested.descriptorAtHi >>> 0) * 2 ** 32 + (nested.descriptorAtLo >>> 0);
    // What goes from VA to PA by a page of stage 2 can have any address: all of the VMID goes.
    if (writtenAt === leaf2)
      return [...tlbi(stored, '2', 'leaf', ids), SYNC, ...allOfStage1(stored, ids), SYNC];
    if (at === null || at.stage === 2) return [...tlbi(stored, '2', 'all', ids), SYNC];
  }
  return [...tlbi(stored, '1', scopeOf(stored, elsewhere, at), ids), SYNC];
}

function allOfStage1(stored: StoredEntry, ids: IdValues): CureCommand[] {
  return stage1OfVmid(stored, stored.entry.space.tag.streamWorld, ids);
}

/** What one entry of a stage is part of: its page, what lies under the table that was written, or the address space. */
function scopeOf({ store, entry }: StoredEntry, elsewhere: boolean, at: Frame | null): CureScope {
  if (elsewhere && (at === null || CONFIGURATION.has(at.kind))) return 'all';
  const table = store === 'walks' ? entry.level : null;
  const level = elsewhere && at !== null && at.level < entry.level ? at.level : table;
  if (level === null) return 'leaf';
  const shift = Math.max(levelShift(level, entry.granuleBits), store === 'walks' ? entry.shift : 0);
  const pages = 2 ** (shift - 12);
  return { page: Math.floor(startOf(entry) / 4096 / pages) * pages, shift };
}

/** IPA to PA first; what was read or translated through it next (4.4.3). */
function stage2Cure(
  plan: Plan,
  use: StaleUse,
  stored: StoredEntry,
  elsewhere: boolean,
  at: Frame | null,
  ids: IdValues,
): CureCommand[] {
  const scope = scopeOf(stored, elsewhere, at);
  const first = [...tlbi(stored, '2', scope, ids), SYNC];
  const ste = frameOf(use.fresh, 'ste') ?? frameOf(plan, 'ste');
  const { S1 } = STE.fields.Config.names;
  if (ste === undefined || (STE.fields.Config.get(ste.words, 0) & S1) !== S1) return first;
  const { operation } = plan;
  if (operation.kind !== 'transaction') return first;
  const { sid, ssid } = operation.transaction;
  const cd = readsCdThrough(plan, ste, stored) ? structureCure('L1CD', sid, Math.max(0, ssid)) : [];
  const whole = scope === 'all' ? [] : [...allOfStage1(stored, ids), SYNC];
  return [...first, ...cd, ...whole];
}

/** Whether a CD, or the table of CDs, is read through an entry from IPA to PA. */
function readsCdThrough(plan: Plan, ste: Frame, { store, entry }: StoredEntry): boolean {
  const table = STE.fields.S1ContextPtr.get(ste.words, 0);
  const [from, size] = [startOf(entry), 2 ** entry.shift];
  if (table >= from && table < from + size) return true;
  const cd = frameOf(plan, 'cd')?.pa ?? null;
  return store === 'tlb' && cd !== null && cd >= paOf(entry) && cd < paOf(entry) + size;
}

function frameAt(plan: Plan, pa: number): Frame | null {
  return (
    plan.frames.find(
      (frame) => frame.pa !== null && pa >= frame.pa && pa < frame.pa + frame.words.length * 4,
    ) ?? null
  );
}

/** The structure goes, and then the translations that were made by it and are found by what stands there now. */
function structuresCure(smmu: Smmu, plan: Plan, use: StaleUse, t: Transaction): CureCommand[] {
  const step = plan.steps[use.step];
  const kind = step === undefined ? undefined : plan.frames[step.frame]?.kind;
  const structure = use.structure?.structure ?? (kind === undefined ? undefined : STRUCTURES[kind]);
  if (structure === undefined) return [];
  const now = frameOf(use.fresh, structure.toLowerCase() as Frame['kind']);
  const level =
    now !== undefined ? structure : structure === 'STE' ? 'L1STD' : structure === 'CD' ? 'L1CD' : structure;
  const sid = structure === 'L1STD' ? t.sid : (use.structure?.sid ?? t.sid);
  const index = structure === 'CD' ? (use.structure?.index ?? Math.max(0, t.ssid)) : Math.max(0, t.ssid);
  return [...structureCure(level, sid, index), ...madeByOld(smmu, plan, use, t, now)];
}

function madeByOld(
  smmu: Smmu,
  plan: Plan,
  use: StaleUse,
  t: Transaction,
  now: Frame | undefined,
): CureCommand[] {
  const reader = readerOf(smmu);
  const fresh = reader.now(t);
  const old = use.structure?.words;
  const mixed =
    old === undefined || now?.pa == null ? null : reader.with(t, wordsInstead(now.pa, now.space, old));
  const hits = plan.steps.flatMap(({ used }) => (used?.kind === 'tlb' ? [used] : []));
  const made = [...hits, ...keptBy(smmu, plan).tlb, ...(mixed?.tlb ?? [])].filter((one) => isOld(one, fresh));
  const { ids } = smmu.state(t.world);
  const stage2 = made.find(({ entry }) => entry.space.tag.stage === 2);
  if (stage2 !== undefined) return [...tlbi(stage2, '2', 'all', ids), SYNC];
  const [first] = made;
  if (first === undefined) return [];
  const global = made.some(({ entry }) => entry.global);
  return [...tlbi({ entry: { ...first.entry, global } }, '1', 'all', ids), SYNC];
}

/** Whether a translation is found under the tags of now and is not what a walk makes now. */
function isOld(stored: StoredEntry, fresh: Reading): boolean {
  const { tag } = stored.entry.space;
  const tags = [...fresh.tlb.map(({ entry }) => entry.space.tag), ...(fresh.stage1 ? [fresh.stage1] : [])];
  if (!tags.some((one) => sameTag(one, tag))) return false;
  const own = counterparts(stored, fresh.tlb);
  if (own.length === 0) return true;
  return own.some((now) =>
    stored.store === 'walks'
      ? paOf(stored.entry) !== paOf(now)
      : compareTranslations(stored.entry, now, false, 2) !== null,
  );
}
