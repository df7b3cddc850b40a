import type { Smmu } from '../model/smmu.ts';
import type { Checker } from './checker.ts';
import { StaleChecker } from './stale/checker.ts';
import { OriginLog } from './stale/origins.ts';
import { OverInvalidation } from './stale/over-invalidation.ts';
import { UpdateChecker } from './updates/update-checker.ts';

/** Everything that watches what software does. */
export interface Checkers {
  readonly list: readonly Checker[];
  /** How much invalidations removed that was still true. */
  readonly overInvalidation: OverInvalidation;
  /** The order of writes to live structures. */
  readonly updates: UpdateChecker;
}

/** @param text an entry of the history on one line */
export function checkersOf(smmu: Smmu, text: (entry: number) => string): Checkers {
  const origins = new OriginLog(text);
  const overInvalidation = new OverInvalidation(origins);
  const updates = new UpdateChecker(smmu, { place: text });
  return { list: [new StaleChecker(origins), overInvalidation, updates], overInvalidation, updates };
}
