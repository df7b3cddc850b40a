/** Writes with a handshake: IHI 0070 6.3.9 (CR0), 6.3.14 (GBPA), 6.3.16 (IRQ_CTRL), 6.3.20 (GERRORN). */

import { maskOf } from '../../bits/layout.ts';
import { hex } from '../../bits/u64.ts';
import { REGISTERS } from '../../spec/registers.ts';
import { offsetOf } from '../bank.ts';
import { tellOfRegister } from '../notifiers/causes.ts';
import { fieldNames } from './access.ts';
import { abandonAtos } from './atos.ts';
import { type Rule, store, type WordWrite } from './word-write.ts';

const CR0 = REGISTERS.CR0.layout.fields;
const SMMUEN = 2 ** CR0.SMMUEN.lsb;
const UPDATE = 2 ** REGISTERS.GBPA.layout.fields.Update.lsb;

/**
 * A register whose fields are acknowledged in another: this SMMU does so at once. A field whose last change is not
 * acknowledged yet must not be changed again; if it is, the new value is ignored and the first one takes effect
 * (CONSTRAINED UNPREDICTABLE, 6.3.9).
 * @param fixed bits that no write changes
 * @returns the rule
 */
function acknowledged(
  stem: string,
  after?: (w: WordWrite, value: number, acked: number) => void,
  fixed: (w: WordWrite) => number = () => 0,
): Rule {
  return {
    write: (w) => {
      const { before, prefix, at } = w;
      const bits = (w.bits & ~fixed(w)) >>> 0;
      const ack = offsetOf(`${prefix}${stem}ACK`);
      const acked = w.bank.peek(ack);
      const pending = (before ^ acked) & bits;
      const value = ((before & (~bits | pending)) | (w.value & bits & ~pending)) >>> 0;
      const ignored = pending & (w.value ^ before);
      store(w, value);
      const name = at.register.short;
      store(w, (value & w.bits) >>> 0, ack, `${name}ACK follows ${name}`);
      if (ignored !== 0) {
        w.remarks.push(
          `${fieldNames(at, ignored)} changes again before ${name}ACK shows the last change: the new value is ignored (CONSTRAINED UNPREDICTABLE, 6.3.9)`,
        );
      }
      after?.(w, value, acked);
    },
  };
}

/** What follows when enables of CR0 change; only then are they asked. */
function enablesChange(w: WordWrite, value: number, acked: number): void {
  const wasOn = w.before & acked;
  const wasOff = ~(w.before | acked);
  if ((value & SMMUEN) === 0 && (wasOff & SMMUEN) === 0) translationEnds(w);
  // RUN that was set while translation was off is cleared (6.3.37).
  if ((value & SMMUEN) !== 0 && (wasOn & SMMUEN) === 0) abandonAtos(w, false);
}

/** CR0.SMMUEN goes to 0: stalls end, their records with them, and operations under way (6.3.9.6). */
function translationEnds(w: WordWrite): void {
  const { machine, world, effects, recorder } = w.on;
  machine.hooks.smmuDisabled?.(world, effects, recorder);
  tellOfRegister(w.on, `${w.at.register.short}.SMMUEN=0`, world);
  abandonAtos(w, true);
}

/** R_CR0.ATSCHK is RES1 (6.3.128), and S_CR0.NSSTALLD RES0 where Secure streams have no choice to stall (6.3.57). */
function fixedInCr0({ bank, on }: WordWrite): number {
  if (on.world === 'realm') return maskOf(REGISTERS.R_CR0.layout.fields.ATSCHK);
  return on.world === 's' && bank.field('S_IDR0', 'STALL_MODEL') !== 0
    ? maskOf(REGISTERS.S_CR0.layout.fields.NSSTALLD)
    : 0;
}

/** CR0 of a world. */
export const CR0_RULE = acknowledged('CR0', enablesChange, fixedInCr0);
/** IRQ_CTRL of a world. */
export const IRQ_CTRL_RULE = acknowledged('IRQ_CTRL');

/**
 * A register that counts once it is written with Update=1; Update reads 0 again when it does, here at once (6.3.14.1).
 * @param narrowed the bits that exist, where that depends on more than features
 */
export function updated(
  narrowed?: (w: WordWrite) => number,
  after?: (w: WordWrite, value: number) => void,
): Rule {
  return {
    guard: ({ before, value, at: { register } }) => {
      if ((before & UPDATE) !== 0) return `${register.short}.Update=1: the last update is under way`;
      return (value & UPDATE) === 0 ? 'it takes new values only together with Update=1' : null;
    },
    write: (w) => {
      const bits = ((narrowed?.(w) ?? 0xffffffff) & w.bits & ~UPDATE) >>> 0;
      const value = (w.value & bits) >>> 0;
      store(w, value, w.at.place, `${w.at.register.short} takes its new value`);
      after?.(w, value);
    },
  };
}

/** GBPA of a world: other traffic passes while SMMUEN=0, and notifiers might be told. */
export const GBPA_RULE = updated(undefined, (w, value) => {
  if (value !== w.before) tellOfRegister(w.on, w.at.register.short, w.on.world);
});

/** GERRORN: acknowledging errors lets queues go on. */
export const GERRORN_RULE: Rule = {
  after: (w, value) => {
    const toggled = (w.before ^ value) >>> 0;
    const active = w.before ^ w.bank.peek(offsetOf(`${w.prefix}GERROR`));
    const wrong = (toggled & ~active) >>> 0;
    if (wrong !== 0) {
      w.remarks.push(
        `${w.at.register.short}: ${fieldNames(w.at, wrong)} (${hex(wrong)}) toggles though no such error is active; whether one becomes active is CONSTRAINED UNPREDICTABLE (6.3.20), here it does`,
      );
    }
  },
};
