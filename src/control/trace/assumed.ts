/**
 * Where the structures lie that a trace leaves out. Nothing of a guest lies up there: the machine of the trace has 44
 * bits of physical addresses, and RAM and devices at the bottom of them.
 */

import { offsetOf } from '../../model/bank.ts';
import type { Smmu } from '../../model/smmu.ts';
import { REGISTERS } from '../../spec/registers.ts';

const AREA = 0xff0_0000_0000;

/** PA in bytes of what is assumed. */
export const ASSUMED = {
  level1: AREA,
  /** A level-2 array for each entry of the level-1 table. */
  level2: AREA + 0x1000_0000,
  /** A CD for each ASID. */
  contexts: AREA + 0x2000_0000,
  commands: AREA + 0x3000_0000,
  events: AREA + 0x4000_0000,
} as const;

/** Whether something is assumed to lie at a PA, because the trace did not say where it lies. */
export function isAssumed(pa: number): boolean {
  return pa >= AREA;
}

/** The register offsets that the trace gives a meaning to. QEMU traces those of page 1 as if they lay in page 0. */
export const AT = {
  CR0: offsetOf('CR0'),
  CR0ACK: offsetOf('CR0ACK'),
  CR2: offsetOf('CR2'),
  IRQ_CTRL: offsetOf('IRQ_CTRL'),
  IRQ_CTRLACK: offsetOf('IRQ_CTRLACK'),
  STRTAB_BASE: offsetOf('STRTAB_BASE'),
  STRTAB_BASE_CFG: offsetOf('STRTAB_BASE_CFG'),
  CMDQ_BASE: offsetOf('CMDQ_BASE'),
  CMDQ_PROD: offsetOf('CMDQ_PROD'),
  CMDQ_CONS: offsetOf('CMDQ_CONS'),
  EVENTQ_BASE: offsetOf('EVENTQ_BASE'),
  EVENTQ_PROD: offsetOf('EVENTQ_PROD'),
  EVENTQ_CONS: offsetOf('EVENTQ_CONS'),
} as const;

const PAGE_1 = 0x10000;
const IN_PAGE_1: readonly number[] = ['EVENTQ_PROD', 'EVENTQ_CONS', 'PRIQ_PROD', 'PRIQ_CONS'].map(offsetOf);

/** The offset in the SMMU of an address that `smmuv3_read_mmio` or `smmuv3_write_mmio` names. */
export function registerOffset(traced: number): number {
  return IN_PAGE_1.includes(traced + PAGE_1) ? traced + PAGE_1 : traced;
}

/** Entries of the assumed queues: QEMU's limit, so that every index it quotes is one. */
const QUEUE_LOG2 = 19;
/** StreamID bits of the assumed stream table, and how many of them its level-2 arrays have. */
const ASSUMED_SID_BITS = 16;
const SPLIT = 8;
const TWO_LEVELS = 1;

type Word = { readonly offset: number; readonly value: number; readonly what: string };

/** Both words of a 64-bit register. */
function base(offset: number, of: keyof typeof REGISTERS, words: Uint32Array): Word[] {
  const what = `${of}, assumed`;
  return [
    { offset, value: words[0] ?? 0, what },
    { offset: offset + 4, value: words[1] ?? 0, what },
  ];
}

/**
 * The registers that a running SMMU must have and that the trace has not shown: queues and translation enabled, a
 * two-level stream table, faults recorded.
 * @param known offsets of registers that the trace has shown
 */
export function assumedRegisters(smmu: Smmu, known: ReadonlySet<number>): Word[] {
  const words: Word[] = [];
  const { CR0, CR2, STRTAB_BASE_CFG, STRTAB_BASE, CMDQ_BASE, EVENTQ_BASE } = REGISTERS;
  if (!known.has(AT.STRTAB_BASE) && !known.has(AT.STRTAB_BASE_CFG)) {
    const table = new Uint32Array(2);
    STRTAB_BASE.layout.fields.ADDR.set(table, 0, ASSUMED.level1);
    words.push(...base(AT.STRTAB_BASE, 'STRTAB_BASE', table));
    const cfg = new Uint32Array(1);
    STRTAB_BASE_CFG.layout.fields.LOG2SIZE.set(cfg, 0, ASSUMED_SID_BITS);
    STRTAB_BASE_CFG.layout.fields.SPLIT.set(cfg, 0, SPLIT);
    STRTAB_BASE_CFG.layout.fields.FMT.set(cfg, 0, TWO_LEVELS);
    words.push({ offset: AT.STRTAB_BASE_CFG, value: cfg[0] ?? 0, what: 'STRTAB_BASE_CFG, assumed' });
  }
  if (!known.has(AT.CMDQ_BASE)) {
    const queue = new Uint32Array(2);
    CMDQ_BASE.layout.fields.ADDR.set(queue, 0, ASSUMED.commands);
    CMDQ_BASE.layout.fields.LOG2SIZE.set(queue, 0, QUEUE_LOG2);
    words.push(...base(AT.CMDQ_BASE, 'CMDQ_BASE', queue));
  }
  if (!known.has(AT.EVENTQ_BASE)) {
    const queue = new Uint32Array(2);
    EVENTQ_BASE.layout.fields.ADDR.set(queue, 0, ASSUMED.events);
    EVENTQ_BASE.layout.fields.LOG2SIZE.set(queue, 0, QUEUE_LOG2);
    words.push(...base(AT.EVENTQ_BASE, 'EVENTQ_BASE', queue));
  }
  if (!known.has(AT.CR2)) {
    const value = Uint32Array.of(smmu.bank.peek(AT.CR2));
    CR2.layout.fields.RECINVSID.set(value, 0, 1);
    words.push({ offset: AT.CR2, value: value[0] ?? 0, what: 'CR2, assumed' });
  }
  if (!known.has(AT.CR0)) {
    const value = Uint32Array.of(smmu.bank.peek(AT.CR0));
    for (const field of ['SMMUEN', 'EVENTQEN', 'CMDQEN'] as const) CR0.layout.fields[field].set(value, 0, 1);
    words.push({ offset: AT.CR0, value: value[0] ?? 0, what: 'CR0, assumed' });
    words.push({ offset: AT.CR0ACK, value: value[0] ?? 0, what: 'CR0ACK, assumed' });
  }
  return words.filter(({ offset, value }) => smmu.bank.peek(offset) !== value);
}
