/** What an SMMU keeps of devices, their notifiers, what their consumers hold, and who was told what. */

import type { NotifierAccepts, NotifierPolicy } from '../../spec/notifiers.ts';
import type { Store } from '../store.ts';
import type { NotifyDecision } from './decision.ts';
import type { DeviceSpec, HeldMapping, NotifierRules, NotifierSpec } from './device.ts';

/** Who is told what, and which registrations are accepted. */
export interface NotifierOptions {
  /** Default: `qemu-upstream`. */
  readonly policy?: NotifierPolicy;
  /** Default: `qemu`. */
  readonly accepts?: NotifierAccepts;
}

/** A device that is plugged in, with its accepted notifiers; changed by replacing it whole. */
export interface PluggedDevice {
  readonly spec: DeviceSpec;
  /** By number; null where one was unregistered. */
  readonly notifiers: readonly (NotifierSpec | null)[];
}

/** Decisions are dropped from the oldest on beyond this many. */
const MOST_DECISIONS = 65536;

class Devices implements Store<PluggedDevice> {
  readonly #byName = new Map<string, PluggedDevice>();

  get size(): number {
    return this.#byName.size;
  }

  /** In the order in which they were plugged in. */
  values(): Iterable<PluggedDevice> {
    return this.#byName.values();
  }

  get(name: string): PluggedDevice | undefined {
    return this.#byName.get(name);
  }

  insert(device: PluggedDevice): void {
    this.#byName.set(device.spec.name, device);
  }

  remove({ spec }: PluggedDevice): void {
    this.#byName.delete(spec.name);
  }
}

class Held implements Store<HeldMapping> {
  readonly #all = new Set<HeldMapping>();

  get size(): number {
    return this.#all.size;
  }

  values(): Iterable<HeldMapping> {
    return this.#all;
  }

  insert(mapping: HeldMapping): void {
    this.#all.add(mapping);
  }

  remove(mapping: HeldMapping): void {
    this.#all.delete(mapping);
  }
}

/** The decisions of a session, the newest last; bounded. */
class DecisionLog implements Store<NotifyDecision> {
  #decisions: NotifyDecision[] = [];
  #dropped = 0;

  /** How many there were, dropped ones included: the number of the next one. */
  get total(): number {
    return this.#dropped + this.#decisions.length;
  }

  /** How many of the oldest are gone. */
  get dropped(): number {
    return this.#dropped;
  }

  values(): readonly NotifyDecision[] {
    return this.#decisions;
  }

  insert(decision: NotifyDecision): void {
    this.#decisions.push(decision);
    // Rarely and many at once: each time costs as much as there are.
    if (this.#decisions.length < MOST_DECISIONS * 2) return;
    this.#dropped += this.#decisions.length - MOST_DECISIONS;
    this.#decisions = this.#decisions.slice(-MOST_DECISIONS);
  }

  remove(decision: NotifyDecision): void {
    const at = this.#decisions.lastIndexOf(decision);
    if (at >= 0) this.#decisions.splice(at, 1);
    else if (decision.number < this.#dropped) this.#dropped = decision.number;
  }
}

/** The rules that hold: the newest of those that were set. */
class Rules implements Store<NotifierRules> {
  readonly #set: NotifierRules[];

  constructor(first: NotifierRules) {
    this.#set = [first];
  }

  get now(): NotifierRules {
    return this.#set[this.#set.length - 1] as NotifierRules;
  }

  insert(rules: NotifierRules): void {
    this.#set.push(rules);
  }

  remove(rules: NotifierRules): void {
    const at = this.#set.lastIndexOf(rules);
    if (at > 0) this.#set.splice(at, 1);
  }
}

export class Notifiers {
  readonly rules: Rules;
  readonly devices = new Devices();
  readonly held = new Held();
  readonly log = new DecisionLog();

  constructor({ policy = 'qemu-upstream', accepts = 'qemu' }: NotifierOptions = {}) {
    this.rules = new Rules({ policy, accepts });
  }

  get policy(): NotifierPolicy {
    return this.rules.now.policy;
  }

  get accepts(): NotifierAccepts {
    return this.rules.now.accepts;
  }
}
