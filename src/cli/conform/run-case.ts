/** Runs one conformance case on a fresh SMMU. Expectations are never looked at. */

import { hex, parseHex64 } from '../../bits/u64.ts';
import { UserError } from '../../bits/user-error.ts';
import { offsetOf } from '../../model/bank.ts';
import { ALL_PAGES, type ChunkSource, SparseMemory } from '../../model/memory.ts';
import { type Transaction, transaction } from '../../model/plan.ts';
import { advance, entryAddress, ring } from '../../model/queues/ring.ts';
import { type CachePolicy, Smmu } from '../../model/smmu.ts';
import { bytesText } from '../batch/answer.ts';
import type { CaseAnswer, CaseStep, ConformCase, StepAnswer } from './case.ts';

const IDR = ['IDR0', 'IDR1', 'IDR2', 'IDR3', 'IDR4', 'IDR5'];

function word(text: string | number): { readonly hi: number; readonly lo: number } {
  const value = parseHex64(String(text));
  if (!value) throw new UserError(`${JSON.stringify(text)} is not a number of 64 bits`);
  return value;
}

function number(text: string | number): number {
  const { hi, lo } = word(text);
  return hi * 2 ** 32 + lo;
}

/** The SMMU of a case: zeroed memory, reset registers, then what the case sets. */
export function machineOf(from: ConformCase, caches: CachePolicy): Smmu {
  const range = { base: number(from.ram[0]), size: number(from.ram[1]) };
  const zeroes: ChunkSource = { fill: () => ALL_PAGES, ranges: [range] };
  const smmu = new Smmu({ memory: new SparseMemory(zeroes), caches });
  const ids: [number, number][] = IDR.map((name, i) => [offsetOf(name), word(from.idr[i] ?? '0').lo]);
  smmu.bank.load([...ids, [offsetOf('AIDR'), word(from.aidr).lo]]);
  storeWords(smmu, from.mem);
  for (const [offset, value, bytes] of from.regs) writeRegister(smmu, number(offset), value, bytes);
  return smmu;
}

function storeWords(smmu: Smmu, words: readonly (readonly [string, string])[]): void {
  for (const [address, value] of words) {
    const { hi, lo } = word(value);
    smmu.memory('ns').store(number(address), Uint32Array.of(lo, hi), 0, 2);
  }
}

function writeRegister(smmu: Smmu, offset: number, value: string, bytes: number): void {
  const { hi, lo } = word(value);
  smmu.commit(smmu.registerWrite(offset, lo));
  if (bytes === 8) smmu.commit(smmu.registerWrite(offset + 4, hi));
  smmu.runCommands('ns');
}

/** A transaction of a case: Non-secure, data, unprivileged. */
export function transactionOf(sid: number, iova: string, write: boolean): Transaction {
  const { hi, lo } = word(iova);
  return transaction({ sid, vaHi: hi, vaLo: lo, write });
}

function wordsOf(bytes: string): Uint32Array {
  if (!/^([0-9a-f]{8})+$/i.test(bytes))
    throw new UserError(`${JSON.stringify(bytes)} is not a command in hex`);
  const words = new Uint32Array(bytes.length / 8);
  for (let i = 0; i < bytes.length / 2; i++) {
    const byte = Number.parseInt(bytes.slice(i * 2, i * 2 + 2), 16);
    words[i >>> 2] = (words[i >>> 2] as number) | (byte << ((i & 3) * 8));
  }
  return words;
}

interface DmaAnswer extends StepAnswer {
  readonly notModelled?: string;
}

function runDma(smmu: Smmu, step: CaseStep & { op: 'dma' }): DmaAnswer {
  const answer = smmu.translate(transactionOf(step.sid, step.iova, step.rw === 'w'));
  if (answer.result === 'not-modelled') return { ok: false, notModelled: answer.fault?.reason ?? '' };
  if (answer.result === 'ok') return { ok: true, pa: hex(answer.pa) };
  const recorded = answer.recording === 'written' && answer.record !== null;
  return {
    ok: false,
    ...(answer.fault?.event === null && { abort: true }),
    ...(recorded && { ev: [bytesText(answer.record as Uint32Array)] }),
  };
}

/** Stores the commands in the next free slots and moves PROD once. */
function runCommands(smmu: Smmu, entries: readonly string[]): StepAnswer {
  const { log2size } = ring(smmu.bank, 'CMDQ', 'ns');
  let prod = smmu.bank.lo('CMDQ_PROD');
  for (const entry of entries) {
    const queue = ring(smmu.bank, 'CMDQ', 'ns');
    const words = wordsOf(entry);
    smmu.memory('ns').store(entryAddress(queue, prod & (2 ** log2size - 1)), words, 0, words.length);
    prod = advance(prod, log2size);
  }
  smmu.commit(smmu.registerWrite(offsetOf('CMDQ_PROD'), prod));
  smmu.runCommands('ns');
  return { cons: hex(smmu.bank.lo('CMDQ_CONS')) };
}

function runStep(smmu: Smmu, step: CaseStep): DmaAnswer {
  switch (step.op) {
    case 'dma':
      return runDma(smmu, step);
    case 'cmd':
      return runCommands(smmu, step.entries);
    case 'mem':
      storeWords(smmu, step.words);
      return {};
    case 'reg':
      writeRegister(smmu, number(step.off), step.val, step.size);
      return {};
  }
}

/** Runs a case and says what the model answered to each step. */
export function runCase(from: ConformCase, caches: CachePolicy): CaseAnswer {
  const smmu = machineOf(from, caches);
  const steps: StepAnswer[] = [];
  let leftOut: string | undefined;
  for (const step of from.steps) {
    const before = smmu.bank.lo('GERROR');
    const { notModelled, ...answer } = runStep(smmu, step);
    if (notModelled !== undefined) leftOut ??= `step ${steps.length}: ${notModelled}`;
    const gerror = smmu.bank.lo('GERROR');
    const active = ((gerror ^ smmu.bank.lo('GERRORN')) & 1) !== 0;
    steps.push(
      step.op !== 'mem' && (gerror !== before || active) ? { ...answer, gerror: hex(gerror) } : answer,
    );
  }
  return { name: from.name, family: from.family, steps, ...(leftOut !== undefined && { leftOut }) };
}
