import type { World } from '../bits/world.ts';
import type { ConfigCache } from './caches/config.ts';
import type { Tlb } from './caches/tlb.ts';
import type { SparseMemory } from './memory.ts';

/** Which cache model runs; named with each answer. `maximal` keeps all that hardware may keep, `none` nothing. */
export type CachePolicy = 'combined' | 'none';

/** What translation needs of an SMMU. */
export interface Machine {
  readonly policy: CachePolicy;
  readonly config: ConfigCache;
  readonly tlb: Tlb;
  memory(space: World): SparseMemory;
}
