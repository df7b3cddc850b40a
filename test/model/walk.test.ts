import { describe, expect, test } from 'vitest';
import { record } from '../kit/records.ts';
import { SID, TestSmmu, TTB0, TTB1, type Values } from '../kit/smmu.ts';
import { entryBits, LEAF, map, startLevel, USER_PAGE } from '../kit/tables.ts';

const GRANULES = [
  { granule: 12n, TG0: 0, TG1: 2, name: '4 KiB', blocks: [1n, 2n] },
  { granule: 14n, TG0: 2, TG1: 1, name: '16 KiB', blocks: [2n] },
  { granule: 16n, TG0: 1, TG1: 3, name: '64 KiB', blocks: [2n] },
] as const;
type Granule = (typeof GRANULES)[number];

const text = (address: bigint): string => `0x${address.toString(16)}`;

function context(cd: Values): TestSmmu {
  const m = new TestSmmu();
  m.ste();
  m.cd(cd);
  return m;
}

/** A context in which only one half is walked. */
function half(of: Granule, upper: boolean, txsz: bigint, more: Values = {}): TestSmmu {
  return upper
    ? context({ EPD0: 1, EPD1: 0, T1SZ: Number(txsz), TG1: of.TG1, TTB1, ...more })
    : context({ T0SZ: Number(txsz), TG0: of.TG0, ...more });
}

/** An address of a half of 2^bits bytes. */
function inHalf(upper: boolean, bits: bigint, offset: bigint): bigint {
  return upper ? 2n ** 64n - 2n ** bits + offset : offset;
}

function resultOf(m: TestSmmu, address: bigint): string {
  const { outcome } = m.dma(text(address));
  return outcome.result === 'ok' ? `0x${outcome.pa.toString(16)}` : (outcome.fault?.event ?? outcome.result);
}

describe.each(GRANULES)('$name granule', (of) => {
  const { granule } = of;
  describe.each([false, true])('TTB1: %s', (upper) => {
    test.each([3n, ...of.blocks])(
      'a leaf at level %i translates from its first to its last byte',
      (level) => {
        const txsz = 16n;
        const m = half(of, upper, txsz);
        const size = 2n ** entryBits(granule, level);
        const iova = inHalf(upper, 48n, 5n * size);
        const pa = size > 0x100000000n ? size : 3n * size;
        map(m, { granule, txsz, ttb: upper ? TTB1 : TTB0, iova, pa, level });
        expect(resultOf(m, iova)).toBe(text(pa));
        expect(resultOf(m, iova + size - 1n)).toBe(text(pa + size - 1n));
        expect(resultOf(m, iova + size)).toBe('F_TRANSLATION');
        expect(resultOf(m, iova - 1n)).toBe('F_TRANSLATION');
        // The TLB answers the same.
        expect(m.dma(text(iova + size / 2n)).outcome).toMatchObject({
          tlbHit: true,
          pa: Number(pa + size / 2n),
        });
      },
    );

    const largest = granule === 16n ? 47n : 48n;
    test.each(
      [16n, 17n, 24n, 25n, 27n, 28n, 33n, 34n, 35n, 38n, 39n, 42n, 43n, 47n, 48n].filter((x) => x <= largest),
    )(
      'TxSZ=%i: the table of the first level has as many entries as the range needs, and no address beyond it',
      (txsz) => {
        const m = half(of, upper, txsz);
        m.set({ 'IDR3.STT': 1 });
        const bits = 64n - txsz;
        const first = inHalf(upper, bits, 0n);
        const last = first + 2n ** bits - 2n ** granule;
        const ttb = upper ? TTB1 : TTB0;
        map(m, { granule, txsz, ttb, iova: first, pa: 0x10000000n });
        map(m, { granule, txsz, ttb, iova: last, pa: 0x20000000n });
        expect(resultOf(m, first)).toBe('0x10000000');
        expect(resultOf(m, last + 7n)).toBe('0x20000007');
        const outside = upper ? first - 1n : first + 2n ** bits;
        expect(resultOf(m, outside)).toBe('F_TRANSLATION');
        // Nothing of the wrong half, and nothing with one bit too many.
        expect(resultOf(m, (last ^ (1n << 62n)) & (2n ** 64n - 1n))).toBe('F_TRANSLATION');
        expect(startLevel(granule, txsz)).toBe(
          BigInt(m.smmu.config.entries()[0]?.first?.halves[upper ? 1 : 0].startLevel ?? 9),
        );
      },
    );
  });

  test('the base of the first table is aligned down to the size of the table', () => {
    // 16 entries of 8 bytes: 128 bytes.
    const txsz = 64n - entryBits(granule, 2n) - 4n;
    const m = context({ T0SZ: Number(txsz), TG0: of.TG0, TTB0: TTB0 + 0x70 });
    map(m, { granule, txsz, iova: 0n, pa: 0x30000000n });
    expect(resultOf(m, 9n)).toBe('0x30000009');
  });

  test('an output address has the bits of the leaf above its size, and of the input below', () => {
    const level = of.blocks[of.blocks.length - 1] as bigint;
    const size = 2n ** entryBits(granule, level);
    const m = half(of, false, 16n);
    // Bits of the output below the size of a block are RES0 and not looked at, here nT.
    map(m, { granule, iova: 0n, pa: size * 7n, level, attributes: USER_PAGE | (1n << 16n) });
    expect(resultOf(m, 0x1234567n % size)).toBe(text(size * 7n + (0x1234567n % size)));
  });

  test.each([0n, 1n, 2n, 3n])('an invalid descriptor at level %i is F_TRANSLATION', (level) => {
    const first = startLevel(granule, 16n);
    if (level < first) return expect(first).toBeGreaterThan(level);
    const m = half(of, false, 16n);
    const path = map(m, { granule, iova: 0x5000000n, pa: 0n });
    m.descriptor(path.get(level) as number, 0xfffffffffffffffen);
    const plan = m.dma(0x5000000);
    expect(plan.outcome.fault).toMatchObject({ event: 'F_TRANSLATION', stage: 1, level: Number(level) });
    expect(m.drain()).toEqual([record('F_TRANSLATION', { sid: SID, address: 0x5000000n })]);
  });

  test('a level that has no block, and type 0b01 at level 3, are F_TRANSLATION', () => {
    for (const level of [0n, 1n, 3n]) {
      if (level < startLevel(granule, 16n) || (of.blocks as readonly bigint[]).includes(level)) continue;
      const m = half(of, false, 16n);
      const path = map(m, { granule, iova: 0n, pa: 0n });
      m.descriptor(path.get(level) as number, USER_PAGE | 1n);
      expect(resultOf(m, 0n)).toBe('F_TRANSLATION');
    }
  });

  test('the contiguous hint changes no translation', () => {
    const m = half(of, false, 16n);
    for (const i of [0n, 1n, 2n, 3n]) {
      map(m, {
        granule,
        iova: i << granule,
        pa: (8n + i) << granule,
        attributes: USER_PAGE | LEAF.CONTIGUOUS,
      });
    }
    for (const i of [3n, 0n, 2n, 1n]) expect(resultOf(m, i << granule)).toBe(text((8n + i) << granule));
  });
});

describe('which half', () => {
  const both: Values = { EPD1: 0, T0SZ: 25, T1SZ: 20, TG1: 2, TTB1 };
  function mapped(more: Values = {}): TestSmmu {
    const m = context({ ...both, ...more });
    map(m, { txsz: 25n, iova: 0x1000n, pa: 0x10000000n });
    map(m, { txsz: 20n, ttb: TTB1, iova: 0xfffffff000001000n, pa: 0x20000000n });
    return m;
  }

  test('bit 55 chooses, and each half has a range, granule and table of its own', () => {
    const m = mapped();
    expect(resultOf(m, 0x1004n)).toBe('0x10000004');
    expect(resultOf(m, 0xfffffff000001004n)).toBe('0x20000004');
    expect(resultOf(m, 0x8000001004n)).toBe('F_TRANSLATION');
    expect(resultOf(m, 0xffffeff000001004n)).toBe('F_TRANSLATION');
  });

  test('without TBI the top byte must repeat bit 55', () => {
    const m = mapped();
    expect(resultOf(m, 0x0100000000001000n)).toBe('F_TRANSLATION');
    expect(resultOf(m, 0x7ffffff000001000n)).toBe('F_TRANSLATION');
  });

  test('TBI0 and TBI1 free the top byte of their half; the record keeps it', () => {
    const m = mapped({ TBI0: 1 });
    expect(resultOf(m, 0xab00000000001008n)).toBe('0x10000008');
    expect(resultOf(m, 0x7ffffff000001000n)).toBe('F_TRANSLATION');
    m.drain();
    expect(resultOf(m, 0xab00000000009000n)).toBe('F_TRANSLATION');
    expect(m.drain()).toEqual([record('F_TRANSLATION', { sid: SID, address: 0xab00000000009000n })]);
    const upper = mapped({ TBI1: 1 });
    expect(resultOf(upper, 0x00fffff000001008n)).toBe('0x20000008');
    expect(resultOf(upper, 0xab00000000001000n)).toBe('F_TRANSLATION');
    // TBI frees [63:56] only.
    expect(resultOf(mapped({ TBI0: 1 }), 0xab10000000001000n)).toBe('F_TRANSLATION');
  });

  test('a TLB entry made with one top byte serves every other', () => {
    const m = mapped({ TBI0: 1 });
    m.dma('0x1100000000001000');
    expect(m.dma('0x2200000000001fff').outcome).toMatchObject({ tlbHit: true, pa: 0x10000fff });
  });

  test('EPDx closes its half', () => {
    expect(resultOf(mapped({ EPD0: 1 }), 0x1000n)).toBe('F_TRANSLATION');
    expect(resultOf(mapped({ EPD0: 1 }), 0xfffffff000001000n)).toBe('0x20000000');
    expect(resultOf(mapped({ EPD1: 1 }), 0xfffffff000001000n)).toBe('F_TRANSLATION');
  });

  test('E0PDx closes its half to unprivileged accesses, where IDR3 has it', () => {
    const m = mapped({ E0PD0: 1 });
    expect(resultOf(m, 0x1000n)).toBe('0x10000000');
    m.set({ 'IDR3.E0PD': 1 });
    m.run(['CMD_CFGI_STE_RANGE', { Range: 31 }], ['CMD_TLBI_NSNH_ALL'], ['CMD_SYNC']);
    expect(resultOf(m, 0x1000n)).toBe('F_TRANSLATION');
    expect(resultOf(m, 0xfffffff000001000n)).toBe('0x20000000');
    expect(m.dma(0x1000, { privileged: true }).outcome.result).toBe('ok');
  });
});

describe('EL2', () => {
  function el2(e2h: number, more: Values = {}): TestSmmu {
    const m = new TestSmmu({ registers: { 'CR2.E2H': e2h } });
    m.ste({ STRW: 2 });
    m.cd({ T1SZ: 20, TG1: 2, TTB1, EPD1: 0, ...more });
    map(m, { iova: 0x1000n, pa: 0x10000000n });
    map(m, { txsz: 20n, ttb: TTB1, iova: 0xfffffff000001000n, pa: 0x20000000n });
    return m;
  }

  test('without E2H has TTB0 only: bit 55 set is F_TRANSLATION, with TBI as well', () => {
    for (const TBI0 of [0, 1]) {
      const m = el2(0, { TBI0, TBI1: 1 });
      expect(resultOf(m, 0x1000n)).toBe('0x10000000');
      expect(resultOf(m, 0xfffffff000001000n)).toBe('F_TRANSLATION');
      expect(resultOf(m, 0x0080000000001000n)).toBe('F_TRANSLATION');
    }
  });

  test('without E2H ignores EPD0, with E2H does not', () => {
    expect(resultOf(el2(0, { EPD0: 1 }), 0x1000n)).toBe('0x10000000');
    expect(resultOf(el2(1, { EPD0: 1 }), 0x1000n)).toBe('F_TRANSLATION');
  });

  test('with E2H has two halves', () => {
    expect(resultOf(el2(1), 0xfffffff000001000n)).toBe('0x20000000');
  });

  test('the range of EL2 is one of zeros above T0SZ', () => {
    const m = el2(0, { T0SZ: 25 });
    map(m, { txsz: 25n, iova: 0x1000n, pa: 0x10000000n });
    expect(resultOf(m, 0x1000n)).toBe('0x10000000');
    expect(resultOf(m, 0x8000001000n)).toBe('F_TRANSLATION');
  });
});
