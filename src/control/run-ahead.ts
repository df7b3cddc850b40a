/**
 * Running without recording. A plan with its steps costs many times the operation; a debugger that only runs needs the
 * steps of those operations alone before which it may have to stop.
 *
 * The contract: {@link outlineToRun} answers with an outline only when the operation can be committed whole, unseen.
 * Whoever may want to stop at a step of it says so by {@link Breakpoints.interest}, from what an outline has: the operation, its
 * outcome and its effects. What depends on steps, frames or reads (a condition on a level, the *use* of a place) cannot
 * be judged by those, so an interest answers true whenever such an operation comes near. Null sends the caller to
 * `Smmu.plan`, which decides exactly.
 */

import type { Operation, Outline } from '../model/plan.ts';
import type { Smmu } from '../model/smmu.ts';
import { COMMAND_ALIASES, commandNameOf } from '../spec/commands.ts';
import type { Breakpoints } from './stops/breakpoints.ts';

/** Results with which an operation goes through. */
const GOES_THROUGH: ReadonlySet<string> = new Set(['ok', 'consumed']);

/**
 * What an operation comes to, when nobody wants to see its steps; null when it must be planned: somebody may, or it
 * does not go through.
 */
export function outlineToRun(smmu: Smmu, operation: Operation, breakpoints: Breakpoints): Outline | null {
  const outline = smmu.outline(operation);
  if (!GOES_THROUGH.has(outline.outcome.result) || breakpoints.interest(outline, smmu)) return null;
  return outline;
}

/** Commands whose name another one bears for one of its values. */
const ALIASED: ReadonlySet<string> = new Set(Object.values(COMMAND_ALIASES).map(({ command }) => command));
const words = new Uint32Array(4);

/**
 * What a consumed command is called, aliases included (`CMD_CFGI_ALL`): what the `layout` of its frame says. To be asked
 * before the commit.
 */
export function commandTitle(smmu: Smmu, { operation, outcome }: Outline): string {
  const name = outcome.command ?? 'command';
  if (operation.kind !== 'command' || !ALIASED.has(name)) return name;
  smmu.memory(operation.world).load(operation.pa, words, 0, 4);
  return commandNameOf(words, 0) ?? name;
}
