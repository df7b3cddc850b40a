/** Registers of Security states (IHI 0070 3.10, 3.11, 6.1 to 6.3). */

import { describe, expect, test } from 'vitest';
import type { World } from '../../../src/bits/world.ts';
import { TestSmmu } from '../../kit/smmu.ts';
import { endOf, IOVA, withStream, worldTests } from './case.ts';
import { REGISTER_CASES } from './cases-registers.ts';

describe('statements', () => worldTests(REGISTER_CASES));

test('each state has a size of StreamIDs of its own or shares the Non-secure one', () => {
  const m = new TestSmmu({ worlds: 'rme', registers: { 'S_IDR1.S_SIDSIZE': 3 } });
  const sizes = (['ns', 's', 'realm'] as const).map((world) => m.smmu.state(world).streamTable.streams);
  expect(sizes).toEqual([256, 8, 256]);
  expect(endOf(m, 's')).toBe('C_BAD_STREAMID');
});

test('a change of one state leaves the others as they are', () => {
  const m = new TestSmmu({ worlds: 'rme' });
  m.in('s').write('S_CR0', 0);
  const on = (['ns', 's', 'realm'] as const).map((world) => m.smmu.state(world).smmuEnabled);
  expect(on).toEqual([true, false, true]);
  expect(m.smmu.state('ns')).toBe(m.smmu.state('ns'));
  expect(m.smmu.state('ns')).not.toBe(m.smmu.state('realm'));
});

test('without Secure and Realm state their registers are RAZ/WI, and nothing of them is enabled', () => {
  const m = new TestSmmu();
  for (const [world, offset] of [
    ['s', 0x8020],
    ['realm', 0x60020],
  ] as const) {
    m.writeAt(offset, 1, undefined, world);
    expect(m.smmu.registerRead(offset, 4, world).value).toBe(0);
    expect(m.smmu.state(world)).toMatchObject({ present: false, smmuEnabled: false, cmdqEnabled: false });
    expect(m.smmu.nextCommand(world)).toMatchObject({ idle: expect.stringMatching(/^there is no /) });
  }
});

test('without ROOT_IDR0.ROOT_IMPL there is nothing in the Root page', () => {
  const m = new TestSmmu({ worlds: 'rme', registers: { 'ROOT_IDR0.ROOT_IMPL': 0 } });
  const offset = m.offsetOf('ROOT_CR0');
  const before = m.read('ROOT_CR0');
  m.writeAt(offset, 0, undefined, 'root');
  expect(m.read('ROOT_CR0')).toBe(before);
  const { value, remarks } = m.smmu.registerRead(offset, 4, 'root');
  expect([value, remarks]).toEqual([0, [expect.stringContaining('it needs ROOT_IDR0.ROOT_IMPL')]]);
});

test('R_CR0.ATSCHK is 1 whatever is written', () => {
  const m = new TestSmmu({ worlds: 'rme' });
  m.smmu.commit(m.smmu.reset());
  for (const value of [0, 1 << 3]) {
    m.in('realm').write('R_CR0', value);
    expect([m.read('R_CR0'), m.read('R_CR0ACK')]).toEqual([value | 0x10, value | 0x10]);
  }
});

test('without R_IDR0.ATS there is no R_CR0.ATSCHK, after a reset neither', () => {
  const m = new TestSmmu({ worlds: 'rme', registers: { 'R_IDR0.ATS': 0 } });
  m.smmu.commit(m.smmu.reset());
  expect([m.read('R_CR0'), m.read('R_CR0ACK')]).toEqual([0, 0]);
});

describe('S_CR0.NSSTALLD', () => {
  const NSSTALLD = 1 << 9;
  const stallModel = (m: TestSmmu): number[] =>
    ([4, 8] as const).map((bytes) => (m.smmu.registerRead(0, bytes).value >>> 24) & 3);

  test('shows in IDR0.STALL_MODEL, which reads 1 while it is set', () => {
    const m = new TestSmmu({ worlds: 'secure' });
    expect(stallModel(m)).toEqual([0, 0]);
    m.in('s').write('S_CR0', NSSTALLD);
    expect([m.read('S_CR0ACK'), stallModel(m)]).toEqual([NSSTALLD, [1, 1]]);
    m.in('s').write('S_CR0', 0);
    expect(stallModel(m)).toEqual([0, 0]);
  });

  test.each([1, 2])('is RES0 where S_IDR0.STALL_MODEL is %i, in the acknowledge too', (model) => {
    const registers = { 'S_IDR0.STALL_MODEL': model, 'IDR0.STALL_MODEL': model };
    const m = new TestSmmu({ worlds: 'secure', registers });
    m.in('s').write('S_CR0', NSSTALLD | 1);
    expect([m.read('S_CR0'), m.read('S_CR0ACK'), stallModel(m)]).toEqual([1, 1, [model, model]]);
  });
});

test('a reset gives every state its reset values', () => {
  const m = new TestSmmu({ worlds: 'rme' });
  m.smmu.commit(m.smmu.reset({ abort: true }));
  const cr0 = ['CR0', 'S_CR0', 'R_CR0', 'ROOT_CR0'].map((name) => m.read(name));
  expect(cr0).toEqual([0, 0, 0x10, 0]);
  expect(['GBPA', 'S_GBPA', 'R_GBPA'].map((name) => m.smmu.bank.field(name, 'ABORT'))).toEqual([1, 1, 1]);
});

describe('S_INIT', () => {
  const cached = (m: TestSmmu): number[] => {
    const { config, tlb, partial, walks, structures } = m.smmu;
    return [config, tlb, partial, walks, structures].map(({ size }) => size);
  };

  test.each(['combined', 'maximal'] as const)(
    'empties every cache of policy %s, and can be taken back',
    (caches) => {
      const m = new TestSmmu({ worlds: 'rme', caches });
      for (const world of ['ns', 's', 'realm'] as const) withStream(m, world).dma(IOVA);
      const before = cached(m);
      expect(before.reduce((sum, size) => sum + size, 0)).toBeGreaterThanOrEqual(6);
      const plan = m.smmu.plan({
        kind: 'register',
        offset: 0x803c,
        value: 1,
        valueHi: 0,
        bytes: 4,
        world: 's',
      });
      expect(cached(m)).toEqual(before);
      m.smmu.commit(plan.effects);
      expect(cached(m)).toEqual([0, 0, 0, 0, 0]);
    },
  );

  test('tells that it is CONSTRAINED UNPREDICTABLE while a state translates or ACCESSEN is 1', () => {
    const off = { 'CR0.SMMUEN': 0, 'S_CR0.SMMUEN': 0, 'R_CR0.SMMUEN': 0, 'ROOT_CR0.ACCESSEN': 0 };
    const acks = {
      'CR0ACK.SMMUEN': 0,
      'S_CR0ACK.SMMUEN': 0,
      'R_CR0ACK.SMMUEN': 0,
      'ROOT_CR0ACK.ACCESSEN': 0,
    };
    const findings = (registers: Readonly<Record<string, number>>): string[] => {
      const m = new TestSmmu({ worlds: 'rme', registers: { ...off, ...acks, ...registers } });
      const { steps } = m.in('s').write('S_INIT', 1);
      return steps.filter(({ kind }) => kind === 'finding').map(({ text }) => text.slice(0, 45));
    };
    expect(findings({})).toEqual([]);
    for (const name of ['CR0.SMMUEN', 'S_CR0.SMMUEN', 'R_CR0.SMMUEN', 'ROOT_CR0.ACCESSEN'])
      expect(findings({ [name]: 1 })).toEqual([`INV_ALL is written while ${name}=1: whether`.slice(0, 45)]);
  });

  test.each(['ns', 'realm'] as const)('is out of reach of %s unless the system opens it', (world: World) => {
    for (const secureInitOpen of [false, true]) {
      const m = new TestSmmu({ worlds: 'rme', options: { secureInitOpen } });
      withStream(m, 's').dma(IOVA);
      m.writeAt(0x803c, 1, undefined, world);
      expect(m.smmu.tlb.size).toBe(secureInitOpen ? 0 : 1);
      expect(m.smmu.registerRead(0x8020, 4, world).value).toBe(0);
    }
  });
});
