import { describe, expect, test } from 'vitest';
import { Journal } from '../../../src/model/effects.ts';
import type { Consumer } from '../../../src/spec/notifiers.ts';
import { briefly, IOVA, type NotifiedOptions, NotifiedSmmu } from '../../kit/notifiers.ts';
import { type StatementCase, statementTests } from './case.ts';

/** A Secure device under `route`, so that events go into the Secure address space by IOVA. */
const ROUTED: NotifiedOptions = { worlds: 'secure', notifiers: { policy: 'route', accepts: 'map' } };
const ACCEPTED: NotifiedOptions = { notifiers: { accepts: 'map' } };
const VA = { ASID: 1, Address: IOVA };
const HELD = 'net0 0x12345000 -> 0x48000000 ns';
const WRONG_AS = 'Wrong target AS "secure-memory", only system memory is allowed';

/** A consumer that holds the page of {@link IOVA}. */
function holding(
  off: readonly string[],
  consumer: Consumer,
  options: NotifiedOptions = ACCEPTED,
): NotifiedSmmu {
  const m = new NotifiedSmmu({ off, ...options });
  m.plug();
  m.register({ consumer });
  m.obtain(IOVA);
  return m;
}

/** What a consumer that holds a Non-secure mapping does with a Secure invalidation of the same address. */
function secureUnmap(off: readonly string[], consumer: Consumer): unknown {
  const m = holding(off, consumer, ROUTED);
  m.stream('s');
  const [told] = m.tellFrom('s', 'CMD_TLBI_NH_VA', VA);
  return [told?.event?.space, told?.action?.done, told?.action?.message, m.held()];
}

const CASES: readonly StatementCase[] = [
  {
    id: 'N5.1',
    name: 'VFIO refuses an UNMAP of another address space, and holds on',
    run: (off) => secureUnmap(off, 'vfio'),
    wanted: ['s', false, WRONG_AS, [HELD]],
  },
  {
    id: 'N5.2',
    name: 'VFIO maps what comes with a permission',
    run: (off) => holding(off, 'vfio').held(),
    wanted: [HELD],
  },
  {
    id: 'N5.3',
    name: 'VFIO unmaps the cropped range of what comes without',
    run: (off) => {
      const m = holding(off, 'vfio');
      const [told] = m.tell('CMD_TLBI_NH_VA', VA);
      return [told?.action?.removed.length, told?.action?.kept, m.held()];
    },
    wanted: [1, [], []],
  },
  {
    id: 'N5.4',
    name: 'vhost-vdpa refuses an UNMAP of another address space as VFIO does',
    run: (off) => secureUnmap(off, 'vhost-vdpa'),
    wanted: ['s', false, WRONG_AS, [HELD]],
  },
  {
    id: 'N5.5',
    name: 'vhost takes an UNMAP of any address space',
    run: (off) => secureUnmap(off, 'vhost'),
    wanted: ['s', true, '', []],
  },
  {
    id: 'N5.6',
    name: 'vhost invalidates as many bytes as the mask says',
    run: (off) => {
      const m = holding(off, 'vhost');
      m.obtain(IOVA + 0x1000);
      m.tell('CMD_TLBI_NH_VA', { ASID: 1, Address: IOVA - 0x1000, TG: 1, NUM: 3, SCALE: 0 });
      return m.held();
    },
    wanted: [],
  },
  {
    id: 'N5.7',
    name: 'a miss of vhost that translates to nothing leaves nothing',
    run: (off) => {
      const m = holding(off, 'vhost');
      const { outcome } = m.obtain(0x7000_0000);
      return [outcome.result, outcome.fault?.event, m.held()];
    },
    wanted: ['abort', 'F_TRANSLATION', [HELD]],
  },
];

describe('what consumers do', () => {
  statementTests(CASES);
});

describe('a range that names part of a mapping', () => {
  /** A block of 2 MiB, of which a page is invalidated. */
  function block(consumer: Consumer): NotifiedSmmu {
    const m = new NotifiedSmmu(ACCEPTED);
    m.block();
    m.plug();
    m.register({ consumer });
    m.obtain(0x2000_1000);
    return m;
  }

  test('leaves it with VFIO, whose kernel splits nothing and says so', () => {
    const m = block('vfio');
    const [told] = m.tell('CMD_TLBI_NH_VA', { ASID: 1, Address: 0x2000_1000 });
    expect(told?.action?.message).toBe(
      'vfio_container_dma_unmap(0x20001000, 0x1000) = -22 (Invalid argument)',
    );
    expect(told?.action?.kept).toHaveLength(1);
    expect(told?.named).toHaveLength(1);
    expect(m.held()).toEqual(['net0 0x20000000 -> 0x49000000 ns']);
  });

  test.each(['vhost', 'vhost-vdpa', 'custom'] as const)('takes the whole mapping from %s', (consumer) => {
    const m = block(consumer);
    m.tell('CMD_TLBI_NH_VA', { ASID: 1, Address: 0x2000_1000 });
    expect(m.held()).toEqual([]);
  });
});

test('a mapping that VFIO still holds stands in the way of a new one', () => {
  const m = holding([], 'vfio');
  const plan = m.obtain(IOVA);
  expect(m.decisions().at(-1)?.action?.message).toBe(
    'vfio_container_dma_map(0x12345000, 0x1000) = -17 (File exists)',
  );
  expect(plan.outcome.result).toBe('ok');
  expect(m.held()).toEqual([HELD]);
});

test('vhost replaces what it holds by what it obtains', () => {
  const m = holding([], 'vhost');
  m.obtain(IOVA);
  expect(m.held()).toEqual([HELD]);
});

test('what a piece has removed, a later piece does not meet again', () => {
  const m = new NotifiedSmmu(ACCEPTED);
  m.block();
  m.plug();
  m.register({ consumer: 'vhost' });
  m.obtain(0x2000_1000);
  const told = m.tell('CMD_TLBI_NH_VA', { ASID: 1, Address: 0x2000_1000, TG: 1, NUM: 2, SCALE: 0 });
  expect(told.map(({ action }) => action?.removed.length)).toEqual([1, 0]);
  expect(told.map(({ obtained }) => obtained)).toEqual([['ns'], []]);
});

test.each([
  [1, 's'],
  [2, 'realm'],
] as const)(
  'index %d obtains through the %s stream, and keeps the space of the output',
  (iommuIndex, world) => {
    const m = new NotifiedSmmu({ ...ACCEPTED, worlds: 'rme' });
    m.stream(world);
    m.plug({ worlds: [world] });
    m.register({ consumer: 'custom', iommuIndex });
    m.obtain(IOVA);
    expect(m.held()).toEqual([`net0 0x12345000 -> 0x48000000 ${world}`]);
    const [held] = m.smmu.notifiers.held.of('net0', 0);
    expect(held?.world).toBe(world);
    const [told] = m.tellFrom(world, 'CMD_TLBI_NH_VA', VA);
    expect([told?.reason, told?.named]).toEqual(['gap', [held]]);
    expect(m.tell('CMD_TLBI_NH_VA', VA)[0]?.named).toEqual([]);
  },
);

test.each([
  [0, 'VAE1', 1],
  [1, 'VAE1', 0],
  [1, 'VAAE1', 1],
] as const)('of CD.ASET=%i a broadcast %s names %i mapping', (ASET, name, count) => {
  const m = holding([], 'vhost', { registers: { 'IDR0.BTM': 1 }, cd: { ASET } });
  m.decisions();
  const message = { world: 'ns', name, e2h: false, vmid: 0, asid: 1, addressHi: 0, addressLo: IOVA } as const;
  m.smmu.commit(m.smmu.plan({ kind: 'broadcast-tlbi', message }).effects);
  expect(m.decisions().map(({ named }) => named.length)).toEqual([count]);
});

test('everything can be taken back: mappings, decisions, devices', () => {
  const m = holding([], 'vhost');
  const journal = new Journal();
  const before = [m.held(), m.smmu.notifiers.log.total, m.smmu.notifiers.devices.size];
  for (const what of ['reset', 'unplug'] as const) {
    const plan = m.smmu.plan({ kind: 'device', change: { what, device: 'net0' } });
    m.smmu.commit(plan.effects, journal);
  }
  expect([m.held(), m.smmu.notifiers.devices.size]).toEqual([[], 0]);
  journal.undo(m.smmu, 0);
  expect([m.held(), m.smmu.notifiers.log.total, m.smmu.notifiers.devices.size]).toEqual(before);
});

test('a plan and the fast path decide alike', () => {
  const m = holding([], 'vhost');
  const planned = holding([], 'vhost');
  m.tell('CMD_TLBI_NH_VA', VA);
  const smmu = planned.smmu;
  planned.queue('CMD_TLBI_NH_VA', VA);
  const next = smmu.nextCommand('ns');
  if (!('operation' in next)) throw new Error(next.idle);
  const plan = smmu.plan(next.operation);
  expect(plan.steps.filter(({ kind }) => kind === 'notify').map(({ decision }) => decision)).toEqual(
    m.smmu.notifiers.log.values(),
  );
  smmu.commit(plan.effects);
  expect(smmu.notifiers.log.values()).toEqual(m.smmu.notifiers.log.values());
  expect(briefly(smmu.notifiers.log.values())).toEqual(['0x12345000-0x12345fff ns']);
});
