import { describe, expect, test } from 'vitest';
import { type StatementCase, shown, titleOf } from './statement-case.ts';
import { DISABLED_CASES, FETCH_CASES, OUTPUT_CASES, REGIME_CASES, TABLE_CASES } from './translation-cases.ts';
import { ATS_CASES, ATTRIBUTE_CASES, PERMISSION_CASES, TAG_CASES } from './translation-more-cases.ts';

const CASES: readonly StatementCase[] = [
  ...FETCH_CASES,
  ...TABLE_CASES,
  ...OUTPUT_CASES,
  ...REGIME_CASES,
  ...DISABLED_CASES,
  ...ATS_CASES,
  ...PERMISSION_CASES,
  ...TAG_CASES,
  ...ATTRIBUTE_CASES,
];

const named = CASES.map((of) => ({ of, name: titleOf(of) }));

describe('what is stated of the streams of each Security state', () => {
  test.each(named)('$name', ({ of }) => {
    expect(shown(of, false)).toEqual(of.holds);
  });

  test.each(named)('$name: decides', ({ of }) => {
    expect(shown(of, true)).not.toEqual(of.holds);
  });
});
