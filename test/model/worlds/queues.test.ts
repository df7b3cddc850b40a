/** Queues, global errors and interrupts of Security states (IHI 0070 3.5, 3.18, 7, 8). */

import { describe, expect, test } from 'vitest';
import { EVENTQ, NOWHERE, TestSmmu } from '../../kit/smmu.ts';
import { withStream, worldTests } from './case.ts';
import { asks, MSI, PRIQ, priq, QUEUE_CASES, signals, UNMAPPED, writtenIn } from './cases-queues.ts';

describe('statements', () => worldTests(QUEUE_CASES));

const STATES = [
  ['ns', ''],
  ['s', 'S_'],
  ['realm', 'R_'],
] as const;

describe.each(STATES)('the queues of %s', (world, prefix) => {
  const machine = (registers = {}): TestSmmu => new TestSmmu({ worlds: 'rme', registers });

  test('both paths consume the same', () => {
    const [planned, ran] = [machine(), machine()];
    ran.in(world).run(['CMD_TLBI_NSNH_ALL'], ['CMD_SYNC', { CS: 1, MSIAddress: MSI, MSIData: 7 }]);
    const view = planned.in(world);
    planned.set({ [`${prefix}CR0.CMDQEN`]: 0 });
    view.run(['CMD_TLBI_NSNH_ALL'], ['CMD_SYNC', { CS: 1, MSIAddress: MSI, MSIData: 7 }]);
    planned.set({ [`${prefix}CR0.CMDQEN`]: 1 });
    for (
      let next = planned.smmu.nextCommand(world);
      'operation' in next;
      next = planned.smmu.nextCommand(world)
    ) {
      const { frames, effects } = planned.smmu.plan(next.operation);
      expect(frames[0]?.space).toBe(world);
      planned.smmu.commit(effects);
    }
    for (const m of [planned, ran]) {
      expect(m.read(`${prefix}CMDQ_CONS`)).toBe(2);
      expect(writtenIn(m, MSI)).toEqual([world]);
    }
  });

  test('an error stops the own queue alone, and is acknowledged in its GERRORN', () => {
    const m = machine();
    m.in(world).run(new Uint32Array(4), ['CMD_SYNC']);
    for (const [other, name] of STATES) {
      expect(m.read(`${name}GERROR`)).toBe(other === world ? 1 : 0);
      m.in(other).run(['CMD_SYNC']);
    }
    expect(m.read(`${prefix}CMDQ_CONS`)).toBe(1 << 24);
    expect(m.smmu.nextCommand(world)).toEqual({
      idle: `command queue stopped by CERROR_ILL: acknowledge ${prefix}GERROR.CMDQ_ERR in ${prefix}GERRORN`,
    });
    m.in(world).store(m.smmu.bank.field(`${prefix}CMDQ_BASE`, 'ADDR'), Uint32Array.of(0x46, 0, 0, 0));
    m.in(world).write(`${prefix}GERRORN`, 1);
    m.smmu.runCommands(world);
    expect(m.read(`${prefix}CMDQ_CONS`) & 0xff).toBe(3);
  });

  test('an event is written in the own space, with the interrupt of the own registers', () => {
    const m = machine({
      [`${prefix}IRQ_CTRL.EVENTQ_IRQEN`]: 1,
      [`${prefix}EVENTQ_IRQ_CFG0.ADDR`]: MSI,
      [`${prefix}EVENTQ_IRQ_CFG1`]: 0x77,
    });
    withStream(m, world).dma(UNMAPPED);
    expect(writtenIn(m, EVENTQ)).toEqual([world]);
    expect(writtenIn(m, MSI)).toEqual([world]);
    expect(m.in(world).words(MSI, 1)).toEqual([0x77]);
  });

  test('a queue that lies nowhere is an error of the own state', () => {
    const m = machine({ [`${prefix}EVENTQ_BASE.ADDR`]: NOWHERE, [`${prefix}CMDQ_BASE.ADDR`]: NOWHERE });
    withStream(m, world).dma(UNMAPPED);
    m.set({ [`${prefix}CMDQ_PROD`]: 1 });
    m.smmu.runCommands(world);
    for (const [other, name] of STATES) expect(m.read(`${name}GERROR`)).toBe(other === world ? 5 : 0);
  });
});

test('a Realm MSI leaves for Non-secure memory by its NS bit', () => {
  const m = new TestSmmu({ worlds: 'rme' });
  expect(signals('realm', { MSI_NS: 1 })(m)).toEqual(['ns']);
  const irq = { 'R_EVENTQ_IRQ_CFG0.ADDR': MSI, 'R_EVENTQ_IRQ_CFG0.NS': 1, R_EVENTQ_IRQ_CFG1: 1 };
  const by = new TestSmmu({ worlds: 'rme', registers: { ...irq, 'R_IRQ_CTRL.EVENTQ_IRQEN': 1 } });
  withStream(by, 'realm').dma(UNMAPPED);
  expect(writtenIn(by, MSI)).toEqual(['ns']);
});

test('the NS bit of a Secure CMD_SYNC does not count', () => {
  expect(signals('s', { MSI_NS: 1 })(new TestSmmu({ worlds: 'rme' }))).toEqual(['s']);
});

test('MSIs need S_IDR0.MSI and R_IDR0.MSI', () => {
  const m = new TestSmmu({ worlds: 'rme', registers: { 'S_IDR0.MSI': 0, 'R_IDR0.MSI': 0 } });
  for (const world of ['s', 'realm'] as const) expect(signals(world)(m)).toEqual([]);
  expect(signals('ns')(m)).toEqual(['ns']);
});

test('a page request of a Realm stream goes to the Realm PRI queue in Realm memory', () => {
  const m = new TestSmmu({ worlds: 'rme', ...priq('R_') });
  expect(asks('realm')(m)).toBe('ok');
  expect(writtenIn(m, PRIQ)).toEqual(['realm']);
  expect([m.read('R_PRIQ_PROD'), m.read('PRIQ_PROD')]).toEqual([1, 0]);
});

test('without Secure state page requests and hints that call themselves Secure are Non-secure', () => {
  const m = new TestSmmu(priq(''));
  expect(asks('s')(m)).toBe('ok');
  const hint = { world: 's', sid: 8, ssid: -1, addressHi: 0, addressLo: 0, span: 1, permissions: 1 } as const;
  m.smmu.commit(m.smmu.plan({ kind: 'page-hint', hint }).effects);
  expect([m.read('PRIQ_PROD'), m.read('EVENTQ_PROD')]).toEqual([1, 1]);
});

test('service failure mode is told to Non-secure and Secure software, and stops every queue', () => {
  const m = new TestSmmu({ worlds: 'rme' });
  m.smmu.commit(m.smmu.serviceFailure('a parity error'));
  expect(['GERROR', 'S_GERROR', 'R_GERROR'].map((name) => m.read(name))).toEqual([0x100, 0x100, 0]);
  for (const [world] of STATES) {
    m.in(world).run(['CMD_SYNC']);
    expect(m.smmu.nextCommand(world)).toMatchObject({
      idle: expect.stringContaining('service failure mode'),
    });
  }
});

test('stalls of two states with one StreamID are apart', () => {
  const m = new TestSmmu({ worlds: 'secure' });
  for (const world of ['ns', 's'] as const)
    expect(withStream(m, world, { S: 1 }).dma(UNMAPPED).outcome.result).toBe('stall');
  const left = (): string[] => m.smmu.traffic.stalls.entries().map(({ transaction }) => transaction.world);
  m.in('s').write('S_CR0', 0xc);
  expect(left()).toEqual(['ns']);
});
