/** How much is kept of very many decisions, and what undoing and redoing across that makes of them. */

import { expect, test } from 'vitest';
import { Journal } from '../../../src/model/effects.ts';
import { DecisionBatch, type NotifyDecision } from '../../../src/model/notifiers/decision.ts';
import { DecisionLog } from '../../../src/model/notifiers/decision-log.ts';
import type { Effect } from '../../../src/model/plan.ts';
import type { CommandName } from '../../../src/spec/commands.ts';
import { IOVA, NotifiedSmmu } from '../../kit/notifiers.ts';

const MOST = 65536;

/** Consumes a command that stands in the queue. */
function consume(m: NotifiedSmmu, journal: Journal, name: CommandName = 'CMD_TLBI_NSNH_ALL'): void {
  m.queue(name);
  const next = m.smmu.nextCommand('ns');
  if (!('operation' in next)) throw new Error(next.idle);
  m.smmu.commit(m.smmu.plan(next.operation).effects, journal);
}

function withDevices(count: number, mostDecisions?: number): NotifiedSmmu {
  const m = new NotifiedSmmu(mostDecisions === undefined ? {} : { notifiers: { mostDecisions } });
  for (let i = 0; i < count; i++) {
    m.plug({ name: `net${i}` });
    m.register({ consumer: 'vhost' }, `net${i}`);
  }
  return m;
}

/** The decisions among what objects reach, by whatever members. */
function reached(from: readonly unknown[]): Set<NotifyDecision> {
  const found = new Set<NotifyDecision>();
  const seen = new Set<unknown>();
  const open = [...from];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one !== 'object' || one === null || seen.has(one)) continue;
    seen.add(one);
    if ('kind' in one && one.kind === 'decision') found.add(one as NotifyDecision);
    if (one instanceof DecisionBatch) open.push(...one.decisions);
    // The log itself is looked at apart.
    if (!(one instanceof DecisionLog)) open.push(...Object.values(one));
  }
  return found;
}

const batchesOf = (effects: readonly Effect[]): readonly DecisionBatch[] =>
  effects.flatMap((effect) =>
    effect.kind === 'store' && effect.entry instanceof DecisionBatch ? [effect.entry] : [],
  );

test('of 300,000 decisions log and journal reach those that the log says it keeps, and no other', () => {
  const m = withDevices(1000);
  const journal = new Journal();
  for (let i = 0; i < 300; i++) consume(m, journal);
  const { log } = m.smmu.notifiers;
  expect([log.total, log.dropped + log.values().length]).toEqual([300_000, 300_000]);
  expect(log.values().length).toBeLessThan(2 * MOST);
  expect(log.values().length).toBeGreaterThan(MOST - 1000);
  const effects = journal.inverse(0);
  expect(batchesOf(effects)).toHaveLength(300);
  expect(reached(effects)).toEqual(new Set(log.values()));
});

test('what consumers of a kind are told alike is there once for all of them', () => {
  const m = withDevices(100);
  consume(m, new Journal());
  const { log } = m.smmu.notifiers;
  expect(log.values()).toHaveLength(100);
  expect(new Set(log.values().map(({ event }) => event)).size).toBe(1);
  expect(new Set(log.values().map(({ action }) => action)).size).toBe(1);
  expect(new Set(log.values().map(({ obtained }) => obtained)).size).toBe(1);
});

test('those of the newest invalidation are kept, however many they are', () => {
  const m = withDevices(30, 10);
  const journal = new Journal();
  consume(m, journal);
  consume(m, journal);
  const { log } = m.smmu.notifiers;
  expect([log.total, log.dropped]).toEqual([60, 30]);
  expect(log.values().map(({ number }) => number)).toEqual(Array.from({ length: 30 }, (_, i) => 30 + i));
});

test('undoing across the limit leaves no decision of later, and what is dropped stays dropped', () => {
  const m = withDevices(5, 20);
  const journal = new Journal();
  const { log } = m.smmu.notifiers;
  const marks: number[] = [];
  for (let i = 0; i < 20; i++) {
    marks.push(journal.length);
    consume(m, journal);
  }
  const shown = (): readonly number[] => log.values().map(({ number }) => number);
  const before = [log.total, log.dropped, shown()] as const;
  expect(before[0]).toBe(100);
  const first = before[1];
  expect(first).toBeGreaterThan(0);
  // Within what is kept.
  journal.undo(m.smmu, marks[19] as number);
  expect([log.total, log.dropped, shown()]).toEqual([95, first, before[2].slice(0, -5)]);
  // Beyond it.
  journal.undo(m.smmu, marks[4] as number);
  expect([log.total, log.dropped, shown()]).toEqual([20, 20, []]);
  // Again: numbers go on from where they were.
  consume(m, journal);
  expect([log.total, log.dropped, shown()]).toEqual([25, 20, [20, 21, 22, 23, 24]]);
  journal.undo(m.smmu, 0);
  expect([log.total, log.dropped, shown()]).toEqual([0, 0, []]);
});

test('what was taken back by something that can be taken back comes back, mappings and all', () => {
  const m = withDevices(3);
  for (let i = 0; i < 3; i++) m.obtain(IOVA, { device: `net${i}` });
  const journal = new Journal();
  const { log } = m.smmu.notifiers;
  consume(m, journal);
  const told = [...log.values()];
  expect(told.map(({ action }) => action?.removed.length)).toEqual([1, 1, 1]);
  const mark = journal.length;
  const back = journal.inverse(0);
  m.smmu.commit(back, journal);
  log.retire(batchesOf(back));
  expect([log.total, log.dropped, m.held().length]).toEqual([0, 0, 3]);
  journal.undo(m.smmu, mark);
  expect(log.values()).toEqual(told);
  expect([log.total, log.dropped, m.held()]).toEqual([3, 0, []]);
});

test('a journal keeps as many decisions that were taken back as the log would', () => {
  const m = withDevices(5, 20);
  const journal = new Journal();
  const { log } = m.smmu.notifiers;
  for (let i = 0; i < 30; i++) {
    const mark = journal.length;
    consume(m, journal);
    const back = journal.inverse(mark);
    m.smmu.commit(back, journal);
    log.retire(batchesOf(back));
  }
  expect([log.total, log.values()]).toEqual([0, []]);
  const kept = [...reached(journal.inverse(0))];
  expect(kept).toHaveLength(20);
  // Before the last returns: the first of what comes back is gone, and counted.
  journal.undo(m.smmu, 0);
  expect([log.total, log.dropped, log.values()]).toEqual([0, 0, []]);
});

test('a decision in a report has all that it says, and no other decision', () => {
  const m = withDevices(2);
  consume(m, new Journal());
  const [first] = m.smmu.notifiers.log.values();
  expect(JSON.parse(JSON.stringify(first))).toMatchObject({
    kind: 'decision',
    number: first?.number,
    cause: 'CMD_TLBI_NSNH_ALL',
    queue: 'ns',
    actsOn: 'ns',
    path: 'whole',
    device: 'net0',
    consumer: 'vhost',
    delivered: true,
    why: first?.why,
  });
  expect(JSON.stringify(first)).not.toContain('net1');
});
