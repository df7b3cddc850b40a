/** What STEs and CDs mean for translation: the decoded forms that caches keep. */

import type { World } from '../../bits/world.ts';
import type { StreamWorld } from '../../spec/stream-worlds.ts';
import type { GranuleBits } from '../../spec/translation.ts';
import type { TlbSpace } from '../caches/tlb.ts';
import type { Attributes, Overrides } from './attributes.ts';

/** What an STE makes of its stream. */
export type StreamAction = 'abort' | 'bypass' | 'stage1' | 'stage2' | 'nested';

/**
 * Where the tables of a walk lie and where it leads, of a stream whose accesses are not all Non-secure. Of a nested
 * stage 1 all spaces are those of IPAs.
 */
export interface TableSpaces {
  /** Of the addresses that are translated: a stage 2 of Secure streams is for Secure or for Non-secure IPAs. */
  readonly input: World;
  /** Where the starting-level table lies. */
  readonly walk: World;
  /** Where the output lies, unless a descriptor says that it is Non-secure. */
  readonly output: World;
  /** NSTable counts: what follows is Non-secure, tables and output alike. */
  readonly nsTable: boolean;
  /** The bit of a leaf that makes its output Non-secure counts: NS[5] of stage 1, NS[55] of stage 2. */
  readonly nsLeaf: boolean;
  /** Instructions may be fetched from a Non-secure output. */
  readonly nsExecutes: boolean;
  /** Where stage 2 must put L1CDs and CDs, and stage-1 tables; null: anywhere. */
  readonly contexts: World | null;
  readonly tables: World | null;
  /** AMEC=1 of a Realm leaf is a translation fault (R_IDR3.MEC). */
  readonly amec: boolean;
}

/** Translation tables as a walk needs them: those of TTB0, of TTB1, or of stage 2. */
export interface Tables {
  /** Address of the starting-level table, in bytes, aligned down as the hardware does; as halves. PA, or IPA when nested. */
  readonly baseHi: number;
  readonly baseLo: number;
  readonly granuleBits: GranuleBits;
  /** Bits of the input address. */
  readonly inputBits: number;
  readonly startLevel: number;
  /** Bits that index the starting-level table, concatenated tables included. */
  readonly startBits: number;
  /** 52-bit descriptors: 64 KiB granule and a 52-bit OAS, or DS=1. */
  readonly wide: boolean;
  /** Shareability of the output where descriptors hold address bits instead (DS=1), else -1. */
  readonly sh: number;
  readonly format: TableFormat;
  readonly bigEndian: boolean;
  /** Output size in bits. */
  readonly outputBits: number;
  /** Hardware sets the access flag, marks dirty, and sets the access flag of table descriptors (3.13). */
  readonly ha: boolean;
  readonly hd: boolean;
  readonly haft: boolean;
  readonly affd: boolean;
  /**
   * Which of bits [63:32] of table and output addresses are left after the check: VMSAv8-32 has 40 bits, and where a PA
   * has fewer they are cut (3.4).
   */
  readonly cutMask: number;
  /** Bit 52 of a leaf is the contiguous hint; with CD.PnCH it is not (3.27.1). */
  readonly contiguous: boolean;
  /** Where tables and output lie; null where all of it is Non-secure. */
  readonly spaces: TableSpaces | null;
}

/** Something that an STE or a CD switches on. */
export interface NotModelled {
  readonly reason: string;
  /** Section of the manual. */
  readonly rule: string;
}

/** Stage 2 of a stream, decoded. */
export interface Stage2Config extends Tables {
  readonly vmid: number;
  /** S2PTW: structures and stage-1 tables in Device memory are a permission fault. */
  readonly ptw: boolean;
  readonly fwb: boolean;
  /** MemAttr has encodings of IDR3.MTEPERM. */
  readonly mtePerm: boolean;
  /** XN[0] counts, and with it the privilege (IDR3.XNX). */
  readonly xnx: boolean;
  readonly stall: boolean;
  readonly record: boolean;
  /** What is switched on that the model does not walk; null when it walks everything. */
  readonly declined: NotModelled | null;
  /** Of a Secure stream: the tables for Non-secure IPAs; these are for Secure ones (3.10.2.2). */
  readonly nonSecure: Stage2Config | null;
  /** The TLB entries of these tables; found at first use. */
  space: TlbSpace | null;
}

/** What tells the TLB entries of a stream from those of other Security states and regimes (3.3.4). */
export interface StreamTags {
  readonly world: World;
  readonly streamWorld: StreamWorld;
  /** Of entries from IPA to PA: EL1 of the state. */
  readonly stage2: StreamWorld;
  /** Entries of Secure and of Non-secure IPAs are kept apart (3.10.2.2). */
  readonly byIpaSpace: boolean;
}

/** A legal STE, decoded to what translation needs. */
export interface StreamConfig {
  readonly world: World;
  readonly sid: number;
  /** Where the STE lay (PA in bytes), and its words as they were read. */
  readonly pa: number;
  readonly raw: Uint32Array;
  /** Its words without the bits that do not count with the features there are. */
  readonly words: Uint32Array;
  readonly action: StreamAction;
  /** Stage 1 translates: Config 0b1x1. */
  readonly translates1: boolean;
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
  readonly tags: StreamTags;
  /** VMID of the TLB tags; -1 where the regime has none. */
  readonly vmid: number;
  /** NSCFG says that the output must be where the NS attribute says (3.9.4.3). */
  readonly checksNs: boolean;
  /** NSCFG: what replaces the NS attribute where stage 1 does not translate; 0 nothing. */
  readonly nsCfg: number;
  /** Everything that the stream reaches is Non-secure: nothing about spaces need be asked (3.10.1). */
  readonly plain: boolean;
  /** The PARTID_MAP of a VMS translates the PARTID of the CD (5.6). */
  readonly vms: boolean;
  /** 0 as the transaction says, 2 unprivileged, 3 privileged. */
  readonly privCfg: number;
  /** 0 as the transaction says, 2 data, 3 instruction. */
  readonly instCfg: number;
  /** What replaces the incoming attributes; null when nothing does. */
  readonly override: Overrides | null;
  /** Stage 2, when it is on. */
  readonly stage2: Stage2Config | null;
}

/** One of the two address ranges of a context. */
export interface Half extends Tables {
  /** TTB0 or TTB1. */
  readonly name: 'TTB0' | 'TTB1';
  /** Walks are allowed: EPDx=0 (and the half exists). */
  readonly enabled: boolean;
  readonly tbi: boolean;
  /** Hierarchical permissions are off (HADx). */
  readonly had: boolean;
  readonly e0pd: boolean;
}

export type TableFormat = 'VMSAv8-64' | 'VMSAv8-32' | 'VMSAv9-128';

/** A legal CD, decoded to what translation needs. */
export interface ContextConfig {
  /** Where the CD lay (PA in bytes, and its space), and its words as they were read. */
  readonly pa: number;
  readonly paSpace: World;
  readonly index: number;
  readonly raw: Uint32Array;
  /** Its words without the bits that do not count with the features there are. */
  readonly words: Uint32Array;
  readonly format: TableFormat;
  readonly streamWorld: StreamWorld;
  readonly asid: number;
  readonly aset: number;
  /** TTB0 and TTB1. */
  readonly halves: readonly [Half, Half];
  /** Two ranges (TTB0 and TTB1) and two privilege levels; otherwise TTB0 only and everything is privileged. */
  readonly twoRanges: boolean;
  /** Attributes by AttrIndx * 4 + SH: MAIR with each shareability. */
  readonly attributes: readonly Attributes[];
  /** AttrIndx has a fourth bit (CD.AIE). */
  readonly attributeIndexBit3: boolean;
  readonly wxn: boolean;
  /** UWXN, of VMSAv8-32 LPAE only. */
  readonly uwxn: boolean;
  readonly pan: boolean;
  readonly epan: boolean;
  /** What is switched on that the model does not walk; null when it walks everything. */
  readonly declined: NotModelled | null;
  readonly stall: boolean;
  readonly record: boolean;
  readonly abort: boolean;
  /** The TLB entries of these tags; found at first use. */
  space: TlbSpace | null;
  /** The global ones, where ASIDs share them (policy `maximal`); found at first use. */
  globalSpace: TlbSpace | null;
}
