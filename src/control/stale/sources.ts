/**
 * What a translation is made from and what caches may keep by itself: table descriptors, and of both stages the one from
 * VA to IPA and the one from IPA to PA. While an old one of these is held, hardware makes the translation anew after it
 * was removed; so an invalidation is of use only after theirs is complete, or when it removes them as well (3.21.1, 4.4.3).
 */

import { descriptorSpace } from '../../model/caches/entry-spaces.ts';
import type { DescriptorLocation } from '../../model/caches/location.ts';
import type { TlbEntry } from '../../model/caches/tlb.ts';
import type { Dated, Version } from '../../model/caches/versions.ts';
import { DATA } from '../../model/memory.ts';
import { swap32 } from '../../model/translate/descriptor.ts';
import type { Case } from './case.ts';
import { compareTranslations, counterparts, locationOf, tableText } from './entries.ts';
import type { Reading } from './fresh.ts';
import type { Remade, StoredEntry } from './use.ts';

const pair = new Uint32Array(2);

/** Whether an entry's own descriptor still stands in memory, in either byte order. */
function standsThere({ smmu }: Case, entry: TlbEntry): boolean {
  const at = (entry.descriptorAtHi >>> 0) * 2 ** 32 + (entry.descriptorAtLo >>> 0);
  if (smmu.memory(descriptorSpace(entry.spaces)).load(at, pair, 0, 2) !== DATA) return false;
  const [hi, lo] = [entry.descriptorHi >>> 0, entry.descriptorLo >>> 0];
  return (pair[0] === lo && pair[1] === hi) || (pair[0] === swap32(hi) && pair[1] === swap32(lo));
}

/** Whether an entry serves to make another one. */
function feeds(one: StoredEntry, other: StoredEntry): boolean {
  if (one === other) return false;
  const [stage, of] = [one.entry.space.tag.stage, other.entry.space.tag.stage];
  if (stage !== of) return stage === 2;
  if (one.store === 'walks') return other.store !== 'walks' || one.entry.level < other.entry.level;
  return one.store === 'partial' && other.store === 'tlb';
}

function isOld(of: Case, one: StoredEntry): boolean {
  if (standsThere(of, one.entry)) return false;
  const own = counterparts(one, of.fresh.tlb);
  if (own.length === 0) return true;
  return own.some((now) => {
    if (one.store === 'walks') return tableText(one.entry, now) !== null;
    const found = compareTranslations(one.entry, now, false, of.bbml);
    return found !== null && found.class !== 'allowed';
  });
}

/** The old ones of an earlier reading from which an entry of it is made. */
function oldSources(of: Case, past: Reading, stored: StoredEntry): StoredEntry[] {
  return past.tlb.filter((one) => feeds(one, stored) && isOld(of, one));
}

function isIpaToPa({ store, entry }: StoredEntry): boolean {
  return store === 'tlb' && entry.space.tag.stage === 2;
}

function sourceText({ store, entry }: StoredEntry): string {
  if (store === 'walks')
    return `the old table descriptor of stage ${entry.space.tag.stage}, level ${entry.level},`;
  return store === 'partial' ? 'the old translation from VA to IPA' : 'the old translation from IPA to PA';
}

/**
 * Whether an invalidation has removed a translation of an earlier moment for good. Where what it is made from was never
 * invalidated, that alone is what is wrong.
 * @param until when the configuration that it was made by had surely gone
 * @returns true; or what it could be made from again, null where it was not even removed once
 */
export function isGone(
  of: Case,
  past: Reading,
  stored: StoredEntry,
  version: Dated<Version>,
  until: number,
): true | Remade | null {
  const { versions } = of.smmu;
  const location = locationOf(stored);
  const { stage } = stored.entry.space.tag;
  if (versions.lastCovered(location) <= until) {
    return until > version.at ? { from: 'the old configuration', until } : null;
  }
  const sources = oldSources(of, past, stored).map((one) => {
    const place: DescriptorLocation = locationOf(one);
    return { one, place, gone: versions.gone(place, version.at) };
  });
  // An old table descriptor that was never invalidated is told by itself; IPA to PA by what it makes.
  const known = sources.filter(
    ({ one, gone }) => gone < Number.POSITIVE_INFINITY || (stage === 1 && isIpaToPa(one)),
  );
  if (known.length === 0) return true;
  for (const { at, complete, whyNot, invalidation } of versions.since(version.of, location)) {
    if (!complete || whyNot !== null || at <= until) continue;
    if (known.every(({ gone, place }) => at > gone || invalidation.whyNot(place) === null)) return true;
  }
  const [last] = known.sort((a, b) => b.gone - a.gone);
  return last === undefined ? true : { from: sourceText(last.one), until: last.gone };
}
