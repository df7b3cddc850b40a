import { queueWorlds } from '../model/present-worlds.ts';
import type { Smmu } from '../model/smmu.ts';
import type { Checker } from './checker.ts';
import { IsolationChecker } from './isolation/checker.ts';
import { StaleChecker } from './stale/checker.ts';
import { OriginLog } from './stale/origins.ts';
import { OverInvalidation } from './stale/over-invalidation.ts';
import { UpdateChecker } from './updates/update-checker.ts';
import type { UpdateFinding } from './updates/update-finding.ts';

/** Everything that watches what software does. */
export interface Checkers {
  readonly list: readonly Checker[];
  /** How much invalidations removed that was still true. */
  readonly overInvalidation: OverInvalidation;
  /** The order of writes to live structures. */
  readonly updates: Updates;
  /** Who is told of invalidations, and what reaches which address space. */
  readonly isolation: IsolationChecker;
}

/** What is watched of the structures of all Security states. */
export interface Updates {
  /** As {@link UpdateChecker.pending}, state by state. */
  pending(): readonly UpdateFinding[];
  /** As {@link UpdateChecker.watched}. */
  readonly watched: number;
}

/** @param text an entry of the history on one line */
export function checkersOf(smmu: Smmu, text: (entry: number) => string): Checkers {
  const origins = new OriginLog(text);
  const overInvalidation = new OverInvalidation(origins);
  const watches = queueWorlds(smmu.bank.ids()).map(
    (world) => new UpdateChecker(smmu, { world, place: text }),
  );
  const updates: Updates = {
    pending: () => watches.flatMap((one) => one.pending()),
    get watched() {
      return watches.reduce((sum, one) => sum + one.watched, 0);
    },
  };
  const isolation = new IsolationChecker();
  const list = [new StaleChecker(origins), overInvalidation, ...watches, isolation];
  return { list, overInvalidation, updates, isolation };
}
