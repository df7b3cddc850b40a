/** What caches keep changes no answer while memory stays as it is: streams whose tables lie in several spaces. */

import { expect, test } from 'vitest';
import type { Plan } from '../../../src/model/plan.ts';
import { CACHE_POLICIES } from '../../../src/model/smmu.ts';
import { Random } from '../../kit/random.ts';
import { type Access, CDTAB, SID, TestSmmu, type Values } from '../../kit/smmu.ts';
import { SPACE_BITS } from '../../kit/spaces.ts';
import { mapStage2, S2_LEAF, S2_PAGE, S2_STE, SECURE_S2_STE } from '../../kit/stage2.ts';
import { LEAF, type Mapping, map, USER_PAGE } from '../../kit/tables.ts';

const MACHINES = 12;
const TRANSACTIONS = 30;
const STREAMS = 3;
/** First tables of each stream: of TTB0, for Secure or Realm IPAs, and for Non-secure ones. */
const STARTS = [0x44000000, 0x4c000000, 0x4d000000] as const;
const PAGES_AT = 0x48000000;
const CONFIGS = [4, 5, 6, 7, 7] as const;
const OVERRIDES = [0, 0, 2, 3] as const;

type World = 's' | 'realm';

interface Stream {
  readonly ste: Values;
  readonly cd: Values;
  readonly pages: readonly Mapping[];
  /** Attributes of the two GiB that stage 2 maps to themselves, one set for each space of IPAs. */
  readonly blocks: readonly (readonly bigint[])[];
}

const startOf = (kind: 0 | 1 | 2, i: number): number => STARTS[kind] + i * 0x10000;
const bit = (random: Random, once = 2): 0 | 1 => (random.once(once) ? 1 : 0);
const some = (random: Random, once: number, bits: bigint): bigint => (random.once(once) ? bits : 0n);

function randomPage(random: Random, isGlobal: boolean, i: number): Mapping {
  const page = random.below(3) * 0x40000000 + random.below(3) * 0x200000 + random.below(4) * 0x1000;
  const own = USER_PAGE & ~(some(random, 6, LEAF.AF) | (isGlobal ? some(random, 2, LEAF.nG) : 0n));
  const set = some(random, 2, SPACE_BITS.NS) | some(random, 5, LEAF.READ_ONLY) | some(random, 2, LEAF.DBM);
  return {
    ttb: startOf(0, i),
    iova: BigInt(page),
    pa: BigInt(PAGES_AT + random.below(64) * 0x1000),
    attributes: own | set | some(random, 6, LEAF.UXN),
    tables: some(random, 3, SPACE_BITS.NS_TABLE),
  };
}

function randomBlock(random: Random, world: World): bigint {
  const cleared = some(random, 8, S2_LEAF.WRITE) | some(random, 12, S2_LEAF.AF);
  const set = some(random, 8, S2_LEAF.XN) | some(random, 3, S2_LEAF.DBM);
  return (S2_PAGE & ~cleared) | set | (world === 'realm' ? some(random, 6, SPACE_BITS.S2_NS) : 0n);
}

/** Tags of its own: a stream of EL2 has none, so that there is one at most, and VMID 0 is shared without stage 2. */
function randomStream(random: Random, world: World, i: number): Stream {
  const Config = i === 0 ? 5 : random.of(CONFIGS);
  const [first, second] = [startOf(1, i), startOf(2, i)];
  const ste: Values = {
    ...(world === 's' ? { ...SECURE_S2_STE, S_S2TTB: first, S2TTB: second } : { ...S2_STE, S2TTB: first }),
    Config,
    S1ContextPtr: CDTAB + i * 64,
    STRW: i === 0 ? random.of([0, 2]) : 0,
    S2VMID: 10 + i,
    NSCFG: random.below(4),
    INSTCFG: random.of(OVERRIDES),
    PRIVCFG: random.of(OVERRIDES),
    EATS: world === 'realm' ? 1 : 0,
    S2PTW: bit(random, 4),
    S2HA: bit(random),
    S2SW: bit(random, 4),
    S2SA: bit(random, 3),
    S2NSW: bit(random, 3),
    S2NSA: bit(random),
  };
  const HA = bit(random);
  const cd: Values = { TTB0: startOf(0, i), ASID: 20 + i, NSCFG0: bit(random, 3), HA, HD: HA, MAIR0: 0xff };
  const isGlobal = !(world === 's' && Config === 5);
  const pages = Array.from({ length: 5 }, () => randomPage(random, isGlobal, i));
  const blocks = [first, second].map(() => [0, 1].map(() => randomBlock(random, world)));
  return { ste, cd, pages, blocks };
}

/** Copies the tables of Secure streams to Non-secure memory, so that there is something wherever they are looked for. */
function mirror(all: TestSmmu, m: TestSmmu): void {
  const tables = [CDTAB];
  for (let i = 0; i < STREAMS; i++)
    for (const kind of [0, 1, 2] as const) tables.push(startOf(kind, i), startOf(kind, i) + 0x1000);
  const end = m.table();
  for (let at = 0x41200000; at < end; at += 0x10000) tables.push(at);
  for (const at of tables) all.in('ns').store(at, Uint32Array.from(m.words(at, 1024)));
}

function arranged(
  world: World,
  streams: readonly Stream[],
  registers: Values,
  caches: (typeof CACHE_POLICIES)[number],
): TestSmmu {
  const all = new TestSmmu({ worlds: 'rme', caches, registers: registers as Record<string, number> });
  const m = all.in(world);
  for (const [i, { ste, cd, pages, blocks }] of streams.entries()) {
    m.ste(ste, SID + i);
    m.cd(cd, CDTAB + i * 64);
    for (const page of pages) map(m, page);
    for (const [kind, attributes] of blocks.entries())
      for (const [gib, bits] of attributes.entries()) {
        const at = BigInt(gib) << 30n;
        mapStage2(m, { ipa: at, pa: at, level: 1n, ttb: startOf(kind === 0 ? 1 : 2, i), attributes: bits });
      }
  }
  if (world === 's') mirror(all, m);
  return m;
}

/** What a client and software see of a transaction. */
function seen({ outcome }: Plan): unknown {
  const { result, pa, space, record, attributes, ats, fault } = outcome;
  const { event, stage, level, ipa, ipaNs } = fault ?? {};
  const completion = ats && { ...ats, text: '' };
  return { result, pa, space, record, attributes, ats: completion, event, stage, level, ipa, ipaNs };
}

test.each(['s', 'realm'] as const)('the policies agree on streams of %s', (world) => {
  const results = new Set<string>();
  for (let seed = 1; seed <= MACHINES; seed++) {
    const random = new Random(seed);
    const registers = {
      'IDR0.HTTU': 2,
      'R_IDR3.XT': bit(random),
      'R_IDR3.MEC': bit(random),
      'S_CR0.SIF': bit(random, 3),
    };
    const streams = Array.from({ length: STREAMS }, (_, i) => randomStream(random, world, i));
    const machines = CACHE_POLICIES.map((caches) => arranged(world, streams, registers, caches));
    for (let n = 0; n < TRANSACTIONS; n++) {
      const i = random.below(STREAMS);
      const address = Number(random.of((streams[i] as Stream).pages).iova);
      const access: Access = {
        ns: random.once(2),
        xt: random.once(3),
        write: random.once(3),
        instruction: random.once(4),
        privileged: random.once(2),
        ...(world === 'realm' && random.once(5) && { kind: 'request' as const }),
      };
      for (let again = 0; again < 2; again++) {
        const [first, ...others] = machines.map((m) => m.dma(address, access, SID + i));
        const want = seen(first as Plan);
        for (const plan of others) expect(seen(plan), `seed ${seed}, transaction ${n}`).toEqual(want);
        results.add(`${first?.outcome.result} ${first?.outcome.space} ${first?.outcome.fault?.stage ?? ''}`);
      }
    }
  }
  // Both spaces are reached, and both stages refuse.
  for (const result of [`ok ${world} `, 'ok ns ', 'abort ns 1', 'abort ns 2'])
    expect([...results]).toContain(result);
});
