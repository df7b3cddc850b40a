import { afterEach, beforeEach, expect, test } from 'vitest';
import { encode } from '../../src/bits/layout.ts';
import type { OpenMachine } from '../../src/capture/machine.ts';
import { outlineToRun } from '../../src/control/run-ahead.ts';
import { Breakpoints } from '../../src/control/stops/breakpoints.ts';
import { offsetOf } from '../../src/model/bank.ts';
import { type Operation, type Outline, transaction } from '../../src/model/plan.ts';
import { entryAddress, ring } from '../../src/model/queues/ring.ts';
import { COMMANDS } from '../../src/spec/commands.ts';
import { openFixture } from '../kit/machine.ts';

const MSI = 0x4_0000;

let machine: OpenMachine;
beforeEach(async () => {
  machine = await openFixture('linux-basic');
});
afterEach(() => machine.close());

/** Puts a command where the queue reads next. */
function pending(words: Uint32Array): Operation & { kind: 'command' } {
  const { smmu } = machine;
  const { bank } = smmu;
  const q = ring(bank, 'CMDQ', 'ns');
  const pa = entryAddress(q, q.prod);
  smmu.memory('ns').store(pa, words, 0, 4);
  bank.poke(offsetOf('CMDQ_PROD'), (bank.lo('CMDQ_PROD') + 1) % (2 * 2 ** q.log2size));
  const next = smmu.nextCommand('ns');
  if (!('operation' in next) || next.operation.kind !== 'command') throw new Error('nothing is pending');
  return next.operation;
}

const SYNC = encode(COMMANDS.CMD_SYNC.layout, { Opcode: COMMANDS.CMD_SYNC.opcode });
const CFGI = encode(COMMANDS.CMD_CFGI_STE.layout, { Opcode: COMMANDS.CMD_CFGI_STE.opcode, StreamID: 8 });
const read = (vaLo: number): Operation => ({
  kind: 'transaction',
  transaction: transaction({ sid: 8, vaHi: 0, vaLo }),
});
/** What a run without a plan comes to, after `set` has chosen the breakpoints. */
function run(operation: Operation, set: (breakpoints: Breakpoints) => void = () => {}): Outline | null {
  const breakpoints = new Breakpoints();
  breakpoints.attach(machine.smmu);
  set(breakpoints);
  return outlineToRun(machine.smmu, operation, breakpoints);
}

test('what nobody wants to see runs without a plan, and what its outline says is what a plan says', () => {
  const sync = pending(SYNC);
  const { outcome, effects } = machine.smmu.plan(sync);
  expect(run(sync)).toEqual({ operation: sync, outcome, effects });
  expect(run(read(0xffffb204))?.outcome.result).toBe('ok');
});

test('a fault and an illegal command ask for a plan', () => {
  expect(run(read(0x1000))).toBeNull();
  const illegal = pending(Uint32Array.of(0x7f, 0, 0, 0));
  expect(run(illegal)).toBeNull();
  expect(run(illegal, (b) => b.setFilters([]))).toBeNull();
});

test('a function breakpoint sees the command by its name', () => {
  const sync = pending(SYNC);
  expect(run(sync, (b) => b.setFunctions([{ name: 'CMD_SYNC' }]))).toBeNull();
  expect(run(sync, (b) => b.setFunctions([{ name: 'CFGI_STE' }]))).not.toBeNull();
  expect(run(read(0xffffb204), (b) => b.setFunctions([{ name: 'CMD_SYNC' }]))).not.toBeNull();
});

test('an instruction breakpoint sees the command by its place in memory', () => {
  const sync = pending(SYNC);
  expect(run(sync, (b) => b.setInstructions([{ space: 'ns', pa: sync.pa }]))).toBeNull();
  expect(run(sync, (b) => b.setInstructions([{ space: 'ns', pa: sync.pa + 16 }]))).not.toBeNull();
});

test('a data breakpoint sees what is written, to the byte', () => {
  const pa = machine.smmu.memory('ns').ram[0]?.base ?? 0;
  const write: Operation = { kind: 'memory', space: 'ns', pa: pa + MSI, words: Uint32Array.of(1, 2) };
  const watched = (from: number, bytes: number): Outline | null =>
    run(write, (b) => b.setData([{ space: 'ns', pa: from, bytes, access: 'write' }]));
  expect(run(write)).not.toBeNull();
  expect(watched(pa + MSI + 7, 1)).toBeNull();
  expect(watched(pa + MSI + 8, 8)).not.toBeNull();
  expect(watched(pa + MSI - 8, 8)).not.toBeNull();
});

test('what waits for a use wants every transaction and no invalidation', () => {
  const pa = machine.smmu.memory('ns').ram[0]?.base ?? 0;
  const used = (b: Breakpoints): void => {
    b.setData([{ space: 'ns', pa, bytes: 8, access: 'read' }]);
  };
  expect(run(read(0xffffb204), used)).toBeNull();
  machine.smmu.translate(transaction({ sid: 8, vaHi: 0, vaLo: 0xffffb204 }));
  expect(run(pending(CFGI), used)?.effects.map(({ kind }) => kind)).toContain('config');
});
