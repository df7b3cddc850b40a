/** Writing event records: IHI 0070 7.2 and 7.4. */

import { hex } from '../../bits/u64.ts';
import { EVENT_BYTES } from '../../spec/events.ts';
import { GERROR_EVENTQ_ABT_ERR } from '../../spec/gerror.ts';
import { REGISTERS, WORLD_PREFIX } from '../../spec/registers.ts';
import { offsetOf } from '../bank.ts';
import { judgeWrite } from '../gpc/own-write.ts';
import { interruptEventq, raiseGerror, registerAfter, type Signals } from '../interrupts.ts';
import type { Recording } from '../plan.ts';
import { advance, entryAddress, ring, withIndices } from './ring.ts';
import { queueSpace } from './world-queues.ts';

const OVFLG = 2 ** REGISTERS.EVENTQ_PROD.layout.fields.OVFLG.lsb;
const EVENTQEN = 2 ** REGISTERS.CR0.layout.fields.EVENTQEN.lsb;

/**
 * Plans the write of one record.
 * @param stalled stall records are never lost: they wait until the queue can be written, and never cause an overflow
 * @returns what becomes of the record
 */
export function writeEvent(on: Signals, record: Uint32Array, stalled: boolean): Recording {
  const became = tryToWrite(on, record, stalled);
  return !stalled || became === 'written' || became === 'none' ? became : 'waiting';
}

/** Writes a record if the queue is writable (7.2.1); no overflow for a stall record. */
function tryToWrite(on: Signals, record: Uint32Array, stalled: boolean): Recording {
  const { machine, world, effects } = on;
  // The queues are accessed no more (12.3).
  if (machine.failure.active) return 'none';
  if ((registerAfter(on, 'CR0') & EVENTQEN) === 0) return 'disabled';
  if (((registerAfter(on, 'GERROR') ^ registerAfter(on, 'GERRORN')) & GERROR_EVENTQ_ABT_ERR) !== 0)
    return 'aborted';
  const name = `${WORLD_PREFIX[world]}EVENTQ_PROD`;
  const prod = registerAfter(on, 'EVENTQ_PROD');
  const cons = registerAfter(on, 'EVENTQ_CONS');
  const queue = withIndices(ring(machine.bank, 'EVENTQ', world), prod, cons);
  if (queue.full || queue.inconsistent) {
    if (!stalled && ((prod ^ cons) & OVFLG) === 0) {
      const value = (prod ^ OVFLG) >>> 0;
      effects.push({
        kind: 'register',
        offset: offsetOf(name),
        value,
        what: `${name}.OVFLG toggles: overflow`,
      });
    }
    return 'full';
  }
  const space = queueSpace(machine.state(world).rulesOff, world);
  const pa = entryAddress(queue, queue.prod);
  const fate = judgeWrite(machine, space, pa, EVENT_BYTES);
  if (fate === 'unknown') return 'unknown';
  if (fate === 'aborts') {
    raiseGerror(on, 'EVENTQ_ABT_ERR', `the write to ${hex(pa)} aborted`);
    return 'aborted';
  }
  effects.push({ kind: 'memory', space, pa, words: record, what: `EVENTQ[${hex(queue.prod)}]` });
  effects.push({
    kind: 'register',
    offset: offsetOf(name),
    value: advance(prod, queue.log2size),
    what: `${name} moves past the record`,
  });
  if (queue.empty) interruptEventq(on);
  return 'written';
}
