/** Benches of what views do with whole tables. */

import path from 'node:path';
import { type OpenMachine, openMachine } from '../../src/capture/machine.ts';
import { machineOf } from '../../src/cli/conform/run-case.ts';
import { survey } from '../../src/inspect/counts.ts';
import { mapsOf } from '../../src/inspect/maps.ts';
import { treeChildren } from '../../src/inspect/tree.ts';
import { offsetOf } from '../../src/model/bank.ts';
import type { Smmu } from '../../src/model/smmu.ts';
import { STE } from '../../src/spec/ste.ts';
import type { TranslationCase } from './cases.ts';
import type { Bench, Work } from './rounds.ts';

const BIG = path.resolve(import.meta.dirname, '../fixtures/linux-big');
export const BIG_REGISTERS = path.join(BIG, 'regs.json');
const LOG2SIZE = 16;
const STES = 2 ** LOG2SIZE;
const STE_WORDS = 16;
const TABLE = 0x8000_0000;
const CONFIG_ABORT = 0;
const CONFIG_BYPASS = 4;
/** One stream in so many bypasses, the others abort: about what a kernel leaves. */
const BYPASS_EVERY = 1000;

/** Repeats something that handles `size` things at once, so that the figure is for one of them. */
function each(size: number, once: () => void): Work {
  return (count) => {
    for (let done = 0; done < count; done += size) once();
  };
}

/** The memory and registers of a 4 GiB guest with more than a million mapped pages: every table it has. */
export function openBigCapture(): Promise<OpenMachine> {
  return openMachine({ capture: path.join(BIG, 'tables.elf.gz'), registers: BIG_REGISTERS });
}

/** Lists every mapped page of a machine as runs of neighbours. */
export function leafBench(smmu: Smmu, baseline: Work): Bench {
  const { domains } = survey(smmu, 'ns');
  const memory = smmu.memory('ns');
  const list = (): { leaves: number; runs: number } => {
    let leaves = 0;
    let runs = 0;
    for (const { start } of domains) {
      const maps = mapsOf(memory, start);
      leaves += maps.leaves;
      runs += maps.length;
    }
    return { leaves, runs };
  };
  const { leaves, runs } = list();
  const note = (): string => `${leaves} leaves of ${domains.length} sets of tables in ${runs} runs`;
  return { name: 'enumerate_leaf_ptes', unit: 'leaf', run: each(leaves, list), step: leaves, baseline, note };
}

/** An SMMU with a linear stream table of 65,536 valid STEs. */
function linearTable(like: TranslationCase): Smmu {
  const smmu = machineOf({ ...like, regs: [], mem: [] }, 'none');
  const words = new Uint32Array(STES * STE_WORDS);
  for (let sid = 0; sid < STES; sid++) {
    STE.fields.V.set(words, sid * STE_WORDS, 1);
    const config = sid % BYPASS_EVERY === 0 ? CONFIG_BYPASS : CONFIG_ABORT;
    STE.fields.Config.set(words, sid * STE_WORDS, config);
  }
  smmu.memory('ns').store(TABLE, words, 0, words.length);
  smmu.bank.load([
    [offsetOf('STRTAB_BASE'), TABLE],
    [offsetOf('STRTAB_BASE_CFG'), LOG2SIZE],
    [offsetOf('CR0'), 1],
  ]);
  return smmu;
}

/**
 * Lists the first level of the Streams tree.
 * @param like whose ID registers the SMMU has
 */
export function streamTableBench(like: TranslationCase, baseline: Work): Bench {
  const smmu = linearTable(like);
  const rows = treeChildren(smmu, 'ns').length;
  const list = (): void => {
    if (treeChildren(smmu, 'ns').length !== rows) throw new Error('the tree changes by itself');
  };
  const note = (): string => `${STES} STEs in ${rows} rows`;
  return { name: 'list_stream_table', unit: 'STE', run: each(STES, list), step: STES, baseline, note };
}

/** Classifies every STE. */
export function surveyBench(like: TranslationCase, baseline: Work): Bench {
  const smmu = linearTable(like);
  const scan = (): void => {
    const { counts } = survey(smmu, 'ns');
    if (counts.steValid !== STES) throw new Error(`${counts.steValid} of ${STES} STEs are valid`);
  };
  return {
    name: 'count_stes',
    unit: 'STE',
    run: each(STES, scan),
    step: STES,
    baseline,
    note: () => `${STES} STEs`,
  };
}
