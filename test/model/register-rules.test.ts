import { describe, expect, test } from 'vitest';
import { Journal } from '../../src/model/effects.ts';
import { REGISTER_LIST } from '../../src/spec/registers.ts';
import { texts } from '../kit/plans.ts';
import { Random, stateOf } from '../kit/random.ts';
import { type Registers, SID, TestSmmu } from '../kit/smmu.ts';
import { map } from '../kit/tables.ts';

const ALL = 0xffffffff;
const SMMUEN = 1;
const UPDATE = 0x80000000;

/** Out of reset: nothing enabled. */
function reset(registers: Registers = {}): TestSmmu {
  return new TestSmmu({ setUp: false, registers });
}

/** A register's words after a write of all ones. */
function ones(m: TestSmmu, name: string): number[] {
  m.write(name, ALL, ALL);
  return [m.smmu.bank.lo(name), m.smmu.bank.hi(name)];
}

describe('an access', () => {
  test('of another size than 4 or 8 bytes, or not aligned, does nothing and says so', () => {
    const m = reset();
    for (const bytes of [1, 2, 3, 16]) {
      expect(m.smmu.registerRead(0, bytes)).toMatchObject({
        value: 0,
        remarks: [expect.stringContaining(`an access of ${bytes} bytes is illegal`)],
      });
    }
    expect(texts(m.writeAt(0x22, 1))).toEqual([
      'the write is ignored',
      expect.stringContaining('an access of 4 bytes at offset 0x22 is not aligned'),
    ]);
    expect(texts(m.writeAt(0x84, 1, 1))[1]).toContain('an access of 8 bytes at offset 0x84 is not aligned');
    expect(m.read('STRTAB_BASE')).toBe(0);
  });

  test('of 64 bits to two registers of 32 writes both, which is CONSTRAINED UNPREDICTABLE', () => {
    const m = reset();
    const plan = m.writeAt(0x28, 0x3f, 0x2);
    expect([m.read('CR1'), m.read('CR2')]).toEqual([0x3f, 2]);
    expect(texts(plan).at(-1)).toContain('CONSTRAINED UNPREDICTABLE');
    expect(texts(m.writeAt(0x80, 0x1000, 0)).join()).not.toContain('UNPREDICTABLE');
  });

  test('to nothing reads zero and says so', () => {
    const m = reset();
    for (const offset of [0x38, 0xf000, 0x1fff0, 0x20000]) {
      expect(m.smmu.registerRead(offset).remarks[0]).toContain('there is no register at offset');
    }
  });

  test('of 64 bits reads both halves', () => {
    const m = reset({ 'STRTAB_BASE.ADDR': 0x12_4000_0000 });
    expect(m.smmu.registerRead(0x80, 8)).toEqual({ value: 0x4000_0000, valueHi: 0x12, remarks: [] });
  });

  test('that is ignored says why', () => {
    const m = reset({ 'IDR1.TABLES_PRESET': 1 });
    expect(texts(m.write('STRTAB_BASE', 0x1000))[1]).toContain('IDR1.TABLES_PRESET=1');
    m.write('CR0', 8);
    expect(texts(m.write('CMDQ_BASE', 0x1000))[1]).toBe('CMDQ_BASE stays as it is: CR0.CMDQEN=1 guards it');
    expect(texts(m.write('IDR0', 0))[1]).toBe('SMMU_IDR0 is read-only');
    expect(texts(m.write('GMPAM', UPDATE))[1]).toContain('it needs IDR3.MPAM');
  });
});

describe('worlds', () => {
  const secure = { 'S_IDR1.SECURE_IMPL': 1 };

  test('Secure registers are RAZ/WI to Non-secure and Realm, and reached by Secure and Root', () => {
    const m = reset(secure);
    const idr1 = m.read('S_IDR1');
    for (const world of ['ns', 'realm'] as const) {
      m.writeAt(0x8020, 0x8, undefined, world);
      expect(m.read('S_CR0')).toBe(0);
      expect(m.smmu.registerRead(0x8004, 4, world)).toMatchObject({
        value: 0,
        remarks: [expect.stringContaining('RAZ/WI')],
      });
    }
    for (const world of ['s', 'root'] as const) {
      expect(m.smmu.registerRead(0x8004, 4, world).value).toBe(idr1);
    }
    m.writeAt(0x8020, 0x8, undefined, 's');
    expect([m.read('S_CR0'), m.read('S_CR0ACK'), m.read('CR0')]).toEqual([8, 8, 0]);
    // Guards are those of the same world.
    m.writeAt(0x8090, 0x1000, 0, 's');
    m.writeAt(0x90, 0x2000, 0, 's');
    expect([m.read('S_CMDQ_BASE'), m.read('CMDQ_BASE')]).toEqual([0, 0x2000]);
  });

  test('without Secure state its registers are RES0 to everybody', () => {
    const m = reset();
    m.writeAt(0x8028, ALL, undefined, 's');
    expect(m.read('S_CR1')).toBe(0);
  });

  test('Non-secure registers are reached by every world', () => {
    for (const world of ['ns', 's', 'realm', 'root'] as const) {
      const m = reset();
      m.writeAt(0x2c, 2, undefined, world);
      expect(m.read('CR2')).toBe(2);
    }
  });

  test('Realm and Root pages lie where the ID registers and the system put them', () => {
    const root = 0x700000;
    const m = new TestSmmu({ setUp: false, places: { root } });
    m.smmu.bank.load([
      // REALM_IMPL, and BA_REALM=2.
      [0x40000 + 0x28, 0x5],
      [root, 0],
    ]);
    expect(m.smmu.bank.lo('R_CR1')).toBe(0);
    m.set({ 'ROOT_IDR0.ROOT_IMPL': 1, 'ROOT_IDR0.REALM_IMPL': 1, 'ROOT_IDR0.BA_REALM': 2 });
    m.writeAt(0x40028, 0xfff, undefined, 'ns');
    expect(m.smmu.bank.lo('R_CR1')).toBe(0);
    m.writeAt(0x40028, 0xfff, undefined, 'realm');
    expect(m.smmu.bank.lo('R_CR1')).toBe(0xfff);
    m.writeAt(0x400ac, 3, undefined, 'realm');
    expect(m.smmu.bank.lo('R_EVENTQ_CONS')).toBe(3);
    expect(m.smmu.registerRead(0x500ac, 4, 'root').value).toBe(3);
    m.writeAt(root + 0x28, 0x123000, 0, 'realm');
    expect(m.smmu.bank.lo('ROOT_GPT_BASE')).toBe(0);
    m.writeAt(root + 0x28, 0x123000, 0, 'root');
    expect(m.smmu.bank.lo('ROOT_GPT_BASE')).toBe(0x123000);
  });
});

describe('what features are missing is RES0', () => {
  const BY_FEATURE: readonly (readonly [
    name: string,
    feature: string,
    register: string,
    bits: readonly number[],
  ])[] = [
    ['S2PII', 'IDR3.S2PI', 'S2PII', [ALL, ALL]],
    ['DPT_BASE', 'IDR3.DPT', 'DPT_BASE', [0xfffff000, 0x40ffffff]],
    ['PRIQ_BASE', 'IDR0.PRI', 'PRIQ_BASE', [ALL, 0x40ffffff]],
    ['GERROR_IRQ_CFG0', 'IDR0.MSI', 'GERROR_IRQ_CFG0', [0xfffffffc, 0xffffff]],
    ['GATOS_ADDR', 'IDR0.ATOS', 'GATOS_ADDR', [0xffffffc0, ALL]],
  ];

  test.each(BY_FEATURE)('%s without %s', (_, feature, register, bits) => {
    expect(ones(reset({ [feature]: 1 }), register)).toEqual([...bits]);
    expect(ones(reset({ [feature]: 0 }), register)).toEqual([0, 0]);
  });

  test('single fields of CR0, CR2, GERRORN, IRQ_CTRL, STRTAB_BASE_CFG', () => {
    const bare = {
      'IDR0.ATS': 0,
      'IDR0.PRI': 0,
      'IDR0.VMW': 0,
      'IDR0.Hyp': 0,
      'IDR0.MSI': 0,
      'IDR0.ST_LEVEL': 0,
    };
    const rich = { 'IDR3.DPT': 1, 'IDR0.ATSRECERR': 1, 'IDR0.BTM': 1, 'IDR1.ECMDQ': 1 };
    const of = (registers: Registers): number[] =>
      ['CR2', 'STRTAB_BASE_CFG', 'IRQ_CTRL', 'GERRORN', 'CR0'].map((name) => {
        const m = reset(registers);
        m.write(name, ALL);
        return m.read(name);
      });
    expect(of(bare)).toEqual([0x2, 0x3f, 0x5, 0x105, 0xd]);
    expect(of(rich)).toEqual([0xf, 0x307ff, 0x7, 0x7fd, 0x5df]);
  });
});

describe('CR0 and its acknowledge', () => {
  test('a field that is not acknowledged yet keeps its first new value', () => {
    const m = reset({ CR0: 8, CR0ACK: 0 });
    const plan = m.write('CR0', 4);
    expect([m.read('CR0'), m.read('CR0ACK')]).toEqual([0xc, 0xc]);
    expect(texts(plan).at(-1)).toContain('CMDQEN changes again before CR0ACK shows the last change');
    m.write('CR0', 4);
    expect([m.read('CR0'), m.read('CR0ACK')]).toEqual([4, 4]);
  });

  test('writing the same value again is allowed and completes the update', () => {
    const m = reset({ CR0: 8, CR0ACK: 0 });
    expect(texts(m.write('CR0', 8))).toEqual(['CR0ACK follows CR0']);
    expect(m.read('CR0ACK')).toBe(8);
  });

  test('reserved fields are not acknowledged', () => {
    const m = reset({ CR0: 0xf0000000 });
    m.write('CR0', 8);
    expect(m.read('CR0ACK')).toBe(8);
  });
});

describe('GMPAM and GBPMPAM', () => {
  const mpam = { 'IDR3.MPAM': 1, 'MPAMIDR.PMG_MAX': 3, 'MPAMIDR.PARTID_MAX': 0x34 };
  test.each(['GMPAM', 'GBPMPAM'])('%s takes as many bits as MPAMIDR has, and only with Update=1', (name) => {
    const m = reset(mpam);
    m.write(name, 0x00ffffff);
    expect(m.read(name)).toBe(0);
    m.write(name, ALL);
    expect(m.read(name)).toBe(0x0003003f);
    m.set({ [name]: UPDATE });
    m.write(name, UPDATE | 5);
    expect(m.read(name)).toBe(UPDATE);
  });
});

describe('the device permission table', () => {
  const dpt = { 'IDR3.DPT': 1 };
  test('its base is guarded by CR0.DPT_WALK_EN and the acknowledge', () => {
    const m = reset(dpt);
    expect(ones(m, 'DPT_BASE_CFG')[0]).toBe(0x00f0c007);
    m.write('CR0', 0x400);
    m.write('DPT_BASE_CFG', 0);
    expect(m.read('DPT_BASE_CFG')).toBe(0x00f0c007);
    m.set({ CR0: 0 });
    m.write('DPT_BASE_CFG', 0);
    expect(m.read('DPT_BASE_CFG')).toBe(0x00f0c007);
    m.write('CR0', 0);
    m.write('DPT_BASE_CFG', 0);
    expect(m.read('DPT_BASE_CFG')).toBe(0);
  });

  test('DPT_CFG_FAR can only be cleared, as a whole, by FAULT=0', () => {
    const m = reset(dpt);
    m.smmu.bank.load([
      [0x210, 0x12345031],
      [0x214, 0x12],
    ]);
    const held = (): number[] => [m.smmu.bank.lo('DPT_CFG_FAR'), m.smmu.bank.hi('DPT_CFG_FAR')];
    m.writeAt(0x210, ALL, ALL);
    m.writeAt(0x214, 0);
    expect(held()).toEqual([0x12345031, 0x12]);
    m.writeAt(0x210, 0xfffffffe);
    expect(held()).toEqual([0, 0]);
  });
});

describe('address translation operations', () => {
  const atos = { 'IDR0.ATOS': 1, 'IDR0.VATOS': 1, 'IDR2.BA_VATOS': 3 };
  const VATOS = 0x50000;
  const enabled = { ...atos, CR0: SMMUEN, CR0ACK: SMMUEN };

  test('SID and ADDR hold what there is; StreamIDs and SubstreamIDs are as wide as IDR1 says', () => {
    const m = reset({ ...enabled, 'IDR1.SIDSIZE': 9, 'IDR1.SSIDSIZE': 5 });
    m.writeAt(0x108, ALL, ALL);
    expect([m.smmu.bank.lo('GATOS_SID'), m.smmu.bank.hi('GATOS_SID')]).toEqual([0x1ff, 0x10001f]);
    m.set({ 'IDR1.SSIDSIZE': 0, GATOS_SID: 0 });
    m.writeAt(VATOS + 0xa08, ALL, ALL);
    expect([m.smmu.bank.lo('VATOS_SID'), m.smmu.bank.hi('VATOS_SID')]).toEqual([0x1ff, 0]);
  });

  test('RUN can be set only with SMMUEN=1, and guards SID, ADDR and VATOS_SEL while it is 1', () => {
    const m = reset(atos);
    expect(texts(m.writeAt(0x100, 1))[1]).toContain('CR0.SMMUEN=0: no operation can be started');
    m.write('CR0', SMMUEN);
    expect(texts(m.writeAt(0x100, 1)).join(' ')).toContain('GATOS_CTRL.RUN=0: the operation is done');
    m.set({ GATOS_CTRL: 1, VATOS_CTRL: 1 });
    m.writeAt(0x100, 0);
    m.writeAt(0x108, 8, 0);
    m.writeAt(0x110, 0x1000, 0);
    m.writeAt(0x180, 7);
    m.writeAt(VATOS + 0xa08, 8, 0);
    expect(['GATOS_CTRL', 'GATOS_SID', 'GATOS_ADDR', 'VATOS_SEL', 'VATOS_SID'].map((n) => m.read(n))).toEqual(
      [1, 0, 0, 0, 0],
    );
  });

  test('whoever computes an operation is asked when RUN is set, and RUN is 0 after it', () => {
    const m = reset(enabled);
    const asked: string[] = [];
    m.smmu.hooks.atos = (group, effects) => {
      asked.push(group);
      effects.push({ kind: 'register', offset: 0x118, value: 0x1ff, what: 'GATOS_PAR is written' });
    };
    const before = stateOf(m);
    const journal = new Journal();
    const plan = m.writeAt(0x100, 1, undefined, 'ns', journal);
    expect(texts(plan)[0]).toBe(
      'GATOS_CTRL.RUN=1: the operation starts; GATOS_PAR is written; GATOS_CTRL.RUN=0: the operation is done',
    );
    expect([asked, m.read('GATOS_CTRL'), m.read('GATOS_PAR')]).toEqual([['GATOS'], 0, 0x1ff]);
    journal.undo(m.smmu, 0);
    expect(stateOf(m)).toEqual(before);
    m.writeAt(0x100, 0);
    m.writeAt(VATOS + 0xa00, 1);
    expect(asked).toEqual(['GATOS', 'VATOS']);
  });

  test('SMMUEN going to 0 aborts what runs with INTERNAL_ERR; going to 1 clears RUN', () => {
    const m = reset(enabled);
    m.set({ GATOS_CTRL: 1 });
    m.write('CR0', 0);
    expect([m.read('GATOS_CTRL'), m.read('GATOS_PAR')]).toEqual([0, 0xfd1]);
    m.set({ GATOS_CTRL: 1, GATOS_PAR: 0 });
    m.write('CR0', SMMUEN);
    expect([m.read('GATOS_CTRL'), m.read('GATOS_PAR')]).toEqual([0, 0]);
  });

  test('VATOS_SEL has 8 or 16 bits, as VMIDs have', () => {
    expect(ones(reset(atos), 'VATOS_SEL')[0]).toBe(0xffff);
    expect(ones(reset({ ...atos, 'IDR0.VMID16': 0 }), 'VATOS_SEL')[0]).toBe(0xff);
  });
});

describe('STATUSR.DORMANT', () => {
  test('reads 1 while nothing is cached, if the SMMU gives the hint', () => {
    const m = new TestSmmu({ registers: { 'IDR0.DORMHINT': 1 } });
    m.ste();
    m.cd();
    map(m, { iova: 0x1000n, pa: 0x10000000n });
    expect(m.smmu.registerRead(0x40).value).toBe(1);
    m.dma(0x1000, {}, SID);
    expect(m.smmu.registerRead(0x40).value).toBe(0);
    m.run(['CMD_TLBI_NSNH_ALL'], ['CMD_CFGI_STE_RANGE', { Range: 31 }], ['CMD_SYNC']);
    expect(m.smmu.registerRead(0x40).value).toBe(1);
    expect(new TestSmmu().smmu.registerRead(0x40).value).toBe(0);
    m.writeAt(0x40, 0);
    expect(m.read('STATUSR')).toBe(0);
  });
});

test('AGBPA and S2PII can be written whenever software likes', () => {
  const m = reset({ 'IDR3.S2PI': 1 });
  m.write('CR0', SMMUEN);
  expect(ones(m, 'AGBPA')[0]).toBe(ALL);
  expect(ones(m, 'S2PII')).toEqual([ALL, ALL]);
});

test('CR1 says which of its halves stays', () => {
  const m = reset();
  m.write('CR0', SMMUEN);
  expect(texts(m.write('CR1', ALL)).at(-1)).toContain('CR1.TABLE_* stay: CR0.SMMUEN=1');
  m.write('CR0', 9);
  expect(texts(m.write('CR1', 0))[1]).toContain('CR1 stays as it is');
  expect(m.read('CR1')).toBe(0x3f);
});

test('no write to any Non-secure register of pages 0 and 1 changes bits that no field claims', () => {
  const m = reset({ 'IDR3.DPT': 1, 'IDR3.S2PI': 1, 'IDR3.MPAM': 1, 'IDR0.ATOS': 1, 'IDR1.ECMDQ': 1 });
  for (const register of REGISTER_LIST) {
    if (register.world !== 'ns' || (register.block !== 'PAGE_0' && register.block !== 'PAGE_1')) continue;
    if (register.array !== undefined) continue;
    const claimed = [0, 0];
    for (const { msb, lsb } of register.layout.list) {
      for (let bit = lsb; bit <= msb; bit++)
        claimed[bit >>> 5] = (claimed[bit >>> 5] ?? 0) | (1 << (bit & 31));
    }
    const before = [m.smmu.bank.lo(register.short), m.smmu.bank.hi(register.short)];
    m.writeAt(register.offset + (register.block === 'PAGE_1' ? 0x10000 : 0), ALL);
    const low = m.smmu.bank.lo(register.short);
    expect([register.short, ((low ^ (before[0] ?? 0)) & ~(claimed[0] ?? 0)) >>> 0]).toEqual([
      register.short,
      0,
    ]);
  }
});

test('any write, of any world and size, is planned without a change and taken back exactly (2,000 writes)', () => {
  const random = new Random(7);
  const m = new TestSmmu({
    registers: { 'S_IDR1.SECURE_IMPL': 1, 'IDR3.DPT': 1, 'IDR3.MPAM': 1, 'IDR0.ATOS': 1, 'IDR3.S2PI': 1 },
  });
  const registers = REGISTER_LIST.filter(({ block }) => block === 'PAGE_0' || block === 'PAGE_1');
  let changed = 0;
  for (let i = 0; i < 2000; i++) {
    const { block, offset } = random.of(registers);
    const at = offset + (block === 'PAGE_1' ? 0x10000 : 0);
    const wide = random.once(4) && at % 8 === 0;
    const before = i % 20 === 0 ? stateOf(m) : null;
    const version = m.smmu.bank.version;
    const plan = m.smmu.plan({
      kind: 'register',
      offset: at,
      bytes: wide ? 8 : 4,
      value: random.below(2 ** 32),
      valueHi: random.below(2 ** 32),
      world: random.of(['ns', 's'] as const),
    });
    expect(m.smmu.bank.version).toBe(version);
    const journal = new Journal();
    m.smmu.commit(plan.effects, journal);
    if (plan.effects.length > 0) changed++;
    expect(plan.steps[0]?.text).not.toBe('');
    if (before === null) continue;
    journal.undo(m.smmu, 0);
    expect(stateOf(m)).toEqual(before);
    m.smmu.commit(plan.effects);
  }
  expect(changed).toBeGreaterThan(300);
});
