/** What an SMMU can be told beside transactions, commands and writes. */

import type { World } from '../bits/world.ts';
import type { BroadcastName, GptBroadcastName } from '../spec/broadcast.ts';

/** Words that turn out to lie in memory. */
export interface LearnedWords {
  /** PA in bytes. */
  readonly pa: number;
  readonly words: Uint32Array;
  /** For people. */
  readonly what: string;
  /** What was taken to lie there was a guess: no hardware ever read it, so no cache holds it. */
  readonly guessedBefore?: true;
}

/**
 * What turns out to be so, though nobody writes it now: a trace quotes a descriptor. When it was written is not known,
 * so it is no write of software: whoever asks what caches may hold on must not count it as one.
 */
export interface Learned {
  readonly kind: 'learned';
  readonly space: World;
  readonly memory: readonly LearnedWords[];
  /** Places of 32-bit words in the bank, and what they hold. */
  readonly registers: readonly { readonly offset: number; readonly value: number; readonly what: string }[];
}

/** A message of PCIe's Page Request Interface as it arrives at the SMMU (8). */
export interface PageRequest {
  readonly world: World;
  readonly sid: number;
  /** PASID, or -1. */
  readonly ssid: number;
  /** Address of the page as halves; bits [11:0] do not count. */
  readonly addressHi: number;
  readonly addressLo: number;
  readonly read: boolean;
  readonly write: boolean;
  /** Count with a PASID only. */
  readonly execute: boolean;
  readonly privileged: boolean;
  /** The last request of its group. */
  readonly last: boolean;
  /** Page request group, 9 bits. */
  readonly prgIndex: number;
}

/** A client's hint that pages will be needed (7.3.19). */
export interface PageHint {
  readonly world: World;
  readonly sid: number;
  readonly ssid: number;
  readonly addressHi: number;
  readonly addressLo: number;
  /** Pages of 4 KiB, 8 bits. */
  readonly span: number;
  /** The accesses that are expected: bits of `PERM` in `translate/permission.ts`. */
  readonly permissions: number;
}

/** An invalidation of the granule protection table that a PE at EL3 broadcasts (3.17.7). */
export interface GptBroadcast {
  readonly name: GptBroadcastName;
  /** PA in bytes, and SIZE as ROOT_TLBI codes it (6.3.118); neither counts for PAALLOS. */
  readonly address: number;
  readonly size: number;
}

/** A TLB invalidation that a PE broadcasts (3.17). */
export interface BroadcastMessage {
  readonly world: 'ns' | 's' | 'realm';
  readonly name: BroadcastName;
  /** The PE's EL2 runs with E2H (3.17.5). */
  readonly e2h: boolean;
  readonly vmid: number;
  readonly asid: number;
  readonly addressHi: number;
  readonly addressLo: number;
  /** Of an IPA of Secure state: it is a Non-secure one. */
  readonly ipaNs?: boolean;
}
