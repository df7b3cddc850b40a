import { WORLDS } from '../../bits/world.ts';
import type { Outline, Plan, StepKind } from '../../model/plan.ts';
import { REGISTERS, worldRegister } from '../../spec/registers.ts';
import type { Peek, StopKind } from './stop.ts';

const PREFIX = 'GERROR.';
const BITS = REGISTERS.GERROR.layout.list;
const OFFSETS: ReadonlySet<number> = new Set(
  WORLDS.flatMap((world) => worldRegister(world, 'GERROR')?.offset ?? []),
);

/** The moments at which hardware finds that something went wrong, in the order of preference. */
const MOMENTS: readonly StepKind[] = ['command-error', 'event', 'interrupt', 'memory'];

/** A global error is about to become active (IHI 0070 section 6.3.19). */
export const globalErrors: StopKind = {
  filters: BITS.map((bit) => ({
    id: PREFIX + bit.name,
    label: PREFIX + bit.name,
    description: bit.doc,
    byDefault: false,
  })),
  match(plan, at, enabled, peek) {
    return at === momentOf(plan) ? errorOf(plan, enabled, peek) : null;
  },
  mayMatch: (outline, enabled, { bank }) => errorOf(outline, enabled, (offset) => bank.peek(offset)) !== null,
};

/** The filter among `enabled` whose error becomes active. */
function errorOf(outline: Outline, enabled: ReadonlySet<string>, peek: Peek): string | null {
  const toggled = toggledBits(outline, peek);
  if (toggled === 0) return null;
  const bit = BITS.find((b) => (toggled >>> b.lsb) & 1 && enabled.has(PREFIX + b.name));
  return bit ? PREFIX + bit.name : null;
}

/** Hardware activates an error by toggling its bit in GERROR. */
function toggledBits({ effects }: Outline, peek: Peek): number {
  let toggled = 0;
  for (const effect of effects) {
    if (effect.kind === 'register' && OFFSETS.has(effect.offset)) {
      toggled |= effect.value ^ peek(effect.offset);
    }
  }
  return toggled >>> 0;
}

function momentOf(plan: Plan): number {
  for (const kind of MOMENTS) {
    const at = plan.steps.findIndex((step) => step.kind === kind);
    if (at >= 0) return at;
  }
  return plan.steps.length - 1;
}
