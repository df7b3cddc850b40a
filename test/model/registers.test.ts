import { describe, expect, test } from 'vitest';
import { type Registers, TestSmmu } from '../kit/smmu.ts';

const ALL = 0xffffffff;
const SMMUEN = 1;
const PRIQEN = 2;
const EVENTQEN = 4;
const CMDQEN = 8;

/** Features without which bits of these registers are RES0. */
const EVERY: Registers = { 'IDR0.ATSRECERR': 1, 'IDR0.BTM': 1, 'IDR1.ECMDQ': 1, 'IDR3.DPT': 1 };

/** Out of reset: nothing enabled. */
function reset(registers: Registers = {}): TestSmmu {
  return new TestSmmu({ setUp: false, registers });
}

function written(m: TestSmmu, name: string, value = ALL, hi?: number): number[] {
  m.write(name, value, hi);
  const { bank } = m.smmu;
  return hi === undefined ? [bank.lo(name)] : [bank.lo(name), bank.hi(name)];
}

describe('registers that an enable bit of CR0 guards', () => {
  const GUARDED = [
    ['STRTAB_BASE', SMMUEN, [0xffffffc0, 0x40ffffff]],
    ['STRTAB_BASE_CFG', SMMUEN, [0x000307ff]],
    ['CR2', SMMUEN, [0xf]],
    ['CMDQ_BASE', CMDQEN, [0xffffffff, 0x40ffffff]],
    ['CMDQ_CONS', CMDQEN, [0x7f0fffff]],
    ['EVENTQ_BASE', EVENTQEN, [0xffffffff, 0x40ffffff]],
    ['EVENTQ_PROD', EVENTQEN, [0x800fffff]],
    ['PRIQ_BASE', PRIQEN, [0xffffffff, 0x40ffffff]],
    ['PRIQ_PROD', PRIQEN, [0x800fffff]],
  ] as const;

  test.each(GUARDED)('%s takes its bits while %i of CR0 is 0', (name, enable, wanted) => {
    const wide = wanted.length === 2 ? ALL : undefined;
    const others = (SMMUEN | PRIQEN | EVENTQEN | CMDQEN) & ~enable;
    const m = reset(EVERY);
    m.write('CR0', others);
    expect(written(m, name, ALL, wide)).toEqual([...wanted]);
  });

  test.each(GUARDED)('%s ignores every write while it is 1', (name, enable, wanted) => {
    const wide = wanted.length === 2 ? ALL : undefined;
    const m = reset(EVERY);
    m.write('CR0', enable);
    const before = wide === undefined ? [0] : [0, 0];
    expect(written(m, name, ALL, wide)).toEqual(before);
    // Nor while CR0 is 0 again and CR0ACK is not.
    m.set({ CR0: 0 });
    expect(written(m, name, ALL, wide)).toEqual(before);
    m.write('CR0', 0);
    expect(written(m, name, ALL, wide)).toEqual([...wanted]);
  });

  test('each half of a 64-bit register can be written by itself', () => {
    const m = reset();
    m.smmu.commit(m.smmu.registerWrite(0x80, 0x41000000));
    m.smmu.commit(m.smmu.registerWrite(0x84, 0x12));
    expect(m.smmu.bank.field('STRTAB_BASE', 'ADDR')).toBe(0x12_4100_0000);
    m.smmu.commit(m.smmu.registerWrite(0x80, 0x42000000));
    expect(m.smmu.bank.field('STRTAB_BASE', 'ADDR')).toBe(0x12_4200_0000);
  });

  test('CR1: tables with SMMUEN, queues with any queue enable', () => {
    expect(written(reset(), 'CR1')).toEqual([0xfff]);
    for (const enable of [CMDQEN, EVENTQEN, PRIQEN]) {
      const m = reset();
      m.write('CR0', enable);
      expect(written(m, 'CR1')).toEqual([0xfc0]);
    }
    const m = reset();
    m.write('CR0', SMMUEN);
    expect(written(m, 'CR1')).toEqual([0x3f]);
  });

  test('preset tables and queues are read-only', () => {
    const m = reset({ 'IDR1.TABLES_PRESET': 1, 'IDR1.QUEUES_PRESET': 1 });
    for (const name of ['STRTAB_BASE', 'CMDQ_BASE', 'EVENTQ_BASE', 'PRIQ_BASE']) {
      expect(written(m, name, ALL, ALL)).toEqual([0, 0]);
    }
    expect(written(m, 'STRTAB_BASE_CFG')).toEqual([0]);
  });
});

describe('registers that can always be written', () => {
  test.each([
    ['CMDQ_PROD', 0xfffff],
    ['EVENTQ_CONS', 0x800fffff],
    ['PRIQ_CONS', 0x800fffff],
    ['GERRORN', 0x7fd],
    ['IRQ_CTRL', 0x7],
  ])('%s takes %i with everything enabled', (name, wanted) => {
    const m = reset(EVERY);
    m.write('CR0', ALL);
    expect(written(m, name)).toEqual([wanted]);
  });

  test('CR0 takes what the features give, and CR0ACK follows', () => {
    const m = reset();
    expect(written(m, 'CR0')).toEqual([0x1df]);
    expect(m.read('CR0ACK')).toBe(0x1df);
    const bare = reset({ 'IDR0.ATS': 0, 'IDR0.PRI': 0, 'IDR0.VMW': 0 });
    expect(written(bare, 'CR0')).toEqual([0xd]);
    expect(written(reset({ 'IDR3.DPT': 1 }), 'CR0')).toEqual([0x5df]);
  });

  test('IRQ_CTRLACK follows IRQ_CTRL', () => {
    const m = reset();
    m.write('IRQ_CTRL', 5);
    expect(m.read('IRQ_CTRLACK')).toBe(5);
  });
});

describe('read-only registers', () => {
  test.each(['IDR0', 'IDR1', 'IDR5', 'AIDR', 'CR0ACK', 'IRQ_CTRLACK', 'GERROR'])('%s', (name) => {
    const m = reset();
    const before = m.read(name);
    expect(written(m, name, ~before >>> 0)).toEqual([before]);
  });

  test('a write to nothing does nothing', () => {
    const m = reset();
    for (const offset of [0x30, 0xfff0, 0x1fff0, 0x20000, -4]) {
      expect(m.smmu.registerWrite(offset, ALL)).toEqual([]);
    }
  });
});

describe('GBPA', () => {
  const UPDATE = 0x80000000;
  test('takes a value only with Update=1, which reads 0 once it counts', () => {
    const m = reset();
    expect(written(m, 'GBPA', 0x100000)).toEqual([0]);
    expect(written(m, 'GBPA', 0x100000 | UPDATE)).toEqual([0x100000]);
    expect(written(m, 'GBPA', UPDATE)).toEqual([0]);
    expect(written(m, 'GBPA')).toEqual([0x1f3f1f]);
  });

  test('ignores a write while an update is under way', () => {
    const m = reset({ GBPA: UPDATE });
    expect(written(m, 'GBPA', 0x100000 | UPDATE)).toEqual([UPDATE]);
  });

  test('can be written with SMMUEN=1', () => {
    const m = reset();
    m.write('CR0', SMMUEN);
    expect(written(m, 'GBPA', 0x100000 | UPDATE)).toEqual([0x100000]);
  });
});

describe('interrupt configuration', () => {
  test.each([
    ['GERROR', 1, 0x3f],
    ['PRIQ', 2, 0x8000003f],
    ['EVENTQ', 4, 0x3f],
  ])('%s_IRQ_CFG is guarded by its enable in IRQ_CTRL', (name, enable, cfg2) => {
    const m = reset();
    m.write('IRQ_CTRL', 7 & ~enable);
    expect(written(m, `${name}_IRQ_CFG0`, ALL, ALL)).toEqual([0xfffffffc, 0xffffff]);
    expect(written(m, `${name}_IRQ_CFG1`)).toEqual([ALL]);
    expect(written(m, `${name}_IRQ_CFG2`)).toEqual([cfg2]);
    m.write('IRQ_CTRL', enable);
    expect(written(m, `${name}_IRQ_CFG0`, 0, 0)).toEqual([0xfffffffc, 0xffffff]);
    expect(written(m, `${name}_IRQ_CFG1`, 0)).toEqual([ALL]);
    expect(written(m, `${name}_IRQ_CFG2`, 0)).toEqual([cfg2]);
  });

  test('without MSIs it is RES0', () => {
    expect(written(reset({ 'IDR0.MSI': 0 }), 'EVENTQ_IRQ_CFG0', ALL, ALL)).toEqual([0, 0]);
  });
});

describe('the aliases of page 1 in page 0', () => {
  test.each([
    ['EVENTQ_PROD', 0xa8],
    ['EVENTQ_CONS', 0xac],
    ['PRIQ_PROD', 0xc8],
    ['PRIQ_CONS', 0xcc],
  ])('%s can be written at 0x%s of page 0', (name, offset) => {
    const m = reset();
    m.smmu.commit(m.smmu.registerWrite(offset, 5));
    expect(m.read(name)).toBe(5);
    m.smmu.commit(m.smmu.registerWrite(0x10000 + offset, 6));
    expect(m.read(name)).toBe(6);
  });

  test('a snapshot with the alias only fills the register; page 1 counts where both are there', () => {
    const m = reset();
    m.smmu.bank.load([[0xa8, 3]]);
    expect(m.read('EVENTQ_PROD')).toBe(3);
    m.smmu.bank.load([
      [0xa8, 4],
      [0x100a8, 5],
    ]);
    expect(m.read('EVENTQ_PROD')).toBe(5);
  });
});

describe('the stream table as the registers describe it', () => {
  const table = (registers: Registers) => reset(registers).smmu.state('ns').streamTable;

  test('the base is aligned down to the table, by LOG2SIZE as written', () => {
    const base = 0x41fff_ffc0;
    expect(table({ 'STRTAB_BASE.ADDR': base, 'STRTAB_BASE_CFG.LOG2SIZE': 0 }).base).toBe(base);
    expect(table({ 'STRTAB_BASE.ADDR': base, 'STRTAB_BASE_CFG.LOG2SIZE': 8 }).base).toBe(0x41fff_c000);
    // SIDSIZE=16 limits StreamIDs, not the alignment.
    const large = { 'STRTAB_BASE.ADDR': base, 'STRTAB_BASE_CFG.LOG2SIZE': 20 };
    expect(table(large)).toMatchObject({ base: 0x41c00_0000, log2size: 16, entries: 65536 });
  });

  test('two levels: by the level-1 table, 64 bytes at least', () => {
    const two = { 'STRTAB_BASE_CFG.FMT': 1, 'STRTAB_BASE_CFG.SPLIT': 8, 'STRTAB_BASE.ADDR': 0x41fff_ffc0 };
    expect(table({ ...two, 'STRTAB_BASE_CFG.LOG2SIZE': 16 })).toMatchObject({
      base: 0x41fff_f800,
      entries: 256,
    });
    expect(table({ ...two, 'STRTAB_BASE_CFG.LOG2SIZE': 9 })).toMatchObject({
      base: 0x41fff_ffc0,
      entries: 2,
    });
    expect(table({ ...two, 'STRTAB_BASE_CFG.LOG2SIZE': 4 })).toMatchObject({
      base: 0x41fff_ffc0,
      entries: 1,
    });
  });

  test('reserved SPLIT acts as 6, reserved FMT as linear, FMT without ST_LEVEL as linear', () => {
    for (const SPLIT of [0, 5, 7, 9, 11, 31]) {
      expect(table({ 'STRTAB_BASE_CFG.FMT': 1, 'STRTAB_BASE_CFG.SPLIT': SPLIT }).split).toBe(6);
    }
    for (const FMT of [2, 3]) expect(table({ 'STRTAB_BASE_CFG.FMT': FMT }).twoLevel).toBe(false);
    expect(table({ 'STRTAB_BASE_CFG.FMT': 1, 'IDR0.ST_LEVEL': 0 }).twoLevel).toBe(false);
  });

  test('the base is cut to OAS', () => {
    expect(table({ 'STRTAB_BASE.ADDR': 2 ** 50 + 0x40000000, 'IDR5.OAS': 5 }).base).toBe(0x40000000);
  });
});
