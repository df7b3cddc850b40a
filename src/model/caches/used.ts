/** What a step was answered from, or what it takes out of a cache: the entry itself, so that nobody has to find it again. */

import type { AtcEntry } from '../ats/completion.ts';
import type { ConfigEntry } from './config.ts';
import type { DptEntry } from './dpt.ts';
import type { GptEntry } from './gpt.ts';
import type { LeavingItem } from './leaving.ts';
import type { PartidMap } from './partid-maps.ts';
import type { StructureEntry } from './structures.ts';
import type { Tlb, TlbEntry } from './tlb.ts';

/** The TLBs by what they keep: whole translations and those of stage 2, VA to IPA by itself, table descriptors. */
export type TlbStore = 'tlb' | 'partial' | 'walks';

/** A cache entry that a step is about. */
export type Used =
  | { readonly kind: 'tlb'; readonly store: TlbStore; readonly entry: TlbEntry }
  | { readonly kind: 'structure'; readonly entry: StructureEntry }
  | { readonly kind: 'config'; readonly entry: ConfigEntry }
  | { readonly kind: 'partid-map'; readonly entry: PartidMap }
  | { readonly kind: 'dpt'; readonly entry: DptEntry }
  | { readonly kind: 'gpt'; readonly entry: GptEntry }
  | { readonly kind: 'atc'; readonly entry: AtcEntry }
  /** What a CMD_SYNC lets go at last (policy `maximal`). */
  | { readonly kind: 'completed'; readonly items: readonly LeavingItem[] };

/** Which TLB of a machine that is. */
export function storeOf(machine: { readonly walks: Tlb; readonly partial: Tlb }, tlb: Tlb): TlbStore {
  return tlb === machine.walks ? 'walks' : tlb === machine.partial ? 'partial' : 'tlb';
}
