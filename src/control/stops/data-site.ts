/** Breakpoints on data: before it is written, or before a translation uses it. */

import { hex } from '../../bits/u64.ts';
import { DATA } from '../../model/memory.ts';
import type { Effect, Outline, Plan, StepKind } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { COMMAND_BYTES } from '../../spec/commands.ts';
import { type Access, type DataPlace, dataId, overlaps, wordMask } from './data-place.ts';
import type { Site } from './stop.ts';
import { usedPlaces } from './used-places.ts';

/** How a data breakpoint is described, and what a write has to do to count. */
export interface DataOptions {
  /** For people. Default: the place's id. */
  readonly name?: string;
  readonly reason?: Site['reason'];
  /** A write counts even if it changes nothing. */
  readonly everyWrite?: boolean;
}

/** Where a data breakpoint stops, or why it never would. */
export function dataSite(place: DataPlace, access: Access, options: DataOptions = {}): Site | string {
  const { name = dataId(place), reason = 'data breakpoint', everyWrite = false } = options;
  const writes = access !== 'read';
  const reads = access !== 'write';
  if (reads && place.space === 'reg') {
    return `the use of a register cannot be watched; choose write for ${name}`;
  }
  const touches = (effect: Effect, smmu: Smmu): boolean => writesTo(place, effect, smmu, everyWrite);
  return {
    reason,
    label({ plan }, at) {
      const step = plan.steps[at];
      return `${step && uses(place, plan, at) ? 'use' : 'write'} of ${name}`;
    },
    steps({ plan, smmu }) {
      const found = new Set<number>();
      if (reads) {
        for (let at = 0; at < plan.steps.length; at++) if (uses(place, plan, at)) found.add(at);
      }
      if (writes) {
        for (const effect of plan.effects) if (touches(effect, smmu)) found.add(stepOf(plan, effect));
      }
      return [...found].sort((a, b) => a - b);
    },
    may(outline, smmu) {
      if (writes && outline.effects.some((effect) => touches(effect, smmu))) return true;
      return reads && mayUse(place, outline);
    },
  };
}

/** Reads are known from steps alone; but a command of a queue reads nothing but itself. */
function mayUse(place: DataPlace, { operation, effects }: Outline): boolean {
  if (operation.kind === 'memory') return false;
  if (operation.kind !== 'command') return true;
  // Stalled transactions may go on with a command, and leave the stalls then.
  return (
    overlaps(place, operation.world, operation.pa, COMMAND_BYTES) ||
    effects.some((effect) => effect.kind === 'store' && effect.op === 'remove')
  );
}

function uses(place: DataPlace, plan: Plan, at: number): boolean {
  const step = plan.steps[at];
  return step
    ? usedPlaces(plan, step).some(({ space, pa, bytes }) => overlaps(place, space, pa, bytes))
    : false;
}

const old = new Uint32Array(1);

function writesTo(place: DataPlace, effect: Effect, smmu: Smmu, everyWrite: boolean): boolean {
  if (effect.kind === 'register') {
    const mask = place.space === 'reg' ? wordMask(place, effect.offset) : 0;
    return mask !== 0 && (everyWrite || ((effect.value ^ smmu.bank.peek(effect.offset)) & mask) !== 0);
  }
  if (effect.kind !== 'memory' || !overlaps(place, effect.space, effect.pa, effect.words.length * 4)) {
    return false;
  }
  const memory = smmu.memory(effect.space);
  return effect.words.some((word, i) => {
    const at = effect.pa + i * 4;
    const mask = wordMask(place, at);
    if (mask === 0) return false;
    return everyWrite || memory.load(at, old, 0, 1) !== DATA || ((word ^ (old[0] as number)) & mask) !== 0;
  });
}

/** The kinds of steps that tell of a change, in the order in which they are preferred. */
const MEMORY_STEPS: readonly StepKind[] = ['update', 'memory', 'interrupt', 'event'];
const REGISTER_STEPS: readonly StepKind[] = ['register', 'command-error', 'interrupt', 'event'];

/** The step before which to stop so that an effect is still to come: the one that tells of it, or the last. */
function stepOf(plan: Plan, effect: Effect): number {
  const { steps } = plan;
  const kinds = effect.kind === 'register' ? REGISTER_STEPS : MEMORY_STEPS;
  const word = effect.kind === 'memory' ? hex(effect.pa) : 'what' in effect ? effect.what : '';
  const told = steps.findIndex((step) => kinds.includes(step.kind) && step.text.includes(word));
  if (told >= 0) return told;
  // The record of an event lies where PROD says; its step names the event.
  const order: readonly StepKind[] =
    effect.kind === 'memory' && effect.what.startsWith('EVENTQ') ? ['event', 'fault'] : kinds;
  for (const kind of order) {
    const at = steps.findIndex((step) => step.kind === kind);
    if (at >= 0) return at;
  }
  return Math.max(steps.length - 1, 0);
}
