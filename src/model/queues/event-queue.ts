/** Writing event records: IHI 0070 7.2 and 7.4. */

import { hex } from '../../bits/u64.ts';
import type { World } from '../../bits/world.ts';
import { EVENT_BYTES } from '../../spec/events.ts';
import { GERROR_EVENTQ_ABT_ERR } from '../../spec/gerror.ts';
import { REGISTERS } from '../../spec/registers.ts';
import { offsetOf, type RegisterBank } from '../bank.ts';
import type { SparseMemory } from '../memory.ts';
import { ABORT } from '../memory.ts';
import type { Effect, Recording } from '../plan.ts';
import type { WorldState } from '../state.ts';
import { advance, entryAddress, ring } from './ring.ts';

const OVFLG = 2 ** REGISTERS.EVENTQ_PROD.layout.fields.OVFLG.lsb;

/**
 * Plans the write of one record.
 * @param stalled stall records are never lost: they wait, and never cause an overflow
 * @param effects gets what the write changes
 * @returns what becomes of the record
 */
export function writeEvent(
  bank: RegisterBank,
  memory: SparseMemory,
  state: WorldState,
  world: World,
  record: Uint32Array,
  stalled: boolean,
  effects: Effect[],
): Recording {
  if (!state.eventqEnabled) return 'disabled';
  if (state.eventqAborted) return 'aborted';
  const queue = ring(bank, 'EVENTQ', world);
  const prod = bank.lo('EVENTQ_PROD');
  if (queue.full || queue.inconsistent) {
    const overflowKnown = ((prod ^ bank.lo('EVENTQ_CONS')) & OVFLG) !== 0;
    if (!stalled && !overflowKnown) {
      const value = (prod ^ OVFLG) >>> 0;
      effects.push({
        kind: 'register',
        offset: offsetOf('EVENTQ_PROD'),
        value,
        what: 'EVENTQ_PROD.OVFLG toggles: overflow',
      });
    }
    return 'full';
  }
  const pa = entryAddress(queue, queue.prod);
  if (memory.status(pa) === ABORT || memory.status(pa + EVENT_BYTES - 4) === ABORT) {
    const value = (bank.lo('GERROR') ^ GERROR_EVENTQ_ABT_ERR) >>> 0;
    effects.push({
      kind: 'register',
      offset: offsetOf('GERROR'),
      value,
      what: `GERROR.EVENTQ_ABT_ERR toggles: the write to ${hex(pa)} aborted`,
    });
    return 'aborted';
  }
  effects.push({ kind: 'memory', space: world, pa, words: record, what: `EVENTQ[${hex(queue.prod)}]` });
  effects.push({
    kind: 'register',
    offset: offsetOf('EVENTQ_PROD'),
    value: advance(prod, queue.log2size),
    what: 'EVENTQ_PROD moves past the record',
  });
  if (queue.empty && bank.field('IRQ_CTRL', 'EVENTQ_IRQEN') === 1) {
    effects.push({ kind: 'signal', what: 'event queue interrupt: the queue is no longer empty' });
  }
  return 'written';
}
