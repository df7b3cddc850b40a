/** Accesses to physical address spaces that a Security state has no access to (3.10.1). */

import { hex } from '../../bits/u64.ts';
import type { FrameKind, Plan } from '../../model/plan.ts';
import { worldOfMessage } from '../../model/sec-sid.ts';
import type { Smmu } from '../../model/smmu.ts';
import { STRUCTURE_SPACES, WORLD_FACTS } from '../../spec/worlds.ts';
import { type IsolationFinding, isolationFinding } from './breach.ts';

/** What a frame tells of, where it is one of the stream's own structures. */
const PART_OF: Partial<Readonly<Record<FrameKind, keyof (typeof STRUCTURE_SPACES)['ns']>>> = {
  l1std: 'stream',
  ste: 'stream',
  vms: 'stream',
  dpt: 'stream',
  l1cd: 'context',
  cd: 'context',
  descriptor: 'table',
};

/** What a transaction reaches that it must not: its output, and each structure that was read on the way. */
export function judgeSpaces(smmu: Smmu, { operation, outcome, frames, steps }: Plan): IsolationFinding[] {
  // A device without StreamID names the space of its accesses itself (3.25.1.1).
  if (operation.kind !== 'transaction' || operation.transaction.kind === 'no-stream-id') return [];
  const { rulesOff } = smmu.state('ns');
  const world = worldOfMessage(operation.transaction.world, {
    secure: smmu.state('s').present,
    realm: smmu.state('realm').present,
    rulesOff,
  });
  const findings: IsolationFinding[] = [];
  const fetched = rulesOff.has('isolation:FORBIDDEN-FETCH') ? [] : frames.entries();
  for (const [index, { kind, name, pa, space, status }] of fetched) {
    // The granule protection table is no part of the stream: it is Root's (3.25).
    const part = PART_OF[kind];
    if (part === undefined || pa === null || status !== 0) continue;
    if (STRUCTURE_SPACES[world][part].includes(space)) continue;
    findings.push(
      isolationFinding(
        'forbidden-space',
        `${name} of a stream of ${world} is read at PA ${hex(pa)} of address space ${space}, where none of ${world} may lie`,
        { step: steps.findIndex(({ frame }) => frame === index) },
      ),
    );
  }
  const allowed = WORLD_FACTS[world].outputSpaces;
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
