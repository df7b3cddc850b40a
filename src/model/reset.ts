/** An SMMU out of reset: IHI 0070 3.11 and the reset values of 6.3. */

import { type Field, maskOf } from '../bits/layout.ts';
import { ID_REGISTERS } from '../spec/features.ts';
import { REGISTER_LIST, REGISTERS, type Register } from '../spec/registers.ts';
import type { QueueMachine } from './machine.ts';
import { copyOf, offsetOf } from './places.ts';
import type { Effect } from './plan.ts';
import { ecmdqCount, ecmdqPlaces } from './queues/ecmdq.ts';
import { leaveEffects } from './service-failure.ts';
import { terminateAll } from './stalls.ts';

/** What an implementation chooses. Everything UNKNOWN is 0. */
export interface ResetOptions {
  /** GBPA and S_GBPA reset to a state that aborts all traffic (6.3.14). Default: they let it bypass. */
  readonly abort?: boolean;
}

const CR1 = REGISTERS.CR1.layout.fields;
const TABLE_BITS = maskOf(CR1.TABLE_IC) | maskOf(CR1.TABLE_OC) | maskOf(CR1.TABLE_SH);
const QUEUE_BITS = maskOf(CR1.QUEUE_IC) | maskOf(CR1.QUEUE_OC) | maskOf(CR1.QUEUE_SH);

const IDS: ReadonlySet<string> = new Set(ID_REGISTERS);

/** Registers that hold what the implementation is, or what the system has placed. */
function isConstant(machine: QueueMachine, register: Register): boolean {
  if (IDS.has(register.short)) return true;
  if (register.short.includes('CMDQ_CONTROL_PAGE') || register.short === 'ID_REGS') return true;
  if (/^PMCG_(CFGR|CEID[01]|IIDR|AIDR|(S_)?MPAMIDR)$/.test(register.short)) return true;
  const { bank } = machine;
  if (/^(S_|R_)?STRTAB_BASE(_CFG)?$/.test(register.short)) return bank.field('IDR1', 'TABLES_PRESET') === 1;
  if (/^(S_|R_)?(CMDQ|EVENTQ)_BASE$/.test(register.short)) return bank.field('IDR1', 'QUEUES_PRESET') === 1;
  return false;
}

/** Bits [31:0] that a register has after reset, where that is not 0: some it keeps, some are set. */
function afterReset({ bank }: QueueMachine, short: string, before: number, options: ResetOptions): number {
  const { PMCG_ROOTCR, PMCG_SCR, PMCG_CFGR, GBPA, R_GBPA, R_CR0 } = REGISTERS;
  const realm = bank.field('ROOT_IDR0', 'REALM_IMPL') === 1;
  const kept = (...fields: readonly Field[]): number =>
    fields.reduce((bits, field) => bits | (before & maskOf(field)), 0) >>> 0;
  switch (short) {
    case 'CR1':
    case 'S_CR1':
    case 'R_CR1':
      return (
        (bank.field('IDR1', 'TABLES_PRESET') === 1 ? before & TABLE_BITS : 0) |
        (bank.field('IDR1', 'QUEUES_PRESET') === 1 ? before & QUEUE_BITS : 0)
      );
    case 'S_GBPA':
      return options.abort && bank.field('S_IDR1', 'SECURE_IMPL') === 1
        ? maskOf(GBPA.layout.fields.ABORT)
        : 0;
    case 'GBPA':
      return options.abort ? maskOf(GBPA.layout.fields.ABORT) : 0;
    // RES1 in Realm state (6.2.8).
    case 'R_GBPA':
      return realm ? maskOf(R_GBPA.layout.fields.ABORT) : 0;
    case 'R_CR0':
    case 'R_CR0ACK':
      // So is this one, where there is ATS (6.3.128).
      return realm && bank.field('R_IDR0', 'ATS') === 1 ? maskOf(R_CR0.layout.fields.ATSCHK) : 0;
    case 'ROOT_GPT_BASE_CFG':
      return kept(REGISTERS.ROOT_GPT_BASE_CFG.layout.fields.L0GPTSZ);
    case 'PMCG_ROOTCR': {
      const { ROOTCR_IMPL, NAO } = PMCG_ROOTCR.layout.fields;
      return kept(ROOTCR_IMPL) === 0 ? 0 : (maskOf(ROOTCR_IMPL) | maskOf(NAO)) >>> 0;
    }
    case 'PMCG_SCR': {
      const { READS_AS_ONE, NSMSI, NSRA } = PMCG_SCR.layout.fields;
      const msi = (bank.lo('PMCG_CFGR') & maskOf(PMCG_CFGR.layout.fields.MSI)) !== 0;
      const set = maskOf(READS_AS_ONE) | maskOf(NSRA) | (msi ? maskOf(NSMSI) : 0);
      return kept(READS_AS_ONE) === 0 ? 0 : set >>> 0;
    }
    default:
      return 0;
  }
}

/** Where a register's words are: of an array or a copied block each. */
function placesOf(machine: QueueMachine, register: Register): number[] {
  const { bank } = machine;
  const first = offsetOf(register.short);
  if (register.block === 'CMDQCP') {
    return (['ns', 's', 'realm'] as const).flatMap((world) =>
      Array.from({ length: ecmdqCount(bank, world) }, (_, number) => {
        const base = ecmdqPlaces(bank, world, number)?.base ?? first;
        return base + register.offset;
      }),
    );
  }
  const { count, stride } = register.array ?? { count: 1, stride: 0 };
  const copies = register.block === 'PMCG' ? bank.counterGroups : 1;
  const places: number[] = [];
  for (let copy = 0; copy < copies; copy++) {
    const start = copy === 0 ? first : first - copyOf('PMCG', 0) + copyOf('PMCG', copy);
    for (let i = 0; i < count; i++) places.push(start + i * (stride ?? 0));
  }
  return places;
}

/**
 * What a reset does to registers, stalled transactions and service failure mode. The state of caches is IMPLEMENTATION
 * SPECIFIC: they keep what they hold, so software that forgets to invalidate is found out (3.11).
 */
export function resetEffects(machine: QueueMachine, options: ResetOptions): Effect[] {
  const effects: Effect[] = leaveEffects(machine.failure);
  for (const world of ['ns', 's', 'realm'] as const)
    effects.push(...terminateAll(machine.traffic.stalls, world));
  for (const register of REGISTER_LIST) {
    if (isConstant(machine, register)) continue;
    for (const place of placesOf(machine, register)) {
      for (let word = 0; word < register.width / 32; word++) {
        const before = machine.bank.peek(place + word * 4);
        const value = word === 0 ? afterReset(machine, register.short, before, options) : 0;
        if (before === value) continue;
        const what = `${register.short} is reset`;
        effects.push({ kind: 'register', offset: place + word * 4, value, what });
      }
    }
  }
  return effects;
}
