import { describe, expect, test } from 'vitest';
import { encode } from '../../src/bits/layout.ts';
import { deriveDpt, dptSupported, reportDptFault } from '../../src/model/dpt-config.ts';
import { Journal } from '../../src/model/effects.ts';
import { SparseMemory } from '../../src/model/memory.ts';
import { type Effect, Recorder } from '../../src/model/plan.ts';
import type { CachePolicy } from '../../src/model/smmu.ts';
import { Answer } from '../../src/model/translate/answer.ts';
import type { StreamConfig } from '../../src/model/translate/configuration.ts';
import { checkDpt, completionEntry, keepDptEntry } from '../../src/model/translate/dpt.ts';
import { decodeStream } from '../../src/model/translate/stream.ts';
import { STE } from '../../src/spec/ste.ts';
import { NOWHERE, RAM, type Registers, SID, TestSmmu, type Values, zeroedMemory } from '../kit/smmu.ts';

const L0 = 0x40500000;
const L1 = 0x40600000;
const VMID = 5;

/** 36 bits of PA, 1 GiB a level-0 entry, 4 KiB granules: level 0 has 64 entries, level 1 131072. */
const DPT: Registers = {
  'IDR3.DPT': 1,
  'CR0.DPT_WALK_EN': 1,
  'DPT_BASE.BADDR': L0,
  'DPT_BASE_CFG.DPTPS': 1,
  'DPT_BASE_CFG.L0DPTSZ': 0,
  'DPT_BASE_CFG.DPTGS': 0,
};

const LOOKUP = { DISABLED: 0, WALK: 1, EABT: 3 };

/** A level-1 entry by the bits of 3.24.3.1.4. */
function level1(some: {
  a: number;
  ac0?: number;
  w0?: number;
  vmid0?: number;
  ac1?: number;
  w1?: number;
  vmid1?: number;
  contig?: number;
}): bigint {
  const { a, ac0 = 0, w0 = 0, vmid0 = 0, ac1 = 0, w1 = 0, vmid1 = 0, contig = 0 } = some;
  const field = (value: number, lsb: number): bigint => BigInt(value) << BigInt(lsb);
  return (
    field(a, 0) |
    field(ac0, 2) |
    field(w0, 4) |
    field(contig, 8) |
    field(vmid0, 16) |
    field(ac1, 34) |
    field(w1, 36) |
    field(vmid1, 48)
  );
}

class TestDpt extends TestSmmu {
  constructor(registers: Registers = {}, caches: CachePolicy = 'combined', memory = zeroedMemory()) {
    super({ registers: { ...DPT, ...registers }, caches, memory });
  }

  level0(index: number, value: bigint): void {
    this.descriptor(L0 + index * 8, value);
  }

  /** The entry of two granules of the first GiB. */
  pair(index: number, value: bigint): void {
    this.level0(0, BigInt(L1) | 3n);
    this.descriptor(L1 + index * 8, value);
  }

  stream(values: Values = {}): StreamConfig {
    const words = encode(STE, { V: 1, Config: 5, EATS: 3, S2VMID: VMID, ...values });
    const decoded = decodeStream(words, 0, 0, 'ns', SID, this.smmu.state('ns'));
    if ('event' in decoded) throw new Error(decoded.reason);
    return decoded;
  }

  /** `ok`, the reason of a refusal, `fault code@level`, or the result. Commits what the check leaves. */
  check(pa: number, write = false, values: Values = {}): string {
    const answer = new Answer();
    const { smmu } = this;
    const state = smmu.state('ns');
    const passes = checkDpt(smmu, state, this.stream(values), pa, write, answer, null);
    const effects = [...answer.effects];
    if (answer.dptFault && state.dpt) reportDptFault(state.dpt, answer.dptFault, effects);
    smmu.commit(effects);
    if (passes) return answer.result === 'ok' ? answer.result : 'passes with a fault';
    if (answer.result !== 'abort') return answer.result;
    expect(answer.fault?.event).toBe('F_TRANSL_FORBIDDEN');
    return answer.dptFault ? `fault ${answer.dptFault.code}@${answer.dptFault.level}` : 'denied';
  }

  kept(): string[] {
    return this.smmu.dpt
      .entries('ns')
      .map((e) => `${e.source} ${(e.page * 2 ** e.shift).toString(16)}+${e.shift}`);
  }
}

describe('a level-1 entry', () => {
  test('describes two granules', () => {
    const m = new TestDpt();
    m.pair(1, level1({ a: 3, w0: 1, vmid0: VMID, w1: 0, vmid1: 6 }));
    expect(m.check(0x2000, true)).toBe('ok');
    expect(m.check(0x2fff)).toBe('ok');
    expect(m.check(0x3000)).toBe('denied');
    expect(m.check(0x3000, false, { S2VMID: 6 })).toBe('ok');
    expect(m.check(0x3000, true, { S2VMID: 6 })).toBe('denied');
    // Its neighbours say No Access.
    expect(m.check(0x1000)).toBe('denied');
    expect(m.check(0x4000)).toBe('denied');
  });

  test('describes one of them', () => {
    const m = new TestDpt();
    m.pair(0, level1({ a: 1, vmid0: VMID }));
    expect([m.check(0x0), m.check(0x1000)]).toEqual(['ok', 'denied']);
    m.pair(1, level1({ a: 2, vmid1: VMID }));
    expect([m.check(0x2000), m.check(0x3000)]).toEqual(['denied', 'ok']);
  });

  test.each([
    [1, 16],
    [2, 21],
    [3, 25],
    [4, 29],
    [5, 30],
  ])('with Contig=%i covers 2^%i bytes', (contig, bits) => {
    const m = new TestDpt();
    m.pair(0, level1({ a: 3, contig, vmid0: VMID }));
    expect(m.check(0x1000)).toBe('ok');
    expect(m.kept()).toEqual([`walk 0+${bits}`]);
  });

  test('is chosen by the granule', () => {
    for (const [DPTGS, bits] of [
      [0, 12],
      [2, 14],
      [1, 16],
    ] as const) {
      const m = new TestDpt({ 'DPT_BASE_CFG.DPTGS': DPTGS });
      m.pair(3, level1({ a: 2, vmid1: VMID }));
      expect(m.check(7 * 2 ** bits)).toBe('ok');
      expect(m.check(6 * 2 ** bits)).toBe('denied');
      expect(m.check(8 * 2 ** bits)).toBe('denied');
    }
  });

  const WALK1 = `fault ${LOOKUP.WALK}@1`;
  test.each([
    ['AC=3', level1({ a: 1, ac0: 3 })],
    ['AC=3 of the other granule', level1({ a: 3, vmid0: VMID, ac1: 3 })],
    ['a VMID with AC=2', level1({ a: 1, ac0: 2, vmid0: 1 })],
    ['fields of an absent granule', level1({ a: 1, vmid0: VMID, w1: 1 })],
    ['fields of both, absent', level1({ a: 0, vmid0: 1 })],
    ['Contig with one granule', level1({ a: 1, vmid0: VMID, contig: 1 })],
    ['Contig with none', level1({ a: 0, contig: 1 })],
    ['Contig beside an upper granule', level1({ a: 3, vmid0: VMID, contig: 2, vmid1: 1 })],
    ['Contig beyond L0DPTSZ', level1({ a: 3, vmid0: VMID, contig: 6 })],
    ['a reserved Contig', level1({ a: 3, vmid0: VMID, contig: 8 })],
    ['a reserved bit', level1({ a: 1, vmid0: VMID }) | (1n << 5n)],
    ['a reserved bit above', level1({ a: 1, vmid0: VMID }) | (1n << 47n)],
  ])('is invalid with %s', (_, value) => {
    const m = new TestDpt();
    m.pair(0, value);
    expect(m.check(0)).toBe(WALK1);
    expect(m.kept()).toEqual([]);
  });

  test('is invalid with Contig=1 and 64 KiB granules, and with a wide VMID and IDR0.VMID16=0', () => {
    const m = new TestDpt({ 'DPT_BASE_CFG.DPTGS': 1 });
    m.pair(0, level1({ a: 3, vmid0: VMID, contig: 1 }));
    expect(m.check(0)).toBe(WALK1);
    const narrow = new TestDpt({ 'IDR0.VMID16': 0 });
    narrow.pair(0, level1({ a: 1, vmid0: 0x100 }));
    expect(narrow.check(0)).toBe(WALK1);
  });
});

describe('VMID, AC and STE.DPT_VMATCH (3.24.1)', () => {
  test.each([
    [0, ['denied', 'denied', 'ok']],
    [1, ['denied', 'ok', 'ok']],
    [2, ['ok', 'ok', 'ok']],
    [3, ['denied', 'denied', 'ok']],
  ])('DPT_VMATCH=%i with another VMID and AC=0, 1, 2', (DPT_VMATCH, wanted) => {
    const got = [0, 1, 2].map((ac0) => {
      const m = new TestDpt();
      m.pair(0, level1({ a: 1, ac0, vmid0: ac0 === 2 ? 0 : VMID + 1 }));
      return m.check(0, false, { DPT_VMATCH });
    });
    expect(got).toEqual(wanted);
  });

  test('the output is Non-secure memory', () => {
    const m = new TestDpt();
    m.pair(0, level1({ a: 1, ac0: 1, vmid0: VMID }));
    const answer = new Answer();
    expect(checkDpt(m.smmu, m.smmu.state('ns'), m.stream(), 0, false, answer, null)).toBe(true);
    expect(answer.space).toBe('ns');
  });

  test('a Realm table sends AC=0 to Realm memory and the rest to Non-secure memory, and knows no DPT_VMATCH', () => {
    const m = new TestDpt();
    const config = { ...m.smmu.state('ns').dpt, world: 'realm' };
    const state = { ...m.smmu.state('ns'), dpt: config } as ReturnType<typeof m.smmu.state>;
    for (const [access, space] of [
      [0, 'realm'],
      [1, 'ns'],
      [2, 'ns'],
    ] as const) {
      m.smmu.dpt.insert({
        world: 'realm',
        page: 1,
        shift: 12,
        access,
        write: true,
        vmid: VMID,
        source: 'walk',
      });
      const answer = new Answer();
      expect(checkDpt(m.smmu, state, m.stream(), 0x1000, true, answer, null)).toBe(true);
      expect(answer.space).toBe(space);
      const other = m.stream({ S2VMID: 9, DPT_VMATCH: 2 });
      expect(checkDpt(m.smmu, state, other, 0x1000, true, new Answer(), null)).toBe(access === 2);
    }
  });
});

describe('a level-0 entry', () => {
  test('of No Access denies, with reserved bits it is invalid', () => {
    const m = new TestDpt();
    expect(m.check(0x40000000)).toBe('denied');
    m.level0(1, 4n);
    expect(m.check(0x40000000)).toBe(`fault ${LOOKUP.WALK}@0`);
  });

  test('of type 0b10 is invalid, and so is a table with reserved bits or beyond OAS', () => {
    const m = new TestDpt();
    for (const value of [2n, BigInt(L1) | 7n, BigInt(L1) | 3n | (1n << 63n), (1n << 48n) | 3n]) {
      m.level0(0, value);
      expect(m.check(0), value.toString(16)).toBe(`fault ${LOOKUP.WALK}@0`);
    }
  });

  test('of Block ends the walk by name: where its fields lie is not certain', () => {
    const m = new TestDpt();
    m.level0(0, 1n);
    expect(m.check(0)).toBe('not-modelled');
  });

  test('is found by PA[dptps-1:l0dptsz], and its table is aligned down to its size', () => {
    const m = new TestDpt();
    m.level0(63, BigInt(L1 + 0x1000) | 3n);
    m.descriptor(L1 + 8, level1({ a: 1, vmid0: VMID }));
    expect(m.check(63 * 2 ** 30 + 0x2000)).toBe('ok');
  });

  test('an address beyond DPTPS is a Device Access fault', () => {
    const m = new TestDpt();
    expect(m.check(2 ** 36)).toBe('denied');
    expect(m.check(2 ** 36 - 1)).toBe('denied');
    expect(m.read('DPT_CFG_FAR')).toBe(0);
  });

  test('level 0 is aligned down to its size, 4 KiB at least', () => {
    const m = new TestDpt({ 'DPT_BASE_CFG.DPTPS': 5, 'DPT_BASE.BADDR': L0 + 0x1ff000 });
    // 2^18 entries of 1 GiB: 2 MiB.
    expect(m.smmu.state('ns').dpt?.base).toBe(0x40600000);
    expect(new TestDpt({ 'DPT_BASE.BADDR': L0 + 0x1000 }).smmu.state('ns').dpt?.base).toBe(L0 + 0x1000);
  });
});

describe('a lookup that fails (3.24.4)', () => {
  const FAR = (code: number, level: number, pa: number): number[] => [
    ((pa & 0xfffff000) | (code << 4) | (level << 1) | 1) >>> 0,
    Math.floor(pa / 2 ** 32),
  ];
  const far = (m: TestDpt): number[] => [m.smmu.bank.lo('DPT_CFG_FAR'), m.smmu.bank.hi('DPT_CFG_FAR')];
  const DPT_ERR = 1 << 10;

  test('while walks are disabled, even with an invalid table', () => {
    const m = new TestDpt({ 'CR0.DPT_WALK_EN': 0, 'DPT_BASE_CFG.DPTPS': 7 });
    expect(m.check(0x9_8765_4321)).toBe(`fault ${LOOKUP.DISABLED}@0`);
    expect(far(m)).toEqual(FAR(LOOKUP.DISABLED, 0, 0x9_8765_4321));
    expect(m.read('GERROR')).toBe(DPT_ERR);
  });

  test.each([
    ['DPTPS reserved', { 'DPT_BASE_CFG.DPTPS': 7 }],
    ['DPTPS beyond OAS', { 'DPT_BASE_CFG.DPTPS': 6 }],
    ['DPTGS reserved', { 'DPT_BASE_CFG.DPTGS': 3 }],
    ['DPTGS not offered', { 'DPT_BASE_CFG.DPTGS': 2, 'IDR5.GRAN16K': 0 }],
    ['L0DPTSZ reserved', { 'DPT_BASE_CFG.L0DPTSZ': 1 }],
    ['L0DPTSZ beyond DPTPS', { 'DPT_BASE_CFG.L0DPTSZ': 9 }],
  ])('with %s', (_, registers) => {
    const m = new TestDpt(registers);
    expect(m.check(2 ** 40)).toBe(`fault ${LOOKUP.WALK}@0`);
    expect(far(m)).toEqual(FAR(LOOKUP.WALK, 0, 2 ** 40));
  });

  test('L0DPTSZ may be as large as DPTPS', () => {
    expect(new TestDpt({ 'DPT_BASE_CFG.L0DPTSZ': 6 }).smmu.state('ns').dpt).toMatchObject({
      valid: true,
      level0Bits: 36,
    });
  });

  test('with an external abort at either level', () => {
    const m = new TestDpt({ 'DPT_BASE.BADDR': NOWHERE });
    expect(m.check(0x1000)).toBe(`fault ${LOOKUP.EABT}@0`);
    const second = new TestDpt();
    second.level0(0, BigInt(NOWHERE) | 3n);
    expect(second.check(0x1234)).toBe(`fault ${LOOKUP.EABT}@1`);
    expect(far(second)).toEqual(FAR(LOOKUP.EABT, 1, 0x1234));
  });

  test('the first one stays in DPT_CFG_FAR, and an active DPT_ERR is not toggled back', () => {
    const m = new TestDpt();
    m.level0(0, 2n);
    m.level0(1, BigInt(NOWHERE) | 3n);
    m.check(0x5000);
    const first = far(m);
    expect(m.check(0x40000000)).toBe(`fault ${LOOKUP.EABT}@1`);
    expect(far(m)).toEqual(first);
    expect(m.read('GERROR')).toBe(DPT_ERR);
    // Cleared and acknowledged: the next one is reported.
    m.set({ DPT_CFG_FAR: 0, GERRORN: DPT_ERR });
    m.check(0x40000000);
    expect(far(m)).toEqual(FAR(LOOKUP.EABT, 1, 0x40000000));
    expect(m.read('GERROR')).toBe(0);
  });

  test('is reported beside a pending change of GERROR, and undone exactly', () => {
    const m = new TestDpt();
    const { dpt } = m.smmu.state('ns');
    const offset = 0x60;
    const effects: Effect[] = [{ kind: 'register', offset, value: 4, what: '' }];
    if (dpt) reportDptFault(dpt, { code: 1, level: 1, pa: 0x1000 }, effects);
    const journal = new Journal();
    m.smmu.commit(effects, journal);
    expect(m.read('GERROR')).toBe(DPT_ERR | 4);
    journal.undo(m.smmu, 0);
    expect([m.read('GERROR'), ...far(m)]).toEqual([0, 0, 0]);
  });

  test('what the image lacks is absent, and claims no fault', () => {
    const m = new TestDpt({}, 'combined', new SparseMemory(undefined, { ram: [RAM] }));
    expect(m.check(0)).toBe('absent');
    expect(far(m)).toEqual([0, 0]);
  });

  test('without the feature there is no table', () => {
    const m = new TestDpt({ 'IDR3.DPT': 0 });
    expect(m.smmu.state('ns').dpt).toBeNull();
    expect(deriveDpt(m.smmu.bank, 's', m.smmu.state('ns').ids, 48)).toBeNull();
    expect(dptSupported({ R_IDR3: 1 << 15 }, 'realm')).toBe(true);
    expect(m.check(0)).toBe('denied');
  });
});

describe('the DPT TLB (3.24.2)', () => {
  const READ_ONLY = level1({ a: 3, vmid0: VMID, vmid1: VMID });
  const READ_WRITE = level1({ a: 3, w0: 1, vmid0: VMID, w1: 1, vmid1: VMID });

  test('keeps what a walk found, answers from it, and denies from it', () => {
    const m = new TestDpt();
    m.pair(0, READ_ONLY);
    expect(m.check(0)).toBe('ok');
    m.pair(0, READ_WRITE);
    expect(m.check(0, true)).toBe('denied');
    m.set({ 'CR0.DPT_WALK_EN': 0 });
    expect(m.check(0)).toBe('ok');
    expect(m.check(0x1000)).toBe(`fault ${LOOKUP.DISABLED}@0`);
  });

  test('never keeps No Access, and under the policy none keeps nothing', () => {
    const m = new TestDpt();
    m.pair(0, level1({ a: 1, vmid0: VMID }));
    m.check(0x1000);
    m.check(0x40000000);
    expect(m.kept()).toEqual([]);
    const none = new TestDpt({}, 'none');
    none.pair(0, READ_ONLY);
    expect(none.check(0)).toBe('ok');
    none.pair(0, READ_WRITE);
    expect(none.check(0, true)).toBe('ok');
  });

  test('an entry of an ATS completion grants, but a walk denies', () => {
    const m = new TestDpt();
    const { dpt } = m.smmu.state('ns');
    if (!dpt) throw new Error('no table');
    const entry = completionEntry(dpt, m.stream(), 0x40201000, 21, false, 'ns');
    expect(entry).toMatchObject({ page: 0x201, shift: 21, access: 0, write: false, vmid: VMID });
    const answer = new Answer();
    keepDptEntry(m.smmu, entry, answer);
    m.smmu.commit(answer.effects);
    // The table says No Access: only a miss of the TLB finds out.
    expect(m.check(0x40200000)).toBe('ok');
    expect(m.check(0x40200000, true)).toBe('denied');
    expect(m.check(0x40200000, false, { S2VMID: 6 })).toBe('denied');
    // A walk that grants more takes its place.
    m.level0(1, BigInt(L1) | 3n);
    m.descriptor(L1 + 256 * 8, level1({ a: 3, contig: 2, w0: 1, vmid0: VMID }));
    expect(m.check(0x40200000, true)).toBe('ok');
    expect(m.kept()).toEqual(['walk 40200000+21']);
  });

  test('such an entry covers no more than a level-0 entry, 1 GiB where L0DPTSZ is reserved', () => {
    const m = new TestDpt({ 'DPT_BASE_CFG.L0DPTSZ': 4, 'DPT_BASE_CFG.DPTPS': 5 });
    const { dpt } = m.smmu.state('ns');
    if (!dpt) throw new Error('no table');
    expect(completionEntry(dpt, m.stream(), 2 ** 40, 39, true, 'ns')).toMatchObject({ shift: 34, page: 64 });
    const reserved = { ...dpt, level0Bits: 0 };
    expect(completionEntry(reserved, m.stream(), 2 ** 40, 39, true, 'ns')).toMatchObject({ shift: 30 });
    const realm = { ...dpt, world: 'realm' } as const;
    expect(completionEntry(realm, m.stream(), 0, 12, true, 'ns').access).toBe(1);
    expect(completionEntry(realm, m.stream(), 0, 12, true, 'realm').access).toBe(0);
  });

  test('of regions that overlap the smallest answers', () => {
    const m = new TestDpt();
    const some = { world: 'ns', access: 0, vmid: VMID, source: 'walk' } as const;
    m.smmu.dpt.insert({ ...some, page: 0, shift: 21, write: true });
    m.smmu.dpt.insert({ ...some, page: 3, shift: 12, write: false });
    m.smmu.dpt.insert({ ...some, page: 0, shift: 39, write: true });
    expect([m.check(0x3000, true), m.check(0x4000, true)]).toEqual(['denied', 'ok']);
  });

  function filled(): TestDpt {
    const m = new TestDpt();
    const some = { world: 'ns', access: 0, write: true, vmid: VMID, source: 'walk' } as const;
    m.smmu.dpt.insert({ ...some, page: 0x200, shift: 21 });
    m.smmu.dpt.insert({ ...some, page: 0x40200, shift: 12 });
    m.smmu.dpt.insert({ ...some, page: 0x40201, shift: 12, source: 'completion' });
    m.smmu.dpt.insert({ ...some, page: 2, shift: 39 });
    m.smmu.dpt.insert({ ...some, page: 0x40201, shift: 12, world: 'realm' });
    return m;
  }

  test('CMD_DPTI_ALL empties that of the Security state', () => {
    const m = filled();
    m.run(['CMD_DPTI_ALL']);
    expect(m.kept()).toEqual([]);
    expect(m.smmu.dpt.entries('realm')).toHaveLength(1);
  });

  test('CMD_DPTI_PA drops at least what its address can name, whatever made it', () => {
    const m = filled();
    m.run(['CMD_DPTI_PA', { Address: 0x40201000, SIZE: 0, Leaf: 1 }]);
    expect(m.kept().sort()).toEqual(['walk 10000000000+39', 'walk 40000000+21', 'walk 40200000+12']);
    m.run(['CMD_DPTI_PA', { Address: 0x40000000, SIZE: 6 }]);
    expect(m.kept()).toEqual(['walk 10000000000+39']);
    m.run(['CMD_DPTI_PA', { Address: 2 ** 40 + 0x1000, SIZE: 0 }]);
    expect(m.kept()).toEqual([]);
  });
});

describe('a recorded check', () => {
  test('shows each level with its words, and the decision', () => {
    const m = new TestDpt();
    m.pair(0, level1({ a: 1, w0: 1, vmid0: VMID }));
    const recorder = new Recorder();
    checkDpt(m.smmu, m.smmu.state('ns'), m.stream(), 0, false, new Answer(), recorder);
    expect(recorder.frames).toMatchObject([
      { kind: 'dpt', layout: 'DPT_L0_TABLE', pa: L0, level: 0 },
      { kind: 'dpt', layout: 'DPT_L1', pa: L1, level: 1, words: Uint32Array.of(0x50011, 0) },
    ]);
    expect(recorder.steps.map((s) => s.text)).toContain(
      'DPT: 0x0 + 0x1000 bytes: read and write, VMID 5, AC=0',
    );
  });
});
