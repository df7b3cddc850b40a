/** Where stage 2 puts what lies at an IPA: the CDs of nested streams. */

import { hex, hiOf, loOf } from '../bits/u64.ts';
import type { World } from '../bits/world.ts';
import type { Machine } from '../model/machine.ts';
import type { SparseMemory } from '../model/memory.ts';
import type { Smmu } from '../model/smmu.ts';
import { Answer } from '../model/translate/answer.ts';
import type { StreamConfig } from '../model/translate/configuration.ts';
import { PERM } from '../model/translate/permission.ts';
import { F_PA_HI, F_PA_LO, found, translateStage2 } from '../model/translate/stage2.ts';
import { CLASS_CD } from '../spec/events.ts';

/** The same SMMU without what its caches hold: the tables as they lie in memory. */
function uncached(smmu: Smmu): Machine {
  const { options, config, tlb, partial, walks, structures, leaving, versions } = smmu;
  const { decoded, partidMaps, dpt, gpt, traffic } = smmu;
  const memory = (space: World): SparseMemory => smmu.memory(space);
  const caches = {
    config,
    tlb,
    partial,
    walks,
    structures,
    leaving,
    versions,
    decoded,
    partidMaps,
    dpt,
    gpt,
  };
  return { policy: 'none', options, ...caches, traffic, protection: null, memory, own: memory };
}

/**
 * Translates the address of a CD or of a level-1 CD descriptor by stage 2, as a fetch of it does, and changes nothing.
 * @param ipa in bytes; already a PA where the stream has no stage 2
 * @returns PA in bytes, or why there is none
 */
export function placeOfCd(smmu: Smmu, stream: StreamConfig, ipa: number): number | string {
  const { stage2 } = stream;
  if (stage2 === null) return ipa;
  if (stage2.declined !== null) return `not modelled: ${stage2.declined.reason}`;
  const answer = new Answer();
  const [hi, lo] = [hiOf(ipa), loOf(ipa)];
  const machine = uncached(smmu);
  if (!translateStage2(machine, stream, stage2, hi, lo, CLASS_CD, PERM.pr, false, answer, null)) {
    const { fault, missing } = answer;
    if (missing) return `the ${missing.structure} at PA ${hex(missing.pa)} is not in the image`;
    return fault ? `${fault.event ?? 'terminated'}: ${fault.reason}` : answer.result;
  }
  return (found[F_PA_HI] as number) * 2 ** 32 + ((found[F_PA_LO] as number) >>> 0);
}
