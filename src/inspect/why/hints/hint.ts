import type { Facts } from '../facts.ts';

/** One signature: how faults that look like this often come about. A new one is a function and a line in the list. */
export interface HintKind {
  readonly id: string;
  /** The sentence for people, or null where the signature does not fit. */
  when(facts: Facts): string | null;
}
