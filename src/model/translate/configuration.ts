/** What STEs and CDs mean for translation: the decoded forms that caches keep. */

import type { World } from '../../bits/world.ts';
import type { StreamWorld } from '../../spec/stream-worlds.ts';
import type { GranuleBits } from '../../spec/translation.ts';
import type { TlbSpace } from '../caches/tlb.ts';

/** What an STE makes of its stream. */
export type StreamAction = 'abort' | 'bypass' | 'stage1' | 'stage2';

/** A legal STE, decoded to what translation needs. */
export interface StreamConfig {
  readonly world: World;
  readonly sid: number;
  /** Where the STE lay (PA in bytes), and its words. */
  readonly pa: number;
  readonly words: Uint32Array;
  readonly action: StreamAction;
  /** PA in bytes of the CD or the CD table. */
  readonly s1ContextPtr: number;
  /** 0 linear, 1 two levels with 4 KiB leaves, 2 two levels with 64 KiB leaves. */
  readonly s1Fmt: number;
  /** log2 of the number of CDs; 0 when substreams are off or not implemented. */
  readonly s1CDMax: number;
  readonly s1DSS: number;
  readonly s1StallD: boolean;
  readonly mev: boolean;
  readonly streamWorld: StreamWorld;
  /** VMID of the TLB tags; -1 where the regime has none. */
  readonly vmid: number;
  /** 0 as the transaction says, 2 unprivileged, 3 privileged. */
  readonly privCfg: number;
  /** 0 as the transaction says, 2 data, 3 instruction. */
  readonly instCfg: number;
}

/** One of the two address ranges of a context. */
export interface Half {
  /** Walks are allowed: EPDx=0 (and the half exists). */
  readonly enabled: boolean;
  /** PA of the starting-level table, in bytes, aligned down as the hardware does; as halves. */
  readonly baseHi: number;
  readonly baseLo: number;
  readonly granuleBits: GranuleBits;
  /** 64 - TxSZ. */
  readonly inputBits: number;
  readonly startLevel: number;
  readonly tbi: boolean;
  /** Hierarchical permissions are off (HADx). */
  readonly had: boolean;
  readonly e0pd: boolean;
  /** 52-bit descriptors: 64 KiB granule and a 52-bit OAS, or DS=1. */
  readonly wide: boolean;
}

export type TableFormat = 'VMSAv8-64' | 'VMSAv8-32' | 'VMSAv9-128';

/** A legal CD, decoded to what translation needs. */
export interface ContextConfig {
  /** Where the CD lay (PA in bytes), and its words. */
  readonly pa: number;
  readonly index: number;
  readonly words: Uint32Array;
  readonly format: TableFormat;
  readonly streamWorld: StreamWorld;
  readonly asid: number;
  readonly aset: number;
  /** TTB0 and TTB1. */
  readonly halves: readonly [Half, Half];
  /** Two ranges (TTB0 and TTB1) and two privilege levels; otherwise TTB0 only and everything is privileged. */
  readonly twoRanges: boolean;
  /** Effective IPS: MIN(IPS, OAS), in bits. */
  readonly outputBits: number;
  readonly bigEndian: boolean;
  readonly affd: boolean;
  readonly wxn: boolean;
  readonly pan: boolean;
  readonly epan: boolean;
  readonly ha: boolean;
  readonly hd: boolean;
  /** Permission indirection is on. */
  readonly indirect: boolean;
  readonly stall: boolean;
  readonly record: boolean;
  readonly abort: boolean;
  /** The TLB entries of these tags; found at first use. */
  space: TlbSpace | null;
}
