import type { World } from '../bits/world.ts';
import type { RegisterBank } from './bank.ts';
import type { ConfigCache } from './caches/config.ts';
import type { DptTlb } from './caches/dpt.ts';
import type { GptCache } from './caches/gpt.ts';
import type { Leaving } from './caches/leaving.ts';
import type { Location } from './caches/location.ts';
import type { PartidMapCache } from './caches/partid-maps.ts';
import type { StructureCache } from './caches/structures.ts';
import type { Tlb } from './caches/tlb.ts';
import type { Versions } from './caches/versions.ts';
import type { GranuleProtection } from './gpc/protection.ts';
import type { Hooks } from './hooks.ts';
import type { SparseMemory } from './memory.ts';
import type { Notifiers } from './notifiers/notifiers.ts';
import type { ServiceFailure } from './service-failure.ts';
import type { WorldState } from './state.ts';
import type { Traffic } from './traffic-stores.ts';
import type { DecodeMemo } from './translate/decode-memo.ts';

/** The cache models that can run, the default first. */
export const CACHE_POLICIES = ['combined', 'maximal', 'none'] as const;

/**
 * Which cache model runs; named with each answer. `combined` keeps one entry a stream and page, `maximal` everything
 * that the architecture lets hardware keep, each by itself, `none` nothing.
 */
export type CachePolicy = (typeof CACHE_POLICIES)[number];

/** Where the architecture leaves a choice, and the model has another beside its default. */
export interface ModelOptions {
  /** F_TLB_CONFLICT where entries of different sizes overlap; impossible with IDR3.BBML=2 (3.21.1.3). Default: the smallest answers. */
  readonly tlbConflict: boolean;
  /** F_CFG_CONFLICT where STE.CONT spans STEs that differ (7.3.18). Default: the stream's own STE is used. */
  readonly configConflict: boolean;
  /** What a range invalidation removes whose address is not aligned as 4.4.1.1 asks: nothing is guaranteed. */
  readonly misalignedRange: 'nothing' | 'as-written';
  /** The system lets accesses of every address space reach S_INIT (6.3.62). Default: Secure and Root ones. */
  readonly secureInitOpen: boolean;
}

/** What translation needs of an SMMU. */
export interface Machine {
  readonly policy: CachePolicy;
  readonly options: ModelOptions;
  readonly config: ConfigCache;
  readonly tlb: Tlb;
  /** VA to IPA by itself (policy `maximal`). */
  readonly partial: Tlb;
  /** Table descriptors of both stages (policy `maximal`). */
  readonly walks: Tlb;
  /** STEs, CDs and the level-1 descriptors before them, each by itself (policy `maximal`). */
  readonly structures: StructureCache;
  /** What invalidations have named, until they are complete (policy `maximal`). */
  readonly leaving: Leaving;
  /** What hardware may hold of what software has overwritten (policy `maximal`). */
  readonly versions: Versions<Location>;
  readonly decoded: DecodeMemo;
  readonly partidMaps: PartidMapCache;
  readonly dpt: DptTlb;
  readonly traffic: Traffic;
  /** What is kept of the granule protection table. */
  readonly gpt: GptCache;
  /** The checks of accesses, while some are to be made: with Root registers, and not all of them let pass (3.25). */
  readonly protection: GranuleProtection | null;
  /** Physical memory: what software and debuggers see. */
  memory(space: World): SparseMemory;
  /** Memory as accesses of the SMMU itself meet it: behind granule protection checks, where there are any. */
  own(space: World): SparseMemory;
}

/** What registers, queues and commands need of an SMMU. */
export interface QueueMachine extends Machine {
  readonly bank: RegisterBank;
  readonly failure: ServiceFailure;
  readonly hooks: Hooks;
  readonly notifiers: Notifiers;
  /** What the registers of a Security state say; the same object until one of them changes. */
  state(world: World): WorldState;
}
