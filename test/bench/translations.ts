import { machineOf, transactionOf } from '../../src/cli/conform/run-case.ts';
import type { Transaction } from '../../src/model/plan.ts';
import type { CachePolicy, Smmu } from '../../src/model/smmu.ts';
import { WALKED, walk } from './baseline.ts';
import { flatMemory, numberIn, type TranslationCase } from './cases.ts';
import type { Bench, Work } from './rounds.ts';

/** The StreamID of every bench case. */
export const SID = 8;

type Changing<T> = { -readonly [Key in keyof T]: T[Key] };

/** The addresses of a case, as halves. */
export interface Addresses {
  readonly hi: Uint32Array;
  readonly lo: Uint32Array;
}

export function addressesOf({ bench }: TranslationCase): Addresses {
  const first = numberIn(bench.iova);
  const all = Array.from({ length: bench.pages }, (_, k) => first + k * bench.stride);
  return {
    hi: Uint32Array.from(all, (address) => Math.floor(address / 2 ** 32)),
    lo: Uint32Array.from(all, (address) => address >>> 0),
  };
}

/** One more round over the addresses with each call. */
function rounds(count: number, step: (index: number) => void): Work {
  let index = 0;
  return (times) => {
    for (let i = 0; i < times; i++) {
      step(index);
      index = index + 1 === count ? 0 : index + 1;
    }
  };
}

function refuse(name: string, why: string): never {
  throw new Error(`${name}: ${why}`);
}

/** Whether the model can run a case: it does not decline its stream. */
export function isModelled(of: TranslationCase): boolean {
  const smmu = machineOf(of, 'combined');
  return smmu.translate(transactionOf(SID, of.bench.iova, false)).result !== 'not-modelled';
}

/** Where a case's stage-1 tables begin (PA in bytes), or null when its stream has none. */
export function tablesOf(of: TranslationCase): number | null {
  const smmu = machineOf(of, 'combined');
  smmu.translate(transactionOf(SID, of.bench.iova, false));
  const entry = smmu.config.find('ns', SID);
  // The hand-written walk knows no stage 2: those benches are held against that of other addresses.
  const context = entry?.stream.stage2 ? null : entry?.first;
  return context ? context.halves[0].baseLo : null;
}

/**
 * The hand-written walk of a case's addresses.
 * @returns null when the stream has no stage-1 tables
 */
export function walkOf(of: TranslationCase): Work | null {
  const ttb = tablesOf(of);
  if (ttb === null) return null;
  const { base, words } = flatMemory(of);
  const { hi, lo } = addressesOf(of);
  return rounds(lo.length, (i) => {
    const status = walk(words, base, ttb, hi[i] as number, lo[i] as number);
    if (status !== WALKED) refuse(of.name, `the hand-written walk ends with ${status}`);
  });
}

/** Empties what the kind of a case says, before each translation. */
function emptied(smmu: Smmu, kind: TranslationCase['bench']['kind']): () => void {
  const maximal = smmu.policy === 'maximal';
  const tlb = (): void => {
    smmu.tlb.clear();
    if (!maximal) return;
    smmu.partial.clear();
    smmu.walks.clear();
  };
  const config = (): void => {
    smmu.config.clear();
    if (maximal) smmu.structures.clear();
  };
  const both = (): void => {
    tlb();
    config();
  };
  return [() => {}, tlb, both, config][kind] as () => void;
}

/**
 * Translates a case's addresses by the fast path.
 * @param baseline for streams without stage-1 tables
 */
export function translationBench(
  of: TranslationCase,
  baseline: Work,
  policy: CachePolicy = 'combined',
): Bench {
  const smmu = machineOf(of, policy);
  const { hi, lo } = addressesOf(of);
  const transaction: Changing<Transaction> = { ...transactionOf(SID, of.bench.iova, false) };
  const prepare = emptied(smmu, of.bench.kind);
  let hits = 0;
  let all = 0;
  const run = rounds(lo.length, (i) => {
    prepare();
    transaction.vaHi = hi[i] as number;
    transaction.vaLo = lo[i] as number;
    const answer = smmu.translate(transaction);
    if (answer.result !== 'ok') refuse(of.name, answer.fault?.reason ?? answer.result);
    if (answer.tlbHit) hits++;
    all++;
  });
  const note = (): string => (tablesOf(of) === null ? '' : `${Math.round((100 * hits) / all)} % TLB hits`);
  const name = policy === 'combined' ? of.name : `${of.name}_${policy}`;
  return { name, unit: 'translation', run, baseline: walkOf(of) ?? baseline, note };
}

/** Plans a case's addresses with every step recorded, as the debugger does; nothing is committed. */
export function planBench(of: TranslationCase, baseline: Work): Bench {
  const smmu = machineOf(of, 'combined');
  smmu.translate(transactionOf(SID, of.bench.iova, false));
  const { hi, lo } = addressesOf(of);
  const base = transactionOf(SID, of.bench.iova, false);
  const prepare = emptied(smmu, of.bench.kind);
  let steps = 0;
  const run = rounds(lo.length, (i) => {
    prepare();
    const transaction = { ...base, vaHi: hi[i] as number, vaLo: lo[i] as number };
    const plan = smmu.plan({ kind: 'transaction', transaction });
    if (plan.outcome.result !== 'ok') refuse(of.name, plan.outcome.result);
    steps = plan.steps.length;
  });
  const note = (): string => `${steps} steps recorded`;
  return { name: `${of.name}_plan`, unit: 'plan', run, baseline: walkOf(of) ?? baseline, note };
}
