import type { World } from '../../bits/world.ts';
import { contextsOf } from '../../model/caches/config.ts';
import { leavesOf } from '../../model/caches/held-leaves.ts';
import type { Used } from '../../model/caches/used.ts';
import type { Frame, Plan, Step } from '../../model/plan.ts';
import { layoutByName } from '../../spec/layouts.ts';

/** Where something that a step used came from: PA in bytes. */
export interface UsedPlace {
  readonly space: World;
  readonly pa: number;
  readonly bytes: number;
}

const DESCRIPTOR_BYTES = 8;

/** The memory that a step reads, or from which the cache entry came that answers it. */
export function usedPlaces(plan: Plan, step: Step): readonly UsedPlace[] {
  if (step.kind === 'fetch') {
    const frame = plan.frames[step.frame];
    return frame ? fetched(frame) : [];
  }
  return step.kind === 'cache-hit' && step.used ? ofEntry(step.used) : [];
}

function fetched({ space, pa, words, layout }: Frame): UsedPlace[] {
  if (pa === null) return [];
  const bytes = words.length * 4 || (layoutByName(layout)?.words ?? 2) * 4;
  return [{ space, pa, bytes }];
}

function ofEntry(used: Used): UsedPlace[] {
  switch (used.kind) {
    case 'tlb':
      return leavesOf(used.entry).map(({ space, pa }) => ({ space, pa, bytes: DESCRIPTOR_BYTES }));
    case 'structure':
      return [{ space: used.entry.paSpace, pa: used.entry.pa, bytes: used.entry.words.length * 4 }];
    case 'config': {
      const { stream, world } = used.entry;
      const structures = [{ ...stream, paSpace: world }, ...contextsOf(used.entry)];
      return structures.map(({ paSpace, pa, words }) => ({ space: paSpace, pa, bytes: words.length * 4 }));
    }
    default:
      return [];
  }
}
