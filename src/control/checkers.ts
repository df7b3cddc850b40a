import type { Smmu } from '../model/smmu.ts';
import type { Checker } from './checker.ts';

/** Everything that watches what software does. */
export function checkersOf(_smmu: Smmu): readonly Checker[] {
  return [];
}
