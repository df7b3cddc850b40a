import type { Constraint } from './conflicts/constraint.ts';
import { REGISTER_CONSTRAINTS } from './conflicts/registers.ts';
import { VERSION_CONSTRAINTS } from './conflicts/versions.ts';
import type { FeatureTest } from './feature-test.ts';
import { feature, featureOfTest, holds, type IdValues } from './features.ts';

export type { Constraint, Severity } from './conflicts/constraint.ts';

/** Every relation between ID registers that the tables know. */
export const CONSTRAINTS: readonly Constraint[] = [...REGISTER_CONSTRAINTS, ...VERSION_CONSTRAINTS];

/** A relation that a set of ID registers breaks. */
export interface Conflict extends Constraint {
  /** What is wrong, in words: `IDR0.PRI=1, IDR0.ATS=0: PRI serves devices that use ATS (6.3.1)`. */
  readonly text: string;
}

/** Every relation that these ID registers break, illegal ones first. */
export function conflicts(ids: IdValues): readonly Conflict[] {
  const found = CONSTRAINTS.filter(
    ({ when, needs }) => when.every((test) => holds(ids, test)) && !needs.some((test) => holds(ids, test)),
  ).map((constraint) => ({ ...constraint, text: textOf(ids, constraint) }));
  return [
    ...found.filter(({ severity }) => severity === 'illegal'),
    ...found.filter(({ severity }) => severity === 'odd'),
  ];
}

function textOf(ids: IdValues, { when, needs, why, section }: Constraint): string {
  const names = new Set([...when, ...needs].map((test: FeatureTest) => featureOfTest(test)));
  const values = [...names].map((name) => `${name}=${feature(ids, name)}`);
  return `${values.join(', ')}: ${why.replace(/\.$/, '')} (IHI 0070 ${section})`;
}
