/** Registrations that were accepted and can only go wrong. */

import { completed } from '../../model/notifiers/registration.ts';
import type { Effect, Plan } from '../../model/plan.ts';
import type { Smmu } from '../../model/smmu.ts';
import { CONSUMER_FACTS } from '../../spec/notifiers.ts';
import { type IsolationFinding, isolationFinding } from './breach.ts';
import { consumerWorld } from './decisions.ts';

/** Whether a registration with these effects is accepted: its device is on the list with one notifier more. */
export function accepts({ notifiers }: Smmu, effects: readonly Effect[]): boolean {
  return effects.some(
    (effect) => effect.kind === 'store' && effect.store === notifiers.devices && effect.op === 'insert',
  );
}

/** What there is to say of a registration that a plan accepts. */
export function judgeRegistration(smmu: Smmu, { operation, effects }: Plan): IsolationFinding[] {
  if (operation.kind !== 'device' || operation.change.what !== 'register') return [];
  if (smmu.state('ns').rulesOff.has('notify:N6.18')) return [];
  const { devices } = smmu.notifiers;
  const { device, notifier } = operation.change;
  const worlds = devices.get(device)?.spec.worlds ?? [];
  const through = consumerWorld(completed(notifier, smmu.state('ns').rulesOff).iommuIndex);
  // A device of several states cannot be judged by one of them: its consumer may be right.
  const why = !worlds.includes(through)
    ? `it translates through ${through}`
    : CONSUMER_FACTS[notifier.consumer].systemMemoryOnly && !worlds.includes('ns')
      ? 'it takes events of system memory only'
      : null;
  if (!accepts(smmu, effects) || why === null) return [];
  return [
    isolationFinding(
      'registration',
      `${notifier.consumer} of ${device} is accepted although ${why} and the device is of ${worlds.join(' and ')}: no UNMAP of ${worlds.join(' or ')} can be right for it`,
      { more: ['Refuse it when it registers: the policy reject-registration does.'] },
    ),
  ];
}
