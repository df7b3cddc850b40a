import type { World } from '../bits/world.ts';
import type { ConfigCache } from './caches/config.ts';
import type { Tlb } from './caches/tlb.ts';
import type { SparseMemory } from './memory.ts';
import type { Traffic } from './traffic-stores.ts';

/** The cache models that can run, the default first. */
export const CACHE_POLICIES = ['combined', 'none'] as const;

/** Which cache model runs; named with each answer. `combined` keeps one entry a stream and page, `none` nothing. */
export type CachePolicy = (typeof CACHE_POLICIES)[number];

/** What translation needs of an SMMU. */
export interface Machine {
  readonly policy: CachePolicy;
  readonly config: ConfigCache;
  readonly tlb: Tlb;
  readonly traffic: Traffic;
  memory(space: World): SparseMemory;
}
