/**
 * One structure under update, for one stream that reads it: what of it hardware may hold since the last completed
 * covering invalidation. Values, never changed: going back is keeping the one before.
 */

import { type Doubleword, findMix, type Mix, sameInUse } from './mixes.ts';
import { planUpdate } from './plan-update.ts';
import type { EntryName, UpdateFinding } from './update-finding.ts';
import { isValid, type ReadBy, safeBits } from './used.ts';

interface Version extends Doubleword {
  /** The operation that wrote it; -1 for what stood there before. */
  readonly at: number;
}

interface Consumed {
  readonly queue: string;
  readonly at: number;
  /** What stood in memory then. */
  readonly content: Uint32Array;
}

/** The structure is invalid since. */
interface Broken {
  /** The operation that made it so. */
  readonly at: number;
  /** What it was while it was valid. */
  readonly valid: Uint32Array;
  /** Nothing but this update happened since. */
  readonly alone: boolean;
}

export interface EntryWatch {
  readonly name: EntryName;
  readonly by: ReadBy;
  /** By doubleword, the oldest first. */
  readonly versions: readonly (readonly Version[])[];
  /** The content after the last completed covering invalidation. */
  readonly start: Uint32Array;
  /** The content in memory. */
  readonly now: Uint32Array;
  /** Covering invalidations that no CMD_SYNC has completed. */
  readonly consumed: readonly Consumed[];
  /** The last operation that changed a bit that hardware reads; -1 when an invalidation of it is complete. */
  readonly changedAt: number;
  /** Halves of 32 bits that were written alone since, bit 2n for the lower half of doubleword n. */
  readonly halves: number;
  readonly broken: Broken | null;
  /** What was reported since the last completed covering invalidation. */
  readonly reported: readonly string[];
  /** What will have been a mistake if the stream is used before an invalidation is complete. */
  readonly held: readonly (() => UpdateFinding)[];
  /** Completed covering invalidations. */
  readonly syncs: number;
}

/** What is wrong with the order of writes. */
export type UpdateProblem =
  /** A mix of old and new can be fetched that is neither. */
  | {
      readonly kind: 'neither';
      readonly mix: Mix;
      readonly start: Uint32Array;
      readonly end: Uint32Array;
      /** The operations of the first and the last write since the last completed invalidation. */
      readonly first: number;
      readonly last: number;
      /** A doubleword was written in two halves. */
      readonly torn: boolean;
    }
  /** The structure was invalid on the way although there is an order in which it is not. */
  | {
      readonly kind: 'v-zero-window';
      readonly from: Uint32Array;
      readonly to: Uint32Array;
      readonly first: number;
      readonly last: number;
    };

/** Values of a doubleword that are remembered; more are not written between two invalidations by anything sane. */
const VERSION_LIMIT = 16;

/** Watches a structure from now on. @param content what stands in memory; copied */
export function watchEntry(name: EntryName, content: Uint32Array, by: ReadBy = {}): EntryWatch {
  const now = content.slice();
  const versions = Array.from({ length: now.length / 2 }, (_, dw): Version[] => [
    { hi: now[dw * 2 + 1] as number, lo: now[dw * 2] as number, at: -1 },
  ]);
  return {
    name,
    by: { world: name.world, ...by },
    versions,
    start: now,
    now,
    consumed: [],
    changedAt: -1,
    halves: 0,
    broken: null,
    reported: [],
    held: [],
    syncs: 0,
  };
}

/** A write to a watched structure and what is wrong with it. */
export interface Written {
  readonly watch: EntryWatch;
  readonly problems: readonly UpdateProblem[];
}

/**
 * Software writes a part of the structure, each aligned doubleword of it at once.
 * @param offset in bytes from the beginning of the structure, a multiple of 4
 * @param at the operation, for {@link UpdateProblem}
 * @param placed the content is put there as a whole by no CPU: no mix of it with what was there can be fetched
 */
export function writeEntry(
  watch: EntryWatch,
  offset: number,
  words: Uint32Array,
  at: number,
  placed = false,
): Written {
  const { structure } = watch.name;
  const now = watch.now.slice();
  for (const [i, word] of words.entries()) {
    const place = offset / 4 + i;
    if (place >= 0 && place < now.length) now[place] = word;
  }
  let halves = watch.halves;
  const versions = watch.versions.map((list, dw): readonly Version[] => {
    const [lo, hi] = [now[dw * 2] as number, now[dw * 2 + 1] as number];
    const lower = lo !== watch.now[dw * 2];
    const upper = hi !== watch.now[dw * 2 + 1];
    if (!lower && !upper) return list;
    const value: Version = { hi, lo, at };
    if (placed) return [value];
    const whole = offset <= dw * 8 && offset + words.length * 4 >= dw * 8 + 8;
    if (!whole) halves |= (lower ? 1 : 2) << (dw * 2);
    return list.length < VERSION_LIMIT ? [...list, value] : [list[0] as Version, ...list.slice(2), value];
  });
  const seen = !sameInUse(structure, now, watch.now, watch.by, safeBits(structure, watch.now, now));
  const next: EntryWatch = {
    ...watch,
    versions: placed ? versions.map((list) => list.slice(-1)) : versions,
    start: placed ? now : watch.start,
    now,
    halves: placed ? 0 : halves,
    changedAt: seen ? at : watch.changedAt,
    broken: brokenAfter(watch, now, at),
  };
  return judge(watch, next, at);
}

function brokenAfter({ name, now: before, broken }: EntryWatch, now: Uint32Array, at: number): Broken | null {
  if (isValid(name.structure, now)) return null;
  if (broken !== null) return broken;
  return isValid(name.structure, before) ? { at, valid: before, alone: true } : null;
}

function judge(before: EntryWatch, watch: EntryWatch, at: number): Written {
  const { structure } = watch.name;
  const problems: UpdateProblem[] = [];
  const { broken } = before;
  // A table descriptor has nothing that could change without a moment of being invalid, but also nothing to lose.
  const whole = structure === 'STE' || structure === 'CD';
  if (whole && broken?.alone && watch.broken === null && isValid(structure, watch.now)) {
    const plan = planUpdate(structure, broken.valid, watch.now, watch.by);
    // The same again: it was meant to be invalid for a while.
    if (plan.hitless && plan.syncs > 0)
      problems.push({
        kind: 'v-zero-window',
        from: broken.valid,
        to: watch.now,
        first: broken.at,
        last: at,
      });
  }
  const torn = isTorn(watch.halves);
  const mix = findMix(structure, watch.versions, watch.start, watch.now, torn, watch.by);
  if (mix !== null) {
    const first = Math.min(
      ...watch.versions.flatMap((list) =>
        list.filter((version) => version.at >= 0).map((version) => version.at),
      ),
    );
    problems.push({ kind: 'neither', mix, start: watch.start, end: watch.now, first, last: at, torn });
  }
  const fresh = problems.filter(({ kind }) => !watch.reported.includes(kind));
  if (fresh.length === 0) return { watch, problems: fresh };
  return {
    watch: { ...watch, reported: [...watch.reported, ...fresh.map(({ kind }) => kind)] },
    problems: fresh,
  };
}

/** Whether both halves of a doubleword were written alone. */
function isTorn(halves: number): boolean {
  return (halves & (halves >>> 1) & 0x5555) !== 0;
}

/** A covering CMD_CFGI_* is consumed: what is fetched from now on is what stands in memory now, or later. */
export function consumeInvalidation(watch: EntryWatch, queue: string, at: number): EntryWatch {
  return { ...watch, consumed: [...watch.consumed, { queue, at, content: watch.now }] };
}

/** A CMD_SYNC of a queue is complete. */
export function completeInvalidations(watch: EntryWatch, queue: string): EntryWatch {
  const last = watch.consumed.findLast((command) => command.queue === queue);
  if (!last) return watch;
  const versions = watch.versions.map((list) => {
    const current = list.findLastIndex((version) => version.at <= last.at);
    return current <= 0 ? list : list.slice(current);
  });
  const settled = watch.changedAt <= last.at;
  return {
    ...watch,
    versions,
    start: last.content,
    consumed: watch.consumed.filter((command) => command.at > last.at),
    changedAt: settled ? -1 : watch.changedAt,
    halves: settled ? 0 : watch.halves,
    reported: [],
    held: settled ? [] : watch.held,
    syncs: watch.syncs + 1,
  };
}

/** Something beside the update of this structure happened: it was not made invalid just for the moment. */
export function interruptUpdate(watch: EntryWatch): EntryWatch {
  const { broken } = watch;
  return broken?.alone ? { ...watch, broken: { ...broken, alone: false } } : watch;
}

/** Nothing but what stands in memory can be held, and no update is on the way. */
export function isSettled({ versions, changedAt, broken, consumed }: EntryWatch): boolean {
  const single = versions.every((list) => list.length === 1);
  return single && changedAt < 0 && broken?.alone !== true && consumed.length === 0;
}
