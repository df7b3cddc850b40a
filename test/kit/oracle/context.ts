/** Finding a CD: 3.3.2, 5.2 (S1Fmt, S1CDMax, S1DSS), 5.3. */

import { bit, bits, exceeds } from './bits.ts';
import { type Cd, cdFields } from './cd.ts';
import { cdIllegal } from './cd-rules.ts';
import { Fault } from './fault.ts';
import type { Features } from './features.ts';
import type { Memory } from './memory.ts';
import { hasStage1, hasStage2, type Ste, type StreamWorld } from './ste.ts';

/**
 * Which CD a transaction uses.
 * @returns its index, or null when stage 1 is bypassed
 */
export function contextIndex(ste: Ste, f: Features, ssid: number | null): number | null {
  if (!hasStage1(ste)) {
    if (ssid !== null) throw new Fault('C_BAD_SUBSTREAMID');
    return null;
  }
  const max = f.has('IDR1.SSIDSIZE') ? ste.S1CDMax : 0;
  if (ssid !== null) {
    if (max === 0 || ssid >= 2 ** max) throw new Fault('C_BAD_SUBSTREAMID');
    if (ste.S1DSS === 2 && ssid === 0) throw new Fault('F_STREAM_DISABLED');
    return ssid;
  }
  if (max === 0) return 0;
  if (ste.S1DSS === 1) return null;
  if (ste.S1DSS !== 2) throw new Fault('F_STREAM_DISABLED');
  return 0;
}

/** What fetching a CD needs. */
export interface ContextFetch {
  readonly ste: Ste;
  readonly f: Features;
  readonly memory: Memory;
  readonly world: StreamWorld;
  /** From the address space of CDs to PA: stage 2 where there is one. */
  readonly locate: (address: bigint) => bigint;
}

export function fetchCd(on: ContextFetch, index: number): Cd {
  const { ste, f, memory } = on;
  const twoLevels = f.has('IDR1.SSIDSIZE') && ste.S1CDMax !== 0 && (ste.S1Fmt === 1 || ste.S1Fmt === 2);
  let at = ste.S1ContextPtr + BigInt(index * 64);
  if (twoLevels) {
    const split = ste.S1Fmt === 1 ? 6 : 10;
    const pa = on.locate(ste.S1ContextPtr + BigInt((index >> split) * 8));
    const l1cd = memory.word(pa, { kind: 'l1cd', offset: 0 });
    if (l1cd === 'abort') throw new Fault('F_CD_FETCH', { fetch: pa });
    const table = bits(l1cd, 55, 12) << 12n;
    // Beyond IAS a stage-2 fault would be as good (3.4.3 note 4).
    if (!bit(l1cd, 0) || exceeds(table, hasStage2(ste) ? f.ias : f.oas)) throw new Fault('C_BAD_SUBSTREAMID');
    at = table + BigInt((index & (2 ** split - 1)) * 64);
  }
  const pa = on.locate(at);
  const words = memory.structure(pa, 'cd');
  if (words === 'abort') throw new Fault('F_CD_FETCH', { fetch: pa });
  const cd = cdFields(words);
  if (!cd.V || cdIllegal(cd, ste, f, on.world)) throw new Fault('C_BAD_CD');
  return cd;
}
