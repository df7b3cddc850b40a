/** Writes of Root registers, and invalidation by physical address (IHI 0070 6.3.112 to 6.3.121). */

import { expect, test } from 'vitest';
import { Guarded, OUTPUT, SECURE } from '../../kit/gpt.ts';
import { TestSmmu, TTB0 } from '../../kit/smmu.ts';

const sizes = (g: Guarded): number[] => [...g.m.smmu.gpt.entries()].map(({ shift }) => shift);

test('ROOT_CR0 is read-only while a change is not acknowledged', () => {
  const g = new Guarded({ registers: { 'ROOT_CR0ACK.GPCEN': 0 } });
  const { steps } = g.root.write('ROOT_CR0', 0);
  expect(g.m.read('ROOT_CR0')).toBe(3);
  expect(steps.map(({ text }) => text).join()).toContain('ROOT_CR0ACK does not show the last change');
});

test('ROOT_GPT_BASE and its configuration are read-only while GPCEN or its acknowledge is 1', () => {
  const g = new Guarded();
  const before = [g.m.read('ROOT_GPT_BASE'), g.m.read('ROOT_GPT_BASE_CFG')];
  g.root.write('ROOT_GPT_BASE', 0x45000000, 0);
  g.root.write('ROOT_GPT_BASE_CFG', 0, 0);
  expect([g.m.read('ROOT_GPT_BASE'), g.m.read('ROOT_GPT_BASE_CFG')]).toEqual(before);
  g.root.write('ROOT_CR0', 1);
  g.root.write('ROOT_GPT_BASE', 0x45000000, 0);
  g.root.write('ROOT_GPT_BASE_CFG', 0x2003, 0);
  expect([g.m.read('ROOT_GPT_BASE'), g.m.read('ROOT_GPT_BASE_CFG')]).toEqual([0x45000000, 0x2003]);
});

test('L0GPTSZ cannot be written, and a reset keeps it', () => {
  const g = new Guarded({
    registers: { 'ROOT_GPT_BASE_CFG.L0GPTSZ': 6, 'ROOT_CR0.GPCEN': 0, 'ROOT_CR0ACK.GPCEN': 0 },
  });
  g.root.write('ROOT_GPT_BASE_CFG', 0x903305, 0);
  expect(g.m.read('ROOT_GPT_BASE_CFG')).toBe(0x603305);
  g.m.smmu.commit(g.m.smmu.reset());
  expect(g.m.read('ROOT_GPT_BASE_CFG')).toBe(0x600000);
  expect([g.m.read('ROOT_CR0'), g.m.read('ROOT_IDR0') & 1]).toEqual([0, 1]);
});

test('out of reset nothing is let through, until ACCESSEN is 1', () => {
  const m = new TestSmmu({ worlds: 'rme', registers: { ROOT_CR0: 0, ROOT_CR0ACK: 0, 'CR0.SMMUEN': 0 } });
  expect(m.dma(OUTPUT).outcome.result).toBe('abort');
  m.in('root').write('ROOT_CR0', 1);
  expect(m.dma(OUTPUT).outcome.result).toBe('ok');
});

test('an SMMU without Root registers has no checks', () => {
  const m = new TestSmmu({ registers: { 'CR0.SMMUEN': 0, 'ROOT_CR0.GPCEN': 1 } });
  expect([m.dma(OUTPUT).outcome.result, m.smmu.protection]).toEqual(['ok', null]);
});

test('a last-level invalidation leaves Table entries, another does not', () => {
  const g = new Guarded();
  g.device(OUTPUT, 'ns');
  expect(sizes(g)).toEqual([30, 12]);
  g.invalidate({ pa: OUTPUT, size: 0, last: true });
  expect(sizes(g)).toEqual([30]);
  // The Table entry still leads to the old level-1 table.
  g.level0(1, 0x81n);
  expect(g.device(OUTPUT, 'ns').result).toBe('ok');
  g.invalidate({ pa: OUTPUT, size: 0 });
  expect(sizes(g)).toEqual([]);
  expect(g.device(OUTPUT, 'ns').result).toBe('abort');
});

test('what is reserved or not aligned names nothing', () => {
  const g = new Guarded();
  g.device(OUTPUT, 'ns');
  for (const range of [
    { pa: OUTPUT, size: 10 },
    { pa: OUTPUT + 0x1000, size: 3 },
  ]) {
    g.invalidate(range);
    expect(sizes(g)).toEqual([30, 12]);
  }
  const asWritten = new Guarded({ options: { misalignedRange: 'as-written' } });
  asWritten.device(OUTPUT + 0x2000, 'ns');
  asWritten.invalidate({ pa: OUTPUT + 0x1000, size: 1 });
  expect(sizes(asWritten)).toEqual([]);
});

test('every size names so many bytes', () => {
  const bytes = [12, 14, 16, 21, 25, 29, 30, 34, 36, 39];
  for (const [size, shift] of bytes.entries()) {
    const g = new Guarded();
    const base = OUTPUT - (OUTPUT % 2 ** Math.min(shift, 28));
    const aligned = base % 2 ** shift === 0 ? base : 0;
    const last = Math.min(aligned + 2 ** shift, 0x50000000) - 0x1000;
    g.device(last, 'ns');
    g.device(0x4fff0000, 's');
    g.invalidate({ pa: aligned, size, last: true });
    const left = [...g.m.smmu.gpt.entries()].filter(({ gpi }) => gpi >= 0).map(({ base: at }) => at);
    expect(left).toEqual(aligned + 2 ** shift > 0x4fff0000 ? [] : [0x4fff0000]);
  }
});

test('RUN without 1, or while something runs, starts nothing', () => {
  const g = new Guarded();
  g.device(OUTPUT, 'ns');
  g.root.write('ROOT_TLBI', 1, 0);
  g.root.write('ROOT_TLBI_CTRL', 0);
  expect(sizes(g)).toEqual([30, 12]);
  g.m.set({ 'ROOT_TLBI_CTRL.RUN': 1 });
  g.root.write('ROOT_TLBI_CTRL', 1);
  g.root.write('ROOT_TLBI', 0, 0);
  expect([sizes(g), g.m.read('ROOT_TLBI')]).toEqual([[30, 12], 1]);
});

test('without RGPTM there is no register for it', () => {
  const g = new Guarded({ registers: { 'ROOT_IDR0.RGPTM': 0 } });
  g.device(OUTPUT, 'ns');
  g.invalidate();
  expect([sizes(g), g.m.read('ROOT_TLBI')]).toEqual([[30, 12], 0]);
});

test('a new base counts for what is not cached, and for everything after an invalidation of all', () => {
  const g = new Guarded();
  const other = 0x44400000;
  for (let i = 0; i < 4; i++) g.level0(i, 0x81n, other);
  g.device(OUTPUT, 'ns');
  g.root.write('ROOT_GPT_BASE2', other, 0);
  g.root.write('ROOT_GPT_BASE_UPDATE', 1);
  expect([g.device(OUTPUT, 'ns').result, g.device(0x80000000, 'ns').result]).toEqual(['ok', 'abort']);
  g.invalidate();
  expect(g.device(OUTPUT, 'ns').result).toBe('abort');
});

test('no policy without caches keeps anything, and a closed granule is seen at once', () => {
  const g = new Guarded({ caches: 'none' });
  expect([g.dma().outcome.result, sizes(g)]).toEqual(['ok', []]);
  g.gpi(OUTPUT, SECURE);
  expect(g.dma().outcome.result).toBe('abort');
});

test('GPCP=1 leaves every fetch checked, as an SMMU may that has it RES0', () => {
  const fates = [0, 1].map((gpcp) => {
    const g = new Guarded({ registers: { 'ROOT_GPT_BASE_CFG.GPCP': gpcp } });
    // Stage 2 alone: its table is the one that is closed.
    g.m.ste({ Config: 6, S2TTB: TTB0, S2T0SZ: 16, S2SL0: 2, S2TG: 0, S2PS: 5, S2AA64: 1, S2R: 1, S2AFFD: 1 });
    g.gpi(TTB0, SECURE);
    return [g.dma().outcome.fault?.event, g.far()];
  });
  expect(fates[1]).toEqual(fates[0]);
  expect(fates[0]).toEqual(['F_WALK_EABT', { pas: 1, address: TTB0, code: 11, reason: 1 }]);
});

test('of 16 codes of protection six mean something; three more need features that an SMMU has not', () => {
  // DDI 0487 D9: 4 and 5 need RME GDI, 13 needs RME GPC2; all others are reserved in any case.
  const valid = new Map([
    [0, 'abort abort abort abort'],
    [8, 'abort ok abort abort'],
    [9, 'ok abort abort abort'],
    [10, 'abort abort abort ok'],
    [11, 'abort abort ok abort'],
    [15, 'ok ok ok ok'],
  ]);
  for (let code = 0; code < 16; code++) {
    const g = new Guarded();
    g.gpi(OUTPUT, code);
    expect([code, g.fates(OUTPUT)]).toEqual([code, valid.get(code) ?? 'abort abort abort abort']);
    // A reserved one is a lookup error, and spoils the entry of its 15 neighbours.
    const spoilt = !valid.has(code);
    const error = { pas: 1, address: OUTPUT, code: 0, reason: 3, error: 3 };
    expect([code, g.far('ROOT_GPT_CFG_FAR')]).toEqual([code, spoilt ? error : null]);
    expect([code, g.device(OUTPUT + 0x1000, 'ns').result]).toEqual([code, spoilt ? 'abort' : 'ok']);
  }
});
