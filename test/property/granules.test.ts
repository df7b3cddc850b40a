/**
 * Random granule protection tables: what is meant for each region is drawn first, then written as a table, and every
 * access must fare as it was meant (IHI 0070 3.25, DDI 0487 D9). Nothing here reads a table.
 */

import { expect, test } from 'vitest';
import type { World } from '../../src/bits/world.ts';
import { withoutStream } from '../../src/model/gpc/output.ts';
import { Random } from '../kit/random.ts';
import { TestSmmu } from '../kit/smmu.ts';

const BASE = 0x44000000;
const SPACES = ['ns', 's', 'realm', 'root'] as const;

/** The codes of DDI 0487, and who may pass. */
const MEANT = [
  { code: 0n, open: [] },
  { code: 8n, open: ['s'] },
  { code: 9n, open: ['ns'] },
  { code: 10n, open: ['root'] },
  { code: 11n, open: ['realm'] },
  { code: 15n, open: SPACES },
] as const;
type Meant = (typeof MEANT)[number] | 'invalid';

const RESERVED = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 12n, 13n, 14n];
const SIZES = [
  { PPS: 0, bits: 32n },
  { PPS: 1, bits: 36n },
  { PPS: 2, bits: 40n },
] as const;
const GRANULES = [
  { PGS: 0, p: 12n },
  { PGS: 2, p: 14n },
  { PGS: 1, p: 16n },
] as const;
const LEVEL0 = [
  { L0GPTSZ: 0, bits: 30n },
  { L0GPTSZ: 4, bits: 34n },
  { L0GPTSZ: 6, bits: 36n },
] as const;

const CONTIGUOUS = [
  { code: 1n, region: 1n << 21n },
  { code: 2n, region: 1n << 25n },
] as const;

interface Region {
  readonly first: bigint;
  readonly bytes: bigint;
  readonly meant: Meant;
}

/** Draws regions and writes them. Regions do not overlap; what lies in none is not asked for. */
function drawn(random: Random, m: TestSmmu): { readonly regions: Region[]; readonly limit: bigint } {
  const size = random.of(SIZES);
  const granule = random.of(GRANULES);
  const level0 = random.of(LEVEL0);
  m.set({
    'ROOT_GPT_BASE.ADDR': BASE,
    'ROOT_GPT_BASE_CFG.PPS': size.PPS,
    'ROOT_GPT_BASE_CFG.PGS': granule.PGS,
    'ROOT_GPT_BASE_CFG.L0GPTSZ': level0.L0GPTSZ,
    'ROOT_GPT_BASE_CFG.SH': 2,
    ROOT_CR0: 3,
    ROOT_CR0ACK: 3,
  });
  const root = m.in('root');
  const regions: Region[] = [];
  const span = 1n << level0.bits;
  const count = size.bits > level0.bits ? 1 << Number(size.bits - level0.bits) : 1;
  let table = 0x45000000;
  for (let index = 0; index < Math.min(count, 6); index++) {
    const first = BigInt(index) * span;
    const at = BASE + index * 8;
    const kind = random.below(4);
    if (kind === 0) {
      const meant = random.of(MEANT);
      root.descriptor(at, 1n | (meant.code << 4n));
      regions.push({ first, bytes: span, meant });
    } else if (kind === 1) {
      root.descriptor(at, random.of([0n, 2n, 5n, 1n | (random.of(RESERVED) << 4n)]));
      regions.push({ first, bytes: span, meant: 'invalid' });
    } else {
      // 8 MiB is the largest level-1 table here.
      table += 0x800000;
      root.descriptor(at, BigInt(table) | 3n);
      for (let i = 0; i < 4; i++) level1(random, root, table, first, span, granule.p, i, regions);
    }
  }
  return { regions, limit: 1n << size.bits };
}

/** One level-1 entry in the i-th quarter of the table. */
function level1(
  random: Random,
  root: TestSmmu,
  table: number,
  first: bigint,
  span: bigint,
  p: bigint,
  i: number,
  regions: Region[],
): void {
  const bytes = 1n << (p + 4n);
  const quarter = (span / 4n / bytes) * BigInt(i);
  const index = quarter + BigInt(random.below(Number(span / 4n / bytes)));
  const start = first + index * bytes;
  const at = table + Number(index) * 8;
  switch (random.below(3)) {
    case 0: {
      // Every entry of a contiguous region says the same: any of them may be kept for all.
      const meant = random.of(MEANT);
      const { code, region } = random.of(CONTIGUOUS);
      const begin = start - (start % region);
      for (let n = 0n; n < region / bytes; n++) {
        const entry = table + Number((begin - first) / bytes + n) * 8;
        root.descriptor(entry, 1n | (meant.code << 4n) | (code << 8n));
      }
      regions.push({ first: begin, bytes: region, meant });
      return;
    }
    case 1: {
      const codes = Array.from({ length: 16 }, () => random.of(MEANT));
      root.descriptor(
        at,
        codes.reduce((entry, { code }, n) => entry | (code << BigInt(n * 4)), 0n),
      );
      // A first code of 1 would be another kind of entry, but none is.
      codes.forEach((meant, n) => {
        regions.push({ first: start + (BigInt(n) << p), bytes: 1n << p, meant });
      });
      return;
    }
    default: {
      const spoiled = random.of(RESERVED) << BigInt(4 + 4 * random.below(15));
      root.descriptor(at, random.once(3) ? 1n | (9n << 4n) : 0xan | spoiled);
      regions.push({ first: start, bytes, meant: 'invalid' });
    }
  }
}

function expected(meant: Meant, space: World): string {
  if (meant === 'invalid') return 'abort, lookup error';
  return (meant.open as readonly World[]).includes(space) ? 'ok' : 'abort, GPF';
}

function fate(m: TestSmmu, pa: bigint, space: World): string {
  const { result } = m.dma(`0x${pa.toString(16)}`, withoutStream(space), 0).outcome;
  const faults = [
    ['ROOT_GPF_FAR', 'GPF'],
    ['ROOT_GPT_CFG_FAR', 'lookup error'],
  ] as const;
  const held = faults.filter(([name]) => m.smmu.bank.field(name, 'FAULT') === 1);
  for (const [name] of held) {
    expect(m.smmu.bank.field(name, 'FADDR')).toBe(Number(pa - (pa % 4096n)));
    m.in('root').write(name, 0, 0);
  }
  return [result, ...held.map(([, what]) => what)].join(', ');
}

test('every access fares as the table means it (300 tables, with and without caches)', () => {
  let asked = 0;
  for (let seed = 0; seed < 300; seed++) {
    const random = new Random(seed);
    const m = new TestSmmu({ worlds: 'rme', caches: seed % 2 === 0 ? 'combined' : 'none' });
    const { regions, limit } = drawn(random, m);
    for (let i = 0; i < 24; i++) {
      const { first, bytes, meant } = random.of(regions);
      const within = (BigInt(random.below(2 ** 31)) * bytes) >> 31n;
      const pa = first + (random.once(4) ? bytes - 1n : within);
      const space = random.of(SPACES);
      if (pa >= limit) continue;
      asked++;
      expect([seed, pa, space, fate(m, pa, space)]).toEqual([seed, pa, space, expected(meant, space)]);
    }
    const space = random.of(SPACES);
    const beyond = limit + BigInt(random.below(2 ** 31));
    expect([seed, space, fate(m, beyond, space)]).toEqual([
      seed,
      space,
      space === 'ns' ? 'ok' : 'abort, GPF',
    ]);
  }
  expect(asked).toBeGreaterThan(5000);
});
