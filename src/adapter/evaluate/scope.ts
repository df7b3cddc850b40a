/** What the names of an expression mean where a client evaluates it. */

import { fieldOf, type Layout } from '../../bits/layout.ts';
import { isWorld, type World } from '../../bits/world.ts';
import type { Bag, Scope, Value } from '../../control/expression/value.ts';
import { type StackFrame, stackAt } from '../../control/position.ts';
import { fieldValue } from '../../control/stops/bags.ts';
import { lineScope, operationScope } from '../../control/stops/scope.ts';
import { layoutByName } from '../../inspect/layouts.ts';
import { DATA, PA_LIMIT } from '../../model/memory.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Debuggee, FrameRef } from '../debuggee.ts';

/** Where an expression is evaluated: in a frame of a stopped thread, or nowhere in particular. */
export interface Where {
  readonly scope: Scope;
  /** The frames around, innermost first. */
  readonly frames: readonly StackFrame[];
}

/** A structure in memory. */
export interface Located {
  readonly layout: Layout;
  readonly space: World;
  /** PA in bytes. */
  readonly pa: number;
}

/**
 * The names that are known in a frame, or where the last stop was.
 * @param ref null: nobody named a frame
 */
export function whereOf(debuggee: Debuggee, ref: FrameRef | null): Where {
  const { smmu, debugger: control } = debuggee;
  const program = control.program?.scope?.() ?? null;
  const thread = ref?.thread ?? debuggee.lastStop?.thread ?? null;
  const position = thread === null || debuggee.running ? null : control.position(thread);
  if (thread === null || position?.at !== 'operation') {
    return { scope: withPlaces(smmu, lineScope(smmu, program)), frames: [] };
  }
  const { plan, cursor } = position;
  const stack = stackAt(plan, cursor);
  const own = stack.findIndex(({ index }) => index === ref?.index);
  // A frame sees itself and those around it, not those inside.
  const frames = own < 0 ? stack : stack.slice(own);
  const findings = control.findingsAt(thread);
  const around = operationScope({ smmu, plan, findings }, cursor, program);
  return {
    frames,
    scope: withPlaces(smmu, {
      name: (name) => inFrames(frames, name) ?? around.name(name),
      call: (name, args) => around.call?.(name, args),
    }),
  };
}

/** The structure of a frame as the transaction read it. */
export function structureOf({ frame }: StackFrame): Layout | null {
  const layout = layoutByName(frame.layout);
  return layout && frame.words.length >= layout.words ? layout : null;
}

function inFrames(frames: readonly StackFrame[], name: string): bigint | undefined {
  for (const one of frames) {
    const field = fieldOf(structureOf(one) ?? ({ fields: {} } as Layout), name);
    if (field) return fieldValue(field, one.frame.words);
  }
  return undefined;
}

/** Adds `at(STE, 0x40000200)`, and names of structures as texts for it. */
function withPlaces(smmu: Smmu, inner: Scope): Scope {
  return {
    name: (name) => inner.name(name) ?? layoutByName(name)?.name,
    call(name, args) {
      if (name !== 'at') return inner.call?.(name, args);
      const place = locatedBy(args);
      return place && structureBag(smmu, place);
    },
  };
}

/** What the arguments of `at` mean: a structure's name, a PA, and a space unless that is Non-secure. */
export function locatedBy([name, address, space = 'ns']: readonly Value[]): Located | undefined {
  const layout = typeof name === 'string' ? layoutByName(name) : undefined;
  if (!layout || typeof address !== 'bigint' || typeof space !== 'string' || !isWorld(space))
    return undefined;
  const pa = Number(address);
  return pa >= 0 && pa % 4 === 0 && pa + layout.words * 4 <= PA_LIMIT ? { layout, space, pa } : undefined;
}

function structureBag(smmu: Smmu, { layout, space, pa }: Located): Bag | undefined {
  const words = new Uint32Array(layout.words);
  if (smmu.memory(space).load(pa, words, 0, words.length) !== DATA) return undefined;
  return {
    text: `${layout.name} at PA 0x${pa.toString(16)} (${space})`,
    names: () => layout.list.map(({ name }) => name),
    part(name) {
      const field = fieldOf(layout, name);
      return field ? fieldValue(field, words) : undefined;
    },
  };
}
