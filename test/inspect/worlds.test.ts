/** The four Security states as rows and trees: their stream tables, the granule protection table, and what stands still. */

import { describe, expect, test } from 'vitest';
import { countAll, survey } from '../../src/inspect/counts.ts';
import { mapsOf } from '../../src/inspect/maps.ts';
import { queuesOf } from '../../src/inspect/queues.ts';
import { registerPlace, registersOf } from '../../src/inspect/registers.ts';
import { type TreeNode, treeChildren } from '../../src/inspect/tree.ts';
import { explainEvent } from '../../src/inspect/why/event.ts';
import { explainGerror } from '../../src/inspect/why/gerror.ts';
import { explainQueue } from '../../src/inspect/why/queue.ts';
import { SID, TestSmmu } from '../kit/smmu.ts';
import { identity, NESTED_STE } from '../kit/stage2.ts';
import { LEAF, map, USER_PAGE } from '../kit/tables.ts';
import { fourWorlds, GPT, GPT_LEVEL1, PAGES } from '../kit/worlds.ts';

const shown = (nodes: readonly TreeNode[]): string[] =>
  nodes.map(({ label, description }) => `${label}: ${description}`);

describe('the tree', () => {
  test('has a root for each state that is there, Root with its granule protection table', () => {
    const m = fourWorlds();
    expect(treeChildren(m.smmu, null).map(({ id, label }) => `${id}: ${label}`)).toEqual([
      'ns: Stream table (Non-secure)',
      's: Stream table (Secure)',
      'realm: Stream table (Realm)',
      'root: Granule protection table (Root)',
    ]);
    expect(treeChildren(new TestSmmu().smmu, null).map(({ id }) => id)).toEqual(['ns']);
    expect(treeChildren(new TestSmmu({ worlds: 'secure' }).smmu, null).map(({ id }) => id)).toEqual([
      'ns',
      's',
    ]);
  });

  test.each(['s', 'realm'] as const)(
    '%s leads from its own memory to pages that name their space',
    (world) => {
      const m = fourWorlds();
      const ste = `${world}/ste.${SID}`;
      const [cd] = treeChildren(m.smmu, ste);
      expect(cd?.address).toMatchObject({ space: world });
      const walk = (id: string): TreeNode[] =>
        treeChildren(m.smmu, id).flatMap((node) => (node.kind === 'page' ? [node] : walk(node.id)));
      const pages = walk(cd?.id ?? '');
      const { iova, pa } = PAGES[world];
      expect(pages).toHaveLength(1);
      expect(pages[0]?.label).toContain(`0x${iova.toString(16)}`);
      expect(pages[0]?.description).toContain(`→ 0x${pa.toString(16)} (${world})`);
      expect(pages[0]?.address?.space).toBe(world);
    },
  );

  test('follows NSTable into Non-secure memory, and says so', () => {
    const m = new TestSmmu({ worlds: 'secure' });
    const s = m.in('s');
    s.ste({});
    s.cd({ ASID: 5 });
    map(s, { iova: 0x2000n, pa: 0x42350000n, tables: 1n << 63n });
    // The tables below the first lie in Non-secure memory, at the same addresses.
    map(m, { iova: 0x2000n, pa: 0x42990000n });
    const { domains } = survey(m.smmu, 's');
    const runs = [...mapsOf(m.smmu, domains[0]?.start as never)];
    expect(runs.map(({ pa, space }) => `${pa} ${space}`)).toEqual(['0x42990000 ns']);
    const walk = (id: string): TreeNode[] =>
      treeChildren(m.smmu, id).flatMap((node) => (node.kind === 'page' ? [node] : walk(node.id)));
    const [page] = walk(`s/ste.${SID}/cd.0/ttb0`);
    expect(page?.description).toContain('→ 0x42990000 (ns) ');
    expect(page?.address?.space).toBe('ns');
  });

  test('shows a leaf of a Secure stream with NS=1 as Non-secure', () => {
    const m = new TestSmmu({ worlds: 'secure' });
    const s = m.in('s');
    s.ste({});
    s.cd({ ASID: 5 });
    map(s, { iova: 0x2000n, pa: 0x42350000n, attributes: USER_PAGE | (1n << 5n) });
    map(s, { iova: 0x3000n, pa: 0x42351000n, attributes: LEAF.AF | LEAF.USER | LEAF.nG });
    const { domains } = survey(m.smmu, 's');
    const runs = [...mapsOf(m.smmu, domains[0]?.start as never)];
    // They continue each other, but not in the same space.
    expect(runs.map(({ pa, space }) => `${pa} ${space}`)).toEqual(['0x42350000 ns', '0x42351000 s']);
  });

  test('has two stages 2 for a Secure stream', () => {
    const m = new TestSmmu({ worlds: 'secure' });
    const s = m.in('s');
    identity(s);
    const { S2T0SZ = 0, S2SL0 = 0, S2TG = 0, S2TTB = 0 } = NESTED_STE;
    s.ste({ ...NESTED_STE, S_S2T0SZ: S2T0SZ, S_S2SL0: S2SL0, S_S2TG: S2TG, S_S2TTB: S2TTB });
    expect(treeChildren(m.smmu, `s/ste.${SID}`).map(({ id, label }) => `${id}: ${label}`)).toEqual([
      `s/ste.${SID}/s1: Stage 1`,
      `s/ste.${SID}/s2: Stage 2 (Secure IPAs)`,
      `s/ste.${SID}/s2ns: Stage 2 (Non-secure IPAs)`,
    ]);
  });
});

describe('the granule protection table', () => {
  test('is listed by what its entries allow, equal neighbours joined', () => {
    const m = fourWorlds();
    expect(shown(treeChildren(m.smmu, 'root'))).toEqual([
      'Nothing is checked: ROOT_CR0.GPCEN=0: every access passes',
      '0x0–0x3fffffff: GPI 9, Non-secure PAS only',
      `0x40000000–0x7fffffff: level 1 table at 0x${GPT_LEVEL1.toString(16)}`,
      '0x80000000–0xfffffffff: GPI 15, any PAS (62 entries)',
    ]);
    const level1 = treeChildren(m.smmu, 'root/e.1');
    expect(shown(level1)).toEqual([
      '0x40000000–0x400fffff: GPI 8, Secure PAS only (16 entries)',
      '0x40100000–0x4010ffff: GPI 11, Realm PAS only',
      '0x40110000–0x4011ffff: 16 granules of 4 KiB',
      '0x40120000–0x4012ffff: invalid: 0x11111112, a lookup error',
      '0x40130000–0x7fffffff: GPI 8, Secure PAS only (16365 entries)',
    ]);
    expect(level1[2]?.address).toEqual({
      space: 'root',
      pa: `0x${(GPT_LEVEL1 + 17 * 8).toString(16)}`,
      bytes: 8,
    });
    expect(shown(treeChildren(m.smmu, level1[2]?.id ?? ''))).toEqual([
      '0x40110000–0x40117fff: GPI 9, Non-secure PAS only',
      '0x40118000–0x4011ffff: GPI 10, Root PAS only',
    ]);
  });

  test('says that every access ends while ACCESSEN is 0, and what makes no table', () => {
    const m = fourWorlds();
    m.set({ 'ROOT_CR0.ACCESSEN': 0 });
    expect(shown(treeChildren(m.smmu, 'root'))[0]).toBe(
      'Every access ends: ROOT_CR0.ACCESSEN=0: a granule protection fault',
    );
    m.set({ 'ROOT_GPT_BASE_CFG.PPS': 7 });
    expect(treeChildren(m.smmu, null).at(-1)).toMatchObject({ collapsible: 'none', icon: 'warning' });
    expect(treeChildren(m.smmu, 'root')).toEqual([]);
  });

  test('of the largest size is opened in groups', () => {
    const m = fourWorlds();
    m.set({ 'ROOT_GPT_BASE_CFG.PPS': 6, 'ROOT_GPT_BASE.ADDR': 0x42000000 });
    const groups = treeChildren(m.smmu, 'root').slice(1);
    expect(groups.length).toBeLessThanOrEqual(512);
    const [first] = groups;
    expect(treeChildren(m.smmu, first?.id ?? '').length).toBeLessThanOrEqual(512);
    expect(GPT).toBeLessThan(0x42000000);
  });

  test.each(['root/e.99', 'root/e.0', 'root/r.5-2', 'root/e.1/e.17/e.1', 'root/x.1', 'root/'])(
    'an id that leads nowhere has no children: %s',
    (id) => {
      expect(treeChildren(fourWorlds().smmu, id)).toEqual([]);
    },
  );
});

describe('each state', () => {
  test('has the registers of its own pages, and they say where they lie', () => {
    for (const world of ['s', 'realm', 'root'] as const) {
      expect(registersOf(world).length).toBeGreaterThan(10);
      expect(registersOf(world).every((register) => register.world === world)).toBe(true);
    }
    const [first] = registersOf('realm');
    expect(first && registerPlace(first)).toBe('R_PAGE_0 +0x00000');
    expect(queuesOf('root')).toEqual([]);
  });

  test('is counted by its own tables', () => {
    const m = fourWorlds();
    for (const world of ['s', 'realm'] as const)
      expect(countAll(m.smmu, world).counts).toMatchObject({ ste_s1: 1, cds: 1, leafPTEs: 1 });
  });

  test('says by its own registers why its queues stand still', () => {
    const m = fourWorlds();
    m.set({ 'S_CR0.CMDQEN': 0, 'R_GERROR.CMDQ_ERR': 1 });
    expect(
      explainQueue(m.smmu, 's')
        .findings.map(({ text }) => text)
        .join('\n'),
    ).toContain('S_CR0.CMDQEN=0: CONS never moves');
    expect(
      explainQueue(m.smmu, 'realm')
        .findings.map(({ text }) => text)
        .join('\n'),
    ).toContain('R_GERROR.CMDQ_ERR is active');
    expect(explainGerror(m.smmu, 'realm').verdict).toContain('R_GERROR=0x1');
    expect(explainGerror(m.smmu, 's').verdict).toContain('no error is active');
    expect(explainQueue(m.smmu, 'root').verdict).toBe('the Root state has no CMDQ (3.10)');
    expect(explainQueue(m.smmu, 's', 'PRIQ').verdict).toBe('the Secure state has no PRIQ (3.10)');
    expect(explainGerror(m.smmu, 'root').verdict).toBe('the Root state has no queues (3.10)');
  });

  test('explains its own event records', () => {
    const m = fourWorlds();
    m.in('s').dma('0x9000');
    expect(explainEvent(m.smmu, 0, 's')).toMatchObject({ record: expect.stringContaining('F_TRANSLATION') });
    expect(explainEvent(m.smmu, 0, 'ns')?.record).not.toContain('F_TRANSLATION');
  });
});
