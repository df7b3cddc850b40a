/** Decisions as effects, steps and sentences. */

import { hex64 } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import type { Consumer } from '../../spec/notifiers.ts';
import type { Effect } from '../plan.ts';
import {
  type ConsumerAction,
  DecisionBatch,
  type DecisionReason,
  type NotifyDecision,
  type NotifyEvent,
  type Told,
} from './decision.ts';
import type { DeviceSpec, HeldMapping, NotifierSpec } from './device.ts';
import type { Listener } from './invalidation.ts';
import type { Telling } from './look-up.ts';
import type { Notifiers } from './notifiers.ts';
import { spanText } from './span.ts';

/** A decision without whom it is about and what it has in common with others. */
type Decided = Pick<NotifyDecision, 'reason' | 'event' | 'action' | 'named'> & {
  /** Why the notifier is not told; '' when it is. */
  readonly untold: string;
  /** What the consumer held in the range before. */
  readonly reached: readonly HeldMapping[];
};

const NO_WORLDS: readonly World[] = [];
const NO_MAPPINGS: readonly HeldMapping[] = [];

/** Of a decision only what no other one has; there are very many of them, and their sentences are seldom read. */
class Decision implements NotifyDecision {
  readonly batch: DecisionBatch;
  readonly number: number;
  readonly notifier: number;
  readonly reason: DecisionReason;
  readonly event: NotifyEvent | null;
  readonly action: ConsumerAction | null;
  readonly obtained: readonly World[];
  readonly named: readonly HeldMapping[];
  readonly #spec: DeviceSpec;
  readonly #asked: NotifierSpec;
  readonly #untold: string;

  constructor(batch: DecisionBatch, { device, number, notifier }: Listener, decided: Decided) {
    this.batch = batch;
    this.number = batch.first + batch.count;
    this.#spec = device.spec;
    this.notifier = number;
    this.#asked = notifier;
    this.reason = decided.reason;
    this.#untold = decided.untold;
    this.event = decided.event;
    this.action = decided.action;
    this.obtained = spacesOf(decided.reached);
    this.named = decided.named.length === 0 ? NO_MAPPINGS : decided.named;
  }

  get kind(): 'decision' {
    return 'decision';
  }

  get cause(): string {
    return this.batch.told.cause;
  }

  get queue(): World | null {
    return this.batch.told.queue;
  }

  get actsOn(): World {
    return this.batch.told.actsOn;
  }

  get also(): readonly World[] {
    return this.batch.told.also;
  }

  get path(): Told['path'] {
    return this.batch.told.path;
  }

  get device(): string {
    return this.#spec.name;
  }

  get sid(): number {
    return this.#spec.sid;
  }

  get deviceWorlds(): readonly World[] {
    return this.#spec.worlds;
  }

  get consumer(): Consumer {
    return this.#asked.consumer;
  }

  get iommuIndex(): number {
    return this.#asked.iommuIndex;
  }

  get delivered(): boolean {
    return this.reason === 'delivered';
  }

  get why(): string {
    const { cause, event, action } = this;
    const who = `${this.consumer} of ${this.device} (notifier ${this.notifier})`;
    if (this.#untold !== '') return `${cause}: ${who} is not told: ${this.#untold}`;
    const what = event === null ? '' : ` of ${event.type} ${spanText(event)} in ${event.space}`;
    const answer = action === null || action.message === '' ? '' : `, and says: ${action.message}`;
    return `${cause}: ${who} is told${what}${answer}`;
  }

  /** All of it by itself, as reports print it. */
  toJSON(): Omit<NotifyDecision, 'batch'> {
    const { kind, number, device, sid, deviceWorlds, notifier, consumer, iommuIndex } = this;
    const { reason, event, action, obtained, named, delivered, why } = this;
    const who = { device, sid, deviceWorlds, notifier, consumer, iommuIndex };
    return {
      kind,
      number,
      ...who,
      ...this.batch.told,
      reason,
      event,
      action,
      obtained,
      named,
      delivered,
      why,
    };
  }
}

/** The spaces of mappings, each once. */
function spacesOf(mappings: readonly HeldMapping[]): readonly World[] {
  return mappings.length === 0 ? NO_WORLDS : [...new Set(mappings.map(({ space }) => space))];
}

/** Collects the decisions of one invalidation, and makes effects of them. */
export class DecisionRecorder {
  readonly #on: Telling;
  readonly #batch: DecisionBatch;
  readonly #removed: HeldMapping[] = [];

  constructor(on: Telling, told: Told) {
    this.#on = on;
    this.#batch = new DecisionBatch(told, nextNumber(on.machine.notifiers, on.effects));
  }

  /** Takes note of a decision. */
  decide(listener: Listener, decided: Decided): void {
    const decision = new Decision(this.#batch, listener, decided);
    this.#batch.add(decision);
    this.#on.recorder?.notify(decision);
    for (const mapping of decided.action?.removed ?? []) this.#removed.push(mapping);
  }

  /** Puts all that was decided among the effects, and with it what consumers let go of. */
  finish(): void {
    const { effects, machine } = this.#on;
    const { log, held } = machine.notifiers;
    const entry = this.#batch;
    if (entry.count === 0) return;
    const what = `${entry.told.cause}: ${entry.count} notifiers were told or passed over`;
    effects.push({ kind: 'store', store: log, op: 'insert', entry, what });
    for (const mapping of this.#removed) {
      const dropped = `${mapping.device} lets go of ${hex64(mapping.iovaHi, mapping.iovaLo)}`;
      effects.push({ kind: 'store', store: held, op: 'remove', entry: mapping, what: dropped });
    }
  }
}

/** The number of the next decision: those that the plan has already come before. */
function nextNumber({ log }: Notifiers, effects: readonly Effect[]): number {
  for (let i = effects.length - 1; i >= 0; i--) {
    const effect = effects[i] as Effect;
    if (effect.kind === 'store' && effect.store === log) {
      const { first, count } = effect.entry as DecisionBatch;
      return first + count;
    }
  }
  return log.total;
}
