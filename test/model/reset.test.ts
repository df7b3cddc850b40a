import { describe, expect, test } from 'vitest';
import { Journal } from '../../src/model/effects.ts';
import type { ResetOptions } from '../../src/model/reset.ts';
import { FEATURES } from '../../src/spec/features.ts';
import { REGISTER_LIST } from '../../src/spec/registers.ts';
import { stateOf } from '../kit/random.ts';
import { type Registers, SID, TestSmmu } from '../kit/smmu.ts';
import { map } from '../kit/tables.ts';

const GROUP = 0x30000;

/** An SMMU whose every register that can be set is set, after a reset. */
function afterReset(registers: Registers = {}, options: ResetOptions = {}): TestSmmu {
  const m = new TestSmmu({ places: { pmcg: [{ page0: GROUP }] }, registers });
  const written: Record<string, number> = {};
  for (const { short, array } of REGISTER_LIST) {
    const constant = FEATURES.some((feature) => feature.register === short) || short.includes('CONTROL_PAGE');
    if (!constant && array === undefined && !/PMCG_(CFGR|SCR|ROOTCR)/.test(short))
      written[short] = 0xffffffff;
  }
  m.set(written);
  m.smmu.commit(m.smmu.reset(options));
  return m;
}

describe('a reset', () => {
  test('clears what resets to 0 and what is UNKNOWN, and keeps what the SMMU is', () => {
    const m = afterReset();
    for (const name of [
      'CR0',
      'CR0ACK',
      'CR1',
      'IRQ_CTRL',
      'GERROR',
      'GERRORN',
      'GBPA',
      'STRTAB_BASE',
      'CMDQ_PROD',
    ])
      expect([name, m.read(name)]).toEqual([name, 0]);
    expect(m.smmu.bank.field('IDR1', 'SIDSIZE')).toBe(16);
    expect(m.smmu.nextCommand('ns')).toEqual({ idle: 'command queue disabled (CR0.CMDQEN=0)' });
  });

  test('every field that resets to 0 does, in every bank', () => {
    const m = afterReset();
    for (const register of REGISTER_LIST) {
      for (const field of register.layout.list) {
        if (field.reset !== '0') continue;
        expect([register.short, field.name, m.smmu.bank.field(register.short, field.name)]).toEqual([
          register.short,
          field.name,
          0,
        ]);
      }
    }
  });

  test('GBPA.ABORT is the implementation’s choice', () => {
    expect(afterReset({}, { abort: true }).read('GBPA')).toBe(0x100000);
    expect(afterReset({}, { abort: true }).read('S_GBPA')).toBe(0);
    const secure = { 'S_IDR1.SECURE_IMPL': 1 };
    expect(afterReset(secure, { abort: true }).read('S_GBPA')).toBe(0x100000);
    expect(afterReset(secure).read('S_GBPA')).toBe(0);
  });

  test('preset tables and queues keep their places and attributes', () => {
    const m = afterReset({ 'IDR1.TABLES_PRESET': 1, 'IDR1.QUEUES_PRESET': 1 });
    expect([m.read('STRTAB_BASE'), m.read('CMDQ_BASE'), m.read('EVENTQ_BASE')]).toEqual([
      0xffffffff, 0xffffffff, 0xffffffff,
    ]);
    expect([m.read('PRIQ_BASE'), m.read('CR1')]).toEqual([0, 0xfff]);
  });

  test('what is RES1 in Realm state is 1 where there is one', () => {
    expect(afterReset().smmu.bank.lo('R_GBPA')).toBe(0);
    const m = afterReset({ 'ROOT_IDR0.REALM_IMPL': 1, 'R_IDR0.ATS': 1 });
    expect(m.smmu.bank.field('R_GBPA', 'ABORT')).toBe(1);
    expect(m.smmu.bank.field('R_CR0', 'ATSCHK')).toBe(1);
  });

  test('counter groups reset to Non-secure access and MSIs, enhanced queues to disabled', () => {
    const registers = {
      'PMCG_SCR.READS_AS_ONE': 1,
      'PMCG_CFGR.MSI': 1,
      'PMCG_ROOTCR.ROOTCR_IMPL': 1,
      'IDR1.ECMDQ': 1,
      'ECMDQ_PRODn.EN': 1,
      'ECMDQ_CONSn.ENACK': 1,
    };
    const m = afterReset(registers);
    expect(m.smmu.bank.lo('PMCG_SCR')).toBe(0x80000006);
    expect(m.smmu.bank.lo('PMCG_ROOTCR')).toBe(0x80000008);
    expect([m.smmu.bank.lo('ECMDQ_PRODn'), m.smmu.bank.lo('ECMDQ_CONSn')]).toEqual([0, 0]);
  });

  test('loses stalled transactions, ends service failure mode, keeps the caches, and can be undone', () => {
    const m = new TestSmmu({ registers: { 'EVENTQ_BASE.LOG2SIZE': 0 } });
    m.ste();
    m.cd({ S: 1 });
    map(m, { iova: 0x10000n, pa: 0x10000000n });
    m.dma(0x10000);
    m.dma(0x1000);
    m.dma(0x2000);
    m.smmu.commit(m.smmu.serviceFailure('lost'));
    expect([m.smmu.traffic.stalls.size, m.smmu.failure.active]).toEqual([2, true]);
    const before = stateOf(m);
    const journal = new Journal();
    m.smmu.commit(m.smmu.reset(), journal);
    expect([m.smmu.traffic.stalls.size, m.smmu.failure.active, m.smmu.tlb.size]).toEqual([0, false, 1]);
    journal.undo(m.smmu, 0);
    expect(stateOf(m)).toEqual(before);
    expect([m.smmu.traffic.stalls.size, m.smmu.failure.reason]).toEqual([2, 'lost']);
    expect(m.smmu.config.find('ns', SID)).not.toBeNull();
  });
});
