import { expect, test } from 'vitest';
import { Guarded } from '../../kit/gpt.ts';
import type { TestOptions } from '../../kit/smmu.ts';

/** The smallest machine in which a statement shows. */
export interface StatementCase {
  /** Told of the machine: what is seen of it. */
  readonly shows: (make: (options?: TestOptions) => Guarded) => unknown;
  /** What must be seen. */
  readonly as: unknown;
}

/** Two tests for each statement: what it says, and that without it something else is seen. */
export function statementTests(prefix: string, cases: Readonly<Record<string, StatementCase>>): void {
  const entries = Object.entries(cases);
  const seen = ({ shows }: StatementCase, off: readonly string[]): unknown =>
    shows((options = {}) => new Guarded({ ...options, rulesOff: new Set(off) }));
  test.each(entries)('%s: holds', (_, of) => {
    expect(seen(of, [])).toEqual(of.as);
  });
  test.each(entries)('%s decides: without it something else is seen', (id, of) => {
    expect(seen(of, [`${prefix}:${id}`])).not.toEqual(of.as);
  });
}
