import type { FeatureEffect } from '../../../src/spec/feature-effects.ts';
import { mostOf } from '../../../src/spec/feature-most.ts';
import {
  type FeatureTest,
  feature,
  featureOfTest,
  holds,
  type IdValues,
} from '../../../src/spec/features.ts';
import { type Registers, TestSmmu } from '../../kit/smmu.ts';

/** The ID registers of the SMMU that tests use. */
export const KIT_IDS: IdValues = new TestSmmu().smmu.bank.ids();

interface Parts {
  readonly operator: string;
  readonly operand: number;
}

function partsOf(test: FeatureTest): Parts {
  const [, operator = test.startsWith('!') ? '!' : '', operand = '0'] =
    /(==|!=|>=|<=)([0-9]+)$/.exec(test) ?? [];
  return { operator, operand: Number(operand) };
}

/** A value with which a test holds. */
export function satisfying(test: FeatureTest): number {
  const { operator, operand } = partsOf(test);
  if (operator === '') return mostOf(featureOfTest(test)) || 1;
  if (operator === '!') return 0;
  if (operator === '!=' && featureOfTest(test) === 'IDR0.TTF') return 3;
  if (operator === '!=') return operand === 0 ? 1 : 0;
  return operand;
}

/** A value with which it does not. */
export function failing(test: FeatureTest): number {
  const { operator, operand } = partsOf(test);
  if (operator === '') return 0;
  if (operator === '!') return 1;
  if (operator === '>=') return operand - 1;
  if (operator === '==' || operator === '<=') return operand + 1;
  return operand;
}

/** The ID registers with which everything that the effect needs is there; those of the kit where they do. */
export function present({ needs }: Pick<FeatureEffect, 'needs'>): Registers {
  const missing = needs.filter((test) => !holds(KIT_IDS, test));
  return Object.fromEntries(missing.map((test) => [featureOfTest(test), satisfying(test)]));
}

/** The same, but for one test, which fails. */
export function missing(effect: Pick<FeatureEffect, 'needs'>, test: FeatureTest): Registers {
  return { ...present(effect), [featureOfTest(test)]: failing(test) };
}

/** Whether registers make a test fail and leave the others as they should be. */
export function failsOnly(
  registers: Registers,
  { needs }: Pick<FeatureEffect, 'needs'>,
  test: FeatureTest,
): boolean {
  const ids = new TestSmmu({ registers }).smmu.bank.ids();
  return needs.every((other) => holds(ids, other) === (other !== test));
}

/** The rule by which the absence of the test's feature has its effect. */
export function ruleOf(test: FeatureTest): string {
  return `feature:${featureOfTest(test)}`;
}

/** Whether switching the rule off makes the test hold: for `!IDR3.PPS` it cannot. */
export function canBeForced(test: FeatureTest): boolean {
  const name = featureOfTest(test);
  const [register] = name.split('.') as [keyof IdValues];
  const ids = new TestSmmu({ registers: { [name]: mostOf(name) } }).smmu.bank.ids();
  return feature(ids, name) === mostOf(name) && register in ids && holds(ids, test);
}
