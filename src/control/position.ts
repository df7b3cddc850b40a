import type { Frame, Plan } from '../model/plan.ts';

/**
 * Where a thread stands: before step `cursor` of an operation that is planned but not committed, before a statement of
 * a program that asks nothing of the SMMU, or nowhere, and why.
 */
export type Position =
  | { readonly at: 'operation'; readonly plan: Plan; readonly cursor: number }
  | { readonly at: 'statement' }
  | { readonly at: 'rest'; readonly why: string };

/** A frame of a plan with its place there. */
export interface StackFrame {
  /** Index into {@link Plan.frames}. */
  readonly index: number;
  readonly frame: Frame;
  /** The field that decided most recently in this frame, if one did. */
  readonly field: string | null;
}

/** The call stack at the cursor, innermost first. */
export function stackAt(plan: Plan, cursor: number): StackFrame[] {
  const stack: StackFrame[] = [];
  const step = plan.steps[cursor];
  let index = step ? step.frame : 0;
  for (let frame = plan.frames[index]; frame; frame = plan.frames[index]) {
    stack.push({ index, frame, field: decidingField(plan, cursor, index) });
    // A parent precedes its children, so this ends whatever a plan holds.
    if (frame.parent >= index) break;
    index = frame.parent;
  }
  return stack;
}

/** The field named by the latest step at or before the cursor that belongs to the frame. */
function decidingField(plan: Plan, cursor: number, frame: number): string | null {
  for (let i = Math.min(cursor, plan.steps.length - 1); i >= 0; i--) {
    const step = plan.steps[i];
    if (step?.frame === frame && step.field !== null) return step.field;
  }
  return null;
}

/** The first step of a frame or of one inside it, or -1. */
export function firstStepOf(plan: Plan, frame: number): number {
  return plan.steps.findIndex((step) => isWithin(plan, step.frame, frame));
}

function isWithin(plan: Plan, inner: number, outer: number): boolean {
  for (let at = inner; at >= outer && at >= 0; ) {
    if (at === outer) return true;
    const parent = plan.frames[at]?.parent ?? -1;
    if (parent >= at) return false;
    at = parent;
  }
  return false;
}

/** Something deeper in an operation that a step can go to. */
export interface StepTarget {
  /** Index of the step before which it begins. */
  readonly step: number;
  readonly name: string;
}

/** What lies ahead of the cursor: each structure that will be looked at, in order. */
export function targetsAhead(plan: Plan, cursor: number): StepTarget[] {
  const targets: StepTarget[] = [];
  const seen = new Set<number>();
  for (let at = cursor + 1; at < plan.steps.length; at++) {
    const index = plan.steps[at]?.frame ?? -1;
    const frame = plan.frames[index];
    if (!frame || index === 0 || seen.has(index)) continue;
    seen.add(index);
    const of = frame.parent > 0 ? plan.frames[frame.parent] : undefined;
    const name =
      frame.kind === 'descriptor' && of?.kind === 'descriptor' ? `${frame.name} for ${of.name}` : frame.name;
    targets.push({ step: at, name });
  }
  return targets;
}
