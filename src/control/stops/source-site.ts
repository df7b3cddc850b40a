/** Breakpoints on lines: of queues, of structures, and of programs. */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import type { Outline, Plan } from '../../model/plan.ts';
import { overlaps } from './data-place.ts';
import { dataSite } from './data-site.ts';
import type { Site } from './stop.ts';
import { usedPlaces } from './used-places.ts';

/** What a line of a source stands for. */
export type LineTarget =
  /** An entry of the command queue, by its place in the ring without the wrap bit. */
  | { readonly kind: 'command'; readonly world: World; readonly index: number }
  /** A place that the SMMU writes a record to. PA in bytes. */
  | {
      readonly kind: 'slot';
      readonly space: World;
      readonly pa: number;
      readonly bytes: number;
      readonly name: string;
    }
  /** A structure, or a field of it: where it decides, or the whole is fetched. */
  | {
      readonly kind: 'structure';
      readonly space: World;
      readonly pa: number;
      readonly bytes: number;
      readonly layout: string;
      readonly field: string | null;
    }
  /** A statement of a program. */
  | { readonly kind: 'statement'; readonly file: string; readonly line: number };

/** Where a breakpoint on a line stops while an operation runs. Statements are met elsewhere, so they have none. */
export function lineSite(target: LineTarget): Site | null {
  switch (target.kind) {
    case 'command': {
      const here = ({ operation }: Outline): boolean =>
        operation.kind === 'command' &&
        operation.queue === undefined &&
        operation.world === target.world &&
        operation.index === target.index;
      return {
        reason: 'breakpoint',
        label: () => `CMDQ ${target.world}[${hex(target.index)}]`,
        steps: ({ plan }) => (here(plan) ? [0] : []),
        may: here,
      };
    }
    case 'slot': {
      const { space, pa, bytes, name } = target;
      const site = dataSite({ space, pa, bytes }, 'write', { name, reason: 'breakpoint', everyWrite: true });
      return typeof site === 'string' ? null : site;
    }
    case 'structure':
      return structureSite(target);
    case 'statement':
      return null;
  }
}

function structureSite(target: Extract<LineTarget, { kind: 'structure' }>): Site {
  const { space, pa, bytes, layout, field } = target;
  const used = dataSite({ space, pa, bytes }, 'read') as Site;
  const name = `${layout}${field === null ? '' : `.${field}`} at ${hex(pa)}`;
  return {
    reason: 'breakpoint',
    label: ({ plan }, at) => (decides(plan, at, target) ? `${name} decides` : `use of ${name}`),
    steps(view) {
      const { plan } = view;
      const deciding = plan.steps.flatMap((_, at) => (decides(plan, at, target) ? [at] : []));
      return deciding.length > 0
        ? deciding
        : plan.steps.flatMap((step, at) => {
            const here = usedPlaces(plan, step).some((u) =>
              overlaps({ space, pa, bytes }, u.space, u.pa, u.bytes),
            );
            return here ? [at] : [];
          });
    },
    may: used.may,
  };
}

/** Whether the field decides at a step, in the structure at that place. */
function decides(
  plan: Plan,
  at: number,
  { space, pa, field }: Extract<LineTarget, { kind: 'structure' }>,
): boolean {
  const step = plan.steps[at];
  const frame = step && plan.frames[step.frame];
  if (!step || !frame || field === null || frame.pa !== pa || frame.space !== space) return false;
  return (step.fault?.field ?? step.field) === field;
}
