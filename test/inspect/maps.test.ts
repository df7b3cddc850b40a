import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseHex64 } from '../../src/bits/u64.ts';
import type { OpenMachine } from '../../src/capture/machine.ts';
import { survey } from '../../src/inspect/counts.ts';
import { inputAddress, mapsOf, type TableStart } from '../../src/inspect/maps.ts';
import { ABSENT, DATA } from '../../src/model/memory.ts';
import { transaction } from '../../src/model/plan.ts';
import { openFixture } from '../kit/machine.ts';
import { Bench, pageAt, tableAt } from './build.ts';

/** Raw 4 KiB tables of 48 bits; permissions are those of stage 2, which need no context. */
function start(base: number, more: Partial<TableStart> = {}): TableStart {
  return {
    stage: 2,
    space: 'ns',
    base,
    level: 0,
    granuleBits: 12,
    inputBits: 48,
    upper: false,
    bigEndian: false,
    had: false,
    wide: false,
    context: null,
    spaces: null,
    ...more,
  };
}

/** Tables of levels 0 to 2 that lead to one level 3 table. */
function chain(bench: Bench): { l0: number; l1: number; l2: number; l3: number } {
  const [l0, l1, l2, l3] = [0, 1, 2, 3].map(() => bench.alloc(4096)) as [number, number, number, number];
  bench.put64(l0, tableAt(l1));
  bench.put64(l1, tableAt(l2));
  bench.put64(l2, tableAt(l3));
  return { l0, l1, l2, l3 };
}

describe('runs', () => {
  test('join neighbours that continue each other with the same attributes', () => {
    const bench = new Bench();
    const { l0, l3 } = chain(bench);
    for (let i = 0; i < 4; i++) bench.put64(l3 + i * 8, pageAt(0x5000_0000 + i * 4096));
    bench.put64(l3 + 4 * 8, pageAt(0x5000_4000) - 0x40);
    bench.put64(l3 + 5 * 8, pageAt(0x5000_5000) - 0x400);
    bench.put64(l3 + 7 * 8, pageAt(0x5000_7000));
    const maps = mapsOf(bench.memory, start(l0));
    expect([...maps].map((r) => [r.iova, r.last, r.pa, r.count, r.perm, r.accessFlag])).toEqual([
      ['0x0', '0x3fff', '0x50000000', 4, 'r-x', true],
      ['0x4000', '0x4fff', '0x50004000', 1, '--x', true],
      ['0x5000', '0x5fff', '0x50005000', 1, 'r-x', false],
      ['0x7000', '0x7fff', '0x50007000', 1, 'r-x', true],
    ]);
    expect(maps.leaves).toBe(7);
    expect(maps.bytes).toBe(7 * 4096);
  });

  test('go on past 4 GiB of output addresses, and end where these begin anew', () => {
    const bench = new Bench();
    const { l0, l3 } = chain(bench);
    for (let i = 0; i < 6; i++) bench.put64(l3 + i * 8, pageAt(0xffff_d000 + i * 4096));
    for (let i = 0; i < 4; i++) bench.put64(l3 + (8 + i) * 8, pageAt((0xffff_e000 + i * 4096) % 2 ** 32));
    const maps = mapsOf(bench.memory, start(l0));
    expect([...maps].map((r) => [r.iova, r.last, r.pa, r.count])).toEqual([
      ['0x0', '0x5fff', '0xffffd000', 6],
      ['0x8000', '0x9fff', '0xffffe000', 2],
      ['0xa000', '0xbfff', '0x0', 2],
    ]);
    expect(maps.leaves).toBe(10);
  });

  test('know blocks by their level, and no block where there is none', () => {
    const bench = new Bench();
    const { l0, l1, l2 } = chain(bench);
    bench.put64(l0 + 8, 0x8000_0000 + 0x741);
    bench.put64(l1 + 8, 0x4000_0000 + 0x741);
    bench.put64(l2 + 8, 0x4020_0000 + 0x741);
    const runs = [...mapsOf(bench.memory, start(l0))];
    expect(runs.map((r) => [r.iova, r.pa, r.level, r.sizeText])).toEqual([
      ['0x200000', '0x40200000', 2, '2 MiB'],
      ['0x40000000', '0x40000000', 1, '1 GiB'],
    ]);
  });

  test('of 52-bit descriptors have all 52 bits', () => {
    const bench = new Bench();
    const l2 = bench.alloc(65_536);
    const l3 = bench.alloc(65_536);
    bench.put64(l2, tableAt(l3));
    // 64 KiB granule: address bits [51:48] stand in [15:12].
    bench.put64(l3, 0x5001_0000 + 0xa000 + 0x743, 0x1234);
    const from = start(l2, { level: 2, granuleBits: 16, inputBits: 42, wide: true });
    expect(mapsOf(bench.memory, from).run(0)).toMatchObject({ pa: '0xa123450010000', size: 65_536 });
    // 4 KiB with DS: [49:48] in place, [51:50] in [9:8].
    const { l0, l3: small } = chain(bench);
    bench.put64(small, 0x5000_1000 + 0x443 + 0x200, 0x0003_0001);
    expect(mapsOf(bench.memory, start(l0, { wide: true })).run(0).pa).toBe('0xb000150001000');
  });

  test('of TTB1 stand at the top of the address space', () => {
    expect(inputAddress(start(0, { upper: true, inputBits: 48 }), 0)).toBe('0xffff000000000000');
    expect(inputAddress(start(0, { upper: true, inputBits: 39 }), 0x1000)).toBe('0xffffff8000001000');
    expect(inputAddress(start(0, { upper: true, inputBits: 25 }), 0x1000)).toBe('0xfffffffffe001000');
    expect(inputAddress(start(0, { upper: true, inputBits: 32 }), 0xffff_ffff)).toBe('0xffffffffffffffff');
  });

  test('of big-endian tables are the same', () => {
    const swap = (n: number): number =>
      (((n & 0xff) << 24) | ((n & 0xff00) << 8) | ((n >>> 8) & 0xff00) | (n >>> 24)) >>> 0;
    const bench = new Bench();
    const l3 = bench.alloc(4096);
    bench.memory.store(l3, Uint32Array.of(0, swap(pageAt(0x5000_0000))), 0, 2);
    const from = start(l3, { level: 3, inputBits: 21, bigEndian: true });
    expect(mapsOf(bench.memory, from).run(0).pa).toBe('0x50000000');
  });
});

describe('hostile tables', () => {
  test('that point back to an ancestor are told and not followed', () => {
    const bench = new Bench();
    const { l0, l1, l2, l3 } = chain(bench);
    bench.put64(l1 + 8, tableAt(l0));
    bench.put64(l2 + 8, tableAt(l2));
    bench.put64(l3, pageAt(0x5000_0000));
    const maps = mapsOf(bench.memory, start(l0));
    expect(maps.loops.map((h) => [h.iova, h.pa])).toEqual([
      ['0x200000', l2],
      ['0x40000000', l0],
    ]);
    expect(maps.loops.every((h) => h.status === DATA)).toBe(true);
    expect(maps.leaves).toBe(1);
  });

  test('in which all entries lead to the same full table end at the limit', () => {
    const bench = new Bench();
    const { l0, l1, l2, l3 } = chain(bench);
    for (let i = 0; i < 512; i++) {
      bench.put64(l0 + i * 8, tableAt(l1));
      bench.put64(l1 + i * 8, tableAt(l2));
      bench.put64(l2 + i * 8, tableAt(l3));
      bench.put64(l3 + i * 8, pageAt(0x5000_0000 + i * 8192));
    }
    const maps = mapsOf(bench.memory, start(l0), { limit: 1_000_000, runLimit: 1000 });
    expect(maps.truncated).toBe(true);
    expect(maps.length).toBe(1000);
    expect(maps.unlisted).toBe(maps.leaves - 1000);
    expect(maps.leaves).toBeLessThan(1_100_000);
  });

  test('in which all entries lead to the same empty table are read once', () => {
    const bench = new Bench();
    const { l0, l1, l2, l3 } = chain(bench);
    for (let i = 0; i < 512; i++) {
      bench.put64(l0 + i * 8, tableAt(l1));
      bench.put64(l1 + i * 8, tableAt(l2));
      bench.put64(l2 + i * 8, tableAt(l3));
    }
    const maps = mapsOf(bench.memory, start(l0));
    expect(maps).toMatchObject({ truncated: false, leaves: 0, tables: [0, 1, 1, 1, 1] });
  });

  test('that are not in the image are told once a page, with the address they serve', () => {
    const bench = new Bench();
    const { l0, l1 } = chain(bench);
    bench.put64(l1 + 5 * 8, tableAt(0x4f00_0000));
    bench.put64(l1 + 6 * 8, tableAt(0x9_0000_0000));
    const { absent, truncated } = mapsOf(bench.memory, start(l0));
    expect(absent.map((h) => [h.iova, h.pa, h.level])).toEqual([
      ['0x140000000', 0x4f00_0000, 2],
      ['0x180000000', 0x9_0000_0000, 2],
    ]);
    expect(absent[0]?.status).toBe(ABSENT);
    expect(truncated).toBe(false);
  });

  test('stop when they are told to', () => {
    const bench = new Bench();
    const { l0 } = chain(bench);
    let asked = 0;
    const maps = mapsOf(bench.memory, start(l0), { cancelled: () => ++asked > 2 });
    expect(maps.truncated).toBe(true);
    expect(asked).toBe(3);
  });
});

describe.each(['linux-basic', 'linux-faults', 'linux-mixed', 'linux-16k'])('the runs of %s', (name) => {
  let machine: OpenMachine;
  beforeAll(async () => {
    machine = await openFixture(name);
  });
  afterAll(() => machine?.close());

  test('say what the SMMU answers at both ends of each', () => {
    const { smmu } = machine;
    const wrong: unknown[] = [];
    for (const domain of survey(smmu, 'ns').domains) {
      const sid = domain.sids[0] as number;
      const ask = (iova: string, write: boolean, privileged: boolean, instruction: boolean) => {
        const { hi, lo } = parseHex64(iova) ?? { hi: 0, lo: 0 };
        return smmu.translate(transaction({ sid, vaHi: hi, vaLo: lo, write, privileged, instruction }));
      };
      for (const run of mapsOf(smmu.memory('ns'), domain.start)) {
        for (const privileged of [false, true]) {
          const perm = privileged ? run.privPerm : run.perm;
          const may = [
            ask(run.iova, false, privileged, false).result === 'ok' ? 'r' : '-',
            ask(run.iova, true, privileged, false).result === 'ok' ? 'w' : '-',
            ask(run.iova, false, privileged, true).result === 'ok' ? 'x' : '-',
          ].join('');
          if (may !== perm) wrong.push({ run, privileged, may });
        }
        const write = run.perm[0] !== 'r';
        const first = ask(run.iova, write, false, false).pa;
        const last = ask(run.last, write, false, false).pa;
        if (first !== Number(run.pa) || last !== Number(run.pa) + run.size - 1)
          wrong.push({ run, first, last });
      }
    }
    expect(wrong).toEqual([]);
  });
});
