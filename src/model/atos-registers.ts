/** The registers of address translation operations: what they ask for, and what they get (IHI 0070 6.3.37 to 6.3.44, 9.1). */

import type { World } from '../bits/world.ts';
import { ATOS_WORLD, type AtosGroup } from '../spec/atos-groups.ts';
import { type AtosRequest, runAtos } from './atos.ts';
import { offsetOf, type RegisterBank } from './bank.ts';
import { reportRefused } from './gpc/report.ts';
import type { QueueMachine } from './machine.ts';
import type { Effect, Recorder } from './plan.ts';
import { translateTraffic } from './traffic.ts';

/** S_GATOS chooses between Secure and Non-secure streams by SSEC; S_VATOS has Secure ones only (9.1). */
function streamWorldOf(bank: RegisterBank, group: AtosGroup): World {
  return group === 'S_GATOS' && bank.field('S_GATOS_SID', 'SSEC') === 0 ? 'ns' : ATOS_WORLD[group];
}

/** The operation that a group of registers holds. */
function requestOf(bank: RegisterBank, group: AtosGroup): AtosRequest {
  const [sid, address] = [`${group}_SID`, `${group}_ADDR`];
  const virtual = group === 'VATOS' || group === 'S_VATOS';
  return {
    world: streamWorldOf(bank, group),
    sid: bank.field(sid, 'STREAMID'),
    ssid: bank.field(sid, 'SSID_VALID') === 1 ? bank.field(sid, 'SUBSTREAMID') : -1,
    addressHi: bank.hi(address),
    addressLo: bank.lo(address),
    type: bank.field(address, 'TYPE'),
    pnu: bank.field(address, 'PnU') === 1,
    rnw: bank.field(address, 'RnW') === 1,
    ind: bank.field(address, 'InD') === 1,
    // S_GATOS says in which space the address lies (9.1.3).
    ns: group === 'S_GATOS' && bank.field(address, 'NS') === 1,
    httui: bank.field(address, 'HTTUI') === 1,
    ...(virtual && { vmid: bank.field(`${group}_SEL`, 'VMID') }),
  };
}

/** Does the operation of a group whose RUN is set, and writes PAR; see `hooks.ts`. */
export function startAtos(
  on: QueueMachine,
  group: AtosGroup,
  effects: Effect[],
  recorder: Recorder | null,
): void {
  const request = requestOf(on.bank, group);
  const state = on.state(request.world);
  const { result, parHi, parLo, text, answer } = runAtos(on, state, request, translateTraffic, recorder);
  if (answer !== null) reportRefused({ machine: on, effects, recorder }, answer);
  recorder?.step('end', `${group}: ${text}`);
  if (result !== 'ok' && result !== 'abort') return;
  const what = `${group}_PAR: ${text}`;
  const offset = offsetOf(`${group}_PAR`);
  effects.push({ kind: 'register', offset, value: parLo, what });
  effects.push({ kind: 'register', offset: offset + 4, value: parHi, what });
}
