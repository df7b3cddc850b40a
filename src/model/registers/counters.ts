/** Performance monitor counter groups: IHI 0070 10.5. The counters count nothing; what writes do to them is here. */

import { type Field, maskOf } from '../../bits/layout.ts';
import { REGISTERS, type RegisterName, registerAt } from '../../spec/registers.ts';
import { offsetOf, type RegisterBank } from '../bank.ts';
import { type BlockPlace, copyOf } from '../places.ts';
import { type RegisterWord, type Rule, store, type WordWrite } from './word-write.ts';

const CFGR = REGISTERS.PMCG_CFGR.layout.fields;
const SCR = REGISTERS.PMCG_SCR.layout.fields;
const EVTYPER = REGISTERS.PMCG_EVTYPERn.layout.fields;
const ARRAY_BYTES = 0x200;
const STATUS_ABORTED = maskOf(REGISTERS.PMCG_IRQ_STATUS.layout.fields.IRQ_ABT);

/** Place of a register of a counter group. */
export function counterPlace(name: RegisterName, copy: number): number {
  return offsetOf(name) - copyOf('PMCG', 0) + copyOf('PMCG', copy);
}

const one = new Uint32Array(1);

function fieldOf(bank: RegisterBank, copy: number, name: RegisterName, field: Field): number {
  one[0] = bank.peek(counterPlace(name, copy));
  return field.get(one, 0);
}

const feature = (bank: RegisterBank, copy: number, field: Field): number =>
  fieldOf(bank, copy, 'PMCG_CFGR', field);

/** Secure software may keep a group to itself (PMCG_SCR.NSRA). */
export function isHiddenFromNonSecure(bank: RegisterBank, copy: number): boolean {
  const secure = fieldOf(bank, copy, 'PMCG_SCR', SCR.READS_AS_ONE) === 1;
  return secure && fieldOf(bank, copy, 'PMCG_SCR', SCR.NSRA) === 0;
}

/** Counters lie 4 bytes apart while they have at most 32 bits (10.5.1). */
function isNarrow(bank: RegisterBank, copy: number): boolean {
  return feature(bank, copy, CFGR.SIZE) <= 31;
}

/** The register word at a place of a counter group. */
export function counterWordAt(bank: RegisterBank, at: BlockPlace, place: number): RegisterWord | null {
  const { copy, offset } = at;
  for (const register of [REGISTERS.PMCG_EVCNTRn, REGISTERS.PMCG_SVRn]) {
    const within = offset - register.offset;
    if (within < 0 || within >= ARRAY_BYTES) continue;
    return isNarrow(bank, copy)
      ? { register, index: within >>> 2, word: 0, place, copy, world: register.world }
      : { register, index: within >>> 3, word: within & 4 ? 1 : 0, place, copy, world: register.world };
  }
  const whole = registerAt('PMCG', offset);
  if (whole) return { ...whole, word: 0, place, copy, world: whole.register.world };
  const upper = offset >= 4 ? registerAt('PMCG', offset - 4) : undefined;
  return upper?.register.width === 64
    ? { ...upper, word: 1, place, copy, world: upper.register.world }
    : null;
}

/** How many counters a group has. */
function counters(bank: RegisterBank, copy: number): number {
  return feature(bank, copy, CFGR.NCTR) + 1;
}

/** The bits of one word of a bitmap with a bit for each counter. */
function bitmapBits(bank: RegisterBank, { copy, word }: RegisterWord): number {
  const left = counters(bank, copy) - word * 32;
  return left >= 32 ? 0xffffffff : left <= 0 ? 0 : (2 ** left - 1) >>> 0;
}

/** The bits of one word of a counter's value. */
function valueBits(bank: RegisterBank, { copy, word }: RegisterWord): number {
  const left = feature(bank, copy, CFGR.SIZE) + 1 - word * 32;
  return left >= 32 ? 0xffffffff : left <= 0 ? 0 : (2 ** left - 1) >>> 0;
}

/** Registers of counters that there are not are RES0. */
const counterExists: Rule['guard'] = ({ bank, at }) =>
  at.index < counters(bank, at.copy)
    ? null
    : `the group has ${counters(bank, at.copy)} counters: RES0 (10.5)`;

/** With one filter for all counters, only the first has filter fields (10.4). */
function hasFilter({ bank, at }: WordWrite): boolean {
  return at.index === 0 || feature(bank, at.copy, CFGR.SID_FILTER_TYPE) === 0;
}

function typeBits(w: WordWrite): number {
  const { bank, at } = w;
  let bits = maskOf(EVTYPER.EVENT);
  if (feature(bank, at.copy, CFGR.CAPTURE) === 1) bits |= maskOf(EVTYPER.OVFCAP);
  if (!hasFilter(w)) return bits >>> 0;
  bits |= maskOf(EVTYPER.FILTER_SID_SPAN);
  if (fieldOf(bank, at.copy, 'PMCG_SCR', SCR.READS_AS_ONE) === 1) bits |= maskOf(EVTYPER.FILTER_SEC_SID);
  const root = fieldOf(bank, at.copy, 'PMCG_ROOTCR', REGISTERS.PMCG_ROOTCR.layout.fields.ROOTCR_IMPL) === 1;
  if (root) bits |= maskOf(EVTYPER.FILTER_REALM_SID);
  if (feature(bank, at.copy, CFGR.FILTER_PARTID_PMG) === 0) return bits >>> 0;
  const space = root ? maskOf(EVTYPER.FILTER_MPAM_SP) : 2 ** EVTYPER.FILTER_MPAM_SP.lsb;
  return (bits | space | maskOf(EVTYPER.FILTER_PMG) | maskOf(EVTYPER.FILTER_PARTID)) >>> 0;
}

/**
 * Registers of which one sets and one clears the same bits. The bits are kept at the one that sets.
 */
function bitmap(keeper: RegisterName, clears: boolean): Rule {
  return {
    write: (w) => {
      const place = counterPlace(keeper, w.at.copy) + w.at.word * 4;
      const chosen = w.value & bitmapBits(w.bank, w.at);
      const before = w.bank.peek(place);
      store(w, (clears ? before & ~chosen : before | chosen) >>> 0, place);
    },
  };
}

/** Where the bits of a register that only clears are kept. */
export const KEPT_ELSEWHERE: Readonly<Record<string, RegisterName>> = {
  PMCG_CNTENCLR0: 'PMCG_CNTENSET0',
  PMCG_INTENCLR0: 'PMCG_INTENSET0',
  PMCG_OVSCLR0: 'PMCG_OVSSET0',
};

/** Copies every counter to its shadow register. */
function capture(w: WordWrite): void {
  const { bank, at } = w;
  if (feature(bank, at.copy, CFGR.CAPTURE) === 0) {
    w.remarks.push('PMCG_CAPR: the group captures no counters (PMCG_CFGR.CAPTURE=0): RES0');
    return;
  }
  if ((w.value & 1) === 0) return;
  const words = counters(bank, at.copy) * (isNarrow(bank, at.copy) ? 1 : 2);
  const from = counterPlace('PMCG_EVCNTRn', at.copy);
  const to = counterPlace('PMCG_SVRn', at.copy);
  for (let i = 0; i < words; i++) {
    store(w, bank.peek(from + i * 4), to + i * 4, 'a counter is captured in PMCG_SVR');
  }
}

/** MSI registers are guarded by IRQEN and its acknowledge (10.5). */
const msiGuard: Rule['guard'] = ({ bank, at }) => {
  if (feature(bank, at.copy, CFGR.MSI) === 0) return 'the group has no MSIs (PMCG_CFGR.MSI=0): RES0';
  const place = (name: RegisterName): number => bank.peek(counterPlace(name, at.copy));
  return ((place('PMCG_IRQ_CTRL') | place('PMCG_IRQ_CTRLACK')) & 1) === 0
    ? null
    : 'PMCG_IRQ_CTRL.IRQEN=1 guards it (10.5)';
};

/** Enabling clears the record of an aborted MSI. */
function interruptControl(w: WordWrite): void {
  const { bank, at } = w;
  const enable = w.value & 1;
  const before = bank.peek(at.place);
  store(w, enable, at.place);
  store(w, enable, counterPlace('PMCG_IRQ_CTRLACK', at.copy), 'PMCG_IRQ_CTRLACK follows PMCG_IRQ_CTRL');
  if (enable === 0 || (before & 1) === 1) return;
  const status = counterPlace('PMCG_IRQ_STATUS', at.copy);
  store(w, bank.peek(status) & ~STATUS_ABORTED, status, 'PMCG_IRQ_STATUS.IRQ_ABT is cleared');
}

const UPDATE = maskOf(REGISTERS.PMCG_GMPAM.layout.fields.Update);

/** How writes to the registers of a counter group differ from plain storing. */
export const COUNTER_RULES: Readonly<Record<string, Rule>> = {
  PMCG_EVCNTRn: { guard: counterExists, bits: ({ bank, at }) => valueBits(bank, at) },
  PMCG_EVTYPERn: { guard: counterExists, bits: typeBits },
  PMCG_SMRn: {
    guard: (w) => counterExists(w) ?? (hasFilter(w) ? null : 'one filter serves all counters: RES0 (10.5)'),
  },
  PMCG_CNTENSET0: bitmap('PMCG_CNTENSET0', false),
  PMCG_CNTENCLR0: bitmap('PMCG_CNTENSET0', true),
  PMCG_INTENSET0: bitmap('PMCG_INTENSET0', false),
  PMCG_INTENCLR0: bitmap('PMCG_INTENSET0', true),
  PMCG_OVSSET0: bitmap('PMCG_OVSSET0', false),
  PMCG_OVSCLR0: bitmap('PMCG_OVSSET0', true),
  PMCG_CAPR: { write: capture },
  PMCG_SCR: {
    bits: ({ bits }) => (bits & ~maskOf(SCR.READS_AS_ONE)) >>> 0,
  },
  PMCG_ROOTCR: {
    guard: ({ from }) => (from === 'root' ? null : 'PMCG_ROOTCR is for Root only: RAZ/WI (10.5)'),
    bits: ({ bits }) => (bits & ~maskOf(REGISTERS.PMCG_ROOTCR.layout.fields.ROOTCR_IMPL)) >>> 0,
  },
  PMCG_IRQ_CTRL: { write: interruptControl },
  PMCG_IRQ_CFG0: { guard: msiGuard },
  PMCG_IRQ_CFG1: { guard: msiGuard },
  PMCG_IRQ_CFG2: { guard: msiGuard },
  PMCG_GMPAM: {
    guard: ({ bank, at, value }) => {
      if (feature(bank, at.copy, CFGR.MPAM) === 0) return 'the group has no MPAM (PMCG_CFGR.MPAM=0): RES0';
      return (value & UPDATE) === 0 ? 'a write without Update=1 is ignored (10.5)' : null;
    },
    bits: ({ bits }) => (bits & ~UPDATE) >>> 0,
  },
};
