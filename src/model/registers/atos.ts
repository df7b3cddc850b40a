/** The registers of address translation operations: IHI 0070 6.3.37 to 6.3.44, 6.3.99 to 6.3.102, 9.1. */

import { ATOS_GROUPS, ATOS_WORLD, type AtosGroup } from '../../spec/atos-groups.ts';
import { ATOS_FAULTCODES } from '../../spec/event-rules.ts';
import { REGISTERS } from '../../spec/registers.ts';
import { offsetOf, type RegisterBank } from '../bank.ts';
import { wordAfter } from '../interrupts.ts';
import { type Rule, store, type WordWrite } from './word-write.ts';

const RUN = 2 ** REGISTERS.GATOS_CTRL.layout.fields.RUN.lsb;
const SMMUEN = 2 ** REGISTERS.CR0.layout.fields.SMMUEN.lsb;
const { FAULT, FAULTCODE } = REGISTERS.GATOS_PAR.layout.fields;
const INTERNAL_ERROR = 2 ** FAULT.lsb + ATOS_FAULTCODES.INTERNAL_ERR * 2 ** FAULTCODE.lsb;

/** The group of a register such as GATOS_CTRL. */
function groupOf(w: WordWrite): AtosGroup {
  const { short } = w.at.register;
  return ATOS_GROUPS.find((group) => short.startsWith(`${group}_`)) ?? 'GATOS';
}

function runs(bank: RegisterBank, group: AtosGroup): boolean {
  return (bank.peek(offsetOf(`${group}_CTRL`)) & RUN) !== 0;
}

/** SID, ADDR and VATOS_SEL stay as they are while an operation runs. */
function idle(group: (w: WordWrite) => AtosGroup): NonNullable<Rule['guard']> {
  return (w) => (runs(w.bank, group(w)) ? `${group(w)}_CTRL.RUN=1 guards it (6.3.37)` : null);
}

/** Sets RUN. The operation is done at once by whoever computes operations; then RUN is 0 again. */
function start(w: WordWrite): void {
  if ((w.value & RUN) === 0) return;
  const { machine, effects, recorder } = w.on;
  const group = groupOf(w);
  const name = w.at.register.short;
  store(w, RUN, w.at.place, `${name}.RUN=1: the operation starts`);
  const { atos } = machine.hooks;
  if (atos === undefined) {
    w.remarks.push(`${name}: address translation operations are not modelled, so RUN stays 1`);
    return;
  }
  atos(group, effects, recorder);
  store(w, 0, w.at.place, `${name}.RUN=0: the operation is done`);
}

/** GATOS_CTRL, VATOS_CTRL: RUN can be set only while translation is enabled and no operation runs. */
export const ATOS_CTRL_RULE: Rule = {
  guard: (w) => {
    if ((w.before & RUN) !== 0) return `${w.at.register.short}.RUN=1: an operation is under way (6.3.37)`;
    if ((w.value & RUN) === 0) return null;
    if (w.on.machine.failure.active) return 'service failure mode (12.3)';
    const enabled = w.bank.peek(offsetOf(`${w.prefix}CR0`)) & w.bank.peek(offsetOf(`${w.prefix}CR0ACK`));
    return (enabled & SMMUEN) !== 0 ? null : `${w.prefix}CR0.SMMUEN=0: no operation can be started (6.3.37)`;
  },
  write: start,
};

/** Bits of the two words of a SID register beyond the sizes of StreamIDs and SubstreamIDs are RES0 (6.3.38). */
function sidBits({ bank, at, bits, prefix }: WordWrite): number {
  // S_GATOS has streams of both states (6.3.84).
  const secure = prefix === 'S_' ? bank.field('S_IDR1', 'S_SIDSIZE') : 0;
  const width =
    at.word === 0 ? Math.max(bank.field('IDR1', 'SIDSIZE'), secure) : bank.field('IDR1', 'SSIDSIZE');
  const low = width >= 32 ? 0xffffffff : 2 ** width - 1;
  // SSID_VALID and, for Secure groups, SSEC lie above the SubstreamID.
  return at.word === 0 ? (bits & low) >>> 0 : (bits & (low | 0xfff00000)) >>> 0;
}

export const ATOS_SID_RULE: Rule = { guard: idle(groupOf), bits: sidBits };
export const ATOS_ADDR_RULE: Rule = { guard: idle(groupOf) };

/** Which virtual machine VATOS serves. */
export const VATOS_SEL_RULE: Rule = {
  guard: idle((w) => (w.prefix === 'S_' ? 'S_VATOS' : 'VATOS')),
  // VMIDs have 8 or 16 bits (6.3.44).
  bits: ({ bank, bits }) => (bank.field('IDR0', 'VMID16') === 1 ? bits : bits & 0xff),
};

/**
 * Clears RUN of every group of the world whose operation is under way.
 * @param failed the operation is reported as failed: INTERNAL_ERR
 */
export function abandonAtos(w: WordWrite, failed: boolean): void {
  for (const group of ATOS_GROUPS) {
    if (ATOS_WORLD[group] !== w.on.world) continue;
    const ctrl = offsetOf(`${group}_CTRL`);
    if ((wordAfter(w.bank, w.on.effects, ctrl) & RUN) === 0) continue;
    if (failed) {
      const par = offsetOf(`${group}_PAR`);
      store(w, INTERNAL_ERROR, par, `${group}_PAR: the operation is aborted with INTERNAL_ERR`);
      store(w, 0, par + 4, `${group}_PAR: the operation is aborted with INTERNAL_ERR`);
    }
    store(w, 0, ctrl, `${group}_CTRL.RUN=0`);
  }
}
