/** Which benches there are. */

import type { Smmu } from '../../src/model/smmu.ts';
import { benchCases, type CommandCase, isTranslation } from './cases.ts';
import { commandBench } from './commands.ts';
import { historyBench } from './history.ts';
import type { Bench } from './rounds.ts';
import { leafBench, streamTableBench, surveyBench } from './scans.ts';
import { debuggedTraceBench, traceBench } from './trace.ts';
import { isModelled, planBench, translationBench, walkOf } from './translations.ts';

/** Its walk is the baseline of whatever walks nothing itself. */
const REFERENCE = 's1_miss_walk4_flush_each';

/** Cases that are also planned with every step recorded. */
const PLANNED = ['s1_tlb_hit_1page', REFERENCE, 'nested_miss_flush_each'];

export interface Suite {
  readonly benches: readonly Bench[];
  /** Cases that ask for what the model does not cover. */
  readonly leftOut: readonly string[];
}

/**
 * The benches whose name holds a text, in the order of the cases, scans last.
 * @param big a machine with many mapped pages
 */
export function suite(big: Smmu, only = ''): Suite {
  const cases = benchCases();
  const translations = cases.filter(isTranslation);
  const reference = translations.find(({ name }) => name === REFERENCE);
  const walk = reference && walkOf(reference);
  if (!reference || !walk) throw new Error(`no case ${REFERENCE}, or none that can be walked`);
  const modelled = translations.filter(isModelled);
  const commands = cases.filter((of): of is CommandCase => !isTranslation(of));
  const [queued] = commands;
  if (!queued) throw new Error('no case with commands');
  const makers: [name: string, make: () => Bench][] = [
    ...modelled.map((of): [string, () => Bench] => [of.name, () => translationBench(of, walk)]),
    ...modelled.map((of): [string, () => Bench] => [
      `${of.name}_maximal`,
      () => translationBench(of, walk, 'maximal'),
    ]),
    ...modelled
      .filter(({ name }) => PLANNED.includes(name))
      .map((of): [string, () => Bench] => [`${of.name}_plan`, () => planBench(of, walk)]),
    ...commands.map((of): [string, () => Bench] => [of.name, () => commandBench(of, walk)]),
    ['history_step', () => historyBench(queued)],
    ['enumerate_leaf_ptes', () => leafBench(big, walk)],
    ['list_stream_table', () => streamTableBench(reference, walk)],
    ['count_stes', () => surveyBench(reference, walk)],
    ['replay_trace', () => traceBench(walk)],
    ['replay_trace_debugged', () => debuggedTraceBench(walk, 'combined')],
    ['replay_trace_debugged_maximal', () => debuggedTraceBench(walk, 'maximal')],
  ];
  return {
    benches: makers.filter(([name]) => name.includes(only)).map(([, make]) => make()),
    leftOut: translations.filter((of) => !modelled.includes(of)).map(({ name }) => name),
  };
}
