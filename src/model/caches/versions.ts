/**
 * What hardware may still hold, beside what the model's caches do hold (policy `maximal`).
 *
 * Hardware may prefetch any reachable valid structure or descriptor without traffic (IHI 0070 3.21.1, 3.21.3). So
 * every value that software overwrites may live on in a cache until an invalidation that covers it is complete. An
 * invalidation rids of what was fetched before it was consumed, and is complete with the CMD_SYNC after it: so a value
 * may still be held if it was overwritten after the last completed covering invalidation was consumed.
 */

import { WORLD_INDEX, type World } from '../../bits/world.ts';
import { WordStack } from '../chunked.ts';
import type { PackedEntry } from '../packed.ts';
import type { Store } from '../store.ts';
import { PackedWindow } from './packed-window.ts';

/** A doubleword as it was before software changed it. */
export interface Version {
  readonly kind: 'version';
  /** PA in bytes, a multiple of 8, and its space. */
  readonly pa: number;
  readonly space: World;
  readonly hi: number;
  readonly lo: number;
}

/** A consumed invalidation. */
export interface Invalidation<Location> extends PackedEntry {
  readonly kind: 'invalidation';
  /** The moment when it was consumed, as {@link Versions.now} said. */
  readonly at: number;
  /** The queue whose CMD_SYNC completes it. */
  readonly queue: string;
  /** The command, for people. */
  readonly what: string;
  /** Its 16 bytes, the first word first. */
  readonly words: readonly [number, number, number, number];
  /** Why it does not cover a location, or null when it does. */
  whyNot(location: Location): string | null;
}

/** A CMD_SYNC: the invalidations of its queue before it are complete. */
export interface Completion {
  readonly kind: 'completion';
  readonly queue: string;
}

export type Happening<Location> = Version | Invalidation<Location> | Completion;

/** A happening and its moment: moments count happenings. */
export interface Dated<H> {
  readonly of: H;
  readonly at: number;
}

/** An invalidation since some moment, held against a location. */
export interface SinceThen<Location> {
  readonly what: string;
  /** Why it does not cover the location, or null when it does. */
  readonly whyNot: string | null;
  /** A CMD_SYNC of its queue has completed it. */
  readonly complete: boolean;
  readonly invalidation: Invalidation<Location>;
  /** The moment when it was consumed. */
  readonly at: number;
}

const NONE: readonly Dated<Version>[] = [];

/** More is not remembered; beyond it the oldest are forgotten, and {@link Versions.forgotten} says how many. */
const VERSION_LIMIT = 65536;
const INVALIDATION_LIMIT = 4096;
/** Of each queue; so many that those which are remembered are never older. */
const COMPLETION_LIMIT = 2 ** 22;

const SPACE_STRIDE = 2 ** 53;

/** A doubleword of a space as one number: exact, since addresses have 52 bits and are multiples of 8. */
function placeOf(pa: number, space: World): number {
  return WORLD_INDEX[space] * SPACE_STRIDE + pa;
}

export class Versions<Location> implements Store<Happening<Location>> {
  readonly #byPlace = new Map<number, Dated<Version>[]>();
  readonly #invalidations = new PackedWindow<Invalidation<Location>>(INVALIDATION_LIMIT);
  /** By queue: what one CMD_SYNC completes does not depend on how many there were. */
  readonly #completions = new Map<string, WordStack>();
  #count = 0;
  #forgotten = 0;
  #now = 0;

  /** How many versions and invalidations were too old to remember: what is said of them may be too little. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** How many overwritten doublewords are remembered. */
  get size(): number {
    return this.#count;
  }

  /** How many consumed invalidations are remembered, complete or not. */
  get invalidations(): number {
    return this.#invalidations.length;
  }

  /** The present moment: how many happenings there were. */
  get now(): number {
    return this.#now;
  }

  /**
   * The invalidation that has to go before another is consumed, or null when there is room: {@link remove} forgets it,
   * and {@link insert} brings it back.
   */
  get oldest(): Invalidation<Location> | null {
    return this.#invalidations.isFull ? this.#invalidations.at(0) : null;
  }

  insert(happening: Happening<Location>): void {
    if (happening.kind === 'invalidation' && happening.at < this.#now) {
      this.#invalidations.unshift(happening);
      this.#forgotten--;
      return;
    }
    const at = this.#now++;
    switch (happening.kind) {
      case 'version': {
        const place = placeOf(happening.pa, happening.space);
        const list = this.#byPlace.get(place);
        if (list) list.push({ of: happening, at });
        else this.#byPlace.set(place, [{ of: happening, at }]);
        this.#count++;
        if (this.#count > VERSION_LIMIT) this.#forgetOldest();
        return;
      }
      case 'invalidation':
        this.#invalidations.push(happening);
        return;
      case 'completion': {
        const list = this.#completionsOf(happening.queue);
        if (list.length >= COMPLETION_LIMIT) list.truncate(0);
        list.push(at);
      }
    }
  }

  remove(happening: Happening<Location>): void {
    if (happening.kind === 'invalidation' && happening.at !== this.#now - 1) {
      this.#invalidations.shift();
      this.#forgotten++;
      return;
    }
    this.#now--;
    switch (happening.kind) {
      case 'version': {
        const place = placeOf(happening.pa, happening.space);
        const list = this.#byPlace.get(place);
        if (!list || list[list.length - 1]?.of !== happening) return;
        list.pop();
        this.#count--;
        if (list.length === 0) this.#byPlace.delete(place);
        return;
      }
      case 'invalidation':
        this.#invalidations.pop();
        return;
      case 'completion': {
        const list = this.#completionsOf(happening.queue);
        if (list.length > 0) list.pop();
      }
    }
  }

  /**
   * The values of a doubleword that hardware may still hold for a location, the oldest first.
   * @param pa PA in bytes, a multiple of 8
   * @param location what hardware takes the doubleword for: an STE of a stream, a descriptor of some addresses
   * @param space of `pa`
   */
  heldBy(pa: number, location: Location, space: World = 'ns'): readonly Version[] {
    const list = this.#byPlace.get(placeOf(pa, space));
    if (!list) return [];
    const since = this.lastCovered(location);
    return list.filter(({ at }) => at > since).map(({ of }) => of);
  }

  /**
   * The values that software has overwritten at a doubleword, with the moments when it did, the oldest first.
   * @param pa PA in bytes, a multiple of 8
   * @param space of `pa`
   */
  of(pa: number, space: World = 'ns'): readonly Dated<Version>[] {
    return this.#byPlace.get(placeOf(pa, space)) ?? NONE;
  }

  /**
   * What a doubleword held just before a moment, or null when that is what it holds now.
   * @param pa PA in bytes, a multiple of 8
   * @param space of `pa`
   */
  before(pa: number, moment: number, space: World = 'ns'): Version | null {
    const list = this.#byPlace.get(placeOf(pa, space));
    if (list === undefined) return null;
    // What was overwritten first from the moment on is what stood there.
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((list[middle] as Dated<Version>).at < moment) low = middle + 1;
      else high = middle;
    }
    return list[low]?.of ?? null;
  }

  /**
   * The invalidations since a version was overwritten, each with why it does not cover a location, and whether it is
   * complete.
   */
  since(version: Version, location: Location): readonly SinceThen<Location>[] {
    const overwritten =
      this.#byPlace.get(placeOf(version.pa, version.space))?.find(({ of }) => of === version)?.at ?? -1;
    const since: SinceThen<Location>[] = [];
    const { length } = this.#invalidations;
    for (let i = this.#firstFrom(overwritten + 1); i < length; i++) {
      const invalidation = this.#invalidations.at(i);
      since.push({
        what: invalidation.what,
        whyNot: invalidation.whyNot(location),
        complete: this.#completedAt(invalidation) < Number.POSITIVE_INFINITY,
        invalidation,
        at: invalidation.at,
      });
    }
    return since;
  }

  /** The moment when the last completed invalidation that covers a location was consumed, or -1. */
  lastCovered(location: Location): number {
    for (let i = this.#invalidations.length - 1; i >= 0; i--) {
      const invalidation = this.#invalidations.at(i);
      if (
        this.#completedAt(invalidation) < Number.POSITIVE_INFINITY &&
        invalidation.whyNot(location) === null
      )
        return invalidation.at;
    }
    return -1;
  }

  /**
   * From which moment on nothing of a location is held that was read before another moment: the CMD_SYNC after the first
   * covering invalidation. Infinity when there was none.
   */
  gone(location: Location, moment: number): number {
    const { length } = this.#invalidations;
    for (let i = this.#firstFrom(moment); i < length; i++) {
      const invalidation = this.#invalidations.at(i);
      if (invalidation.whyNot(location) !== null) continue;
      const done = this.#completedAt(invalidation);
      if (done < Number.POSITIVE_INFINITY) return done;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Index of the first invalidation from a moment on. */
  #firstFrom(moment: number): number {
    let low = 0;
    let high = this.#invalidations.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#invalidations.lastWord(middle) < moment) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #completionsOf(queue: string): WordStack {
    let list = this.#completions.get(queue);
    if (list === undefined) {
      list = new WordStack();
      this.#completions.set(queue, list);
    }
    return list;
  }

  /** The moment of the first CMD_SYNC of an invalidation's queue after it; Infinity without one. */
  #completedAt({ at, queue }: Invalidation<Location>): number {
    const list = this.#completions.get(queue);
    if (list === undefined || list.length === 0 || list.at(list.length - 1) < at)
      return Number.POSITIVE_INFINITY;
    let low = 0;
    let high = list.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (list.at(middle) < at) low = middle + 1;
      else high = middle;
    }
    return list.at(low);
  }

  #forgetOldest(): void {
    for (const [pa, list] of this.#byPlace) {
      list.shift();
      if (list.length === 0) this.#byPlace.delete(pa);
      break;
    }
    this.#count--;
    this.#forgotten++;
  }
}
