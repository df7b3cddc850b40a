/** Decisions as effects, steps and sentences. */

import { hex64 } from '../../bits/u64.ts';
import type { Effect } from '../plan.ts';
import type { NotifyDecision } from './decision.ts';
import type { HeldMapping } from './device.ts';
import type { Listener } from './invalidation.ts';
import type { Telling } from './look-up.ts';
import type { Notifiers } from './notifiers.ts';
import { spanText } from './span.ts';

/** Of a decision: who it is about. */
type Who = Pick<NotifyDecision, 'device' | 'sid' | 'deviceWorlds' | 'notifier' | 'consumer' | 'iommuIndex'>;

/** A decision without what follows from the rest. */
type Decided = Omit<NotifyDecision, 'kind' | 'number' | 'why' | 'delivered' | keyof Who> & {
  /** Why the notifier is not told; '' when it is. */
  readonly untold: string;
};

/** Puts a decision among the effects, and with it what its consumer lets go of. */
export function recordDecision(
  { machine, effects, recorder }: Telling,
  { device: { spec }, number: notifier, notifier: { consumer, iommuIndex } }: Listener,
  decided: Decided,
): void {
  const { log } = machine.notifiers;
  const { untold, ...rest } = decided;
  const who: Who = {
    device: spec.name,
    sid: spec.sid,
    deviceWorlds: spec.worlds,
    notifier,
    consumer,
    iommuIndex,
  };
  const decision: NotifyDecision = {
    kind: 'decision',
    number: nextNumber(machine.notifiers, effects),
    ...who,
    ...rest,
    delivered: decided.reason === 'delivered',
    why: sentence(who, decided),
  };
  effects.push({ kind: 'store', store: log, op: 'insert', entry: decision, what: decision.why });
  recorder?.notify(decision);
  for (const mapping of decision.action?.removed ?? []) dropMapping({ machine, effects, recorder }, mapping);
}

/** The number of the next decision: the last one planned has the one before. */
function nextNumber({ log }: Notifiers, effects: readonly Effect[]): number {
  // Backwards, since only the first of a plan looks further than at what the last consumer let go of.
  for (let i = effects.length - 1; i >= 0; i--) {
    const effect = effects[i] as Effect;
    if (effect.kind === 'store' && effect.store === log) return (effect.entry as NotifyDecision).number + 1;
  }
  return log.total;
}

/** A consumer lets go of a mapping. */
function dropMapping({ machine, effects }: Telling, mapping: HeldMapping): void {
  const at = hex64(mapping.iovaHi, mapping.iovaLo);
  const what = `${mapping.device} lets go of ${at}`;
  effects.push({ kind: 'store', store: machine.notifiers.held, op: 'remove', entry: mapping, what });
}

function sentence({ device, notifier, consumer }: Who, { cause, event, action, untold }: Decided): string {
  const who = `${consumer} of ${device} (notifier ${notifier})`;
  if (untold !== '') return `${cause}: ${who} is not told: ${untold}`;
  const what = event === null ? '' : ` of ${event.type} ${spanText(event)} in ${event.space}`;
  const answer = action === null || action.message === '' ? '' : `, and says: ${action.message}`;
  return `${cause}: ${who} is told${what}${answer}`;
}
