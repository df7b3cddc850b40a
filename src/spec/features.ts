import type { Field } from '../bits/layout.ts';
import type { FeatureName, FeatureTest, IdRegister } from './feature-test.ts';
import { ID_REGISTERS } from './feature-test.ts';
import { REGISTERS } from './registers.ts';
import { ADDRESS_BITS } from './translation.ts';

export type { FeatureName, FeatureTest, IdRegister } from './feature-test.ts';
export { ID_REGISTERS } from './feature-test.ts';

/** Values of ID registers (32 bits each); one that is missing reads as 0. */
export type IdValues = Readonly<Partial<Record<IdRegister, number>>>;

/** A field of an ID register. */
export interface Feature {
  readonly name: FeatureName;
  readonly register: IdRegister;
  readonly field: Field;
}

/** Every field of every ID register. */
export const FEATURES: readonly Feature[] = ID_REGISTERS.flatMap((register) =>
  REGISTERS[register].layout.list.map((field) => ({
    name: `${register}.${field.name}` as FeatureName,
    register,
    field,
  })),
);

const BY_NAME = new Map<string, Feature>(FEATURES.map((feature) => [feature.name, feature]));

/** Whether the text names a field of an ID register. */
export function isFeatureName(text: string): text is FeatureName {
  return BY_NAME.has(text);
}

/** The field of that name, or undefined: for names that come from people. */
export function featureNamed(name: string): Feature | undefined {
  return BY_NAME.get(name);
}

const word = new Uint32Array(1);

function known(name: string): Feature {
  const found = BY_NAME.get(name);
  if (!found) throw new RangeError(`${name} is not a field of an ID register`);
  return found;
}

/** The value of one field: `feature(ids, 'IDR0.S1P')`. */
export function feature(ids: IdValues, name: FeatureName): number {
  const found = known(name);
  word[0] = ids[found.register] ?? 0;
  return found.field.get(word, 0);
}

/** Values of single fields: `{ 'IDR0.S1P': 1 }`. */
export type FeatureValues = Readonly<Partial<Record<FeatureName, number>>>;

/**
 * ID registers in which the named fields have the given values and every other bit is as in `base`.
 * @throws RangeError when a value does not fit its field
 */
export function withFeatures(base: IdValues, values: FeatureValues): IdValues {
  const ids: Partial<Record<IdRegister, number>> = { ...base };
  for (const [name, value] of Object.entries(values)) {
    const { register, field } = known(name);
    word[0] = ids[register] ?? 0;
    field.set(word, 0, value);
    if (field.get(word, 0) !== value)
      throw new RangeError(`${name}: ${value} does not fit bits [${field.msb}:${field.lsb}]`);
    ids[register] = word[0];
  }
  return ids;
}

/** ID registers by the names of their fields; what is not named is 0. Errors as {@link withFeatures}. */
export function ids(values: FeatureValues): IdValues {
  return withFeatures({}, values);
}

/** The field that a test is about. */
export function featureOfTest(test: FeatureTest): FeatureName {
  const parsed = parseTest(test);
  if (!parsed) throw new RangeError(`${test} is not a test of a feature`);
  return parsed.name;
}

const TEST = /^(!?)([A-Z0-9_]+\.[A-Za-z0-9_]+)(?:(==|!=|>=|<=)([0-9]+))?$/;

interface ParsedTest {
  readonly name: FeatureName;
  readonly holds: (value: number) => boolean;
}

const PARSED = new Map<string, ParsedTest>();

function parseTest(text: string): ParsedTest | null {
  const before = PARSED.get(text);
  if (before) return before;
  const parsed = readTest(text);
  if (parsed) PARSED.set(text, parsed);
  return parsed;
}

function readTest(text: string): ParsedTest | null {
  const [, not, name, operator, operand] = TEST.exec(text) ?? [];
  if (name === undefined || !isFeatureName(name) || (not && operator)) return null;
  const number = Number(operand);
  if (not) return { name, holds: (value) => value === 0 };
  if (operator === '==') return { name, holds: (value) => value === number };
  if (operator === '!=') return { name, holds: (value) => value !== number };
  if (operator === '>=') return { name, holds: (value) => value >= number };
  if (operator === '<=') return { name, holds: (value) => value <= number };
  return { name, holds: (value) => value !== 0 };
}

/** Whether one test holds. */
export function holds(ids: IdValues, test: FeatureTest): boolean {
  const parsed = parseTest(test);
  if (!parsed) throw new RangeError(`${test} is not a test of a feature`);
  return parsed.holds(feature(ids, parsed.name));
}

/** The tests of an expression `A && B`, or null when it is a sentence for people. */
export function parseFeatureExpression(text: string): readonly FeatureTest[] | null {
  const parts = text.split(' && ');
  return parts.every((part) => parseTest(part) !== null) ? (parts as FeatureTest[]) : null;
}

/** Whether every test of an expression `A && B` holds; null when the text is a sentence for people. */
export function expressionHolds(ids: IdValues, text: string): boolean | null {
  const tests = parseFeatureExpression(text);
  return tests === null ? null : tests.every((test) => holds(ids, test));
}

/** Bits of an output address (OAS, 3.4): 32 to 56. */
export function oasBits(ids: IdValues): number {
  return ADDRESS_BITS[feature(ids, 'IDR5.OAS')] ?? 0;
}

/** Bits of an intermediate address (IAS, 3.4): the larger of 40 with VMSAv8-32 LPAE and OAS with VMSAv8-64. */
export function iasBits(ids: IdValues): number {
  const formats = feature(ids, 'IDR0.TTF');
  return Math.max(formats & 1 ? 40 : 0, formats & 2 ? oasBits(ids) : 0);
}
