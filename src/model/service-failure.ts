/** Service failure mode: IHI 0070 12.3. The SMMU has lost its own consistency, and only a reset ends it. */

import type { Effect, Store } from './plan.ts';

/** Whether the SMMU is in service failure mode, and why. */
export class ServiceFailure implements Store<string> {
  #reason: string | null = null;

  get active(): boolean {
    return this.#reason !== null;
  }

  /** Why the mode was entered, or null. */
  get reason(): string | null {
    return this.#reason;
  }

  insert(reason: string): void {
    this.#reason = reason;
  }

  remove(): void {
    this.#reason = null;
  }
}

/** What a reset does to the mode. */
export function leaveEffects(failure: ServiceFailure): Effect[] {
  const { reason } = failure;
  return reason === null
    ? []
    : [{ kind: 'store', store: failure, op: 'remove', entry: reason, what: 'service failure mode ends' }];
}
