/** What becomes of devices because people want it: each change an operation of the history. */

import type { DeviceChange } from '../model/notifiers/device.ts';
import { deviceChangeText } from '../model/notifiers/plan-device.ts';
import type { Plan } from '../model/plan.ts';
import type { Session } from './session.ts';

/** Does it, and says what came of it. Nothing may run meanwhile. */
export function changeDevice(session: Session, change: DeviceChange): string {
  const { debuggee } = session;
  debuggee.requireStopped();
  const text = deviceChangeText(change);
  const plan = debuggee.debugger.perform('dma', { kind: 'device', change }, text);
  session.afterResponse(() => session.changed());
  return `${text}: ${whatCame(plan)}`;
}

/** What was decided and noticed, and how it ended. */
function whatCame({ steps, outcome }: Plan): string {
  const said = steps.filter(({ kind }) => kind === 'notify' || kind === 'finding').map((step) => step.text);
  const { text = outcome.result } = steps[steps.length - 1] ?? {};
  return [...said, text].join('; ');
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
