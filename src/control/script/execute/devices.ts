/** Statements about devices and their notifiers, as operations. */

import type { DeviceChange } from '../../../model/notifiers/device.ts';
import type { Operation } from '../../../model/plan.ts';
import type { Smmu } from '../../../model/smmu.ts';
import {
  CONSUMERS,
  type Consumer,
  NO_NOTIFIER_FLAG,
  NOTIFIER_ACCEPTS,
  NOTIFIER_FLAGS,
  NOTIFIER_POLICIES,
  type NotifierPolicy,
} from '../../../spec/notifiers.ts';
import { PlacedError, type Reading } from './reading.ts';
import type { Device, Environment } from './state.ts';
import { deviceOf, halves } from './traffic.ts';

const LAST_ADDRESS = (1n << 64n) - 1n;
const MOST_NOTIFIERS = 1n << 16n;

function operation(change: DeviceChange): Operation {
  return { kind: 'device', change };
}

function isPolicy(name: string): name is NotifierPolicy {
  return Object.hasOwn(NOTIFIER_POLICIES, name);
}

/** Other rules from here on; what is not named stays. */
export function notifiers(smmu: Smmu, reading: Reading): Operation[] {
  const { policy, accepts } = smmu.notifiers;
  const named = reading.argument('policy')?.text ?? policy;
  const accepted = reading.argument('accepts')?.text ?? accepts;
  return [
    operation({
      what: 'rules',
      rules: {
        policy: isPolicy(named) ? named : policy,
        accepts: NOTIFIER_ACCEPTS.find((one) => one === accepted) ?? accepts,
      },
    }),
  ];
}

function flagsOf(reading: Reading): number | null {
  const word = reading.argument('flags');
  if (word === null) return null;
  let flags = 0;
  for (const name of word.text.split(',')) {
    if (name in NOTIFIER_FLAGS) flags |= NOTIFIER_FLAGS[name as keyof typeof NOTIFIER_FLAGS];
    else if (name !== NO_NOTIFIER_FLAG) throw new PlacedError(word, `there is no flag ${name}`);
  }
  return flags;
}

function consumerOf(reading: Reading): Consumer {
  const word = reading.argument('consumer');
  return CONSUMERS.find((one) => one === word?.text) ?? reading.fail('there is no such consumer');
}

/** A device is plugged in by its first notifier. */
export function notifier(smmu: Smmu, environment: Environment, reading: Reading): Operation[] {
  const device = deviceOf(environment, reading);
  const start = reading.number('iova') ?? 0n;
  const size = reading.number('size', LAST_ADDRESS + 2n);
  if (size === 0n) reading.fail('a range of 0 bytes holds no address');
  const end = size === null ? LAST_ADDRESS : start + size - 1n;
  if (end > LAST_ADDRESS) reading.fail('the range ends beyond 64 bits');
  const [from, to] = [halves(start), halves(end)];
  const flags = flagsOf(reading);
  const register = operation({
    what: 'register',
    device: device.name,
    notifier: {
      consumer: consumerOf(reading),
      ...(flags !== null && { flags }),
      startHi: from.hi,
      startLo: from.lo,
      endHi: to.hi,
      endLo: to.lo,
      iommuIndex: Number(reading.number('index', 256n) ?? 0n),
    },
  });
  return smmu.notifiers.devices.get(device.name) ? [register] : [plug(device), register];
}

function plug({ name, sid, worlds }: Device): Operation {
  return operation({ what: 'plug', device: { name, sid, worlds } });
}

/** The name of a device that is plugged in. */
function plugged(smmu: Smmu, environment: Environment, reading: Reading): string {
  const { name } = deviceOf(environment, reading);
  if (smmu.notifiers.devices.get(name)) return name;
  throw new PlacedError(
    reading.word('device'),
    `${name} is not plugged in; write notifier ${name} consumer=… before`,
  );
}

function numberOf(reading: Reading): number {
  return Number(reading.number('notifier', MOST_NOTIFIERS) ?? 0n);
}

/** A number that is registered with the device. */
function registered(smmu: Smmu, device: string, reading: Reading): number {
  const number = numberOf(reading);
  if (smmu.notifiers.devices.get(device)?.notifiers[number]) return number;
  return reading.fail(`${device} has no notifier ${number}`);
}

export function unregister(smmu: Smmu, environment: Environment, reading: Reading): Operation[] {
  const device = plugged(smmu, environment, reading);
  return [operation({ what: 'unregister', device, notifier: registered(smmu, device, reading) })];
}

export function obtain(smmu: Smmu, environment: Environment, reading: Reading): Operation[] {
  const device = plugged(smmu, environment, reading);
  const { hi, lo } = halves(reading.count('address'));
  return [
    operation({
      what: 'obtain',
      device,
      notifier: registered(smmu, device, reading),
      iovaHi: hi,
      iovaLo: lo,
      write: reading.flag('write'),
    }),
  ];
}

export function leave(
  what: 'reset' | 'unplug',
  smmu: Smmu,
  environment: Environment,
  reading: Reading,
): Operation[] {
  return [operation({ what, device: plugged(smmu, environment, reading) })];
}
