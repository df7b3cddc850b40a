import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import { commandWords, SID, TestSmmu } from '../kit/smmu.ts';
import { identity, NESTED_STE } from '../kit/stage2.ts';
import { map, USER_PAGE } from '../kit/tables.ts';

const IOVA = 0x1000;

function machine(caches: 'combined' | 'maximal', nested = false): TestSmmu {
  const m = new TestSmmu({ caches });
  m.ste(nested ? { ...NESTED_STE, S2VMID: 5 } : { S2VMID: 5 });
  m.cd();
  map(m, { iova: BigInt(IOVA), pa: 0x44000000n, attributes: USER_PAGE });
  if (nested) identity(m);
  return m;
}

/** Each step's kind of entry, by kind of step. */
const used = (plan: Plan, kind: string): (string | null)[] =>
  plan.steps.flatMap((step) => {
    if (step.kind !== kind) return [];
    const { used: of } = step;
    return [
      of === null
        ? null
        : of.kind === 'tlb'
          ? of.store
          : of.kind === 'structure'
            ? of.entry.structure
            : of.kind,
    ];
  });

/** Plans and commits one command. */
function command(m: TestSmmu, words: Uint32Array): Plan {
  const prod = m.read('CMDQ_PROD');
  m.store(0x40800000 + (prod % 64) * 16, words);
  m.write('CMDQ_PROD', prod + 1);
  const next = m.smmu.nextCommand('ns');
  if (!('operation' in next)) throw new Error(next.idle);
  const plan = m.smmu.plan(next.operation);
  m.smmu.commit(plan.effects);
  return plan;
}

describe('a cache hit names its entry', () => {
  test('combined: the configuration of the stream, and the translation', () => {
    const m = machine('combined');
    expect(used(m.dma(IOVA), 'cache-hit')).toEqual([]);
    expect(used(m.dma(IOVA), 'cache-hit')).toEqual(['config', 'config', 'tlb']);
  });

  test('maximal: each structure, table descriptor and translation', () => {
    const m = machine('maximal');
    m.dma(IOVA);
    expect(used(m.dma(IOVA), 'cache-hit')).toEqual(['STE', 'CD', 'tlb']);
    const hit = m.dma(IOVA).steps.find(({ used: of }) => of?.kind === 'tlb')?.used;
    expect(hit?.kind === 'tlb' && m.smmu.tlb.entries().includes(hit.entry)).toBe(true);
    m.run(['CMD_TLBI_NH_VA', { VMID: 5, ASID: 1, Address: IOVA, Leaf: 1 }], ['CMD_SYNC']);
    expect(used(m.dma(IOVA), 'cache-hit')).toEqual(['STE', 'CD', 'walks']);
  });

  test('maximal, nested: VA to IPA by itself, and IPA to PA', () => {
    const m = machine('maximal', true);
    expect(m.dma(IOVA).outcome.result).toBe('ok');
    for (const entry of m.smmu.tlb.entries()) if (entry.nested !== null) m.smmu.tlb.remove(entry);
    expect(used(m.dma(IOVA), 'cache-hit')).toEqual(['STE', 'CD', 'partial', 'tlb']);
  });
});

describe('a removal names what goes', () => {
  test('combined: at once', () => {
    const m = machine('combined');
    m.dma(IOVA);
    const tlbi = commandWords('CMD_TLBI_NH_VA', { VMID: 5, ASID: 1, Address: IOVA });
    expect(used(command(m, tlbi), 'cache-remove')).toEqual(['tlb']);
    expect(used(command(m, commandWords('CMD_CFGI_STE', { StreamID: SID })), 'cache-remove')).toEqual([
      'config',
    ]);
  });

  test('maximal: what is to leave, and at the CMD_SYNC what has left', () => {
    const m = machine('maximal');
    m.dma(IOVA);
    const tlbi = commandWords('CMD_TLBI_NH_VA', { VMID: 5, ASID: 1, Address: IOVA });
    expect(used(command(m, tlbi), 'cache-remove')).toEqual(['tlb', 'walks', 'walks', 'walks']);
    const cfgi = commandWords('CMD_CFGI_STE', { StreamID: SID });
    expect(used(command(m, cfgi), 'cache-remove')).toEqual(['STE', 'CD']);
    const [step] = command(m, commandWords('CMD_SYNC')).steps.filter(({ kind }) => kind === 'cache-remove');
    expect(step?.used?.kind === 'completed' && step.used.items.length).toBe(6);
  });
});
