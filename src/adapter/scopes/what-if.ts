import type { Variant } from '../../control/what-if.ts';
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
