import { describe, expect, test } from 'vitest';
import { encode } from '../../src/bits/layout.ts';
import { completeRequest, type RequestFound, refuseRequest } from '../../src/model/ats/request.ts';
import { translatedError } from '../../src/model/ats/stream.ts';
import { translatedAtStream, translatedBefore } from '../../src/model/ats/translated.ts';
import type { Fault, Plan, Transaction } from '../../src/model/plan.ts';
import type { WorldState } from '../../src/model/state.ts';
import type { TrafficOptions } from '../../src/model/traffic-stores.ts';
import type { StreamConfig } from '../../src/model/translate/configuration.ts';
import { decodeStream } from '../../src/model/translate/stream.ts';
import type { EventName } from '../../src/spec/events.ts';
import { STE } from '../../src/spec/ste.ts';
import { record } from '../kit/records.ts';
import {
  type Access,
  BASE_STE,
  CDTAB,
  NOWHERE,
  type Registers,
  SID,
  TestSmmu,
  transaction,
  type Values,
} from '../kit/smmu.ts';
import { identity, mapStage2, S2_LEAF, S2_PAGE, S2_STE } from '../kit/stage2.ts';
import { LEAF, map } from '../kit/tables.ts';

const PR = 1;
const PW = 2;
const PX = 4;
const UR = 8;
const UW = 16;
const UX = 32;

/** Registers of an SMMU that checks Translated transactions and records what ATS meets. */
const CHECKED: Registers = { 'CR0.ATSCHK': 1 };
const RECORDING: Registers = { 'IDR0.ATSRECERR': 1, 'CR2.REC_CFG_ATS': 1 };

function ats(ste: Values = {}, registers: Registers = {}, traffic: TrafficOptions = {}): TestSmmu {
  const m = new TestSmmu({ registers, traffic });
  m.ste({ EATS: 1, ...ste });
  m.cd();
  map(m, { iova: 0x1000n, pa: 0x10000000n });
  return m;
}

const request = (m: TestSmmu, address: number | string, access: Access = {}): Plan =>
  m.dma(address, { kind: 'request', ...access });
const translated = (m: TestSmmu, address: number | string, access: Access = {}): Plan =>
  m.dma(address, { kind: 'translated', ...access });

/** F_BAD_ATS_TREQ of a read-only request without PASID: R at bit 103, one unit in the span. */
const badRequest = (address: bigint, sid = SID): number[] => [
  0x05,
  sid,
  0,
  0x80 | (1 << 12),
  Number(address & 0xfffff000n),
  Number(address >> 32n),
  0,
  0,
];
/** F_TRANSL_FORBIDDEN: StreamID, RnW and the address. */
const forbidden = (address: bigint, write = false): number[] => [
  0x07,
  SID,
  0,
  write ? 0 : 8,
  Number(address & 0xffffffffn),
  Number(address >> 32n),
  0,
  0,
];

/** The state and the decoded STE for a decision by itself. */
function parts(
  ste: Values,
  registers: Registers = {},
  world: StreamConfig['world'] = 'ns',
): { state: WorldState; stream: StreamConfig } {
  const m = new TestSmmu({ registers });
  const state = m.smmu.state('ns');
  const words = encode(STE, { ...BASE_STE, ...S2_STE, Config: 5, EATS: 1, ...ste });
  const stream = decodeStream(words, 0, 0, world, SID, state);
  if ('event' in stream) throw new Error(stream.reason);
  return { state, stream };
}

const FOUND: RequestFound = {
  fault: null,
  permissions: 0,
  pa: 0x80001234,
  ipa: 0x40001234,
  realm: false,
  shift: 12,
  attributes: 0x2ff,
  gpf: false,
};

const fault = (event: EventName, stage: 0 | 1 | 2 = 0, cls: 0 | 1 | 2 = 2): Fault => ({
  event,
  reason: 'made for a test',
  rule: 'test',
  stage,
  level: 3,
  class: cls,
  fetchAddr: 0,
});

const UNRECORDED = { recCfgAts: false, rulesOff: new Set<string>() };

const asked = (access: Access = {}): Transaction => transaction(SID, 0x1234, { kind: 'request', ...access });

describe('a Translation Request', () => {
  test('of a page: Success with the page and what is permitted', () => {
    const m = ats();
    const { outcome } = request(m, 0x1008);
    expect(outcome.result).toBe('ok');
    expect(outcome.ats).toMatchObject({
      status: 'success',
      address: 0x10000000,
      isIpa: false,
      shift: 12,
      read: true,
      write: true,
      execute: false,
      privileged: false,
      global: false,
      noSnoop: false,
      untranslatedOnly: false,
    });
    expect(m.events()).toEqual([]);
  });

  test('the size is that of the translation', () => {
    const m = ats();
    map(m, { iova: 0x40000000n, pa: 0x80000000n, level: 2n });
    expect(request(m, 0x40012345).outcome.ats).toMatchObject({ address: 0x80000000, shift: 21 });
  });

  test('fills the TLB and is answered from it', () => {
    const m = ats();
    request(m, 0x1000);
    expect(m.smmu.tlb.size).toBe(1);
    const { outcome } = request(m, 0x1000);
    expect(outcome).toMatchObject({ tlbHit: true, ats: { address: 0x10000000, read: true, write: true } });
  });

  test('ATS-TR-PERM: grants the subset that there is, for the privilege that asks (13.7)', () => {
    const m = ats({ S1CDMax: 1, S1DSS: 2 });
    m.cd({}, 0x40400040);
    map(m, { iova: 0x2000n, pa: 0x10002000n, attributes: LEAF.AF | LEAF.nG | LEAF.USER | LEAF.READ_ONLY });
    map(m, { iova: 0x3000n, pa: 0x10003000n, attributes: LEAF.AF | LEAF.nG });
    const shown = (address: number, access: Access): string => {
      const { ats: c } = request(m, address, access).outcome;
      return c
        ? `${c.read ? 'R' : '-'}${c.write ? 'W' : '-'}${c.execute ? 'X' : '-'}${c.privileged ? 'P' : '-'}`
        : '';
    };
    expect(shown(0x2000, { write: true })).toBe('R---');
    expect(shown(0x3000, {})).toBe('----');
    expect(shown(0x3000, { privileged: true, write: true })).toBe('----');
    expect(shown(0x3000, { privileged: true, write: true, ssid: 1 })).toBe('RW-P');
    expect(shown(0x1000, { instruction: true, ssid: 1 })).toBe('RWX-');
    expect(shown(0x1000, { instruction: true })).toBe('RW--');
    expect(m.events()).toEqual([]);
  });

  test.each([
    ['ATS-TR-SMMUEN0', {}, { 'CR0.SMMUEN': 0 }],
    ['ATS-TR-BYPASS', { Config: 4 }, {}],
    ['ATS-TR-EATS0', { EATS: 0 }, {}],
    ['ATS-TR-EATS0', { EATS: 3 }, {}],
    ['ATS-TR-EATS0', { EATS: 3 }, { 'IDR3.DPT': 1 }],
    ['ATS-TR-EATS0', {}, { 'IDR0.ATS': 0 }],
  ] as const)('%s: %j %j gives Unsupported Request and F_BAD_ATS_TREQ', (rule, ste, registers) => {
    const m = ats(ste, registers);
    const { outcome } = request(m, 0x1234);
    expect(outcome).toMatchObject({
      result: 'abort',
      ats: { status: 'ur' },
      fault: { event: 'F_BAD_ATS_TREQ', rule },
    });
    expect(m.events()).toEqual([badRequest(0x1234n)]);
  });

  test('ATS-TR-EATS0: split-stage ATS with ATSCHK=0 is off', () => {
    const { state, stream } = parts({ Config: 7, EATS: 2 });
    expect(refuseRequest(asked(), state, stream)).toMatchObject({
      completion: { status: 'ur' },
      fault: { rule: 'ATS-TR-EATS0' },
    });
    const checked = parts({ Config: 7, EATS: 2 }, CHECKED);
    expect(refuseRequest(asked(), checked.state, checked.stream)).toBeNull();
  });

  test('ATS-TR-SECURE: Unsupported Request before any lookup', () => {
    const { state } = parts({});
    expect(refuseRequest(asked({ world: 's' }), state, null)).toMatchObject({
      completion: { status: 'ur' },
      fault: { event: 'F_BAD_ATS_TREQ', rule: 'ATS-TR-SECURE' },
    });
  });

  test('ATS-TR-CFG0: Unsupported Request without an event', () => {
    const m = ats({ Config: 0 }, RECORDING);
    expect(request(m, 0x1000).outcome).toMatchObject({
      result: 'abort',
      ats: { status: 'ur' },
      record: null,
    });
    expect(m.events()).toEqual([]);
  });

  test('F_BAD_ATS_TREQ says what was asked for, before overrides', () => {
    const m = ats({ EATS: 0, INSTCFG: 2, PRIVCFG: 2 });
    request(m, 0x1000, { ssid: 0x15, write: true, instruction: true, privileged: true });
    const [words] = m.events();
    expect(words?.[0]).toBe(0x05 | (1 << 11) | (0x15 << 12));
    expect((words?.[3] as number) & 0xf0).toBe(0xf0);
  });

  describe('ATS-TR-CFGERR: Completer Abort', () => {
    const CASES: readonly (readonly [event: EventName, sid: number, arrange: (m: TestSmmu) => void])[] = [
      ['C_BAD_STE', SID, (m) => m.ste({ V: 0 })],
      ['C_BAD_CD', SID, (m) => m.cd({ V: 0 })],
      ['F_CD_FETCH', SID, (m) => m.ste({ EATS: 1, S1ContextPtr: NOWHERE })],
      ['F_WALK_EABT', SID, (m) => m.cd({ TTB0: NOWHERE })],
      ['F_STREAM_DISABLED', SID, (m) => m.ste({ EATS: 1, S1CDMax: 1 })],
      ['C_BAD_STREAMID', 0x1000, () => undefined],
      ['F_STE_FETCH', SID, (m) => m.set({ 'STRTAB_BASE.ADDR': NOWHERE })],
    ];

    test.each(CASES)('%s is recorded only if CR2.REC_CFG_ATS=1', (event, sid, arrange) => {
      for (const recorded of [true, false]) {
        const m = ats({}, recorded ? RECORDING : { 'CR2.REC_CFG_ATS': 1 });
        arrange(m);
        const { outcome } = m.dma(0x1000, { kind: 'request' }, sid);
        expect(outcome).toMatchObject({ result: 'abort', ats: { status: 'ca' } });
        expect(outcome.fault?.event).toBe(recorded ? event : null);
        expect(m.events()).toHaveLength(recorded ? 1 : 0);
      }
    });

    test('C_BAD_STREAMID also needs CR2.RECINVSID=1', () => {
      const m = ats({}, { ...RECORDING, 'CR2.RECINVSID': 0 });
      const { outcome } = m.dma(0, { kind: 'request' }, 0x1000);
      expect(outcome).toMatchObject({ ats: { status: 'ca' }, record: null });
    });

    test('C_BAD_SUBSTREAMID', () => {
      const m = ats({}, RECORDING);
      expect(request(m, 0, { ssid: 4 }).outcome).toMatchObject({
        ats: { status: 'ca' },
        fault: { event: 'C_BAD_SUBSTREAMID' },
      });
    });

    test.each(['F_VMS_FETCH', 'F_CFG_CONFLICT', 'F_TLB_CONFLICT'] as const)('%s', (event) => {
      const { state, stream } = parts({}, RECORDING);
      const end = completeRequest(asked(), state, stream, { ...FOUND, fault: fault(event) });
      expect(end).toMatchObject({ completion: { status: 'ca' }, fault: { event } });
    });
  });

  describe('ATS-TR-FAULT: Success with R=W=0, and nothing recorded', () => {
    test.each([
      ['F_TRANSLATION', 0x9000, {}],
      ['F_TRANSLATION', '0x1000000000000', {}],
      ['F_ACCESS', 0x5000, {}],
      ['F_ADDR_SIZE', 0x6000, {}],
    ] as const)('%s at %s', (_, address, access) => {
      const m = ats({}, RECORDING);
      map(m, { iova: 0x5000n, pa: 0x10005000n, attributes: LEAF.nG | LEAF.USER });
      map(m, { iova: 0x6000n, pa: 0x10006000n });
      if (address === 0x6000) m.cd({ IPS: 0, TTB0: 0x41000000 });
      if (address === 0x6000) map(m, { iova: 0x6000n, pa: 0x110006000n });
      const { outcome } = request(m, address, access);
      expect(outcome).toMatchObject({
        result: 'ok',
        fault: null,
        ats: { status: 'success', read: false, write: false, execute: false, shift: 12 },
      });
      expect(m.events()).toEqual([]);
    });

    test('the size is the smallest translation unit: the smallest granule (3.9.1)', () => {
      const m = ats({}, { 'IDR5.GRAN4K': 0 });
      m.cd({ TG0: 1 });
      expect(request(m, 0x123456789).outcome.ats).toMatchObject({
        status: 'success',
        shift: 14,
        read: false,
      });
    });

    test.each([0, 1, 2] as const)('stage 2, CLASS=%i: access is denied as well', (cls) => {
      const { state, stream } = parts({});
      for (const event of ['F_TRANSLATION', 'F_ADDR_SIZE', 'F_ACCESS', 'F_PERMISSION'] as const) {
        const end = completeRequest(asked(), state, stream, { ...FOUND, fault: fault(event, 2, cls) });
        expect(end).toMatchObject({
          completion: { status: 'success', read: false, write: false },
          fault: null,
        });
      }
    });

    test('CD.A=0 and CD.S=1 do not matter (5.5)', () => {
      for (const cd of [{ A: 0 }, { S: 1 }]) {
        const m = ats();
        m.cd(cd);
        expect(request(m, 0x9000).outcome).toMatchObject({
          result: 'ok',
          ats: { status: 'success', read: false },
        });
        expect(m.smmu.traffic.stalls.size).toBe(0);
      }
    });
  });

  test('ATS-TR-GPF: Completer Abort without an event', () => {
    const { state, stream } = parts({}, RECORDING);
    const end = completeRequest(asked(), state, stream, { ...FOUND, permissions: UR, gpf: true });
    expect(end).toMatchObject({ completion: { status: 'ca' }, fault: { event: null, rule: 'ATS-TR-GPF' } });
  });

  test('split-stage: the IPA is returned, with what both stages permit (13.6.3)', () => {
    const { state, stream } = parts({ Config: 7, EATS: 2 }, CHECKED);
    const { completion } = completeRequest(asked(), state, stream, { ...FOUND, permissions: UR | UW });
    expect(completion).toMatchObject({ isIpa: true, address: 0x40001000, read: true, write: true });
  });

  test('S1DSS=1 with stage 1 only: the identity, R=W=1 (13.6.4)', () => {
    const m = ats({ S1CDMax: 1, S1DSS: 1 });
    expect(request(m, 0x7654321).outcome.ats).toMatchObject({
      status: 'success',
      address: 0x7654000,
      read: true,
      write: true,
      execute: false,
      privileged: false,
    });
  });

  test('a Realm completion says TE where R_IDR3.XT is there (3.9.4.2)', () => {
    const { state, stream } = parts({});
    const xt = { ...state, ids: { ...state.ids, R_IDR3: 1 << 17 } };
    const found = { ...FOUND, permissions: UR, realm: true };
    expect(completeRequest(asked(), xt, stream, found).completion.te).toBe(true);
    expect(completeRequest(asked(), state, stream, found).completion.te).toBe(false);
    expect(completeRequest(asked(), xt, stream, { ...found, permissions: 0 }).completion.te).toBe(false);
    expect(completeRequest(asked(), xt, stream, { ...found, realm: false }).completion.te).toBe(false);
  });

  test('CXL.io is set unless the memory is Write-Back at both levels and shareable (3.9.3)', () => {
    const { state, stream } = parts({});
    const io = (attributes: number): boolean =>
      completeRequest(asked({ cxl: true }), state, stream, { ...FOUND, permissions: UR, attributes })
        .completion.cxlIo;
    expect([0x2ff, 0x3ff, 0x277].map(io)).toEqual([false, false, false]);
    expect([0xff, 0x200, 0x244, 0x2f4, 0x2bb].map(io)).toEqual([true, true, true, true, true]);
    const plain = completeRequest(asked(), state, stream, { ...FOUND, permissions: UR, attributes: 0 });
    expect(plain.completion.cxlIo).toBe(false);
    const split = parts({ Config: 7, EATS: 2 }, CHECKED);
    const found = { ...FOUND, permissions: UR };
    expect(completeRequest(asked({ cxl: true }), split.state, split.stream, found).completion.cxlIo).toBe(
      true,
    );
  });
});

describe('what a completion grants (13.7, the table and the pseudocode)', () => {
  const ALL = PR | PW | PX | UR | UW | UX;
  const pasid: Access = { ssid: 0 };
  const grant = (permissions: number, access: Access, ste: Values = {}): string => {
    const { state, stream } = parts(ste);
    const { completion: c } = completeRequest(asked(access), state, stream, { ...FOUND, permissions });
    return `R=${Number(c.read)} W=${Number(c.write)} X=${Number(c.execute)} P=${Number(c.privileged)}`;
  };

  test.each([
    ['user RO, privileged RW', UR | UX | PR | PW, pasid, 'R=1 W=0 X=0 P=0'],
    ['user RW', UR | UW | PR | PW | UX, { ...pasid, write: true }, 'R=1 W=1 X=0 P=0'],
    ['user RO, Priv', UR | UX | PR | PW, { ...pasid, write: true, privileged: true }, 'R=1 W=1 X=0 P=1'],
    ['user RWX, Exe', ALL, { ...pasid, write: true, instruction: true }, 'R=1 W=1 X=1 P=0'],
    ['user X only, Exe', UX | PR | PW, { ...pasid, instruction: true }, 'R=0 W=0 X=0 P=0'],
    ['nothing', 0, { ...pasid, privileged: true }, 'R=0 W=0 X=0 P=1'],
  ] as const)('%s', (_, permissions, access, wanted) => {
    expect(grant(permissions, access)).toBe(wanted);
  });

  test('PRIVCFG chooses whose permissions count, and Priv stays as it was asked', () => {
    const access = { ...pasid, privileged: true, write: true };
    expect(grant(UR | PR | PW, access, { PRIVCFG: 2 })).toBe('R=1 W=0 X=0 P=1');
    expect(grant(UR | PR | PW, pasid, { PRIVCFG: 3 })).toBe('R=1 W=1 X=0 P=0');
  });

  test('INSTCFG=instruction grants R by X; INSTCFG=data grants Exe by R', () => {
    const access = { ...pasid, instruction: true };
    expect(grant(UX, access, { INSTCFG: 3 })).toBe('R=1 W=0 X=1 P=0');
    expect(grant(UR, access, { INSTCFG: 3 })).toBe('R=0 W=0 X=0 P=0');
    expect(grant(UR, access, { INSTCFG: 2 })).toBe('R=1 W=0 X=1 P=0');
  });

  test('a page that hardware would have to mark dirty first is not granted for writing with NW=1 (13.7)', () => {
    const m = ats({}, { 'IDR0.HTTU': 2 });
    m.cd({ HA: 1, HD: 1 });
    const clean = LEAF.AF | LEAF.nG | LEAF.USER | LEAF.READ_ONLY | LEAF.DBM;
    map(m, { iova: 0x4000n, pa: 0x10004000n, attributes: clean });
    expect(request(m, 0x4000).outcome.ats).toMatchObject({ read: true, write: false });
  });

  test('EL2 has one privilege level: what there is counts for both', () => {
    expect(grant(PR | PW, pasid, { STRW: 2 })).toBe('R=1 W=1 X=0 P=0');
  });
});

describe('a Translated transaction', () => {
  test('ATS-TT-NOCHK: passes without a look at the STE', () => {
    const m = ats({ V: 0 });
    const { outcome } = translated(m, 0x12345678);
    expect(outcome).toMatchObject({ result: 'ok', pa: 0x12345678, space: 'ns', fault: null });
    expect(m.smmu.config.size).toBe(0);
  });

  test('ATS-TT-NOCHK: an address beyond OAS is terminated without an event (3.9.1.1)', () => {
    const m = ats();
    expect(translated(m, '0x1000000000000').outcome).toMatchObject({ result: 'abort', record: null });
  });

  test('passes where the STE allows ATS', () => {
    const m = ats({}, CHECKED);
    expect(translated(m, 0x12345678, { write: true }).outcome).toMatchObject({
      result: 'ok',
      pa: 0x12345678,
    });
    expect(m.smmu.tlb.size).toBe(0);
  });

  test.each([
    ['ATS-TT-SMMUEN0', {}, { 'CR0.SMMUEN': 0 }],
    ['ATS-TT-BYPASS', { Config: 4 }, CHECKED],
    ['ATS-TT-EATS0', { EATS: 0 }, CHECKED],
    ['ATS-TT-EATS0', { EATS: 3 }, CHECKED],
  ] as const)('%s: %j is F_TRANSL_FORBIDDEN', (rule, ste, registers) => {
    const m = ats(ste, registers);
    expect(translated(m, 0x1234, { write: true }).outcome).toMatchObject({
      result: 'abort',
      fault: { rule },
    });
    expect(m.events()).toEqual([forbidden(0x1234n, true)]);
  });

  test('ATS-TT-SECURE', () => {
    const { state } = parts({});
    expect(translatedBefore(transaction(SID, 0, { world: 's' }), state)).toMatchObject({
      fault: { event: 'F_TRANSL_FORBIDDEN', rule: 'ATS-TT-SECURE' },
    });
  });

  test('ATS-TT-CFG0: aborted without an event', () => {
    const m = ats({ Config: 0 }, { ...CHECKED, ...RECORDING });
    expect(translated(m, 0).outcome).toMatchObject({ result: 'abort', record: null });
    expect(m.events()).toEqual([]);
  });

  test('ATS-TT-INVSTE: recorded only if CR2.REC_CFG_ATS=1', () => {
    const silent = ats({ V: 0 }, CHECKED);
    expect(translated(silent, 0).outcome).toMatchObject({ result: 'abort', record: null });
    const m = ats({ V: 0 }, { ...CHECKED, ...RECORDING });
    translated(m, 0);
    expect(m.events()).toEqual([record('C_BAD_STE', { sid: SID })]);
  });

  test('ATS-TT-INVSTE: CR2.RECINVSID does not matter to C_BAD_STREAMID (3.9.1.3)', () => {
    for (const RECINVSID of [0, 1]) {
      const m = ats({}, { ...CHECKED, ...RECORDING, 'CR2.RECINVSID': RECINVSID });
      m.dma(0, { kind: 'translated' }, 0x1000);
      expect(m.events()).toEqual([record('C_BAD_STREAMID', { sid: 0x1000 })]);
      const silent = ats({}, { ...CHECKED, 'CR2.RECINVSID': RECINVSID });
      silent.dma(0, { kind: 'translated' }, 0x1000);
      expect(silent.events()).toEqual([]);
    }
  });

  test('ATS-TT-SPLIT: the IPA must lie within IAS, then stage 2 translates it', () => {
    const { state, stream } = parts({ Config: 7, EATS: 2 }, CHECKED);
    const verdict = (address: number | string) =>
      translatedAtStream(transaction(SID, address), state, stream);
    expect(verdict(0x1000).kind).toBe('stage2');
    expect(verdict('0x1000000000000')).toMatchObject({
      kind: 'end',
      fault: { event: 'F_ADDR_SIZE', stage: 1, class: 2, terminates: true },
    });
  });

  test('a fault of stage 2 is recorded as ever; one of the configuration is not', () => {
    expect(translatedError(fault('F_TRANSLATION', 2), UNRECORDED).event).toBe('F_TRANSLATION');
    expect(translatedError(fault('F_WALK_EABT', 2), UNRECORDED).event).toBe('F_WALK_EABT');
    expect(translatedError(fault('C_BAD_STE'), UNRECORDED).event).toBeNull();
  });

  test.each([
    ['IDR3.PASIDTT=0', { ssid: 7 }, {}],
    ['no PASID', {}, { 'IDR3.PASIDTT': 1 }],
  ] as const)(
    '%s: unprivileged data without SubstreamID, whatever comes in (3.9.1.3)',
    (_, pasid, features) => {
      const m = ats({ ...S2_STE, Config: 7, EATS: 2 }, { ...CHECKED, ...features });
      mapStage2(m, { ipa: 0x4000n, pa: 0x10000000n, attributes: S2_PAGE | S2_LEAF.XN });
      const access = { ...pasid, privileged: true, instruction: true };
      expect(translated(m, 0x4000, access).outcome).toMatchObject({ result: 'ok', pa: 0x10000000 });
      translated(m, 0x5000, access);
      const where = { address: 0x5000n, stage2: { class: 2, ipa: 0x5000n } } as const;
      expect(m.events()).toEqual([record('F_TRANSLATION', { sid: SID, ...where })]);
    },
  );

  describe('IDR3.PASIDTT=1', () => {
    const PASID: Registers = { ...CHECKED, ...RECORDING, 'IDR3.PASIDTT': 1 };

    test('a PASID that the STE does not know is C_BAD_SUBSTREAMID', () => {
      const m = ats({}, PASID);
      translated(m, 0, { ssid: 7 });
      expect(m.events()).toEqual([record('C_BAD_SUBSTREAMID', { sid: SID, ssid: 7 })]);
    });

    test('none where one is needed is F_STREAM_DISABLED', () => {
      const m = ats({ S1CDMax: 1 }, PASID);
      translated(m, 0);
      expect(m.events()).toEqual([record('F_STREAM_DISABLED', { sid: SID })]);
      expect(translated(ats({ S1CDMax: 1 }, CHECKED), 0).outcome.result).toBe('ok');
    });

    test('a wrong PASID comes before an IPA beyond IAS (3.9.1.3, priorities 6 and 10)', () => {
      const m = ats({ ...S2_STE, Config: 7, EATS: 2 }, PASID);
      translated(m, '0x1000000000000', { ssid: 7 });
      expect(m.events()).toEqual([record('C_BAD_SUBSTREAMID', { sid: SID, ssid: 7 })]);
    });

    test('its PASID, privilege and execution are those that stage 2 judges and the record shows', () => {
      const m = ats({ ...S2_STE, Config: 7, EATS: 2, S1CDMax: 4 }, PASID);
      identity(m);
      m.cd({}, CDTAB + 7 * 64);
      translated(m, 0x90000000, { ssid: 7, privileged: true, instruction: true });
      const access = { sid: SID, ssid: 7, privileged: true, instruction: true };
      const where = { address: 0x90000000n, stage2: { class: 2, ipa: 0x90000000n } } as const;
      expect(m.events()).toEqual([record('F_TRANSLATION', { ...access, ...where })]);
    });

    test('the CD of its PASID is fetched before the address is looked at (3.9.1.3, priorities 8 to 10)', () => {
      const m = ats({ ...S2_STE, Config: 7, EATS: 2, S1CDMax: 4 }, PASID);
      const ask = (): unknown => translated(m, '0x1000000000000', { ssid: 7 }).outcome.fault;
      expect(ask()).toMatchObject({ event: 'F_TRANSLATION', stage: 2, class: 0 });
      identity(m);
      m.cd({ V: 0 }, CDTAB + 7 * 64);
      expect(ask()).toMatchObject({ event: 'C_BAD_CD' });
      m.cd({}, CDTAB + 7 * 64);
      expect(ask()).toMatchObject({ event: 'F_ADDR_SIZE', stage: 1 });
    });

    test('F_TRANSL_FORBIDDEN comes first', () => {
      expect(translated(ats({ EATS: 0 }, PASID), 0, { ssid: 7 }).outcome.fault?.event).toBe(
        'F_TRANSL_FORBIDDEN',
      );
    });
  });

  test('a Realm instruction fetch must not leave for Non-secure memory', () => {
    const { state, stream } = parts({}, CHECKED, 'realm');
    const verdict = (access: Access) =>
      translatedAtStream(transaction(SID, 0x1000, { world: 'realm', ...access }), state, stream);
    expect(verdict({ instruction: true })).toMatchObject({ kind: 'pass', space: 'realm' });
    expect(verdict({ ns: true })).toMatchObject({ kind: 'pass', space: 'ns' });
    expect(verdict({ ns: true, instruction: true })).toMatchObject({
      kind: 'end',
      fault: { event: 'F_TRANSL_FORBIDDEN' },
    });
  });
});
