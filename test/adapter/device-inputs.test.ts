/** The launch attribute `devices`. */

import { expect, test } from 'vitest';
import { readDevices } from '../../src/adapter/devices.ts';

test.each([
  [{}, 'devices: is no list; write […]'],
  [[1], 'devices[0]: is no object; write {"name": …}'],
  [[{ name: 'a b', sid: 1 }], 'devices[0].name: "a b" is no name; write a word, such as "net0"'],
  [[{ name: 'a' }], 'devices[0].sid: is missing; write a number, such as 8'],
  [[{ name: 'a', sid: -1 }], 'devices[0].sid: -1 is no number below 4294967296'],
  [[{ name: 'a', sid: 1, colour: 1 }], /^devices\[0\]: "colour" is no part of it; write name, sid/],
  [[{ name: 'a', sid: 1, world: 'root' }], /^devices\[0\]\.worlds: "root" is no Security state of a device/],
  [[{ name: 'a', sid: 1, worlds: [] }], /^devices\[0\]\.worlds: a device is of one Security state at least/],
  [[{ name: 'a', sid: 1, world: 's', worlds: ['s'] }], /say the same; leave one of them out/],
  [
    [
      { name: 'a', sid: 1 },
      { name: 'a', sid: 2 },
    ],
    'devices[1]: two devices are named "a"',
  ],
  [
    [{ name: 'a', sid: 1, notifiers: [{ consumer: 'vfi' }] }],
    'devices[0].notifiers[0].consumer: "vfi" is not known; write vfio, vhost, vhost-vdpa, custom',
  ],
  [
    [{ name: 'a', sid: 1, notifiers: [{ consumer: 'vfio', flags: ['UNMAPP'] }] }],
    'devices[0].notifiers[0].flags: "UNMAPP" is not known; write UNMAP, MAP, DEVIOTLB_UNMAP',
  ],
  [[{ name: 'a', sid: 1, notifiers: [{ consumer: 'vfio', range: ['0x0'] }] }], /is no pair of addresses/],
  [[{ name: 'a', sid: 1, obtained: ['x'] }], /^devices\[0\]\.obtained\[0\]: "x" is no address/],
])('devices %j is refused with its place', (value, message) => {
  expect(() => readDevices(value)).toThrow(message);
});

test('devices become changes in order, and what is left out is left to the consumer', () => {
  const devices = [
    {
      name: 'net0',
      sid: 8,
      worlds: ['ns', 's'],
      notifiers: [
        { consumer: 'vhost' },
        { consumer: 'custom', flags: ['UNMAP', 'MAP'], range: ['0x100000000', 0x1_0000_0fff], iommuIndex: 1 },
      ],
      obtained: ['0x1000', { iova: 0x2000, notifier: 1, write: true }],
    },
  ];
  const at = { what: 'obtain', device: 'net0', iovaHi: 0 } as const;
  expect(readDevices(devices)).toEqual([
    { what: 'plug', device: { name: 'net0', sid: 8, worlds: ['ns', 's'] } },
    { what: 'register', device: 'net0', notifier: { consumer: 'vhost' } },
    {
      what: 'register',
      device: 'net0',
      notifier: {
        consumer: 'custom',
        flags: 3,
        startHi: 1,
        startLo: 0,
        endHi: 1,
        endLo: 0xfff,
        iommuIndex: 1,
      },
    },
    { ...at, notifier: 0, iovaLo: 0x1000, write: false },
    { ...at, notifier: 1, iovaLo: 0x2000, write: true },
  ]);
});
