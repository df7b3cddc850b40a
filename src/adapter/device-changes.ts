/** What becomes of devices because people want it: each change an operation of the history. */

import { UserError } from '../bits/user-error.ts';
import type { DeviceChange, DeviceSpec } from '../model/notifiers/device.ts';
import { deviceChangeText } from '../model/notifiers/plan-device.ts';
import type { Plan } from '../model/plan.ts';
import type { Smmu } from '../model/smmu.ts';
import { WORLD_FACTS } from '../spec/worlds.ts';
import type { Session } from './session.ts';

/** Does it, and says what came of it. Nothing may run meanwhile. */
export function changeDevice(session: Session, change: DeviceChange): string {
  const { debuggee } = session;
  debuggee.requireStopped();
  if (change.what === 'plug') requireStates(debuggee.smmu, change.device);
  const text = deviceChangeText(change);
  const plan = debuggee.debugger.perform('dma', { kind: 'device', change }, text);
  session.afterResponse(() => session.changed());
  const came = whatCame(plan);
  return came === text ? text : `${text}: ${came}`;
}

/** A device whose transactions no SMMU of this kind can have would only be silent. */
function requireStates(smmu: Smmu, { name, worlds }: DeviceSpec): void {
  const missing = worlds.find((world) => !smmu.state(world).present);
  if (missing === undefined) return;
  const { present } = WORLD_FACTS[missing];
  throw new UserError(`${name} is of state ${missing}, which this SMMU does not have: ${present} is 0`, {
    where: 'devices',
    todo: 'name another state, or an SMMU that has it, such as the preset architecture-rme',
  });
}

/** What was decided and noticed, and how it ended. */
function whatCame({ steps, outcome }: Plan): string {
  const said = steps.filter(({ kind }) => kind === 'notify' || kind === 'finding').map((step) => step.text);
  const { text = outcome.result } = steps[steps.length - 1] ?? {};
  return [...said, text].map((part) => part.replace(/\.$/, '')).join('; ');
}

/** What launch.json says of notifiers, before anything else: rules first, then the devices one by one. */
export function prepareDevices(session: Session): void {
  const { inputs, machine } = session.debuggee;
  const { smmu } = machine;
  const { notifierPolicy: policy, notifierAccepts: accepts, devices } = inputs;
  if (policy !== undefined || accepts !== undefined) {
    const { notifiers } = smmu;
    const rules = { policy: policy ?? notifiers.policy, accepts: accepts ?? notifiers.accepts };
    // The SMMU is made so: this is no operation, and nothing takes it back.
    smmu.commit(smmu.plan({ kind: 'device', change: { what: 'rules', rules } }).effects);
  }
  for (const change of devices) session.output(`devices: ${changeDevice(session, change)}`);
}
