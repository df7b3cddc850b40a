/** What a software write to a register does: IHI 0070 6.2 and 6.3, the Non-secure registers. */

import { offsetOf, type RegisterBank } from './bank.ts';
import type { Effect } from './plan.ts';

const UPDATE = 0x80000000;
const INDEX_BITS = 0xfffff;
const ALL = 0xffffffff;
/** SMMUEN, PRIQEN, EVENTQEN, CMDQEN. */
const SMMUEN = 1;
const PRIQEN = 2;
const EVENTQEN = 4;
const CMDQEN = 8;
const CR1_TABLE = 0xfc0;
const CR1_QUEUE = 0x3f;
const IRQ_BITS: Readonly<Record<string, number>> = { GERROR: 1, PRIQ: 2, EVENTQ: 4 };

/** The bits of a word that a write may change just now. */
type WritableBits = (bank: RegisterBank) => number;

const always =
  (mask: number): WritableBits =>
  () =>
    mask;

/** Writable while an enable bit of CR0, and its acknowledge, are 0. */
const guarded =
  (enable: number, mask = ALL): WritableBits =>
  (bank) =>
    ((bank.lo('CR0') | bank.lo('CR0ACK')) & enable) === 0 ? mask : 0;

function cr0Bits(bank: RegisterBank): number {
  let bits = SMMUEN | EVENTQEN | CMDQEN;
  if (bank.field('IDR0', 'PRI') === 1) bits |= PRIQEN;
  if (bank.field('IDR0', 'ATS') === 1) bits |= 1 << 4;
  if (bank.field('IDR0', 'VMW') === 1) bits |= 7 << 6;
  if (bank.field('IDR3', 'DPT') === 1) bits |= 1 << 10;
  return bits;
}

/** Table attributes hang on SMMUEN, queue attributes on all queue enables (6.3.11). */
function cr1Bits(bank: RegisterBank): number {
  return guarded(SMMUEN, CR1_TABLE)(bank) | guarded(CMDQEN | EVENTQEN | PRIQEN, CR1_QUEUE)(bank);
}

function tablesBits(mask: number): WritableBits {
  return (bank) => (bank.field('IDR1', 'TABLES_PRESET') === 1 ? 0 : guarded(SMMUEN, mask)(bank));
}

function queueBits(enable: number, mask: number): WritableBits {
  return (bank) => (bank.field('IDR1', 'QUEUES_PRESET') === 1 ? 0 : guarded(enable, mask)(bank));
}

function irqBits(queue: string, mask: number): WritableBits {
  return (bank) => {
    const busy = (bank.lo('IRQ_CTRL') | bank.lo('IRQ_CTRLACK')) & (IRQ_BITS[queue] ?? 0);
    return bank.field('IDR0', 'MSI') === 1 && busy === 0 ? mask : 0;
  };
}

/** Writable bits by register; 64-bit registers have a rule for each half. What is not listed is read-only. */
const WRITABLE: Readonly<Record<string, readonly WritableBits[]>> = {
  CR0: [cr0Bits],
  CR1: [cr1Bits],
  CR2: [guarded(SMMUEN, 0xf)],
  AGBPA: [always(ALL)],
  IRQ_CTRL: [always(7)],
  GERRORN: [always(0x7fd)],
  STRTAB_BASE: [tablesBits(0xffffffc0), tablesBits(0x40ffffff)],
  STRTAB_BASE_CFG: [tablesBits(0x307ff)],
  CMDQ_BASE: [queueBits(CMDQEN, 0xffffffff), queueBits(CMDQEN, 0x40ffffff)],
  CMDQ_PROD: [always(INDEX_BITS)],
  CMDQ_CONS: [guarded(CMDQEN, INDEX_BITS | 0x7f000000)],
  EVENTQ_BASE: [queueBits(EVENTQEN, 0xffffffff), queueBits(EVENTQEN, 0x40ffffff)],
  EVENTQ_PROD: [guarded(EVENTQEN, INDEX_BITS | 0x80000000)],
  EVENTQ_CONS: [always(INDEX_BITS | 0x80000000)],
  PRIQ_BASE: [queueBits(PRIQEN, 0xffffffff), queueBits(PRIQEN, 0x40ffffff)],
  PRIQ_PROD: [guarded(PRIQEN, INDEX_BITS | 0x80000000)],
  PRIQ_CONS: [always(INDEX_BITS | 0x80000000)],
  GERROR_IRQ_CFG0: [irqBits('GERROR', 0xfffffffc), irqBits('GERROR', 0xffffff)],
  GERROR_IRQ_CFG1: [irqBits('GERROR', ALL)],
  GERROR_IRQ_CFG2: [irqBits('GERROR', 0x3f)],
  EVENTQ_IRQ_CFG0: [irqBits('EVENTQ', 0xfffffffc), irqBits('EVENTQ', 0xffffff)],
  EVENTQ_IRQ_CFG1: [irqBits('EVENTQ', ALL)],
  EVENTQ_IRQ_CFG2: [irqBits('EVENTQ', 0x3f)],
  PRIQ_IRQ_CFG0: [irqBits('PRIQ', 0xfffffffc), irqBits('PRIQ', 0xffffff)],
  PRIQ_IRQ_CFG1: [irqBits('PRIQ', ALL)],
  PRIQ_IRQ_CFG2: [irqBits('PRIQ', 0x8000003f)],
};

interface WordRule {
  readonly name: string;
  readonly bits: WritableBits;
}

const BY_OFFSET = new Map<number, WordRule>();
for (const [name, halves] of Object.entries(WRITABLE)) {
  for (const [half, bits] of halves.entries()) BY_OFFSET.set(offsetOf(name) + half * 4, { name, bits });
}
/** Page 0 may repeat the queue indices of page 1 (6.2.2); this SMMU does. */
for (const name of ['EVENTQ_PROD', 'EVENTQ_CONS', 'PRIQ_PROD', 'PRIQ_CONS']) {
  const rule = BY_OFFSET.get(offsetOf(name));
  if (rule) BY_OFFSET.set(offsetOf(name) & 0xffff, rule);
}
const GBPA = offsetOf('GBPA');

function register(offset: number, value: number, what: string): Effect {
  return { kind: 'register', offset, value: value >>> 0, what };
}

/** GBPA: the value counts when it is written with Update=1, and Update reads 0 again once it does (6.3.14). */
function gbpaEffects(bank: RegisterBank, value: number): Effect[] {
  if ((bank.peek(GBPA) & UPDATE) !== 0 || (value & UPDATE) === 0) return [];
  return [register(GBPA, value & 0x1f3f1f, 'GBPA takes its new value')];
}

/**
 * What a 32-bit write does.
 * @param offset bytes from the base of the SMMU, a multiple of 4
 * @returns effects, none when the write is ignored
 */
export function writeEffects(bank: RegisterBank, offset: number, value: number): Effect[] {
  if (offset === GBPA) return gbpaEffects(bank, value);
  const rule = BY_OFFSET.get(offset);
  if (!rule) return [];
  const at = rule.name.endsWith('Q_PROD') || rule.name.endsWith('Q_CONS') ? offsetOf(rule.name) : offset;
  const mask = rule.bits(bank);
  const before = bank.peek(at);
  const after = ((before & ~mask) | (value & mask)) >>> 0;
  const effects: Effect[] = [];
  if (after !== before) effects.push(register(at, after, `${rule.name} is written`));
  if (rule.name === 'CR0') effects.push(register(offsetOf('CR0ACK'), after, 'CR0ACK follows CR0'));
  if (rule.name === 'IRQ_CTRL')
    effects.push(register(offsetOf('IRQ_CTRLACK'), after, 'IRQ_CTRLACK follows IRQ_CTRL'));
  return effects;
}
