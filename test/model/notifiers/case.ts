import { expect, test } from 'vitest';

/** A statement, what shows it, and what must come of that. */
export interface StatementCase {
  readonly id: string;
  /** A fact, as the name of its test. */
  readonly name: string;
  /** @param off ids without their prefix */
  readonly run: (off: readonly string[]) => unknown;
  readonly wanted: unknown;
  /** Statements that must be left out as well, so that this one decides alone. */
  readonly alone?: readonly string[];
}

/** For each case a test by its name, and one that fails when its statement is left out. */
export function statementTests(cases: readonly StatementCase[]): void {
  test.each(cases)('$id: $name', ({ run, wanted, alone = [] }) => {
    expect(run(alone)).toEqual(wanted);
  });

  const ids = [...new Set(cases.map(({ id }) => id))];
  test.each(ids)('%s decides: switched off, the outcome is another', (id) => {
    const own = cases.filter((one) => one.id === id);
    for (const { run, wanted, alone = [] } of own) expect(run([id, ...alone])).not.toEqual(wanted);
  });
}
