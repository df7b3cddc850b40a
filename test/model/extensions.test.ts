import { describe, expect, test } from 'vitest';
import { encode } from '../../src/bits/layout.ts';
import { attributesExtended, hasContiguous, notModelled } from '../../src/model/translate/extensions.ts';
import { CD } from '../../src/spec/cd.ts';
import { STE } from '../../src/spec/ste.ts';
import { type Registers, TestSmmu, type Values } from '../kit/smmu.ts';

const ALL: Registers = {
  'IDR3.S1PI': 1,
  'IDR3.S2PI': 1,
  'IDR3.S2PO': 1,
  'IDR3.THE': 1,
  'IDR3.AIE': 1,
};
const D128: Registers = { ...ALL, 'IDR5.D128': 1 };

function state(registers: Registers) {
  return new TestSmmu({ registers }).smmu.state('ns');
}

/** The section that is named, or null. */
function named(ste: Values, cd: Values | null, registers = ALL): string | null {
  const words = encode(STE, { V: 1, Config: 7, S2AA64: 1, ...ste });
  const context = cd && encode(CD, { V: 1, AA64: 1, ...cd });
  return notModelled(words, context, state(registers))?.rule ?? null;
}

describe('what is not walked is named', () => {
  test.each<[string, Values, Values | null, string]>([
    ['stage-1 indirection', { S1PIE: 1 }, { PIE: 1 }, '3.26.1'],
    ['stage-2 indirection', { S2PIE: 1 }, {}, '3.26.2'],
    ['a stage-2 overlay', { S2POE: 1 }, null, '3.26.2'],
    ['AssuredOnly', { AssuredOnly: 1 }, {}, '3.27.2'],
    ['TL0', { TL0: 1 }, {}, '5.2 TL0'],
    ['TL1', { Config: 6, TL1: 1 }, null, '5.2 TL0'],
  ])('%s', (_, ste, cd, rule) => {
    expect(named(ste, cd)).toBe(rule);
    // RES0 without the features.
    expect(named(ste, cd, {})).toBeNull();
  });

  test('VMSAv9-128 tables of either stage, where IDR5.D128 gives AA64=0 that meaning', () => {
    expect(named({}, { AA64: 0 }, D128)).toBe('5.4 AA64');
    expect(named({ S2AA64: 0 }, {}, D128)).toBe('5.2 S2AA64');
    expect(named({}, { AA64: 0 }, ALL)).toBeNull();
    expect(named({ S2AA64: 0 }, {}, ALL)).toBeNull();
  });

  test('one switch of two is not enough, nor is stage 2 in a stream without it', () => {
    expect(named({ S1PIE: 1 }, {})).toBeNull();
    expect(named({}, { PIE: 1 })).toBeNull();
    expect(named({ S1PIE: 1 }, { PIE: 1, AA64: 0 })).toBeNull();
    expect(named({ Config: 5, S2PIE: 1, S2POE: 1, AssuredOnly: 1, TL0: 1, TL1: 1 }, {})).toBeNull();
    expect(named({ S1PIE: 1 }, null)).toBeNull();
  });

  test('what a caller models is left out', () => {
    const ste = encode(STE, { V: 1, Config: 7, S2AA64: 1, S1PIE: 1, S2PIE: 1 });
    const cd = encode(CD, { V: 1, AA64: 1, PIE: 1 });
    expect(notModelled(ste, cd, state(ALL), new Set(['S2PIE']))?.reason).toContain('stage-1');
    expect(notModelled(ste, cd, state(ALL), new Set(['S1PIE', 'S2PIE']))).toBeNull();
  });
});

describe('what is decoded only', () => {
  test('AttrIndx has four bits with IDR3.AIE and CD.AIE', () => {
    expect(attributesExtended(encode(CD, { AIE: 1 }), state(ALL))).toBe(true);
    expect(attributesExtended(encode(CD, { AIE: 1 }), state({}))).toBe(false);
    expect(attributesExtended(encode(CD, {}), state(ALL))).toBe(false);
  });

  test('PnCH takes bit 52 from the Contiguous hint, of VMSAv8-64 and with IDR3.THE', () => {
    expect(hasContiguous(encode(CD, { AA64: 1, PnCH: 1 }), state(ALL))).toBe(false);
    expect(hasContiguous(encode(CD, { AA64: 1 }), state(ALL))).toBe(true);
    expect(hasContiguous(encode(CD, { AA64: 0, PnCH: 1 }), state(ALL))).toBe(true);
    expect(hasContiguous(encode(CD, { AA64: 1, PnCH: 1 }), state({}))).toBe(true);
  });
});
