import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenMachine } from '../../src/capture/machine.ts';
import { countAll } from '../../src/inspect/counts.ts';
import { type TreeNode, treeChildren } from '../../src/inspect/tree.ts';
import type { Smmu } from '../../src/model/smmu.ts';
import { CD } from '../../src/spec/cd.ts';
import { L1CD } from '../../src/spec/l1cd.ts';
import { STE } from '../../src/spec/ste.ts';
import { openFixture } from '../kit/machine.ts';
import { Bench, pageAt, tableAt } from './build.ts';

const lines = (nodes: readonly TreeNode[]): string[] => nodes.map((n) => `${n.label} | ${n.description}`);

function find(smmu: Smmu, parent: string | null, label: string): TreeNode {
  const node = treeChildren(smmu, parent).find((n) => n.label.startsWith(label));
  if (!node) throw new Error(`${label} is not among ${lines(treeChildren(smmu, parent)).join('; ')}`);
  return node;
}

describe('the tree of linux-basic', () => {
  let machine: OpenMachine;
  beforeAll(async () => {
    machine = await openFixture('linux-basic');
  });
  afterAll(() => machine?.close());

  test('begins with the stream table, its shape and place', () => {
    expect(lines(treeChildren(machine.smmu, null))).toEqual([
      'Stream table (Non-secure) | two levels (SPLIT 8), 65,536 StreamIDs, at 0x484c1000',
    ]);
  });

  test('goes on with the buses that have STEs, and one node for the 251 others', () => {
    expect(lines(treeChildren(machine.smmu, 'ns'))).toEqual([
      'StreamIDs 0x0–0xff | bus 00: 9 stage 1, 247 abort',
      'StreamIDs 0x100–0x1ff | bus 01: 1 stage 1, 255 abort',
      'StreamIDs 0x200–0x2ff | bus 02: 1 stage 1, 255 abort',
      'StreamIDs 0x300–0x3ff | bus 03: 1 stage 1, 255 abort',
      'StreamIDs 0x400–0x4ff | bus 04: 2 stage 1, 254 abort',
      'StreamIDs 0x500–0xffff | no STEs (Span=0) in each of 251 level-1 descriptors: C_BAD_STREAMID',
    ]);
  });

  test('joins STEs that abort, and names the others by StreamID and by bus, device and function', () => {
    const bus4 = find(machine.smmu, 'ns', 'StreamIDs 0x400');
    expect(lines(treeChildren(machine.smmu, bus4.id))).toEqual([
      'StreamID 0x400 (04:00.0) | stage 1, CD at 0x42ee4000',
      'StreamIDs 0x401–0x407 | 7 STEs that abort silently',
      'StreamID 0x408 (04:01.0) | stage 1, CD at 0x42ee4000',
      'StreamIDs 0x409–0x4ff | 247 STEs that abort silently',
    ]);
    const range = find(machine.smmu, bus4.id, 'StreamIDs 0x401');
    expect(treeChildren(machine.smmu, range.id).map((n) => n.label)).toEqual(
      [1, 2, 3, 4, 5, 6, 7].map((n) => `StreamID 0x40${n} (04:00.${n})`),
    );
  });

  test('leads from an STE to its pages', () => {
    const { smmu } = machine;
    const cd = find(smmu, 'ns/ste.8', 'CD');
    expect(cd.description).toBe('ASID 3, TTB0 48 bits, 4 KiB granule');
    expect(lines(treeChildren(smmu, cd.id))).toEqual([
      'TTB0 | level 0 table at 0x4811a000, 48 bits, 4 KiB granule',
      'TTB1 | walks through TTB1 are disabled (EPD1=1)',
    ]);
    const page = find(smmu, 'ns/ste.8/cd.0/ttb0/0/3/511', '0xffff7000');
    expect(page).toMatchObject({
      id: 'ns/ste.8/cd.0/ttb0/0/3/511/503',
      description: '→ 0x4809b000 rwx 4 KiB, attr 1',
      kind: 'page',
      sid: 8,
      iova: '0xffff7000',
      address: { space: 'ns', pa: '0x4847bfb8', bytes: 8 },
    });
    expect(page.tooltip).toContain('AttrIndx');
  });

  test('has unique ids that lead back to the same nodes, and only plain data', () => {
    const { smmu } = machine;
    const seen = new Set<string>();
    let stes = 0;
    const visit = (id: string | null): void => {
      const nodes = treeChildren(smmu, id);
      expect(JSON.parse(JSON.stringify(nodes))).toEqual(nodes);
      for (const node of nodes) {
        expect(seen.has(node.id)).toBe(false);
        seen.add(node.id);
        if (node.kind === 'ste') stes++;
        if (node.collapsible !== 'none') {
          expect(treeChildren(smmu, node.id).length).toBeGreaterThan(0);
          visit(node.id);
        } else if (node.kind !== 'unmapped') expect(treeChildren(smmu, node.id)).toEqual([]);
      }
    };
    visit(null);
    expect(stes).toBe(1280);
  });

  test.each([
    '',
    'xx',
    'ns/',
    'ns/ste.99999',
    'ns/ste.8/cd.1',
    'ns/ste.8/cd.0/ttb9',
    'ns/ste.8/cd.0/ttb0/9999',
  ])('answers nothing for the id %j, which leads nowhere', (id) => {
    expect(treeChildren(machine.smmu, id)).toEqual([]);
  });

  test('answers nothing for ids that try to go deep or far', () => {
    const deep = `ns/ste.8/cd.0/ttb0${'/0'.repeat(100_000)}`;
    expect(treeChildren(machine.smmu, deep)).toEqual([]);
    expect(treeChildren(machine.smmu, 'ns/sids.0-99999999999999')).toEqual([]);
    expect(treeChildren(machine.smmu, 'ns/l1s.0-4294967295')).toEqual([]);
  });
});

describe('the tree of other tables', () => {
  test('of 65,536 alike STEs is a single node, at once', () => {
    const bench = new Bench();
    bench.linear(16);
    const began = performance.now();
    expect(lines(treeChildren(bench.smmu, 'ns'))).toEqual([
      'StreamIDs 0x0–0xffff | 65,536 invalid STEs: C_BAD_STE',
    ]);
    expect(performance.now() - began).toBeLessThan(1000);
  });

  test('of 65,536 different STEs opens in groups that can be overseen', () => {
    const bench = new Bench();
    const table = bench.linear(16);
    for (let sid = 0; sid < 65_536; sid += 2) bench.memory.store(table + sid * 64, Uint32Array.of(1), 0, 1);
    const top = treeChildren(bench.smmu, 'ns');
    expect(top).toHaveLength(256);
    expect(top[1]).toMatchObject({
      label: 'StreamIDs 0x100–0x1ff',
      description: 'bus 01: 128 invalid, 128 abort',
    });
    expect(treeChildren(bench.smmu, top[1]?.id ?? '')).toHaveLength(256);
  });

  test('of 2^32 StreamIDs opens, though no memory holds them', () => {
    const bench = new Bench({ sids: 32 });
    bench.register('STRTAB_BASE', { ADDR: 0x4100_0000 });
    bench.register('STRTAB_BASE_CFG', { LOG2SIZE: 32 });
    const top = treeChildren(bench.smmu, 'ns');
    expect(top.length).toBeLessThanOrEqual(513);
    expect(treeChildren(bench.smmu, top[top.length - 1]?.id ?? '').length).toBeLessThanOrEqual(512);
    expect(countAll(bench.smmu, 'ns').counts.steInMemory).toBe(0);
    // 2^23 STEs are 512 MiB: the third group reaches into RAM, and nothing is below the others.
    expect(top.filter((n) => n.collapsible !== 'none').map((n) => n.label)).toEqual([
      'StreamIDs 0x1000000–0x17fffff',
    ]);
    expect(lines(top)[1]).toBe(
      'StreamIDs 0x0–0x7fffff | 8,388,608 STEs outside RAM: an external abort (0x0)',
    );
  });

  test('of groups in which all STEs are alike says so once', () => {
    const bench = new Bench({ sids: 17 });
    const table = bench.linear(17);
    bench.memory.store(table + 0x1234 * 64, Uint32Array.of(1), 0, 1);
    const groups = treeChildren(bench.smmu, 'ns');
    expect(groups).toHaveLength(512);
    expect(groups.filter((n) => n.icon === 'list-tree')).toHaveLength(1);
    expect(lines(groups)[0]).toBe('StreamIDs 0x0–0xff | 256 invalid STEs: C_BAD_STE');
    expect(treeChildren(bench.smmu, groups[0]?.id ?? '')).toHaveLength(256);
  });

  test('says where the hardware reads when the base is not aligned, and that the SMMU is off', () => {
    const bench = new Bench();
    const table = bench.linear(10);
    bench.register('STRTAB_BASE', { ADDR: table + 0x40 });
    bench.smmu.bank.poke(0x20, 0);
    const notes = treeChildren(bench.smmu, 'ns').filter((n) => n.kind === 'note');
    expect(lines(notes)).toEqual([
      'The SMMU is off | CR0.SMMUEN=0: traffic bypasses translation (GBPA.ABORT=0)',
      `The table is read at 0x${table.toString(16)} | STRTAB_BASE holds 0x${(table + 0x40).toString(16)}; hardware aligns it down to the size of the table`,
    ]);
    expect(treeChildren(bench.smmu, null)[0]).toMatchObject({ icon: 'warning' });
  });

  test('shows an illegal STE and an illegal CD with the rule that they break', () => {
    const bench = new Bench();
    const table = bench.linear(4);
    const cd = bench.context(bench.alloc(4096), { T0SZ: 63 });
    bench.stage1Ste(table, cd);
    bench.put(table + 64, STE, { V: 1, Config: 6 });
    expect(treeChildren(bench.smmu, 'ns/ste.0')[0]).toMatchObject({ icon: 'warning', collapsible: 'none' });
    expect(treeChildren(bench.smmu, 'ns/ste.0')[0]?.description).toMatch(/^illegal: CD\.T0SZ=63/);
    const ste = find(bench.smmu, 'ns', 'StreamID 0x1 ');
    expect(ste.description).toContain('illegal: STE.Config=6 asks for stage 2, but IDR0.S2P=0');
    expect(ste.tooltip).toContain('C\\_BAD\\_STE');
  });

  test('shows what the image lacks, and an external abort, with the address', () => {
    const bench = new Bench();
    const table = bench.linear(4);
    bench.stage1Ste(table, 0x4f00_0000);
    bench.stage1Ste(table + 64, 0x9_0000_0000);
    expect(lines(treeChildren(bench.smmu, 'ns/ste.0'))).toEqual(['CD | not in the image (0x4f000000)']);
    expect(lines(treeChildren(bench.smmu, 'ns/ste.1'))).toEqual([
      'CD | outside RAM: an external abort (0x900000000)',
    ]);
  });

  test('does not follow a table that points back to itself', () => {
    const bench = new Bench();
    const table = bench.linear(4);
    const l0 = bench.alloc(4096);
    bench.put64(l0 + 5 * 8, tableAt(l0));
    bench.stage1Ste(table, bench.context(l0));
    const node = find(bench.smmu, 'ns/ste.0/cd.0/ttb0', '0x28000000000');
    expect(node).toMatchObject({ icon: 'warning', collapsible: 'none' });
    expect(node.description).toContain('points back to itself');
    expect(treeChildren(bench.smmu, node.id)).toEqual([]);
    const { counts, remarks } = countAll(bench.smmu, 'ns');
    expect(counts.leafPTEs).toBe(0);
    expect(remarks[0]).toContain('points back to itself');
  });

  test('lists the CDs of a stream with substreams, linear and in two levels', () => {
    const bench = new Bench({ ssids: 16 });
    const table = bench.linear(4);
    const l3 = bench.alloc(4096);
    bench.put64(l3, pageAt(0x4000_0000));
    const cds = bench.alloc(64 * 8);
    const cd = { V: 1, AA64: 1, T0SZ: 16, EPD1: 1, IPS: 4, A: 1, R: 1, TTB0: l3 };
    bench.put(cds, CD, { ...cd, ASID: 1 });
    bench.put(cds + 5 * 64, CD, { ...cd, ASID: 6 });
    bench.put(table, STE, { V: 1, Config: 5, S1CDMax: 3, S1ContextPtr: cds });
    expect(treeChildren(bench.smmu, 'ns/ste.0').map((n) => n.label)).toEqual([
      'CD 0 (SubstreamID 0x0)',
      'SubstreamIDs 0x1–0x4',
      'CD 5 (SubstreamID 0x5)',
      'SubstreamIDs 0x6–0x7',
    ]);
    expect(find(bench.smmu, 'ns/ste.0', 'CD 5')).toMatchObject({ sid: 0, ssid: 5 });
    const leaf = bench.alloc(64 * 64);
    const l1 = bench.alloc(4096);
    bench.put(leaf + 3 * 64, CD, { ...cd, ASID: 7 });
    bench.put(l1 + 8, L1CD, { V: 1, L2Ptr: leaf });
    bench.put(table + 64, STE, { V: 1, Config: 5, S1Fmt: 1, S1CDMax: 8, S1ContextPtr: l1 });
    expect(lines(treeChildren(bench.smmu, 'ns/ste.1')).map((l) => l.split(',')[0])).toEqual([
      'SubstreamIDs 0x0–0x3f | 64 CDs without a CD table',
      'SubstreamIDs 0x40–0x42 | 3 CDs invalid (V=0)',
      'CD 67 (SubstreamID 0x43) | ASID 7',
      'SubstreamIDs 0x44–0x7f | 60 CDs invalid (V=0)',
      'SubstreamIDs 0x80–0xff | 128 CDs without a CD table',
    ]);
    expect(countAll(bench.smmu, 'ns').counts).toMatchObject({ cds: 3, domainsDistinct: 1 });
  });
});
