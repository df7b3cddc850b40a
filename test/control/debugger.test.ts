import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { encode } from '../../src/bits/layout.ts';
import type { OpenMachine } from '../../src/capture/machine.ts';
import { Debugger } from '../../src/control/debugger.ts';
import { enableQueue } from '../../src/control/enable-queue.ts';
import { stackAt } from '../../src/control/position.ts';
import { DEFAULT_FILTERS, FILTERS } from '../../src/control/stops/index.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { type Plan, type Transaction, transaction } from '../../src/model/plan.ts';
import { entryAddress, ring } from '../../src/model/queues/ring.ts';
import { CERRORS } from '../../src/spec/cerror.ts';
import { COMMANDS } from '../../src/spec/commands.ts';
import { EVENT_LIST } from '../../src/spec/events.ts';
import { openFixture } from '../kit/machine.ts';
import { testClock } from './clock.ts';

const CMDQ = 'cmdq.ns';
const SYNC = encode(COMMANDS.CMD_SYNC.layout, { Opcode: COMMANDS.CMD_SYNC.opcode });
const ILLEGAL = Uint32Array.of(0x7f, 0, 0, 0);

let machine: OpenMachine;
let debug: Debugger;
beforeEach(async () => {
  machine = await openFixture('linux-basic');
  debug = new Debugger(machine.smmu, testClock());
});
afterEach(() => machine.close());

const read = (iova: number, sid = 8): Transaction => transaction({ sid, vaHi: 0, vaLo: iova });

/** Puts commands into the queue, as a driver does. */
function queue(...commands: Uint32Array[]): void {
  const { smmu } = machine;
  const { bank } = smmu;
  const q = ring(bank, 'CMDQ', 'ns');
  for (const [i, words] of commands.entries()) {
    const pa = entryAddress(q, (q.prod + i) % 2 ** q.log2size);
    smmu.commit(smmu.plan({ kind: 'memory', space: 'ns', pa, words }).effects);
  }
  const places = 2 * 2 ** q.log2size;
  bank.poke(offsetOf('CMDQ_PROD'), (bank.lo('CMDQ_PROD') + commands.length) % places);
  debug.invalidate();
}

function planOf(thread: 'cmdq.ns' | 'dma'): { plan: Plan; cursor: number } {
  const position = debug.position(thread);
  if (position.at !== 'operation') throw new Error(`the thread stands at a ${position.at}`);
  return position;
}

test('there is a filter for every event and every command error, on by default but for page requests', () => {
  const ids = FILTERS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { name } of EVENT_LIST) expect(DEFAULT_FILTERS.has(name)).toBe(name !== 'E_PAGE_REQUEST');
  for (const name of Object.keys(CERRORS)) expect(DEFAULT_FILTERS.has(name)).toBe(name !== 'CERROR_NONE');
  expect(ids).toContain('silent-abort');
  expect(ids).toContain('GERROR.CMDQ_ERR');
  expect(DEFAULT_FILTERS.has('silent-abort')).toBe(false);
  expect(DEFAULT_FILTERS.has('GERROR.CMDQ_ERR')).toBe(false);
  for (const { description } of FILTERS) expect(description).toMatch(/\.$/);
});

test('a fault stops before its step: nothing is committed, the cursor stands in the frame at fault', () => {
  const { stop, plan } = debug.transact(read(0x1000));
  expect(stop).toMatchObject({ thread: 'dma', reason: 'exception', text: 'F_TRANSLATION' });
  expect(debug.history).toHaveLength(0);
  const { cursor } = planOf('dma');
  expect(plan.steps[cursor]?.kind).toBe('fault');
  expect(stackAt(plan, cursor).map(({ frame }) => frame.kind)).toEqual([
    'descriptor',
    'cd',
    'ste',
    'transaction',
  ]);
  expect(debug.next('dma')).toMatchObject({ reason: 'step' });
  expect(debug.history).toHaveLength(1);
  expect(ring(machine.smmu.bank, 'EVENTQ', 'ns').used).toBe(1);
});

test('an illegal command stops before the error; continuing stops the queue, and says how to go on', async () => {
  queue(SYNC, ILLEGAL, SYNC);
  expect(await debug.continue(CMDQ)).toMatchObject({ reason: 'exception', text: 'CERROR_ILL' });
  const { bank } = machine.smmu;
  expect(bank.field('CMDQ_CONS', 'ERR')).toBe(0);
  expect(debug.history).toHaveLength(1);
  const stopped = await debug.continue(CMDQ);
  expect(stopped).toMatchObject({ reason: 'pause', text: expect.stringContaining('stopped by CERROR_ILL') });
  expect(bank.field('CMDQ_CONS', 'ERR')).toBe(1);
  expect(debug.next(CMDQ).text).toBe(stopped.text);
  debug.stepBack(CMDQ);
  expect(bank.field('CMDQ_CONS', 'ERR')).toBe(0);
});

test('a global error stops by its own filter', async () => {
  debug.breakpoints.setFilters([{ id: 'GERROR.CMDQ_ERR' }]);
  queue(ILLEGAL);
  expect(await debug.continue(CMDQ)).toMatchObject({ reason: 'exception', text: 'GERROR.CMDQ_ERR' });
  expect(machine.smmu.bank.lo('GERROR')).toBe(machine.smmu.bank.lo('GERRORN'));
});

test('a transaction that is neither finished nor wanted is given up for the next one', () => {
  debug.transact(read(0x1000));
  const { dropped, stop } = debug.transact(read(0xffffb204));
  expect(stop).toBeNull();
  expect(dropped?.operation).toMatchObject({ transaction: { vaLo: 0x1000 } });
  expect(ring(machine.smmu.bank, 'EVENTQ', 'ns').used).toBe(0);
});

test('a pause stops a running queue between two commands, and the rest goes on later', async () => {
  queue(...Array<Uint32Array>(500).fill(SYNC));
  const clock = testClock(50);
  debug = new Debugger(machine.smmu, clock);
  const run = debug.continue(CMDQ);
  expect(debug.running).toBe(CMDQ);
  debug.pause();
  expect(await run).toMatchObject({ reason: 'pause', text: '' });
  expect(debug.running).toBeNull();
  const done = debug.history.length;
  expect(done).toBeGreaterThan(0);
  expect(done).toBeLessThan(500);
  expect(await debug.continue(CMDQ)).toMatchObject({ reason: 'pause', text: 'nothing pending' });
  expect(debug.history).toHaveLength(500);
  expect(clock.breaths).toBeGreaterThan(2);
});

test('a change from another thread plans the operation anew; the cursor goes to the first step that differs', () => {
  queue(encode(COMMANDS.CMD_CFGI_STE.layout, { Opcode: COMMANDS.CMD_CFGI_STE.opcode, StreamID: 8 }));
  debug.transact(read(0xffffb204));
  debug.breakpoints.setFilters([{ id: 'F_TRANSLATION' }]);
  debug.transact(read(0x1000));
  const before = planOf('dma');
  expect(before.plan.steps[1]?.kind).toBe('cache-hit');
  debug.next(CMDQ);
  const after = planOf('dma');
  expect(after.plan.steps[1]?.kind).toBe('fetch');
  expect(after.cursor).toBe(1);
});

test('a change that does not concern the operation leaves the cursor where it is', () => {
  queue(SYNC);
  debug.transact(read(0x1000));
  const { cursor } = planOf('dma');
  debug.next(CMDQ);
  expect(planOf('dma').cursor).toBe(cursor);
  expect(debug.hitAt('dma')).toMatchObject({ filter: 'F_TRANSLATION', step: cursor });
});

test('a command that the image lacks cannot be stepped over, and says where it should be', async () => {
  const { smmu } = machine;
  const q = ring(smmu.bank, 'CMDQ', 'ns');
  const size = 2 ** q.log2size;
  const missing = Array.from({ length: size }, (_, i) => i).find(
    (i) => smmu.memory('ns').status(entryAddress(q, i)) !== 0,
  );
  if (missing === undefined) throw new Error('the whole queue is in the image');
  smmu.bank.poke(offsetOf('CMDQ_CONS'), missing);
  smmu.bank.poke(offsetOf('CMDQ_PROD'), missing + 1);
  debug.invalidate();
  for (const stop of [debug.next(CMDQ), await debug.continue(CMDQ)]) {
    expect(stop).toMatchObject({ reason: 'pause', text: expect.stringContaining('is not in the image') });
  }
  expect(debug.history).toHaveLength(0);
});

test('stepping back across threads goes through the one history', () => {
  queue(SYNC);
  debug.transact(read(0xffffb204));
  debug.next(CMDQ);
  debug.transact(read(0xffffd204));
  expect(debug.history.page(0, 3).map(({ thread }) => thread)).toEqual(['dma', CMDQ, 'dma']);
  expect(debug.stepBack(CMDQ)).toMatchObject({ thread: 'dma' });
  expect(debug.stepBack('dma')).toMatchObject({ thread: CMDQ });
  expect(debug.stepBack(CMDQ)).toMatchObject({ thread: 'dma' });
  expect(debug.stepBack('dma')).toMatchObject({ reason: 'entry' });
});

test('enabling an enabled queue is no operation', () => {
  expect(enableQueue(debug, 'ns')).toBe(false);
  expect(enableQueue(debug, 'root')).toBe(false);
  expect(debug.history).toHaveLength(0);
});

test('going back over what nothing could stop in asks nothing of it, until breakpoints change', async () => {
  queue(...Array<Uint32Array>(50).fill(SYNC));
  await debug.continue(CMDQ);
  expect(debug.history).toHaveLength(50);
  const asked = vi.spyOn(machine.smmu, 'outline');
  expect(debug.reverseContinue(CMDQ)).toMatchObject({ reason: 'entry' });
  expect(debug.history).toHaveLength(0);
  // The first one was planned: a run begins with what the thread stood before.
  expect(asked).toHaveBeenCalledTimes(1);
  await debug.continue(CMDQ);
  debug.breakpoints.setFunctions([{ name: 'SYNC' }]);
  expect(debug.reverseContinue(CMDQ)).toMatchObject({ reason: 'function breakpoint' });
  expect(debug.history).toHaveLength(49);
  debug.breakpoints.setFunctions([{ name: 'CFGI_STE' }]);
  expect(debug.reverseContinue(CMDQ)).toMatchObject({ reason: 'entry' });
  expect(debug.history).toHaveLength(0);
});
