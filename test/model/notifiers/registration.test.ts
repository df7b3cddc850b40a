import { describe, expect, test } from 'vitest';
import type { NotifierRequest } from '../../../src/model/notifiers/device.ts';
import { CONSUMER_FACTS, CONSUMERS } from '../../../src/spec/notifiers.ts';
import {
  briefly,
  DEVIOTLB_UNMAP,
  IOVA,
  MAP,
  type NotifiedOptions,
  NotifiedSmmu,
  PA,
  UNMAP,
} from '../../kit/notifiers.ts';
import { type StatementCase, statementTests } from './case.ts';

/** A device that a notifier was registered for, or was not. */
function registered(
  off: readonly string[],
  notifier: NotifierRequest,
  options: NotifiedOptions = {},
): NotifiedSmmu {
  const m = new NotifiedSmmu({ off, ...options });
  m.plug();
  m.register(notifier);
  return m;
}

const MAP_TOO: NotifiedOptions = { notifiers: { accepts: 'map' } };

/** Whether a registration comes to something, or what QEMU prints. */
function answer(off: readonly string[], notifier: NotifierRequest, options: NotifiedOptions = {}): unknown {
  const { refused, result } = (() => {
    const m = new NotifiedSmmu({ off, ...options });
    m.plug();
    return m.register(notifier).outcome;
  })();
  return refused ? [refused.how, refused.message, refused.exits] : result;
}

/** What the first device has registered. */
function notifierOf(m: NotifiedSmmu): unknown {
  return m.smmu.notifiers.devices.get('net0')?.notifiers[0];
}

function listed(m: NotifiedSmmu): unknown {
  return m.smmu.notifiers.devices.get('net0')?.listed;
}

const page = { startLo: IOVA, startHi: 0, endLo: IOVA + 0xfff, endHi: 0 };
const VA = { ASID: 1, Address: IOVA };
const REFUSED_MAP = 'device 00.01.0 requires iommu MAP notifier which is not currently supported';
const REFUSED_DEVIOTLB = 'SMMUv3 does not support dev-iotlb yet';

const CASES: readonly StatementCase[] = [
  {
    id: 'N1.1',
    name: 'without flags, as after unregistering, nobody is told',
    run: (off) => {
      const m = registered(off, { consumer: 'vhost' });
      m.change({ what: 'unregister', device: 'net0', notifier: 0 });
      return briefly(m.tell('CMD_TLBI_NSNH_ALL'));
    },
    wanted: [],
  },
  {
    id: 'N1.2',
    name: 'an UNMAP names a range and has no permission',
    run: (off) => registered(off, { consumer: 'vhost' }).tell('CMD_TLBI_NH_VA', VA)[0]?.event,
    wanted: {
      type: 'UNMAP',
      permission: 'none',
      space: 'ns',
      iovaHi: 0,
      iovaLo: IOVA,
      maskHi: 0,
      maskLo: 0xfff,
      firstHi: 0,
      firstLo: IOVA,
      lastHi: 0,
      lastLo: IOVA + 0xfff,
      piece: 0,
      pieces: 1,
    },
  },
  {
    id: 'N1.3',
    name: 'MAP tells of a new mapping',
    run: (off) => {
      const m = registered(off, { consumer: 'vfio' }, MAP_TOO);
      m.obtain(IOVA);
      const [told] = m.decisions();
      return [told?.delivered, told?.event?.type, told?.event?.permission, m.held()];
    },
    wanted: [true, 'MAP', 'read-write', [`net0 0x${IOVA.toString(16)} -> 0x${PA.toString(16)} ns`]],
  },
  {
    id: 'N1.4',
    name: 'a notifier of DEVIOTLB_UNMAP alone hears no UNMAP',
    alone: ['N2.1'],
    run: (off) =>
      briefly(registered(off, { consumer: 'custom', flags: DEVIOTLB_UNMAP }).tell('CMD_TLBI_NH_VA', VA)),
    wanted: ['flag'],
  },
  {
    id: 'N1.5',
    name: 'VFIO registers MAP and UNMAP',
    run: (off) => notifierOf(registered(off, { consumer: 'vfio' }, MAP_TOO)),
    wanted: expect.objectContaining({ flags: 3 }),
  },
  {
    id: 'N1.6',
    name: 'a notifier has flags, a range with both ends and an index',
    run: (off) => {
      const m = registered(off, { consumer: 'custom', flags: UNMAP, ...page, iommuIndex: 0 });
      const next = { ASID: 1, Address: IOVA + 0x1000 };
      return [notifierOf(m), briefly(m.tell('CMD_TLBI_NH_VA', VA)), briefly(m.tell('CMD_TLBI_NH_VA', next))];
    },
    wanted: [
      { consumer: 'custom', flags: UNMAP, ...page, iommuIndex: 0 },
      ['0x12345000-0x12345fff ns'],
      ['no-overlap'],
    ],
  },
  {
    id: 'N1.7',
    name: 'no flag breaks an assertion',
    run: (off) => answer(off, { consumer: 'custom', flags: 0 }),
    wanted: ['assert', "Assertion `n->notifier_flags != IOMMU_NOTIFIER_NONE' failed.", true],
  },
  {
    id: 'N1.8',
    name: 'a range that ends before it begins breaks an assertion',
    run: (off) => answer(off, { consumer: 'custom', startLo: 0x2000, endLo: 0x1fff, endHi: 0 }),
    wanted: ['assert', "Assertion `n->start <= n->end' failed.", true],
  },
  {
    id: 'N1.9',
    name: 'an iommu index that does not exist breaks an assertion',
    run: (off) => answer(off, { consumer: 'custom', iommuIndex: 1 }),
    wanted: [
      'assert',
      "Assertion `n->iommu_idx >= 0 && n->iommu_idx < memory_region_iommu_num_indexes(iommu_mr)' failed.",
      true,
    ],
  },
  {
    id: 'N1.10',
    name: 'a registration that the SMMU refuses leaves no notifier, and its caller has the error',
    run: (off) => {
      const m = registered(off, { consumer: 'vfio' });
      return [notifierOf(m), listed(m), m.smmu.notifiers.refused.values().map(({ message }) => message)];
    },
    wanted: [undefined, false, [REFUSED_MAP]],
  },
  {
    id: 'N1.11',
    name: 'an event beside the range of a notifier is not delivered',
    run: (off) =>
      briefly(
        registered(off, { consumer: 'vhost', startLo: 0, endHi: 0, endLo: 0xfff }).tell('CMD_TLBI_NH_VA', VA),
      ),
    wanted: ['no-overlap'],
  },
  {
    id: 'N1.12',
    name: 'an event is cropped to the range, which need be no power of two',
    run: (off) => {
      const own = { startHi: 0, startLo: IOVA + 0x1000, endHi: 0, endLo: IOVA + 0x3fff };
      const m = registered(off, { consumer: 'vhost', ...own });
      const values = { ASID: 1, Address: 0x12340000, TG: 1, NUM: 15, SCALE: 0 };
      return briefly(m.tell('CMD_TLBI_NH_VA', values));
    },
    wanted: ['0x12346000-0x12348fff ns'],
  },
  {
    id: 'N1.13',
    name: 'an UNMAP does not reach a notifier of MAP alone',
    run: (off) => {
      const m = registered(off, { consumer: 'custom', flags: MAP }, MAP_TOO);
      return briefly(m.tell('CMD_TLBI_NH_VA', VA));
    },
    wanted: ['flag'],
  },
  {
    id: 'N1.14',
    name: 'a notifier of the Secure index hears of Non-secure invalidations',
    run: (off) => {
      const m = registered(off, { consumer: 'custom', iommuIndex: 1 }, { worlds: 'secure' });
      return briefly(m.tell('CMD_TLBI_NH_VA', VA));
    },
    wanted: ['0x12345000-0x12345fff ns'],
  },
  {
    id: 'N1.15',
    name: 'VFIO and vhost register at index 0, whatever the device is',
    run: (off) => {
      const m = registered(off, { consumer: 'vhost', iommuIndex: 1 }, { worlds: 'secure' });
      return notifierOf(m);
    },
    wanted: expect.objectContaining({ iommuIndex: 0 }),
  },
  {
    id: 'N2.1',
    name: 'DEVIOTLB_UNMAP is refused',
    run: (off) => answer(off, { consumer: 'custom', flags: UNMAP | DEVIOTLB_UNMAP }),
    wanted: ['error', REFUSED_DEVIOTLB, false],
  },
  {
    id: 'N2.2',
    name: 'MAP is refused',
    run: (off) => answer(off, { consumer: 'custom', flags: UNMAP | MAP }),
    wanted: ['error', REFUSED_MAP, false],
  },
  {
    id: 'N2.3',
    name: 'the first UNMAP puts the device on the list',
    run: (off) => {
      const m = registered(off, { consumer: 'vhost' });
      return [listed(m), m.tell('CMD_TLBI_NSNH_ALL').length];
    },
    wanted: [true, 1],
  },
  {
    id: 'N2.4',
    name: 'the last notifier that goes takes the device off the list',
    run: (off) => {
      const m = registered(off, { consumer: 'vhost' });
      m.register({ consumer: 'custom' });
      m.change({ what: 'unregister', device: 'net0', notifier: 0 });
      const between = listed(m);
      m.change({ what: 'unregister', device: 'net0', notifier: 1 });
      return [between, listed(m)];
    },
    wanted: [true, false],
  },
  {
    id: 'N2.5',
    name: 'so VFIO fails to register',
    run: (off) => answer(off, { consumer: 'vfio' }),
    wanted: ['error', REFUSED_MAP, false],
  },
  {
    id: 'N2.6',
    name: 'vhost without a device IOTLB is accepted',
    run: (off) => answer(off, { consumer: 'vhost' }),
    wanted: 'ok',
  },
  {
    id: 'N2.7',
    name: 'vhost with a device IOTLB is refused, and QEMU exits',
    run: (off) => answer(off, { consumer: 'vhost', flags: DEVIOTLB_UNMAP }),
    wanted: ['error', REFUSED_DEVIOTLB, true],
  },
];

describe('registration and delivery', () => {
  statementTests(CASES);
});

test('a refused registration is kept with its reason', () => {
  const m = registered([], { consumer: 'vhost-vdpa' });
  const [refused] = m.smmu.notifiers.refused.values();
  expect(refused).toMatchObject({ device: 'net0', how: 'error', message: REFUSED_MAP, exits: false });
  expect(refused?.notifier.flags).toBe(UNMAP | MAP);
});

test.each(CONSUMERS)('%s registers what it asks for by itself when MAP is accepted', (consumer) => {
  const m = registered([], { consumer }, MAP_TOO);
  expect(notifierOf(m)).toMatchObject({ consumer, flags: CONSUMER_FACTS[consumer].flags, iommuIndex: 0 });
});

test('what names no device or notifier does nothing, and says so', () => {
  const m = new NotifiedSmmu();
  expect(m.register({ consumer: 'vhost' }).outcome.result).toBe('idle');
  m.plug();
  const plan = m.obtain(IOVA);
  expect(plan.outcome.result).toBe('idle');
  expect(plan.steps.at(-1)?.text).toBe('net0 has no notifier 0');
  expect(m.plug().outcome.result).toBe('idle');
});
