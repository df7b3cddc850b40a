import { describe, expect, test } from 'vitest';
import { pageOf } from '../../src/model/caches/page-map.ts';
import type { BroadcastMessage, Plan } from '../../src/model/plan.ts';
import type { BroadcastName } from '../../src/spec/broadcast.ts';
import { type Registers, SID, TestSmmu, type Values } from '../kit/smmu.ts';
import { LEAF, map } from '../kit/tables.ts';

const BTM: Registers = { 'IDR0.BTM': 1, 'CR2.PTM': 0 };

/** Four streams: ASID 1 and 2 of VMID 0, ASID 1 of VMID 1, and one of ASID 1 whose ASET is the test's. */
function filled(registers: Registers = {}, ste: Values = {}, aset = 0): TestSmmu {
  const m = new TestSmmu({ registers: { ...BTM, ...registers } });
  const stream = (i: number, asid: number, vmid: number, ASET: number): void => {
    const cd = 0x40400000 + i * 0x1000;
    m.ste({ S1ContextPtr: cd, S2VMID: vmid, ...ste }, SID + i);
    m.cd({ ASID: asid, ASET }, cd);
  };
  stream(0, 1, 0, aset);
  stream(1, 2, 0, aset);
  stream(2, 1, 1, aset);
  map(m, { iova: 0x1000n, pa: 0x10001000n });
  map(m, { iova: 0x2000n, pa: 0x10002000n, attributes: LEAF.AF | LEAF.USER });
  for (const i of [0, 1, 2]) {
    m.dma(0x1000, {}, SID + i);
    m.dma(0x2000, {}, SID + i);
  }
  return m;
}

function tell(m: TestSmmu, name: BroadcastName, some: Partial<BroadcastMessage> = {}): Plan {
  const message: BroadcastMessage = {
    world: 'ns',
    name,
    e2h: false,
    vmid: 0,
    asid: 1,
    addressHi: 0,
    addressLo: 0x1000,
    ...some,
  };
  const plan = m.smmu.plan({ kind: 'broadcast-tlbi', message });
  m.smmu.commit(plan.effects);
  return plan;
}

/** What is left: `asid/vmid/page`, `g` where the page is global. */
const left = (m: TestSmmu): string[] =>
  m.smmu.tlb
    .entries()
    .map((e) => `${e.space.tag.asid}/${e.space.tag.vmid}/${pageOf(e)}${e.global ? 'g' : ''}`)
    .sort();

const ALL = ['1/0/1', '1/0/2g', '1/1/1', '1/1/2g', '2/0/1', '2/0/2g'];
const without = (...gone: string[]): string[] => ALL.filter((entry) => !gone.includes(entry));

describe('a broadcast TLB invalidation (3.17)', () => {
  test.each([
    ['ALLE1', {}, []],
    ['VMALLE1', {}, ['1/1/1', '1/1/2g']],
    ['VMALLS12E1', { vmid: 1 }, without('1/1/1', '1/1/2g')],
    ['VAE1', {}, without('1/0/1')],
    ['VALE1', { addressLo: 0x2000, asid: 2 }, without('1/0/2g', '2/0/2g')],
    ['VAAE1', {}, without('1/0/1', '2/0/1')],
    ['VAALE1', { addressLo: 0x2000 }, without('1/0/2g', '2/0/2g')],
    ['IPAS2E1', {}, ALL],
    ['ALLE2', {}, ALL],
  ] as const)('%s %j acts as the command of its scope', (name, some, wanted) => {
    const m = filled();
    expect(left(m)).toEqual(ALL);
    expect(tell(m, name, some).outcome.result).toBe('ok');
    expect(left(m)).toEqual(wanted);
  });

  test('ASIDE1 takes the non-global entries of its ASID', () => {
    const m = filled();
    tell(m, 'ASIDE1');
    expect(left(m).filter((entry) => !entry.endsWith('g'))).toEqual(['1/1/1', '2/0/1']);
  });

  test('IDR0.BTM=0: the SMMU takes no part, and says so', () => {
    const m = filled({ 'IDR0.BTM': 0 });
    const plan = tell(m, 'ALLE1');
    expect(plan.outcome.result).toBe('idle');
    expect(plan.steps.at(-1)?.text).toContain('IDR0.BTM=0');
    expect(left(m)).toEqual(ALL);
  });

  test('CR2.PTM=1: ignored', () => {
    const m = filled({ 'CR2.PTM': 1 });
    expect(tell(m, 'ALLE1').outcome.result).toBe('idle');
    expect(left(m)).toEqual(ALL);
  });

  test.each(['VAE1', 'VALE1', 'ASIDE1'] as const)('%s spares CD.ASET=1 (16.7.7)', (name) => {
    const m = filled({}, {}, 1);
    tell(m, name);
    expect(left(m)).toEqual(ALL);
  });

  test.each(['VAAE1', 'VMALLE1', 'ALLE1'] as const)('%s does not spare CD.ASET=1', (name) => {
    const m = filled({}, {}, 1);
    tell(m, name);
    expect(left(m)).not.toContain('1/0/1');
  });

  test('a command takes entries of either ASET', () => {
    const m = filled({}, {}, 1);
    m.run(['CMD_TLBI_NH_VA', { ASID: 1, VMID: 0, Address: 0x1000 }]);
    expect(left(m)).toEqual(without('1/0/1'));
  });

  test('CR0.VMW leaves low bits of the VMID out (3.17.6)', () => {
    const m = filled({ 'CR0.VMW': 1 });
    tell(m, 'VMALLE1', { vmid: 1 });
    expect(left(m)).toEqual([]);
  });

  test('an SMMU with 8-bit ASIDs and VMIDs need not match what has more (3.17.4)', () => {
    const m = filled({ 'IDR0.ASID16': 0, 'IDR0.VMID16': 0 });
    tell(m, 'ASIDE1', { asid: 0x101 });
    tell(m, 'VMALLE1', { vmid: 0x100 });
    expect(left(m)).toEqual(ALL);
    tell(m, 'ASIDE1');
    expect(left(m)).not.toContain('1/0/1');
  });

  test('VMALLS12E1 without stage 2 acts on stage 1 (3.17)', () => {
    const m = filled({ 'IDR0.S2P': 0 });
    expect(tell(m, 'VMALLS12E1').outcome.result).toBe('ok');
    expect(left(m)).toEqual([]);
  });

  test.each(['ALLE1', 'VMALLS12E1'] as const)(
    '%s of Secure state without S_IDR1.SEL2 acts on stage 1 (3.17.2)',
    (name) => {
      const m = new TestSmmu({
        worlds: 'secure',
        registers: { 'IDR0.BTM': 1, 'S_CR2.PTM': 0, 'S_IDR1.SEL2': 0 },
      });
      for (const world of ['ns', 's'] as const) {
        const own = m.in(world);
        own.ste();
        own.cd();
        map(own, { iova: 0x1000n, pa: 0x10001000n });
        own.dma(0x1000);
      }
      expect(tell(m, name, { world: 's' }).outcome.result).toBe('ok');
      expect(m.smmu.tlb.entries().map(({ space }) => space.tag.world)).toEqual(['ns']);
    },
  );

  test('what the SMMU does not implement is ignored', () => {
    const m = filled({ 'IDR0.Hyp': 0 });
    expect(tell(m, 'ALLE2').outcome.result).toBe('idle');
    expect(tell(m, 'ALLE3').outcome.result).toBe('idle');
    expect(left(m)).toEqual(ALL);
  });
});

describe('EL2 (3.17.5)', () => {
  const E2H: Registers = { 'CR2.E2H': 1 };

  test('a PE without E2H leaves entries of EL2 with E2H, and the other way round', () => {
    const el2 = filled({}, { STRW: 2 });
    const size = el2.smmu.tlb.size;
    tell(el2, 'ALLE2', { e2h: true });
    expect(el2.smmu.tlb.size).toBe(size);
    tell(el2, 'ALLE2');
    expect(el2.smmu.tlb.size).toBe(0);
    const host = filled(E2H, { STRW: 2 });
    tell(host, 'ALLE2');
    expect(host.smmu.tlb.size).toBeGreaterThan(0);
    tell(host, 'ALLE2', { e2h: true });
    expect(host.smmu.tlb.size).toBe(0);
  });

  test('with E2H an ASID counts', () => {
    const m = filled(E2H, { STRW: 2 });
    tell(m, 'ASIDE2', { e2h: true });
    expect(left(m)).not.toContain('1/-1/1');
    expect(left(m)).toContain('2/-1/1');
  });

  test('ASET=1 is spared by address without E2H; by address in every ASID only there', () => {
    const el2 = filled({}, { STRW: 2 }, 1);
    const size = el2.smmu.tlb.size;
    tell(el2, 'VAE2');
    tell(el2, 'VAAE2');
    expect(el2.smmu.tlb.size).toBe(size);
    const host = filled(E2H, { STRW: 2 }, 1);
    tell(host, 'VAE2', { e2h: true });
    expect(left(host)).toContain('1/-1/1');
    tell(host, 'VAAE2', { e2h: true });
    expect(left(host)).not.toContain('1/-1/1');
  });
});
