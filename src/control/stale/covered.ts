/** Which overwritten values need no look any more: what could have been made of them has surely gone. */

import { maskOf } from '../../bits/layout.ts';
import type { DescriptorLocation, Location } from '../../model/caches/location.ts';
import { ANY_ASID, NO_ASID, type TlbTag, tlbPage } from '../../model/caches/tlb.ts';
import type { Dated, Version } from '../../model/caches/versions.ts';
import type { Frame } from '../../model/plan.ts';
import { levelShift, swap32 } from '../../model/translate/descriptor.ts';
import { S1_LEAF } from '../../spec/descriptors.ts';
import type { Case } from './case.ts';
import { locationOf } from './entries.ts';
import type { StoredEntry } from './use.ts';

const VALID = maskOf(S1_LEAF.fields.Valid);
const IS_TABLE = maskOf(S1_LEAF.fields.Type);
const NOT_GLOBAL = maskOf(S1_LEAF.fields.nG);
const LAST_LEVEL = 3;

/**
 * Moments of a structure at which its stream had no translation at all: they hold for every address, and stay true while
 * the history is the same.
 */
const harmless = new WeakMap<Version, Set<number>>();
const SUBSTREAMS = 2 ** 20 + 1;

function keyOf({ transaction: t }: Case): number {
  return t.sid * SUBSTREAMS + t.ssid + 1;
}

/** Notes that just before a structure was changed nothing was translated by it. */
export function noteHarmless(of: Case, version: Version): void {
  let keys = harmless.get(version);
  if (keys === undefined) {
    keys = new Set();
    harmless.set(version, keys);
  }
  keys.add(keyOf(of));
}

/** Whether an old value of a structure mattered by the structure's own entry alone, and that one has gone. */
export function isHarmlessStructure(of: Case, { of: version, at }: Dated<Version>): boolean {
  if (harmless.get(version)?.has(keyOf(of)) !== true) return false;
  const { pa } = version;
  const entry = of.fresh.structures.find((one) => pa >= one.pa && pa < one.pa + one.words.length * 4);
  return entry !== undefined && coveredOf(of, entry, { kind: 'structure', ...entry }) > at;
}

/**
 * When entries of a reading were covered last: asked once an entry, since all commands since may have to be gone through.
 * The entries are those of one reading, so nothing changes while they are there.
 */
const asked = new WeakMap<object, number>();

function coveredOf({ smmu }: Case, entry: object, location: Location): number {
  let at = asked.get(entry);
  if (at === undefined) {
    at = smmu.versions.lastCovered(location);
    asked.set(entry, at);
  }
  return at;
}

/** Invalid in either byte order: such a descriptor is never cached (3.21.1). */
export function isInvalidDescriptor({ lo, hi }: Version): boolean {
  return (lo & VALID) === 0 && (swap32(hi) & VALID) === 0;
}

/** Whether everything that could have been made of an old value where a frame was read has gone. */
export function isCovered(of: Case, frame: Frame, version: Dated<Version>): boolean {
  return frame.kind === 'descriptor'
    ? descriptorCovered(of, frame, version)
    : configCovered(of, frame, version);
}

/** A structure: its entry has gone, and after that every translation that may have been made by it. */
function configCovered(of: Case, frame: Frame, version: Dated<Version>): boolean {
  const { versions } = of.smmu;
  const entry = of.fresh.structures.find(({ pa }) => pa === frame.pa);
  if (entry === undefined) return false;
  const location: Location = { kind: 'structure', ...entry };
  if (coveredOf(of, entry, location) < version.at) return false;
  const gone = versions.gone(location, version.at);
  const leaf = of.fresh.tlb.find(({ store, entry: { space } }) => store === 'tlb' && space.tag.stage === 1);
  if (leaf === undefined || coveredOf(of, leaf, locationOf(leaf)) <= gone) return false;
  // What led there by the old one may have been tables, which an invalidation of leaves alone leaves (4.4.1).
  const { tag } = leaf.entry.space;
  const { granuleBits } = leaf.entry;
  for (let level = 0; level < LAST_LEVEL; level++) {
    const table = locationAt(of, tag, level, granuleBits, true, false);
    if (versions.lastCovered(table) <= gone) return false;
  }
  return true;
}

function descriptorCovered(of: Case, frame: Frame, { of: { lo }, at }: Dated<Version>): boolean {
  const { versions } = of.smmu;
  if (frame.stage !== 1 || of.fresh.tlb.some(({ entry }) => entry.space.tag.stage === 2)) {
    const own = of.fresh.tlb.filter(({ entry }) => isAt(entry, frame.pa));
    const whole = of.fresh.tlb.filter(({ store, entry }) => store === 'tlb' && entry.space.tag.stage === 1);
    // Nested: the translation through both stages, VA to IPA, and stage 2 by itself.
    return own.length > 0 && whole.length > 0 && own.every((source) => isCoveredWith(of, source, whole, at));
  }
  const context = of.fresh.stage1;
  if (context === null) return false;
  const granule = of.fresh.tlb.find(({ entry }) => entry.space.tag.stage === 1)?.entry.granuleBits;
  if (granule === undefined) return false;
  const table = frame.level < LAST_LEVEL && (lo & IS_TABLE) !== 0;
  const location = locationAt(of, context, frame.level, granule, table, (lo & NOT_GLOBAL) === 0);
  const last = versions.lastCovered(location);
  if (last <= at) return false;
  if (!table) return true;
  for (let level = frame.level + 1; level <= LAST_LEVEL; level++) {
    for (const global of [false, true]) {
      const leaf = versions.lastCovered(locationAt(of, context, level, granule, false, global));
      if (leaf !== last && leaf <= versions.gone(location, at)) return false;
    }
  }
  return true;
}

/**
 * Whether an entry has gone, and what is made from it together with it or after it.
 * @param at the moment after which it cannot have been read
 */
function isCoveredWith(of: Case, source: StoredEntry, made: readonly StoredEntry[], at: number): boolean {
  const place = locationOf(source);
  const last = coveredOf(of, source, place);
  if (last <= at) return false;
  const gone = of.smmu.versions.gone(place, at);
  return made.every((one) => {
    const covered = coveredOf(of, one, locationOf(one));
    return covered === last || covered > gone;
  });
}

function isAt(entry: { descriptorAtHi: number; descriptorAtLo: number }, pa: number | null): boolean {
  return (entry.descriptorAtHi >>> 0) * 2 ** 32 + (entry.descriptorAtLo >>> 0) === pa;
}

/** A descriptor on the way of the transaction's address. */
function locationAt(
  { transaction: t }: Case,
  tag: TlbTag,
  level: number,
  granuleBits: number,
  table: boolean,
  nG0: boolean,
): DescriptorLocation {
  const shift = levelShift(level, granuleBits);
  const pages = 2 ** (shift - 12);
  const page = Math.floor(tlbPage(t.vaHi | 0, t.vaLo | 0, 12) / pages) * pages;
  const global = !table && (nG0 || tag.asid === NO_ASID);
  const asid = global && tag.asid !== NO_ASID ? ANY_ASID : tag.asid;
  return { kind: 'descriptor', tag: { ...tag, asid }, global, table, level, granuleBits, page };
}
