import { hex } from '../../bits/u64.ts';
import { faultText, operationText } from '../../control/words.ts';
import type { NotifyDecision } from '../../model/notifiers/decision.ts';
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
    if (step?.decision) nodes.push({ name: 'notifier', ...decisionNode(step.decision) });
    nodes.push({ name: 'steps', value: `${plan.steps.length}`, children: stepList(plan, cursor) });
    return nodes;
  });
}

/** Who is told of what, or why not. */
function decisionNode(decision: NotifyDecision): Pick<Node, 'value' | 'children'> {
  const { device, sid, consumer, notifier, cause, queue, actsOn, reason, event, action, obtained } = decision;
  const parts: readonly (readonly [name: string, value: string])[] = [
    ['cause', cause],
    ['queue', queue ?? 'none'],
    ['acts on', actsOn],
    ['device', `${device} (StreamID ${hex(sid)})`],
    ['notifier', `${notifier}, ${consumer}`],
    ['reason', reason],
    ['address space', event?.space ?? 'none'],
    ['obtained in', obtained.length === 0 ? 'nothing was obtained' : obtained.join(' and ')],
    ['answer', action === null ? 'none' : action.message || (action.done ? 'done' : 'refused')],
  ];
  return {
    value: decision.delivered ? 'told' : `not told (${reason})`,
    children: named(() => parts.map(([name, value]) => ({ name, value }))),
  };
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
