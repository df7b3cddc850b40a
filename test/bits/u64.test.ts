import { describe, expect, test } from 'vitest';
import { hex, hex64, hiOf, loOf, parseHex64, parseNumber, toNumber } from '../../src/bits/u64.ts';

describe('halves', () => {
  test('a Number splits into its halves and back, to 2^53 - 1', () => {
    for (const n of [0, 1, 0xffff_ffff, 0x1_0000_0000, 0x8000_0000, 2 ** 53 - 1, 0x12_3456_789a_bcde]) {
      expect(toNumber(hiOf(n), loOf(n))).toBe(n);
      expect(hiOf(n)).toBe(Number(BigInt(n) >> 32n));
    }
  });
});

describe('hexadecimal text', () => {
  test('is short unless digits are asked for', () => {
    expect(hex(0x1000)).toBe('0x1000');
    expect(hex(0)).toBe('0x0');
    expect(hex(0x10, 8)).toBe('0x00000010');
    expect(hex64(0, 0)).toBe('0x0');
    expect(hex64(1, 2)).toBe('0x100000002');
    expect(hex64(0xffff_ffff, 0xffff_ffff)).toBe('0xffffffffffffffff');
    expect(hex64(0, 1, 16)).toBe('0x0000000000000001');
    expect(hex64(-1, -1)).toBe('0xffffffffffffffff');
  });
});

describe('numerals', () => {
  test('of 64 bits are read exactly', () => {
    expect(parseHex64('0xffff_ffff_ffff_ffff')).toEqual({ hi: 0xffff_ffff, lo: 0xffff_ffff });
    expect(parseHex64('18446744073709551615')).toEqual({ hi: 0xffff_ffff, lo: 0xffff_ffff });
    expect(parseHex64('9007199254740993')).toEqual({ hi: 0x20_0000, lo: 1 });
    expect(parseHex64(' 0X1F ')).toEqual({ hi: 0, lo: 31 });
    expect(parseHex64('0b1010_0000')).toEqual({ hi: 0, lo: 160 });
  });

  test.each([
    '',
    '0x',
    '-1',
    '1.5',
    '1e3',
    '_1',
    '1_',
    '1__0',
    '0xg',
    'abc',
    '0x1_',
    '18446744073709551616',
    '0x1_0000_0000_0000_0000',
    `0x${'f'.repeat(5000)}`,
  ])('%s is not one', (text) => {
    expect(parseHex64(text)).toBeNull();
    expect(parseNumber(text)).toBeNull();
  });

  test('below 2^53 become Numbers, larger ones are refused rather than rounded', () => {
    expect(parseNumber('0x1F_FFFF_FFFF_FFFF')).toBe(Number.MAX_SAFE_INTEGER);
    expect(parseNumber('0x20_0000_0000_0000')).toBeNull();
    expect(parseNumber('1_000')).toBe(1000);
  });

  test('take K, M and G', () => {
    expect(parseNumber('4K')).toBe(4096);
    expect(parseNumber('0x2m')).toBe(2 * 2 ** 20);
    expect(parseNumber('4G')).toBe(2 ** 32);
    expect(parseNumber('K')).toBeNull();
    expect(parseNumber('9007199254740991K')).toBeNull();
  });
});
