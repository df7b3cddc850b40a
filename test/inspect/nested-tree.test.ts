import { describe, expect, test } from 'vitest';
import { type TreeNode, treeChildren } from '../../src/inspect/tree.ts';
import { L1CD } from '../../src/spec/l1cd.ts';
import { CDTAB, TestSmmu, type Values } from '../kit/smmu.ts';
import { identity, mapStage2, NESTED_STE, S2TTB } from '../kit/stage2.ts';

const lines = (nodes: readonly TreeNode[]): string[] => nodes.map((n) => `${n.label} | ${n.description}`);

function nested(ste: Values = {}): TestSmmu {
  const m = new TestSmmu();
  m.ste({ ...NESTED_STE, ...ste });
  m.cd({ ASID: 5 });
  return m;
}

const below = (m: TestSmmu, path: string): TreeNode[] => treeChildren(m.smmu, `ns/ste.8${path}`);

describe('the tree of a nested stream', () => {
  test('has both stages, and its CD where stage 2 puts it', () => {
    const m = nested();
    identity(m);
    expect(below(m, '').map(({ label }) => label)).toEqual(['Stage 1', 'Stage 2']);
    const [cd] = below(m, '/s1');
    expect(cd).toMatchObject({ label: 'CD', address: { pa: `0x${CDTAB.toString(16)}` } });
    expect(cd?.description).toMatch(/^ASID 5, TTB0 /);
    const [ttb0] = below(m, '/s1/cd.0');
    expect(ttb0).toMatchObject({ label: 'TTB0', collapsible: 'none' });
    expect(ttb0?.description).toContain('table at IPA 0x41000000');
    expect(below(m, '/s1/cd.0/ttb0')).toEqual([]);
  });

  test('follows a CD that stage 2 moves', () => {
    const m = nested();
    mapStage2(m, { ipa: BigInt(CDTAB), pa: 0x45670000n });
    m.cd({ ASID: 9 }, 0x45670000);
    expect(lines(below(m, '/s1'))[0]).toMatch(/^CD \| ASID 9, /);
  });

  test('says that stage 2 does not translate the address of a CD or of an L1CD', () => {
    const linear = nested();
    expect(linear.words(S2TTB, 2)).toEqual([0, 0]);
    expect(lines(below(linear, '/s1'))).toEqual(['CD | stage 2 does not translate its address']);
    const twoLevels = nested({ S1CDMax: 8, S1Fmt: 1 });
    expect(lines(below(twoLevels, '/s1'))[0]).toContain('without a CD table');
    mapStage2(twoLevels, { ipa: BigInt(CDTAB), pa: BigInt(CDTAB) });
    twoLevels.put(L1CD, CDTAB, { V: 1, L2Ptr: 0x46000000 });
    expect(lines(below(twoLevels, '/s1/cds.0-0'))[0]).toMatch(/stage 2 does not translate its address$/);
  });
});
