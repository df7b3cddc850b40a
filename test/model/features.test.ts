/** What a missing feature does: every entry of FEATURE_EFFECTS that the Non-secure state can show. */

import { describe, expect, test } from 'vitest';
import { fieldOf } from '../../src/bits/layout.ts';
import { CD } from '../../src/spec/cd.ts';
import { FEATURE_EFFECTS, type FeatureEffect } from '../../src/spec/feature-effects.ts';
import type { FeatureTest } from '../../src/spec/features.ts';
import { STE } from '../../src/spec/ste.ts';
import { STE_NEVER_RES0, STE_RES0 } from '../../src/spec/ste-worlds.ts';
import { sources } from '../house/sources.ts';
import type { Values } from '../kit/smmu.ts';
import { canBeForced, failsOnly, missing, present, ruleOf } from './features/off.ts';
import { baseOf, firstOf, type Picture, pictureOf } from './features/picture.ts';
import { CONTEXT, LARGE, WITNESSES } from './features/witnesses.ts';
import { joined, type SetUp } from './validity/case.ts';

const C_BAD_STE = 0x04;
const C_BAD_CD = 0x0a;

/** Features of states whose registers the model does not hold. */
const ELSEWHERE = /^!?(?:R|ROOT)_/;

interface Case {
  readonly name: string;
  readonly effect: FeatureEffect;
  readonly test: FeatureTest;
}

/** Each effect with each of its tests that can fail alone. */
function casesOf(effects: readonly FeatureEffect[]): Case[] {
  return effects.flatMap((effect) =>
    (effect.needs.some((one) => ELSEWHERE.test(one)) ? [] : effect.needs)
      .filter((one) => failsOnly(missing(effect, one), effect, one))
      .map((one) => ({ effect, test: one, name: nameOf(effect, one) })),
  );
}

function nameOf({ of, field, bits, values, off }: FeatureEffect, test: FeatureTest): string {
  const part = bits ? `[${bits[0]}:${bits[1]}]` : values ? `=${values.join(',')}` : '';
  return `${of}.${field}${part} without ${test}: ${off}`;
}

const layoutOf = (of: string): typeof STE | typeof CD => (of === 'CD' ? CD : STE);

/** Values that the effect is about: those it names, or the least, the most and the highest bit of the field. */
function valuesOf({ of, field, values, bits }: FeatureEffect): readonly number[] {
  if (values) return values;
  if (bits) return [2 ** bits[0], 2 ** (bits[0] + 1) - 2 ** bits[1]];
  const { width, address, lsb } = fieldOf(layoutOf(of), field ?? '') as {
    width: number;
    address?: boolean;
    lsb: number;
  };
  const unit = address ? 2 ** (lsb & 63) : 1;
  const bitsThere = Math.min(width, 44);
  return [...new Set([unit, 2 ** (bitsThere - 1) * unit, (2 ** bitsThere - 1) * unit])];
}

function withField({ of, field }: FeatureEffect, value: number): SetUp {
  const values: Values = { [field ?? '']: value };
  return of === 'CD' ? { cd: values } : { ste: values };
}

const keyOf = ({ of, field }: FeatureEffect): string => `${of}.${field}`;

const STRUCTURES = FEATURE_EFFECTS.filter(({ kind }) => kind === 'structure');

describe('fields of STE and CD that are RES0 or IGNORED', () => {
  const effects = STRUCTURES.filter(({ off }) => off === 'RES0' || off === 'IGNORED');

  test.each(casesOf(effects))('$name: no value changes an answer', ({ effect, test: one }) => {
    const base = joined(baseOf(effect, one), WITNESSES[keyOf(effect)] ?? {});
    const circumstances = { registers: missing(effect, one) };
    const zero = pictureOf(joined(base, withField(effect, 0)), circumstances);
    for (const value of valuesOf(effect)) {
      expect(pictureOf(joined(base, withField(effect, value)), circumstances), `${value}`).toEqual(zero);
    }
  });

  const witnessed = casesOf(effects.filter((effect) => keyOf(effect) in WITNESSES && !effect.values));

  test('each witness is one of a field that is tested', () => {
    const names = new Set(witnessed.map(({ effect }) => keyOf(effect)));
    expect(Object.keys(WITNESSES).filter((name) => !names.has(name))).toEqual([]);
  });

  const seen = (
    effect: FeatureEffect,
    base: SetUp,
    circumstances: Parameters<typeof pictureOf>[1],
  ): Picture[] =>
    [0, ...valuesOf(effect)].map((value) => pictureOf(joined(base, withField(effect, value)), circumstances));

  // Without a stage at all, no stream shows that its fields are ignored.
  const shown = witnessed.filter(({ test: one }) => one !== 'IDR0.S1P');

  test.each(shown)('$name: with the feature a value changes the answer', ({ effect, test: one }) => {
    const base = joined(baseOf(effect, one), WITNESSES[keyOf(effect)] ?? {});
    const [zero, ...others] = seen(effect, base, { registers: present(effect) });
    expect(others.some((other) => JSON.stringify(other) !== JSON.stringify(zero))).toBe(true);
  });

  test.each(shown)('$name decides: its rule switched off, the answer is that with the feature', (of) => {
    const { effect, test: one } = of;
    const base = joined(baseOf(effect, one), WITNESSES[keyOf(effect)] ?? {});
    const registers = missing(effect, one);
    const [zero, ...others] = seen(effect, base, { registers, rulesOff: [ruleOf(one)] });
    expect(others.some((other) => JSON.stringify(other) !== JSON.stringify(zero))).toBe(true);
  });
});

describe('values of fields that are ILLEGAL', () => {
  const effects = STRUCTURES.filter(({ off }) => off === 'ILLEGAL');

  function setUpOf(effect: FeatureEffect, one: FeatureTest, value: number): SetUp {
    const key = keyOf(effect);
    const context = one === 'IDR5.VAX' ? LARGE : (CONTEXT[`${key}=${value}`] ?? CONTEXT[key] ?? {});
    return joined(joined(baseOf(effect, one), context), withField(effect, value));
  }

  function first(
    effect: FeatureEffect,
    one: FeatureTest,
    value: number,
    registers: object,
    off: string[] = [],
  ) {
    return firstOf(pictureOf(setUpOf(effect, one, value), { registers: { ...registers }, rulesOff: off }));
  }

  /** Rules that the model has, by its sources. */
  const JUDGED = new Set(
    sources('src/model/translate', ['.ts']).flatMap(({ text }) =>
      [...text.matchAll(/\bid: '([A-Z0-9-]+)'/g)].map((found) => found[1]),
    ),
  );

  test('are judged by rules of the model; those that are not are of stage 2', () => {
    const open = effects.filter(({ rule }) => rule === undefined || !JUDGED.has(rule)).map(keyOf);
    expect(open.filter((name) => !name.startsWith('STE.S2'))).toEqual([]);
  });

  test.each(casesOf(effects))('$name', ({ effect, test: one }) => {
    const bad = effect.of === 'CD' ? C_BAD_CD : C_BAD_STE;
    for (const value of valuesOf(effect)) {
      const refused = first(effect, one, value, missing(effect, one));
      if (JUDGED.has(effect.rule ?? '')) expect(refused, `${value}`).toEqual(['abort', bad]);
      expect(first(effect, one, value, present(effect))[1], `${value} with the feature`).not.toBe(bad);
    }
  });

  test.each(casesOf(effects).filter(({ test: one }) => canBeForced(one)))(
    '$name decides: its rule switched off, the structure is legal',
    ({ effect, test: one }) => {
      const bad = effect.of === 'CD' ? C_BAD_CD : C_BAD_STE;
      for (const value of valuesOf(effect)) {
        const [, event] = first(effect, one, value, missing(effect, one), [ruleOf(one)]);
        expect(event, `${value}`).not.toBe(bad);
      }
    },
  );
});

describe('reserved bits', () => {
  // Bits that another field claims as well are not reserved while that one is there.
  const alone = ({ of, field }: FeatureEffect): boolean =>
    fieldOf(layoutOf(of), field ?? '')?.alternativeTo === undefined;
  const reserved = casesOf(
    STRUCTURES.filter(
      (effect) =>
        effect.off === 'RES0' &&
        !effect.values &&
        alone(effect) &&
        !(effect.of === 'STE' && STE_NEVER_RES0.ns.includes(effect.field ?? '')),
    ),
  );
  /** These streams are Non-secure: reserved bits of their STEs stay so with the feature. */
  const stays = ({ of, field }: FeatureEffect): boolean => of === 'STE' && STE_RES0.ns.includes(field ?? '');

  test.each(reserved)('$name, and refused where reserved bits are checked', ({ effect, test: one }) => {
    const base = baseOf(effect, one);
    const set = joined(base, withField(effect, valuesOf(effect)[0] as number));
    const strict = { registers: missing(effect, one), reservedBits: 'strict' } as const;
    const bad = effect.of === 'CD' ? C_BAD_CD : C_BAD_STE;
    const before = firstOf(pictureOf(base, strict));
    // A stream without stage 1 has no CD, and what the model does not translate it does not judge.
    if (before[0] !== 'not-modelled' && before[1] === null) {
      expect(firstOf(pictureOf(set, strict))).toEqual(['abort', bad]);
    }
    const registers = present(effect);
    const checked = pictureOf(set, { registers, reservedBits: 'strict' });
    if (stays(effect)) expect(firstOf(checked)).toEqual(['abort', bad]);
    else expect(checked).toEqual(pictureOf(set, { registers }));
  });

  test('that no field claims are refused or ignored, as the SMMU was made', () => {
    const STRAY = 58;
    const stray: SetUp = {
      prepare: (m) => {
        const at = 0x40000000 + 8 * 64;
        const words = Uint32Array.from(m.words(at, 16));
        words[STRAY >>> 5] = (words[STRAY >>> 5] as number) | (1 << (STRAY & 31));
        m.store(at, words);
      },
    };
    expect(STE.list.some(({ msb, lsb }) => STRAY >= lsb && STRAY <= msb)).toBe(false);
    expect(firstOf(pictureOf(stray, { registers: {} }))).toEqual(['ok', null]);
    expect(firstOf(pictureOf(stray, { registers: {}, reservedBits: 'strict' }))).toEqual([
      'abort',
      C_BAD_STE,
    ]);
  });

  test('of ignored fields are not looked at', () => {
    const ignored = casesOf(
      STRUCTURES.filter(({ off, values, of }) => off === 'IGNORED' && !values && of === 'CD'),
    );
    expect(ignored.length).toBeGreaterThan(5);
    for (const { effect, test: one, name } of ignored) {
      const set = joined(baseOf(effect, one), withField(effect, 1));
      const strict = { registers: missing(effect, one), reservedBits: 'strict' } as const;
      expect(firstOf(pictureOf(set, strict)), name).toEqual(['ok', null]);
    }
  });
});

test('what cannot be tested here belongs to another Security state', () => {
  const tested = new Set(casesOf(STRUCTURES).map(({ effect }) => effect));
  const left = STRUCTURES.filter((effect) => !tested.has(effect));
  expect(left.filter(({ needs }) => !needs.some((one) => ELSEWHERE.test(one))).map(keyOf)).toEqual([]);
  expect(tested.size).toBeGreaterThan(150);
});
