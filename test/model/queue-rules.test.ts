import { describe, expect, test } from 'vitest';
import { Journal } from '../../src/model/effects.ts';
import { interruptPriq } from '../../src/model/interrupts.ts';
import type { Effect, Plan } from '../../src/model/plan.ts';
import { QUEUE_RULES, type QueueRuleId } from '../../src/spec/queues.ts';
import { changes, signals, texts } from '../kit/plans.ts';
import { stateOf } from '../kit/random.ts';
import { CMDQ, commandWords, EVENTQ, NOWHERE, RAM, type Registers, SID, TestSmmu } from '../kit/smmu.ts';
import { map } from '../kit/tables.ts';

const OVFLG = 0x80000000;
const CMDQ_ERR = 1;
const EVENTQ_ABT_ERR = 1 << 2;
const MSI_CMDQ = 1 << 4;
const MSI_EVENTQ = 1 << 5;
const MSI_PRIQ = 1 << 6;
const MSI_GERROR = 1 << 7;
const SFM_ERR = 1 << 8;
const MSI = 0x40a00000;
const BAD = Uint32Array.of(0xff, 0, 0, 0);
const SYNC = commandWords('CMD_SYNC');

const seen = new Set<QueueRuleId>();

/** A test of a rule of the table of queue rules. */
function rule(id: QueueRuleId, fact: string, body: () => void): void {
  seen.add(id);
  test(`${id}: ${fact}`, body);
}

/** A queue of 4 records, and a stream whose every access faults. */
function faulting(registers: Registers = {}, cd: Readonly<Record<string, number>> = {}): TestSmmu {
  const m = new TestSmmu({ registers: { 'EVENTQ_BASE.LOG2SIZE': 2, ...registers } });
  m.ste();
  m.cd(cd);
  return m;
}

/** Plans the next command without committing it. */
function next(m: TestSmmu): Plan {
  const found = m.smmu.nextCommand('ns');
  if (!('operation' in found)) throw new Error(found.idle);
  return m.smmu.plan(found.operation);
}

function submit(m: TestSmmu, ...commands: Uint32Array[]): void {
  for (const [i, words] of commands.entries()) m.store(CMDQ + i * 16, words);
  m.write('CMDQ_PROD', commands.length);
}

const active = (m: TestSmmu): number => (m.read('GERROR') ^ m.read('GERRORN')) >>> 0;
const recordings = (...plans: Plan[]): string[] => plans.map((plan) => plan.outcome.recording);

/** The stalled transactions whose records wait. */
const waiting = (m: TestSmmu) => m.smmu.traffic.stalls.entries().filter(({ phase }) => phase === 'waiting');

describe('command queue', () => {
  rule('Q-VIS-IN', 'nothing beyond PROD is read: commands that lie there do nothing yet', () => {
    const m = new TestSmmu();
    submit(m, SYNC, SYNC);
    m.write('CMDQ_PROD', 1);
    m.store(CMDQ + 16, BAD);
    expect(m.smmu.runCommands('ns')).toBe(1);
    expect(active(m)).toBe(0);
    m.write('CMDQ_PROD', 2);
    expect(m.smmu.runCommands('ns')).toBe(0);
    expect(active(m)).toBe(CMDQ_ERR);
  });

  rule('Q-CONS-LAZY', 'a CMD_SYNC moves CONS before its MSI and its signal', () => {
    const m = new TestSmmu();
    submit(m, commandWords('CMD_SYNC', { CS: 1, MSIAddress: MSI, MSIData: 7 }));
    expect(changes(next(m).effects)).toEqual([
      'register 9c=1',
      'signal CMD_SYNC: interrupt',
      'memory ns 40a00000=7',
    ]);
  });

  rule('Q-CMD-STOP', 'CONS.ERR is written, then GERROR.CMDQ_ERR toggles, and RD stays', () => {
    const m = new TestSmmu();
    submit(m, SYNC, BAD, SYNC);
    expect(m.smmu.runCommands('ns')).toBe(1);
    const journal = new Journal();
    m.write('GERRORN', CMDQ_ERR);
    expect(m.read('CMDQ_CONS')).toBe(0x01000001);
    const again = new TestSmmu();
    submit(again, BAD);
    const plan = next(again);
    expect(changes(plan.effects)).toEqual(['register 9c=1000000', 'register 60=1']);
    again.smmu.commit(plan.effects, journal);
    journal.undo(again.smmu, 0);
    expect([again.read('CMDQ_CONS'), again.read('GERROR')]).toEqual([0, 0]);
  });

  rule('Q-CMD-RESTART', 'acknowledged, the queue goes on at RD with what lies there now', () => {
    const m = new TestSmmu();
    submit(m, BAD, SYNC);
    expect(m.smmu.runCommands('ns')).toBe(0);
    m.store(CMDQ, SYNC);
    expect(m.smmu.runCommands('ns')).toBe(0);
    m.write('GERRORN', CMDQ_ERR);
    expect(m.smmu.runCommands('ns')).toBe(2);
  });

  rule('Q-CMD-BACK', 'PROD may move back while an error stops the queue, and only then', () => {
    const m = new TestSmmu();
    submit(m, BAD, SYNC, SYNC);
    m.smmu.runCommands('ns');
    expect(texts(m.write('CMDQ_PROD', 0)).join(' ')).not.toContain('moves back');
    m.write('GERRORN', CMDQ_ERR);
    expect(m.smmu.nextCommand('ns')).toEqual({ idle: 'nothing pending' });
    m.write('CMDQ_PROD', 2);
    expect(texts(m.write('CMDQ_PROD', 1)).join(' ')).toContain('moves back over commands');
    expect(m.read('CMDQ_PROD')).toBe(1);
  });

  rule('Q-CMD-ABT', 'a command that cannot be read is CERROR_ABT, at its place', () => {
    const m = new TestSmmu({ registers: { 'CMDQ_BASE.ADDR': NOWHERE, CMDQ_CONS: 3, CMDQ_PROD: 4 } });
    expect(next(m).outcome).toMatchObject({ result: 'command-error', cerror: 2 });
    m.smmu.runCommands('ns');
    expect(m.read('CMDQ_CONS')).toBe(0x02000003);
  });

  rule('Q-CMD-ATC', 'a CMD_SYNC after an ATC timeout is CERROR_ATC_INV_SYNC, and is tried again', () => {
    const m = new TestSmmu({ registers: { 'IDR0.ATS': 1 } });
    m.smmu.traffic.atc.setAnswers('ns', SID, false);
    submit(m, commandWords('CMD_ATC_INV', { StreamID: SID }), SYNC);
    expect(m.smmu.runCommands('ns')).toBe(1);
    expect(m.read('CMDQ_CONS')).toBe(0x03000001);
    expect(active(m)).toBe(CMDQ_ERR);
    m.write('GERRORN', CMDQ_ERR);
    expect(m.smmu.runCommands('ns')).toBe(0);
    expect(active(m)).toBe(CMDQ_ERR);
    m.smmu.traffic.atc.setAnswers('ns', SID, true);
    m.write('GERRORN', 0);
    expect(m.smmu.runCommands('ns')).toBe(1);
    expect(m.read('CMDQ_CONS') & 0xfffff).toBe(2);
  });

  rule('Q-CMD-SMMUEN0', 'prefetches, ATC_INV and PRI_RESP are ignored, others act', () => {
    const m = faulting();
    map(m, { iova: 0x1000n, pa: 0x10000000n });
    m.dma(0x1000);
    expect(m.smmu.tlb.size).toBe(1);
    m.write('CR0', 0xc);
    submit(
      m,
      commandWords('CMD_PREFETCH_CONFIG', { StreamID: SID }),
      commandWords('CMD_ATC_INV', { StreamID: SID }),
      commandWords('CMD_PRI_RESP', { StreamID: SID }),
      commandWords('CMD_TLBI_NSNH_ALL'),
    );
    for (let i = 0; i < 3; i++) {
      const plan = next(m);
      expect(texts(plan)).toContain('ignored while translation is disabled (CR0.SMMUEN=0)');
      m.smmu.commit(plan.effects);
    }
    expect(m.smmu.runCommands('ns')).toBe(1);
    expect(m.smmu.tlb.size).toBe(0);
    // An illegal one is an error all the same (4.1.3).
    m.store(CMDQ + 64, commandWords('CMD_PREFETCH_CONFIG', { SSec: 1 }));
    m.write('CMDQ_PROD', 5);
    expect(next(m).outcome.cerror).toBe(1);
  });

  rule('Q-CMD-DIS', 'disabling leaves the commands that are not consumed, CONS at the first', () => {
    const m = new TestSmmu();
    submit(m, SYNC, SYNC);
    m.smmu.commit(next(m).effects);
    m.write('CR0', 5);
    expect(m.smmu.runCommands('ns')).toBe(0);
    expect(m.read('CMDQ_CONS')).toBe(1);
    m.write('CR0', 0xd);
    expect(m.smmu.runCommands('ns')).toBe(1);
  });

  rule('Q-SEV', 'a full queue that gets room wakes PEs, if the SMMU can', () => {
    const full = (registers: Registers): TestSmmu => {
      const m = new TestSmmu({ registers: { 'CMDQ_BASE.LOG2SIZE': 1, ...registers } });
      submit(m, SYNC, SYNC);
      return m;
    };
    const m = full({});
    const first = next(m);
    expect(signals(first.effects)).toEqual(['CMDQ is no longer full: event to the PEs']);
    m.smmu.commit(first.effects);
    expect(signals(next(m).effects)).toEqual([]);
    expect(signals(next(full({ 'IDR0.SEV': 0 })).effects)).toEqual([]);
  });

  test('a planned command changes what the fast path changes, errors and interrupts included', () => {
    const build = (): TestSmmu => {
      const m = new TestSmmu({
        registers: { 'IRQ_CTRL.GERROR_IRQEN': 1, 'GERROR_IRQ_CFG0.ADDR': MSI, GERROR_IRQ_CFG1: 9 },
      });
      submit(m, commandWords('CMD_SYNC', { CS: 1, MSIAddress: NOWHERE }), SYNC, BAD, SYNC);
      return m;
    };
    const [slow, fast] = [build(), build()];
    for (const ack of [0, 0x11, 0x10]) {
      for (const m of [slow, fast]) m.write('GERRORN', ack);
      fast.smmu.runCommands('ns');
      for (;;) {
        const found = slow.smmu.nextCommand('ns');
        if ('idle' in found) break;
        slow.smmu.commit(slow.smmu.plan(found.operation).effects);
      }
      expect([ack, stateOf(slow), slow.words(MSI, 1)]).toEqual([ack, stateOf(fast), fast.words(MSI, 1)]);
    }
    expect(fast.words(MSI, 1)).toEqual([9]);
  });
});

describe('event queue', () => {
  rule('Q-VIS-OUT', 'the record, then PROD, then the interrupt', () => {
    const m = faulting({ 'IRQ_CTRL.EVENTQ_IRQEN': 1, 'EVENTQ_IRQ_CFG0.ADDR': MSI, EVENTQ_IRQ_CFG1: 5 });
    const { effects } = m.dma(0x1000);
    const order = changes(effects).filter((text) => !text.startsWith('config'));
    expect(order.map((text) => text.split('=')[0])).toEqual([
      `memory ns ${EVENTQ.toString(16)}`,
      'register 100a8',
      'signal EVENTQ interrupt: the event queue is no longer empty',
      'memory ns 40a00000',
    ]);
  });

  rule('Q-EVT-FULL', 'a record that finds the queue full is lost, and OVFLG toggles once', () => {
    const m = faulting();
    for (let i = 0; i < 4; i++) m.dma(i);
    expect(recordings(m.dma(4), m.dma(5))).toEqual(['full', 'full']);
    expect(m.read('EVENTQ_PROD')).toBe((OVFLG | 4) >>> 0);
  });

  rule('Q-EVT-OVF', 'an overflow that is not acknowledged keeps no record out', () => {
    const m = faulting();
    for (let i = 0; i < 5; i++) m.dma(i);
    m.write('EVENTQ_CONS', 2);
    expect(recordings(m.dma(6))).toEqual(['written']);
    expect(m.read('EVENTQ_PROD')).toBe((OVFLG | 5) >>> 0);
  });

  rule('Q-EVT-OVFACK', 'a second loss shows only after OVACKFLG has been made equal', () => {
    const m = faulting();
    for (let i = 0; i < 6; i++) m.dma(i);
    m.write('EVENTQ_CONS', OVFLG);
    expect(m.read('EVENTQ_PROD')).toBe((OVFLG | 4) >>> 0);
    m.dma(6);
    expect(m.read('EVENTQ_PROD')).toBe(4);
  });

  rule('Q-EVT-STALL', 'stall records wait for room, in order, and never overflow', () => {
    const m = faulting({ 'IRQ_CTRL.EVENTQ_IRQEN': 1 }, { S: 1 });
    for (let i = 0; i < 4; i++) m.dma(i * 0x1000);
    expect(recordings(m.dma(0x4000), m.dma(0x5000))).toEqual(['waiting', 'waiting']);
    expect(m.read('EVENTQ_PROD')).toBe(4);
    expect(waiting(m).length).toBe(2);
    const before = stateOf(m);
    const journal = new Journal();
    const drained = m.writeAt(0x100ac, 4, undefined, 'ns', journal);
    expect(signals(drained.effects)).toEqual(['EVENTQ interrupt: the event queue is no longer empty']);
    expect(waiting(m).length).toBe(0);
    expect(m.events().map((words) => (words[4] as number) & 0xf000)).toEqual([0x4000, 0x5000]);
    journal.undo(m.smmu, 0);
    expect(stateOf(m)).toEqual(before);
    expect(waiting(m).map(({ transaction }) => transaction.vaLo)).toEqual([0x4000, 0x5000]);
    // Room for one only.
    m.write('EVENTQ_CONS', 1);
    expect([waiting(m).length, m.read('EVENTQ_PROD')]).toEqual([1, 5]);
  });

  test('stall records wait for EVENTQEN and for the acknowledge of an abort as well', () => {
    const m = faulting({}, { S: 1 });
    m.write('CR0', 9);
    expect(recordings(m.dma(0x1000))).toEqual(['waiting']);
    m.write('CR0', 0xd);
    expect([waiting(m).length, m.events().length]).toEqual([0, 1]);
    m.set({ GERROR: EVENTQ_ABT_ERR });
    expect(recordings(m.dma(0x2000))).toEqual(['waiting']);
    m.write('GERRORN', EVENTQ_ABT_ERR);
    expect([waiting(m).length, m.events().length]).toEqual([0, 2]);
  });

  rule('Q-EVT-ABT', 'an abort keeps PROD and stops writing until acknowledged', () => {
    const m = faulting({ 'EVENTQ_BASE.ADDR': NOWHERE });
    expect(recordings(m.dma(0), m.dma(1))).toEqual(['aborted', 'aborted']);
    expect([active(m), m.read('EVENTQ_PROD')]).toEqual([EVENTQ_ABT_ERR, 0]);
    m.set({ 'EVENTQ_BASE.ADDR': EVENTQ });
    expect(recordings(m.dma(2))).toEqual(['aborted']);
    m.write('GERRORN', EVENTQ_ABT_ERR);
    expect(recordings(m.dma(3))).toEqual(['written']);
  });

  rule('Q-EVT-DIS', 'disabled, records are dropped without overflow, full or not', () => {
    const m = faulting();
    for (let i = 0; i < 4; i++) m.dma(i);
    m.write('CR0', 9);
    expect(recordings(m.dma(5))).toEqual(['disabled']);
    expect(m.read('EVENTQ_PROD')).toBe(4);
    m.write('CR0', 0xd);
    expect(m.read('EVENTQ_PROD')).toBe(4);
  });

  rule('Q-EVT-SMMUEN0', 'with SMMUEN=0 a transaction records nothing', () => {
    const m = faulting({ 'GBPA.ABORT': 1 });
    m.write('CR0', 0xc);
    expect(m.dma(0x1000).outcome).toMatchObject({ result: 'abort', record: null });
    expect(m.read('EVENTQ_PROD')).toBe(0);
  });

  rule('Q-SMMUEN-OFF', 'stalls end with their waiting records, the caches stay', () => {
    const m = faulting({}, { S: 1 });
    map(m, { iova: 0x10000n, pa: 0x10000000n });
    m.dma(0x10000);
    for (let i = 0; i < 5; i++) m.dma(i);
    expect([waiting(m).length, m.smmu.tlb.size, m.smmu.config.size]).toEqual([1, 1, 1]);
    m.write('CR0', 0xc);
    expect(m.smmu.traffic.stalls.size).toBe(0);
    expect([waiting(m).length, m.smmu.tlb.size, m.smmu.config.size]).toEqual([0, 1, 1]);
    m.write('EVENTQ_CONS', 4);
    expect(m.events()).toEqual([]);
  });
});

describe('global errors and interrupts', () => {
  const IRQ = { IRQ_CTRL: 7, IRQ_CTRLACK: 7 };

  rule('Q-GERR', 'an error that is active is not toggled again; equal bits acknowledge it', () => {
    const m = new TestSmmu();
    submit(m, BAD);
    m.smmu.runCommands('ns');
    m.write('GERRORN', CMDQ_ERR);
    expect(m.smmu.runCommands('ns')).toBe(0);
    expect([m.read('GERROR'), active(m)]).toEqual([0, CMDQ_ERR]);
    const wrong = m.write('GERRORN', CMDQ_ERR | EVENTQ_ABT_ERR);
    expect(texts(wrong).join(' ')).toContain('EVENTQ_ABT_ERR (0x4) toggles though no such error is active');
    expect(active(m)).toBe(CMDQ_ERR | EVENTQ_ABT_ERR);
  });

  rule('Q-IRQ-EVT', 'the event queue interrupts when it stops being empty, if enabled', () => {
    const m = faulting(IRQ);
    const told = (plan: Plan): number =>
      signals(plan.effects).filter((what) => what.startsWith('EVENTQ')).length;
    expect([told(m.dma(0)), told(m.dma(1))]).toEqual([1, 0]);
    m.drain();
    expect(told(m.dma(2))).toBe(1);
    expect(told(faulting().dma(0))).toBe(0);
  });

  rule('Q-IRQ-GERR', 'any error but MSI_GERROR_ABT_ERR interrupts, if enabled', () => {
    const m = new TestSmmu({ registers: IRQ });
    submit(m, BAD);
    expect(signals(next(m).effects)).toEqual(['GERROR interrupt: CMDQ_ERR is active']);
    m.write('IRQ_CTRL', 6);
    expect(signals(next(m).effects)).toEqual([]);
    const abort = new TestSmmu({ registers: { ...IRQ, 'GERROR_IRQ_CFG0.ADDR': NOWHERE } });
    submit(abort, BAD);
    const { effects } = next(abort);
    expect(signals(effects)).toEqual(['GERROR interrupt: CMDQ_ERR is active']);
    expect(changes(effects)).toContain('register 60=81');
  });

  rule('Q-IRQ-SYNC', 'CMD_SYNC interrupts by its own CS; IRQ_CTRL does not matter', () => {
    const m = new TestSmmu();
    submit(m, commandWords('CMD_SYNC', { CS: 1 }));
    expect(signals(next(m).effects)).toEqual(['CMD_SYNC: interrupt']);
  });

  /** What the three interrupts of the PRI queue's entries come to. */
  function priq(
    registers: Registers,
    last: boolean,
    written: boolean,
    firstEntry: boolean,
    overflow = false,
  ) {
    const m = new TestSmmu({ registers: { ...IRQ, ...registers } });
    const effects: Effect[] = [];
    const on = { machine: m.smmu, world: 'ns' as const, effects, recorder: null };
    interruptPriq(on, { last, written, firstEntry, overflow });
    return signals(effects).length;
  }

  rule('Q-IRQ-PRI', 'with LO=0 the PRI queue interrupts when it stops being empty', () => {
    const at = (last: boolean, written: boolean, firstEntry: boolean, overflow = false) =>
      priq({ 'PRIQ_IRQ_CFG2.LO': 0 }, last, written, firstEntry, overflow);
    expect([at(false, true, true), at(true, true, true)]).toEqual([1, 1]);
    expect([at(true, true, false), at(true, false, false, true)]).toEqual([0, 0]);
    expect(priq({ 'IRQ_CTRL.PRIQ_IRQEN': 0 }, true, true, true)).toBe(0);
  });

  rule('Q-PRI-LAST', 'with LO=1 it interrupts for Last requests, written or lost to an overflow', () => {
    const at = (last: boolean, written: boolean, firstEntry: boolean, overflow = false) =>
      priq({ 'PRIQ_IRQ_CFG2.LO': 1 }, last, written, firstEntry, overflow);
    expect([at(false, true, true), at(true, true, false)]).toEqual([0, 1]);
    expect([at(true, false, false, true), at(true, false, false)]).toEqual([1, 0]);
    expect(at(false, false, false, true)).toBe(0);
  });

  rule(
    'Q-MSI',
    'CFG1 goes to CFG0 as 32 bits, with the attributes of CFG2; 0 and no MSI mean the wire',
    () => {
      const registers: Registers = {
        ...IRQ,
        'GERROR_IRQ_CFG0.ADDR': 2 ** 50 + MSI,
        GERROR_IRQ_CFG1: 0xcafef00d,
        'GERROR_IRQ_CFG2.MemAttr': 0xf,
        'GERROR_IRQ_CFG2.SH': 3,
      };
      const m = new TestSmmu({ registers });
      submit(m, BAD);
      const plan = next(m);
      expect(texts(plan).join('\n')).toContain(
        'the GERROR MSI writes 0xcafef00d to 0x40a00000 (Normal iWB(RA,WA) oWB(RA,WA) ISH)',
      );
      m.smmu.commit(plan.effects);
      expect(m.words(MSI, 2)).toEqual([0xcafef00d, 0]);
      const device = new TestSmmu({ registers: { ...registers, 'GERROR_IRQ_CFG2.MemAttr': 1 } });
      submit(device, BAD);
      expect(texts(next(device)).join('\n')).toContain('(Device-nGnRE)');
      for (const wired of [{ 'GERROR_IRQ_CFG0.ADDR': 0 }, { 'IDR0.MSI': 0 }]) {
        const other = new TestSmmu({ registers: { ...registers, ...wired } });
        submit(other, BAD);
        const { effects, steps } = next(other);
        expect(effects.filter((effect) => effect.kind === 'memory')).toEqual([]);
        expect(steps.map((step) => step.text)).toContain('wired GERROR interrupt: CMDQ_ERR is active');
      }
    },
  );

  rule('Q-MSI-ABT', 'an MSI that aborts toggles the error of its source', () => {
    const event = faulting({ ...IRQ, 'EVENTQ_IRQ_CFG0.ADDR': NOWHERE });
    event.dma(0);
    expect(active(event)).toBe(MSI_EVENTQ);
    const sync = new TestSmmu();
    submit(sync, commandWords('CMD_SYNC', { CS: 1, MSIAddress: NOWHERE }));
    expect(sync.smmu.runCommands('ns')).toBe(1);
    expect(active(sync)).toBe(MSI_CMDQ);
    const gerror = new TestSmmu({ registers: { ...IRQ, 'GERROR_IRQ_CFG0.ADDR': NOWHERE } });
    submit(gerror, BAD);
    gerror.smmu.runCommands('ns');
    expect(active(gerror)).toBe(CMDQ_ERR | MSI_GERROR);
    const pri = new TestSmmu({ registers: { ...IRQ, 'PRIQ_IRQ_CFG0.ADDR': NOWHERE } });
    const effects: Effect[] = [];
    const on = { machine: pri.smmu, world: 'ns' as const, effects, recorder: null };
    interruptPriq(on, { last: false, written: true, firstEntry: true, overflow: false });
    pri.smmu.commit(effects);
    expect(active(pri)).toBe(MSI_PRIQ);
  });

  rule('Q-MSI-SPACE', 'a Non-secure MSI goes to the Non-secure physical address space', () => {
    const m = faulting({ ...IRQ, 'EVENTQ_IRQ_CFG0.ADDR': MSI, EVENTQ_IRQ_CFG1: 3 });
    expect(changes(m.dma(0).effects)).toContain('memory ns 40a00000=3');
  });

  rule('Q-IRQCFG', 'the MSI registers change only while enable and acknowledge are 0', () => {
    const m = new TestSmmu();
    m.write('IRQ_CTRL', 4);
    expect(texts(m.write('EVENTQ_IRQ_CFG1', 7)).join(' ')).toContain('IRQ_CTRL.EVENTQ_IRQEN=1 guards it');
    expect(m.read('EVENTQ_IRQ_CFG1')).toBe(0);
    m.set({ IRQ_CTRL: 0 });
    m.write('EVENTQ_IRQ_CFG1', 7);
    expect(m.read('EVENTQ_IRQ_CFG1')).toBe(0);
    m.write('IRQ_CTRL', 0);
    m.write('EVENTQ_IRQ_CFG1', 7);
    expect(m.read('EVENTQ_IRQ_CFG1')).toBe(7);
  });

  rule(
    'Q-GERR-SFM',
    'service failure mode is told to both interfaces, and ends everything but registers',
    () => {
      const m = faulting({ 'S_IDR1.SECURE_IMPL': 1, 'IRQ_CTRL.GERROR_IRQEN': 1 });
      submit(m, SYNC);
      const journal = new Journal();
      const effects = m.smmu.serviceFailure('a register lost its parity');
      expect(signals(effects)).toEqual(['GERROR interrupt: SFM_ERR is active']);
      m.smmu.commit(effects, journal);
      expect([active(m), m.read('S_GERROR')]).toEqual([SFM_ERR, SFM_ERR]);
      expect(m.smmu.nextCommand('ns')).toEqual({ idle: expect.stringContaining('service failure mode') });
      expect(m.smmu.runCommands('ns')).toBe(0);
      expect(m.dma(0x1000).outcome).toMatchObject({ result: 'abort', record: null });
      expect(m.smmu.serviceFailure('again')).toEqual([]);
      m.write('GERRORN', SFM_ERR);
      expect(active(m)).toBe(0);
      expect(m.smmu.runCommands('ns')).toBe(0);
      journal.undo(m.smmu, 0);
      m.set({ GERRORN: 0 });
      expect(m.smmu.failure.active).toBe(false);
      expect(m.smmu.runCommands('ns')).toBe(1);
      expect(m.dma(0x1000).outcome.recording).toBe('written');
    },
  );
});

rule('Q-ECMDQ', 'an error of an enhanced queue becomes GERROR.CMDQP_ERR too, and stops no other', () => {
  const m = new TestSmmu({ registers: { 'IDR1.ECMDQ': 1, 'CMDQ_CONTROL_PAGE_BASEn.ADDR': 0x40000 } });
  m.writeAt(0x40000, RAM.base | 3, 0);
  m.writeAt(0x40008, OVFLG);
  m.store(RAM.base, BAD);
  m.writeAt(0x40008, (OVFLG | 1) >>> 0);
  expect(m.smmu.runCommands({ world: 'ns', queue: 0 })).toBe(0);
  expect(active(m)).toBe(1 << 9);
  submit(m, SYNC);
  expect(m.smmu.runCommands('ns')).toBe(1);
});

test('every rule of the table has a test here, but those of page requests', () => {
  const missing = (Object.keys(QUEUE_RULES) as QueueRuleId[]).filter((id) => !seen.has(id));
  expect(missing).toEqual(['Q-PRI-OVF', 'Q-PRI-ABT']);
});
