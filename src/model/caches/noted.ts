/** Consumed invalidations as they are kept: the command's words, and what all commands of its kind share. */

import { PackedEntry, type PackSource } from '../packed.ts';
import type { WorldState } from '../state.ts';
import type { Location } from './location.ts';
import type { Completion, Invalidation } from './versions.ts';

/** Why a command does not cover a location, or null when it does. */
export type WhyNot = (location: Location) => string | null;

/** Reads a command's words once and for all locations. */
export type Reading = (words: Uint32Array) => WhyNot;

const COMMAND_WORDS = 4;

class NotedInvalidation extends PackedEntry implements Invalidation<Location> {
  readonly kind = 'invalidation';
  readonly at: number;
  readonly words: readonly [number, number, number, number];
  readonly #source: InvalidationSource;
  #whyNot: WhyNot | null = null;

  /** @param words the command's from index `from` on */
  constructor(source: InvalidationSource, words: Uint32Array, from: number, at: number) {
    super();
    this.words = [
      words[from] as number,
      words[from + 1] as number,
      words[from + 2] as number,
      words[from + 3] as number,
    ];
    this.at = at;
    this.#source = source;
  }

  get queue(): string {
    return this.#source.queue;
  }

  get what(): string {
    return this.#source.what;
  }

  override get source(): InvalidationSource {
    return this.#source;
  }

  override pack(into: Uint32Array, at: number): void {
    const { words } = this;
    for (let i = 0; i < COMMAND_WORDS; i++) into[at + i] = words[i] as number;
    into[at + COMMAND_WORDS] = this.at;
  }

  whyNot(location: Location): string | null {
    this.#whyNot ??= this.#source.reading(Uint32Array.from(this.words));
    return this.#whyNot(location);
  }
}

/** A command of a queue, or what else invalidates, in a state of the registers. */
class InvalidationSource implements PackSource {
  readonly queue: string;
  readonly what: string;
  readonly reading: Reading;

  constructor(queue: string, name: string, reading: Reading) {
    this.queue = queue;
    this.what = name.replace(/^CMD_/, '');
    this.reading = reading;
  }

  unpack(packed: Uint32Array, at: number): NotedInvalidation {
    return new NotedInvalidation(this, packed, at, packed[at + COMMAND_WORDS] as number);
  }
}

/** What was noted in a state: registers change seldom, and each change makes another state. */
const sources = new WeakMap<WorldState, Map<string, Map<string, InvalidationSource>>>();

/**
 * A consumed invalidation.
 * @param queue the queue whose CMD_SYNC completes it
 * @param words the 4 words of the command
 * @param at its moment, as `Versions.now` says
 * @param reading how words of such a command are read in that state; the same for all commands of the name
 */
export function notedInvalidation(
  of: { readonly state: WorldState; readonly queue: string; readonly name: string },
  words: Uint32Array,
  at: number,
  reading: Reading,
): Invalidation<Location> {
  const { state, queue, name } = of;
  let queues = sources.get(state);
  if (queues === undefined) {
    queues = new Map();
    sources.set(state, queues);
  }
  let names = queues.get(queue);
  if (names === undefined) {
    names = new Map();
    queues.set(queue, names);
  }
  let source = names.get(name);
  if (source === undefined) {
    source = new InvalidationSource(queue, name, reading);
    names.set(name, source);
  }
  return new NotedInvalidation(source, words, 0, at);
}

const completions = new Map<string, Completion>();

/** The CMD_SYNC of a queue: one is like the other. */
export function completionOf(queue: string): Completion {
  let completion = completions.get(queue);
  if (completion === undefined) {
    completion = { kind: 'completion', queue };
    completions.set(queue, completion);
  }
  return completion;
}
