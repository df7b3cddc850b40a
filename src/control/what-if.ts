import type { Plan } from '../model/plan.ts';
import { sameOperation } from './same-operation.ts';

/** The same operation at another state of the SMMU. */
export interface Variant {
  /** What was changed before it: `as it was`, `STE.Config = 5`. */
  readonly text: string;
  readonly plan: Plan;
}

/** More is not compared; the oldest but the first go. */
const MOST_VARIANTS = 16;

/** What one operation comes to before and after what people change while it is looked at. */
export class WhatIf {
  #of: Plan['operation'] | null = null;
  #variants: Variant[] = [];

  /** The variants of an operation, the first being what it came to before anything was changed. */
  of(operation: Plan['operation']): readonly Variant[] {
    return this.#of !== null && sameOperation(this.#of, operation) ? this.#variants : [];
  }

  /** Something was changed, and the operation is planned again. */
  changed(before: Plan, text: string, after: Plan): void {
    if (this.#of === null || !sameOperation(this.#of, before.operation)) {
      this.#of = before.operation;
      this.#variants = [{ text: 'as it was', plan: before }];
    }
    this.#variants.push({ text, plan: after });
    if (this.#variants.length > MOST_VARIANTS) this.#variants.splice(1, 1);
  }

  /** The variants compared last, whatever operation they are of. */
  get latest(): readonly Variant[] {
    return this.#variants;
  }
}
