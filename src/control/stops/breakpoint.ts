import { holds, type Rule } from './rule.ts';
import type { OperationScope } from './scope.ts';
import type { Site, Verified, Where } from './stop.ts';

/** What a breakpoint says when it is met. */
export type Verdict = { readonly stops: true; readonly text: string } | { readonly stops: false };

const PASS: Verdict = { stops: false };

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
    this.#hits++;
    if (rule.hits !== null && !rule.hits(this.#hits)) return PASS;
    if (rule.message === null) return { stops: true, text: label };
    log(rule.message.fill(scope), where);
    return PASS;
  }

  /** Whether it would stop here, if it counted no further. */
  looks(scope: OperationScope): boolean {
    const { rule } = this;
    if (rule === null || rule.message !== null) return false;
    if (rule.condition !== null && holds(rule.condition, scope) !== true) return false;
    return rule.hits === null || rule.hits(Math.max(this.#hits, 1));
  }
}
