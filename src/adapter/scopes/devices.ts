import { hex, hex64 } from '../../bits/u64.ts';
import type { HeldMapping, NotifierSpec } from '../../model/notifiers/device.ts';
import type { PluggedDevice } from '../../model/notifiers/notifiers.ts';
import { NOTIFIER_FLAGS, type NotifierFlag } from '../../spec/notifiers.ts';
import type { Debuggee } from '../debuggee.ts';
import { type Children, type Node, named } from '../variable-node.ts';
import { listerFor } from './list.ts';

const FLAGS = Object.keys(NOTIFIER_FLAGS) as readonly NotifierFlag[];

/** `vhost UNMAP 0x0-0xffffffffffffffff, index 0`. */
export function notifierText(notifier: NotifierSpec): string {
  const { consumer, flags, startHi, startLo, endHi, endLo, iommuIndex } = notifier;
  const names = FLAGS.filter((flag) => (flags & NOTIFIER_FLAGS[flag]) !== 0).join('|');
  return `${consumer} ${names || 'no flag'} ${hex64(startHi, startLo)}-${hex64(endHi, endLo)}, index ${iommuIndex}`;
}

/** `0x1000 + 0x1000 bytes -> PA 0x80000000 (ns), through ns`. */
export function heldText({ iovaHi, iovaLo, shift, pa, space, world }: HeldMapping): string {
  return `${hex64(iovaHi, iovaLo)} + ${hex(2 ** shift)} bytes -> PA ${hex(pa)} (${space}), through ${world}`;
}

/** A device, its notifiers, and what their consumers hold. */
export function deviceNode({ smmu, viewer }: Debuggee, { spec, notifiers }: PluggedDevice): Node {
  const { held } = smmu.notifiers;
  const hidden = viewer.hidesEntry(spec);
  if (hidden !== null) return { name: spec.name, value: viewer.text(hidden) };
  const list = listerFor(viewer);
  return {
    name: spec.name,
    value: `StreamID ${hex(spec.sid)}, ${spec.worlds.join(' and ')}`,
    children: named(() =>
      notifiers.flatMap((notifier, number): Node[] => {
        if (notifier === null) return [];
        const own = [...held.values()].filter((one) => one.device === spec.name && one.notifier === number);
        return [
          {
            name: `notifier ${number}`,
            value: notifierText(notifier),
            children: named(() => [list('held', own, heldNode, 'mappings that the consumer obtained')]),
          },
        ];
      }),
    ),
  };
}

function heldNode(mapping: HeldMapping): Node {
  const { iovaHi, iovaLo, pa, space } = mapping;
  return { name: hex64(iovaHi, iovaLo), value: heldText(mapping), memory: { space, pa } };
}

/** Devices with notifiers, and the rules that hold for them. */
export function devicesScope(debuggee: Debuggee): Children {
  const { notifiers } = debuggee.smmu;
  return named(() => [
    { name: 'policy', value: notifiers.policy, type: 'who is told of invalidations' },
    { name: 'accepts', value: notifiers.accepts, type: 'which registrations are accepted' },
    ...[...notifiers.devices.values()].map((device) => deviceNode(debuggee, device)),
  ]);
}
