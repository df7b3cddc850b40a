/** What notifiers hear of an invalidation, and how QEMU goes about it. */

import type { World } from '../../bits/world.ts';
import type { DecisionReason } from './decision.ts';
import type { HeldMapping, NotifierSpec } from './device.ts';
import type { PluggedDevice } from './notifiers.ts';

/** An invalidation by address, as its command has it. */
export interface ByAddress {
  readonly path: 'iova';
  readonly stage: 1 | 2;
  readonly addressHi: number;
  readonly addressLo: number;
  /** -1: it does not count. */
  readonly asid: number;
  readonly vmid: number;
  /** log2 of the granule that TG names; 0 for TG=0. */
  readonly granuleBits: number;
  readonly pages: number;
}

/** How QEMU goes about an invalidation. */
export type Way =
  | ByAddress
  | { readonly path: 'whole' }
  | { readonly path: 'none'; readonly reason: 'gap' | 'illegal-there'; readonly why: string };

/** Something that invalidates. */
export interface Invalidation {
  /** `CMD_TLBI_NH_VA`, `S_INIT.INV_ALL`, `TLBI VAE1`, … */
  readonly cause: string;
  /** World of the command queue; null for other causes. */
  readonly queue: World | null;
  /** The state whose entries it acts on, and further ones. */
  readonly actsOn: World;
  readonly also: readonly World[];
  readonly way: Way;
  /** Whether it names a mapping, by the architecture. */
  readonly names: (mapping: HeldMapping) => boolean;
}

/** Why somebody is not told. */
export interface Untold {
  readonly reason: Exclude<DecisionReason, 'delivered'>;
  readonly why: string;
}

/** A notifier that may be told. */
export interface Listener {
  readonly device: PluggedDevice;
  readonly number: number;
  readonly notifier: NotifierSpec;
}
