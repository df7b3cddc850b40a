/** When which register may be written, and what writing does: IHI 0070 6.3. By the name it has in every world. */

import { type Field, maskOf } from '../../bits/layout.ts';
import { REGISTERS } from '../../spec/registers.ts';
import { offsetOf } from '../bank.ts';
import { ATOS_ADDR_RULE, ATOS_CTRL_RULE, ATOS_SID_RULE, VATOS_SEL_RULE } from './atos.ts';
import { CR0_RULE, GBPA_RULE, GERRORN_RULE, IRQ_CTRL_RULE, updated } from './control.ts';
import { INIT_RULE } from './init.ts';
import {
  anyEcmdqEnabled,
  CMDQ_PROD_RULE,
  ECMDQ_BASE_RULE,
  ECMDQ_CONS_RULE,
  ECMDQ_PROD_RULE,
  EVENTQ_CONS_RULE,
} from './queue-rules.ts';
import { type Rule, store, type WordWrite } from './word-write.ts';

const CR0 = REGISTERS.CR0.layout.fields;
const CR1 = REGISTERS.CR1.layout.fields;
const IRQ_CTRL = REGISTERS.IRQ_CTRL.layout.fields;
const FAULT = maskOf(REGISTERS.DPT_CFG_FAR.layout.fields.FAULT);

type Guard = NonNullable<Rule['guard']>;

/** Set in a register or in its acknowledge: a change that is not acknowledged counts as the old value (6.3.9). */
function isSet(w: WordWrite, stem: string, field: Field): boolean {
  const both = w.bank.peek(offsetOf(`${w.prefix}${stem}`)) | w.bank.peek(offsetOf(`${w.prefix}${stem}ACK`));
  return (both & maskOf(field)) !== 0;
}

/** Guarded by enable bits of CR0: writable while they are 0. */
const whileOff =
  (...enables: readonly Field[]): Guard =>
  (w) => {
    const on = enables.find((enable) => isSet(w, 'CR0', enable));
    return on === undefined ? null : `${w.prefix}CR0.${on.name}=1 guards it`;
  };

/** The first reason of several. */
const either =
  (...guards: readonly Guard[]): Guard =>
  (w) => {
    for (const guard of guards) {
      const reason = guard(w);
      if (reason !== null) return reason;
    }
    return null;
  };

const notPreset =
  (field: 'TABLES_PRESET' | 'QUEUES_PRESET'): Guard =>
  ({ bank }) =>
    bank.field('IDR1', field) === 1 ? `IDR1.${field}=1: it is read-only` : null;

const tables: Rule = { guard: either(notPreset('TABLES_PRESET'), whileOff(CR0.SMMUEN)) };
const queueBase = (enable: Field): Rule => ({
  guard: either(notPreset('QUEUES_PRESET'), whileOff(enable)),
});

/** MSI registers are guarded by the interrupt's enable (6.3.21). */
const interrupt = (enable: Field): Rule => ({
  guard: (w) => (isSet(w, 'IRQ_CTRL', enable) ? `${w.prefix}IRQ_CTRL.${enable.name}=1 guards it` : null),
});

function bitsOf(...fields: readonly Field[]): number {
  return fields.reduce((bits, field) => bits | maskOf(field), 0) >>> 0;
}

const TABLE_BITS = bitsOf(CR1.TABLE_IC, CR1.TABLE_OC, CR1.TABLE_SH);
const QUEUE_BITS = bitsOf(CR1.QUEUE_IC, CR1.QUEUE_OC, CR1.QUEUE_SH);
const tableGuard = either(notPreset('TABLES_PRESET'), whileOff(CR0.SMMUEN));
const queueGuard = either(notPreset('QUEUES_PRESET'), whileOff(CR0.CMDQEN, CR0.EVENTQEN, CR0.PRIQEN), (w) =>
  anyEcmdqEnabled(w.bank, w.on.world) ? 'an enabled ECMDQ guards it' : null,
);

/** CR1: table attributes hang on SMMUEN, queue attributes on all queue enables (6.3.11). */
const cr1: Rule = {
  guard: (w) => {
    const reason = tableGuard(w);
    return reason !== null && queueGuard(w) !== null ? reason : null;
  },
  bits: (w) => {
    const [table, queue] = [tableGuard(w), queueGuard(w)];
    if (table !== null) w.remarks.push(`${w.at.register.short}.TABLE_* stay: ${table}`);
    if (queue !== null) w.remarks.push(`${w.at.register.short}.QUEUE_* stay: ${queue}`);
    return ((table === null ? TABLE_BITS : 0) | (queue === null ? QUEUE_BITS : 0)) >>> 0;
  },
};

/** As many low bits as the largest value has. */
function widthMask(largest: number): number {
  return largest === 0 ? 0 : 2 ** (32 - Math.clz32(largest)) - 1;
}

/** MPAM values have as many bits as the largest value that MPAMIDR allows (6.3.42). */
const mpam = updated(({ bank, prefix, bits }) => {
  const pmg = widthMask(bank.field(`${prefix}MPAMIDR`, 'PMG_MAX'));
  const partid = widthMask(bank.field(`${prefix}MPAMIDR`, 'PARTID_MAX'));
  return ((bits & 0xff000000) | (pmg << 16) | partid) >>> 0;
});

const dptBase: Rule = { guard: whileOff(CR0.DPT_WALK_EN) };

/** DPT_CFG_FAR: a write can only clear it, and only as a whole (6.3.48). */
const dptFault: Rule = {
  guard: ({ at, value, before }) => {
    const clears = at.word === 0 ? (value & FAULT) === 0 : before === 0;
    return clears ? null : 'only a write of FAULT=0 clears it (6.3.48)';
  },
  write: (w) => {
    if (w.at.word === 1) return;
    store(w, 0, w.at.place, `${w.at.register.short} is cleared`);
    store(w, 0, w.at.place + 4, `${w.at.register.short} is cleared`);
  },
};

/** Registers that software may write whenever it likes have no rule. */
export const RULES: Readonly<Record<string, Rule>> = {
  CR0: CR0_RULE,
  CR1: cr1,
  CR2: { guard: whileOff(CR0.SMMUEN) },
  GBPA: GBPA_RULE,
  INIT: INIT_RULE,
  IRQ_CTRL: IRQ_CTRL_RULE,
  GERRORN: GERRORN_RULE,
  STRTAB_BASE: tables,
  STRTAB_BASE_CFG: tables,
  CMDQ_BASE: queueBase(CR0.CMDQEN),
  CMDQ_PROD: CMDQ_PROD_RULE,
  CMDQ_CONS: { guard: whileOff(CR0.CMDQEN) },
  EVENTQ_BASE: queueBase(CR0.EVENTQEN),
  EVENTQ_PROD: { guard: whileOff(CR0.EVENTQEN) },
  EVENTQ_CONS: EVENTQ_CONS_RULE,
  PRIQ_BASE: queueBase(CR0.PRIQEN),
  PRIQ_PROD: { guard: whileOff(CR0.PRIQEN) },
  GERROR_IRQ_CFG0: interrupt(IRQ_CTRL.GERROR_IRQEN),
  GERROR_IRQ_CFG1: interrupt(IRQ_CTRL.GERROR_IRQEN),
  GERROR_IRQ_CFG2: interrupt(IRQ_CTRL.GERROR_IRQEN),
  EVENTQ_IRQ_CFG0: interrupt(IRQ_CTRL.EVENTQ_IRQEN),
  EVENTQ_IRQ_CFG1: interrupt(IRQ_CTRL.EVENTQ_IRQEN),
  EVENTQ_IRQ_CFG2: interrupt(IRQ_CTRL.EVENTQ_IRQEN),
  PRIQ_IRQ_CFG0: interrupt(IRQ_CTRL.PRIQ_IRQEN),
  PRIQ_IRQ_CFG1: interrupt(IRQ_CTRL.PRIQ_IRQEN),
  PRIQ_IRQ_CFG2: interrupt(IRQ_CTRL.PRIQ_IRQEN),
  GMPAM: mpam,
  GBPMPAM: mpam,
  GATOS_CTRL: ATOS_CTRL_RULE,
  GATOS_SID: ATOS_SID_RULE,
  GATOS_ADDR: ATOS_ADDR_RULE,
  VATOS_CTRL: ATOS_CTRL_RULE,
  VATOS_SID: ATOS_SID_RULE,
  VATOS_ADDR: ATOS_ADDR_RULE,
  VATOS_SEL: VATOS_SEL_RULE,
  DPT_BASE: dptBase,
  DPT_BASE_CFG: dptBase,
  DPT_CFG_FAR: dptFault,
  ECMDQ_BASEn: ECMDQ_BASE_RULE,
  ECMDQ_PRODn: ECMDQ_PROD_RULE,
  ECMDQ_CONSn: ECMDQ_CONS_RULE,
};
