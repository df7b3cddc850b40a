import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { bytesText } from '../../src/cli/batch/answer.ts';
import type { CaseStep, ConformCase, StepAnswer } from '../../src/cli/conform/case.ts';
import { difference, judgeCase } from '../../src/cli/conform/compare.ts';
import { runCase } from '../../src/cli/conform/run-case.ts';
import { commandWords } from '../kit/smmu.ts';

/**
 * The corpus under `maximal`. What was expected came from a cache with one entry a stream and one from VA to PA, which
 * loses more than it must. Hardware that keeps all it may answers these cases from what it still holds.
 */

const dir = path.resolve(import.meta.dirname, '../vectors/corpus');
const cases = readdirSync(dir).flatMap((name) =>
  readFileSync(path.join(dir, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ConformCase),
);

/** A TLBI by VMID and stage 1 need not drop IPA to PA (4.4.3.1, 16.2.1), where the descriptor was changed. */
const STAGE_2_STAYS = 'CMD_TLBI_NH_ALL leaves IPA to PA';
/** A leaf with nG=0 has no ASID, so CMD_TLBI_NH_ASID need not drop it (4.4.2, 3.17). */
const GLOBAL_STAYS = 'CMD_TLBI_NH_ASID leaves a global leaf';
/** CMD_CFGI_CD and CMD_CFGI_CD_ALL name CDs alone (4.3.3, 4.3.4): the STE and the L1STD stay. */
const STE_STAYS = 'CMD_CFGI_CD* leaves the STE';
const L1STD_STAYS = 'CMD_CFGI_CD* leaves the L1STD';
/** An STE with V=0 may be cached too: making it valid needs a CFGI of its StreamID (5.2, 3.21.3). */
const INVALID_STE_STAYS = 'no CMD_CFGI_STE has named the STE that was read with V=0';

interface Held {
  /** The first step that is answered from what is still held. */
  readonly step: number;
  readonly why: string;
}

const HELD: Readonly<Record<string, Held>> = {
  'config_cache-0006': { step: 4, why: STE_STAYS },
  'config_cache-0008': { step: 2, why: INVALID_STE_STAYS },
  'config_cache-0009': { step: 4, why: STE_STAYS },
  'config_cache-0036': { step: 4, why: STE_STAYS },
  'config_cache-0056': { step: 4, why: STE_STAYS },
  'config_cache-0083': { step: 2, why: INVALID_STE_STAYS },
  'config_cache-0214': { step: 2, why: INVALID_STE_STAYS },
  'config_cache-0224': { step: 4, why: L1STD_STAYS },
  'tlb-0097': { step: 4, why: STAGE_2_STAYS },
  'tlb-0231': { step: 4, why: STAGE_2_STAYS },
  'tlb-0317': { step: 4, why: GLOBAL_STAYS },
  'tlb-0359': { step: 4, why: STAGE_2_STAYS },
  'tlb-0696': { step: 4, why: GLOBAL_STAYS },
};

const EVERYTHING: CaseStep = {
  op: 'cmd',
  entries: [
    commandWords('CMD_CFGI_STE_RANGE', { Range: 31 }),
    commandWords('CMD_TLBI_NSNH_ALL'),
    commandWords('CMD_SYNC'),
  ].map(bytesText),
};

function named(name: string): ConformCase {
  const found = cases.find((of) => of.name === name);
  if (!found) throw new Error(`no case ${name}`);
  return found;
}

/** What was answered, as far as it does not depend on the page that was asked for. */
function kindOf(step: CaseStep, { ok, pa, ev }: StepAnswer): string {
  if (!ok) return ev === undefined ? 'abort' : `event ${ev.map((record) => record.slice(0, 2)).join()}`;
  return step.op === 'dma' ? `offset ${BigInt(pa ?? 0) - BigInt(step.iova)}` : 'done';
}

describe('the corpus, policy maximal', () => {
  test('only those fail that hardware may answer from what it still holds', () => {
    const failed = cases
      .map((of) => ({ name: of.name, judged: judgeCase(of, runCase(of, 'maximal')) }))
      .filter(({ judged }) => judged.verdict === 'failed')
      .map(({ name, judged }) => `${name} ${judged.why.split(':')[0]}`);
    expect(failed).toEqual(Object.entries(HELD).map(([name, { step }]) => `${name} step ${step}`));
  });

  test.each(Object.entries(HELD))('%s: $why', (name, { step }) => {
    const of = named(name);
    const at = of.steps[step] as CaseStep;
    const want = of.expect?.steps[step] as StepAnswer;
    const { steps } = runCase(of, 'maximal');
    expect(difference(at.op, want, steps[step] as StepAnswer)).not.toBeNull();
    // The first transaction, before anything was changed, was answered by the same structures.
    expect(kindOf(at, steps[step] as StepAnswer)).toBe(
      kindOf(of.steps[0] as CaseStep, steps[0] as StepAnswer),
    );
    // It is a cache's answer: once everything is invalidated it is the expected one.
    const cold = { ...of, steps: [...of.steps.slice(0, step), EVERYTHING, at] };
    expect(difference(at.op, want, runCase(cold, 'maximal').steps[step + 1] as StepAnswer)).toBeNull();
  });
});
