import { describe, expect, test } from 'vitest';
import type { FeatureName, FeatureTest, IdValues } from '../../src/spec/features.ts';
import {
  expressionHolds,
  FEATURES,
  feature,
  holds,
  iasBits,
  isFeatureName,
  oasBits,
  parseFeatureExpression,
} from '../../src/spec/features.ts';

/** Stage 1 and 2, both formats, ATS, two-level stream table; 44-bit output. */
const ids: IdValues = { IDR0: 0x0800_040f, IDR1: (16 << 6) | 32, IDR5: 0x74 };

describe('features', () => {
  test('are read from the ID registers', () => {
    expect(feature(ids, 'IDR0.S1P')).toBe(1);
    expect(feature(ids, 'IDR0.TTF')).toBe(3);
    expect(feature(ids, 'IDR0.ST_LEVEL')).toBe(1);
    expect(feature(ids, 'IDR1.SSIDSIZE')).toBe(16);
    expect(feature(ids, 'IDR1.SIDSIZE')).toBe(32);
    expect(feature({ ROOT_IDR0: 0xffc0_0000 }, 'ROOT_IDR0.BA_REALM')).toBe(0x3ff);
  });

  test('of a register that is missing read as 0', () => {
    expect(feature(ids, 'S_IDR1.SEL2')).toBe(0);
    expect(feature({}, 'IDR0.S1P')).toBe(0);
  });

  test('are tested for being there, not there, equal, different and at least', () => {
    const cases: [FeatureTest, boolean][] = [
      ['IDR0.ATS', true],
      ['!IDR0.ATS', false],
      ['!S_IDR3.SAMS', true],
      ['IDR0.TTF==3', true],
      ['IDR0.TTF!=3', false],
      ['IDR0.TTF>=2', true],
      ['IDR0.HTTU>=1', false],
      ['IDR1.SIDSIZE<=32', true],
      ['IDR1.SIDSIZE<=31', false],
    ];
    for (const [text, want] of cases) expect(holds(ids, text), text).toBe(want);
  });

  test('in expressions are joined by &&; sentences are no expressions', () => {
    expect(expressionHolds(ids, 'IDR0.S1P && IDR0.S2P')).toBe(true);
    expect(expressionHolds(ids, 'IDR0.S1P && IDR0.PRI')).toBe(false);
    expect(expressionHolds(ids, 'IDR0.CD2L for 1 or 2')).toBeNull();
    expect(parseFeatureExpression('IDR0.NOPE')).toBeNull();
    expect(parseFeatureExpression('!IDR0.TTF==1')).toBeNull();
  });

  test('that do not exist are a mistake of the program', () => {
    expect(() => feature(ids, 'IDR0.NOPE' as FeatureName)).toThrow(
      'IDR0.NOPE is not a field of an ID register',
    );
    expect(() => holds(ids, 'nonsense' as FeatureTest)).toThrow(RangeError);
    expect(isFeatureName('IDR5.OAS')).toBe(true);
    expect(isFeatureName('CR0.SMMUEN')).toBe(false);
    expect(FEATURES.length).toBeGreaterThan(100);
  });
});

describe('address sizes', () => {
  test('OAS in bits, for every code', () => {
    const sizes = [0, 1, 2, 3, 4, 5, 6, 7].map((code) => oasBits({ IDR5: code }));
    expect(sizes).toEqual([32, 36, 40, 42, 44, 48, 52, 56]);
  });

  test('IAS is OAS with 64-bit tables and at least 40 with LPAE', () => {
    expect(iasBits(ids)).toBe(44);
    expect(iasBits({ IDR0: 0b0100, IDR5: 5 })).toBe(40);
    expect(iasBits({ IDR0: 0b1000, IDR5: 1 })).toBe(36);
    expect(iasBits({ IDR0: 0b1100, IDR5: 1 })).toBe(40);
    expect(iasBits({})).toBe(0);
  });
});
