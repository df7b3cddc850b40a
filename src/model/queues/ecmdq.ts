/** Enhanced command queues: IHI 0070 3.5.6. Their registers lie in control pages, 16 bytes a queue, spread evenly. */

import type { World } from '../../bits/world.ts';
import type { QueueWorld } from '../../spec/commands.ts';
import { BLOCKS, REGISTERS } from '../../spec/registers.ts';
import type { RegisterBank } from '../bank.ts';
import { CONTROL, controlPageAt } from '../places.ts';

const { EN, ERRACK } = REGISTERS.ECMDQ_PRODn.layout.fields;
const PAGE_BYTES = BLOCKS.CMDQCP.bytes;

/** Byte offsets within a queue's 16 bytes. */
const PROD = REGISTERS.ECMDQ_PRODn.offset;
const CONS = REGISTERS.ECMDQ_CONSn.offset;

/** EN of PROD, and ENACK at the same bit of CONS. */
export const ECMDQ_ENABLE = 2 ** EN.lsb;
/** ERRACK of PROD, and ERR at the same bit of CONS. */
export const ECMDQ_ERROR = 2 ** ERRACK.lsb;

/** The control pages that a Security state has, and the queues in each. */
export function controlPages(
  bank: RegisterBank,
  world: QueueWorld,
): { readonly pages: number; readonly queues: number } {
  const { needs, ids } = CONTROL[world];
  if (needs.some(([register, field]) => bank.field(register, field) === 0)) return { pages: 0, queues: 0 };
  // Both are 8 at most (6.3.45).
  const log2 = (field: string): number => Math.min(bank.field(ids, field), 8);
  return {
    pages: 2 ** log2('CMDQ_CONTROL_PAGE_LOG2NUMP'),
    queues: 2 ** log2('CMDQ_CONTROL_PAGE_LOG2NUMQ'),
  };
}

/** How many enhanced command queues a Security state has; Root has none. */
export function ecmdqCount(bank: RegisterBank, world: World): number {
  if (world === 'root') return 0;
  const { pages, queues } = controlPages(bank, world);
  return pages * queues;
}

/** Bytes between the queues of a control page. */
export function ecmdqStride(bank: RegisterBank, world: QueueWorld): number {
  const { queues } = controlPages(bank, world);
  return queues === 0 ? PAGE_BYTES : PAGE_BYTES / queues;
}

/** Places of a queue's registers. */
export interface EcmdqPlaces {
  readonly base: number;
  readonly prod: number;
  readonly cons: number;
}

/**
 * Places of the registers of one queue.
 * @param number counted through all control pages of the state
 * @returns null when there is no such queue
 */
export function ecmdqPlaces(bank: RegisterBank, world: QueueWorld, number: number): EcmdqPlaces | null {
  const { pages, queues } = controlPages(bank, world);
  if (!Number.isInteger(number) || number < 0 || number >= pages * queues) return null;
  const base = controlPageAt(world, Math.floor(number / queues)) + (number % queues) * (PAGE_BYTES / queues);
  return { base, prod: base + PROD, cons: base + CONS };
}

/** Why an enhanced queue consumes nothing whatever its indices say, or null (3.5.6.2, 3.5.6.3). */
export function ecmdqStopped(prod: number, cons: number): string | null {
  if ((prod & cons & ECMDQ_ENABLE) === 0)
    return 'is disabled (ECMDQ_PROD.EN and ECMDQ_CONS.ENACK are not both 1)';
  return ((prod ^ cons) & ECMDQ_ERROR) === 0
    ? null
    : 'stopped by an error: write ECMDQ_PROD.ERRACK to equal ERR';
}
