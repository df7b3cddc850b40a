/** Which notifiers are accepted: QEMU's `memory_region_register_iommu_notifier` and `smmuv3_notify_flag_changed`. */

import { CONSUMER_FACTS, type Consumer, NOTIFIER_FLAGS, WORLD_BY_IOMMU_INDEX } from '../../spec/notifiers.ts';
import type { QueueMachine } from '../machine.ts';
import type { NotifierRequest, NotifierSpec, RefusedRegistration } from './device.ts';
import type { PluggedDevice } from './notifiers.ts';
import { isRejected } from './policy.ts';
import { compare } from './span.ts';

const { UNMAP, MAP, DEVIOTLB_UNMAP } = NOTIFIER_FLAGS;
const ALL_ONES = 0xffff_ffff;

/** What a consumer registers with by itself. */
function ownFlags(consumer: Consumer, off: ReadonlySet<string>): number {
  if (consumer === 'vfio' && off.has('notify:N1.5')) return UNMAP;
  if (consumer === 'vhost' && off.has('notify:N2.6')) return UNMAP | DEVIOTLB_UNMAP;
  return CONSUMER_FACTS[consumer].flags;
}

/** A request with all that it leaves out. */
export function completed(request: NotifierRequest, off: ReadonlySet<string>): NotifierSpec {
  const { consumer, flags = ownFlags(consumer, off) } = request;
  const everything = off.has('notify:N1.6');
  const { startHi = 0, startLo = 0, endHi = ALL_ONES, endLo = ALL_ONES } = everything ? {} : request;
  // Their attributes are MEMTXATTRS_UNSPECIFIED, whatever the device is.
  const unspecified = consumer !== 'custom' && !off.has('notify:N1.15');
  const iommuIndex = unspecified ? 0 : (request.iommuIndex ?? 0);
  return { consumer, flags, startHi, startLo, endHi, endLo, iommuIndex };
}

/** How many iommu indexes there are: one up to that of the last state that exists. */
function indexCount(machine: QueueMachine): number {
  const last = WORLD_BY_IOMMU_INDEX.findLastIndex((world) => machine.state(world).present);
  return last + 1;
}

/** The assertion of QEMU that a notifier breaks, or null. */
function brokenAssertion(machine: QueueMachine, notifier: NotifierSpec): string | null {
  const { rulesOff: off } = machine.state('ns');
  const { flags, startHi, startLo, endHi, endLo, iommuIndex } = notifier;
  if (flags === 0 && !off.has('notify:N1.7')) return 'n->notifier_flags != IOMMU_NOTIFIER_NONE';
  if (compare(startHi, startLo, endHi, endLo) > 0 && !off.has('notify:N1.8')) return 'n->start <= n->end';
  if (iommuIndex >= indexCount(machine) && !off.has('notify:N1.9'))
    return 'n->iommu_idx >= 0 && n->iommu_idx < memory_region_iommu_num_indexes(iommu_mr)';
  return null;
}

/** Union of the flags of a device's notifiers. */
export function flagsOf({ notifiers }: Pick<PluggedDevice, 'notifiers'>): number {
  return notifiers.reduce((flags, notifier) => flags | (notifier?.flags ?? 0), 0);
}

/** `00.01.0`, the PCI function of a StreamID, as QEMU prints it. */
function functionText(sid: number): string {
  const two = (n: number): string => n.toString(16).padStart(2, '0');
  return `${two((sid >>> 8) & 0xff)}.${two((sid >>> 3) & 0x1f)}.${sid & 7}`;
}

/** Why the SMMU refuses a notifier, or null. */
function refusal(machine: QueueMachine, device: PluggedDevice, notifier: NotifierSpec): string | null {
  const { rulesOff: off } = machine.state('ns');
  const { accepts, policy } = machine.notifiers;
  const { sid, worlds } = device.spec;
  if (isRejected(policy, worlds, off))
    return `device ${functionText(sid)} is of the Security state ${worlds[0]}: it cannot register an IOMMU notifier`;
  const flags = flagsOf(device) | notifier.flags;
  if ((flags & DEVIOTLB_UNMAP) !== 0 && !off.has('notify:N2.1'))
    return 'SMMUv3 does not support dev-iotlb yet';
  const accepted =
    off.has('notify:N2.2') ||
    (accepts === 'map' && !off.has('notify:N6.15')) ||
    (notifier.consumer === 'vfio' && off.has('notify:N2.5'));
  if ((flags & MAP) !== 0 && !accepted)
    return `device ${functionText(sid)} requires iommu MAP notifier which is not currently supported`;
  return null;
}

/** Why a registration comes to nothing, or null when it is accepted. */
export function judgeRegistration(
  machine: QueueMachine,
  device: PluggedDevice,
  notifier: NotifierSpec,
): RefusedRegistration | null {
  const { rulesOff: off } = machine.state('ns');
  const common = { kind: 'refused-registration', device: device.spec.name, notifier } as const;
  const assertion = brokenAssertion(machine, notifier);
  if (assertion !== null)
    return { ...common, how: 'assert', message: `Assertion \`${assertion}' failed.`, exits: true };
  const message = refusal(machine, device, notifier);
  if (message === null || off.has('notify:N1.10')) return null;
  // vhost registers with error_fatal.
  const exits = notifier.consumer === 'vhost' && !off.has('notify:N2.7');
  return { ...common, how: 'error', message, exits };
}
