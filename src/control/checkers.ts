import type { Smmu } from '../model/smmu.ts';
import type { Checker } from './checker.ts';
import { IsolationChecker } from './isolation/checker.ts';
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
  /** Who is told of invalidations, and what reaches which address space. */
  readonly isolation: IsolationChecker;
}

/** @param text an entry of the history on one line */
export function checkersOf(smmu: Smmu, text: (entry: number) => string): Checkers {
  const origins = new OriginLog(text);
  const overInvalidation = new OverInvalidation(origins);
  const updates = new UpdateChecker(smmu, { place: text });
  const isolation = new IsolationChecker();
  const list = [new StaleChecker(origins), overInvalidation, updates, isolation];
  return { list, overInvalidation, updates, isolation };
}
