/** Finding an STE: 3.3.1, 5.1, 6.3.24, 6.3.25. */

import { alignDown, bits, num } from './bits.ts';
import { Fault } from './fault.ts';
import { type Features, registersOf } from './features.ts';
import type { Memory } from './memory.ts';
import { type Ste, steFields } from './ste.ts';
import { steIllegal } from './ste-rules.ts';
import type { Machine } from './types.ts';

/** Finds and judges the STE of a StreamID. */
export function fetchSte(machine: Machine, f: Features, memory: Memory, sid: number): Ste {
  const r = registersOf(machine);
  const unknown = (): never => {
    throw new Fault(r.recordBadStreams ? 'C_BAD_STREAMID' : null);
  };
  const read = (pa: bigint, what: 'l1std'): bigint => {
    const word = memory.word(pa, { kind: what, offset: 0 });
    if (word === 'abort') throw new Fault('F_STE_FETCH', { fetch: pa });
    return word;
  };
  const size = Math.min(r.log2size, f.value('IDR1.SIDSIZE'));
  if (BigInt(sid) >> BigInt(size) !== 0n) unknown();
  let at: bigint;
  if (r.format === 1 && f.has('IDR0.ST_LEVEL')) {
    const split = r.split === 8 || r.split === 10 ? r.split : 6;
    const table = alignDown(r.table, Math.max(6, r.log2size - split + 3));
    const l1std = read(table + (BigInt(sid) >> BigInt(split)) * 8n, 'l1std');
    const span = num(l1std, 4, 0);
    const low = num(BigInt(sid), split - 1, 0);
    if (span === 0 || span > 11 || span > split + 1 || low >= 2 ** (span - 1)) unknown();
    at = alignDown(bits(l1std, 55, 6) << 6n, 5 + span) + BigInt(low * 64);
  } else at = alignDown(r.table, r.log2size + 6) + BigInt(sid) * 64n;

  const words = memory.structure(at, 'ste');
  if (words === 'abort') throw new Fault('F_STE_FETCH', { fetch: at });
  const ste = steFields(words);
  if (!ste.V) throw new Fault('C_BAD_STE');
  if (ste.Config < 4) throw new Fault(null);
  if (steIllegal(ste, f)) throw new Fault('C_BAD_STE');
  return ste;
}
