import { holds, type Rule } from './rule.ts';
import type { OperationScope } from './scope.ts';
import type { Site, Verified, Where } from './stop.ts';

/** What a breakpoint says when it is met. */
export type Verdict = { readonly stops: true; readonly text: string } | { readonly stops: false };

const PASS: Verdict = { stops: false };

/** No operation has as many steps. */
const MOST_STEPS = 2 ** 20;

/**
 * A number for a place in the history, by which hits are told apart: later places have greater ones.
 * @param entry the entry of the history that the operation is or will be
 * @param step of its plan; -1 for a line of a program
 */
export function momentOf(entry: number, step: number): number {
  return entry * MOST_STEPS + step + 1;
}

/** One breakpoint: where it lies, what it asks, and how often it was met. */
export class Breakpoint {
  readonly id: number;
  /** What it was set by: the same text again is the same breakpoint. */
  readonly key: string;
  readonly rule: Rule | null;
  site: Site | null = null;
  /** Why it cannot stop, or not yet. */
  message: string | null = null;
  line: number | null = null;
  /** Of an exception filter: its id. */
  name = '';
  #hits = 0;
  /** When each hit was counted, ascending; only kept for a rule that counts. */
  #moments: number[] = [];
  #failed = false;

  /** @param rule a text says what is wrong with it */
  constructor(id: number, key: string, rule: Rule | string) {
    this.id = id;
    this.key = key;
    this.rule = typeof rule === 'string' ? null : rule;
    if (typeof rule === 'string') this.message = rule;
  }

  /** Puts it somewhere; what was wrong with its rule stays wrong. */
  place(site: Site | string | null, line: number | null = null): void {
    this.line = line;
    this.site = this.rule === null || typeof site === 'string' ? null : site;
    if (this.rule !== null) this.message = typeof site === 'string' ? site : null;
  }

  get verified(): Verified {
    return {
      id: this.id,
      verified: this.message === null,
      ...(this.message === null ? {} : { message: this.message }),
      ...(this.line === null ? {} : { line: this.line }),
    };
  }

  /** How often it was met with a condition that held. */
  get hits(): number {
    return this.#hits;
  }

  forgetHits(): void {
    this.#hits = 0;
    this.#moments = [];
    this.#failed = false;
  }

  /** It is met: counts, logs, and says whether to stop. */
  meet(
    scope: OperationScope,
    label: string,
    log: (text: string, where: Where) => void,
    where: Where,
  ): Verdict {
    const { rule } = this;
    if (rule === null) return PASS;
    const held = rule.condition === null ? true : holds(rule.condition, scope);
    if (typeof held === 'string') {
      // Once: a mistake must be seen, but not at every operation.
      if (this.#failed) return PASS;
      this.#failed = true;
      return { stops: true, text: `${label}; its condition cannot be evaluated: ${held}` };
    }
    if (!held) return PASS;
    this.#count(where.moment);
    if (rule.hits !== null && !rule.hits(this.#hits)) return PASS;
    if (rule.message === null) return { stops: true, text: label };
    log(rule.message.fill(scope), where);
    return PASS;
  }

  /**
   * Whether it would stop here, if it counted no further.
   * @param moment see {@link momentOf}; left out, the hit that was counted last
   */
  looks(scope: OperationScope, moment?: number): boolean {
    const { rule } = this;
    if (rule === null || rule.message !== null) return false;
    if (rule.condition !== null && holds(rule.condition, scope) !== true) return false;
    if (rule.hits === null) return true;
    return rule.hits(moment === undefined ? Math.max(this.#hits, 1) : this.#before(moment) + 1);
  }

  /** One hit more. What was counted at this moment or later was taken back meanwhile, and does not count again. */
  #count(moment: number | undefined): void {
    if (this.rule?.hits !== null && moment !== undefined) {
      const before = this.#before(moment);
      this.#hits -= this.#moments.length - before;
      this.#moments.length = before;
      this.#moments.push(moment);
    }
    this.#hits++;
  }

  /** How many hits were counted before a moment. */
  #before(moment: number): number {
    let [from, to] = [0, this.#moments.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#moments[middle] as number) < moment) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
