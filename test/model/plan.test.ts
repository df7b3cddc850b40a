import { describe, expect, test } from 'vitest';
import { Journal } from '../../src/model/effects.ts';
import { type ChunkSource, type ReadStatus, SparseMemory } from '../../src/model/memory.ts';
import type { Operation, Outcome } from '../../src/model/plan.ts';
import { ADDRESSES, Random, randomMachine, SIDS, stateOf } from '../kit/random.ts';
import {
  CDTAB,
  CMDQ,
  commandWords,
  EVENTQ,
  RAM,
  SID,
  STRTAB,
  TestSmmu,
  TTB0,
  transaction,
} from '../kit/smmu.ts';
import { map } from '../kit/tables.ts';

/** Counts what is written. */
class WatchedMemory extends SparseMemory {
  writes = 0;

  override store(pa: number, from: Uint32Array, at: number, count: number): ReadStatus {
    this.writes++;
    return super.store(pa, from, at, count);
  }

  override forget(pa: number): void {
    this.writes++;
    super.forget(pa);
  }
}

function watched(): WatchedMemory {
  return new WatchedMemory({ fill: () => 0xffff, ranges: [RAM] });
}

function randomTransaction(random: Random) {
  const sid = random.once(20) ? 300 : random.of(SIDS);
  return transaction(sid, random.of(ADDRESSES), {
    ...(random.once(4) && { ssid: random.below(5) }),
    write: random.once(3),
    privileged: random.once(3),
    instruction: random.once(4),
  });
}

const COMMANDS = [
  commandWords('CMD_SYNC', { CS: 1, MSIAddress: 0x40a00000, MSIData: 5 }),
  commandWords('CMD_TLBI_NSNH_ALL'),
  commandWords('CMD_TLBI_NH_VA', { ASID: 1, Address: 0x1000 }),
  commandWords('CMD_CFGI_STE', { StreamID: 9 }),
  commandWords('CMD_CFGI_STE_RANGE', { Range: 31 }),
  Uint32Array.of(0xff, 0, 0, 0),
];

/** An operation that may come next. */
function randomOperation(random: Random, m: TestSmmu): Operation {
  const kind = random.below(10);
  if (kind === 0) {
    const at = CDTAB + random.of(SIDS) * 0x1000 + random.below(64) * 4;
    return { kind: 'memory', space: 'ns', pa: at, words: Uint32Array.of(random.below(2 ** 32)) };
  }
  if (kind === 1) {
    const [offset, value] = random.of([
      [0x20, 0xd],
      [0x20, 0xc],
      [0x60, 1],
      [0x44, 0x80100000],
      [0x100ac, 2],
      [0x98, 0],
    ] as const);
    return { kind: 'register', offset, value, valueHi: 0, bytes: 4 };
  }
  if (kind === 2) {
    m.store(CMDQ + (m.read('CMDQ_CONS') % 64) * 16, random.of(COMMANDS));
    m.set({ CMDQ_PROD: ((m.read('CMDQ_CONS') & 0x7f) + 1) % 128 });
    const next = m.smmu.nextCommand('ns');
    if ('operation' in next) return next.operation;
  }
  return { kind: 'transaction', transaction: randomTransaction(random) };
}

describe('a plan', () => {
  test('changes nothing: no register, no word of memory, no cache entry (150 machines)', () => {
    for (let seed = 0; seed < 150; seed++) {
      const random = new Random(seed);
      const memory = watched();
      const m = randomMachine(random, { memory });
      m.dma(random.of(ADDRESSES), {}, random.of(SIDS));
      for (let i = 0; i < 4; i++) {
        const operation = randomOperation(random, m);
        const before = [memory.writes, m.smmu.bank.version, m.smmu.config.entries(), m.smmu.tlb.entries()];
        const first = m.smmu.plan(operation);
        const again = m.smmu.plan(operation);
        const after = [memory.writes, m.smmu.bank.version, m.smmu.config.entries(), m.smmu.tlb.entries()];
        expect(after).toEqual(before);
        // Asked twice, it says the same.
        expect(again.outcome).toEqual(first.outcome);
        expect(again.steps).toEqual(first.steps);
        m.smmu.commit(first.effects);
      }
    }
  });

  test('committed, is what the fast path does: outcome, record, registers, memory, caches (2,000 transactions)', () => {
    const results = new Map<string, number>();
    for (let seed = 1000; seed < 1250; seed++) {
      const [slow, fast] = [randomMachine(new Random(seed)), randomMachine(new Random(seed))];
      const random = new Random(seed + 1e6);
      for (let i = 0; i < 8; i++) {
        const t = randomTransaction(random);
        const { outcome, effects } = slow.smmu.plan({ kind: 'transaction', transaction: t });
        slow.smmu.commit(effects);
        const answer = fast.smmu.translate(t);
        const keys = ['result', 'fault', 'record', 'recording', 'missing', 'tlbHit'] as const;
        for (const key of keys) expect([seed, i, key, answer[key]]).toEqual([seed, i, key, outcome[key]]);
        if (outcome.result === 'ok') expect([answer.pa, answer.space]).toEqual([outcome.pa, outcome.space]);
        results.set(outcome.result, (results.get(outcome.result) ?? 0) + 1);
        const event = outcome.fault?.event;
        if (event) results.set(event, (results.get(event) ?? 0) + 1);
      }
      expect(stateOf(fast)).toEqual(stateOf(slow));
    }
    // The machines are worth something: everything that can happen did.
    const seen = [...results.keys()];
    for (const wanted of [
      'ok',
      'abort',
      'stall',
      'razwi',
      'F_TRANSLATION',
      'F_PERMISSION',
      'F_ACCESS',
      'F_ADDR_SIZE',
      'F_WALK_EABT',
      'C_BAD_CD',
      'C_BAD_STE',
      'C_BAD_STREAMID',
      'C_BAD_SUBSTREAMID',
      'F_STREAM_DISABLED',
    ])
      expect(seen).toContain(wanted);
  });

  test('of a register write or a memory write applies just that', () => {
    const m = new TestSmmu();
    const plan = m.smmu.plan({ kind: 'memory', space: 'ns', pa: 0x40a00000, words: Uint32Array.of(1, 2, 3) });
    expect(plan.outcome.result).toBe('ok');
    m.smmu.commit(plan.effects);
    expect(m.words(0x40a00000, 4)).toEqual([1, 2, 3, 0]);
    const outside = m.smmu.plan({ kind: 'memory', space: 'ns', pa: 0x80000000, words: Uint32Array.of(1) });
    expect(outside.outcome.result).toBe('abort');
    m.smmu.commit(outside.effects);
  });
});

describe('the journal', () => {
  test('takes back exactly, to every moment before (40 machines, 25 operations each)', () => {
    for (let seed = 5000; seed < 5040; seed++) {
      const random = new Random(seed);
      const m = randomMachine(random);
      const journal = new Journal();
      const moments: { mark: number; state: unknown; cds: number[] }[] = [];
      const now = () => ({ mark: journal.length, state: stateOf(m), cds: m.words(CDTAB + 0x8000, 0xc00) });
      for (let i = 0; i < 25; i++) {
        const operation = randomOperation(random, m);
        moments.push(now());
        m.smmu.commit(m.smmu.plan(operation).effects, journal);
      }
      const end = now();
      // randomOperation itself stores commands and moves PROD, which is not journaled.
      const withoutProd = (state: unknown) => JSON.stringify(state).replace(/"98=[0-9a-f]+",?/g, '');
      for (const { mark, state, cds } of moments.reverse()) {
        journal.undo(m.smmu, mark);
        expect(journal.length).toBe(mark);
        expect(withoutProd(stateOf(m))).toBe(withoutProd(state));
        expect(m.words(CDTAB + 0x8000, 0xc00)).toEqual(cds);
      }
      expect(end.mark).toBeGreaterThan(0);
    }
  });

  test('a word that was absent is absent again', () => {
    const source: ChunkSource = { fill: () => 0, ranges: [RAM] };
    const m = new TestSmmu({ memory: new SparseMemory(source) });
    const memory = m.smmu.memory('ns');
    const journal = new Journal();
    const { effects } = m.smmu.plan({
      kind: 'memory',
      space: 'ns',
      pa: 0x40a00000,
      words: Uint32Array.of(7),
    });
    m.smmu.commit(effects, journal);
    expect(memory.status(0x40a00000)).toBe(0);
    const first = journal.length;
    m.smmu.commit(
      m.smmu.plan({ kind: 'memory', space: 'ns', pa: 0x40a00000, words: Uint32Array.of(8) }).effects,
      journal,
    );
    journal.undo(m.smmu, first);
    expect(m.words(0x40a00000, 1)).toEqual([7]);
    journal.undo(m.smmu, 0);
    expect(memory.status(0x40a00000)).toBe(1);
  });
});

describe('memory that is not there', () => {
  const IOVA = 0x1000;
  /** The structures of a translation by the page that each lies in, outermost first. */
  const PLACES = [
    ['STE', STRTAB, 'F_STE_FETCH'],
    ['CD', CDTAB, 'F_CD_FETCH'],
    ['stage 1 level 0', TTB0, 'F_WALK_EABT'],
  ] as const;

  /** Everything is there but one page, which is absent or pending. */
  function lacking(page: number, pending: boolean): [TestSmmu, (there: boolean) => void] {
    let lacks = true;
    const bit = (chunk: number): number =>
      lacks && chunk === Math.floor(page / 0x10000) ? 1 << Math.floor((page % 0x10000) / 0x1000) : 0;
    const whole = new TestSmmu();
    whole.ste();
    whole.cd();
    map(whole, { iova: BigInt(IOVA), pa: 0x10000000n });
    const source: ChunkSource = {
      ranges: [RAM],
      fill(chunk, into) {
        const words = new Uint32Array(into.buffer, into.byteOffset, into.byteLength / 4);
        whole.smmu.memory('ns').load(chunk * 0x10000, words, 0, words.length);
        return 0xffff & ~bit(chunk);
      },
      pending: (chunk) => (pending ? bit(chunk) : 0),
    };
    const m = new TestSmmu({ memory: new SparseMemory(source) });
    return [
      m,
      (there) => {
        lacks = !there;
        m.smmu.memory('ns').refresh();
      },
    ];
  }

  test.each(PLACES)('%s absent: no event, and what an abort there would give', (structure, page, wouldBe) => {
    const [m] = lacking(page, false);
    const { outcome } = m.dma(IOVA);
    expect(outcome).toMatchObject({
      result: 'absent',
      fault: null,
      record: null,
      missing: { space: 'ns', wouldBe },
    });
    expect(outcome.missing?.structure).toContain(structure);
    expect(Math.floor((outcome.missing?.pa ?? 0) / 0x1000) * 0x1000).toBe(page);
    expect(m.events()).toEqual([]);
    expect(m.smmu.translate(transaction(SID, IOVA))).toMatchObject({ result: 'absent' });
  });

  test.each(PLACES)('%s not fetched yet: a miss; fetched, the same plan goes through', (_, page) => {
    const [m, fetch] = lacking(page, true);
    const operation: Operation = { kind: 'transaction', transaction: transaction(SID, IOVA) };
    const plan = m.smmu.plan(operation);
    expect(plan.outcome).toMatchObject({ result: 'miss', fault: null });
    expect(plan.effects.filter((effect) => effect.kind !== 'config')).toEqual([]);
    fetch(true);
    expect(m.smmu.plan(operation).outcome).toMatchObject({ result: 'ok', pa: 0x10000000 });
  });

  test('a command that is absent is neither consumed nor an error', () => {
    for (const [pending, result] of [
      [false, 'absent'],
      [true, 'miss'],
    ] as const) {
      const [m] = lacking(CMDQ, pending);
      m.set({ CMDQ_PROD: 1 });
      const next = m.smmu.nextCommand('ns');
      if (!('operation' in next)) throw new Error(next.idle);
      const { outcome, effects } = m.smmu.plan(next.operation);
      expect([outcome.result, outcome.missing?.pa, effects]).toEqual([result, CMDQ, []] satisfies [
        Outcome['result'],
        number,
        unknown,
      ]);
      expect(m.smmu.runCommands('ns')).toBe(0);
    }
  });

  test('an event written to a page that is not fetched yet is undone to that, also when the page has come', () => {
    const [m, fetch] = lacking(EVENTQ, true);
    const memory = m.smmu.memory('ns');
    const journal = new Journal();
    m.dma(0x5000, {}, SID, journal);
    expect([memory.status(EVENTQ), memory.status(EVENTQ + 64)]).toEqual([0, 3]);
    journal.undo(m.smmu, 0);
    expect(memory.status(EVENTQ)).toBe(3);
    m.dma(0x5000, {}, SID, journal);
    fetch(true);
    expect([memory.status(EVENTQ), memory.status(EVENTQ + 64)]).toEqual([0, 0]);
    expect(m.events()).toHaveLength(1);
    journal.undo(m.smmu, 0);
    expect(m.words(EVENTQ, 8)).toEqual(new Array(8).fill(0));
  });

  test('a page can be fetched although its neighbour in the same 64 KiB was written', () => {
    const [m, fetch] = lacking(STRTAB, true);
    m.store(STRTAB + 0x1000, Uint32Array.of(7));
    m.store(STRTAB + SID * 64 + 60, Uint32Array.of(9));
    expect(m.dma(IOVA).outcome.result).toBe('miss');
    fetch(true);
    expect(m.dma(IOVA).outcome).toMatchObject({ result: 'ok', pa: 0x10000000 });
    expect([...m.words(STRTAB + 0x1000, 1), ...m.words(STRTAB + SID * 64 + 60, 1)]).toEqual([7, 9]);
  });

  test('an event can be written to a page that the image lacks', () => {
    const [m] = lacking(EVENTQ, false);
    m.dma(0x5000);
    expect(m.events().map(([word]) => (word ?? 0) & 0xff)).toEqual([0x10]);
  });
});

test('a plan says what memory attributes the reads of structures and tables have (13.8)', () => {
  const m = new TestSmmu({ registers: { 'CR1.TABLE_OC': 1, 'CR1.TABLE_IC': 1, 'CR1.TABLE_SH': 3 } });
  m.ste({ S1CIR: 1, S1COR: 1, S1CSH: 2 });
  m.cd({ IR0: 1, OR0: 1, SH0: 3 });
  map(m, { iova: 0x1000n, pa: 0x10000000n });
  const said = m.dma(0x1000).steps.map(({ text }) => text);
  expect(said).toContain(
    'reads of the SMMU are: STE Normal iWB(nRA,nWA) oWB(nRA,nWA) ISH; CD Normal iWB(RA) oWB(RA) OSH; stage-1 tables Normal iWB(RA,WA) oWB(RA,WA) ISH',
  );
});
