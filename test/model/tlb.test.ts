import { expect, test } from 'vitest';
import { pageOf } from '../../src/model/caches/page-map.ts';
import {
  inputAddressText,
  NO_ASID,
  Tlb,
  tagText,
  tlbPage,
  tlbPageHi,
  tlbPageLo,
} from '../../src/model/caches/tlb.ts';

const tlb = new Tlb();
const tag = { world: 'ns', streamWorld: 'NS-EL1', vmid: -1, asid: 3, aset: 0, stage: 1 } as const;

test.each([
  ['0x1000', 0, 0x1000, 12],
  ['0xf800000200000', 0x000f_8000, 0x0020_0000, 21],
  ['0xffff800000001000', 0xffff_8000, 0x1000, 12],
  ['0xfff8008000000000', 0xfff8_0080, 0, 39],
])('an entry is shown at the first address that it translates: %s', (text, hi, lo, shift) => {
  expect(inputAddressText({ pageHi: tlbPageHi(hi, shift), pageLo: tlbPageLo(hi, lo, shift), shift })).toBe(
    text,
  );
});

test('the halves of a page are those of its number', () => {
  for (const [hi, lo, shift] of [
    [0x000f_8000, 0x8020_0000, 21],
    [0xffff_8000, 0xffff_f000, 12],
    [0xfff8_0080, 0, 39],
    [0x0080_0000, 0xdead_b000, 14],
  ] as const) {
    const page = { pageHi: tlbPageHi(hi, shift), pageLo: tlbPageLo(hi, lo, shift) };
    expect(pageOf(page)).toBe(tlbPage(hi, lo, shift));
  }
});

test('an entry is shown with the tags that invalidations look for', () => {
  const text = (more: object, global = false) => tagText({ space: tlb.space({ ...tag, ...more }), global });
  expect(text({})).toBe('ASID=3');
  expect(text({ vmid: 7 }, true)).toBe('ASID=3, global, VMID=7');
  expect(text({ streamWorld: 'NS-EL2', asid: NO_ASID })).toBe('no ASID');
});
