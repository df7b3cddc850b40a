/** Which Security states an operation is about: for whoever looks at one of them, or may not look at others. */

import type { World } from '../bits/world.ts';
import type { DeviceChange } from '../model/notifiers/device.ts';
import type { Operation } from '../model/plan.ts';
import type { Smmu } from '../model/smmu.ts';
import { placeWorld } from './viewer/viewed-bank.ts';

/** The states of a device by its name; none when nobody knows it. */
export type DeviceWorlds = (name: string) => readonly World[];

/** Of devices that are plugged in. */
export function pluggedIn({ notifiers }: Smmu): DeviceWorlds {
  return (name) => notifiers.devices.get(name)?.spec.worlds ?? [];
}

/**
 * The states of a queue, of a transaction, of a device, of who accesses a register or memory and of what lies there;
 * none of what belongs to no state.
 */
export function worldsOfOperation(
  operation: Operation,
  { bank }: Smmu,
  devices: DeviceWorlds,
): readonly World[] {
  const registerWorld = (place: number | null): readonly World[] => {
    const world = place === null ? null : placeWorld(place);
    return world === null ? [] : [world];
  };
  switch (operation.kind) {
    case 'transaction':
      return [operation.transaction.world];
    case 'command':
      return [operation.world];
    case 'register':
      return [...new Set([operation.world ?? 'ns', ...registerWorld(bank.placeAt(operation.offset))])];
    case 'memory':
      return [operation.space];
    case 'learned':
      return [
        ...new Set([operation.space, ...operation.registers.flatMap(({ offset }) => registerWorld(offset))]),
      ];
    case 'page-request':
      return [operation.request.world];
    case 'page-hint':
      return [operation.hint.world];
    case 'broadcast-tlbi':
      return [operation.message.world];
    case 'broadcast-tlbi-pa':
      return ['root'];
    case 'device':
      return worldsOfChange(operation.change, devices);
  }
}

function worldsOfChange(change: DeviceChange, devices: DeviceWorlds): readonly World[] {
  if (change.what === 'rules') return [];
  return change.what === 'plug' ? change.device.worlds : devices(change.device);
}
