/** When the things that stale uses are about came to be: which committed operation kept an entry or overwrote a value. */

import type { Version } from '../../model/caches/versions.ts';
import type { Effect, Operation, Transaction } from '../../model/plan.ts';

/** What the history knows of cache entries and of overwritten values. */
export interface Origins {
  /** Index in the history of the operation that kept a cache entry, or null. */
  entryMade(entry: object): number | null;
  /** The transaction that filled a cache entry, or null. */
  filler(entry: object): Transaction | null;
  /** Index in the history of the write that overwrote a value, or null. */
  versionMade(version: Version): number | null;
  /** An operation of the history on one line. */
  text(index: number): string;
}

/** One operation; all that it kept shares it. */
interface Origin {
  readonly index: number;
  readonly filler: Transaction | null;
}

/**
 * Fed with every commit. Undoing needs nothing: what an undone operation kept is gone with it, and an entry that comes
 * back by the undoing of its removal is the same object. Entries that nobody holds any more are forgotten by themselves.
 */
export class OriginLog implements Origins {
  readonly #made = new WeakMap<object, Origin>();
  readonly #text: (index: number) => string;

  /** @param text an operation of the history on one line */
  constructor(text: (index: number) => string) {
    this.#text = text;
  }

  /**
   * Notes what an operation keeps in caches, and which values it overwrites.
   * @param index of the operation in the history
   */
  record(operation: Operation, effects: readonly Effect[], index: number): void {
    let origin: Origin | null = null;
    for (const effect of effects) {
      if (effect.kind !== 'tlb' && effect.kind !== 'config' && effect.kind !== 'store') continue;
      const { entry } = effect;
      if (effect.op !== 'insert' || typeof entry !== 'object' || entry === null) continue;
      origin ??= { index, filler: operation.kind === 'transaction' ? operation.transaction : null };
      this.#made.set(entry, origin);
    }
  }

  entryMade(entry: object): number | null {
    return this.#made.get(entry)?.index ?? null;
  }

  filler(entry: object): Transaction | null {
    return this.#made.get(entry)?.filler ?? null;
  }

  versionMade(version: Version): number | null {
    return this.#made.get(version)?.index ?? null;
  }

  text(index: number): string {
    return this.#text(index);
  }
}
