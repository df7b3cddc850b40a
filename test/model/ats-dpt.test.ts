import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import { type Access, type Registers, TestSmmu } from '../kit/smmu.ts';

/** A stream whose Translated transactions the Device Permission Table checks. */
function ats(registers: Registers): TestSmmu {
  const m = new TestSmmu({ registers });
  m.ste({ EATS: 3 });
  m.cd();
  return m;
}

const translated = (m: TestSmmu, address: number, access: Access = {}): Plan =>
  m.dma(address, { kind: 'translated', ...access });

describe('STE.EATS=3', () => {
  const DPT: Registers = { 'CR0.ATSCHK': 1, 'IDR3.DPT': 1 };
  const DPT_L0 = 0x40500000;
  const DPT_L1 = 0x40600000;
  /** Both granules: A=3, AC=2 (nobody's VMID counts), W=0. */
  const READABLE_PAIR = 3n | (2n << 2n) | (2n << 34n);
  /** 36 bits of PA, 1 GiB a level-0 entry, granules of 4 KiB. */
  const DPT_TABLE: Registers = { 'CR0.DPT_WALK_EN': 1, 'DPT_BASE.BADDR': DPT_L0, 'DPT_BASE_CFG.DPTPS': 1 };

  /** The first two pages belong to everyone, to read; the others to nobody. */
  function guarded(): TestSmmu {
    const m = ats({ ...DPT, ...DPT_TABLE });
    m.descriptor(DPT_L0, BigInt(DPT_L1) | 3n);
    m.descriptor(DPT_L1, READABLE_PAIR);
    return m;
  }

  test('ATS-TT-DPT: the table decides, and its TLB keeps what it said', () => {
    const m = guarded();
    const first = translated(m, 0x1000);
    expect(first.outcome).toMatchObject({ result: 'ok', pa: 0x1000 });
    expect(m.smmu.dpt.entries('ns').length).toBe(1);
    expect(
      translated(m, 0x1000)
        .steps.map(({ text }) => text)
        .join(),
    ).toContain('DPT TLB hit');
    const refused = translated(m, 0x1000, { write: true });
    expect(refused.outcome).toMatchObject({
      result: 'abort',
      fault: { event: 'F_TRANSL_FORBIDDEN', rule: 'ATS-TT-DPT' },
    });
  });

  test('a lookup that finds no valid entry is reported in DPT_CFG_FAR, and GERROR.DPT_ERR is active', () => {
    const m = guarded();
    m.descriptor(DPT_L0 + 8, 2n);
    const plan = translated(m, 0x40000000);
    expect(plan.outcome).toMatchObject({ result: 'abort', fault: { event: 'F_TRANSL_FORBIDDEN' } });
    expect(m.smmu.bank.field('GERROR', 'DPT_ERR')).toBe(1);
    expect(m.smmu.bank.field('DPT_CFG_FAR', 'FAULT')).toBe(1);
  });

  test('ATS-TT-DPTOFF: without a table nothing passes', () => {
    const off = translated(ats(DPT), 0x1000);
    expect(off.outcome).toMatchObject({ result: 'abort', fault: { event: 'F_TRANSL_FORBIDDEN' } });
  });
});
