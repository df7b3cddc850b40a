import { faultText, operationText } from '../../control/words.ts';
import type { Plan } from '../../model/plan.ts';
import { type Children, type Node, named } from '../variable-node.ts';

/** The step that comes next, and all steps of the operation with the cursor marked. */
export function currentStepScope(plan: Plan, cursor: number): Children {
  return named(() => {
    const step = plan.steps[cursor];
    const frame = plan.frames[step?.frame ?? -1];
    const nodes: Node[] = [
      { name: 'operation', value: operationText(plan) },
      { name: 'next step', value: step ? step.text : 'none', type: step?.kind ?? '' },
      { name: 'position', value: `${cursor + 1} of ${plan.steps.length}` },
    ];
    if (frame) nodes.push({ name: 'in', value: frame.name, ...placeOf(frame.pa, frame.space) });
    if (step?.field) nodes.push({ name: 'decided by', value: step.field });
    if (step?.fault) nodes.push({ name: 'fault', value: faultText(step.fault) });
    nodes.push({ name: 'steps', value: `${plan.steps.length}`, children: stepList(plan, cursor) });
    return nodes;
  });
}

function stepList(plan: Plan, cursor: number): Children {
  return {
    indexed: plan.steps.length,
    page: (start, count) =>
      plan.steps.slice(start, start + count).map((step, i) => ({
        name: `${start + i}`,
        value: `${start + i === cursor ? '▶ ' : ''}${step.text}`,
        type: step.kind,
      })),
  };
}

function placeOf(pa: number | null, space: Plan['frames'][number]['space']): Pick<Node, 'memory'> {
  return pa === null ? {} : { memory: { space, pa } };
}
