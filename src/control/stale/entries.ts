/** Cache entries compared by what they give: IHI 0070 3.21.1, 13.1. */

import { maskOf } from '../../bits/layout.ts';
import { hex } from '../../bits/u64.ts';
import type { DescriptorLocation } from '../../model/caches/location.ts';
import { pageOf } from '../../model/caches/page-map.ts';
import { inputAddressText, paOf, type TlbEntry, tagText } from '../../model/caches/tlb.ts';
import { attributesText } from '../../model/translate/attribute-text.ts';
import { ALL_PERMITTED, ONCE_DIRTY, permissionText } from '../../model/translate/permission.ts';
import { S1_LEAF } from '../../spec/descriptors.ts';
import { sameTag } from './fresh.ts';
import type { StaleClass, StoredEntry } from './use.ts';

const CONTIGUOUS = maskOf(S1_LEAF.fields.Contiguous);
const NO_TRANSLATION = maskOf(S1_LEAF.fields.nT);
const AF = maskOf(S1_LEAF.fields.AF);

/** A verdict on an entry, with what differs. */
export interface Difference {
  readonly class: StaleClass;
  readonly text: string;
}

/** The first input address of an entry, in the space of `tlbPage`, in bytes. */
export function startOf(entry: TlbEntry): number {
  return pageOf(entry) * 2 ** entry.shift;
}

function overlap(a: TlbEntry, b: TlbEntry): boolean {
  const from = Math.max(startOf(a), startOf(b));
  return from < startOf(a) + 2 ** a.shift && from < startOf(b) + 2 ** b.shift;
}

/** Those of `others` that a look-up would find in place of an entry. */
export function counterparts({ store, entry }: StoredEntry, others: readonly StoredEntry[]): TlbEntry[] {
  return others
    .filter(
      (other) =>
        other.store === store &&
        sameTag(other.entry.space.tag, entry.space.tag) &&
        (store !== 'walks' || other.entry.level === entry.level) &&
        overlap(other.entry, entry),
    )
    .map((other) => other.entry);
}

/** What is permitted now or once the page is dirty: hardware marks it so by itself (3.13). */
function permitted(permissions: number): number {
  return (permissions | (permissions >>> ONCE_DIRTY)) & ALL_PERMITTED;
}

/** What both stages permit together. */
function permissionsOf({ permissions, nested }: TlbEntry): number {
  return permitted(permissions) & (nested === null ? ALL_PERMITTED : permitted(nested.permissions));
}

/** Output address at an input address that the entry translates. */
function outputAt(entry: TlbEntry, input: number): number {
  return paOf(entry) + (input - startOf(entry));
}

/** log2 of the bytes of the entry's leaves: what changes without break-before-make when software changes a block size. */
function sizesOf({ leafShift, nested }: TlbEntry): string {
  return `${leafShift}/${nested === null ? '' : `${nested.level}/${nested.granuleBits}`}`;
}

function rawOf(entry: TlbEntry): readonly [hi: number, lo: number] {
  return [entry.descriptorHi >>> 0, entry.descriptorLo >>> 0];
}

/**
 * How an old entry's translation differs from the one that is read anew; null when it does not.
 * @param denied the access was refused by the old entry
 * @param bbml IDR3.BBML
 */
export function compareTranslations(
  old: TlbEntry,
  now: TlbEntry,
  denied: boolean,
  bbml: number,
): Difference | null {
  const at = Math.max(startOf(old), startOf(now));
  const [was, is] = [outputAt(old, at), outputAt(now, at)];
  if (was !== is) return { class: 'unsafe', text: `it gives ${hex(was)}, the tables give ${hex(is)}` };
  if (old.attributes !== now.attributes) {
    const words = old.space.tag.stage === 1;
    const [a, b] = words
      ? [attributesText(old.attributes), attributesText(now.attributes)]
      : [hex(old.attributes), hex(now.attributes)];
    return { class: 'unsafe', text: `it gives the attributes ${a}, the tables give ${b}` };
  }
  const [may, might] = [permissionsOf(old), permissionsOf(now)];
  const rights = `it permits ${permissionText(may, true)}, the tables permit ${permissionText(might, true)}`;
  if ((may & ~might) !== 0) return { class: 'unsafe', text: rights };
  if (may !== might) return { class: denied ? 'spurious-fault' : 'allowed', text: rights };
  return compareDescriptors(old, now, bbml);
}

/** Translations that are equal, though the descriptors need not be (3.21.1.3, IDR3.BBML). */
function compareDescriptors(old: TlbEntry, now: TlbEntry, bbml: number): Difference | null {
  const [oldHi, oldLo] = rawOf(old);
  const [nowHi, nowLo] = rawOf(now);
  if (sizesOf(old) !== sizesOf(now)) {
    const marked = ((oldLo | nowLo) & NO_TRANSLATION) !== 0;
    const lets = bbml === 2 || (bbml === 1 && marked);
    return {
      class: lets ? 'allowed' : 'unsafe',
      text: `the size of its leaf has changed without break-before-make (IDR3.BBML=${bbml})`,
    };
  }
  if (((oldHi ^ nowHi) & CONTIGUOUS) !== 0)
    return {
      class: bbml >= 1 ? 'allowed' : 'unsafe',
      text: `the contiguous bit has changed without break-before-make (IDR3.BBML=${bbml})`,
    };
  if (oldHi === nowHi && oldLo === nowLo) return null;
  return { class: 'allowed', text: 'only bits that change nothing here differ' };
}

/** How an old table descriptor differs from the one that is read anew; null when it does not. */
export function tableText(old: TlbEntry, now: TlbEntry): string | null {
  if (paOf(old) !== paOf(now)) return `it leads to the table at ${hex(paOf(old))}, now to ${hex(paOf(now))}`;
  return old.attributes === now.attributes ? null : 'its hierarchical bits differ';
}

/** Whether two values of a leaf differ in the access flag alone, or in bits that software owns. */
export function onlyAccessFlag(oldHi: number, oldLo: number, nowHi: number, nowLo: number): boolean {
  return oldHi === nowHi && ((oldLo ^ nowLo) & ~AF) === 0 && oldLo !== nowLo;
}

/** What a TLB entry holds, as invalidations see it: the whole of its leaf, however small the entry (4.4.1). */
export function locationOf({ store, entry }: StoredEntry): DescriptorLocation {
  const pages = 2 ** (entry.leafShift - 12);
  const first = Math.floor(startOf(entry) / 4096 / pages) * pages;
  const { level, granuleBits, global } = entry;
  return {
    kind: 'descriptor',
    tag: entry.space.tag,
    global,
    table: store === 'walks',
    level,
    granuleBits,
    page: first,
  };
}

/** `TLB entry 0x1000 + 0x1000 bytes -> 0x80000000 (ASID=1)`, for people. */
export function entryText({ store, entry }: StoredEntry): string {
  const { tag } = entry.space;
  const what =
    store === 'walks'
      ? `stage ${tag.stage} level ${entry.level} table descriptor of`
      : store === 'partial'
        ? 'TLB entry from VA to IPA'
        : entry.nested !== null
          ? 'TLB entry from VA to PA through both stages'
          : 'TLB entry';
  return `${what} ${inputAddressText(entry)} + ${hex(2 ** entry.shift)} bytes -> ${hex(paOf(entry))} (${tagText(entry)})`;
}
