import { describe, expect, test } from 'vitest';
import { Journal } from '../../src/model/effects.ts';
import type { Effect, PageRequest, Plan } from '../../src/model/plan.ts';
import { encodePageRequest, isStopMarker } from '../../src/model/queues/pri-queue.ts';
import { record } from '../kit/records.ts';
import { NOWHERE, type Registers, SID, TestSmmu, type Values } from '../kit/smmu.ts';

const PRIQ = 0x40a00000;
const OVFLG = 0x80000000;
const PRIQ_ABT_ERR = 1 << 3;
const SUCCESS = 0;
const INVALID = 1;
const FAILURE = 15;

/** A PRI queue of 4 entries. */
function paging(registers: Registers = {}): TestSmmu {
  const m = new TestSmmu({
    registers: {
      'PRIQ_BASE.ADDR': PRIQ,
      'PRIQ_BASE.LOG2SIZE': 2,
      'CR0.PRIQEN': 1,
      'CR0ACK.PRIQEN': 1,
      ...registers,
    },
  });
  m.ste({ EATS: 1 });
  return m;
}

const REQUEST: PageRequest = {
  world: 'ns',
  sid: SID,
  ssid: -1,
  addressHi: 0,
  addressLo: 0x1000,
  read: true,
  write: false,
  execute: false,
  privileged: false,
  last: true,
  prgIndex: 5,
};
/** Last=1, R=W=0, with a PASID. */
const MARKER: Partial<PageRequest> = { ssid: 9, read: false, write: false, last: true };

function page(m: TestSmmu, some: Partial<PageRequest> = {}, journal?: Journal): Plan {
  const plan = m.smmu.plan({ kind: 'page-request', request: { ...REQUEST, ...some } });
  m.smmu.commit(plan.effects, journal);
  return plan;
}

/** Entries between CONS and PROD. */
function entries(m: TestSmmu): number[][] {
  const found: number[][] = [];
  for (let i = m.read('PRIQ_CONS') % 8; i !== m.read('PRIQ_PROD') % 8; i = (i + 1) % 8) {
    found.push(m.words(PRIQ + (i % 4) * 16, 4));
  }
  return found;
}

/** Automatic responses: code, PASID. */
const responses = ({ effects }: Plan): (readonly [code: number, ssid: number])[] =>
  effects.flatMap((e: Effect) =>
    e.kind === 'signal' && e.to?.kind === 'page-response' ? [[e.to.code, e.to.ssid] as const] : [],
  );

const interrupts = ({ effects }: Plan): number =>
  effects.filter((e) => e.kind === 'signal' && e.what.includes('interrupt')).length;

function full(registers: Registers = {}): TestSmmu {
  const m = paging(registers);
  for (let i = 0; i < 4; i++) page(m, { last: false });
  return m;
}

describe('a page request', () => {
  test('is written as 16 bytes (8): StreamID, PASID and rights, group, address', () => {
    const m = paging();
    page(m, {
      ssid: 0xabcde,
      addressHi: 0x12345678,
      addressLo: 0x9abcdfff,
      write: true,
      execute: true,
      privileged: true,
      prgIndex: 0x1ff,
    });
    // SSV 63, Last 62, W 61, R 60, X 59, Priv 58.
    expect(entries(m)).toEqual([[SID, (0xfc000000 | 0xabcde) >>> 0, (0x9abcd000 | 0x1ff) >>> 0, 0x12345678]]);
    expect(m.read('PRIQ_PROD')).toBe(1);
  });

  test('X and Priv are 0 without a PASID', () => {
    const m = paging();
    page(m, { execute: true, privileged: true, last: false });
    expect(entries(m)).toEqual([[SID, 0x10000000, 0x1005, 0]]);
  });

  test('SSV is 0 where there are no substreams', () => {
    const m = paging({ 'IDR1.SSIDSIZE': 0 });
    page(m, { ssid: 3 });
    expect((entries(m)[0]?.[1] as number) >>> 31).toBe(0);
  });

  test('ATSCHK and EATS do not matter (8.2)', () => {
    const m = paging({ 'CR0.ATSCHK': 1 });
    m.ste({ EATS: 0 });
    expect(page(m).outcome.result).toBe('ok');
  });

  test('wraps, index and wrap bit', () => {
    const m = paging();
    for (let i = 0; i < 9; i++) {
      page(m, { prgIndex: i });
      expect(entries(m)).toHaveLength(1);
      m.write('PRIQ_CONS', m.read('PRIQ_PROD'));
    }
    expect(m.read('PRIQ_PROD')).toBe(1);
  });

  test('an endpoint that is not answered has an outstanding group', () => {
    const m = paging();
    page(m, { last: false });
    page(m, { addressLo: 0x2000 });
    expect(m.smmu.traffic.pages.entries()).toMatchObject([
      { sid: SID, prgIndex: 5, response: -1, requests: [{ addressLo: 0x1000 }, { addressLo: 0x2000 }] },
    ]);
  });

  test('is taken back exactly', () => {
    const m = paging();
    page(m);
    const before = JSON.stringify([m.read('PRIQ_PROD'), entries(m), m.smmu.traffic.pages.entries()]);
    const journal = new Journal();
    page(m, { addressLo: 0x5000 }, journal);
    expect(entries(m)).toHaveLength(2);
    journal.undo(m.smmu, 0);
    expect(JSON.stringify([m.read('PRIQ_PROD'), entries(m), m.smmu.traffic.pages.entries()])).toBe(before);
  });
});

describe('Stop PASID markers', () => {
  test('are those with a PASID and LWR=0b100', () => {
    expect(isStopMarker({ ...REQUEST, ...MARKER })).toBe(true);
    expect(isStopMarker({ ...REQUEST, ...MARKER, ssid: -1 })).toBe(false);
    expect(isStopMarker({ ...REQUEST, ...MARKER, read: true })).toBe(false);
    expect(encodePageRequest({ ...REQUEST, ...MARKER })[1]).toBe((0xc0000000 | 9) >>> 0);
  });

  test('go to the queue as any message, and are never answered', () => {
    const m = paging();
    expect(page(m, MARKER).outcome.result).toBe('ok');
    m.set({ 'CR0.PRIQEN': 0 });
    expect(responses(page(m, MARKER))).toEqual([]);
    expect(responses(page(full(), MARKER))).toEqual([]);
  });
});

describe('Q-PRI-OVF', () => {
  test('OVFLG toggles once; Last=1 gets Success, Last=0 nothing', () => {
    const m = full();
    expect(responses(page(m, { last: false }))).toEqual([]);
    expect(m.read('PRIQ_PROD')).toBe((OVFLG | 4) >>> 0);
    expect(responses(page(m))).toEqual([[SUCCESS, -1]]);
    expect(m.read('PRIQ_PROD')).toBe((OVFLG | 4) >>> 0);
    expect(entries(m)).toHaveLength(4);
  });

  test('nothing is written until the overflow is acknowledged, even with room', () => {
    const m = full();
    page(m);
    m.write('PRIQ_CONS', 2);
    expect(page(m).outcome.result).toBe('abort');
    m.write('PRIQ_CONS', (2 | OVFLG) >>> 0);
    expect(page(m).outcome.result).toBe('ok');
    expect(m.read('PRIQ_PROD')).toBe((OVFLG | 5) >>> 0);
  });

  test('with a PASID and IDR3.PPS=1: Success with the PASID, the STE is not read', () => {
    const m = full({ 'IDR3.PPS': 1 });
    m.ste({ V: 0 });
    expect(responses(page(m, { ssid: 9 }))).toEqual([[SUCCESS, 9]]);
  });

  test.each([
    [1, 9],
    [0, -1],
  ])('with a PASID and IDR3.PPS=0: STE.PPAR=%i decides whether the response bears it', (PPAR, ssid) => {
    const m = full();
    m.ste({ PPAR });
    expect(responses(page(m, { ssid: 9 }))).toEqual([[SUCCESS, ssid]]);
  });

  test('without a PASID the STE is not read', () => {
    const m = full();
    m.ste({ V: 0 });
    expect(responses(page(m))).toEqual([[SUCCESS, -1]]);
  });

  describe('an STE that cannot be read: Failure without PASID', () => {
    const RECORDING: Registers = { 'IDR0.ATSRECERR': 1, 'CR2.REC_CFG_ATS': 1 };
    test.each([
      ['C_BAD_STE', { V: 0 }, {}, SID],
      ['F_STE_FETCH', {}, { 'STRTAB_BASE.ADDR': NOWHERE }, SID],
      ['C_BAD_STREAMID', {}, {}, 0x1000],
    ] as const)('%s, recorded only if CR2.REC_CFG_ATS=1', (event, ste: Values, registers, sid) => {
      for (const recorded of [true, false]) {
        const m = full({ ...registers, ...(recorded && RECORDING) });
        m.ste(ste);
        expect(responses(page(m, { ssid: 9, sid }))).toEqual([[FAILURE, -1]]);
        const fetch = BigInt(NOWHERE + SID * 64);
        const wanted = record(event, { sid, ssid: 9, fetch });
        expect(m.events()).toEqual(recorded ? [wanted] : []);
      }
    });
  });
});

describe('Q-PRI-ABT', () => {
  test('PRIQEN=0: discarded, Failure without PASID, also with Last=0', () => {
    const m = paging({ 'CR0.PRIQEN': 0 });
    for (const last of [true, false]) {
      const plan = page(m, { ssid: 9, last });
      expect(plan.outcome.result).toBe('abort');
      expect(responses(plan)).toEqual([[FAILURE, -1]]);
    }
    expect(m.read('PRIQ_PROD')).toBe(0);
  });

  test('SMMUEN=0 counts as PRIQEN=0', () => {
    const m = paging({ 'CR0.SMMUEN': 0 });
    expect(responses(page(m))).toEqual([[FAILURE, -1]]);
    expect(entries(m)).toEqual([]);
  });

  test('a Secure stream: discarded, Failure', () => {
    const m = paging({ 'S_IDR1.SECURE_IMPL': 1 });
    expect(responses(page(m, { world: 's' }))).toEqual([[FAILURE, -1]]);
    expect(entries(m)).toEqual([]);
  });

  test('an aborted write toggles GERROR.PRIQ_ABT_ERR; while it is active nothing is written', () => {
    const m = paging({ 'PRIQ_BASE.ADDR': NOWHERE });
    expect(responses(page(m, { ssid: 9 }))).toEqual([[FAILURE, -1]]);
    expect(m.read('GERROR')).toBe(PRIQ_ABT_ERR);
    expect(m.read('PRIQ_PROD')).toBe(0);
    m.set({ 'PRIQ_BASE.ADDR': PRIQ });
    expect(responses(page(m))).toEqual([[FAILURE, -1]]);
    expect(m.read('GERROR')).toBe(PRIQ_ABT_ERR);
    m.write('GERRORN', PRIQ_ABT_ERR);
    expect(page(m).outcome.result).toBe('ok');
  });
});

describe('the interrupt (6.3.36)', () => {
  const IRQ: Registers = { 'IRQ_CTRL.PRIQ_IRQEN': 1 };

  test('Q-IRQ-PRI: when the queue stops being empty, if enabled', () => {
    const m = paging(IRQ);
    expect([interrupts(page(m)), interrupts(page(m))]).toEqual([1, 0]);
    expect(interrupts(page(paging()))).toBe(0);
  });

  test('Q-PRI-LAST: LO=1 signals each last request, and no other', () => {
    const m = paging({ ...IRQ, 'PRIQ_IRQ_CFG2.LO': 1 });
    expect(interrupts(page(m, { last: false }))).toBe(0);
    expect([interrupts(page(m)), interrupts(page(m, MARKER))]).toEqual([1, 1]);
  });

  test('Q-PRI-LAST: LO=1 signals a last request that an overflow discards, not one discarded otherwise', () => {
    const m = full({ ...IRQ, 'PRIQ_IRQ_CFG2.LO': 1 });
    expect(interrupts(page(m))).toBe(1);
    expect(interrupts(page(m, { last: false }))).toBe(0);
    expect(interrupts(page(paging({ ...IRQ, 'PRIQ_IRQ_CFG2.LO': 1, 'CR0.PRIQEN': 0 })))).toBe(0);
  });

  test('Q-IRQ-PRI: LO=0 signals no overflow (6.3.36)', () => {
    expect(interrupts(page(full(IRQ)))).toBe(0);
  });
});

describe('CMD_PRI_RESP', () => {
  const group = (m: TestSmmu) => m.smmu.traffic.pages.entries().map(({ response }) => response);

  test.each([
    ['ResponseFailure', 0, FAILURE],
    ['InvalidRequest', 1, INVALID],
    ['Success', 2, SUCCESS],
  ])('%s reaches the endpoint with code of PCIe', (_, Resp, code) => {
    const m = paging();
    page(m);
    m.run(['CMD_PRI_RESP', { StreamID: SID, PRGIndex: 5, Resp }]);
    expect(group(m)).toEqual([code]);
  });

  test('answers the group of its StreamID, PASID and index only', () => {
    const m = paging();
    page(m, { ssid: 2 });
    for (const values of [
      { StreamID: SID, PRGIndex: 5, Resp: 2 },
      { StreamID: SID + 1, PRGIndex: 5, Resp: 2, SSV: 1, SubstreamID: 2 },
      { StreamID: SID, PRGIndex: 6, Resp: 2, SSV: 1, SubstreamID: 2 },
    ]) {
      m.run(['CMD_PRI_RESP', values]);
      expect(group(m)).toEqual([-1]);
    }
    m.run(['CMD_PRI_RESP', { StreamID: SID, PRGIndex: 5, Resp: 2, SSV: 1, SubstreamID: 2 }]);
    expect(group(m)).toEqual([SUCCESS]);
  });

  test('a request after the answer begins a new group', () => {
    const m = paging();
    page(m);
    m.run(['CMD_PRI_RESP', { StreamID: SID, PRGIndex: 5, Resp: 2 }]);
    page(m, { addressLo: 0x7000 });
    expect(m.smmu.traffic.pages.entries()).toMatchObject([
      { response: -1, requests: [{ addressLo: 0x7000 }] },
    ]);
  });

  test('is ignored while SMMUEN=0', () => {
    const m = paging();
    page(m);
    m.set({ 'CR0.SMMUEN': 0 });
    m.run(['CMD_PRI_RESP', { StreamID: SID, PRGIndex: 5, Resp: 2 }]);
    expect(group(m)).toEqual([-1]);
  });
});
