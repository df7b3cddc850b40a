/** Very many devices and decisions: each is told once, in order, and the log keeps no more than it says. */

import { expect, test } from 'vitest';
import { IOVA, NotifiedSmmu } from '../../kit/notifiers.ts';

const COUNT = 300;

function crowd(): NotifiedSmmu {
  const m = new NotifiedSmmu();
  for (let i = 0; i < COUNT; i++) {
    const name = `net${i}`;
    m.plug({ name });
    m.register({ consumer: 'vhost' }, name);
    m.obtain(IOVA, { device: name });
  }
  return m;
}

test('decisions of one command are numbered one after the other, whatever consumers let go of between', () => {
  const m = crowd();
  expect(m.held()).toHaveLength(COUNT);
  const before = m.smmu.notifiers.log.total;
  const told = m.tell('CMD_TLBI_NSNH_ALL');
  expect(told.map(({ number }) => number)).toEqual(Array.from({ length: COUNT }, (_, i) => before + i));
  expect(told.map(({ device }) => device)).toEqual(Array.from({ length: COUNT }, (_, i) => `net${i}`));
  expect(told.every(({ action }) => action?.removed.length === 1)).toBe(true);
  expect(m.held()).toEqual([]);
});

test('a consumer lets go of its own mappings only', () => {
  const m = crowd();
  m.change({ what: 'reset', device: 'net7' });
  expect(m.held()).toHaveLength(COUNT - 1);
  expect(m.smmu.notifiers.held.of('net7', 0)).toEqual([]);
  expect(m.smmu.notifiers.held.of('net8', 0)).toHaveLength(1);
});

test('a device that is plugged in again comes last', () => {
  const m = crowd();
  m.change({ what: 'unplug', device: 'net3' });
  m.plug({ name: 'net3' });
  const order = m.smmu.notifiers.devices.values().map(({ spec }) => spec.name);
  expect([order[3], order.at(-1), order.length]).toEqual(['net4', 'net3', COUNT]);
});
