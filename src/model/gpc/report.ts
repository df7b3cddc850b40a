/** How refused accesses are reported: IHI 0070 3.25.4, 3.25.5, 6.3.116, 6.3.117. */

import { encode } from '../../bits/layout.ts';
import { EVENTS } from '../../spec/events.ts';
import type { GerrorName } from '../../spec/gerror.ts';
import { GPC_FAULTCODE_OF_ERROR, GPC_OTHER_FAULTCODE } from '../../spec/gpc.ts';
import { GPC_REASON } from '../../spec/registers/encodings.ts';
import { REGISTERS } from '../../spec/registers.ts';
import { SPACE_BY_FPAS } from '../../spec/worlds.ts';
import { offsetOf } from '../bank.ts';
import type { QueueMachine } from '../machine.ts';
import type { Effect, Recorder } from '../plan.ts';
import type { Answer } from '../translate/answer.ts';
import { wordAfter } from '../word-after.ts';
import { missingEntry } from './own-write.ts';
import type { Refusal } from './protection.ts';

/** Where effects go. */
interface Report {
  readonly machine: QueueMachine;
  readonly effects: Effect[];
  readonly recorder: Recorder | null;
}

/** The syndrome names an address in units of 4 KiB. */
const FADDR_UNIT = 2 ** REGISTERS.ROOT_GPF_FAR.layout.fields.FADDR.lsb;
const FAULT = 2 ** REGISTERS.ROOT_GPF_FAR.layout.fields.FAULT.lsb;

/** Writes the syndrome, if the register is free, and raises its wired interrupt. */
function writeSyndrome(on: Report, refusal: Refusal, reason: number, faultCode: number): void {
  const { machine, effects, recorder } = on;
  const { rulesOff } = machine.state('ns');
  if (rulesOff.has('world:ROOT-ROLE-FAR')) return;
  const name = refusal.error === null ? 'ROOT_GPF_FAR' : 'ROOT_GPT_CFG_FAR';
  const place = offsetOf(name);
  if ((wordAfter(machine.bank, effects, place) & FAULT) !== 0 && !rulesOff.has('gpc:FIRST-WINS')) {
    recorder?.step('register', `${name} keeps the fault that it holds`);
    return;
  }
  const words = encode(REGISTERS[name].layout, {
    FPAS: rulesOff.has('world:PA-FPAS') ? 0 : SPACE_BY_FPAS.indexOf(refusal.space),
    FADDR: refusal.pa - (refusal.pa % FADDR_UNIT),
    FAULTCODE: faultCode,
    REASON: reason,
    FAULT: 1,
    ...(refusal.error !== null && { CFG_ERR: refusal.error }),
  });
  const what = `${name}: ${refusal.reason}`;
  recorder?.step('register', what);
  effects.push({ kind: 'register', offset: place, value: words[0] as number, what });
  effects.push({ kind: 'register', offset: place + 4, value: words[1] as number, what });
  if (rulesOff.has('gpc:IRQ')) return;
  const interrupt = `wired ${name.slice('ROOT_'.length)} interrupt: an error is active`;
  recorder?.step('interrupt', interrupt);
  effects.push({ kind: 'signal', what: interrupt });
}

/** The SMMU's access behind a global error that becomes active: was it refused, the syndrome comes before the error. */
export function reportOwnAccess(on: Report, error: GerrorName): void {
  const refusal = on.machine.protection?.take() ?? null;
  if (refusal === null || on.machine.state('ns').rulesOff.has('gpc:QUEUE')) return;
  const faultCode = GPC_FAULTCODE_OF_ERROR[error] ?? GPC_OTHER_FAULTCODE;
  writeSyndrome(on, refusal, GPC_REASON.names.GERROR, faultCode);
}

/** What was refused on the way of a transaction: one of the fetches for it, or its output. */
export function reportRefused(on: Report, answer: Answer): void {
  const { protection } = on.machine;
  if (protection === null) return;
  const { unknown } = protection;
  if (unknown !== null && (answer.result === 'absent' || answer.result === 'miss')) {
    answer.missing = missingEntry(unknown);
  }
  const refusal = protection.take();
  if (refusal === null || answer.refused === null) return;
  const { fault } = answer;
  if (fault !== null) answer.fault = { ...fault, reason: `${fault.reason}: ${refusal.reason}` };
  const { TRANSACTION, TRANSLATION } = GPC_REASON.names;
  if (answer.refused === 'output') writeSyndrome(on, refusal, TRANSACTION, 0);
  else if (!protection.rulesOff.has('gpc:FETCH'))
    writeSyndrome(on, refusal, TRANSLATION, EVENTS[answer.refused].number);
}
