import { FILTERS, KINDS } from './index.ts';
import { suggestion } from './names.ts';
import type { Site } from './stop.ts';

/** Where an exception filter stops, or why there is no such filter. */
export function exceptionSite(id: string): Site | string {
  const kind = KINDS.find(({ filters }) => filters.some((filter) => filter.id === id));
  if (!kind) {
    return `there is no filter ${id}${suggestion(
      id,
      FILTERS.map((filter) => filter.id),
    )}`;
  }
  const only: ReadonlySet<string> = new Set([id]);
  return {
    reason: 'exception',
    label: () => id,
    steps({ plan, smmu, findings }) {
      const peek = (offset: number): number => smmu.bank.peek(offset);
      const found: number[] = [];
      for (let at = 0; at < plan.steps.length; at++) {
        if (kind.match(plan, at, only, peek, findings) !== null) found.push(at);
      }
      return found;
    },
    may: (outline, smmu) => kind.mayMatch(outline, only, smmu),
  };
}
