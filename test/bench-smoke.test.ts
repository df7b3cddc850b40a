import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenMachine } from '../src/capture/machine.ts';
import { difference } from '../src/cli/conform/compare.ts';
import { machineOf, runCase, transactionOf } from '../src/cli/conform/run-case.ts';
import { WALKED, walk, walked } from './bench/baseline.ts';
import { benchCases, flatMemory, isTranslation } from './bench/cases.ts';
import { measureDapStep } from './bench/dap-step.ts';
import { measureReverse } from './bench/history.ts';
import { measure } from './bench/rounds.ts';
import { openBigCapture } from './bench/scans.ts';
import { suite } from './bench/suite.ts';
import { addressesOf, isModelled, SID, tablesOf } from './bench/translations.ts';

const translations = benchCases().filter(isTranslation);
const modelled = translations.filter(isModelled);
const withTables = modelled.filter((of) => tablesOf(of) !== null);

let big: OpenMachine;
beforeAll(async () => {
  big = await openBigCapture();
});
afterAll(() => big.close());

describe('the bench cases', () => {
  it('are 18, and none is left out', () => {
    expect(benchCases()).toHaveLength(18);
    expect(suite(big.smmu, 'no such bench').leftOut).toEqual([]);
  });

  it.each(modelled.map((of) => [of.name, of] as const))('%s gives the expected addresses', (_name, of) => {
    const { steps } = runCase(of, 'combined');
    const wrong = of.steps.filter((step, i) => {
      const want = of.expect?.steps[i];
      return !want || difference(step.op, want, steps[i] ?? {}) !== null;
    });
    expect(of.steps.length).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  });

  it.each(withTables.map((of) => [of.name, of] as const))(
    '%s leads the hand-written walk where the model arrives',
    (_name, of) => {
      const smmu = machineOf(of, 'none');
      const { base, words } = flatMemory(of);
      const { hi, lo } = addressesOf(of);
      const ttb = tablesOf(of) ?? 0;
      for (let i = 0; i < lo.length; i++) {
        const [vaHi, vaLo] = [hi[i] as number, lo[i] as number];
        expect(walk(words, base, ttb, vaHi, vaLo)).toBe(WALKED);
        const { pa } = smmu.translate({ ...transactionOf(SID, '0', false), vaHi, vaLo });
        expect((walked.hi * 2 ** 32 + (walked.lo >>> 0)).toString(16)).toBe(pa.toString(16));
      }
    },
  );
});

describe('the debugger’s figures', () => {
  it('a million commands go forth and back within 100 MB, at most 64 bytes of history each', () => {
    const gone = measureReverse(1, 'combined');
    expect(gone.steps).toBeGreaterThan(1_000_000);
    expect(gone.grown).toBeLessThan(100e6);
    expect(gone.bytes).toBeGreaterThan(8);
    expect(gone.bytes).toBeLessThanOrEqual(64);
  });

  it('with every invalidation remembered (maximal), a million commands keep less than 100 MB', () => {
    const gone = measureReverse(1, 'maximal');
    expect(gone.steps).toBeGreaterThan(1_000_000);
    expect(gone.retained).toBeLessThan(100e6);
    expect(gone.bytes).toBeLessThan(100);
  });

  it('steps over stdio bring 150 variables each; without a checkout the sample adapter is left out', async () => {
    const { p50, peer, version, steps } = await measureDapStep(undefined, 20);
    expect({ peer, version, steps }).toEqual({ peer: null, version: '', steps: 20 });
    expect(p50).toBeGreaterThan(0);
  });
});

describe('the benches', () => {
  it('run, each beside its baseline, and say what they did', () => {
    const { benches } = suite(big.smmu);
    expect(benches).toHaveLength(40);
    for (const { run, baseline, step } of benches) {
      run(step ?? 100);
      baseline(100);
    }
    const notes = Object.fromEntries(benches.map(({ name, note }) => [name, note?.()]));
    expect(notes).toMatchObject({
      s1_miss_walk4_flush_each: '0 % TLB hits',
      s1_miss_walk3_2M_flush_each: '0 % TLB hits',
      s1_config_miss_walk4: '0 % TLB hits',
      s1_config_miss_tlb_hit: '99 % TLB hits',
      s1_miss_walk4_flush_each_maximal: '0 % TLB hits',
      'cmd_tlbi_nh_va+sync_tlb250': '250 live TLB entries',
      'cmd_cfgi_ste+sync': '0 live TLB entries',
      enumerate_leaf_ptes: '1083652 leaves of 10 sets of tables in 2125 runs',
    });
  });

  it('are measured: a time for one, and a ratio to the baseline of the same round', () => {
    const [result] = measure(suite(big.smmu, 'bypass').benches, { rounds: 2, batchMs: 0.1 });
    expect(result).toMatchObject({ name: 'bypass', unit: 'translation' });
    expect([typeof result?.ns, typeof result?.ratio, typeof result?.baseline]).toEqual([
      'number',
      'number',
      'number',
    ]);
  });
});
