/** Which benches there are. */

import type { Smmu } from '../../src/model/smmu.ts';
import { benchCases, isTranslation } from './cases.ts';
import { commandBench } from './commands.ts';
import type { Bench } from './rounds.ts';
import { leafBench, streamTableBench, surveyBench } from './scans.ts';
import { isModelled, planBench, translationBench, walkOf } from './translations.ts';

/** Its walk is the baseline of whatever walks nothing itself. */
const REFERENCE = 's1_miss_walk4_flush_each';

export interface Suite {
  readonly benches: readonly Bench[];
  /** Cases that ask for what the model does not cover. */
  readonly leftOut: readonly string[];
}

/**
 * All benches, in the order of the cases, scans last.
 * @param big a machine with many mapped pages
 */
export function suite(big: Smmu): Suite {
  const cases = benchCases();
  const translations = cases.filter(isTranslation);
  const reference = translations.find(({ name }) => name === REFERENCE);
  const walk = reference && walkOf(reference);
  if (!reference || !walk) throw new Error(`no case ${REFERENCE}, or none that can be walked`);
  const modelled = translations.filter(isModelled);
  const commands = cases.filter((of) => !isTranslation(of));
  return {
    benches: [
      ...modelled.map((of) => translationBench(of, walk)),
      planBench(reference, walk),
      ...commands.map((of) => commandBench(of, walk)),
      leafBench(big, walk),
      streamTableBench(reference, walk),
      surveyBench(reference, walk),
    ],
    leftOut: translations.filter((of) => !modelled.includes(of)).map(({ name }) => name),
  };
}
