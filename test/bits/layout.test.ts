import { describe, expect, test } from 'vitest';
import type { FieldSpec } from '../../src/bits/layout.ts';
import { decode, encode, encodeInto, fieldOf, layout, maskOf, reservedMask } from '../../src/bits/layout.ts';

/** The same structure as one BigInt: the oracle of every reader. */
function whole(words: Uint32Array): bigint {
  return words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n);
}

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
}

/** Field ranges that meet every case: within a word, over two and three words, aligned and not, 1 to 64 wide. */
function ranges(next: () => number, count: number): [number, number][] {
  return Array.from({ length: count }, () => {
    const width = 1 + (next() % 64);
    const lsb = (next() >>> 3) % (512 - width + 1);
    return [lsb + width - 1, lsb];
  });
}

const one = (spec: FieldSpec) => layout('T', 'none', 512, { F: spec }).fields.F;

describe('fields against a BigInt oracle', () => {
  const next = random(7);
  const cases = ranges(next, 4000);

  test('a value read is the bits of the structure', () => {
    for (const [msb, lsb] of cases) {
      const words = Uint32Array.from({ length: 18 }, next);
      const field = one({ bits: [msb, lsb], doc: 'x' });
      const want = (whole(words.subarray(2)) >> BigInt(lsb)) & ((1n << BigInt(field.width)) - 1n);
      expect([field.hi(words, 2), field.lo(words, 2)]).toEqual([
        Number(want >> 32n),
        Number(want & 0xffffffffn),
      ]);
      expect(field.get(words, 2)).toBe(Number(want));
    }
  });

  test('a value written comes back and no other bit moves', () => {
    for (const [msb, lsb] of cases) {
      const words = Uint32Array.from({ length: 18 }, next);
      const before = whole(words);
      const field = one({ bits: [msb, lsb], doc: 'x' });
      const [hi, lo] = [next(), next()];
      field.setHalves(words, 2, hi, lo);
      const at = BigInt(lsb + 64);
      const mask = ((1n << BigInt(field.width)) - 1n) << at;
      const value = (BigInt(hi) << 32n) | BigInt(lo);
      expect(whole(words)).toBe((before & ~mask) | ((value << at) & mask));
    }
  });

  test('a Number written is the Number read, up to 53 bits', () => {
    for (const [msb, lsb] of cases) {
      const words = new Uint32Array(18).fill(0xffff_ffff);
      const field = one({ bits: [msb, lsb], doc: 'x' });
      const value = Number(
        ((BigInt(next()) << 32n) | BigInt(next())) & ((1n << BigInt(Math.min(field.width, 53))) - 1n),
      );
      field.set(words, 2, value);
      expect(field.get(words, 2)).toBe(value);
      const untouched = whole(words) | (((1n << BigInt(field.width)) - 1n) << BigInt(lsb + 64));
      expect(untouched).toBe((1n << 576n) - 1n);
    }
  });

  test('a value too large for the field is truncated to it', () => {
    const field = one({ bits: [33, 30], doc: 'x' });
    const words = new Uint32Array(16);
    field.set(words, 0, 0x1f);
    expect(field.get(words, 0)).toBe(0xf);
    expect([...words.subarray(0, 3)]).toEqual([0xc000_0000, 3, 0]);
  });
});

describe('address fields', () => {
  test('bytes in, bytes out, in place within the 64-bit word', () => {
    const next = random(11);
    for (let i = 0; i < 2000; i++) {
      const dword = next() % 8;
      const low = (next() >>> 4) % 63;
      const high = low + ((next() >>> 4) % (64 - low));
      const field = one({ bits: [dword * 64 + high, dword * 64 + low], doc: 'x', address: true });
      const words = Uint32Array.from({ length: 16 }, next);
      const want =
        (((whole(words) >> BigInt(dword * 64)) & ((1n << BigInt(high + 1)) - 1n)) >> BigInt(low)) <<
        BigInt(low);
      expect([field.hi(words, 0), field.lo(words, 0)]).toEqual([
        Number(want >> 32n),
        Number(want & 0xffffffffn),
      ]);
      const before = whole(words);
      field.setHalves(words, 0, 0, 0);
      expect(whole(words)).toBe(before & ~(want << BigInt(dword * 64)));
      field.setHalves(words, 0, Number(want >> 32n), Number(want & 0xffffffffn));
      expect(whole(words)).toBe(before);
    }
  });

  test('a context pointer with all bits set is exact as a Number', () => {
    const field = one({ bits: [55, 6], doc: 'x', address: true });
    const words = new Uint32Array(16).fill(0xffff_ffff);
    expect(field.get(words, 0)).toBe(2 ** 56 - 64);
    field.set(words, 0, 0x12_3456_7000);
    expect(field.get(words, 0)).toBe(0x12_3456_7000);
    expect(words[0]).toBe(0x3456_703f);
  });

  test('in a 32-bit register no second word is touched', () => {
    const field = layout('R', 'none', 32, { ADDR: { bits: [31, 2], doc: 'x', address: true } }).fields.ADDR;
    const words = new Uint32Array([0, 0x5555_5555]);
    field.set(words, 0, 0x8000_0004);
    expect([...words]).toEqual([0x8000_0004, 0x5555_5555]);
    expect(field.get(words, 0)).toBe(0x8000_0004);
  });

  test('an address field over two 64-bit words is refused', () => {
    expect(() => one({ bits: [70, 60], doc: 'x', address: true })).toThrow(RangeError);
  });
});

describe('layouts', () => {
  const L = layout('L', '1.2', 96, {
    V: { bits: [0, 0], doc: 'valid' },
    Mode: { bits: [3, 1], doc: 'mode', names: { OFF: 0, ON: 5 } },
    Ptr: { bits: [55, 6], doc: 'pointer', address: true },
    Mair: { bits: [95, 64], doc: 'attributes' },
  });

  test('keep names, order and size', () => {
    expect(L.list.map((f) => f.name)).toEqual(['V', 'Mode', 'Ptr', 'Mair']);
    expect(L.words).toBe(3);
    expect(L.fields.Mode.names.ON).toBe(5);
    expect(fieldOf(L, 'Mode')).toBe(L.fields.Mode);
    expect(fieldOf(L, 'constructor')).toBeUndefined();
  });

  test('encode and decode are each other’s inverse', () => {
    const words = encode(L, { V: 1, Mode: 5, Ptr: 0x4000_0040, Mair: { hi: 0, lo: 0xffff_44ff } });
    expect([...words]).toEqual([0x4000_004b, 0, 0xffff_44ff]);
    expect(decode(L, words)).toEqual({ V: 1, Mode: 5, Ptr: 0x4000_0040, Mair: 0xffff_44ff });
    encodeInto(L, words, 0, { V: 0 });
    expect(decode(L, words)).toEqual({ V: 0, Mode: 5, Ptr: 0x4000_0040, Mair: 0xffff_44ff });
  });

  test('encode refuses what does not fit', () => {
    expect(() => encode(L, { Mode: 8 })).toThrow('L.Mode: 0x8 does not fit bits [3:1]');
    expect(() => encode(L, { Ptr: 0x20 })).toThrow('L.Ptr: 0x20 does not fit bits [55:6]');
    expect(() => encode(L, { Mair: { hi: 1, lo: 0 } })).toThrow(RangeError);
  });

  test('bits that nobody claims are reserved', () => {
    expect([...reservedMask(L)]).toEqual([0x30, 0xff00_0000, 0]);
    const narrow = layout('N', 'none', 20, { F: { bits: [3, 0], doc: 'x' } });
    expect([...reservedMask(narrow)]).toEqual([0xffff0]);
  });

  test('a field outside its structure, or wider than 64 bits, is refused', () => {
    expect(() => layout('B', 'none', 32, { F: { bits: [32, 32], doc: 'x' } })).toThrow('B.F: bit 32 of 32');
    expect(() => one({ bits: [64, 0], doc: 'x' })).toThrow(RangeError);
    expect(() => one({ bits: [3, 4], doc: 'x' })).toThrow(RangeError);
  });
});

test('the mask of a field is what writing ones into it leaves in its first word', () => {
  for (const bits of [
    [0, 0],
    [31, 0],
    [31, 31],
    [6, 3],
    [40, 29],
    [63, 0],
    [95, 70],
  ] as const) {
    const field = one({ bits: [...bits], doc: 'x' });
    const words = new Uint32Array(16);
    field.setHalves(words, 0, 0xffff_ffff, 0xffff_ffff);
    expect(maskOf(field)).toBe(words[field.lsb >>> 5]);
  }
});
