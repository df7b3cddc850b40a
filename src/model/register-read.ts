/** What software reads from a register: IHI 0070 6.2 and 6.3. */

import { WORLDS } from '../bits/world.ts';
import { REGISTERS } from '../spec/registers.ts';
import type { QueueMachine } from './machine.ts';
import { illegalAccess, type RegisterAccess } from './register-write.ts';
import { nothingAt, unreachable, wordReached } from './registers/access.ts';
import { counterPlace, KEPT_ELSEWHERE } from './registers/counters.ts';

/** What a read gives. */
export interface RegisterValue {
  /** Bits [31:0]. */
  readonly value: number;
  /** Bits [63:32] of a 64-bit access, otherwise 0. */
  readonly valueHi: number;
  /** Why it reads zero, where that is not what the register holds. */
  readonly remarks: readonly string[];
}

const { STALL_MODEL } = REGISTERS.IDR0.layout.fields;
const DORMANT = 2 ** REGISTERS.STATUSR.layout.fields.DORMANT.lsb;

/** Reads 4 or 8 bytes; RAZ where the access may not read or nothing is there. */
export function readRegister(machine: QueueMachine, access: RegisterAccess): RegisterValue {
  const remarks: string[] = [];
  const illegal = illegalAccess(access);
  if (illegal !== null) return { value: 0, valueHi: 0, remarks: [illegal] };
  const value = readWord(machine, access, access.offset, remarks);
  const valueHi = access.bytes === 8 ? readWord(machine, access, access.offset + 4, remarks) : 0;
  return { value, valueHi, remarks };
}

function readWord(machine: QueueMachine, access: RegisterAccess, offset: number, remarks: string[]): number {
  const { bank } = machine;
  const at = wordReached(machine, offset, access.world);
  if (at === null) {
    remarks.push(nothingAt(offset));
    return 0;
  }
  const { register } = at;
  const refused = unreachable(machine, at, access.world);
  if (refused !== null) {
    remarks.push(refused);
    return 0;
  }
  if (register.access === 'WO') return 0;
  if (register === REGISTERS.STATUSR) return statusOf(machine);
  if (register === REGISTERS.IDR0) return withStallModel(machine, bank.peek(at.place));
  const keeper = Object.hasOwn(KEPT_ELSEWHERE, register.short) ? KEPT_ELSEWHERE[register.short] : undefined;
  return bank.peek(keeper === undefined ? at.place : counterPlace(keeper, at.copy) + at.word * 4);
}

/** DORMANT: nothing is cached, and this SMMU prefetches nothing (6.3.13, 3.19.1). */
function statusOf(machine: QueueMachine): number {
  if (machine.bank.field('IDR0', 'DORMHINT') === 0) return 0;
  const { config, tlb, partial, walks, structures, dpt, partidMaps } = machine;
  const sizes = [config, tlb, partial, walks, structures].map((cache) => cache.size);
  const others = [...WORLDS.flatMap((world) => dpt.entries(world)), ...partidMaps.entries()];
  return sizes.every((size) => size === 0) && others.length === 0 ? DORMANT : 0;
}

const word = new Uint32Array(1);

/** S_CR0.NSSTALLD shows in IDR0: software sees the STALL_MODEL that its streams meet (6.3.57). */
function withStallModel(machine: QueueMachine, idr0: number): number {
  word[0] = idr0;
  STALL_MODEL.set(word, 0, machine.state('ns').stallModel);
  return word[0] as number;
}
