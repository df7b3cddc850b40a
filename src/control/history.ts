import type { Operation } from '../model/plan.ts';
import type { ThreadKey } from './thread.ts';

/** An operation that was committed. */
export interface Committed {
  readonly thread: ThreadKey;
  readonly operation: Operation;
  /** Length of the journal before the operation: where undoing it ends. */
  readonly mark: number;
  /** One line for people. */
  readonly text: string;
}

/** What was committed, in order, on whatever thread. */
export class History {
  readonly #entries: Committed[] = [];

  get entries(): readonly Committed[] {
    return this.#entries;
  }

  get last(): Committed | null {
    return this.#entries[this.#entries.length - 1] ?? null;
  }

  push(entry: Committed): void {
    this.#entries.push(entry);
  }

  pop(): Committed | null {
    return this.#entries.pop() ?? null;
  }
}
