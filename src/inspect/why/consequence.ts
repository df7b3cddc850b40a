/** What follows from an operation that fails, in words. */

import type { NotifyDecision } from '../../model/notifiers/decision.ts';
import type { Plan, Recording } from '../../model/plan.ts';
import { WORLD_PREFIX } from '../../spec/registers.ts';

const RECORDINGS: Readonly<Record<Recording, string>> = {
  none: 'the transaction is terminated and no event is recorded',
  written: 'the transaction is terminated and the event is written to the EVENTQ',
  full: 'the transaction is terminated; the EVENTQ is full, so the event is lost',
  disabled: 'the transaction is terminated; the EVENTQ is disabled (CR0.EVENTQEN=0), so the event is lost',
  suppressed: 'the transaction is terminated; its configuration suppresses the event',
  aborted: 'the transaction is terminated; writing the event aborts (GERROR.EVENTQ_ABT_ERR)',
  merged: 'the transaction is terminated; the last record of the EVENTQ stands for its event as well',
  'stall-limit':
    'the transaction is stalled; its event waits until fewer than IDR5.STALL_MAX are outstanding',
  waiting: 'the event is written when the EVENTQ can take it',
  unknown: 'whether the SMMU may write the event is not known, as the image lacks a GPT entry',
};

const TERMINATED = 'the transaction is terminated';
const RAZWI = 'the transaction is terminated without an abort (CD.A=0): reads give zero, writes are ignored';
const STALLED = 'the transaction is stalled until CMD_RESUME or CMD_STALL_TERM';
const STALL_RECORDED = 'its record is written to the EVENTQ with Stall=1 and an STAG';
/** Where the record of a stall is not simply written. */
const STALL_RECORDS: Readonly<Partial<Record<Recording, string>>> = {
  waiting: 'its record waits until the EVENTQ can take it',
  'stall-limit': 'its record waits until fewer than IDR5.STALL_MAX are outstanding',
  suppressed: 'the record of another stall of the same page stands for it',
  aborted: 'writing its record aborts (GERROR.EVENTQ_ABT_ERR)',
};

/** An error of an ATS request may be recorded as well (3.9.1.2). */
function eventToo({ outcome }: Plan): string {
  return outcome.fault?.event ? `, and ${outcome.fault.event} is reported` : '';
}

/**
 * What follows, as a sentence without its full stop.
 * @param commandError the operation is a command at which its queue stops
 */
export function consequenceOf(plan: Plan, commandError = false): string {
  if (commandError) {
    return plan.operation.kind === 'command' && plan.operation.queue !== undefined
      ? 'the queue stops with the error in ECMDQ_CONS.ERR_REASON and GERROR.CMDQP_ERR becomes active'
      : 'the queue stops with the error in CMDQ_CONS.ERR and GERROR.CMDQ_ERR becomes active';
  }
  return ofItsState(plan, consequenceIn(plan));
}

/** Queues and registers by their names in the state of a transaction: `S_EVENTQ`. */
function ofItsState({ operation }: Plan, text: string): string {
  if (operation.kind !== 'transaction') return text;
  const prefix = WORLD_PREFIX[operation.transaction.world];
  return text.replace(/\b(?:EVENTQ\b(?!_)|CR0\.|GERROR\.)/g, (name) => `${prefix}${name}`);
}

function consequenceIn(plan: Plan): string {
  const { result, recording, ats } = plan.outcome;
  if (ats !== null) return `the endpoint gets a Translation Completion: ${ats.text}${eventToo(plan)}`;
  if (result === 'ok') return 'the access goes to memory';
  if (result === 'absent' || result === 'miss')
    return 'nothing is claimed: what is needed is not in the image';
  if (result === 'not-modelled') return 'nothing is claimed';
  if (result === 'stall') return `${STALLED}; ${STALL_RECORDS[recording] ?? STALL_RECORDED}`;
  if (plan.operation.kind === 'command') return 'the command goes on, and the global error becomes active';
  return result === 'razwi' ? RECORDINGS[recording].replace(TERMINATED, RAZWI) : RECORDINGS[recording];
}

const countText = (count: number): string => (count === 1 ? '1 mapping' : `${count} mappings`);

/** What follows from a decision about a notifier, as a sentence without its full stop. */
export function consequenceOfTelling({ reason, event, action }: NotifyDecision): string {
  if (reason === 'qemu-aborts') return 'QEMU aborts';
  if (event === null || action === null) return 'nobody is told: the consumer keeps what it holds';
  if (event.type === 'MAP') return 'the consumer holds the mapping from here on';
  if (!action.done) return `the consumer refuses, and keeps ${countText(action.kept.length)} of the range`;
  const kept = action.kept.length === 0 ? '' : `, and keeps ${countText(action.kept.length)}`;
  return `the consumer drops ${countText(action.removed.length)}${kept}`;
}
