/** The circular queues: IHI 0070 3.5.1 (indices and wrap bits) and 6.3 (their registers). */

import type { World } from '../../bits/world.ts';
import { QUEUE_ALIGN_MIN, QUEUES } from '../../spec/queues.ts';
import { WORLD_PREFIX } from '../../spec/registers.ts';
import { ADDRESS_BITS } from '../../spec/translation.ts';
import type { RegisterBank } from '../bank.ts';

export type QueueName = 'CMDQ' | 'EVENTQ' | 'PRIQ';

/** Names of the registers and fields that describe a queue. */
interface RingNames {
  readonly base: string;
  readonly prod: string;
  readonly cons: string;
  readonly cr0: string;
  readonly enable: string;
}

function namesOf(name: QueueName, world: World): RingNames {
  const prefix = WORLD_PREFIX[world];
  return {
    base: `${prefix}${name}_BASE`,
    prod: `${prefix}${name}_PROD`,
    cons: `${prefix}${name}_CONS`,
    cr0: `${prefix}CR0`,
    enable: `${name}EN`,
  };
}

function byQueue(world: World): Readonly<Record<QueueName, RingNames>> {
  return { CMDQ: namesOf('CMDQ', world), EVENTQ: namesOf('EVENTQ', world), PRIQ: namesOf('PRIQ', world) };
}

const NAMES: Readonly<Record<World, Readonly<Record<QueueName, RingNames>>>> = {
  ns: byQueue('ns'),
  s: byQueue('s'),
  realm: byQueue('realm'),
  root: byQueue('root'),
};

/** A queue as its registers describe it. Indices are without the wrap bit. */
export interface Ring {
  readonly name: QueueName;
  readonly world: World;
  /** PA in bytes, aligned down to the queue's size as the hardware does. */
  readonly base: number;
  readonly log2size: number;
  readonly entryBytes: number;
  readonly prod: number;
  readonly cons: number;
  readonly prodWrap: number;
  readonly consWrap: number;
  /** Entries between CONS and PROD. */
  readonly used: number;
  readonly empty: boolean;
  readonly full: boolean;
  readonly enabled: boolean;
  /** The indices are further apart than the queue is long: software's mistake, results are UNPREDICTABLE. */
  readonly inconsistent: boolean;
}

/** A PA that a register holds is cut to OAS (3.4.3), which is 32 bits at least. */
function withinOas(bank: RegisterBank, pa: number): number {
  return pa < 2 ** 32 ? pa : pa % 2 ** (ADDRESS_BITS[bank.field('IDR5', 'OAS')] ?? 32);
}

/** A LOG2SIZE above the implemented maximum acts as the maximum (6.3.26). */
export function cappedLog2size(bank: RegisterBank, name: QueueName, programmed: number): number {
  return Math.min(programmed, bank.field('IDR1', `${name}S`));
}

/** The base that counts: aligned down to the size of the queue, 32 bytes at least, and cut to OAS. PA in bytes. */
export function alignedBase(bank: RegisterBank, base: number, entryBytes: number, log2size: number): number {
  const bytes = Math.max(QUEUE_ALIGN_MIN, entryBytes * 2 ** log2size);
  return withinOas(bank, Math.floor(base / bytes) * bytes);
}

/** Reads a queue's registers. */
export function ring(bank: RegisterBank, name: QueueName, world: World): Ring {
  const names = NAMES[world][name];
  const log2size = cappedLog2size(bank, name, bank.field(names.base, 'LOG2SIZE'));
  const entryBytes = QUEUES[name].entryBytes;
  const empty: Ring = {
    name,
    world,
    base: alignedBase(bank, bank.field(names.base, 'ADDR'), entryBytes, log2size),
    log2size,
    entryBytes,
    enabled: bank.field(names.cr0, names.enable) === 1,
    ...indices(log2size, 0, 0),
  };
  return withIndices(empty, bank.lo(names.prod), bank.lo(names.cons));
}

/** The same queue with other index registers. */
export function withIndices(of: Ring, prod: number, cons: number): Ring {
  return { ...of, ...indices(of.log2size, prod, cons) };
}

/** What index registers say of a queue (3.5.1). */
export type Indices = Pick<
  Ring,
  'prod' | 'cons' | 'prodWrap' | 'consWrap' | 'used' | 'empty' | 'full' | 'inconsistent'
>;

/** Decodes index registers; bits above the wrap bit do not matter. */
export function indices(log2size: number, prodWord: number, consWord: number): Indices {
  const entries = 2 ** log2size;
  const mask = 2 * entries - 1;
  const prod = prodWord & mask;
  const cons = consWord & mask;
  const used = (prod - cons) & mask;
  return {
    prod: prod & (entries - 1),
    cons: cons & (entries - 1),
    prodWrap: prod >>> log2size,
    consWrap: cons >>> log2size,
    used,
    empty: prod === cons,
    full: used === entries,
    inconsistent: used > entries,
  };
}

/** PA of an entry, in bytes. */
export function entryAddress(of: Ring, index: number): number {
  return of.base + index * of.entryBytes;
}

/** An index register's next value: one entry on, wrap bit included; other bits (ERR, OVFLG) stay. */
export function advance(register: number, log2size: number): number {
  const mask = 2 ** (log2size + 1) - 1;
  return ((register & ~mask) | ((register + 1) & mask)) >>> 0;
}
