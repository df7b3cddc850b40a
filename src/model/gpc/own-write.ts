/** Writes of the SMMU itself, to queues and of MSIs, behind granule protection checks: IHI 0070 3.25.3. */

import type { World } from '../../bits/world.ts';
import type { Machine } from '../machine.ts';
import { DATA, GPF, isAbort, MISS } from '../memory.ts';
import type { Missing, Result } from '../plan.ts';
import type { Unknown } from './walk.ts';

/** What becomes of a write: `unknown` where the part of the table that decides is not in the image. */
export type OwnWrite = 'open' | 'aborts' | 'unknown';

/**
 * Judges a write of the SMMU itself.
 * @param pa in bytes
 * @param bytes a page boundary may lie between the first and the last word
 */
export function judgeWrite(machine: Machine, space: World, pa: number, bytes: number): OwnWrite {
  const { protection } = machine;
  const memory = machine.memory(space);
  for (const at of [pa, pa + bytes - 4]) {
    const checked = protection === null ? DATA : protection.checkWrite(at, space);
    if (checked === GPF || isAbort(memory.status(at))) return 'aborts';
    if (checked !== DATA) return 'unknown';
  }
  return 'open';
}

/** The entry of the table that a check lacks, as what is missing of the image. */
export function missingEntry({ at, level }: Unknown): Missing {
  return { space: 'root', pa: at, structure: `GPT level ${level} entry`, wouldBe: null };
}

/** What an operation comes to that ends at a check without an answer, or null where all writes had theirs. */
export function endOfUnknownWrite({
  protection,
}: Machine): { readonly result: Result; readonly missing: Missing } | null {
  const unwritten = protection?.unwritten ?? null;
  if (unwritten === null) return null;
  return { result: unwritten.status === MISS ? 'miss' : 'absent', missing: missingEntry(unwritten) };
}
