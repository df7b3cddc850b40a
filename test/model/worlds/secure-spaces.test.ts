/** Every way to place the tables of a Secure stream, and what it comes to: IHI 0070 3.10.2.2, 5.2 (S2SW to S2NSA), 5.4. */

import { describe, expect, test } from 'vitest';
import type { World } from '../../../src/bits/world.ts';
import { TestSmmu } from '../../kit/smmu.ts';
import { identity, NONSECURE_S2TTB, S2TTB, SECURE_S2_STE } from '../../kit/stage2.ts';
import { LEAF, map, type Path, USER_PAGE } from '../../kit/tables.ts';
import { endOf, spacesOf } from './statement-case.ts';
import { copyTables, IOVA, PA, through } from './translation-cases.ts';

/** How a stream is configured; each a bit but `nsTable`. */
interface Placing {
  readonly nested: boolean;
  readonly sw: number;
  readonly sa: number;
  readonly nsw: number;
  readonly nsa: number;
  readonly nsCfg: number;
  /** The level whose table descriptor has NSTable=1; 3 none. */
  readonly nsTable: number;
  readonly nsLeaf: number;
}

const LEVELS = [0, 1, 2, 3] as const;
const BITS = [0, 1] as const;
/** NS of a leaf in bits [31:0], NSTable in bits [63:32]. */
const NS_LEAF = 1 << 5;
const NS_TABLE = 1 << 31;

/** What the architecture says, read apart from the model: the spaces of all that is read, in order, and the output. */
function stated(p: Placing): { read: World[]; out: World; global: boolean } {
  const secure = (isNonSecure: boolean): World => (isNonSecure ? 'ns' : 's');
  const read: World[] = [];
  /** Where stage 2 puts an IPA of a space, once its descriptor is read. */
  const pa = (ipa: World): World => {
    if (!p.nested) return ipa;
    read.push(ipa === 's' ? secure(p.sw === 1) : secure(p.nsw === 1));
    const ofSecure = p.sw === 1 || p.sa === 1;
    return secure(ipa === 's' ? ofSecure : ofSecure || p.nsw === 1 || p.nsa === 1);
  };
  read.push(pa('s'));
  let ipa: World = secure(p.nsCfg === 1);
  let last = ipa;
  for (const level of LEVELS) {
    last = ipa;
    read.push(pa(ipa));
    if (level === p.nsTable && level < 3) ipa = 'ns';
  }
  const global = last === 's';
  if (p.nsLeaf === 1) ipa = 'ns';
  return { out: pa(ipa), read, global };
}

function everyPlacing(): Placing[] {
  const all: Placing[] = [];
  for (const nsCfg of BITS)
    for (const nsTable of LEVELS)
      for (const nsLeaf of BITS) {
        all.push({ nested: false, sw: 0, sa: 0, nsw: 0, nsa: 0, nsCfg, nsTable, nsLeaf });
        for (let bits = 0; bits < 16; bits++) {
          const bit = (i: number): number => (bits >>> i) & 1;
          all.push({
            nested: true,
            sw: bit(0),
            sa: bit(1),
            nsw: bit(2),
            nsa: bit(3),
            nsCfg,
            nsTable,
            nsLeaf,
          });
        }
      }
  return all;
}

const STAGE2_WORDS = 0x800;
const NEXT = 0x1000;

/** A machine whose structures lie in both spaces alike, so that only the space of a read tells where it went. */
class Placed {
  readonly #all: TestSmmu;
  readonly m: TestSmmu;
  readonly #path: Path;
  /** The descriptors of {@link Placed.#path} without space bits, by level, and that of the next page. */
  readonly #plain: readonly (readonly number[])[];

  constructor(caches: 'none' | 'combined' | 'maximal') {
    this.#all = new TestSmmu({ worlds: 'secure', caches });
    this.m = this.#all.in('s');
    const attributes = USER_PAGE & ~LEAF.nG;
    map(this.m, { iova: BigInt(IOVA + NEXT), pa: BigInt(PA + NEXT), attributes });
    this.#path = map(this.m, { iova: BigInt(IOVA), pa: BigInt(PA), attributes });
    this.#plain = LEVELS.map((level) => this.m.words(this.at(level), 4));
    identity(this.m);
    identity(this.m, { ttb: NONSECURE_S2TTB });
    for (const ttb of [S2TTB, NONSECURE_S2TTB])
      this.#all.in('ns').store(ttb, Uint32Array.from(this.m.words(ttb, STAGE2_WORDS)));
  }

  at(level: (typeof LEVELS)[number]): number {
    return this.#path.get(BigInt(level)) ?? 0;
  }

  /** Places everything as said, with nothing of it cached. */
  place(p: Placing): void {
    const { m } = this;
    const stage2 = { ...SECURE_S2_STE, Config: 7, S2SW: p.sw, S2SA: p.sa, S2NSW: p.nsw, S2NSA: p.nsa };
    m.ste(p.nested ? stage2 : {});
    m.cd({ NSCFG0: p.nsCfg });
    for (const level of LEVELS) {
      const [lo = 0, hi = 0, nextLo = 0, nextHi = 0] = this.#plain[level] ?? [];
      const table = level < 3 && level === p.nsTable ? NS_TABLE : 0;
      const leaf = level === 3 && p.nsLeaf === 1 ? NS_LEAF : 0;
      m.store(this.at(level), Uint32Array.of(lo | leaf, hi | table, nextLo | leaf, nextHi));
    }
    copyTables(this.#all, 's', 'ns');
    m.run(['CMD_CFGI_STE_RANGE', { SSec: 1, Range: 31 }], ['CMD_TLBI_SNH_ALL'], ['CMD_SYNC']);
  }
}

describe('a Secure stream, each combination of its fields', () => {
  test.each(['none', 'combined'] as const)('reads and reaches what they say (%s)', (caches) => {
    const placed = new Placed(caches);
    for (const placing of everyPlacing()) {
      const name = JSON.stringify(placing);
      const { read, out, global } = stated(placing);
      placed.place(placing);
      const first = through(placed.m);
      expect(spacesOf(first, 'cd', 'descriptor'), name).toEqual(read);
      const second = through(placed.m);
      for (const plan of [first, second]) expect(endOf(plan), name).toBe(`ok ${out}:0x48000000`);
      expect(spacesOf(second, 'cd'), name).toEqual(spacesOf(first, 'cd'));
      const kept = placed.m.smmu.tlb.entries().map((entry) => entry.global);
      if (caches === 'combined') expect(kept, name).toEqual([global]);
    }
  });

  test('goes on from cached tables in the space that they lead to (maximal)', () => {
    const placed = new Placed('maximal');
    for (const placing of everyPlacing()) {
      const name = JSON.stringify(placing);
      const { read, out } = stated(placing);
      placed.place(placing);
      for (let i = 0; i < 2; i++) expect(endOf(through(placed.m)), name).toBe(`ok ${out}:0x48000000`);
      const next = placed.m.dma(IOVA + NEXT);
      expect(endOf(next), name).toBe(`ok ${out}:0x48001000`);
      // The last level alone is read anew: of a nested stream the output needs no stage 2 once more.
      const leaf = read.filter((_, i) => i > 0).at(placing.nested ? -2 : -1);
      expect(spacesOf(next, 'descriptor').at(-1), name).toBe(leaf);
    }
  });
});
