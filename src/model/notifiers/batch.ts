/** All decisions of one invalidation: what a log keeps, and lets go of, as one. */

import type { NotifyDecision } from './decision.ts';

/** What the decisions of one invalidation have in common. */
export type Told = Pick<NotifyDecision, 'cause' | 'queue' | 'actsOn' | 'also' | 'path'>;

const NONE: readonly NotifyDecision[] = [];

/**
 * Effects and journals hold it, and no decision by itself: when the log no longer has room, the decisions go, and what
 * is left says how many there were.
 */
export class DecisionBatch {
  readonly kind = 'decisions';
  readonly told: Told;
  /** Number of the first of them. */
  readonly first: number;
  #decisions: NotifyDecision[] = [];
  #count = 0;

  constructor(told: Told, first: number) {
    this.told = told;
    this.first = first;
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /** In order; none once they are forgotten. */
  get decisions(): readonly NotifyDecision[] {
    return this.#count === this.#decisions.length ? this.#decisions : NONE;
  }

  get isForgotten(): boolean {
    return this.decisions.length < this.#count;
  }

  /** Puts one more there, while it is planned. */
  add(decision: NotifyDecision): void {
    this.#decisions.push(decision);
    this.#count++;
  }

  /** Lets go of the decisions, for good. */
  forget(): void {
    this.#decisions = [];
  }
}
