import { describe, expect, test } from 'vitest';
import { Journal } from '../../src/model/effects.ts';
import { encodeHint, encodeRecord } from '../../src/model/events/record.ts';
import type { Fault, PageHint, Transaction, TransactionKind } from '../../src/model/plan.ts';
import type { TrafficOptions } from '../../src/model/traffic-stores.ts';
import type { EventName } from '../../src/spec/events.ts';
import { bytes, cls, fetch, input, ipa, number, RNW, S2, shown, stream } from '../kit/record-bits.ts';
import {
  type Access,
  NOWHERE,
  type Registers,
  SID,
  TestSmmu,
  transaction,
  type Values,
} from '../kit/smmu.ts';
import { map } from '../kit/tables.ts';

const CD = 0;
const TT = 1;
const IN = 2;

function machine(ste: Values = {}, registers: Registers = {}, traffic: TrafficOptions = {}): TestSmmu {
  const m = new TestSmmu({ registers, traffic });
  m.ste(ste);
  m.cd();
  map(m, { iova: 0x1000n, pa: 0x10001000n });
  return m;
}

/** The one record that a transaction leaves. */
function recorded(m: TestSmmu, address: number | string, access: Access = {}, sid = SID): string {
  m.dma(address, access, sid);
  const records = m.drain();
  expect(records).toHaveLength(1);
  return shown(records[0]);
}

const made = (fault: Partial<Fault> & { event: EventName }, t: Partial<Transaction> = {}): string => {
  const whole: Fault = {
    reason: '',
    rule: '',
    stage: 0,
    level: 0,
    class: 0,
    fetchAddr: 0,
    ...fault,
  };
  const access = transaction(SID, '0x123456789abcdef0', t);
  const { privileged, instruction } = access;
  return shown(encodeRecord(whole, { transaction: access, privileged, instruction }, -1));
};
const ADDRESS = 0x123456789abcdef0n;

const PERM = { pr: 1, pw: 2, ur: 8 };
const HINT: PageHint = {
  world: 'ns',
  sid: SID,
  ssid: 7,
  addressHi: 0,
  addressLo: 0xabcd0123,
  span: 16,
  permissions: PERM.pr | PERM.pw | PERM.ur,
};

describe('fields of stage 2', () => {
  test.each(['F_TRANSLATION', 'F_ADDR_SIZE', 'F_ACCESS'] as const)('%s: S2, CLASS and IPA', (event) => {
    const n = { F_TRANSLATION: 0x10, F_ADDR_SIZE: 0x11, F_ACCESS: 0x12 }[event];
    for (const c of [CD, TT, IN] as const) {
      expect(made({ event, stage: 2, class: c, ipa: 0xabcdef12345678 })).toBe(
        bytes(number(n), stream(), RNW, S2, cls(c), input(ADDRESS), ipa(0xabcdef12345678n)),
      );
    }
  });

  test('F_PERMISSION: TTRnW tells a read of a stage-1 descriptor from its update', () => {
    const one = (tableWrite: boolean): string =>
      made({ event: 'F_PERMISSION', stage: 2, class: TT, ipa: 0x5000, tableWrite });
    const common = [number(0x13), stream(), RNW, S2, cls(TT), input(ADDRESS), ipa(0x5000)] as const;
    expect(one(false)).toBe(bytes(...common, [108, 108, 1]));
    expect(one(true)).toBe(bytes(...common));
  });

  test('F_WALK_EABT of stage 2 holds the address of the fetch, not the IPA', () => {
    expect(made({ event: 'F_WALK_EABT', stage: 2, class: CD, ipa: 0x5000, fetchAddr: 0x7008 })).toBe(
      bytes(number(0x0b), stream(), RNW, S2, cls(CD), input(ADDRESS), fetch(0x7008)),
    );
  });

  test('F_TLB_CONFLICT of stage 2 holds the IPA, and has no CLASS', () => {
    expect(made({ event: 'F_TLB_CONFLICT', stage: 2, class: IN, ipa: 0x5000 })).toBe(
      bytes(number(0x20), stream(), RNW, S2, input(ADDRESS), ipa(0x5000)),
    );
  });

  test('NSIPA is the NS bit of the IPA on Secure streams at stage 2, else 0', () => {
    const bit = (world: 'ns' | 's', stage: 1 | 2, ipaNs: boolean): number =>
      Number((BigInt(`0x${made({ event: 'F_ACCESS', stage, class: IN, ipaNs }, { world })}`) >> 102n) & 1n);
    expect([bit('s', 2, true), bit('s', 2, false), bit('s', 1, true), bit('ns', 2, true)]).toEqual([
      1, 0, 0, 0,
    ]);
  });

  test('no IPA at stage 1', () => {
    expect(made({ event: 'F_ACCESS', stage: 1, class: IN, ipa: 0x5000 })).toBe(
      bytes(number(0x12), stream(), RNW, cls(IN), input(ADDRESS)),
    );
  });
});

describe('GPCF', () => {
  test.each([
    ['F_STE_FETCH', 0x03],
    ['F_CD_FETCH', 0x09],
    ['F_VMS_FETCH', 0x25],
  ] as const)('%s says whether a granule protection check refused the fetch', (event, n) => {
    expect(made({ event, fetchAddr: 0x1000, gpc: true })).toBe(
      bytes(number(n), stream(), [80, 80, 1], fetch(0x1000)),
    );
    expect(made({ event, fetchAddr: 0x1000 })).toBe(bytes(number(n), stream(), fetch(0x1000)));
  });
});

describe('RnW, PnU and InD', () => {
  const bits = (
    kind: TransactionKind,
    t: Partial<Transaction>,
    fault: Pick<Fault, 'readRefused'> = {},
  ): number => {
    const text = made({ event: 'F_PERMISSION', stage: 1, class: IN, ...fault }, { kind, ...t });
    return Number((BigInt(`0x${text}`) >> 97n) & 7n);
  };

  test('InD is 0 of a write', () => {
    expect(bits('ordinary', { write: true, instruction: true, privileged: true })).toBe(0b001);
    expect(bits('ordinary', { instruction: true, privileged: true })).toBe(0b111);
  });

  test('an atomic access is a data write, but for a read that alone is refused (13.1.1)', () => {
    expect(bits('atomic', { instruction: true })).toBe(0b000);
    expect(bits('atomic', { instruction: true }, { readRefused: true })).toBe(0b100);
  });

  test('overrides of the STE are seen in translation faults', () => {
    const m = machine({ PRIVCFG: 3, INSTCFG: 3 });
    m.dma(0x9000);
    expect(((m.drain()[0]?.[3] as number) >>> 1) & 7).toBe(0b111);
  });
});

test('C_BAD_SUBSTREAMID of a transaction without SubstreamID names CD 0 (7.3.9)', () => {
  const m = new TestSmmu();
  m.ste({ S1CDMax: 8, S1DSS: 2, S1Fmt: 1 });
  m.l1cd(0x40400000, { V: 0 });
  expect(recorded(m, 0)).toBe(bytes(number(0x08), stream()));
});

describe('a page hint', () => {
  const hint = (m: TestSmmu) => m.smmu.plan({ kind: 'page-hint', hint: HINT });

  test('is dropped while SMMUEN=0 or the queue takes nothing', () => {
    expect(hint(machine({}, { 'CR0.SMMUEN': 0 })).outcome.result).toBe('idle');
    expect(hint(machine({}, { 'CR0.EVENTQEN': 0 })).outcome).toMatchObject({
      result: 'idle',
      recording: 'disabled',
    });
  });

  test('has no SSV without SubstreamID', () => {
    expect(encodeHint({ ...HINT, ssid: -1 })[0]).toBe(0x24);
  });
});

describe('merging (7.3.1)', () => {
  const MERGE: TrafficOptions = { mergeEvents: true };
  const count = (m: TestSmmu, ...addresses: number[]): number => {
    for (const address of addresses) m.dma(address);
    return m.events().length;
  };

  test('never happens by default', () => {
    expect(count(machine({ MEV: 1 }), 0x9000, 0x9000)).toBe(2);
  });

  test('needs STE.MEV=1, and leaves InputAddr[11:0] out', () => {
    expect(count(machine({ MEV: 1 }, {}, MERGE), 0x9000, 0x9008, 0x9ff8)).toBe(1);
    expect(count(machine({ MEV: 0 }, {}, MERGE), 0x9000, 0x9008)).toBe(2);
  });

  test('another page, another access or another record in between is written', () => {
    const m = machine({ MEV: 1 }, {}, MERGE);
    expect(count(m, 0x9000, 0xa000, 0x9000)).toBe(3);
    m.dma(0x9000, { write: true });
    expect(m.events()).toHaveLength(4);
    expect(m.dma(0x9010, { write: true }).outcome).toMatchObject({ recording: 'merged', result: 'abort' });
  });

  test('a record that software has taken already stands for nothing more', () => {
    const m = machine({ MEV: 1 }, {}, MERGE);
    m.dma(0x9000);
    m.drain();
    expect(count(m, 0x9000)).toBe(1);
  });

  test('stalls are never merged', () => {
    const m = machine({ MEV: 1 }, {}, MERGE);
    m.cd({ S: 1 });
    expect(count(m, 0x9000, 0x9000)).toBe(2);
  });

  test.each([
    ['C_BAD_STE', SID, (m: TestSmmu): void => m.ste({ V: 0 })],
    ['C_BAD_STREAMID', 0x1000, (_: TestSmmu): void => undefined],
    ['F_STE_FETCH', SID, (m: TestSmmu): void => m.set({ 'STRTAB_BASE.ADDR': NOWHERE })],
  ])('%s may merge whatever STE.MEV says', (_, sid, arrange) => {
    const m = machine({}, {}, MERGE);
    arrange(m);
    m.dma(0, {}, sid);
    m.dma(0, {}, sid);
    expect(m.events()).toHaveLength(1);
  });

  test('all of a record counts that may not differ: C_BAD_CD of another SubstreamID is written', () => {
    const m = machine({ MEV: 1, S1CDMax: 2 }, {}, MERGE);
    m.cd({ V: 0 }, 0x40400040);
    m.cd({ V: 0 }, 0x40400080);
    for (const ssid of [1, 1, 2]) m.dma(0, { ssid });
    expect(m.events()).toHaveLength(2);
  });

  test('a full queue overflows as ever', () => {
    const m = machine({ MEV: 1 }, { 'EVENTQ_BASE.LOG2SIZE': 0 }, MERGE);
    expect(m.dma(0x9000).outcome.recording).toBe('written');
    expect(m.dma(0x9000).outcome.recording).toBe('full');
  });

  test('nothing is written, so undoing has nothing to take back', () => {
    const m = machine({ MEV: 1 }, {}, MERGE);
    m.dma(0x9000);
    const journal = new Journal();
    m.dma(0x9000, {}, SID, journal);
    expect(journal.length).toBe(0);
  });
});
