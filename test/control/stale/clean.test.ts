import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { parseHex64 } from '../../../src/bits/u64.ts';
import type { ConformCase } from '../../../src/cli/conform/case.ts';
import { machineOf, transactionOf } from '../../../src/cli/conform/run-case.ts';
import { staleUses } from '../../../src/control/stale/judge.ts';
import { offsetOf } from '../../../src/model/bank.ts';
import { CD as CD_LAYOUT } from '../../../src/spec/cd.ts';
import { CDTAB, SID, TTB0, TTB1 } from '../../kit/smmu.ts';
import { Scenario, SYNC, told } from './scenario.ts';

/** What is done right is not reported. */

const dir = path.resolve(import.meta.dirname, '../../vectors/corpus');
const cases = readdirSync(dir).flatMap((name) =>
  readFileSync(path.join(dir, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.includes('"cache_seq":true'))
    .map((line) => JSON.parse(line) as ConformCase),
);

const halvesOf = (text: string) => parseHex64(text) ?? { hi: 0, lo: 0 };
const numberOf = (text: string): number => Number(BigInt(text));

/** Runs a case as operations, and collects what is reported of its transactions. */
function reported(of: ConformCase): string[] {
  const smmu = machineOf(of, 'maximal');
  const found: string[] = [];
  for (const step of of.steps) {
    switch (step.op) {
      case 'dma': {
        const transaction = transactionOf(step.sid, step.iova, step.rw === 'w');
        const plan = smmu.plan({ kind: 'transaction', transaction });
        found.push(...told(staleUses(smmu, plan)).map((text) => `${of.name} ${text}`));
        smmu.commit(plan.effects);
        break;
      }
      case 'mem':
        for (const [address, value] of step.words) {
          const { hi, lo } = halvesOf(value);
          const words = Uint32Array.of(lo, hi);
          smmu.commit(smmu.plan({ kind: 'memory', space: 'ns', pa: numberOf(address), words }).effects);
        }
        break;
      case 'cmd': {
        let prod = smmu.bank.lo('CMDQ_PROD');
        const log2 = smmu.bank.field('CMDQ_BASE', 'LOG2SIZE');
        const base = smmu.bank.field('CMDQ_BASE', 'ADDR');
        for (const entry of step.entries) {
          const bytes = Uint8Array.from(entry.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
          const words = new Uint32Array(bytes.buffer);
          smmu.memory('ns').store(base + (prod % 2 ** log2) * 16, words, 0, 4);
          prod = (prod + 1) % 2 ** (log2 + 1);
        }
        smmu.commit(smmu.registerWrite(offsetOf('CMDQ_PROD'), prod));
        smmu.runCommands('ns');
        break;
      }
      case 'reg':
        smmu.commit(smmu.registerWrite(numberOf(step.off), halvesOf(step.val).lo));
    }
  }
  return found;
}

test('the corpus, but for its cases of old cache entries: nothing certain, nothing possible', () => {
  expect(cases.length).toBeGreaterThan(400);
  expect(cases.flatMap(reported)).toEqual([]);
});

/** A driver's day: two streams, each with a CD, that map, use, unmap, change tables and come and go. */
describe('a driver that invalidates properly', () => {
  const PAGES = 8;
  const BASE = 0x1_2340_0000;

  class Driver {
    readonly s = new Scenario();
    readonly reports: string[] = [];
    #seed: number;

    constructor(seed: number) {
      this.#seed = seed;
      this.s.m.put(CD_LAYOUT, CDTAB, {});
      // The tables stand before anybody reads them.
      for (const ttb of [TTB0, TTB1]) for (let i = 0; i < PAGES; i++) this.leaf(ttb, i);
      for (const ttb of [TTB0, TTB1])
        for (let i = 0; i < PAGES; i++) this.s.m.descriptor(this.leaf(ttb, i), 0n);
    }

    random(below: number): number {
      this.#seed = (Math.imul(this.#seed, 1103515245) + 12345) >>> 0;
      return (this.#seed >>> 8) % below;
    }

    readonly #leaves = new Map<string, number>();

    leaf(ttb: number, page: number): number {
      const key = `${ttb}/${page}`;
      const known = this.#leaves.get(key);
      if (known !== undefined) return known;
      const at = this.s.map({ ttb, iova: BigInt(BASE + page * 0x1000) }).get(3n) as number;
      this.#leaves.set(key, at);
      return at;
    }

    dma(page: number, sid: number): void {
      for (const text of told(this.s.dma(BASE + page * 0x1000, sid))) this.reports.push(text);
    }
  }

  test.each([1, 2, 3, 4, 5, 6])('nothing is reported (seed %i)', (seed) => {
    const d = new Driver(seed);
    const { s } = d;
    const ttbs = new Map([
      [SID, TTB0],
      [9, TTB1],
    ]);
    const asids = new Map([
      [SID, 1],
      [9, 2],
    ]);
    const cdOf = (sid: number): number => CDTAB + (sid - SID) * 64;
    const attach = (sid: number): void => {
      s.cd({ ASID: asids.get(sid) as number, TTB0: ttbs.get(sid) as number }, cdOf(sid));
      s.run(['CMD_CFGI_CD', { StreamID: sid, Leaf: 1 }], SYNC);
      s.ste({ S1ContextPtr: cdOf(sid) }, sid);
      s.run(['CMD_CFGI_STE', { StreamID: sid, Leaf: 1 }], SYNC);
    };
    const detach = (sid: number): void => {
      s.ste({ Config: 0, S1ContextPtr: cdOf(sid) }, sid);
      s.run(['CMD_CFGI_STE', { StreamID: sid, Leaf: 1 }], SYNC);
      s.cd({ V: 0 }, cdOf(sid));
      s.run(['CMD_CFGI_CD', { StreamID: sid, Leaf: 1 }], SYNC);
      s.run(['CMD_TLBI_NH_ASID', { ASID: asids.get(sid) as number }], SYNC);
    };
    for (const sid of [SID, 9]) attach(sid);
    for (let i = 0; i < 150; i++) {
      const sid = d.random(2) === 0 ? SID : 9;
      const page = d.random(PAGES);
      const at = d.leaf(ttbs.get(sid) as number, page);
      switch (d.random(8)) {
        case 0: {
          detach(sid);
          d.dma(page, sid);
          attach(sid);
          break;
        }
        case 1:
        case 2:
        case 3: {
          // Break before make, and the page is used in between only when the invalidation is complete.
          s.poke(at, 0n);
          const Address = BASE + page * 0x1000;
          s.run(
            ['CMD_TLBI_NH_VA', { ASID: asids.get(sid) as number, Address, Leaf: 1, TG: 1, TTL: 3 }],
            SYNC,
          );
          d.dma(page, sid);
          s.poke(at, (0x48000000n + BigInt(d.random(256)) * 0x1000n) | 0xc43n);
          d.dma(page, sid);
          break;
        }
        default:
          d.dma(page, sid);
      }
    }
    expect(d.reports).toEqual([]);
  });
});

test('judging asks no more after many writes and invalidations than after few', () => {
  const s = new Scenario();
  s.ste();
  s.cd();
  s.run(['CMD_CFGI_STE', { StreamID: SID, Leaf: 1 }], SYNC);
  const at = s.map({ iova: 0x1000n }).get(3n) as number;
  const { versions } = s.m.smmu;
  const asked = [vi.spyOn(versions, 'lastCovered'), vi.spyOn(versions, 'gone'), vi.spyOn(versions, 'before')];
  const counts: number[] = [];
  for (let i = 0; i < 1000; i++) {
    s.poke(at, 0n);
    s.run(['CMD_TLBI_NH_VA', { ASID: 1, Address: 0x1000, Leaf: 1 }], SYNC);
    s.poke(at, (0x48000000n + BigInt(i % 256) * 0x1000n) | 0xc43n);
    for (const spy of asked) spy.mockClear();
    expect(s.dma(0x1000)).toEqual([]);
    counts.push(asked.reduce((sum, spy) => sum + spy.mock.calls.length, 0));
  }
  expect(counts[999]).toBeLessThanOrEqual(counts[9] as number);
  expect(counts[999]).toBeLessThan(100);
});
