import { describe, expect, test } from 'vitest';
import { Journal } from '../../src/model/effects.ts';
import { type Access, type Registers, SID, TestSmmu, transaction, type Values } from '../kit/smmu.ts';
import { map } from '../kit/tables.ts';

const CMDQ_ERR = 1;
const ATC_INV_SYNC = 3;

/** An endpoint that has asked for three pages and a block, two of the pages with PASID 1. */
function endpoint(registers: Registers = {}): TestSmmu {
  const m = new TestSmmu({ registers });
  m.ste({ EATS: 1, S1CDMax: 2, S1DSS: 2 });
  for (const at of [0x40400000, 0x40400040, 0x40400080]) m.cd({}, at);
  map(m, { iova: 0x1000n, pa: 0x10001000n });
  map(m, { iova: 0x2000n, pa: 0x10002000n });
  map(m, { iova: 0x40000000n, pa: 0x80000000n, level: 2n });
  const ask = (address: number, access: Access = {}) => m.dma(address, { kind: 'request', ...access });
  ask(0x1000);
  ask(0x1000, { ssid: 1 });
  ask(0x2000, { ssid: 1 });
  ask(0x40000000, { ssid: 2 });
  return m;
}

const held = (m: TestSmmu): (readonly [ssid: number, address: number])[] =>
  m.smmu.traffic.atc.entries().map(({ ssid, addressLo }) => [ssid, addressLo]);

const invalidate = (m: TestSmmu, values: Values): void =>
  m.run(['CMD_ATC_INV', { StreamID: SID, ...values }]);

describe('an endpoint', () => {
  test('keeps what it is granted, by PASID, and can be asked', () => {
    const m = endpoint();
    expect(held(m)).toEqual([
      [-1, 0x1000],
      [1, 0x1000],
      [1, 0x2000],
      [2, 0x40000000],
    ]);
    const { atc } = m.smmu.traffic;
    const look = (address: number, ssid: number) =>
      atc.lookup(transaction(SID, address, { ssid }))?.completion.address;
    expect([look(0x1fff, -1), look(0x2000, -1), look(0x2abc, 1), look(0x401fffff, 2)]).toEqual([
      0x10001000,
      undefined,
      0x10002000,
      0x80000000,
    ]);
  });

  test('keeps nothing that grants no access', () => {
    const m = endpoint();
    const before = held(m);
    m.dma(0x9000, { kind: 'request' });
    m.dma(0x9000, { kind: 'request', ssid: 3 });
    expect(held(m)).toEqual(before);
  });

  test('a newer completion takes the place of the older', () => {
    const m = endpoint();
    m.dma(0x1000, { kind: 'request' });
    expect(held(m)).toHaveLength(4);
  });

  test('privileged and unprivileged requests of a PASID are kept apart (13.7)', () => {
    const m = endpoint();
    m.dma(0x1000, { kind: 'request', ssid: 1, privileged: true });
    expect(held(m).filter(([ssid, address]) => ssid === 1 && address === 0x1000)).toHaveLength(2);
  });

  test('invalidating the TLB leaves what the endpoint holds (3.9.1)', () => {
    const m = endpoint();
    m.run(['CMD_TLBI_NSNH_ALL'], ['CMD_SYNC']);
    expect(m.smmu.tlb.size).toBe(0);
    expect(held(m)).toHaveLength(4);
  });
});

describe('CMD_ATC_INV', () => {
  test.each([
    [
      'a page without PASID',
      { Address: 0x1000 },
      [
        [1, 0x1000],
        [1, 0x2000],
        [2, 0x40000000],
      ],
    ],
    [
      'a page of one PASID',
      { Address: 0x1000, SSV: 1, SubstreamID: 1 },
      [
        [-1, 0x1000],
        [1, 0x2000],
        [2, 0x40000000],
      ],
    ],
    [
      'another page',
      { Address: 0x3000, SSV: 1, SubstreamID: 1 },
      [
        [-1, 0x1000],
        [1, 0x1000],
        [1, 0x2000],
        [2, 0x40000000],
      ],
    ],
    [
      'Size spans an aligned range',
      { Address: 0x3000, Size: 2, SSV: 1, SubstreamID: 1 },
      [
        [-1, 0x1000],
        [2, 0x40000000],
      ],
    ],
    [
      'a page within a block',
      { Address: 0x40100000, SSV: 1, SubstreamID: 2 },
      [
        [-1, 0x1000],
        [1, 0x1000],
        [1, 0x2000],
      ],
    ],
    [
      'Global with SSV=1: every PASID',
      { Address: 0x1000, SSV: 1, SubstreamID: 3, Global: 1 },
      [
        [-1, 0x1000],
        [1, 0x2000],
        [2, 0x40000000],
      ],
    ],
    [
      'Global with SSV=0 is ignored',
      { Address: 0x1000, Global: 1 },
      [
        [1, 0x1000],
        [1, 0x2000],
        [2, 0x40000000],
      ],
    ],
    [
      'Size=52 is everything',
      { Size: 52, SSV: 1, SubstreamID: 1 },
      [
        [-1, 0x1000],
        [2, 0x40000000],
      ],
    ],
  ] as const)('%s', (_, values, left) => {
    const m = endpoint();
    invalidate(m, values);
    expect(held(m)).toEqual(left);
  });

  test('another StreamID has nothing of it', () => {
    const m = endpoint();
    m.run(['CMD_ATC_INV', { StreamID: SID + 1, Size: 52 }]);
    expect(held(m)).toHaveLength(4);
  });

  test('is ignored while SMMUEN=0 (4.5.1)', () => {
    const m = endpoint();
    m.write('CR0', 0xc);
    m.smmu.traffic.atc.setAnswers('ns', SID, false);
    m.run(['CMD_ATC_INV', { StreamID: SID, Size: 52 }], ['CMD_SYNC']);
    expect(held(m)).toHaveLength(4);
    expect(m.read('GERROR')).toBe(0);
  });

  test('is undone exactly', () => {
    const m = endpoint();
    const journal = new Journal();
    const before = held(m);
    m.run(); // the queue is empty: PROD stays
    m.store(0x40800000, Uint32Array.of(0x40, SID, 0x34, 0));
    m.set({ CMDQ_PROD: 1 });
    const next = m.smmu.nextCommand('ns');
    if (!('operation' in next)) throw new Error(next.idle);
    m.smmu.commit(m.smmu.plan(next.operation).effects, journal);
    expect(held(m)).toHaveLength(3);
    journal.undo(m.smmu, 0);
    expect(held(m)).toEqual(before);
  });
});

describe('an endpoint that does not answer (3.9.1.4)', () => {
  /** Its invalidation is sent, and the CMD_SYNC behind it has failed. */
  function failed(): TestSmmu {
    const m = endpoint();
    m.smmu.traffic.atc.setAnswers('ns', SID, false);
    m.run(['CMD_ATC_INV', { StreamID: SID, Size: 52 }], ['CMD_SYNC', { CS: 1 }]);
    return m;
  }

  test('Q-CMD-ATC: CERROR_ATC_INV_SYNC at the CMD_SYNC, and RD stays there', () => {
    const m = failed();
    expect(m.read('CMDQ_CONS')).toBe((ATC_INV_SYNC << 24) | 1);
    expect(m.read('GERROR') & CMDQ_ERR).toBe(CMDQ_ERR);
    expect(held(m)).toHaveLength(4);
  });

  test('Q-CMD-ATC: acknowledged, the CMD_SYNC is tried again: it fails until the endpoint answers', () => {
    const m = failed();
    m.write('GERRORN', CMDQ_ERR);
    m.smmu.runCommands('ns');
    expect(m.read('GERROR') & CMDQ_ERR).toBe(0);
    expect(m.read('CMDQ_CONS')).toBe((ATC_INV_SYNC << 24) | 1);
    m.smmu.traffic.atc.setAnswers('ns', SID, true);
    m.write('GERRORN', 0);
    m.smmu.runCommands('ns');
    expect(m.read('CMDQ_CONS') & 0xfffff).toBe(2);
    expect(held(m).filter(([ssid]) => ssid < 0)).toEqual([]);
  });

  test('no completion is signalled by a CMD_SYNC that fails (4.7.3)', () => {
    const m = endpoint();
    m.smmu.traffic.atc.setAnswers('ns', SID, false);
    m.run(['CMD_ATC_INV', { StreamID: SID, Size: 52 }]);
    m.store(0x40800010, Uint32Array.of(0x1046, 0, 0, 0));
    m.set({ CMDQ_PROD: 2 });
    const next = m.smmu.nextCommand('ns');
    if (!('operation' in next)) throw new Error(next.idle);
    const plan = m.smmu.plan(next.operation);
    expect(plan.outcome).toMatchObject({
      result: 'command-error',
      cerror: ATC_INV_SYNC,
      command: 'CMD_SYNC',
    });
    expect(plan.effects.filter(({ kind }) => kind === 'signal')).toEqual([]);
  });
});
