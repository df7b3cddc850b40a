/** Each event by name: what raises it, its record, and that it is the event's own rule that makes the record. */

import { describe, expect, test } from 'vitest';
import { EVENT_LIST, type EventName } from '../../src/spec/events.ts';
import { shown } from '../kit/record-bits.ts';
import { SID, transaction } from '../kit/smmu.ts';
import { EVENT_CASES, machineOf } from './switches/event-cases.ts';

function raised(name: EventName, off: readonly string[] = []) {
  const of = EVENT_CASES[name];
  const m = machineOf(of, off);
  of.raise(m);
  return { records: m.drain().map(shown), stalls: m.smmu.traffic.stalls.size };
}

const NAMES = EVENT_LIST.map(({ name }) => name);

describe('the record of each event, by the bits of 7.3', () => {
  test.each(NAMES)('%s', (name) => {
    expect(raised(name).records).toEqual([EVENT_CASES[name].record]);
  });

  test.each(NAMES)('%s decides: switched off, nothing is recorded and nothing stalls', (name) => {
    expect(raised(name, [`event:${name}`])).toEqual({ records: [], stalls: 0 });
  });

  test.each(NAMES)('%s alone: with every other event off it is recorded as before', (name) => {
    const others = NAMES.filter((other) => other !== name).map((other) => `event:${other}`);
    expect(raised(name, others).records).toEqual([EVENT_CASES[name].record]);
  });
});

test('an event that is off still terminates what raised it, without a stall', () => {
  const of = EVENT_CASES.F_TRANSLATION;
  expect(machineOf(of).dma(0x9000).outcome).toMatchObject({ result: 'stall', recording: 'written' });
  const { outcome } = machineOf(of, ['event:F_TRANSLATION']).dma(0x9000);
  expect(outcome).toMatchObject({ result: 'abort', record: null, recording: 'none' });
});

test('the fast path leaves an event out as well', () => {
  for (const [off, count] of [
    [[], 1],
    [['event:C_BAD_STE'], 0],
  ] as const) {
    const m = machineOf(EVENT_CASES.C_BAD_STE, off);
    expect(m.smmu.translate(transaction(SID, 0)).result).toBe('abort');
    expect(m.drain()).toHaveLength(count);
  }
});
