import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import { record } from '../kit/records.ts';
import {
  EVENTQ,
  NOWHERE,
  RAM,
  type Registers,
  SID,
  TestSmmu,
  transaction,
  zeroedMemory,
} from '../kit/smmu.ts';
import { map } from '../kit/tables.ts';

const OVFLG = 0x80000000;
const EVENTQ_ABT_ERR = 1 << 2;
const fault = (address: number) => record('F_TRANSLATION', { sid: SID, address: BigInt(address) });

/** A queue of 4 records, and a stream whose every access faults. */
function faulting(registers: Registers = {}): TestSmmu {
  const m = new TestSmmu({ registers: { 'EVENTQ_BASE.LOG2SIZE': 2, ...registers } });
  m.ste();
  m.cd();
  return m;
}

const recordings = (...plans: Plan[]): string[] => plans.map((plan) => plan.outcome.recording);
const hex = (value: number): string => `0x${value.toString(16)}`;

describe('the event queue', () => {
  test('takes records in order and wraps, index and wrap bit', () => {
    const m = faulting();
    for (let i = 0; i < 11; i++) {
      m.dma(i * 0x1000);
      expect(m.events()).toEqual([fault(i * 0x1000)]);
      m.write('EVENTQ_CONS', m.read('EVENTQ_PROD'));
    }
    expect(m.read('EVENTQ_PROD')).toBe(11 % 8);
    expect(m.words(EVENTQ + 2 * 32, 8)).toEqual(fault(0xa000));
  });

  test('full: records are lost, OVFLG toggles once until software acknowledges', () => {
    const m = faulting();
    for (let i = 0; i < 4; i++) m.dma(i);
    expect(hex(m.read('EVENTQ_PROD'))).toBe('0x4');
    expect(recordings(m.dma(4), m.dma(5))).toEqual(['full', 'full']);
    expect(hex(m.read('EVENTQ_PROD'))).toBe('0x80000004');
    expect(m.read('GERROR')).toBe(0);
    expect(m.events()).toEqual([0, 1, 2, 3].map(fault));

    // Unacknowledged overflow does not keep new records out once there is room (7.4).
    m.write('EVENTQ_CONS', 1);
    expect(recordings(m.dma(6), m.dma(7))).toEqual(['written', 'full']);
    expect(hex(m.read('EVENTQ_PROD'))).toBe('0x80000005');

    // Acknowledged with OVACKFLG: the next loss toggles back.
    m.write('EVENTQ_CONS', 1 | OVFLG);
    expect(recordings(m.dma(8))).toEqual(['full']);
    expect(hex(m.read('EVENTQ_PROD'))).toBe('0x5');
    m.dma(9);
    expect(hex(m.read('EVENTQ_PROD'))).toBe('0x5');
  });

  test('a stall record is never lost to an overflow', () => {
    const m = faulting();
    m.cd({ S: 1 });
    for (let i = 0; i < 4; i++) m.dma(i);
    expect(m.dma(4).outcome).toMatchObject({ result: 'stall', recording: 'waiting' });
    expect(hex(m.read('EVENTQ_PROD'))).toBe('0x4');
  });

  test('indices further apart than the queue is long take no record', () => {
    const m = faulting({ EVENTQ_PROD: 7, EVENTQ_CONS: 1 });
    expect(recordings(m.dma(0))).toEqual(['full']);
  });

  test('bits of the indices above the wrap bit do not matter, and stay', () => {
    const m = faulting({ EVENTQ_PROD: 0x58, EVENTQ_CONS: 0x18 });
    m.dma(0);
    expect(m.events()).toEqual([fault(0)]);
    expect(m.words(EVENTQ, 8)).toEqual(fault(0));
  });

  test('one entry: full after one record', () => {
    const m = faulting({ 'EVENTQ_BASE.LOG2SIZE': 0 });
    expect(recordings(m.dma(1), m.dma(2))).toEqual(['written', 'full']);
    expect(hex(m.read('EVENTQ_PROD'))).toBe('0x80000001');
    expect(m.words(EVENTQ, 8)).toEqual(fault(1));
  });

  test('disabled: records are lost without an overflow', () => {
    const m = faulting({ 'CR0.EVENTQEN': 0 });
    expect(recordings(...[0, 1, 2, 3, 4].map((i) => m.dma(i)))).toEqual(new Array(5).fill('disabled'));
    expect(m.read('EVENTQ_PROD')).toBe(0);
    expect(m.words(EVENTQ, 8)).toEqual(new Array(8).fill(0));
  });

  test('the base is aligned down to the size of the queue, 32 bytes at least', () => {
    const m = faulting({ 'EVENTQ_BASE.ADDR': EVENTQ + 0x60 });
    m.dma(0);
    expect(m.words(EVENTQ, 8)).toEqual(fault(0));
    const small = faulting({ 'EVENTQ_BASE.ADDR': EVENTQ + 0x60, 'EVENTQ_BASE.LOG2SIZE': 0 });
    small.dma(0);
    expect(small.words(EVENTQ + 0x60, 8)).toEqual(fault(0));
  });

  test('a base beyond OAS is cut to it', () => {
    const m = faulting({ 'EVENTQ_BASE.ADDR': 2 ** 50 + EVENTQ });
    m.dma(0);
    expect(m.words(EVENTQ, 8)).toEqual(fault(0));
  });

  test('LOG2SIZE above IDR1.EVENTQS acts as IDR1.EVENTQS', () => {
    const m = faulting({ 'EVENTQ_BASE.LOG2SIZE': 19, 'IDR1.EVENTQS': 1 });
    expect(recordings(m.dma(0), m.dma(1), m.dma(2))).toEqual(['written', 'written', 'full']);
    expect(hex(m.read('EVENTQ_PROD'))).toBe('0x80000002');
  });

  test('an interrupt is signalled when the queue stops being empty, if enabled', () => {
    const signals = (plan: Plan): number => plan.effects.filter((effect) => effect.kind === 'signal').length;
    const m = faulting({ 'IRQ_CTRL.EVENTQ_IRQEN': 1 });
    expect([signals(m.dma(0)), signals(m.dma(1))]).toEqual([1, 0]);
    m.drain();
    expect(signals(m.dma(2))).toBe(1);
    expect(signals(faulting().dma(0))).toBe(0);
  });
});

describe('an abort on the write of a record', () => {
  test('toggles GERROR.EVENTQ_ABT_ERR, keeps PROD, and stops writes until acknowledged', () => {
    const m = faulting({ 'EVENTQ_BASE.ADDR': NOWHERE });
    expect(recordings(m.dma(0), m.dma(1))).toEqual(['aborted', 'aborted']);
    expect(m.read('GERROR')).toBe(EVENTQ_ABT_ERR);
    expect(m.read('EVENTQ_PROD')).toBe(0);
    m.write('GERRORN', EVENTQ_ABT_ERR);
    m.dma(2);
    expect(m.read('GERROR')).toBe(0);
    expect(m.read('GERRORN')).toBe(EVENTQ_ABT_ERR);
  });

  test('is no overflow, and a full queue is no abort', () => {
    const m = faulting({ 'EVENTQ_BASE.ADDR': NOWHERE });
    for (let i = 0; i < 6; i++) m.dma(i);
    expect(m.read('EVENTQ_PROD')).toBe(0);
    const full = faulting();
    for (let i = 0; i < 6; i++) full.dma(i);
    expect(full.read('GERROR')).toBe(0);
  });

  test('a queue that RAM ends within aborts at the first entry outside, and keeps those before', () => {
    const memory = zeroedMemory([{ base: RAM.base, size: EVENTQ + 64 - RAM.base }]);
    const m = new TestSmmu({ memory });
    expect(recordings(m.dma(0), m.dma(1), m.dma(2))).toEqual(['written', 'written', 'aborted']);
    expect(m.read('EVENTQ_PROD')).toBe(2);
    expect(m.events()).toEqual([record('C_BAD_STE', { sid: SID }), record('C_BAD_STE', { sid: SID })]);
    expect(m.read('GERROR')).toBe(EVENTQ_ABT_ERR);
  });

  test('a record that only begins in RAM is not written in part', () => {
    const memory = zeroedMemory([{ base: RAM.base, size: EVENTQ + 16 - RAM.base }]);
    const m = new TestSmmu({ memory });
    expect(recordings(m.dma(0))).toEqual(['aborted']);
    expect(m.words(EVENTQ, 4)).toEqual([0, 0, 0, 0]);
  });
});

describe('what records nothing', () => {
  test('SMMUEN=0 with GBPA: bypass or abort, also with a SubstreamID, and no event', () => {
    const m = faulting({ 'CR0.SMMUEN': 0, 'GBPA.ABORT': 0 });
    expect(m.dma(0x1234, { ssid: 5 }).outcome).toMatchObject({ result: 'ok', pa: 0x1234 });
    m.set({ 'GBPA.ABORT': 1 });
    expect(m.dma(0x1234).outcome).toMatchObject({ result: 'abort', record: null });
    expect(m.events()).toEqual([]);
    expect(m.smmu.config.size + m.smmu.tlb.size).toBe(0);
  });

  test('GBPA.INSTCFG makes reads instruction fetches or data, and leaves writes data (6.3.14)', () => {
    const m = faulting({ 'CR0.SMMUEN': 0, 'IDR1.ATTR_PERMS_OVR': 1, 'GBPA.ABORT': 0 });
    const fetches = (write: boolean, instruction: boolean): boolean =>
      m.smmu.translate(transaction(SID, 0x1234, { write, instruction })).instruction;
    expect([fetches(false, false), fetches(false, true), fetches(true, false)]).toEqual([false, true, false]);
    m.set({ 'GBPA.INSTCFG': 2 });
    expect([fetches(false, false), fetches(false, true), fetches(true, false)]).toEqual([
      false,
      false,
      false,
    ]);
    m.set({ 'GBPA.INSTCFG': 3 });
    expect([fetches(false, false), fetches(false, true), fetches(true, false)]).toEqual([true, true, false]);
  });

  test('SMMUEN=0 removes nothing from the caches and does not ask them', () => {
    const m = faulting();
    map(m, { iova: 0x5000n, pa: 0x10000000n });
    m.dma(0x5000);
    m.write('CR0', 0xc);
    expect(m.dma(0x5000).outcome).toMatchObject({ result: 'ok', pa: 0x5000 });
    m.write('CR0', 0xd);
    expect(m.dma(0x5000).outcome).toMatchObject({ result: 'ok', pa: 0x10000000, tlbHit: true });
  });

  test('CR2.RECINVSID=0: a StreamID out of range aborts silently', () => {
    const m = faulting({ 'CR2.RECINVSID': 0 });
    expect(m.dma(0, {}, 256).outcome).toMatchObject({ result: 'abort', record: null, recording: 'none' });
    m.set({ 'CR2.RECINVSID': 1 });
    m.dma(0, { ssid: 3, write: true }, 0xffffffff);
    expect(m.drain()).toEqual([record('C_BAD_STREAMID', { sid: 0xffffffff, ssid: 3 })]);
  });

  test('CD.R=0 suppresses translation faults only', () => {
    const m = faulting();
    m.cd({ R: 0 });
    expect(recordings(m.dma(0))).toEqual(['suppressed']);
    m.cd({ R: 0, TG0: 3 });
    m.run(['CMD_CFGI_STE', { StreamID: SID, Leaf: 1 }], ['CMD_SYNC']);
    m.dma(0);
    expect(m.drain()).toEqual([record('C_BAD_CD', { sid: SID })]);
  });

  test('a suppressed record in a full queue is no overflow', () => {
    const m = faulting();
    for (let i = 0; i < 4; i++) m.dma(i);
    m.cd({ R: 0 });
    m.run(['CMD_CFGI_STE', { StreamID: SID, Leaf: 1 }], ['CMD_SYNC']);
    m.dma(9);
    expect(hex(m.read('EVENTQ_PROD'))).toBe('0x4');
  });
});
