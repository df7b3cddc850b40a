/** What writes to registers mean to traffic: SMMUEN (6.3.9.6), and the operations of GATOS (6.3.37, 9.1). */

import { type AtosRequest, runAtos } from './atos.ts';
import { offsetOf } from './bank.ts';
import type { Changeable } from './effects.ts';
import type { Effect, Recorder } from './plan.ts';
import { terminateAll } from './stalls.ts';
import type { WorldState } from './state.ts';
import { translateTraffic } from './traffic.ts';

const CR0 = offsetOf('CR0');
const GATOS_CTRL = offsetOf('GATOS_CTRL');
const GATOS_PAR = offsetOf('GATOS_PAR');
const RUN = 1;
const SMMUEN = 1;

/** Whether a write of that word may mean anything to traffic. */
export function concernsTraffic(offset: number): boolean {
  return offset === CR0 || offset === GATOS_CTRL;
}

/**
 * What follows from a write of one word.
 * @param done what the write itself changes
 */
export function trafficOfWrite(
  on: Changeable,
  state: WorldState,
  offset: number,
  value: number,
  done: readonly Effect[],
  recorder: Recorder | null,
): readonly Effect[] {
  if (offset === CR0) {
    const after = done.find((effect) => effect.kind === 'register' && effect.offset === CR0);
    const off = after?.kind === 'register' && (after.value & SMMUEN) === 0;
    return state.smmuEnabled && off ? terminateAll(on.traffic.stalls, state.world) : [];
  }
  if (offset !== GATOS_CTRL || (value & RUN) === 0 || on.bank.field('IDR0', 'ATOS') === 0) return [];
  // Written while SMMUEN=0 or while an operation runs, RUN is ignored (6.3.37).
  if (!state.smmuEnabled || on.bank.field('GATOS_CTRL', 'RUN') === 1) return [];
  const { result, parHi, parLo, text } = runAtos(on, state, gatosRequest(on), translateTraffic, recorder);
  recorder?.step('end', `GATOS: ${text}`);
  if (result !== 'ok' && result !== 'abort') return [];
  const what = `GATOS_PAR: ${text}`;
  return [
    { kind: 'register', offset: GATOS_PAR, value: parLo, what },
    { kind: 'register', offset: GATOS_PAR + 4, value: parHi, what },
  ];
}

/** The operation that the GATOS registers hold (6.3.38, 6.3.39). */
function gatosRequest({ bank }: Changeable): AtosRequest {
  return {
    world: 'ns',
    sid: bank.field('GATOS_SID', 'STREAMID'),
    ssid: bank.field('GATOS_SID', 'SSID_VALID') === 1 ? bank.field('GATOS_SID', 'SUBSTREAMID') : -1,
    addressHi: bank.hi('GATOS_ADDR'),
    addressLo: bank.lo('GATOS_ADDR'),
    type: bank.field('GATOS_ADDR', 'TYPE'),
    pnu: bank.field('GATOS_ADDR', 'PnU') === 1,
    rnw: bank.field('GATOS_ADDR', 'RnW') === 1,
    ind: bank.field('GATOS_ADDR', 'InD') === 1,
    httui: bank.field('GATOS_ADDR', 'HTTUI') === 1,
  };
}
