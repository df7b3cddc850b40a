/** The only place where property tests meet the model: what it covers, and how it is asked. */

import { offsetOf } from '../../src/model/bank.ts';
import { type ChunkSource, type MemoryRange, SparseMemory } from '../../src/model/memory.ts';
import { type Operation, type Plan, type Transaction, transaction } from '../../src/model/plan.ts';
import { type CachePolicy, Smmu } from '../../src/model/smmu.ts';
import { DEFAULT_INPUT } from '../kit/oracle/attributes.ts';
import { ID_POSITIONS } from '../kit/oracle/corpus.ts';
import type { Cacheability, Machine, MemoryAttributes, Txn } from '../kit/oracle/types.ts';
import { CMDQ, EVENTQ, QUEUE_BYTES, type StageName } from './spec.ts';

/** What is held against the oracle. To be widened with the model. */
export const STAGES: readonly StageName[] = ['stage1', 'stage2', 'nested'];
export const LPAE: boolean = true;
export const HTTU: boolean = true;
/** Memory attributes of the output. */
export const ATTRIBUTES: boolean = true;
/** Atomic transactions. */
export const ATOMICS: boolean = true;

/** A machine that the model can be made of. */
export interface Modelled extends Pick<Machine, 'idr' | 'registers'> {
  readonly ram: readonly MemoryRange[];
  /** Doublewords in the order in which they came to be. */
  readonly made: readonly (readonly [pa: bigint, value: bigint])[];
  peek(pa: bigint): bigint;
}

const EVENTQ_LOG2 = 4;
export const CMDQ_LOG2 = 4;
export const COMMAND_BYTES = 16;
const CMDQEN = 8;

/** IDR1.CMDQS and EVENTQS: the oracle has no queues. */
const QUEUE_SIZES = (10 << 21) | (10 << 16);

/** Raw words of the ID registers, by index. */
function idWords(machine: Modelled): number[] {
  const words = [0, QUEUE_SIZES, 0, 0, 0, 0];
  for (const [name, [register, low]] of ID_POSITIONS) {
    words[register] = (words[register] as number) + Number(machine.idr[name] ?? 0n) * 2 ** low;
  }
  return words;
}

export function registersOf(machine: Modelled): [offset: number, value: number][] {
  const { CR0, CR2, GBPA, STRTAB_BASE, STRTAB_BASE_CFG } = machine.registers;
  const low = (value: bigint): number => Number(BigInt.asUintN(32, value));
  return [
    ...idWords(machine).map((word, i): [number, number] => [offsetOf(`IDR${i}`), word]),
    [offsetOf('AIDR'), Number(machine.idr['AIDR.ArchMinorRev'] ?? 0n)],
    [offsetOf('CR0'), low(CR0) | CMDQEN],
    [offsetOf('CR0ACK'), low(CR0) | CMDQEN],
    [offsetOf('CR2'), low(CR2)],
    [offsetOf('GBPA'), low(GBPA)],
    [offsetOf('STRTAB_BASE'), low(STRTAB_BASE)],
    [offsetOf('STRTAB_BASE') + 4, low(STRTAB_BASE >> 32n)],
    [offsetOf('STRTAB_BASE_CFG'), low(STRTAB_BASE_CFG)],
    [offsetOf('EVENTQ_BASE'), EVENTQ + EVENTQ_LOG2],
    [offsetOf('CMDQ_BASE'), CMDQ + CMDQ_LOG2],
  ];
}

/** A level of cacheability as a nibble of MAIR. */
function nibble({ policy, ra, wa, tr }: Cacheability): number {
  if (policy === 'NC') return 4;
  return (tr ? 0 : 8) | (policy === 'WB' ? 4 : 0) | (ra ? 2 : 0) | (wa ? 1 : 0);
}

/** As the model packs attributes: a byte of MAIR, shareability above it. */
export function packed({ device, inner, outer, sh }: MemoryAttributes): number {
  const type = device === null ? (nibble(outer) << 4) | nibble(inner) : device << 2;
  return (sh << 8) | type;
}

export function modelTransaction(txn: Txn): Transaction {
  return transaction({
    sid: txn.sid,
    ssid: txn.ssid ?? -1,
    vaHi: Number(txn.va >> 32n),
    vaLo: Number(txn.va & 0xffffffffn),
    write: txn.write,
    privileged: txn.privileged,
    instruction: txn.instruction,
    kind: txn.atomic ? 'atomic' : 'ordinary',
    attributes: packed(txn.attributes ?? DEFAULT_INPUT),
  });
}

/**
 * RAM of a random machine. What nobody made up is absent, not zero: a model that reads more than the oracle did ends as
 * `absent` instead of finding an invalid descriptor.
 */
export function memoryOf(machine: Modelled): SparseMemory {
  const nothing: ChunkSource = { fill: () => 0, ranges: machine.ram };
  return new SparseMemory(nothing, { ram: machine.ram });
}

/** The model of a random machine, with what the oracle has made up so far. */
export class ModelMachine {
  readonly smmu: Smmu;
  readonly memory: SparseMemory;
  readonly #machine: Modelled;
  #taken = 0;

  constructor(machine: Modelled, caches: CachePolicy = 'none', memory = memoryOf(machine)) {
    this.#machine = machine;
    this.memory = memory;
    this.smmu = new Smmu({ memory, caches });
    this.smmu.bank.load(registersOf(machine));
  }

  /** Takes what was made up, or changed by software, since. */
  refresh(): void {
    const { made } = this.#machine;
    for (; this.#taken < made.length; this.#taken++) {
      const [pa, value] = made[this.#taken] as readonly [bigint, bigint];
      const words = Uint32Array.of(Number(value & 0xffffffffn), Number(value >> 32n));
      this.memory.store(Number(pa), words, 0, 2);
    }
  }

  /** Plans a transaction; nothing is committed. */
  plan(txn: Txn): Plan {
    this.refresh();
    return this.smmu.plan({ kind: 'transaction', transaction: modelTransaction(txn) });
  }

  /** Software puts a command behind PROD and moves it. */
  enqueue(command: Uint32Array): Operation {
    const prod = this.smmu.bank.lo('CMDQ_PROD');
    this.memory.store(CMDQ + (prod % 2 ** CMDQ_LOG2) * COMMAND_BYTES, command, 0, 4);
    const value = (prod + 1) % 2 ** (CMDQ_LOG2 + 1);
    return { kind: 'register', offset: offsetOf('CMDQ_PROD'), value, valueHi: 0, bytes: 4 };
  }

  /** Runs commands to the end of the queue. */
  run(...commands: readonly Uint32Array[]): void {
    for (const command of commands) {
      this.smmu.commit(this.smmu.plan(this.enqueue(command)).effects);
      this.smmu.runCommands('ns');
    }
  }
}

/** What a plan would write beside its event record: the last value of each doubleword. */
export function updatesOf(plan: Plan, machine: Modelled): Map<bigint, bigint> {
  const updates = new Map<bigint, bigint>();
  for (const effect of plan.effects) {
    if (effect.kind !== 'memory' || (effect.pa >= EVENTQ && effect.pa < EVENTQ + QUEUE_BYTES)) continue;
    effect.words.forEach((word, i) => {
      const at = effect.pa + i * 4;
      const pa = BigInt(at - (at % 8));
      const before = updates.get(pa) ?? machine.peek(pa);
      const shift = at % 8 === 0 ? 0n : 32n;
      updates.set(pa, (before & ~(0xffffffffn << shift)) | (BigInt(word) << shift));
    });
  }
  return updates;
}
