import { CERRORS, cerrorName } from '../../spec/cerror.ts';
import type { StopKind } from './stop.ts';

/** A command is about to stop its queue (IHI 0070 section 7.1). */
export const commandErrors: StopKind = {
  filters: Object.entries(CERRORS)
    .filter(([, error]) => error.code !== 0)
    .map(([id, error]) => ({ id, label: id, description: error.doc, byDefault: true })),
  match(plan, at, enabled) {
    if (plan.steps[at]?.kind !== 'command-error') return null;
    const name = cerrorName(plan.outcome.cerror);
    return name && enabled.has(name) ? name : null;
  },
  mayMatch: ({ outcome }) => outcome.cerror !== 0,
};
