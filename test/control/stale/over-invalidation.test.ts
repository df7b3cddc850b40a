import { expect, test } from 'vitest';
import { OverInvalidation } from '../../../src/control/stale/over-invalidation.ts';
import type { CommandName } from '../../../src/spec/commands.ts';
import { IOVA as ELSEWHERE_IOVA, NESTED_ELSEWHERE, streamElsewhere } from '../../kit/secure-elsewhere.ts';
import { CMDQ, commandWords, SID, type Values } from '../../kit/smmu.ts';
import { IOVA, PA, Scenario } from './scenario.ts';

/** Four pages, one of them unmapped since. */
function machine(caches: 'combined' | 'maximal' = 'maximal'): { s: Scenario; counts: OverInvalidation } {
  const s = new Scenario({ caches });
  s.m.ste();
  s.m.cd();
  const leaves: number[] = [];
  for (let i = 0; i < 4; i++) {
    const iova = BigInt(IOVA + i * 0x1000);
    leaves.push(s.map({ iova, pa: PA + BigInt(i) * 0x1000n }).get(3n) as number);
    s.dma(IOVA + i * 0x1000);
  }
  s.poke(leaves[0] as number, 0n);
  return { s, counts: new OverInvalidation(s.origins) };
}

function command(s: Scenario, counts: OverInvalidation, name: CommandName, values: Values): void {
  const prod = s.m.read('CMDQ_PROD');
  s.m.store(CMDQ + (prod % 64) * 16, commandWords(name, values));
  s.m.write('CMDQ_PROD', (prod + 1) % 128);
  const next = s.m.smmu.nextCommand('ns');
  if (!('operation' in next)) throw new Error(next.idle);
  const plan = s.m.smmu.plan(next.operation);
  const entry = s.texts.length;
  if (counts.concerns(s.m.smmu, plan)) counts.judge(s.m.smmu, plan);
  s.commit(next.operation, name);
  counts.committed(s.m.smmu, next.operation, plan.effects, entry);
}

test('an invalidation by ASID removes three pages of four, and three table descriptors, that still are true', () => {
  const { s, counts } = machine();
  command(s, counts, 'CMD_TLBI_NH_ASID', { ASID: 1 });
  const [tally] = counts.tallies();
  expect(tally).toEqual({ command: 'CMD_TLBI_NH_ASID', commands: 1, removed: 7, needless: 6 });
});

test('one by address removes just the page that was unmapped', () => {
  const { s, counts } = machine();
  command(s, counts, 'CMD_TLBI_NH_VA', { ASID: 1, Address: IOVA, Leaf: 1 });
  expect(counts.tallies()).toEqual([{ command: 'CMD_TLBI_NH_VA', commands: 1, removed: 1, needless: 0 }]);
});

test('a CFGI of a stream whose STE and CD have not changed is needless, under combined as well', () => {
  for (const caches of ['maximal', 'combined'] as const) {
    const { s, counts } = machine(caches);
    command(s, counts, 'CMD_CFGI_STE', { StreamID: SID, Leaf: 1 });
    const removed = caches === 'maximal' ? 2 : 1;
    expect(counts.tallies()).toEqual([{ command: 'CMD_CFGI_STE', commands: 1, removed, needless: removed }]);
  }
});

test('what is undone is forgotten, what removes nothing is not counted', () => {
  const { s, counts } = machine();
  const before = s.texts.length;
  command(s, counts, 'CMD_TLBI_NH_ASID', { ASID: 9 });
  expect(counts.tallies()).toEqual([]);
  command(s, counts, 'CMD_TLBI_NH_ASID', { ASID: 1 });
  command(s, counts, 'CMD_CFGI_STE', { StreamID: SID, Leaf: 1 });
  expect(counts.tallies().map(({ command: name }) => name)).toEqual(['CMD_TLBI_NH_ASID', 'CMD_CFGI_STE']);
  counts.undone(before + 2);
  expect(counts.tallies().map(({ command: name }) => name)).toEqual(['CMD_TLBI_NH_ASID']);
  counts.undone(before);
  expect(counts.tallies()).toEqual([]);
});

test.each(['combined', 'maximal'] as const)(
  'what a Secure stream has from Non-secure memory is held against that memory (%s)',
  (caches) => {
    const m = streamElsewhere(caches, NESTED_ELSEWHERE);
    m.dma(ELSEWHERE_IOVA);
    const counts = new OverInvalidation();
    m.store(CMDQ, commandWords('CMD_CFGI_STE_RANGE', { SSec: 1, Range: 31 }));
    m.store(CMDQ + 16, commandWords('CMD_TLBI_SNH_ALL', {}));
    m.set({ S_CMDQ_PROD: 2 });
    for (let i = 0; i < 2; i++) {
      const next = m.smmu.nextCommand('s');
      if (!('operation' in next)) throw new Error(next.idle);
      const plan = m.smmu.plan(next.operation);
      counts.judge(m.smmu, plan);
      m.smmu.commit(plan.effects);
      counts.committed(m.smmu, plan.operation, plan.effects, i);
    }
    const tallies = counts.tallies();
    expect(new Set(tallies.map(({ command: name }) => name))).toEqual(
      new Set(['CMD_CFGI_STE_RANGE', 'CMD_TLBI_SNH_ALL']),
    );
    for (const { removed, needless } of tallies) expect(needless).toBe(removed);
  },
);
