/** Who was told of an invalidation, and why. Those of one invalidation are kept, and let go of, as one. */

import type { World } from '../../bits/world.ts';
import type { Consumer } from '../../spec/notifiers.ts';
import type { HeldMapping } from './device.ts';

/** Why a notifier was told or not. */
export const DECISION_REASONS = [
  'delivered',
  /** The device has no configuration that could be read and is valid. */
  'no-configuration',
  'asid',
  'vmid',
  /** A stage-2 command while the device is nested, or no table covers the address. */
  'stage',
  /** The range lies outside that of the notifier. */
  'no-overlap',
  /** The flags of the notifier do not name the event. */
  'flag',
  /** The policy tells nobody of the state that the invalidation acts on. */
  'policy',
  /** Today's QEMU tells nobody of this cause, although it invalidates. */
  'gap',
  /** The policy asks for the address space of a state that has none: QEMU aborts. */
  'qemu-aborts',
  /** RFC v3 answers the command with an error. */
  'illegal-there',
] as const;

export type DecisionReason = (typeof DECISION_REASONS)[number];

/** What is sent. Addresses are IOVA, as uint32 halves. */
export interface NotifyEvent {
  readonly type: 'UNMAP' | 'MAP';
  /** `perm` of the entry: an UNMAP has none. */
  readonly permission: 'none' | 'read-write';
  /** `target_as`; `ns` is system memory. */
  readonly space: World;
  readonly iovaHi: number;
  readonly iovaLo: number;
  /** Bytes less 1. */
  readonly maskHi: number;
  readonly maskLo: number;
  /** What is left of it in the range of the notifier, inclusive. */
  readonly firstHi: number;
  readonly firstLo: number;
  readonly lastHi: number;
  readonly lastLo: number;
  /** Which piece of a split range, from 0, of how many. */
  readonly piece: number;
  readonly pieces: number;
}

/** What a consumer did with an event. */
export interface ConsumerAction {
  /** It did what the event asks; false: it refused. */
  readonly done: boolean;
  /** What it prints or returns, in its own words. */
  readonly message: string;
  readonly removed: readonly HeldMapping[];
  /** Mappings of the range that it holds on to. */
  readonly kept: readonly HeldMapping[];
}

/** One decision: of one invalidation, for one notifier of one device, for one piece of the range. */
export interface NotifyDecision {
  readonly kind: 'decision';
  /** With which others it was made. */
  readonly batch: DecisionBatch;
  /** Counts from 0 in each session. */
  readonly number: number;
  /** `CMD_TLBI_NH_VA`, `S_INIT.INV_ALL`, `ROOT_TLBI`, `TLBI VAE1`, `device reset`, `unplug`. */
  readonly cause: string;
  /** World of the command queue; null for other causes. */
  readonly queue: World | null;
  /** The state whose entries it acts on. */
  readonly actsOn: World;
  /** Further states whose entries it acts on. */
  readonly also: readonly World[];
  /** How QEMU goes about it: by address, by whole ranges, or not at all. */
  readonly path: 'iova' | 'whole' | 'none';
  readonly device: string;
  readonly sid: number;
  readonly deviceWorlds: readonly World[];
  /** Number of the notifier in its device, from 0. */
  readonly notifier: number;
  readonly consumer: Consumer;
  readonly iommuIndex: number;
  readonly delivered: boolean;
  readonly reason: DecisionReason;
  /** One line for people. */
  readonly why: string;
  /** What is sent, or would have been. Null where it did not come to that. */
  readonly event: NotifyEvent | null;
  readonly action: ConsumerAction | null;
  /** Spaces of the mappings that the consumer held in the range before. */
  readonly obtained: readonly World[];
  /** Mappings of the consumer that the invalidation names by the architecture, whatever it was told. */
  readonly named: readonly HeldMapping[];
}

/** What the decisions of one invalidation have in common. */
export type Told = Pick<NotifyDecision, 'cause' | 'queue' | 'actsOn' | 'also' | 'path'>;

const NONE: readonly NotifyDecision[] = [];

/**
 * Effects and journals hold it, and no decision by itself: when the log no longer has room, the decisions go, and what
 * is left says how many there were.
 */
export class DecisionBatch {
  readonly kind = 'decisions';
  readonly told: Told;
  /** Number of the first of them. */
  readonly first: number;
  #decisions: NotifyDecision[] = [];
  #count = 0;

  constructor(told: Told, first: number) {
    this.told = told;
    this.first = first;
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /** In order; none once they are forgotten. */
  get decisions(): readonly NotifyDecision[] {
    return this.#count === this.#decisions.length ? this.#decisions : NONE;
  }

  get isForgotten(): boolean {
    return this.decisions.length < this.#count;
  }

  /** Puts one more there, while it is planned. */
  add(decision: NotifyDecision): void {
    this.#decisions.push(decision);
    this.#count++;
  }

  /** Lets go of the decisions, for good. */
  forget(): void {
    this.#decisions = [];
  }
}
