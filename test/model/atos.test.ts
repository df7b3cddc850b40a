import { describe, expect, test } from 'vitest';
import { type AtosRequest, type AtosResult, runAtos } from '../../src/model/atos.ts';
import type { Fault } from '../../src/model/plan.ts';
import { translateTraffic } from '../../src/model/traffic.ts';
import type { EventName } from '../../src/spec/events.ts';
import { NOWHERE, type Registers, SID, TestSmmu, type Values } from '../kit/smmu.ts';
import { identity, mapStage2, NESTED_STE, S2_STE } from '../kit/stage2.ts';
import { LEAF, map } from '../kit/tables.ts';

const ATOS: Registers = { 'IDR0.ATOS': 1 };
const INV_REQ = 0xff;
const INV_STAGE = 0xfe;
const INTERNAL_ERR = 0xfd;

const REQUEST: AtosRequest = {
  world: 'ns',
  sid: SID,
  ssid: -1,
  addressHi: 0,
  addressLo: 0x1234,
  type: 1,
  pnu: false,
  rnw: true,
  ind: false,
  httui: false,
};

function machine(ste: Values = {}, registers: Registers = {}): TestSmmu {
  const m = new TestSmmu({ registers: { ...ATOS, ...registers } });
  m.ste({ ...S2_STE, Config: 5, ...ste });
  m.cd();
  map(m, { iova: 0x1000n, pa: 0x10000000n });
  return m;
}

const run = (m: TestSmmu, some: Partial<AtosRequest> = {}): AtosResult =>
  runAtos(m.smmu, m.smmu.state('ns'), { ...REQUEST, ...some }, translateTraffic);

/** ADDR of a PAR with FAULT=0. */
const addressOf = ({ parHi, parLo }: AtosResult): number =>
  (parHi & 0xffffff) * 2 ** 32 + ((parLo & 0xfffff000) >>> 0);

/** What a PAR with FAULT=1 says, by the bits of 6.3.40. */
function faultOf({ parHi, parLo }: AtosResult) {
  return {
    fault: parLo & 1,
    reason: (parLo >>> 1) & 3,
    code: (parLo >>> 4) & 0xff,
    address: (parHi & 0xffffff) * 2 ** 32 + ((parLo & 0xfffff000) >>> 0),
  };
}

/** What an operation says of a fault that the translation is made to end in. */
function ofFault(type: number, fault: Partial<Fault> & { event: EventName }, world: 'ns' | 's' = 'ns') {
  const m = machine();
  const result = runAtos(m.smmu, m.smmu.state('ns'), { ...REQUEST, type, world }, (_m, _s, _t, answer) => {
    answer.fail({
      reason: 'made for a test',
      rule: 'test',
      stage: 0,
      level: 0,
      class: 2,
      fetchAddr: 0,
      ...fault,
    });
  });
  return { ...faultOf(result), nsipa: (result.parLo >>> 3) & 1 };
}

describe('an operation that succeeds', () => {
  test('gives the address of the page, with FAULT=0 and Size=0 for 4 KiB', () => {
    const result = run(machine());
    expect(result.result).toBe('ok');
    expect([addressOf(result), result.parLo & 0x801]).toEqual([0x10000000, 0]);
  });

  test.each([
    [21, 2n, 0x100000],
    [30, 1n, 0x20000000],
  ])('a block of 2^%i bytes sets Size and the bit below its size', (shift, level, bit) => {
    const m = machine();
    map(m, { iova: 0x40000000n, pa: 0x80000000n, level });
    const result = run(m, { addressLo: 0x40000000 + 0x5000 });
    expect(result.parLo & 0x800).toBe(0x800);
    expect((result.parLo & 0xfffff000) >>> 0).toBe(0x80000000 + bit);
    expect(bit).toBe(2 ** (shift - 1));
  });

  test('ATTR and SH are those of the translation; Device is Outer Shareable (9.1.4)', () => {
    const m = machine();
    const par = (attributes: number) => {
      const { parHi, parLo } = runAtos(m.smmu, m.smmu.state('ns'), REQUEST, (_m, _s, _t, answer) => {
        answer.pa = 0x5000;
        answer.shift = 12;
        answer.attributes = attributes;
      });
      return [parHi >>> 24, (parLo >>> 8) & 3];
    };
    expect(par(0x3ff)).toEqual([0xff, 3]);
    expect(par(0x044)).toEqual([0x44, 0]);
    expect(par(0x004)).toEqual([0x04, 2]);
  });

  test('records nothing and changes nothing', () => {
    const m = machine();
    run(m);
    run(m, { addressLo: 0x9000 });
    expect(m.events()).toEqual([]);
    expect(m.smmu.tlb.size + m.smmu.config.size).toBe(0);
  });

  test('STE.INSTCFG and PRIVCFG do not apply (9.1.3)', () => {
    const m = machine({ PRIVCFG: 3, INSTCFG: 3 });
    map(m, { iova: 0x3000n, pa: 0x10003000n, attributes: LEAF.AF | LEAF.nG | LEAF.UXN | LEAF.PXN });
    expect(faultOf(run(m, { addressLo: 0x3000 }))).toMatchObject({ fault: 1, code: 0x13 });
    expect(run(m, { addressLo: 0x3000, pnu: true }).result).toBe('ok');
    expect(faultOf(run(m, { addressLo: 0x3000, pnu: true, ind: true })).code).toBe(0x13);
  });

  test('InD does not count for a write', () => {
    const m = machine();
    map(m, { iova: 0x3000n, pa: 0x10003000n, attributes: LEAF.AF | LEAF.nG | LEAF.USER | LEAF.UXN });
    expect(run(m, { addressLo: 0x3000, rnw: false, ind: true }).result).toBe('ok');
  });

  test('S1DSS=1 without SubstreamID: the input address (9.1.3)', () => {
    const m = machine({ S1CDMax: 1, S1DSS: 1 });
    const result = run(m, { addressLo: 0x7654321 });
    expect(addressOf(result)).toBe(0x7654000);
  });
});

describe('an invocation that is wrong', () => {
  test.each([
    ['TYPE=0', { type: 0 }, {}],
    ['stage 1 where there is none', { type: 1 }, { 'IDR0.S1P': 0 }],
    ['stage 2 where there is none', { type: 2 }, { 'IDR0.S2P': 0 }],
    ['both where one is missing', { type: 3 }, { 'IDR0.S2P': 0 }],
    ['a SubstreamID with stage 2 alone', { type: 2, ssid: 1 }, {}],
    ['VATOS with stage 2', { type: 2, vmid: 0 }, {}],
    ['VATOS with both stages', { type: 3, vmid: 0 }, {}],
  ] as const)('%s is INV_REQ, whatever the STE holds', (_, request, registers) => {
    const m = machine({ V: 0 }, registers);
    expect(faultOf(run(m, request))).toEqual({ fault: 1, reason: 0, code: INV_REQ, address: 0 });
  });

  test.each([
    ['a stage-1 stream, stage 2', {}, 2],
    ['a stage-1 stream, both', {}, 3],
    ['a stage-2 stream, stage 1', { Config: 6 }, 1],
    ['a stage-2 stream, both', { Config: 6 }, 3],
    ['bypass', { Config: 4 }, 1],
    ['abort', { Config: 0 }, 1],
  ])('%s is INV_STAGE', (_, ste, type) => {
    expect(faultOf(run(machine(ste), { type }))).toEqual({
      fault: 1,
      reason: 0,
      code: INV_STAGE,
      address: 0,
    });
  });

  test('S1DSS=1 is no INV_STAGE', () => {
    expect(run(machine({ S1CDMax: 1, S1DSS: 1 })).result).toBe('ok');
  });

  test('INV_STAGE comes after C_BAD_STE and before C_BAD_SUBSTREAMID (9.1.5)', () => {
    expect(faultOf(run(machine({ V: 0 }), { type: 2 })).code).toBe(0x04);
    expect(faultOf(run(machine(), { type: 3, ssid: 5 })).code).toBe(INV_STAGE);
    expect(faultOf(run(machine(), { type: 1, ssid: 5 })).code).toBe(0x08);
  });

  test('SMMUEN=0 is INTERNAL_ERR', () => {
    expect(faultOf(run(machine({}, { 'CR0.SMMUEN': 0 }))).code).toBe(INTERNAL_ERR);
  });
});

describe('VATOS (9.1.6)', () => {
  test('answers for the VMID of VATOS_SEL only; another is C_BAD_STE', () => {
    const m = machine({ S2VMID: 7 });
    expect(run(m, { vmid: 7 }).result).toBe('ok');
    expect(faultOf(run(m, { vmid: 8 })).code).toBe(0x04);
  });

  test.each([
    ['EL2', { STRW: 2, S2VMID: 7 }],
    ['bypass', { Config: 4, S2VMID: 7 }],
    ['abort', { Config: 0, S2VMID: 7 }],
  ])('%s has no VMID: C_BAD_STE', (_, ste) => {
    expect(faultOf(run(machine(ste), { vmid: 7 })).code).toBe(0x04);
  });

  test('stage 2 alone is INV_STAGE', () => {
    expect(faultOf(run(machine({ Config: 6, S2VMID: 7 }), { vmid: 7 })).code).toBe(INV_STAGE);
  });
});

describe('a translation that fails', () => {
  test.each([
    ['C_BAD_STREAMID', 0x02, { sid: 0x1000 }, (_: TestSmmu): void => undefined],
    ['F_STE_FETCH', 0x03, {}, (m: TestSmmu): void => m.set({ 'STRTAB_BASE.ADDR': NOWHERE })],
    ['C_BAD_STE', 0x04, {}, (m: TestSmmu): void => m.ste({ V: 0 })],
    ['F_STREAM_DISABLED', 0x06, {}, (m: TestSmmu): void => m.ste({ S1CDMax: 1 })],
    ['C_BAD_SUBSTREAMID', 0x08, { ssid: 1 }, (_: TestSmmu): void => undefined],
    ['F_CD_FETCH', 0x09, {}, (m: TestSmmu): void => m.ste({ S1ContextPtr: NOWHERE })],
    ['C_BAD_CD', 0x0a, {}, (m: TestSmmu): void => m.cd({ V: 0 })],
    ['F_WALK_EABT', 0x0b, {}, (m: TestSmmu): void => m.cd({ TTB0: NOWHERE })],
    ['F_TRANSLATION', 0x10, { addressLo: 0x9000 }, (_: TestSmmu): void => undefined],
    ['F_ADDR_SIZE', 0x11, { addressLo: 0x4000 }, tooLarge],
    ['F_ACCESS', 0x12, { addressLo: 0x4000 }, (m: TestSmmu): void => leaf(m, LEAF.nG | LEAF.USER)],
    ['F_PERMISSION', 0x13, { addressLo: 0x4000 }, (m: TestSmmu): void => leaf(m, LEAF.nG | LEAF.AF)],
  ] as const)('%s: its number, REASON=0, no address', (_, code, request, arrange) => {
    const m = machine();
    arrange(m);
    expect(faultOf(run(m, request))).toEqual({ fault: 1, reason: 0, code, address: 0 });
    expect(m.events()).toEqual([]);
  });

  test('CD.A and CD.S do not matter', () => {
    const m = machine();
    m.cd({ A: 0, R: 0, S: 1 });
    expect(faultOf(run(m, { addressLo: 0x9000 })).code).toBe(0x10);
    expect(m.smmu.traffic.stalls.size).toBe(0);
  });
});

function leaf(m: TestSmmu, attributes: bigint): void {
  map(m, { iova: 0x4000n, pa: 0x10004000n, attributes });
}

function tooLarge(m: TestSmmu): void {
  m.cd({ IPS: 0 });
  map(m, { iova: 0x4000n, pa: 0x110004000n });
}

describe('REASON and FADDR of stage 2 (the table of 9.1.4)', () => {
  const s2 = { stage: 2, ipa: 0x12345678000 } as const;
  const TRF = ['F_TRANSLATION', 'F_ADDR_SIZE', 'F_ACCESS', 'F_PERMISSION'] as const;

  test('TYPE=1: a fault of stage 2 looks like an abort of the fetch', () => {
    for (const event of [...TRF, 'F_WALK_EABT'] as const) {
      expect(ofFault(1, { ...s2, event, class: 0 })).toMatchObject({ code: 0x09, reason: 0, address: 0 });
      expect(ofFault(1, { ...s2, event, class: 1 })).toMatchObject({ code: 0x0b, reason: 0, address: 0 });
    }
  });

  test('TYPE=2: stage 2 is IN without an address; an input beyond IAS is of stage 1', () => {
    expect(ofFault(2, { ...s2, event: 'F_TRANSLATION' })).toMatchObject({
      code: 0x10,
      reason: 3,
      address: 0,
    });
    expect(ofFault(2, { ...s2, event: 'F_ADDR_SIZE' })).toMatchObject({ code: 0x11, reason: 3, address: 0 });
    expect(ofFault(2, { ...s2, event: 'F_WALK_EABT' })).toMatchObject({ code: 0x0b, reason: 3, address: 0 });
    expect(ofFault(2, { stage: 1, event: 'F_ADDR_SIZE' })).toMatchObject({
      code: 0x11,
      reason: 0,
      address: 0,
    });
  });

  test.each([
    [0, 1],
    [1, 2],
    [2, 3],
  ] as const)('TYPE=3, CLASS=%i: REASON=%i and the IPA of translation faults', (cls, reason) => {
    for (const event of TRF) {
      expect(ofFault(3, { ...s2, event, class: cls })).toMatchObject({ reason, address: 0x12345678000 });
    }
    expect(ofFault(3, { ...s2, event: 'F_WALK_EABT', class: cls })).toMatchObject({ reason, address: 0 });
  });

  test('TYPE=3: stage 1 and all else is REASON=0', () => {
    for (const event of [...TRF, 'F_WALK_EABT', 'F_CD_FETCH', 'C_BAD_CD', 'F_TLB_CONFLICT'] as const) {
      expect(ofFault(3, { stage: 1, event })).toMatchObject({ reason: 0, address: 0 });
    }
  });

  test('NSIPA tells the space of the IPA on Secure streams', () => {
    const of = (ipaNs: boolean) => ofFault(3, { ...s2, event: 'F_ACCESS', ipaNs }, 's').nsipa;
    expect([of(true), of(false)]).toEqual([1, 0]);
    expect(ofFault(3, { ...s2, event: 'F_ACCESS', ipaNs: true }).nsipa).toBe(0);
  });
});

describe('an operation on a stream with both stages', () => {
  /** IPA 0x10000000 is at PA 0x20000000, and tables where they are. */
  function nested(): TestSmmu {
    const m = machine(NESTED_STE);
    identity(m);
    return m;
  }

  test('of stage 1 answers with the IPA, of both with the PA', () => {
    const m = machine({ ...NESTED_STE });
    mapStage2(m, { ipa: 0x10000000n, pa: 0x20000000n, level: 2n });
    mapStage2(m, { ipa: 0x40000000n, pa: 0x40000000n, level: 1n });
    expect(addressOf(run(m, { type: 1 }))).toBe(0x10000000);
    const both = run(m, { type: 3 });
    expect([both.result, addressOf(both)]).toEqual(['ok', 0x20000000]);
  });

  test('of stage 2 translates the address as an IPA, whatever the CD says', () => {
    const m = nested();
    m.cd({ V: 0 });
    const answered = run(m, { type: 2, addressLo: 0x40001000 });
    expect(addressOf(answered)).toBe(0x40000000 + 2 ** 29);
    expect(run(m, { type: 1 }).result).toBe('abort');
  });

  test('leaves the TLB alone where the answer is an IPA', () => {
    const m = nested();
    expect(run(m, { type: 1 }).answer?.fillTlb ?? null).toBeNull();
  });
});

describe('GATOS_CTRL.RUN', () => {
  /** The registers of a query of 0x1234 by stage 1. */
  const QUERY: Registers = { 'GATOS_SID.STREAMID': SID, GATOS_ADDR: 0x1000 | (1 << 10) | (1 << 8) };

  test('runs the operation at once and answers in GATOS_PAR', () => {
    const m = machine({}, QUERY);
    m.write('GATOS_CTRL', 1);
    expect([m.read('GATOS_PAR') & ~0xf00, m.read('GATOS_CTRL')]).toEqual([0x10000000, 0]);
  });

  test('a SubstreamID counts if SSID_VALID=1', () => {
    const m = machine({}, { ...QUERY, 'GATOS_SID.SSID_VALID': 1, 'GATOS_SID.SUBSTREAMID': 3 });
    m.write('GATOS_CTRL', 1);
    expect(m.read('GATOS_PAR')).toBe(0x81);
  });

  test.each([
    ['IDR0.ATOS=0', { 'IDR0.ATOS': 0 }],
    ['SMMUEN=0', { 'CR0.SMMUEN': 0 }],
    ['RUN=1', { 'GATOS_CTRL.RUN': 1 }],
  ])('is ignored with %s', (_, registers) => {
    const m = machine({}, { ...QUERY, ...registers });
    m.write('GATOS_CTRL', 1);
    expect(m.read('GATOS_PAR')).toBe(0);
  });
});
