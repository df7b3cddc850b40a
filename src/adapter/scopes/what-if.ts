import type { Variant } from '../../control/what-if.ts';
import type { Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { differences, outcomeInWords } from '../edit/compare.ts';
import { type Children, type Node, named } from '../variable-node.ts';

/** What the operation came to before and after each change that people made, the last change first to be compared. */
export function whatIfScope(variants: readonly Variant[]): Children {
  return named(() => variants.map((variant, i) => variantNode(variants, variant, i)));
}

function variantNode(variants: readonly Variant[], { text, plan }: Variant, i: number): Node {
  const before = variants[i - 1];
  return {
    name: `${i} ${text}`,
    value: outcomeInWords(plan),
    type: before ? 'after this change; opens to what it changed' : 'before anything was changed',
    children: named(() => [
      ...(before
        ? differences(before.plan, plan).map(
            (one): Node => ({ name: one.name, value: `${one.before} -> ${one.after}` }),
          )
        : []),
      { name: 'way', value: `${plan.steps.length} steps`, children: steps(plan.steps) },
    ]),
  };
}

function steps(of: Variant['plan']['steps']): Children {
  return {
    indexed: of.length,
    page: (start, count) =>
      of
        .slice(start, start + count)
        .map(({ text, kind }, i) => ({ name: `${start + i}`, value: text, type: kind })),
  };
}

/** What a transaction comes to when everything is read anew: a walk of its own, made only when somebody asks. */
export function coldNode(smmu: Smmu, operation: Plan['operation']): Node {
  const name = 'with empty caches';
  return {
    name,
    value: 'not computed yet',
    type: 'what the transaction comes to when nothing is cached',
    lazy: true,
    // The protocol: one child that takes the place of its parent.
    children: named(() => [{ name, value: outcomeInWords(smmu.cold().plan(operation)) }]),
  };
}
