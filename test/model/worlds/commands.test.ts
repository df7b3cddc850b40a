/** Commands of the Secure and of the Realm queue (IHI 0070 3.10.2, 4.1.6, 4.3 to 4.7). */

import { describe, expect, test } from 'vitest';
import { type Registers, SID, TestSmmu } from '../../kit/smmu.ts';
import { mapStage2, S2_STE } from '../../kit/stage2.ts';
import { IOVA, isStopped, PA, withStream, worldTests } from './case.ts';
import { COMMAND_WORLD_CASES, configured, translated, warm } from './cases-commands.ts';

const machine = (registers: Registers = {}): TestSmmu => new TestSmmu({ worlds: 'rme', registers });

describe('statements', () => worldTests(COMMAND_WORLD_CASES));

test('SSec of the Secure queue chooses the stream, and a range does so as well', () => {
  for (const SSec of [0, 1]) {
    const m = warm(machine());
    m.in('s').run(['CMD_CFGI_STE_RANGE', { SSec, Range: 31 }]);
    expect(configured(m)).toEqual([SSec === 1 ? 'ns' : 's', 'realm']);
    expect(isStopped(m, 'S_')).toBe(false);
  }
});

test('invalidations of the Realm and the Secure queue leave the others alone', () => {
  const m = warm(machine());
  m.in('s').run(['CMD_TLBI_SNH_ALL']);
  expect(translated(m)).toEqual(['ns', 'realm']);
  m.in('realm').run(['CMD_TLBI_NH_ALL', { VMID: 0 }]);
  expect(translated(m)).toEqual(['ns']);
});

test.each(['combined', 'maximal'] as const)(
  'policy %s drops what a Secure queue names of Non-secure streams',
  (caches) => {
    const m = warm(new TestSmmu({ worlds: 'rme', caches }));
    const { structures, config } = m.smmu;
    const held = (): number =>
      structures.ofStream('ns', SID).length + (config.find('ns', SID) === null ? 0 : 1);
    expect(held()).toBeGreaterThan(0);
    m.in('s').run(['CMD_CFGI_STE', { StreamID: SID }], ['CMD_TLBI_NSNH_ALL'], ['CMD_SYNC']);
    expect(held()).toBe(0);
    expect(translated(m)).toEqual(['s', 'realm']);
  },
);

describe('the Non-secure registers count for Non-secure entries, whichever queue the command comes from', () => {
  test('VMW', () => {
    const left = (registers: Registers): number => {
      const m = machine(registers);
      m.ste({ ...S2_STE, S2VMID: 0x13 });
      mapStage2(m, { ipa: BigInt(IOVA), pa: BigInt(PA) });
      m.dma(IOVA);
      m.in('s').run(['CMD_TLBI_S12_VMALL', { VMID: 0x10 }]);
      return m.smmu.tlb.size;
    };
    expect(left({ 'CR0.VMW': 4 })).toBe(0);
    expect(left({ 'S_CR0.VMW': 4 })).toBe(1);
  });

  test('E2H', () => {
    const left = (registers: Registers): number => {
      const m = machine({ 'CR2.E2H': 1, ...registers });
      withStream(m, 'ns', {}, { STRW: 2 }).dma(IOVA);
      m.in('s').run(['CMD_TLBI_EL2_VA', { ASID: 1, Address: IOVA }]);
      return m.smmu.tlb.size;
    };
    expect(left({})).toBe(0);
    expect(left({ 'S_CR2.E2H': 1 })).toBe(0);
  });
});

test('commands of EL3 exist without RME only', () => {
  for (const worlds of ['secure', 'rme'] as const) {
    const m = new TestSmmu({ worlds });
    m.in('s').run(['CMD_TLBI_EL3_ALL']);
    expect(isStopped(m, 'S_')).toBe(worlds === 'rme');
  }
});

test('commands of Secure EL2 need S_IDR1.SEL2', () => {
  for (const SEL2 of [0, 1]) {
    const m = new TestSmmu({ worlds: 'secure', registers: { 'S_IDR1.SEL2': SEL2 } });
    m.in('s').run(['CMD_TLBI_S_EL2_ALL']);
    expect(isStopped(m, 'S_')).toBe(SEL2 === 0);
  }
});

describe('what the Secure queue may tell endpoints and device permissions of Non-secure state', () => {
  const COMMANDS = [
    ['CMD_ATC_INV', { StreamID: SID, Size: 52 }],
    ['CMD_PRI_RESP', { StreamID: SID }],
    ['CMD_DPTI_ALL', {}],
  ] as const;

  test.each(COMMANDS)('%s is legal unless S_IDR3.SAMS', (name, values) => {
    for (const SAMS of [0, 1]) {
      const m = machine({ 'IDR3.DPT': 1, 'S_IDR3.SAMS': SAMS });
      m.in('s').run([name, values]);
      expect(isStopped(m, 'S_')).toBe(SAMS === 1);
    }
  });

  test('CMD_ATC_INV acts on the Non-secure endpoint', () => {
    const m = machine();
    withStream(m, 'ns', {}, { EATS: 1 }).dma(IOVA, { kind: 'request' });
    expect(m.smmu.traffic.atc.entries()).toHaveLength(1);
    m.in('s').run(['CMD_ATC_INV', { StreamID: SID, Size: 52 }]);
    expect(m.smmu.traffic.atc.entries()).toEqual([]);
  });

  test('CMD_DPTI_ALL acts on the Non-secure table, that of the Realm queue on the Realm one', () => {
    const m = machine({ 'IDR3.DPT': 1, 'R_IDR3.DPT': 1 });
    const entry = { page: 0x40000, shift: 12, access: 3, write: true, vmid: 0, source: 'walk' } as const;
    for (const world of ['ns', 'realm'] as const) m.smmu.dpt.insert({ world, ...entry });
    const left = (): number[] => (['ns', 'realm'] as const).map((world) => m.smmu.dpt.entries(world).length);
    m.in('s').run(['CMD_DPTI_ALL']);
    expect(left()).toEqual([0, 1]);
    m.in('realm').run(['CMD_DPTI_ALL']);
    expect(left()).toEqual([0, 0]);
  });
});

test('CMD_RESUME of the Secure queue ends the stall of the stream that SSec means', () => {
  const m = machine();
  for (const world of ['ns', 's'] as const) withStream(m, world, { S: 1 }).dma(0x1000);
  const left = (): string[] => m.smmu.traffic.stalls.entries().map(({ transaction }) => transaction.world);
  expect(left()).toEqual(['ns', 's']);
  m.in('s').run(['CMD_STALL_TERM', { SSec: 0, StreamID: SID }]);
  expect(left()).toEqual(['s']);
  m.in('s').run(['CMD_RESUME', { SSec: 1, StreamID: SID, STAG: 1, Ab: 1 }]);
  expect(left()).toEqual([]);
});

test('a broadcast invalidation acts on the entries of its state, unless the state has PTM set', () => {
  const broadcast = (m: TestSmmu, world: 'ns' | 's' | 'realm'): void => {
    const address = { addressHi: 0, addressLo: IOVA >>> 12 };
    const message = { world, name: 'VMALLE1', e2h: false, vmid: 0, asid: 0, ...address } as const;
    m.smmu.commit(m.smmu.plan({ kind: 'broadcast-tlbi', message }).effects);
  };
  const m = warm(machine({ 'IDR0.BTM': 1, 'R_CR2.PTM': 1 }));
  broadcast(m, 's');
  expect(translated(m)).toEqual(['ns', 'realm']);
  broadcast(m, 'realm');
  expect(translated(m)).toEqual(['ns', 'realm']);
  broadcast(m, 'ns');
  expect(translated(m)).toEqual(['realm']);
});

describe('CMD_CFGI_VMS_PIDM is illegal for a state that has no VMS (4.3.5, 5.6.1)', () => {
  const MPAM = { 'IDR3.MPAM': 1, 'MPAMIDR.PARTID_MAX': 63, 'S_MPAMIDR.PARTID_MAX': 63 };

  test.each([
    ['ns', 0, {}, false],
    ['ns', 0, { 'MPAMIDR.PARTID_MAX': 0 }, true],
    ['s', 0, {}, false],
    ['s', 0, { 'MPAMIDR.PARTID_MAX': 0 }, true],
    ['s', 1, { 'MPAMIDR.PARTID_MAX': 0 }, false],
    ['s', 1, {}, false],
    ['s', 1, { 'S_IDR1.SEL2': 0 }, true],
    ['s', 1, { 'S_MPAMIDR.PARTID_MAX': 0 }, true],
    ['s', 1, { 'S_MPAMIDR.PARTID_MAX': 0, 'S_MPAMIDR.HAS_MPAM_NS': 1 }, false],
    ['s', 0, { 'S_IDR1.SEL2': 0 }, false],
  ] as const)('on the %s queue with SSec=%i and %j', (world, SSec, registers, illegal) => {
    const m = new TestSmmu({ worlds: 'secure', registers: { ...MPAM, ...registers } });
    m.in(world).run(['CMD_CFGI_VMS_PIDM', { SSec, VMID: 7 }]);
    expect(isStopped(m, world === 's' ? 'S_' : '')).toBe(illegal);
  });
});
