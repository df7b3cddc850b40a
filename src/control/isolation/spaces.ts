/** Accesses to physical address spaces that a Security state has no access to (3.10.1). */

import { hex } from '../../bits/u64.ts';
import type { Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { WORLD_FACTS } from '../../spec/worlds.ts';
import { type IsolationFinding, isolationFinding } from './breach.ts';

/** What a transaction reaches that it must not: its output, and each structure that was read on the way. */
export function judgeSpaces(smmu: Smmu, { operation, outcome, frames, steps }: Plan): IsolationFinding[] {
  // A device without StreamID names the space of its accesses itself (3.25.1.1).
  if (operation.kind !== 'transaction' || operation.transaction.kind === 'no-stream-id') return [];
  const { world } = operation.transaction;
  const { rulesOff } = smmu.state('ns');
  const allowed = WORLD_FACTS[world].outputSpaces;
  const findings: IsolationFinding[] = [];
  const fetched = rulesOff.has('isolation:FORBIDDEN-FETCH') ? [] : frames.entries();
  for (const [index, { kind, name, pa, space, status }] of fetched) {
    // The granule protection table is Root's, whoever's access is looked up in it (3.25).
    if (kind === 'gpt' || pa === null || status !== 0 || allowed.includes(space)) continue;
    findings.push(
      isolationFinding(
        'forbidden-space',
        `${name} of a stream of ${world} is read at PA ${hex(pa)} of address space ${space}, which ${world} has no access to`,
        { step: steps.findIndex(({ frame }) => frame === index) },
      ),
    );
  }
  const arrives = outcome.result === 'ok' && outcome.ats === null && outcome.becomes !== 'no-op';
  if (arrives && !allowed.includes(outcome.space) && !rulesOff.has('isolation:FORBIDDEN-OUTPUT')) {
    findings.push(
      isolationFinding(
        'forbidden-space',
        `a transaction of ${world} reaches PA ${hex(outcome.pa)} of address space ${outcome.space}, which ${world} has no access to`,
      ),
    );
  }
  return findings;
}
