import { expect, it } from 'vitest';
import { encode } from '../../../src/bits/layout.ts';
import { Debugger } from '../../../src/control/debugger.ts';
import { updateSequence } from '../../../src/control/stops/update-sequence.ts';
import { UpdateChecker } from '../../../src/control/updates/update-checker.ts';
import { STE } from '../../../src/spec/ste.ts';
import { TestSmmu } from '../../kit/smmu.ts';
import { testClock } from '../clock.ts';
import { STE_PA } from './watched.ts';

const bypass = encode(STE, { V: 1, Config: 4, MTCFG: 1 });
const write = (dw: number) => ({
  kind: 'memory' as const,
  space: 'ns' as const,
  pa: STE_PA + dw * 8,
  words: bypass.slice(dw * 2, dw * 2 + 2),
});

it('a history that is taken back leaves no finding that came of it, and its repetition finds the same', () => {
  const on = new TestSmmu({ caches: 'maximal', registers: { 'IDR1.ATTR_TYPES_OVR': 1 } });
  const checker = new UpdateChecker(on.smmu, { told: 'always' });
  const debug = new Debugger(on.smmu, testClock(), { checkers: [checker] });
  const judged = (dw: number) =>
    checker.judge(on.smmu, on.smmu.plan(write(dw)), debug.history.length).map(({ mistake }) => mistake);
  for (const _ of [1, 2]) {
    debug.perform('dma', write(1), 'writes doubleword 1');
    expect(checker.watched).toBe(1);
    expect(judged(0)).toEqual(['valid-too-early']);
    debug.perform('dma', write(0), 'writes doubleword 0');
    expect(checker.pending()).toMatchObject([{ mistake: 'missing-invalidation', entry: { sid: 8 } }]);
    debug.stepBack('dma');
    expect(checker.pending()).toEqual([]);
    debug.stepBack('dma');
    expect(checker.watched).toBe(0);
    expect(judged(0)).toEqual([]);
  }
});

it('the filter for update sequences stops before the write, and only if it is on', () => {
  const on = new TestSmmu({ caches: 'maximal' });
  const checker = new UpdateChecker(on.smmu, { told: 'always', wholeEntries: 'doublewords' });
  const cd = encode(STE, { V: 1, Config: 5, S1CDMax: 4, S1DSS: 2, S1ContextPtr: 0x4040_0000 });
  const plan = on.smmu.plan({ kind: 'memory', space: 'ns', pa: STE_PA, words: cd });
  const findings = checker.judge(on.smmu, plan, 0);
  const [found] = findings;
  const peek = (): number => 0;
  const at = found?.step ?? -1;
  expect(plan.steps[at]?.kind).toBe('memory');
  expect(updateSequence.match(plan, at, new Set(['update-sequence']), peek, findings)).toBe(
    'update-sequence',
  );
  expect(updateSequence.match(plan, at, new Set(), peek, findings)).toBeNull();
  expect(updateSequence.match(plan, at, new Set(['update-sequence']), peek, [])).toBeNull();
});
