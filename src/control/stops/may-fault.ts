import type { Outline } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';

/**
 * Whether a step of an operation may tell of a fault. Commands and writes fault by nothing of their own: only stalled
 * transactions that go on in their course may (IHI 0070 3.12.2), and those leave the stalls.
 */
export function mayFault({ operation, outcome, effects }: Outline, smmu: Smmu): boolean {
  switch (operation.kind) {
    case 'command':
    case 'register': {
      const { stalls } = smmu.traffic;
      return effects.some((effect) => effect.kind === 'store' && effect.store === stalls);
    }
    case 'memory':
      return false;
    case 'transaction':
      return outcome.fault !== null;
    default:
      return true;
  }
}
