/**
 * What hardware may hold beyond the model's own caches (IHI 0070 3.21.1, 3.21.3): it may have read, at any earlier moment,
 * whatever was reachable then, and keeps it until an invalidation that covers it is complete.
 *
 * For each value that software has overwritten where this transaction reads now, the transaction is computed as memory
 * stood just before. Whatever caches would have kept of that and no invalidation has removed since may still be used.
 */

import { descriptorSpace } from '../../model/caches/entry-spaces.ts';
import type { StructureLocation } from '../../model/caches/location.ts';
import type { StructureEntry } from '../../model/caches/structures.ts';
import { descriptorPaOf, type TlbEntry, type TlbTag } from '../../model/caches/tlb.ts';
import type { Dated, Version } from '../../model/caches/versions.ts';
import type { Frame } from '../../model/plan.ts';
import type { Case } from './case.ts';
import { isCovered, isHarmlessStructure, isInvalidDescriptor, noteHarmless } from './covered.ts';
import {
  compareTranslations,
  counterparts,
  type Difference,
  entryText,
  locationOf,
  tableText,
} from './entries.ts';
import { frameOf, isUnknown, type Reading, sameTag } from './fresh.ts';
import { compareOutcomes } from './outcome.ts';
import { isGone } from './sources.ts';
import { structureText, wordsInstead } from './structures.ts';
import type { StaleUse, StoredEntry } from './use.ts';

/** Earlier moments that are looked at for one transaction, the newest first. */
const MOMENTS = 12;
/** Overwritten values of one doubleword that are considered for that. */
const SCANNED = 64;

const STRUCTURE_FRAMES: ReadonlySet<Frame['kind']> = new Set(['ste', 'l1std', 'cd', 'l1cd']);

interface Candidate {
  readonly version: Dated<Version>;
  readonly frame: Frame;
}

/** The overwritten values where the transaction reads now, the newest first; those that surely went are left out. */
function candidates(of: Case): Candidate[] {
  const { versions } = of.smmu;
  const found: Candidate[] = [];
  for (const frame of of.fresh.plan.frames) {
    if (frame.pa === null || frame.words.length === 0) continue;
    const isStructure = STRUCTURE_FRAMES.has(frame.kind);
    if (!isStructure && frame.kind !== 'descriptor') continue;
    for (let at = 0; at < frame.words.length; at += 2) {
      const list = versions.of(frame.pa + at * 4, frame.space);
      // Newest first: once one surely went, all before it went too.
      for (let i = list.length - 1; i >= Math.max(0, list.length - SCANNED); i--) {
        const version = list[i] as Dated<Version>;
        if (isStructure ? isHarmlessStructure(of, version) : isInvalidDescriptor(version.of)) continue;
        if (isCovered(of, frame, version)) break;
        found.push({ version, frame });
      }
    }
  }
  return found.sort((a, b) => b.version.at - a.version.at).slice(0, MOMENTS);
}

/** The possible stale uses of what only hardware may hold, one for each thing that may be held. */
export function heldUses(of: Case): StaleUse[] {
  const uses = new Map<string, StaleUse>();
  const done = new Set<number>();
  for (const { version, frame } of candidates(of)) {
    if (done.has(version.at)) continue;
    done.add(version.at);
    const past = of.reader.before(of.transaction, version.at);
    if (isUnknown(past)) continue;
    if (STRUCTURE_FRAMES.has(frame.kind) && !past.plan.frames.some(({ kind }) => kind === 'descriptor'))
      noteHarmless(of, version.of);
    const reached = past.plan.frames.some(
      ({ pa, words }) => pa !== null && version.of.pa >= pa && version.of.pa < pa + words.length * 4,
    );
    if (!reached) continue;
    for (const use of usesAt(of, past, version)) {
      const key = `${use.what}/${use.differs}`;
      if (!uses.has(key)) uses.set(key, use);
    }
  }
  return [...uses.values()];
}

/** What may have been kept at an earlier moment, is not covered since and differs from what is read now. */
function usesAt(of: Case, past: Reading, version: Dated<Version>): StaleUse[] {
  const uses: StaleUse[] = [];
  for (const entry of past.structures) {
    const use = structureUse(of, past, entry, version);
    if (use !== null) uses.push(use);
  }
  const tags = tagsNow(of);
  for (const stored of translationsOf(of, past, version.at)) {
    const until = configUntil(of, past, version.at, stored.entry.space.tag.stage);
    const use = tlbUse(of, past, stored, version, until, tags);
    if (use !== null) uses.push(use);
  }
  return uses;
}

function structureUse(
  of: Case,
  past: Reading,
  entry: StructureEntry,
  version: Dated<Version>,
): StaleUse | null {
  const { fresh, smmu, reader, transaction } = of;
  const kind = entry.structure.toLowerCase() as Frame['kind'];
  const now = frameOf(fresh.plan, kind);
  if (now?.pa == null || now.words.every((word, i) => word === entry.words[i])) return null;
  const location: StructureLocation = { kind: 'structure', ...entry };
  if (smmu.versions.lastCovered(location) > version.at) return null;
  const mixed = reader.with(transaction, wordsInstead(now.pa, now.space, entry.words));
  if (isUnknown(mixed)) return null;
  const difference = compareOutcomes(mixed.plan.outcome, fresh.plan.outcome);
  if (difference === null) return null;
  const name = frameOf(past.plan, kind)?.name ?? entry.structure;
  return {
    certainty: 'possible',
    class: difference.class,
    step: stepOf(of, version.of),
    used: null,
    what: name,
    differs: structureText(entry.structure, entry.words, now.words),
    tlb: null,
    structure: entry,
    location,
    version,
    remade: null,
    clash: null,
    fresh: fresh.plan,
  };
}

/** What caches may have kept of translations; of a leaf that refuses the access, by an access that it permits. */
function translationsOf(of: Case, past: Reading, moment: number): Reading['tlb'] {
  if (past.plan.outcome.fault?.event !== 'F_PERMISSION' || !of.transaction.write) return past.tlb;
  return of.reader.before({ ...of.transaction, write: false }, moment).tlb;
}

/** What translations of stage 2 are made from. */
const OF_STAGE_2: ReadonlySet<StructureEntry['structure']> = new Set(['STE', 'L1STD']);

/**
 * Until when translations of a stage could be made from the configuration of an earlier moment: until the invalidation of
 * the structures that have changed since was complete (a TLBI before that removes nothing for good).
 */
function configUntil(of: Case, past: Reading, moment: number, stage: 1 | 2): number {
  let until = moment;
  for (const entry of past.structures) {
    if (stage === 2 && !OF_STAGE_2.has(entry.structure)) continue;
    const now = frameOf(of.fresh.plan, entry.structure.toLowerCase() as Frame['kind']);
    if (now?.words.every((word, i) => word === entry.words[i])) continue;
    const gone = of.smmu.versions.gone({ kind: 'structure', ...entry }, moment);
    until = Math.max(until, gone);
  }
  return until;
}

/** The tags under which the transaction looks translations up now. */
function tagsNow({ fresh }: Case): readonly TlbTag[] {
  const tags = fresh.tlb.map(({ entry }) => entry.space.tag);
  return fresh.stage1 === null ? tags : [...tags, fresh.stage1];
}

function tlbUse(
  of: Case,
  past: Reading,
  stored: StoredEntry,
  version: Dated<Version>,
  until: number,
  tags: readonly TlbTag[],
): StaleUse | null {
  // While the old structure itself may be held, that is what is wrong.
  if (until === Number.POSITIVE_INFINITY) return null;
  const { entry } = stored;
  if (!tags.some((tag) => sameTag(tag, entry.space.tag))) return null;
  const gone = isGone(of, past, stored, version, until);
  if (gone === true) return null;
  const difference = differenceOf(of, past, stored);
  if (difference === null || difference.class === 'allowed') return null;
  return {
    certainty: 'possible',
    class: difference.class,
    step: stepOf(of, version.of),
    used: null,
    what: entryText(stored),
    differs: difference.text,
    tlb: stored,
    structure: null,
    location: locationOf(stored),
    version,
    remade: gone,
    clash: null,
    fresh: of.fresh.plan,
  };
}

function differenceOf(of: Case, past: Reading, stored: StoredEntry): Difference | null {
  const { fresh, bbml } = of;
  const own = counterparts(stored, fresh.tlb);
  const { entry } = stored;
  if (stored.store === 'walks') {
    if (own.some((now) => tableText(entry, now) === null)) return null;
    // What the old table leads to as it stands now, in the place of the one that is read.
    return outcomeWith(of, entry, own[0] ?? entry);
  }
  // Of a nested stream the translation through both stages tells, but where CDs and tables are read through this one.
  if (entry.space.tag.stage === 2 && past.stage1 !== null)
    return past.tlb.some((one) => isMadeFrom(one.entry, entry)) ? null : outcomeWith(of, entry, entry);
  if (own.length > 0) {
    const denied = past.plan.outcome.fault?.event === 'F_PERMISSION' && fresh.plan.outcome.result === 'ok';
    const found = own.map((now) => compareTranslations(entry, now, denied, bbml));
    return found.find((one) => one?.class === 'unsafe') ?? found.find((one) => one !== null) ?? null;
  }
  const { outcome } = fresh.plan;
  if (outcome.result === 'ok' || outcome.fault === null) return null;
  if (outcome.fault.event === 'F_ACCESS') return { class: 'allowed', text: 'only the access flag has gone' };
  if (outcome.fault.event === 'F_PERMISSION' || outcome.fault.event === 'F_TRANSLATION')
    return { class: 'unsafe', text: `read anew: ${outcome.fault.reason}` };
  return null;
}

/** What the transaction comes to with an old descriptor in the place of another. */
function outcomeWith({ fresh, reader, transaction }: Case, old: TlbEntry, now: TlbEntry): Difference | null {
  const words = Uint32Array.of(old.descriptorLo, old.descriptorHi);
  const mixed = reader.with(
    transaction,
    wordsInstead(descriptorPaOf(now), descriptorSpace(now.spaces), words),
  );
  return isUnknown(mixed) ? null : compareOutcomes(mixed.plan.outcome, fresh.plan.outcome);
}

/** Whether an entry through both stages has its second half from another entry. */
function isMadeFrom({ nested }: TlbEntry, { descriptorAtHi, descriptorAtLo }: TlbEntry): boolean {
  return nested?.descriptorAtHi === descriptorAtHi && nested.descriptorAtLo === descriptorAtLo;
}

/** The step of the plan that reads a doubleword or that a cache answers; the first one where none does. */
function stepOf({ plan }: Case, { pa, space }: Version): number {
  const reads = plan.steps.findIndex(({ frame }) => {
    const of = plan.frames[frame];
    return (
      of?.pa != null && of.space === space && pa >= of.pa && pa < of.pa + Math.max(8, of.words.length * 4)
    );
  });
  if (reads >= 0) return reads;
  const hit = plan.steps.findIndex(({ kind }) => kind === 'cache-hit');
  return Math.max(0, hit);
}
