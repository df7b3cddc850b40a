import { describe, expect, test } from 'vitest';
import { encode } from '../../src/bits/layout.ts';
import {
  indirectStage1,
  indirectStage2,
  MOSTLY_READ_ONLY,
  permissionIndex,
  stage2Base,
  stage2Overlay,
} from '../../src/model/translate/indirect.ts';
import { ONCE_DIRTY, PERM } from '../../src/model/translate/permission.ts';
import { CD } from '../../src/spec/cd.ts';
import { STE } from '../../src/spec/ste.ts';
import type { Values } from '../kit/smmu.ts';

const INDICES = Array.from({ length: 16 }, (_, i) => i);

/** Halves of a leaf with a PIIndex: DDI 0487 has its bits at 54, 53, 51 and 6. */
function leaf(index: number, bit7: 0 | 1, poIndex = 0): { hi: number; lo: number } {
  const bit = (i: number): bigint => BigInt((index >> i) & 1);
  const value =
    (bit(3) << 54n) |
    (bit(2) << 53n) |
    (bit(1) << 51n) |
    (bit(0) << 6n) |
    (BigInt(bit7) << 7n) |
    (BigInt(poIndex) << 59n) |
    0x403n;
  return { hi: Number(value >> 32n), lo: Number(value & 0xffffffffn) };
}

/** `prw ux` and the like: which letters each privilege has. */
function text(bits: number): string {
  const letters = (...values: readonly number[]): string =>
    values.map((value, i) => ((bits & value) !== 0 ? 'rwx'[i] : '-')).join('');
  return `${letters(PERM.pr, PERM.pw, PERM.px)} ${letters(PERM.ur, PERM.uw, PERM.ux)}`;
}

describe('PIIndex', () => {
  test('is {54, 53, 51, 6} of the leaf', () => {
    for (const index of INDICES) {
      const { hi, lo } = leaf(index, 1, 15);
      expect(permissionIndex(hi, lo)).toBe(index);
    }
  });
});

/** 5.4, PIIU: the legal codes. */
const CODES = [
  [0, '---'],
  [1, 'r--'],
  [2, '--x'],
  [3, 'r-x'],
  [5, 'rw-'],
  [7, 'rwx'],
] as const;

describe('stage 1 (3.26.1)', () => {
  const DIRTY = 0;
  const CLEAN = 1;

  function stage1(
    values: Values,
    index: number,
    some: { twoRanges?: boolean; pan?: boolean; noExecute?: boolean; nDirty?: 0 | 1 } = {},
  ): number {
    const { hi, lo } = leaf(index, some.nDirty ?? DIRTY);
    const context = { words: encode(CD, values), twoRanges: some.twoRanges ?? true, pan: some.pan ?? false };
    return indirectStage1(context, hi, lo, some.noExecute ?? false);
  }

  test.each(CODES)('code %i grants %s, at each index and privilege', (code, wanted) => {
    for (const index of INDICES) {
      const others = Object.fromEntries(
        INDICES.flatMap((i) => [
          [`PIIP${i}`, 0],
          [`PIIU${i}`, 0],
        ]),
      );
      expect(text(stage1({ ...others, [`PIIP${index}`]: code }, index))).toBe(`${wanted} ---`);
      expect(text(stage1({ ...others, [`PIIU${index}`]: code }, index))).toBe(`--- ${wanted}`);
    }
  });

  test('PAN removes privileged data accesses where anything unprivileged is granted, execute too', () => {
    for (const [code, letters] of CODES) {
      const bits = stage1({ PIIP4: 5, PIIU4: code }, 4, { pan: true });
      expect(text(bits)).toBe(`${code === 0 ? 'rw-' : '---'} ${letters}`);
    }
    expect(text(stage1({ PIIP4: 7, PIIU4: 1 }, 4, { pan: true }))).toBe('--x r--');
  });

  test('regimes with one privilege level have PIIP alone', () => {
    expect(text(stage1({ PIIP3: 7, PIIU3: 1 }, 3, { twoRanges: false }))).toBe('rwx ---');
  });

  test('WXN has no effect, and neither have hierarchical permissions', () => {
    expect(text(stage1({ WXN: 1, PIIP3: 7 }, 3))).toBe('rwx ---');
  });

  test('Non-secure output of Realm streams, or with SIF, is not executed', () => {
    expect(text(stage1({ PIIP3: 3, PIIU3: 2 }, 3, { noExecute: true }))).toBe('r-- ---');
    // PAN comes first: what was unprivileged execute has had its effect.
    expect(text(stage1({ PIIP3: 3, PIIU3: 2 }, 3, { noExecute: true, pan: true }))).toBe('--- ---');
  });

  test('a page that is not dirty has its writes once it is', () => {
    const bits = stage1({ PIIP2: 7, PIIU2: 5 }, 2, { nDirty: CLEAN });
    expect(text(bits)).toBe('r-x r--');
    expect(text(bits >>> ONCE_DIRTY)).toBe('rwx rw-');
    expect(stage1({ PIIP2: 7, PIIU2: 5 }, 2) >>> ONCE_DIRTY).toBe(0);
  });
});

/** 6.3.17, S2PII, and 5.2, S2POI: privileged and unprivileged. */
const S2_CODES: readonly (readonly [code: number, wanted: string, mostly: boolean])[] = [
  [0, '--- ---', false],
  [2, 'r-- r--', true],
  [3, 'r-- r--', true],
  [4, '-w- -w-', false],
  [6, 'r-- r--', true],
  [7, 'r-- r--', true],
  [8, 'r-- r--', false],
  [9, 'r-- r-x', false],
  [10, 'r-x r--', false],
  [11, 'r-x r-x', false],
  [12, 'rw- rw-', false],
  [13, 'rw- rwx', false],
  [14, 'rwx rw-', false],
  [15, 'rwx rwx', false],
];

describe('stage 2 (3.26.2)', () => {
  const s2pii = (index: number, code: number): [number, number] => {
    const value = BigInt(code) << BigInt(index * 4);
    return [Number(value >> 32n), Number(value & 0xffffffffn)];
  };

  test.each(S2_CODES)('code %i grants %s as base and as overlay, at each index', (code, wanted, mostly) => {
    for (const index of INDICES) {
      const { hi, lo } = leaf(index, 1, 15 - index);
      const base = stage2Base(...s2pii(index, code), hi, lo);
      const overlay = stage2Overlay(encode(STE, { [`S2POI${15 - index}`]: code }), hi);
      for (const bits of [base, overlay, indirectStage2(base, null, lo)]) {
        expect(text(bits)).toBe(wanted);
        expect((bits & MOSTLY_READ_ONLY) !== 0).toBe(mostly);
      }
    }
  });

  test('reserved codes of S2PII grant nothing', () => {
    for (const code of [1, 5]) expect(stage2Base(...s2pii(6, code), leaf(6, 1).hi, leaf(6, 1).lo)).toBe(0);
  });

  test('base and overlay intersect', () => {
    const base = stage2Base(0, 0xd, 0, 0);
    const overlay = (code: number): number => stage2Overlay(encode(STE, { S2POI0: code }), 0);
    const dirty = 0x80;
    expect(text(indirectStage2(base, overlay(11), dirty))).toBe('r-- r-x');
    expect(text(indirectStage2(base, overlay(4), dirty))).toBe('-w- -w-');
    expect(text(indirectStage2(base, overlay(0), dirty))).toBe('--- ---');
    expect(indirectStage2(base, overlay(2), dirty) & MOSTLY_READ_ONLY).not.toBe(0);
  });

  test('a page that is not dirty has its writes once it is', () => {
    const base = stage2Base(0, 0xf, 0, 0);
    const bits = indirectStage2(base, null, 0);
    expect(text(bits)).toBe('r-x r-x');
    expect(text(bits >>> ONCE_DIRTY)).toBe('rwx rwx');
    expect(indirectStage2(base, null, 0x80) >>> ONCE_DIRTY).toBe(0);
  });
});
