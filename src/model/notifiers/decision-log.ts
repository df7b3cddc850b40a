/** The decisions of a session. */

import type { Store } from '../store.ts';
import type { DecisionBatch, NotifyDecision } from './decision.ts';

/** Decisions are dropped from the oldest on beyond this many, unless asked otherwise. */
const MOST_DECISIONS = 65536;

/** The decisions of a session, the newest last; bounded, but those of the newest invalidation are all there. */
export class DecisionLog implements Store<DecisionBatch> {
  /** Those that are not forgotten, in order, and their decisions. */
  #batches: DecisionBatch[] = [];
  #decisions: NotifyDecision[] = [];
  /** Taken back by something that can be taken back itself, the oldest first. */
  readonly #retired = new Set<DecisionBatch>();
  #retiredCount = 0;
  #total = 0;
  readonly #most: number;

  /** @param most how many decisions are kept; up to twice as many between two clearings */
  constructor(most: number = MOST_DECISIONS) {
    this.#most = most;
  }

  /** How many there were, dropped ones included: the number of the next one. */
  get total(): number {
    return this.#total;
  }

  /** How many are gone: the oldest, and what came back after it was forgotten. */
  get dropped(): number {
    return this.#total - this.#decisions.length;
  }

  values(): readonly NotifyDecision[] {
    return this.#decisions;
  }

  insert(batch: DecisionBatch): void {
    this.#total += batch.count;
    this.#unretire(batch);
    if (batch.isForgotten) return;
    this.#batches.push(batch);
    for (const decision of batch.decisions) this.#decisions.push(decision);
    // Rarely and many at once: each time costs as much as there are.
    if (this.#decisions.length >= this.#most * 2) this.#clear();
  }

  remove(batch: DecisionBatch): void {
    this.#total -= batch.count;
    const at = batch.isForgotten ? -1 : this.#batches.lastIndexOf(batch);
    if (at < 0) return;
    this.#batches.splice(at, 1);
    if (at === this.#batches.length) this.#decisions.length -= batch.count;
    else this.#decisions = this.#batches.flatMap(({ decisions }) => decisions);
  }

  /**
   * Batches that were taken back, the oldest first, and may come back: only a journal holds them from here on. Of those
   * as many decisions are kept as in the log.
   */
  retire(batches: readonly DecisionBatch[]): void {
    for (const batch of batches) {
      if (batch.isForgotten) continue;
      this.#retired.add(batch);
      this.#retiredCount += batch.count;
    }
    for (const oldest of this.#retired) {
      if (this.#retiredCount <= this.#most) break;
      this.#unretire(oldest);
      oldest.forget();
    }
  }

  #unretire(batch: DecisionBatch): void {
    if (this.#retired.delete(batch)) this.#retiredCount -= batch.count;
  }

  #clear(): void {
    const batches = this.#batches;
    let from = batches.length - 1;
    let kept = batches[from]?.count ?? 0;
    while (from > 0 && kept + (batches[from - 1] as DecisionBatch).count <= this.#most) {
      from--;
      kept += (batches[from] as DecisionBatch).count;
    }
    for (let i = 0; i < from; i++) (batches[i] as DecisionBatch).forget();
    this.#batches = batches.slice(from);
    this.#decisions = this.#decisions.slice(this.#decisions.length - kept);
  }
}
