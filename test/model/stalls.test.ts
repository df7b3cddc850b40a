import { describe, expect, test } from 'vitest';
import { Journal } from '../../src/model/effects.ts';
import type { Delivery, Effect, Plan } from '../../src/model/plan.ts';
import type { TrafficOptions } from '../../src/model/traffic-stores.ts';
import { fingerprint } from '../kit/machine.ts';
import { record } from '../kit/records.ts';
import {
  CMDQ,
  commandWords,
  RAM,
  type Registers,
  SID,
  TestSmmu,
  type Values,
  zeroedMemory,
} from '../kit/smmu.ts';
import { map } from '../kit/tables.ts';

const RETRY = { Ac: 1 };
const ABORT = { Ac: 0, Ab: 1 };
const RAZWI = { Ac: 0, Ab: 0 };

/** A stream whose faults stall, and a queue of 4 records. */
function stalling(registers: Registers = {}, traffic: TrafficOptions = {}): TestSmmu {
  // Just what the tables of the tests take: fingerprints read all of it.
  const memory = zeroedMemory([{ base: RAM.base, size: 0x1280000 }]);
  const m = new TestSmmu({ memory, registers: { 'EVENTQ_BASE.LOG2SIZE': 2, ...registers }, traffic });
  m.ste();
  m.ste({}, SID + 1);
  m.cd({ S: 1 });
  return m;
}

const fault = (address: number, stag: number, sid = SID) =>
  record('F_TRANSLATION', { sid, address: BigInt(address), stag });

const deliveries = (effects: readonly Effect[]): Delivery[] =>
  effects.flatMap((effect) => (effect.kind === 'signal' && effect.to ? [effect.to] : []));

const ends = (effects: readonly Effect[]): (readonly [address: number, result: string])[] =>
  deliveries(effects).flatMap((to) =>
    to.kind === 'stall-ends' ? [[to.transaction.vaLo, to.result] as const] : [],
  );

const phases = (m: TestSmmu): (readonly [address: number, phase: string, stag: number])[] =>
  m.smmu.traffic.stalls.entries().map(({ transaction, phase, stag }) => [transaction.vaLo, phase, stag]);

/** Plans and commits one command of the queue. */
function command(m: TestSmmu, name: 'CMD_RESUME' | 'CMD_STALL_TERM' | 'CMD_SYNC', values: Values = {}): Plan {
  const at = m.read('CMDQ_PROD');
  m.store(CMDQ + (at % 64) * 16, commandWords(name, values));
  m.write('CMDQ_PROD', (at + 1) % 128);
  const next = m.smmu.nextCommand('ns');
  if (!('operation' in next)) throw new Error(next.idle);
  const plan = m.smmu.plan(next.operation);
  m.smmu.commit(plan.effects);
  return plan;
}

const resume = (m: TestSmmu, stag: number, values: Values, sid = SID): Plan =>
  command(m, 'CMD_RESUME', { StreamID: sid, STAG: stag, ...values });

describe('a stall', () => {
  test('each outstanding one has a tag of its own, and its record says it', () => {
    const m = stalling();
    for (const address of [0x1000, 0x2000, 0x3000]) expect(m.dma(address).outcome.result).toBe('stall');
    expect(m.events()).toEqual([fault(0x1000, 0), fault(0x2000, 1), fault(0x3000, 2)]);
    resume(m, 1, ABORT);
    m.drain();
    m.dma(0x4000);
    expect(m.events()).toEqual([fault(0x4000, 1)]);
  });

  test('CD.R=0 does not suppress its record (5.5)', () => {
    const m = stalling();
    m.cd({ S: 1, R: 0, A: 0 });
    expect(m.dma(0x1000).outcome).toMatchObject({ result: 'stall', recording: 'written' });
  });

  test('STE.S1STALLD=1 with CD.S=1 is C_BAD_CD (5.5)', () => {
    const m = stalling();
    m.ste({ S1STALLD: 1 });
    expect(m.dma(0x1000).outcome.fault?.event).toBe('C_BAD_CD');
  });

  test('speculative reads, requests and bypassed stages never stall', () => {
    const m = stalling();
    m.ste({ EATS: 1 });
    const kinds = (['speculative', 'request'] as const).map((kind) => m.dma(0x1000, { kind }).outcome.result);
    expect(kinds).toEqual(['abort', 'ok']);
    m.ste({ S1CDMax: 1, S1DSS: 1 }, SID + 1);
    expect(m.dma('0xffff000000001000', {}, SID + 1).outcome).toMatchObject({
      result: 'abort',
      fault: { event: 'F_ADDR_SIZE' },
    });
    expect(m.smmu.traffic.stalls.size).toBe(0);
  });

  test('the fast path stalls like the recorded one', () => {
    const [slow, fast] = [stalling(), stalling()];
    for (const address of [0x1000, 0x2000]) {
      const plan = slow.smmu.plan({
        kind: 'transaction',
        transaction: { ...transactionAt(address) },
      });
      slow.smmu.commit(plan.effects);
      fast.smmu.translate(transactionAt(address));
    }
    expect(fingerprint(fast.smmu)).toBe(fingerprint(slow.smmu));
    expect(fast.smmu.traffic.stalls.size).toBe(2);
  });
});

function transactionAt(vaLo: number) {
  return {
    world: 'ns',
    sid: SID,
    ssid: -1,
    vaHi: 0,
    vaLo,
    write: false,
    privileged: false,
    instruction: false,
    kind: 'ordinary',
    attributes: 0xff,
    ns: false,
  } as const;
}

describe('CMD_RESUME', () => {
  test('Ac=1: the transaction is looked up anew and goes on', () => {
    const m = stalling();
    m.dma(0x1000);
    map(m, { iova: 0x1000n, pa: 0x10000000n });
    const plan = resume(m, 0, RETRY);
    expect(ends(plan.effects)).toEqual([[0x1000, 'ok']]);
    expect(deliveries(plan.effects)).toMatchObject([{ pa: 0x10000000 }]);
    expect(plan.outcome.result).toBe('consumed');
    expect(plan.frames.map(({ kind }) => kind)).toContain('transaction');
    expect(phases(m)).toEqual([]);
    expect(m.smmu.tlb.size).toBe(1);
  });

  test('Ac=1: what still faults stalls again, with a new record', () => {
    const m = stalling();
    m.dma(0x1000);
    m.drain();
    const plan = resume(m, 0, RETRY);
    expect(ends(plan.effects)).toEqual([]);
    expect(phases(m)).toEqual([[0x1000, 'recorded', 0]]);
    expect(m.events()).toEqual([fault(0x1000, 0)]);
  });

  test('Ac=1: a configuration that terminates by now terminates it, with its own event', () => {
    const m = stalling();
    m.dma(0x1000);
    m.drain();
    m.ste({ V: 0 });
    m.run(['CMD_CFGI_STE', { StreamID: SID, Leaf: 1 }]);
    const plan = resume(m, 0, RETRY);
    expect(ends(plan.effects)).toEqual([[0x1000, 'abort']]);
    expect(m.events()).toEqual([record('C_BAD_STE', { sid: SID })]);
    expect(phases(m)).toEqual([]);
  });

  test.each([
    ['Ab=1: abort', {}, ABORT, 'abort'],
    ['Ab=0: RAZ/WI', {}, RAZWI, 'razwi'],
    ['Ab=0 with IDR0.TERM_MODEL=1: abort', { 'IDR0.TERM_MODEL': 1 }, RAZWI, 'abort'],
  ] as const)('Ac=0, %s', (_, registers, values, result) => {
    const m = stalling(registers);
    m.dma(0x1000);
    expect(ends(resume(m, 0, values).effects)).toEqual([[0x1000, result]]);
    expect(phases(m)).toEqual([]);
  });

  test('a tag or a StreamID that does not match has no effect', () => {
    const m = stalling();
    m.dma(0x1000);
    for (const plan of [resume(m, 1, ABORT), resume(m, 0, ABORT, SID + 1)]) {
      expect(plan.outcome).toMatchObject({ result: 'consumed', cerror: 0 });
      expect(ends(plan.effects)).toEqual([]);
    }
    expect(phases(m)).toEqual([[0x1000, 'recorded', 0]]);
  });

  test('does not reach a stall whose record is not visible yet', () => {
    const m = stalling({ 'CR0.EVENTQEN': 0 });
    m.dma(0x1000);
    resume(m, 0, ABORT);
    expect(phases(m)).toEqual([[0x1000, 'waiting', -1]]);
  });
});

describe('CMD_STALL_TERM', () => {
  test('terminates every stall of its stream with an abort, and no other', () => {
    const m = stalling();
    m.dma(0x1000);
    m.dma(0x2000, {}, SID + 1);
    m.dma(0x3000);
    const plan = command(m, 'CMD_STALL_TERM', { StreamID: SID });
    expect(ends(plan.effects)).toEqual([
      [0x1000, 'abort'],
      [0x3000, 'abort'],
    ]);
    expect(phases(m)).toEqual([[0x2000, 'recorded', 1]]);
  });

  test('reaches those that have no record yet', () => {
    const m = stalling({ 'CR0.EVENTQEN': 0 });
    m.dma(0x1000);
    expect(ends(command(m, 'CMD_STALL_TERM', { StreamID: SID }).effects)).toEqual([[0x1000, 'abort']]);
  });
});

describe('SMMUEN from 1 to 0', () => {
  test('terminates every stall with an abort, and frees the tags (6.3.9.6)', () => {
    const m = stalling();
    m.dma(0x1000);
    m.dma(0x2000, {}, SID + 1);
    const plan = m.smmu.plan({ kind: 'register', offset: 0x20, value: 0xc, valueHi: 0, bytes: 4 });
    expect(ends(plan.effects).map(([, result]) => result)).toEqual(['abort', 'abort']);
    m.smmu.commit(plan.effects);
    expect(m.smmu.traffic.stalls.size).toBe(0);
    m.write('CR0', 0xd);
    m.drain();
    m.dma(0x5000);
    expect(m.events()).toEqual([fault(0x5000, 0)]);
  });

  test('a write that leaves SMMUEN alone terminates nothing', () => {
    const m = stalling();
    m.dma(0x1000);
    m.write('CR0', 0x9);
    expect(m.smmu.traffic.stalls.size).toBe(1);
  });
});

describe('a record that cannot be written (7.2.1)', () => {
  test('Q-EVT-STALL: it waits, and is written when software takes records', () => {
    const m = stalling();
    for (let i = 1; i <= 6; i++) m.dma(i * 0x1000);
    expect(phases(m).map(([, phase]) => phase)).toEqual([
      ...new Array<string>(4).fill('recorded'),
      'waiting',
      'waiting',
    ]);
    expect(m.read('EVENTQ_PROD')).toBe(4);
    m.write('EVENTQ_CONS', 1);
    expect(m.events().at(-1)).toEqual(fault(0x5000, 4));
    expect(phases(m).at(-1)).toEqual([0x5000, 'recorded', 4]);
    expect(phases(m).some(([address, phase]) => address === 0x6000 && phase === 'waiting')).toBe(true);
    m.write('EVENTQ_CONS', 5);
    expect(m.events()).toEqual([fault(0x6000, 5)]);
    expect(phases(m).every(([, phase]) => phase === 'recorded')).toBe(true);
  });

  test('when the queue is enabled it is tried again: what is mapped by then goes on without a record', () => {
    const m = stalling({ 'CR0.EVENTQEN': 0 });
    m.dma(0x1000);
    m.dma(0x2000);
    map(m, { iova: 0x1000n, pa: 0x10000000n });
    m.write('CR0', 0xd);
    expect(m.events()).toEqual([fault(0x2000, 0)]);
    expect(phases(m)).toEqual([[0x2000, 'recorded', 0]]);
  });

  test('an aborted write waits for the acknowledgement', () => {
    const m = stalling({ 'EVENTQ_BASE.ADDR': 0x80000000 });
    m.dma(0x1000);
    expect(phases(m)).toEqual([[0x1000, 'waiting', -1]]);
    m.set({ 'EVENTQ_BASE.ADDR': 0x40900000 });
    m.write('GERRORN', 4);
    expect(m.events()).toEqual([fault(0x1000, 0)]);
  });
});

describe('IDR5.STALL_MAX', () => {
  test('no more records are outstanding; what comes beyond waits until one is answered (6.3.6)', () => {
    const m = stalling({ 'IDR5.STALL_MAX': 2 });
    for (const address of [0x1000, 0x2000]) m.dma(address);
    expect(m.dma(0x3000).outcome).toMatchObject({ result: 'stall', recording: 'stall-limit', record: null });
    expect(m.drain()).toHaveLength(2);
    resume(m, 0, ABORT);
    expect(m.events()).toEqual([fault(0x3000, 0)]);
    expect(phases(m)).toEqual([
      [0x2000, 'recorded', 1],
      [0x3000, 'recorded', 0],
    ]);
  });

  test('0 with stalls says nothing about their number', () => {
    const m = stalling({ 'IDR5.STALL_MAX': 0 });
    for (let i = 0; i < 4; i++) expect(m.dma(i).outcome.recording).toBe('written');
  });
});

describe('duplicates (3.12.2.1)', () => {
  const suppress: TrafficOptions = { stalls: { duplicates: 'suppress' } };

  test('are recorded by default', () => {
    const m = stalling();
    m.dma(0x1000);
    m.dma(0x1008);
    expect(m.events()).toEqual([fault(0x1000, 0), fault(0x1008, 1)]);
  });

  test('suppressed by option: same page, privilege, kind and SubstreamID only', () => {
    const m = stalling({}, suppress);
    m.dma(0x1000);
    expect(m.dma(0x1008).outcome).toMatchObject({ result: 'stall', recording: 'suppressed' });
    expect(m.dma(0x1000, { write: true }).outcome.recording).toBe('written');
    expect(m.dma(0x1000, { privileged: true }).outcome.recording).toBe('written');
    expect(m.dma(0x2000).outcome.recording).toBe('written');
  });

  test('go on when the first is answered: one of them is recorded next', () => {
    const m = stalling({}, suppress);
    for (const address of [0x1000, 0x1008, 0x1010]) m.dma(address);
    m.drain();
    const plan = resume(m, 0, ABORT);
    expect(ends(plan.effects)).toEqual([[0x1000, 'abort']]);
    expect(m.events()).toEqual([fault(0x1008, 0)]);
    expect(phases(m)).toEqual([
      [0x1008, 'recorded', 0],
      [0x1010, 'suppressed', -1],
    ]);
    map(m, { iova: 0x1000n, pa: 0x10000000n });
    expect(ends(resume(m, 0, RETRY).effects)).toEqual([
      [0x1008, 'ok'],
      [0x1010, 'ok'],
    ]);
    expect(m.smmu.traffic.stalls.size).toBe(0);
  });
});

describe('early retry (3.12.2.2)', () => {
  const early: TrafficOptions = { stalls: { earlyRetry: 'sync' } };

  test('never happens by default', () => {
    const m = stalling();
    m.dma(0x1000);
    map(m, { iova: 0x1000n, pa: 0x10000000n });
    expect(ends(command(m, 'CMD_SYNC').effects)).toEqual([]);
  });

  test('by option at a CMD_SYNC: the transaction goes on, its tag stays taken until it is answered', () => {
    const m = stalling({}, early);
    m.dma(0x1000);
    m.dma(0x2000);
    map(m, { iova: 0x1000n, pa: 0x10000000n });
    expect(ends(command(m, 'CMD_SYNC').effects)).toEqual([[0x1000, 'ok']]);
    expect(phases(m)).toEqual([
      [0x1000, 'retried', 0],
      [0x2000, 'recorded', 1],
    ]);
    expect(m.events()).toHaveLength(2);
    expect(ends(resume(m, 0, ABORT).effects)).toEqual([]);
    expect(phases(m)).toEqual([[0x2000, 'recorded', 1]]);
  });

  test('records nothing, even where the retry is terminated', () => {
    const m = stalling({}, early);
    m.dma(0x1000);
    m.ste({ V: 0 });
    m.run(['CMD_CFGI_STE', { StreamID: SID, Leaf: 1 }]);
    expect(ends(command(m, 'CMD_SYNC').effects)).toEqual([[0x1000, 'abort']]);
    expect(m.events()).toEqual([fault(0x1000, 0)]);
  });
});

test('every change of stalls is taken back exactly', () => {
  const m = stalling({}, { stalls: { duplicates: 'suppress', earlyRetry: 'sync' } });
  const commands = [
    commandWords('CMD_RESUME', { StreamID: SID, STAG: 0, Ac: 1 }),
    commandWords('CMD_SYNC'),
    commandWords('CMD_RESUME', { StreamID: SID, STAG: 1, Ac: 0 }),
    commandWords('CMD_STALL_TERM', { StreamID: SID }),
  ];
  for (const [i, words] of commands.entries()) m.store(CMDQ + i * 16, words);
  m.write('CMDQ_PROD', commands.length);
  const journal = new Journal();
  const marks: { length: number; before: string; stalls: number }[] = [];
  const step = (plan: () => Plan): void => {
    marks.push({
      length: journal.length,
      before: fingerprint(m.smmu),
      stalls: m.smmu.traffic.stalls.size,
    });
    const { effects } = plan();
    // A plan changes nothing, even where it looks ahead.
    expect(fingerprint(m.smmu)).toBe(marks.at(-1)?.before);
    m.smmu.commit(effects, journal);
  };
  const register = (offset: number, value: number) => () =>
    m.smmu.plan({ kind: 'register', offset, value, valueHi: 0, bytes: 4 });
  const consume = (): Plan => {
    const next = m.smmu.nextCommand('ns');
    if (!('operation' in next)) throw new Error(next.idle);
    return m.smmu.plan(next.operation);
  };
  for (const address of [0x1000, 0x1008, 0x2000, 0x3000, 0x4000, 0x5000]) {
    step(() => m.smmu.plan({ kind: 'transaction', transaction: transactionAt(address) }));
  }
  step(register(0x100ac, 2));
  for (const _ of commands) step(consume);
  step(() => m.smmu.plan({ kind: 'transaction', transaction: transactionAt(0x9000) }));
  step(register(0x20, 0xc));
  expect(marks.map(({ stalls }) => stalls)).toEqual([0, 1, 2, 3, 4, 5, 6, 6, 6, 6, 5, 0, 1]);
  for (const { length, before } of marks.reverse()) {
    journal.undo(m.smmu, length);
    expect(fingerprint(m.smmu)).toBe(before);
  }
});
