import type { Frame, Plan } from '../model/plan.ts';

/**
 * Where a thread stands: before step `cursor` of an operation that is planned but not committed,
 * or nowhere, and why.
 */
export type Position =
  | { readonly at: 'operation'; readonly plan: Plan; readonly cursor: number }
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
