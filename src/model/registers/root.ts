/** Writes of Root registers: IHI 0070 6.3.112 to 6.3.121. By their whole names. */

import { maskOf } from '../../bits/layout.ts';
import { REGISTERS } from '../../spec/registers.ts';
import { offsetOf } from '../bank.ts';
import {
  EVERYTHING,
  type GptInvalidation,
  gptInvalidationText,
  gptRange,
  invalidateGpt,
} from '../gpc/invalidate.ts';
import { tellOfRootTlbi } from '../notifiers/causes.ts';
import { type Rule, store, type WordWrite } from './word-write.ts';

const { GPCEN } = REGISTERS.ROOT_CR0.layout.fields;
const FAULT = maskOf(REGISTERS.ROOT_GPF_FAR.layout.fields.FAULT);
const L0GPTSZ = maskOf(REGISTERS.ROOT_GPT_BASE_CFG.layout.fields.L0GPTSZ);
const RUN = 1;
const UPDATE = maskOf(REGISTERS.ROOT_GPT_BASE_UPDATE.layout.fields.Update);

function isOff({ on }: WordWrite, rule: string): boolean {
  return on.machine.state('ns').rulesOff.has(rule);
}

/** ROOT_CR0: read-only until the last change is acknowledged, which this SMMU does at once (6.3.112). */
const cr0: Rule = {
  guard: ({ bank, before, bits }) =>
    ((before ^ bank.lo('ROOT_CR0ACK')) & bits) === 0 ? null : 'ROOT_CR0ACK does not show the last change yet',
  write: (w) => {
    const value = (w.value & w.bits) >>> 0;
    store(w, value);
    store(w, value, offsetOf('ROOT_CR0ACK'), 'ROOT_CR0ACK follows ROOT_CR0');
  },
};

/** Writable while neither ROOT_CR0.GPCEN nor its acknowledge is 1 (6.3.114, 6.3.115). */
const whileUnchecked: Rule['guard'] = ({ bank }) =>
  ((bank.lo('ROOT_CR0') | bank.lo('ROOT_CR0ACK')) & maskOf(GPCEN)) === 0
    ? null
    : 'ROOT_CR0.GPCEN=1 guards it';

/** GPF_FAR and GPT_CFG_FAR: a write can only clear them, and only as a whole (6.3.116). */
const syndrome: Rule = {
  guard: (w) => {
    const clears = w.at.word === 0 ? (w.value & FAULT) === 0 : w.before === 0;
    if (clears && !isOff(w, 'gpc:CLEAR')) return null;
    return 'only a write of FAULT=0 clears it';
  },
  write: (w) => {
    if (w.at.word === 1) return;
    const what = `${w.at.register.short} is cleared`;
    store(w, 0, w.at.place, what);
    store(w, 0, w.at.place + 4, what);
  },
};

const notRunning: Rule['guard'] = ({ bank }) =>
  (bank.lo('ROOT_TLBI_CTRL') & RUN) === 0 ? null : 'ROOT_TLBI_CTRL.RUN=1 guards it';

/** What ROOT_TLBI names, or why it names nothing (6.3.118). */
function named({ bank, on }: WordWrite): GptInvalidation | string {
  const field = (name: string): number => bank.field('ROOT_TLBI', name);
  if (field('ALL') === 1) return EVERYTHING;
  return gptRange(on.machine, field('Address'), field('SIZE'), field('L') === 1);
}

/** Starting it is finishing it here: RUN reads 0 again at once (6.3.119). */
const tlbiControl: Rule = {
  guard: (w) => notRunning(w) ?? ((w.value & RUN) === 0 ? 'only a write of RUN=1 starts something' : null),
  write: (w) => {
    const { machine, effects, recorder } = w.on;
    const of = named(w);
    if (typeof of === 'string') {
      w.remarks.push(of);
      return;
    }
    recorder?.step('decide', `TLBI by PA: ${gptInvalidationText(of)}`);
    tellOfRootTlbi(w.on, of.range);
    invalidateGpt(machine, machine.state('ns').rulesOff, of, effects, recorder);
  },
};

/** ROOT_GPT_BASE2 becomes ROOT_GPT_BASE as a whole, also while checks are made; Update reads 0 again (6.3.121). */
const update: Rule = {
  guard: (w) => {
    if ((w.value & UPDATE) === 0) return 'only a write of Update=1 does something';
    return isOff(w, 'gpc:UPDATE') ? 'it takes nothing over' : null;
  },
  write: (w) => {
    for (let word = 0; word < 2; word++) {
      const value = w.bank.peek(offsetOf('ROOT_GPT_BASE2') + word * 4);
      store(w, value, offsetOf('ROOT_GPT_BASE') + word * 4, 'ROOT_GPT_BASE takes ROOT_GPT_BASE2 over');
    }
  },
};

/** Root registers that are not just stored. */
export const ROOT_RULES: Readonly<Record<string, Rule>> = {
  ROOT_CR0: cr0,
  ROOT_GPT_BASE: { guard: whileUnchecked },
  ROOT_GPT_BASE_CFG: {
    guard: whileUnchecked,
    bits: ({ bits, at }) => (at.word === 0 ? bits & ~L0GPTSZ : bits) >>> 0,
  },
  ROOT_GPF_FAR: syndrome,
  ROOT_GPT_CFG_FAR: syndrome,
  ROOT_TLBI: { guard: notRunning },
  ROOT_TLBI_CTRL: tlbiControl,
  ROOT_GPT_BASE_UPDATE: update,
};
