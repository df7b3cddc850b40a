/** What the oracle is asked and what it answers. Section numbers are those of Arm IHI 0070. */

/** What lies at an address that is read; a machine that makes up its memory as it goes wants to know. */
export type Role =
  | { readonly kind: 'l1std' | 'ste' | 'l1cd' | 'cd'; readonly offset: number }
  | {
      readonly kind: 'descriptor';
      readonly stage: 1 | 2;
      readonly level: number;
      readonly format: Format;
    };

/** How descriptors of one stage are read. */
export interface Format {
  /** log2 of the granule. */
  readonly granule: 12 | 14 | 16;
  readonly lpae: boolean;
  /** LPA2: addresses have bits [51:50] in [9:8] (CD.DS, STE.S2DS). */
  readonly ds: boolean;
  /** Descriptors of 64 KiB granules have bits [51:48] in [15:12]: only where addresses have 52 bits. */
  readonly wide: boolean;
  readonly bigEndian: boolean;
  /** Bits that an output address may have. */
  readonly outputBits: number;
}

/** An SMMU, as far as a Non-secure transaction sees it. */
export interface Machine {
  /** Fields of the ID registers: `IDR0.S1P`, `AIDR.ArchMinorRev`. What is missing is 0. */
  readonly idr: Readonly<Record<string, bigint>>;
  readonly registers: {
    readonly CR0: bigint;
    readonly CR2: bigint;
    readonly GBPA: bigint;
    readonly STRTAB_BASE: bigint;
    readonly STRTAB_BASE_CFG: bigint;
  };
  /** The doubleword at a PA (a multiple of 8), least significant byte first, or an external abort. */
  read(pa: bigint, role: Role): bigint | 'abort';
}

export interface Txn {
  readonly sid: number;
  readonly ssid: number | null;
  readonly va: bigint;
  readonly write: boolean;
  readonly privileged: boolean;
  readonly instruction: boolean;
  /** Reads and writes (13.1.1); `write` is true then. */
  readonly atomic?: boolean;
  /** Default: those of 13.1.3. */
  readonly attributes?: MemoryAttributes;
}

/** One level of cacheability. Hints of NC mean nothing. */
export interface Cacheability {
  readonly policy: 'NC' | 'WT' | 'WB';
  readonly ra: boolean;
  readonly wa: boolean;
  /** Transient. */
  readonly tr: boolean;
}

/** 0 Non-shareable, 2 Outer Shareable, 3 Inner Shareable. */
export type Shareability = 0 | 2 | 3;

export interface MemoryAttributes {
  /** 0 nGnRnE, 1 nGnRE, 2 nGRE, 3 GRE; null: Normal. */
  readonly device: 0 | 1 | 2 | 3 | null;
  readonly inner: Cacheability;
  readonly outer: Cacheability;
  readonly sh: Shareability;
}

export type EventName =
  | 'C_BAD_STREAMID'
  | 'F_STE_FETCH'
  | 'C_BAD_STE'
  | 'F_STREAM_DISABLED'
  | 'C_BAD_SUBSTREAMID'
  | 'F_CD_FETCH'
  | 'C_BAD_CD'
  | 'F_WALK_EABT'
  | 'F_TRANSLATION'
  | 'F_ADDR_SIZE'
  | 'F_ACCESS'
  | 'F_PERMISSION';

/** Fields of a record (7.3), by the manual's names; what an event does not have is 0. */
export interface EventFields {
  readonly StreamID: number;
  readonly SSV: boolean;
  readonly SubstreamID: number;
  readonly PnU: boolean;
  readonly InD: boolean;
  readonly RnW: boolean;
  readonly S2: boolean;
  /** 0 CD, 1 TT, 2 IN. */
  readonly CLASS: number;
  readonly InputAddr: bigint;
  readonly IPA: bigint;
  readonly FetchAddr: bigint;
  readonly Stall: boolean;
  readonly TTRnW: boolean;
}

/** A doubleword that hardware update changes. */
export interface Update {
  readonly pa: bigint;
  /** The new doubleword as it lies in memory. */
  readonly value: bigint;
  readonly what: 'leaf' | 'table';
  readonly stage: 1 | 2;
}

export type OracleResult =
  | {
      readonly ok: true;
      readonly pa: bigint;
      readonly attributes: MemoryAttributes;
      /** In the order in which they happen. */
      readonly updates: readonly Update[];
    }
  | {
      readonly ok: false;
      readonly result: 'abort' | 'razwi' | 'stall';
      readonly event: EventName | null;
      readonly fields: EventFields;
      /** A record is written where the queue can take it. */
      readonly recorded: boolean;
      /** What a faulting transaction may have changed before (3.13). */
      readonly updates: readonly Update[];
    };
