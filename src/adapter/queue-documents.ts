import type { World } from '../bits/world.ts';
import {
  lineOf,
  type QueueDocument,
  type QueueName,
  type QueueWindow,
  queueDocument,
  queueWindow,
} from '../inspect/queues.ts';
import { type Ring, ring } from '../model/queues/ring.ts';
import type { Smmu } from '../model/smmu.ts';

/** Entries in a document at most; beyond them the window begins anew. */
const LIMIT = 8192;
/** The line of PROD and CONS: where a queue without a next entry stands. */
const INDICES_LINE = 2;

/**
 * The documents of the queues. A document begins at the same entry as long as the session lives, so that lines stay
 * what they are while entries are consumed and added.
 */
export class QueueDocuments {
  readonly #smmu: Smmu;
  readonly #first = new Map<string, number>();

  constructor(smmu: Smmu) {
    this.#smmu = smmu;
  }

  document(queue: QueueName, world: World): QueueDocument {
    return queueDocument(this.#smmu, queue, world, this.#window(queue, world));
  }

  /** Line (from 1) of an entry; of the queue's indices when the document leaves it out. */
  lineOfEntry(queue: QueueName, world: World, index: number): number {
    const entries = 2 ** ring(this.#smmu.bank, queue, world).log2size;
    return lineOf({ window: this.#window(queue, world), entries }, index) ?? INDICES_LINE;
  }

  /** Line (from 1) of the entry that the queue's consumer reads next; of the indices when there is none. */
  lineOfNext(queue: QueueName, world: World): number {
    const now = ring(this.#smmu.bank, queue, world);
    return now.empty ? INDICES_LINE : this.lineOfEntry(queue, world, now.cons);
  }

  #window(queue: QueueName, world: World): QueueWindow {
    const key = `${world}/${queue}`;
    const now = queueWindow(this.#smmu, queue, world);
    const first = this.#first.get(key);
    if (first !== undefined) {
      const count = reach(ring(this.#smmu.bank, queue, world), first, now);
      if (count !== null) return { first, count };
    }
    this.#first.set(key, now.first);
    return now;
  }
}

/** How many entries stand from `first` to the end of `now`; null when that is more than a document or a ring holds. */
function reach(of: Ring, first: number, now: QueueWindow): number | null {
  const places = 2 * 2 ** of.log2size;
  const count = (now.first + now.count - first + places) % places;
  return count <= Math.min(LIMIT, places / 2) ? count : null;
}
