/**
 * Entries that an invalidation has named, until it is complete (policy `maximal`): they may still be hit, and are gone
 * at the completion of a CMD_SYNC on the same queue (IHI 0070 3.21.1, 3.21.3).
 */

import type { Store } from '../store.ts';

/** Something that is on its way out of a cache. */
export interface LeavingItem {
  readonly store: Store<unknown>;
  readonly entry: { leaving: boolean };
  /** The queue whose CMD_SYNC completes it: `ns/CMDQ`. */
  readonly queue: string;
}

export class Leaving implements Store<LeavingItem> {
  readonly #items: LeavingItem[] = [];

  insert(item: LeavingItem): void {
    item.entry.leaving = true;
    this.#items.push(item);
  }

  remove(item: LeavingItem): void {
    item.entry.leaving = false;
    const at = this.#items.lastIndexOf(item);
    if (at >= 0) this.#items.splice(at, 1);
  }

  /** What a CMD_SYNC of a queue completes. */
  of(queue: string): LeavingItem[] {
    return this.#items.filter((item) => item.queue === queue);
  }

  /** Everything that is on its way out, in the order in which it was named. */
  entries(): readonly LeavingItem[] {
    return this.#items;
  }

  get size(): number {
    return this.#items.length;
  }
}
