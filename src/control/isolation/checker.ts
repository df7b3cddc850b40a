import type { HeldMapping } from '../../model/notifiers/device.ts';
import type { Effect, Operation, Outline, Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import type { Checker } from '../checker.ts';
import type { Finding } from '../finding.ts';
import { DecisionNotes } from './log.ts';

const NOTHING: readonly Finding[] = [];

/** Watches who is told of invalidations, and what reaches which physical address space. */
export class IsolationChecker implements Checker {
  readonly notes = new DecisionNotes();

  /** Whether a consumer holds a mapping though it was invalidated. */
  isMissed(_mapping: HeldMapping): boolean {
    return false;
  }

  concerns(_smmu: Smmu, _outline: Outline): boolean {
    return false;
  }

  judge(_smmu: Smmu, _plan: Plan, _entry: number): readonly Finding[] {
    return NOTHING;
  }

  committed(smmu: Smmu, _operation: Operation, effects: readonly Effect[], entry: number): void {
    this.notes.note(smmu, effects, entry, NOTHING);
  }
}
