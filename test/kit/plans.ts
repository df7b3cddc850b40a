import type { Effect, Plan } from '../../src/model/plan.ts';

/** What a plan tells beside its effects: the texts of its steps. */
export function texts(plan: Plan): string[] {
  return plan.steps.map((step) => step.text);
}

/** The effects of a plan in a form to compare: kind, place and new value, or what is signalled. */
export function changes(effects: readonly Effect[]): string[] {
  return effects.map((effect) => {
    switch (effect.kind) {
      case 'register':
        return `register ${effect.offset.toString(16)}=${effect.value.toString(16)}`;
      case 'memory':
        return `memory ${effect.space} ${effect.pa.toString(16)}=${[...effect.words].map((w) => w.toString(16)).join(',')}`;
      case 'signal':
        return `signal ${effect.what}`;
      default:
        return `${effect.kind} ${effect.op}`;
    }
  });
}

/** The signals among effects. */
export function signals(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => (effect.kind === 'signal' ? [effect.what] : []));
}
