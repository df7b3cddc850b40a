/** Reading configuration structures: what the policy `maximal` keeps of them, and what a recorder is told. */

import { hex } from '../../bits/u64.ts';
import { placeText, type World } from '../../bits/world.ts';
import type { ConfigEntry } from '../caches/config.ts';
import type { CachedStructure, StructureEntry } from '../caches/structures.ts';
import type { Machine } from '../machine.ts';
import { DATA, type ReadStatus } from '../memory.ts';
import type { FrameKind, Recorder } from '../plan.ts';
import type { Answer } from './answer.ts';

/**
 * Looks for a structure that is cached by itself, and copies its words.
 * @param sid of an L1STD the first StreamID that it serves
 * @param index of a CD, or the first that an L1CD serves
 * @returns where it was read (PA in bytes), or null
 */
export function cachedStructure(
  machine: Machine,
  structure: CachedStructure,
  world: World,
  sid: number,
  index: number,
  into: Uint32Array,
): number | null {
  if (machine.policy !== 'maximal') return null;
  const entry = machine.structures.find(structure, world, sid, index);
  if (!entry) return null;
  into.set(entry.words);
  return entry.pa;
}

/**
 * Leaves in the answer that the policy keeps a structure, in whatever state it is (3.21.3).
 * @param words kept as they are, so never changed afterwards
 * @param span how many StreamIDs an L1STD serves, or CDs an L1CD; otherwise 1
 */
export function keepStructure(
  machine: Machine,
  answer: Answer,
  structure: CachedStructure,
  world: World,
  sid: number,
  index: number,
  pa: number,
  paSpace: World,
  words: Uint32Array,
  span: number,
): void {
  if (machine.policy !== 'maximal') return;
  answer.fills.push({
    store: machine.structures,
    entry: { structure, world, sid, index, span, pa, paSpace, words, leaving: false },
    what: fillText,
  });
}

function fillText({ structure, sid, index }: StructureEntry): string {
  const which = structure === 'CD' || structure === 'L1CD' ? ` index ${index}` : '';
  return `configuration cache keeps the ${structure} of StreamID ${hex(sid)}${which}`;
}

const NO_WORDS = new Uint32Array(0);

/**
 * Tells the recorder of a decoded structure that was cached whole.
 * @param words not copied: a decoded structure's never change
 */
export function recordCached(
  recorder: Recorder,
  depth: number,
  kind: FrameKind,
  layout: string,
  space: World,
  pa: number,
  words: Uint32Array,
  name: () => string,
  entry: ConfigEntry,
): void {
  recorder.enter(depth, {
    kind,
    name: () => `${name()} (cached)`,
    layout,
    space,
    pa,
    words,
    status: DATA,
    level: 0,
  });
  recorder.entry('cache-hit', () => `configuration cache hit: ${name()}`, { kind: 'config', entry });
}

/** The entry that a structure was taken from, for a recorder; null where it was read. */
export function entryOf(
  machine: Machine,
  cached: boolean,
  structure: CachedStructure,
  world: World,
  sid: number,
  index: number,
): StructureEntry | null {
  return cached ? (machine.structures.find(structure, world, sid, index) ?? null) : null;
}

/**
 * Tells the recorder of a structure that was fetched, or taken from the cache.
 * @param which the StreamID of an STE, otherwise its place in its table
 * @param entry what it was taken from, or null
 */
export function recordStructure(
  recorder: Recorder,
  depth: number,
  kind: FrameKind,
  layout: CachedStructure,
  which: number,
  space: World,
  pa: number,
  words: Uint32Array,
  status: ReadStatus,
  entry: StructureEntry | null,
  level: number,
): void {
  const count = layout === 'STE' || layout === 'CD' ? 16 : 2;
  const name = (): string => `${layout} ${layout === 'STE' ? hex(which) : which}`;
  recorder.enter(depth, {
    kind,
    name: () => (entry !== null ? `${name()} (cached)` : name()),
    layout,
    space,
    pa,
    words: status === DATA ? words.slice(0, count) : NO_WORDS,
    status,
    level,
  });
  if (entry === null) recorder.step('fetch', () => `read ${name()} at ${placeText(pa, space)}`);
  else recorder.entry('cache-hit', () => `configuration cache hit: ${name()}`, { kind: 'structure', entry });
}
