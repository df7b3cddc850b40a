/** Random writes, invalidations and traffic: nothing stale goes unnoticed, and nothing is left after invalidating all. */

import { describe, expect, it } from 'vitest';
import type { Checker } from '../../src/control/checker.ts';
import { checkersOf } from '../../src/control/checkers.ts';
import { runScript } from '../../src/control/script/run.ts';
import type { Outcome } from '../../src/model/plan.ts';
import { filesOf } from '../control/script/kit.ts';

const SETUP = `device a sid=8
device b sid=9
device v sid=0x20
device w sid=0x21
map ns sid=8 iova=0x1000 pa=0x50000000 size=16K pages=4K
map ns sid=8 iova=0x200000 pa=0x60000000 size=2M
map ns sid=9 iova=0x1000 pa=0x51000000 size=16K pages=4K
map ns sid=0x20 stage=2 iova=0x80000000 pa=0x70000000 size=64K pages=4K
map ns sid=0x20 iova=0x1000 pa=0x80000000 size=16K pages=4K
map ns sid=0x21 stage=2 iova=0x80000000 pa=0x78000000 size=64K pages=4K
invalidate ns all
let t8 = mem(mem(cd(8).TTB0)&0xfffffffff000)&0xfffffffff000`.split('\n');

const TRAFFIC = [
  'dma a read 0x1000 64',
  'dma a write 0x2000 64',
  'dma a read 0x201000 64',
  'dma b read 0x1000 64',
  'dma v read 0x1000 64',
  'dma v write 0x2000 64',
  'dma w read 0x80000000 64',
  'dma w write 0x80001000 64',
];

const WRITES = [
  'unmap ns sid=8 iova=0x1000 size=8K',
  'map ns sid=8 iova=0x1000 pa=0x52000000 size=8K pages=4K',
  'map ns sid=8 iova=0x1000 pa=0x50000000 size=8K pages=4K perm=r',
  'cd ns 8 TTB0=cd(9).TTB0',
  'cd ns 8 ASID=cd(9).ASID',
  'cd ns 9 A=0',
  'ste ns 9 S1ContextPtr=ste(8).S1ContextPtr',
  'unmap ns sid=0x20 stage=2 iova=0x80000000 size=8K',
  'map ns sid=0x20 stage=2 iova=0x80000000 pa=0x7a000000 size=8K pages=4K',
  'unmap ns sid=0x20 iova=0x1000 size=8K',
  'map ns sid=0x20 iova=0x1000 pa=0x80004000 size=8K pages=4K',
  'ste ns 0x21 S2TTB=ste(0x20).S2TTB',
  'ste ns 0x21 S2VMID=ste(0x20).S2VMID',
  'poke t8+8 = mem(t8) u64',
];

const COMMANDS = [
  'SYNC',
  'SYNC',
  'SYNC',
  'CFGI_STE StreamID=9 Leaf',
  'CFGI_STE StreamID=0x21',
  'CFGI_CD StreamID=8 Leaf',
  'CFGI_CD_ALL StreamID=9',
  'CFGI_ALL',
  'TLBI_NH_ASID ASID=1',
  'TLBI_NH_VA ASID=1 Address=0x1000 Leaf',
  'TLBI_NH_VA ASID=1 Address=0x1000',
  'TLBI_NH_VAA Address=0x2000',
  'TLBI_NH_ALL VMID=ste(0x20).S2VMID',
  'TLBI_S2_IPA VMID=ste(0x20).S2VMID Address=0x80000000 Leaf',
  'TLBI_S2_IPA VMID=1 Address=0x80000000 TG=1 NUM=1 SCALE=0',
  'TLBI_S12_VMALL VMID=ste(0x21).S2VMID',
  'TLBI_NSNH_ALL',
].map((command) => `cmd ns ${command}`);

const ALL = ['CFGI_ALL', 'SYNC', 'TLBI_NSNH_ALL', 'SYNC'].map((command) => `cmd ns ${command}`);
const STATEMENTS = 40;

/** Numbers below `n`, always the same for one seed. */
function random(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >>> 8) % n;
  };
}

function bodyOf(seed: number): string[] {
  const below = random(seed);
  const pick = (list: readonly string[]): string => list[below(list.length)] as string;
  return Array.from({ length: STATEMENTS }, () => {
    const kind = below(10);
    return pick(kind < 4 ? TRAFFIC : kind < 6 ? WRITES : COMMANDS);
  });
}

function seen({ result, pa, fault, attributes }: Outcome): string {
  return result === 'ok' ? `${pa} ${attributes}` : `${result} ${fault?.event}`;
}

describe.each(Array.from({ length: 12 }, (_, i) => 1 + i * 7919))('seed %i', (seed) => {
  it('every answer that memory does not give is told; nothing is stale after everything was invalidated', async () => {
    const lines = [...SETUP, 'test "a"', ...bodyOf(seed), ...ALL, ...TRAFFIC, 'end', ''];
    const different: string[] = [];
    const result = await runScript(lines.join('\n'), 'a.smmu', filesOf(), {
      checkers: (smmu, place) => {
        const witness: Checker = {
          concerns: (_, { operation }) => operation.kind === 'transaction',
          judge: (_, plan, entry) => {
            const anew = smmu.cold().plan(plan.operation).outcome;
            if (seen(anew) !== seen(plan.outcome)) different.push(place(entry).split(':')[0] as string);
            return [];
          },
        };
        return [...checkersOf(smmu, place).list, witness];
      },
    });
    expect(result.tests.flatMap(({ failures }) => failures)).toEqual([]);
    const told = result.warnings.filter(({ finding }) => finding.kind !== 'update-sequence');
    const toldAt = new Set(told.map(({ line }) => `line ${line}`));
    expect(different.filter((line) => !toldAt.has(line))).toEqual([]);
    const after = lines.length - 2 - TRAFFIC.length;
    const left = told.filter(({ line, finding }) => line > after && finding.kind === 'stale-use');
    expect(left.map(({ line, finding }) => `${line}: ${finding.text}`)).toEqual([]);
  });
});
