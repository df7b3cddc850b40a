import { describe, expect, test } from 'vitest';
import { STE } from '../../src/spec/ste.ts';
import { record } from '../kit/records.ts';
import { NOWHERE, type Registers, STRTAB, TestSmmu } from '../kit/smmu.ts';

const LEAF = 0x40300000;
const BYPASS = { V: 1, Config: 4 };

function twoLevel(split: number, registers: Registers = {}): TestSmmu {
  return new TestSmmu({
    registers: {
      'STRTAB_BASE_CFG.FMT': 1,
      'STRTAB_BASE_CFG.SPLIT': split,
      'STRTAB_BASE_CFG.LOG2SIZE': 16,
      ...registers,
    },
  });
}

/** `ok` when the StreamID leads to the STE that bypasses, else the event. */
function found(m: TestSmmu, sid: number): string {
  const { outcome } = m.dma(0x1000, {}, sid);
  return outcome.result === 'ok' ? 'ok' : (outcome.fault?.event ?? outcome.result);
}

describe('the linear stream table', () => {
  test.each([0, 1, 255])('StreamID %i of 256', (sid) => {
    const m = new TestSmmu();
    m.put(STE, STRTAB + sid * 64, BYPASS);
    expect(found(m, sid)).toBe('ok');
    expect(found(m, sid ^ 2)).toBe('C_BAD_STE');
    expect(found(m, 256)).toBe('C_BAD_STREAMID');
  });

  test('a base that is not aligned to the table is aligned down', () => {
    const m = new TestSmmu({ registers: { 'STRTAB_BASE.ADDR': STRTAB + 0x3fc0 } });
    m.put(STE, STRTAB + 9 * 64, BYPASS);
    expect(found(m, 9)).toBe('ok');
  });

  test('StreamIDs have 32 bits, whatever IDR1 claims', () => {
    const m = new TestSmmu({
      registers: { 'IDR1.SIDSIZE': 63, 'IDR1.SSIDSIZE': 31, 'STRTAB_BASE_CFG.LOG2SIZE': 63 },
    });
    const { sidBits, ssidBits, streamTable } = m.smmu.state('ns');
    expect([sidBits, ssidBits, streamTable.entries]).toEqual([32, 20, 2 ** 32]);
  });

  test('LOG2SIZE=0: one STE', () => {
    const m = new TestSmmu({ registers: { 'STRTAB_BASE_CFG.LOG2SIZE': 0 } });
    m.put(STE, STRTAB, BYPASS);
    expect([found(m, 0), found(m, 1)]).toEqual(['ok', 'C_BAD_STREAMID']);
  });
});

describe.each([6, 8, 10])('the two-level stream table, SPLIT=%i', (split) => {
  const perLeaf = 2 ** split;

  test('a StreamID leads through its L1STD to its STE', () => {
    for (const [l1, low] of [
      [0, 0],
      [1, perLeaf - 1],
      [65536 / perLeaf - 1, 5],
    ] as const) {
      const m = twoLevel(split);
      m.l1std(STRTAB + l1 * 8, { Span: split + 1, L2Ptr: LEAF });
      m.put(STE, LEAF + low * 64, BYPASS);
      expect(found(m, l1 * perLeaf + low)).toBe('ok');
      expect(found(m, l1 * perLeaf + (low ^ 1))).toBe('C_BAD_STE');
    }
  });

  test('L2Ptr is aligned down to the size that Span gives, not to that of SPLIT', () => {
    for (let span = 1; span <= split + 1; span++) {
      const m = twoLevel(split);
      const bytes = 64 * 2 ** (span - 1);
      const last = 2 ** (span - 1) - 1;
      m.l1std(STRTAB, { Span: span, L2Ptr: LEAF + 3 * bytes + bytes - 64 });
      m.put(STE, LEAF + 3 * bytes + last * 64, BYPASS);
      expect([span, found(m, last)]).toEqual([span, 'ok']);
      if (last + 1 < perLeaf) expect(found(m, last + 1)).toBe('C_BAD_STREAMID');
    }
  });

  test('LOG2SIZE at or below SPLIT: one L1STD, and no StreamID beyond LOG2SIZE', () => {
    const m = twoLevel(split, { 'STRTAB_BASE_CFG.LOG2SIZE': split - 2, 'STRTAB_BASE.ADDR': STRTAB + 0x40 });
    m.l1std(STRTAB + 0x40, { Span: split + 1, L2Ptr: LEAF });
    const last = perLeaf / 4 - 1;
    m.put(STE, LEAF + last * 64, BYPASS);
    m.put(STE, LEAF + (last + 1) * 64, BYPASS);
    expect([found(m, last), found(m, last + 1)]).toEqual(['ok', 'C_BAD_STREAMID']);
  });

  test('an L1STD that cannot be read is F_STE_FETCH with its address', () => {
    const m = twoLevel(split, { 'STRTAB_BASE.ADDR': NOWHERE });
    found(m, 3 * perLeaf + 1);
    expect(m.drain()).toEqual([record('F_STE_FETCH', { sid: 3 * perLeaf + 1, fetch: BigInt(NOWHERE + 24) })]);
  });

  test('an L2Ptr beyond OAS is cut to it', () => {
    const m = twoLevel(split);
    m.l1std(STRTAB, { Span: 3, L2Ptr: 2 ** 50 + LEAF });
    m.put(STE, LEAF + 64, BYPASS);
    expect(found(m, 1)).toBe('ok');
  });
});
