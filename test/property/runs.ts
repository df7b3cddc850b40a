/**
 * How often properties are tried. The numbers are the same each time, so that a failure is one of this change;
 * PROPERTY_SEED and PROPERTY_RUNS try others: `PROPERTY_SEED=7 PROPERTY_RUNS=20 npx vitest run test/property`.
 */

const SEED = Number(process.env['PROPERTY_SEED'] ?? 1);
const TIMES = Number(process.env['PROPERTY_RUNS'] ?? 1);

/** Parameters of `fc.assert`. */
export function runs(count: number): { numRuns: number; seed: number } {
  return { numRuns: count * TIMES, seed: SEED };
}

/** Milliseconds that so many runs may take. */
export const patience = 60_000 * TIMES;
