/** What an SMMU keeps of devices, their notifiers, what their consumers hold, and who was told what. */

import type { World } from '../../bits/world.ts';
import { ADDRESS_SPACES, type NotifierAccepts, type NotifierPolicy } from '../../spec/notifiers.ts';
import type { Store } from '../store.ts';
import { DecisionLog } from './decision-log.ts';
import type { DeviceSpec, HeldMapping, NotifierRules, NotifierSpec, RefusedRegistration } from './device.ts';
import { compare, overlap, type Span, spanOfMapping } from './span.ts';

/** Who is told what, and which registrations are accepted. */
export interface NotifierOptions {
  /** Default: `qemu-upstream`. */
  readonly policy?: NotifierPolicy;
  /** Default: `qemu`. */
  readonly accepts?: NotifierAccepts;
  /** States that have an address space for the events of notifiers. Default: Non-secure and Secure. */
  readonly addressSpaces?: readonly World[];
  /** How many decisions are kept at least; the oldest beyond are dropped. Default: 65536. */
  readonly mostDecisions?: number;
}

/** A device that is plugged in, with its accepted notifiers; changed by replacing it whole. */
export interface PluggedDevice {
  readonly spec: DeviceSpec;
  /** By number; null where one was unregistered. */
  readonly notifiers: readonly (NotifierSpec | null)[];
  /** It is on the SMMU's list of devices with notifiers. */
  readonly listed: boolean;
  /** The order in which devices were plugged in. */
  readonly order: number;
}

class Devices implements Store<PluggedDevice> {
  readonly #byName = new Map<string, PluggedDevice>();
  /** In order; null when a change has outdated it. */
  #sorted: readonly PluggedDevice[] | null = null;
  /** How many there are; a field, since each command asks for it. */
  size = 0;

  /** In the order in which they were plugged in. */
  values(): readonly PluggedDevice[] {
    this.#sorted ??= [...this.#byName.values()].sort((a, b) => a.order - b.order);
    return this.#sorted;
  }

  /** The order of the next one. */
  get nextOrder(): number {
    let last = -1;
    for (const { order } of this.#byName.values()) last = Math.max(last, order);
    return last + 1;
  }

  get(name: string): PluggedDevice | undefined {
    return this.#byName.get(name);
  }

  insert(device: PluggedDevice): void {
    this.#byName.set(device.spec.name, device);
    this.#sorted = null;
    this.size = this.#byName.size;
  }

  remove({ spec }: PluggedDevice): void {
    this.#byName.delete(spec.name);
    this.#sorted = null;
    this.size = this.#byName.size;
  }
}

class Held implements Store<HeldMapping> {
  readonly #all = new Set<HeldMapping>();
  /** The same by whose they are: each notifier asks for its own at every invalidation. */
  readonly #own = new Map<string, Set<HeldMapping>>();

  get size(): number {
    return this.#all.size;
  }

  values(): Iterable<HeldMapping> {
    return this.#all;
  }

  /** What a consumer holds, by address. */
  of(device: string, notifier: number): readonly HeldMapping[] {
    const own = this.#own.get(ownerOf(device, notifier));
    return own === undefined ? [] : [...own].sort(byAddress);
  }

  /** What a consumer holds of some addresses, by address. */
  within(device: string, notifier: number, range: Span): readonly HeldMapping[] {
    return this.of(device, notifier).filter((one) => overlap(spanOfMapping(one), range) !== null);
  }

  insert(mapping: HeldMapping): void {
    const owner = ownerOf(mapping.device, mapping.notifier);
    const own = this.#own.get(owner) ?? new Set();
    this.#own.set(owner, own.add(mapping));
    this.#all.add(mapping);
  }

  remove(mapping: HeldMapping): void {
    const owner = ownerOf(mapping.device, mapping.notifier);
    const own = this.#own.get(owner);
    own?.delete(mapping);
    if (own?.size === 0) this.#own.delete(owner);
    this.#all.delete(mapping);
  }
}

function ownerOf(device: string, notifier: number): string {
  return `${notifier} ${device}`;
}

function byAddress(a: HeldMapping, b: HeldMapping): number {
  return compare(a.iovaHi, a.iovaLo, b.iovaHi, b.iovaLo);
}

/** Registrations that came to nothing, in order. */
class Refused implements Store<RefusedRegistration> {
  readonly #all: RefusedRegistration[] = [];

  values(): readonly RefusedRegistration[] {
    return this.#all;
  }

  insert(refused: RefusedRegistration): void {
    this.#all.push(refused);
  }

  remove(refused: RefusedRegistration): void {
    const at = this.#all.lastIndexOf(refused);
    if (at >= 0) this.#all.splice(at, 1);
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
  readonly log: DecisionLog;
  readonly refused = new Refused();
  /** States that have an address space for the events of notifiers. */
  readonly addressSpaces: readonly World[];

  constructor({
    policy = 'qemu-upstream',
    accepts = 'qemu',
    addressSpaces = ADDRESS_SPACES,
    mostDecisions,
  }: NotifierOptions = {}) {
    this.addressSpaces = addressSpaces;
    this.log = new DecisionLog(mostDecisions);
    this.rules = new Rules({ policy, accepts });
  }

  get policy(): NotifierPolicy {
    return this.rules.now.policy;
  }

  get accepts(): NotifierAccepts {
    return this.rules.now.accepts;
  }
}
