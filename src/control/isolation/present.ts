/** What a consumer's mapping would be by now, read anew. */

import { hex } from '../../bits/u64.ts';
import type { HeldMapping } from '../../model/notifiers/device.ts';
import { transaction } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { readerOf } from '../stale/fresh.ts';

/** Where the tables give what the mapping says. */
const SAME = 'same';

/** {@link SAME}, or what its address gives instead, in words; null when that is not known, or its device is gone. */
export function presentOf(smmu: Smmu, mapping: HeldMapping): string | null {
  const { device, world, iovaHi, iovaLo } = mapping;
  const spec = smmu.notifiers.devices.get(device)?.spec;
  if (spec === undefined) return null;
  const access = transaction({ world, sid: spec.sid, vaHi: iovaHi, vaLo: iovaLo });
  const { result, pa, space, fault } = readerOf(smmu).now(access).plan.outcome;
  switch (result) {
    case 'ok':
      return pa === mapping.pa && space === mapping.space ? SAME : `PA ${hex(pa)} (${space})`;
    case 'absent':
    case 'miss':
    case 'not-modelled':
      return null;
    default:
      return fault?.event ?? result;
  }
}

/** Whether it is known to be another. */
export function isOld(present: string | null): boolean {
  return present !== null && present !== SAME;
}

/** A sentence of it. */
export function presentText(present: string | null): string {
  if (present === null) return 'What its address gives by now is not known.';
  return present === SAME ? 'Its address gives the same by now.' : `By now its address gives ${present}.`;
}
