/** Judging a whole order of writes, invalidations and synchronisations at once. */

import {
  completeInvalidations,
  consumeInvalidation,
  type EntryWatch,
  type UpdateProblem,
  watchEntry,
  writeEntry,
} from './entry-watch.ts';
import type { DoublewordWrite, Synchronisation } from './plan-update.ts';
import { isValid, type ReadBy, type UpdatedStructure } from './used.ts';

/** What software does with a structure that hardware may read. */
export type SequenceStep =
  | DoublewordWrite
  /** A write of 32 bits: half a doubleword. */
  | { readonly kind: 'write32'; readonly word: number; readonly value: number }
  /** A covering CMD_CFGI_* is consumed, and nothing waits for it. */
  | { readonly kind: 'cfgi' }
  /** A CMD_SYNC alone. */
  | { readonly kind: 'cmd-sync' }
  /** Both, in this order. */
  | Synchronisation;

/** What a sequence comes to. */
export interface SequenceVerdict {
  /** Hardware never finds anything but the old content or the new one, and never an invalid structure. */
  readonly hitless: boolean;
  /** Completed covering invalidations. */
  readonly syncs: number;
  /** Hardware can find the structure invalid. */
  readonly vZeroWindow: boolean;
  readonly problems: readonly UpdateProblem[];
  /** The last change that hardware can see was not followed by a covering CMD_CFGI_* and a CMD_SYNC. */
  readonly missingInvalidation: boolean;
}

const QUEUE = 'CMDQ';

function step(watch: EntryWatch, what: SequenceStep, at: number, problems: UpdateProblem[]): EntryWatch {
  switch (what.kind) {
    case 'write':
    case 'write32': {
      const [offset, words] =
        what.kind === 'write'
          ? [what.dw * 8, Uint32Array.of(what.lo, what.hi)]
          : [what.word * 4, Uint32Array.of(what.value)];
      const written = writeEntry(watch, offset, words, at);
      problems.push(...written.problems);
      return written.watch;
    }
    case 'cfgi':
      return consumeInvalidation(watch, QUEUE, at);
    case 'cmd-sync':
      return completeInvalidations(watch, QUEUE);
    case 'sync':
      return completeInvalidations(consumeInvalidation(watch, QUEUE, at), QUEUE);
  }
}

/**
 * Judges a sequence of a structure that is reachable all the time.
 * @param from its content before, of which hardware holds nothing else
 */
export function judgeSequence(
  structure: UpdatedStructure,
  from: Uint32Array,
  steps: readonly SequenceStep[],
  by: ReadBy = {},
): SequenceVerdict {
  const name = { structure, world: by.world ?? 'ns', sid: 0, index: 0, span: 1, pa: 0 };
  let watch = watchEntry(name, from, by);
  const problems: UpdateProblem[] = [];
  let vZeroWindow = !isValid(structure, from);
  for (const [at, what] of steps.entries()) {
    watch = step(watch, what, at, problems);
    if (!isValid(structure, watch.now)) vZeroWindow = true;
  }
  return {
    hitless: !vZeroWindow && !problems.some(({ kind }) => kind === 'neither'),
    syncs: watch.syncs,
    vZeroWindow,
    problems,
    missingInvalidation: watch.changedAt >= 0,
  };
}
