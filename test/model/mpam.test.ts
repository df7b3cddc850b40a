import { describe, expect, test } from 'vitest';
import { encode } from '../../src/bits/layout.ts';
import type { World } from '../../src/bits/world.ts';
import { Journal } from '../../src/model/effects.ts';
import { SparseMemory } from '../../src/model/memory.ts';
import { Recorder } from '../../src/model/plan.ts';
import { Answer } from '../../src/model/translate/answer.ts';
import type { StreamConfig } from '../../src/model/translate/configuration.ts';
import {
  bypassLabel,
  clientLabel,
  fetchVms,
  labelSpace,
  labelText,
  mpamSupported,
  NO_LABEL,
  needsVms,
  ownLabel,
  physicalPartid,
  streamLabel,
  vmsSupported,
} from '../../src/model/translate/mpam.ts';
import { decodeStream } from '../../src/model/translate/stream.ts';
import { CD } from '../../src/spec/cd.ts';
import type { IdValues } from '../../src/spec/features.ts';
import { STE } from '../../src/spec/ste.ts';
import { NOWHERE, RAM, type Registers, SID, TestSmmu, type Values } from '../kit/smmu.ts';
import { identity, NESTED_STE } from '../kit/stage2.ts';
import { map } from '../kit/tables.ts';

const VMS = 0x40500000;
const VMID = 7;

/** MPAM with PARTIDs up to 63 and PMGs up to 3. */
const MPAM: Registers = { 'IDR3.MPAM': 1, 'MPAMIDR.PARTID_MAX': 63, 'MPAMIDR.PMG_MAX': 3 };
const NESTED: Values = { ...NESTED_STE, V: 1, S1MPAM: 1, S2VMID: VMID, VMSPtr: VMS, PARTID: 9, PMG: 2 };

function machine(registers: Registers = MPAM): TestSmmu {
  return new TestSmmu({ registers });
}

/** PARTID and PMG of a label that is not UNKNOWN. */
function ids(label: number): number[] {
  expect(labelText(label)).not.toContain('UNKNOWN');
  return [label & 0xffff, (label >>> 16) & 0xff];
}

/** A world's state: the Non-secure one with other ID registers. */
function stateOf(world: World, values: IdValues) {
  return { ...machine({}).smmu.state('ns'), world, ids: values };
}

const MPAM_BIT = 1 << 7;
const S1P_S2P = 3;
const SEL2 = 1 << 29;
/** HAS_MPAM_NS, PMG_MAX and PARTID_MAX by 6.3.41 and its Secure and Realm fellows. */
const mpamIdr = (partid: number, pmg: number, ns = 0): number => (ns << 25) | (pmg << 16) | partid;

function stream(m: TestSmmu, values: Values): StreamConfig {
  const decoded = decodeStream(encode(STE, values), 0, 0, 'ns', SID, m.smmu.state('ns'));
  if ('event' in decoded) throw new Error(decoded.reason);
  return decoded;
}

describe('labels of client transactions (17.2)', () => {
  const cd = encode(CD, { PARTID: 5, PMG: 1 });
  const partids = { world: 'ns', by: 'stream', key: 0, pa: 0, words: new Uint32Array(16) } as const;
  partids.words[2] = 33 << 16;

  test.each([
    ['bypass', 4, 1, [9, 2]],
    ['stage 1', 5, 0, [9, 2]],
    ['stage 1', 5, 1, [5, 1]],
    ['stage 2', 6, 1, [9, 2]],
    ['nested', 7, 0, [9, 2]],
    ['nested', 7, 1, [33, 1]],
  ])('%s, Config=%i, S1MPAM=%i', (_, Config, S1MPAM, wanted) => {
    const ste = encode(STE, { ...NESTED, Config, S1MPAM });
    expect(ids(clientLabel(ste, cd, partids, machine().smmu.state('ns')))).toEqual(wanted);
  });

  test('a bypassed stage 1 takes them from the STE, whatever S1MPAM', () => {
    for (const Config of [5, 7])
      expect(
        ids(clientLabel(encode(STE, { ...NESTED, Config }), null, null, machine().smmu.state('ns'))),
      ).toEqual([9, 2]);
  });

  test('CD, stage-2 tables and the permission table take them from the STE (17.4)', () => {
    expect(ids(streamLabel(encode(STE, NESTED), machine().smmu.state('ns')))).toEqual([9, 2]);
  });

  test('a virtual PARTID has five bits', () => {
    expect(physicalPartid(partids, 5)).toBe(33);
    expect(physicalPartid(partids, 32 + 5)).toBe(33);
    expect(physicalPartid(partids, 4)).toBe(0);
  });

  test('what exceeds the largest value is UNKNOWN', () => {
    const state = machine().smmu.state('ns');
    const text = (values: Values): string =>
      labelText(streamLabel(encode(STE, { ...NESTED, ...values }), state));
    expect(text({ PARTID: 63, PMG: 3 })).toBe('PARTID 63 PMG 3 (ns)');
    expect(text({ PARTID: 64 })).toBe('PARTID UNKNOWN (64 is configured, which is too large) PMG 2 (ns)');
    expect(text({ PMG: 4 })).toBe('PARTID 9 PMG UNKNOWN (4 is configured, which is too large) (ns)');
    const large = { ...partids, words: partids.words.map(() => 0xffffffff) };
    expect(labelText(clientLabel(encode(STE, NESTED), cd, large, state))).toContain('PARTID UNKNOWN (65535');
  });

  test('without MPAM nothing bears a label', () => {
    for (const registers of [{}, { 'MPAMIDR.PARTID_MAX': 5 }, { 'IDR3.MPAM': 1 }]) {
      const state = machine(registers).smmu.state('ns');
      expect(clientLabel(encode(STE, NESTED), cd, partids, state)).toBe(NO_LABEL);
      expect(ownLabel(0x00010001, state)).toBe(NO_LABEL);
      expect(labelText(NO_LABEL)).toBe('no MPAM label');
    }
  });

  test('PMG alone makes MPAM supported (17.1)', () => {
    expect(mpamSupported({ IDR3: MPAM_BIT, MPAMIDR: mpamIdr(0, 1) }, 'ns')).toBe(true);
    expect(mpamSupported({ IDR3: MPAM_BIT, MPAMIDR: mpamIdr(0, 1) }, 's')).toBe(false);
  });
});

describe('labels from registers', () => {
  test('GMPAM for the SMMU itself, GBPMPAM in global bypass', () => {
    const state = machine().smmu.state('ns');
    expect(ids(ownLabel(0x0003003f, state))).toEqual([63, 3]);
    expect(ids(bypassLabel(0x00020004, state))).toEqual([4, 2]);
    expect(labelText(bypassLabel(0x00040040, state))).toMatch(/PARTID UNKNOWN.*PMG UNKNOWN/);
  });
});

describe('PARTID spaces (17.7)', () => {
  const secure = { IDR3: MPAM_BIT, MPAMIDR: mpamIdr(63, 3), S_MPAMIDR: mpamIdr(7, 1, 1) };
  const ste = (MPAM_NS: number): Uint32Array => encode(STE, { ...NESTED, MPAM_NS });

  test('MPAM_NS selects the Non-secure space, and its limits', () => {
    const state = stateOf('s', secure);
    expect(labelText(streamLabel(ste(0), state))).toMatch(/PARTID UNKNOWN.*\(s\)$/);
    expect(labelText(streamLabel(ste(1), state))).toBe('PARTID 9 PMG 2 (ns)');
    expect(labelSpace(ownLabel(1 << 24, state))).toBe('ns');
    expect(labelSpace(ownLabel(0, state))).toBe('s');
    expect(labelSpace(bypassLabel(1 << 24, state))).toBe('ns');
  });

  test('it is RES0 without HAS_MPAM_NS, and for Non-secure streams', () => {
    const plain = stateOf('s', { ...secure, S_MPAMIDR: mpamIdr(7, 1) });
    expect(labelSpace(streamLabel(ste(1), plain))).toBe('s');
    expect(labelSpace(streamLabel(ste(1), stateOf('ns', secure)))).toBe('ns');
    const realm = { IDR3: MPAM_BIT, MPAMIDR: mpamIdr(63, 3), R_MPAMIDR: mpamIdr(63, 3, 1) };
    expect(labelSpace(streamLabel(ste(0), stateOf('realm', realm)))).toBe('realm');
    expect(labelSpace(streamLabel(ste(1), stateOf('realm', realm)))).toBe('ns');
  });
});

describe('the VMS (5.6)', () => {
  test('is enabled where both stages translate, S1MPAM=1 and there are PARTIDs', () => {
    const state = machine().smmu.state('ns');
    expect(needsVms(encode(STE, NESTED), state)).toBe(true);
    for (const values of [{ Config: 5 }, { Config: 6 }, { Config: 4 }, { S1MPAM: 0 }])
      expect(needsVms(encode(STE, { ...NESTED, ...values }), state)).toBe(false);
    for (const registers of [
      { ...MPAM, 'IDR3.MPAM': 0 },
      { ...MPAM, 'MPAMIDR.PARTID_MAX': 0 },
      { ...MPAM, 'IDR0.S1P': 0 },
      { ...MPAM, 'IDR0.S2P': 0 },
    ])
      expect(needsVms(encode(STE, NESTED), machine(registers).smmu.state('ns'))).toBe(false);
  });

  test('exists in Secure state with S_IDR1.SEL2, by its own PARTIDs or Non-secure ones', () => {
    const base = { IDR0: S1P_S2P, IDR3: MPAM_BIT, S_IDR1: SEL2, MPAMIDR: mpamIdr(3, 0) };
    expect(vmsSupported({ ...base, S_MPAMIDR: mpamIdr(1, 0) }, 's')).toBe(true);
    expect(vmsSupported({ ...base, S_MPAMIDR: mpamIdr(1, 0), S_IDR1: 0 }, 's')).toBe(false);
    expect(vmsSupported({ ...base, S_MPAMIDR: mpamIdr(0, 0, 1) }, 's')).toBe(true);
    expect(vmsSupported({ ...base, S_MPAMIDR: mpamIdr(0, 0, 0) }, 's')).toBe(false);
    expect(vmsSupported({ ...base, R_MPAMIDR: mpamIdr(3, 0) }, 'realm')).toBe(true);
    const own = stateOf('s', { ...base, S_MPAMIDR: mpamIdr(0, 1, 1) });
    expect(needsVms(encode(STE, { ...NESTED, MPAM_NS: 1 }), own)).toBe(true);
    expect(needsVms(encode(STE, { ...NESTED, MPAM_NS: 0 }), own)).toBe(false);
  });

  test('is read at VMSPtr, in a frame of its own', () => {
    const m = machine();
    m.store(
      VMS,
      Uint32Array.from({ length: 32 }, (_, i) => (i * 2 + 1) * 2 ** 16 + i * 2),
    );
    const recorder = new Recorder();
    const answer = new Answer();
    const config = stream(m, NESTED);
    const map = fetchVms(m.smmu, m.smmu.state('ns'), config, 'vmid', answer, recorder);
    expect(map).toMatchObject({ world: 'ns', by: 'vmid', key: VMID, pa: VMS });
    expect(Array.from({ length: 32 }, (_, i) => physicalPartid(map as NonNullable<typeof map>, i))).toEqual(
      Array.from({ length: 32 }, (_, i) => i),
    );
    expect(map?.words.length).toBe(16);
    expect(recorder.frames).toMatchObject([{ kind: 'vms', layout: 'VMS', pa: VMS, status: 0 }]);
    expect(fetchVms(m.smmu, m.smmu.state('ns'), config, 'stream', answer, null)).toMatchObject({ key: SID });
    expect(answer.result).toBe('ok');
  });

  test('an abort of its fetch is F_VMS_FETCH with the address; what the image lacks is absent', () => {
    const m = machine();
    const answer = new Answer();
    const config = stream(m, { ...NESTED, VMSPtr: NOWHERE });
    expect(fetchVms(m.smmu, m.smmu.state('ns'), config, 'vmid', answer, null)).toBeNull();
    expect(answer).toMatchObject({ result: 'abort', fault: { event: 'F_VMS_FETCH', fetchAddr: NOWHERE } });
    const bare = new TestSmmu({ registers: MPAM, memory: new SparseMemory(undefined, { ram: [RAM] }) });
    answer.reset();
    expect(fetchVms(bare.smmu, bare.smmu.state('ns'), stream(bare, NESTED), 'vmid', answer, null)).toBeNull();
    expect(answer).toMatchObject({ result: 'absent', missing: { pa: VMS, wouldBe: 'F_VMS_FETCH' } });
  });
});

describe('kept PARTID maps (5.6.2)', () => {
  function kept(m: TestSmmu): string[] {
    return m.smmu.partidMaps.entries().map(({ world, by, key }) => `${world} ${by} ${key}`);
  }

  function filled(): TestSmmu {
    const m = machine();
    const words = new Uint32Array(16);
    for (const key of [7, 8])
      for (const by of ['stream', 'vmid'] as const)
        for (const world of ['ns', 'realm'] as const)
          m.smmu.partidMaps.insert({ world, by, key, pa: VMS, words });
    return m;
  }

  const REALM = ['realm stream 7', 'realm vmid 7', 'realm stream 8', 'realm vmid 8'];

  test('CMD_CFGI_VMS_PIDM drops those kept by that VMID, and CR0.VMW does not widen it', () => {
    const m = filled();
    m.set({ 'CR0.VMW': 4 });
    m.run(['CMD_CFGI_VMS_PIDM', { VMID: 8 }]);
    expect(kept(m).sort()).toEqual(['ns stream 7', 'ns vmid 7', 'ns stream 8', ...REALM].sort());
  });

  test('CMD_CFGI_STE drops those kept with the stream; CMD_CFGI_CD leaves them', () => {
    const m = filled();
    m.run(['CMD_CFGI_CD', { StreamID: 8 }], ['CMD_CFGI_CD_ALL', { StreamID: 8 }]);
    expect(kept(m)).toHaveLength(8);
    m.run(['CMD_CFGI_STE', { StreamID: 8, Leaf: 1 }]);
    expect(kept(m).sort()).toEqual(['ns stream 7', 'ns vmid 7', 'ns vmid 8', ...REALM].sort());
  });

  test('CMD_CFGI_STE_RANGE drops those of its streams, CMD_CFGI_ALL all of the world', () => {
    const m = filled();
    m.run(['CMD_CFGI_STE_RANGE', { StreamID: 9, Range: 0 }]);
    expect(kept(m)).not.toContain('ns stream 8');
    expect(kept(m)).toContain('ns stream 7');
    m.run(['CMD_CFGI_STE_RANGE', { Range: 31 }]);
    expect(kept(m).sort()).toEqual([...REALM].sort());
  });

  test('undoing a command brings them back', () => {
    const m = filled();
    const [entry] = m.smmu.partidMaps.range('ns', 'vmid', 8, 8);
    const journal = new Journal();
    m.smmu.commit([{ kind: 'store', store: m.smmu.partidMaps, op: 'remove', entry, what: '' }], journal);
    expect(kept(m)).toHaveLength(7);
    journal.undo(m.smmu, 0);
    expect(m.smmu.partidMaps.find('ns', 'vmid', 8)).toBe(entry);
  });
});

describe('a transaction of a stream with a VMS', () => {
  /** Virtual PARTID 3 is PARTID 33. */
  function nested(some: Values = {}, registers: Registers = {}): TestSmmu {
    const m = machine({ ...MPAM, 'IDR1.SSIDSIZE': 5, ...registers });
    m.ste({ ...NESTED, ...some });
    m.cd({ PARTID: 3, PMG: 1 });
    m.store(VMS, Uint32Array.of(0, 33 << 16));
    identity(m);
    map(m, { iova: 0x1000n, pa: 0x10000000n });
    return m;
  }

  test('bears the PARTID that the map gives, and the plan says so', () => {
    const plan = nested().dma(0x1000);
    expect(plan.outcome.result).toBe('ok');
    expect(ids(plan.outcome.mpam)).toEqual([33, 1]);
    const said = plan.steps.map(({ text }) => text).find((text) => text.startsWith('MPAM'));
    expect(said).toContain('the access bears PARTID 33 PMG 1 (ns)');
    expect(said).toContain('CD and stage-2 tables PARTID 9 PMG 2 (ns)');
  });

  test('keeps the map by its VMID until CMD_CFGI_VMS_PIDM', () => {
    const m = nested();
    m.dma(0x1000);
    m.store(VMS, Uint32Array.of(0, 44 << 16));
    expect(ids(m.dma(0x1000).outcome.mpam)).toEqual([33, 1]);
    m.run(['CMD_CFGI_VMS_PIDM', { VMID }]);
    expect(ids(m.dma(0x1000).outcome.mpam)).toEqual([44, 1]);
  });

  test('F_VMS_FETCH comes after C_BAD_STE and before C_BAD_SUBSTREAMID', () => {
    const wrong = nested({ VMSPtr: NOWHERE });
    const bad = wrong.dma(0x1000, { ssid: 3 }).outcome;
    expect(bad.fault).toMatchObject({ event: 'F_VMS_FETCH', fetchAddr: NOWHERE });
    expect((bad.record?.[0] ?? 0) & 0xff).toBe(0x25);
    expect(nested().dma(0x1000, { ssid: 3 }).outcome.fault?.event).toBe('C_BAD_SUBSTREAMID');
    expect(nested({ V: 0, VMSPtr: NOWHERE }).dma(0x1000).outcome.fault?.event).toBe('C_BAD_STE');
  });

  test('bears what GBPMPAM says while SMMUEN=0, and no label without MPAM', () => {
    const off = nested({}, { GBPMPAM: (2 << 16) | 6 });
    off.write('CR0', 0xc);
    expect(ids(off.dma(0x1000).outcome.mpam)).toEqual([6, 2]);
    const without = machine({});
    without.ste();
    without.cd();
    map(without, { iova: 0x1000n, pa: 0x10000000n });
    expect(without.dma(0x1000).outcome).toMatchObject({ result: 'ok', mpam: NO_LABEL });
  });
});
