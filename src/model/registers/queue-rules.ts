/** Index registers of queues, and the enhanced command queues: IHI 0070 3.5, 6.3.27, 6.3.96, 6.3.107 to 6.3.109. */

import type { QueueWorld } from '../../spec/commands.ts';
import { REGISTERS } from '../../spec/registers.ts';
import { offsetOf, type RegisterBank } from '../bank.ts';
import { controlPageOf } from '../places.ts';
import {
  controlPages,
  ECMDQ_ENABLE,
  ECMDQ_ERROR,
  type EcmdqPlaces,
  ecmdqCount,
  ecmdqPlaces,
} from '../queues/ecmdq.ts';
import { cappedLog2size, indices, ring } from '../queues/ring.ts';
import { type Rule, store, type WordWrite } from './word-write.ts';

const { CMDQEN } = REGISTERS.CR0.layout.fields;
const { LOG2SIZE } = REGISTERS.ECMDQ_BASEn.layout.fields;
const CMDQ_ERR = 2 ** REGISTERS.GERROR.layout.fields.CMDQ_ERR.lsb;

/** What is wrong with new indices, in words: software's mistakes that make the queue UNPREDICTABLE. */
function producerRemark(
  name: string,
  log2size: number,
  words: { readonly before: number; readonly value: number; readonly cons: number },
  running: boolean,
): string | null {
  const now = indices(log2size, words.value, words.cons);
  if (now.inconsistent) {
    return `${name}: PROD is ${now.used} entries ahead of CONS in a queue of ${2 ** log2size}; what is consumed is CONSTRAINED UNPREDICTABLE (3.5.1)`;
  }
  const before = indices(log2size, words.before, words.cons);
  return running && now.used < before.used
    ? `${name} moves back over commands that were submitted, which is allowed only while an error stops the queue (7.1)`
    : null;
}

/** CMDQ_PROD: always writable. */
export const CMDQ_PROD_RULE: Rule = {
  after: (w, value) => {
    const { log2size } = ring(w.bank, 'CMDQ', w.on.world);
    const cons = w.bank.peek(offsetOf(`${w.prefix}CMDQ_CONS`));
    const gerror = w.bank.peek(offsetOf(`${w.prefix}GERROR`)) ^ w.bank.peek(offsetOf(`${w.prefix}GERRORN`));
    const enabled = ((w.bank.peek(offsetOf(`${w.prefix}CR0`)) >>> CMDQEN.lsb) & 1) === 1;
    const running = enabled && (gerror & CMDQ_ERR) === 0;
    const remark = producerRemark(w.at.register.short, log2size, { before: w.before, value, cons }, running);
    if (remark !== null) w.remarks.push(remark);
  },
};

/** EVENTQ_CONS: stalled transactions whose records wait go on by it, see `retry.ts`. */
export const EVENTQ_CONS_RULE: Rule = {
  after: (w, value) => {
    const { log2size } = ring(w.bank, 'EVENTQ', w.on.world);
    const prod = w.bank.peek(offsetOf(`${w.prefix}EVENTQ_PROD`));
    const { inconsistent, used } = indices(log2size, prod, value);
    if (inconsistent) {
      w.remarks.push(
        `EVENTQ_CONS: PROD is ${used} entries ahead of CONS in a queue of ${2 ** log2size}; the queue counts as full (3.5.1)`,
      );
    }
  },
};

/** Number of the enhanced queue whose register is written, and its places. */
function placesOf(w: WordWrite): EcmdqPlaces {
  const { bank, at } = w;
  const { world, page } = controlPageOf(at.copy);
  const places = ecmdqPlaces(bank, world, page * controlPages(bank, world).queues + at.index);
  return places ?? { base: at.place, prod: at.place, cons: at.place };
}

function enableState(w: WordWrite): {
  readonly prod: number;
  readonly cons: number;
  readonly log2size: number;
} {
  const places = placesOf(w);
  const base = Uint32Array.of(w.bank.peek(places.base));
  return {
    prod: w.bank.peek(places.prod),
    cons: w.bank.peek(places.cons),
    log2size: cappedLog2size(w.bank, 'CMDQ', LOG2SIZE.get(base, 0)),
  };
}

/** BASE and CONS of an enhanced queue are software's while the queue is disabled. */
const disabled: NonNullable<Rule['guard']> = (w) => {
  const { prod, cons } = enableState(w);
  return ((prod | cons) & ECMDQ_ENABLE) === 0
    ? null
    : 'ECMDQ_PROD.EN or ECMDQ_CONS.ENACK is 1 and guards it (3.5.6.2)';
};

export const ECMDQ_BASE_RULE: Rule = { guard: disabled };

/** ENACK is the SMMU's own. */
export const ECMDQ_CONS_RULE: Rule = {
  guard: disabled,
  bits: ({ bits }) => (bits & ~ECMDQ_ENABLE) >>> 0,
};

/** ECMDQ_PROD enables, acknowledges errors and submits; an enable is acknowledged at once (3.5.6.2). */
export const ECMDQ_PROD_RULE: Rule = {
  guard: (w) => {
    const { prod, cons } = enableState(w);
    return ((prod ^ cons) & ECMDQ_ENABLE) === 0
      ? null
      : 'ECMDQ_PROD.EN is not acknowledged in ECMDQ_CONS.ENACK yet (6.3.108)';
  },
  write: (w) => {
    const { prod, cons, log2size } = enableState(w);
    const value = (w.value & w.bits) >>> 0;
    const acked = ((cons & ~ECMDQ_ENABLE) | (value & ECMDQ_ENABLE)) >>> 0;
    store(w, value);
    store(w, acked, placesOf(w).cons, 'ECMDQ_CONS.ENACK follows ECMDQ_PROD.EN');
    const enabled = (value & ECMDQ_ENABLE) !== 0;
    const stopped = ((value ^ cons) & ECMDQ_ERROR) !== 0;
    const wasStopped = ((prod ^ cons) & ECMDQ_ERROR) !== 0;
    if (enabled && stopped && (!wasStopped || (prod & ECMDQ_ENABLE) === 0)) {
      w.remarks.push(
        'ECMDQ_PROD.ERRACK is not equal to ECMDQ_CONS.ERR without an error: whether commands are consumed is CONSTRAINED UNPREDICTABLE (3.5.6.3), here they are not',
      );
    }
    const running = enabled && (prod & ECMDQ_ENABLE) !== 0 && !wasStopped;
    const remark = producerRemark('ECMDQ_PROD', log2size, { before: prod, value, cons }, running);
    if (enabled && remark !== null) w.remarks.push(remark);
  },
};

/** Whether any enhanced queue of a state is enabled: it uses the attributes of queue accesses in CR1 (3.5.6.1). */
export function anyEcmdqEnabled(bank: RegisterBank, world: QueueWorld): boolean {
  const count = ecmdqCount(bank, world);
  for (let number = 0; number < count; number++) {
    const places = ecmdqPlaces(bank, world, number);
    if (places && ((bank.peek(places.prod) | bank.peek(places.cons)) & ECMDQ_ENABLE) !== 0) return true;
  }
  return false;
}
