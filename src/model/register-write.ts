/** What a software write to a register does: IHI 0070 6.2 and 6.3, the Non-secure registers. */

import { type Field, maskOf, reservedMask } from '../bits/layout.ts';
import { REGISTERS, type RegisterName } from '../spec/registers.ts';
import { offsetOf, REPEATED_INDICES, type RegisterBank } from './bank.ts';
import type { FieldBitsByLayout } from './field-bits.ts';
import type { Effect } from './plan.ts';

const { SMMUEN, PRIQEN, EVENTQEN, CMDQEN } = REGISTERS.CR0.layout.fields;
const { QUEUE_IC, QUEUE_OC, QUEUE_SH, TABLE_IC, TABLE_OC, TABLE_SH } = REGISTERS.CR1.layout.fields;
const IRQ_CTRL = REGISTERS.IRQ_CTRL.layout.fields;
const UPDATE = maskOf(REGISTERS.GBPA.layout.fields.Update);

/** The bits of several fields of one word. */
function bitsOf(...fields: readonly Field[]): number {
  return fields.reduce((bits, field) => bits | maskOf(field), 0) >>> 0;
}

/** The bits of a word that any field of the register claims. */
function claimed(name: RegisterName, word: number): number {
  return ~(reservedMask(REGISTERS[name].layout)[word] as number) >>> 0;
}

/**
 * Which bits of a word a write may change just now.
 * @param bits those that fields claim whose feature is there
 */
type Writable = (bank: RegisterBank, bits: number) => number;

const always: Writable = (_bank, bits) => bits;

/** Writable while enable bits of CR0, and their acknowledges, are 0. */
const guarded =
  (...enables: readonly Field[]): Writable =>
  (bank, bits) =>
    ((bank.lo('CR0') | bank.lo('CR0ACK')) & bitsOf(...enables)) === 0 ? bits : 0;

/** Table attributes hang on SMMUEN, queue attributes on all queue enables (6.3.11). */
const cr1: Writable = (bank) =>
  guarded(SMMUEN)(bank, bitsOf(TABLE_IC, TABLE_OC, TABLE_SH)) |
  guarded(CMDQEN, EVENTQEN, PRIQEN)(bank, bitsOf(QUEUE_IC, QUEUE_OC, QUEUE_SH));

const tables: Writable = (bank, bits) =>
  bank.field('IDR1', 'TABLES_PRESET') === 1 ? 0 : guarded(SMMUEN)(bank, bits);

const queueBase =
  (enable: Field): Writable =>
  (bank, bits) =>
    bank.field('IDR1', 'QUEUES_PRESET') === 1 ? 0 : guarded(enable)(bank, bits);

const interrupt =
  (enable: Field): Writable =>
  (bank, bits) => {
    const busy = (bank.lo('IRQ_CTRL') | bank.lo('IRQ_CTRLACK')) & maskOf(enable);
    return busy === 0 ? bits : 0;
  };

/** When a register may be written. What is not listed is read-only; GBPA has its own way. */
const WRITABLE: Readonly<Partial<Record<RegisterName, Writable>>> = {
  CR0: always,
  CR1: cr1,
  CR2: guarded(SMMUEN),
  AGBPA: always,
  IRQ_CTRL: always,
  GERRORN: always,
  STRTAB_BASE: tables,
  STRTAB_BASE_CFG: tables,
  CMDQ_BASE: queueBase(CMDQEN),
  CMDQ_PROD: always,
  CMDQ_CONS: guarded(CMDQEN),
  EVENTQ_BASE: queueBase(EVENTQEN),
  EVENTQ_PROD: guarded(EVENTQEN),
  EVENTQ_CONS: always,
  PRIQ_BASE: queueBase(PRIQEN),
  PRIQ_PROD: guarded(PRIQEN),
  PRIQ_CONS: always,
  GERROR_IRQ_CFG0: interrupt(IRQ_CTRL.GERROR_IRQEN),
  GERROR_IRQ_CFG1: interrupt(IRQ_CTRL.GERROR_IRQEN),
  GERROR_IRQ_CFG2: interrupt(IRQ_CTRL.GERROR_IRQEN),
  EVENTQ_IRQ_CFG0: interrupt(IRQ_CTRL.EVENTQ_IRQEN),
  EVENTQ_IRQ_CFG1: interrupt(IRQ_CTRL.EVENTQ_IRQEN),
  EVENTQ_IRQ_CFG2: interrupt(IRQ_CTRL.EVENTQ_IRQEN),
  PRIQ_IRQ_CFG0: interrupt(IRQ_CTRL.PRIQ_IRQEN),
  PRIQ_IRQ_CFG1: interrupt(IRQ_CTRL.PRIQ_IRQEN),
  PRIQ_IRQ_CFG2: interrupt(IRQ_CTRL.PRIQ_IRQEN),
};

interface WordRule {
  readonly name: RegisterName;
  /** Which word of the register this is. */
  readonly word: number;
  readonly writable: Writable;
}

const BY_OFFSET = new Map<number, WordRule>();
for (const [key, writable] of Object.entries(WRITABLE)) {
  const name = key as RegisterName;
  for (let word = 0; word < REGISTERS[name].width / 32; word++) {
    BY_OFFSET.set(offsetOf(name) + word * 4, { name, word, writable });
  }
}
const GBPA = offsetOf('GBPA');

function register(offset: number, value: number, what: string): Effect {
  return { kind: 'register', offset, value: value >>> 0, what };
}

/** GBPA: the value counts when it is written with Update=1, and Update reads 0 again once it does (6.3.14). */
function gbpaEffects(bank: RegisterBank, value: number): Effect[] {
  if ((bank.peek(GBPA) & UPDATE) !== 0 || (value & UPDATE) === 0) return [];
  return [register(GBPA, value & claimed('GBPA', 0) & ~UPDATE, 'GBPA takes its new value')];
}

/**
 * What a 32-bit write does.
 * @param bits what counts of each register, by the features: the rest is RES0 and stays 0
 * @param offset bytes from the base of the SMMU, a multiple of 4
 * @returns effects, none when the write is ignored
 */
export function writeEffects(
  bank: RegisterBank,
  bits: FieldBitsByLayout,
  offset: number,
  value: number,
): Effect[] {
  if (offset === GBPA) return gbpaEffects(bank, value);
  const at = REPEATED_INDICES.get(offset) ?? offset;
  const rule = BY_OFFSET.get(at);
  if (!rule) return [];
  const { counts } = bits.of(REGISTERS[rule.name].layout, rule.name);
  const mask = rule.writable(bank, counts[rule.word] as number);
  const before = bank.peek(at);
  const after = ((before & ~mask) | (value & mask)) >>> 0;
  const effects: Effect[] = [];
  if (after !== before) effects.push(register(at, after, `${rule.name} is written`));
  if (rule.name === 'CR0') effects.push(register(offsetOf('CR0ACK'), after, 'CR0ACK follows CR0'));
  if (rule.name === 'IRQ_CTRL')
    effects.push(register(offsetOf('IRQ_CTRLACK'), after, 'IRQ_CTRLACK follows IRQ_CTRL'));
  return effects;
}
