import { afterAll, beforeAll, expect, test } from 'vitest';
import { encode } from '../../src/bits/layout.ts';
import type { OpenMachine } from '../../src/capture/machine.ts';
import { Debugger } from '../../src/control/debugger.ts';
import { enableQueue } from '../../src/control/enable-queue.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { type Transaction, transaction } from '../../src/model/plan.ts';
import { entryAddress, ring } from '../../src/model/queues/ring.ts';
import { COMMANDS } from '../../src/spec/commands.ts';
import { fingerprint, openFixture } from '../kit/machine.ts';
import { testClock } from './clock.ts';

const CMDQ = 'cmdq.ns';

let pending: OpenMachine;
let basic: OpenMachine;
beforeAll(async () => {
  pending = await openFixture('linux-pending');
  basic = await openFixture('linux-basic');
});
afterAll(() => {
  pending.close();
  basic.close();
});

function read(sid: number, iova: number, more: Partial<Transaction> = {}): Transaction {
  return transaction({ sid, vaHi: 0, vaLo: iova, ...more });
}

/** Steps back to the beginning and holds each operation's state against what it was on the way forward. */
function expectExactUndo(debug: Debugger, states: string[]): void {
  expect(fingerprint(debug.smmu)).toBe(states.pop());
  while (debug.history.last) {
    const { thread } = debug.history.last;
    const stop = debug.stepBack(thread);
    expect(stop).toMatchObject({ thread, reason: 'step' });
    expect(fingerprint(debug.smmu)).toBe(states.pop());
    const position = debug.position(thread);
    if (position.at === 'operation') expect(position.cursor).toBe(0);
  }
  expect(states).toEqual([]);
}

test('stepping back over 16 commands of a real kernel restores every state on the way', () => {
  const debug = new Debugger(pending.smmu, testClock());
  const states = [fingerprint(debug.smmu)];
  expect(enableQueue(debug, 'ns')).toBe(true);
  states.push(fingerprint(debug.smmu));
  for (let i = 0; i < 16; i++) {
    expect(debug.next(CMDQ).reason).toBe('step');
    states.push(fingerprint(debug.smmu));
  }
  expect(new Set(states).size).toBe(18);
  expect(debug.next(CMDQ)).toMatchObject({ reason: 'pause', text: 'nothing pending' });
  expectExactUndo(debug, states);
  expect(debug.stepBack(CMDQ)).toMatchObject({ reason: 'entry', text: 'the beginning of the history' });
});

test('transactions, faults, invalidations and a command error are taken back exactly', () => {
  const { smmu } = basic;
  const debug = new Debugger(smmu, testClock());
  debug.breakpoints.setFilters([]);
  const states = [fingerprint(smmu)];
  const did = (): number => states.push(fingerprint(smmu));

  const mapped = smmu.plan({ kind: 'transaction', transaction: read(8, 0xffffb204) });
  expect(mapped.outcome.result).toBe('ok');
  for (const t of [
    read(8, 0xffffb204),
    read(8, 0xffffb208),
    read(8, 0x1000),
    read(8, 0x1000, { write: true }),
    read(0xffff, 0),
    read(0x10000, 0),
    read(8, 0xffffb204, { ssid: 3 }),
  ]) {
    expect(debug.transact(t).stop).toBeNull();
    did();
  }
  expect(smmu.tlb.size).toBe(1);
  expect(ring(smmu.bank, 'EVENTQ', 'ns').used).toBe(5);
  expect(smmu.config.size).toBeGreaterThan(0);

  const queue = ring(smmu.bank, 'CMDQ', 'ns');
  const commands = [
    encode(COMMANDS.CMD_TLBI_NSNH_ALL.layout, { Opcode: COMMANDS.CMD_TLBI_NSNH_ALL.opcode }),
    encode(COMMANDS.CMD_CFGI_STE.layout, { Opcode: COMMANDS.CMD_CFGI_STE.opcode, StreamID: 8 }),
    encode(COMMANDS.CMD_SYNC.layout, { Opcode: COMMANDS.CMD_SYNC.opcode }),
    Uint32Array.of(0x7f, 0, 0, 0),
  ];
  for (const [i, words] of commands.entries()) {
    const pa = entryAddress(queue, (queue.prod + i) % 2 ** queue.log2size);
    debug.perform('dma', { kind: 'memory', space: 'ns', pa, words }, 'a command');
    did();
  }
  const value = queue.prod + queue.prodWrap * 2 ** queue.log2size + commands.length;
  debug.perform(
    CMDQ,
    { kind: 'register', offset: offsetOf('CMDQ_PROD'), value, valueHi: 0, bytes: 4 },
    'PROD',
  );
  did();
  for (const _ of commands) {
    debug.next(CMDQ);
    did();
  }
  expect(smmu.tlb.size).toBe(0);
  expect(smmu.config.find('ns', 8)).toBeNull();
  expect(debug.next(CMDQ)).toMatchObject({ reason: 'pause', text: expect.stringContaining('CERROR_ILL') });
  expectExactUndo(debug, states);
});
