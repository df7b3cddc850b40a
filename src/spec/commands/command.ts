import type { FieldSpecs, Layout } from '../../bits/layout.ts';
import { layout } from '../../bits/layout.ts';
import type { FeatureTest } from '../feature-test.ts';
import type { StreamWorld } from '../stream-worlds.ts';

/** Bytes of a command in the queue. */
export const COMMAND_BYTES = 16;

/** Worlds that have a command queue. */
export type QueueWorld = 'ns' | 's' | 'realm';

/** Whether a command is legal: always, never, or where every test holds. Otherwise it is CERROR_ILL. */
export type Legality = boolean | readonly FeatureTest[];

/** Which TLB entries an invalidation must remove. */
export interface TlbScope {
  /** Translation regimes by the queue that the command came from. */
  readonly worlds: Readonly<Record<QueueWorld, readonly StreamWorld[]>>;
  /** The VMID must match, in regimes that have one. */
  readonly vmid: boolean;
  /** `match`: non-global entries of the ASID; `match-or-global`: those and global ones. */
  readonly asid: 'any' | 'match' | 'match-or-global';
  readonly address: 'none' | 'va' | 'ipa';
  /** VA to IPA (or PA without stage 2), IPA to PA, and VA to PA at once. */
  readonly stages: readonly ('1' | '2' | 'combined')[];
}

/** Which cached configuration an invalidation must remove. */
export interface ConfigScope {
  readonly by: 'stream' | 'stream-range' | 'substream' | 'vmid';
  readonly drops: readonly ConfigStructure[];
  /** Dropped as well when Leaf is 0. */
  readonly unlessLeaf: readonly ConfigStructure[];
}

export type ConfigStructure = 'STE' | 'L1STD' | 'CD' | 'L1CD' | 'VMS';

/** What a command is, without its fields. */
export interface CommandFacts {
  /** Name with CMD_. */
  readonly name: string;
  readonly opcode: number;
  readonly section: string;
  readonly kind:
    | 'prefetch'
    | 'config'
    | 'tlb'
    | 'atc-invalidate'
    | 'page-response'
    | 'dpt'
    | 'resume'
    | 'stall-terminate'
    | 'sync';
  readonly doc: string;
  readonly legal: Readonly<Record<QueueWorld, Legality>>;
  readonly legalText: Readonly<Record<QueueWorld, string>>;
  readonly tlb?: TlbScope;
  readonly config?: ConfigScope;
  readonly dpt?: { readonly address: 'none' | 'pa' };
  /** Field values that make the command CERROR_ILL. */
  readonly illegalValues?: Readonly<Record<string, readonly number[]>>;
  readonly since?: string;
  readonly conf?: 'medium' | 'low';
}

/** A command of the command queue. */
export interface CommandSpec<D extends FieldSpecs = FieldSpecs> extends CommandFacts {
  /** The 16 bytes in the queue. */
  readonly layout: Layout<D>;
  /** Has an SSec bit, which must be 0 on Non-secure and Realm queues (else CERROR_ILL). */
  readonly ssec: boolean;
  /** Has range fields (NUM, SCALE, TTL, TG). */
  readonly range: boolean;
}

/** Declares a command. */
export function command<const F extends CommandFacts, const D extends FieldSpecs>(
  facts: F,
  fields: D,
): F & CommandSpec<D> {
  return {
    ...facts,
    layout: layout(facts.name, facts.section, COMMAND_BYTES * 8, fields),
    ssec: 'SSec' in fields,
    range: 'TG' in fields,
  };
}
