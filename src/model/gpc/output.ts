/** Checks of the addresses that clients reach: IHI 0070 3.25.1, 3.25.2. */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { SPACE_BY_NSE_NS } from '../../spec/worlds.ts';
import { stuShift } from '../ats/request.ts';
import type { Machine } from '../machine.ts';
import { DATA, GPF, MISS, type ReadStatus } from '../memory.ts';
import type { Recorder, Transaction } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { type Answer, configFault, silent } from '../translate/answer.ts';
import type { GranuleProtection } from './protection.ts';

/**
 * Checks the output address of a transaction that got one, whoever gave it: a walk, a TLB, a bypass. A refused one is
 * aborted without an event; of a Translation Request it is noted, and becomes a Completer Abort.
 */
export function checkOutput(
  protection: GranuleProtection,
  state: WorldState,
  t: Transaction,
  answer: Answer,
): void {
  if (answer.result !== 'ok' || answer.becomes === 'no-op') return;
  const { rulesOff } = protection;
  const isRequest = t.kind === 'request';
  if (t.kind === 'atos' ? !rulesOff.has('gpc:ATOS') : !isRequest && rulesOff.has('gpc:CLIENT')) return;
  const status = isRequest
    ? checkRegion(protection, stuShift(state), answer)
    : protection.checkOutput(answer.pa, answer.space);
  if (status === DATA) return;
  if (status !== GPF) {
    answer.result = status === MISS ? 'miss' : 'absent';
    return;
  }
  answer.refused = 'output';
  if (isRequest) {
    answer.gpf = !rulesOff.has('gpc:ATS');
    return;
  }
  const reason = `a granule protection check refuses the output address ${hex(answer.pa)} (${answer.space})`;
  if (rulesOff.has('world:EVENTS-GPF')) answer.fail(configFault('F_WALK_EABT', reason, '3.25.1', answer.pa));
  else {
    const field = protection.refusedBy;
    answer.fail({ ...silent(reason, '3.25.1'), ...(field !== null && { field }) });
  }
}

/**
 * A completion covers only what passes as a whole (3.25.2): the region shrinks to what one entry of the table says, but
 * never below the smallest translation unit. All of a unit is checked, where granules are smaller.
 */
function checkRegion(protection: GranuleProtection, unit: number, answer: Answer): ReadStatus {
  const { pa, space } = answer;
  const status = protection.checkOutput(pa, space);
  if (status !== DATA) return status;
  const { span } = protection;
  if (answer.shift > 0) answer.shift = Math.max(unit, Math.min(answer.shift, span));
  if (span >= unit) return DATA;
  const base = pa - (pa % 2 ** unit);
  for (let at = base; at < base + 2 ** unit; at += 2 ** span) {
    const there = protection.checkOutput(at, space);
    if (there !== DATA) return there;
  }
  return DATA;
}

/** The space that the signals of an access name: NSE and NS, or NS alone where there is no Root state (3.10). */
function spaceOf(t: Transaction, rulesOff: ReadonlySet<string>): World {
  const { nse = null } = t;
  if (nse !== null && !rulesOff.has('world:PA-NSE-NS'))
    return SPACE_BY_NSE_NS[(nse ? 2 : 0) + (t.ns ? 1 : 0)] as World;
  return t.ns || rulesOff.has('world:PA-NS-BIT') ? 'ns' : 's';
}

/**
 * An access of a device that has no StreamID: nothing translates it, and its address and space are physical. Beyond OAS
 * it is aborted, and nothing tells of it (3.25.1.1).
 */
export function accessWithoutStream(
  machine: Machine,
  state: WorldState,
  t: Transaction,
  answer: Answer,
  recorder: Recorder | null,
): void {
  const { rulesOff } = state;
  const space = spaceOf(t, rulesOff);
  answer.attributes = t.attributes;
  answer.pa = t.vaHi * 2 ** 32 + t.vaLo;
  answer.space = space === 'root' && rulesOff.has('world:ROOT-OUTPUT') ? 'ns' : space;
  recorder?.step(
    'decide',
    () => `no StreamID: the access goes to ${hex(answer.pa)} in ${answer.space} space`,
  );
  if (answer.pa >= state.oasLimit) {
    answer.fail(silent(`${hex(answer.pa)} is beyond the ${state.oasBits}-bit OAS`, '3.25.1.1'));
    return;
  }
  const { protection } = machine;
  if (protection !== null && !rulesOff.has('gpc:NO-STREAM-ID')) checkOutput(protection, state, t, answer);
}

/** What makes a transaction an access without StreamID to a space: its kind, and the signals that name the space (3.10). */
export function withoutStream(
  space: World,
): Pick<Transaction, 'kind' | 'world' | 'ns'> & { readonly nse: boolean } {
  const code = SPACE_BY_NSE_NS.indexOf(space);
  return { kind: 'no-stream-id', world: space, nse: code >= 2, ns: code % 2 === 1 };
}
