/** Memory attributes: chapter 13, MAIR by 5.4, stage 2 by DDI 0487 D8.6. */

import { bits, num } from './bits.ts';
import type { Cacheability, MemoryAttributes, Shareability } from './types.ts';

const NC: Cacheability = { policy: 'NC', ra: false, wa: false, tr: false };
const allocating = (policy: 'WT' | 'WB'): Cacheability => ({ policy, ra: true, wa: true, tr: false });

/** What a client that conveys nothing is taken to convey (13.1.3). */
export const DEFAULT_INPUT: MemoryAttributes = {
  device: null,
  inner: allocating('WB'),
  outer: allocating('WB'),
  sh: 0,
};

const OSH = 2;

export function device(type: number): MemoryAttributes {
  return { device: (type & 3) as 0 | 1 | 2 | 3, inner: NC, outer: NC, sh: OSH };
}

export function normal(inner: Cacheability, outer: Cacheability, sh: Shareability): MemoryAttributes {
  return { device: null, inner, outer, sh };
}

/** SH fields: 0b01 is reserved and acts as 0b00. */
export function shareability(code: number): Shareability {
  return code === 2 || code === 3 ? code : 0;
}

function levelOf(code: number): Cacheability {
  const ra = (code & 2) !== 0;
  const wa = (code & 1) !== 0;
  if (code === 4) return NC;
  // Reserved in the lower nibble: Write-Through transient, RW=0b11 (5.4, MAIR0).
  if (code === 0) return { policy: 'WT', ra: true, wa: true, tr: true };
  const policy = (code & 4) !== 0 ? 'WB' : 'WT';
  return { policy, ra, wa, tr: code < 8 };
}

/** A byte of MAIR with the shareability of the descriptor. */
export function fromMair(byte: number, sh: Shareability): MemoryAttributes {
  if (byte >> 4 === 0) return device(byte >> 2);
  return consistent(normal(levelOf(byte & 15), levelOf(byte >> 4), sh));
}

/** MemAttr of a stage-2 descriptor without FWB, and of STE and GBPA. Null: reserved. */
function fromMemAttr(
  code: number,
): readonly [Cacheability['policy'], Cacheability['policy']] | number | null {
  if (code >> 2 === 0) return code;
  const policy = [null, 'NC', 'WT', 'WB'] as const;
  const inner = policy[code & 3];
  const outer = policy[code >> 2];
  return inner && outer ? [inner, outer] : null;
}

/** What makes no sense goes (13.1.7). */
export function consistent(a: MemoryAttributes): MemoryAttributes {
  if (a.device !== null) return device(a.device);
  const level = (c: Cacheability): Cacheability => {
    if (c.policy === 'NC') return NC;
    return c.ra || c.wa ? c : { ...c, tr: false };
  };
  const inner = level(a.inner);
  const outer = level(a.outer);
  const sh = inner.policy === 'NC' && outer.policy === 'NC' ? OSH : a.sh;
  return normal(inner, outer, sh);
}

/** Overrides of an STE, or of GBPA, which has the same fields. */
export interface Overrides {
  readonly MTCFG: number;
  readonly MemAttr: number;
  readonly SHCFG: number;
  readonly ALLOCCFG: number;
}

/** Replaces input attributes (13.1.4); only with IDR1.ATTR_TYPES_OVR. */
export function override(input: MemoryAttributes, o: Overrides): MemoryAttributes {
  let a = consistent(input);
  if (o.MTCFG === 1) {
    const type = fromMemAttr(o.MemAttr);
    if (type === null) a = device(0);
    else if (typeof type === 'number') a = device(type);
    else {
      const level = (policy: Cacheability['policy'], from: Cacheability): Cacheability =>
        policy === 'NC' ? NC : from.policy === 'NC' ? allocating(policy) : { ...from, policy };
      a = normal(level(type[0], a.inner), level(type[1], a.outer), a.sh);
    }
  }
  if (o.SHCFG !== 1) a = { ...a, sh: shareability(o.SHCFG) };
  if ((o.ALLOCCFG & 8) !== 0) {
    const hints = { ra: (o.ALLOCCFG & 4) !== 0, wa: (o.ALLOCCFG & 2) !== 0, tr: (o.ALLOCCFG & 1) !== 0 };
    a = { ...a, inner: { ...a.inner, ...hints }, outer: { ...a.outer, ...hints } };
  }
  return consistent(a);
}

/** Stage 1 replaces everything but the hints of a cacheable input, which are combined (13.4.2). */
export function throughStage1(input: MemoryAttributes, s1: MemoryAttributes): MemoryAttributes {
  if (s1.device !== null || input.device !== null) return s1;
  const level = (i: Cacheability, s: Cacheability): Cacheability =>
    i.policy === 'NC' || s.policy === 'NC'
      ? s
      : { policy: s.policy, ra: s.ra && i.ra, wa: s.wa && i.wa, tr: s.tr || i.tr };
  return normal(level(input.inner, s1.inner), level(input.outer, s1.outer), s1.sh);
}

const STRENGTH = ['NC', 'WT', 'WB'] as const;

function weaker(a: Cacheability, policy: Cacheability['policy']): Cacheability {
  const index = Math.min(STRENGTH.indexOf(a.policy), STRENGTH.indexOf(policy));
  return index === 0 ? NC : { ...a, policy: STRENGTH[index] as 'WT' | 'WB' };
}

function strictest(a: Shareability, b: Shareability): Shareability {
  if (a === 2 || b === 2) return 2;
  return a === 3 || b === 3 ? 3 : 0;
}

/** What a stage-2 descriptor says of memory. */
export interface Stage2Attributes {
  /** MemAttr[3:0]. */
  readonly memAttr: number;
  readonly sh: Shareability;
  readonly fwb: boolean;
  readonly mtePerm: boolean;
}

/** Whether the stage-2 descriptor itself maps Device memory (S2PTW); reserved types act as Device-nGnRnE. */
export function isStage2Device({ memAttr, fwb, mtePerm }: Stage2Attributes): boolean {
  if (fwb) return (memAttr & 4) === 0;
  const type = fromMemAttr(memAttr);
  return typeof type === 'number' || (type === null && !(mtePerm && memAttr === 4));
}

/** Combines (13.1.5, 13.1.6). */
export function throughStage2(a: MemoryAttributes, s2: Stage2Attributes): MemoryAttributes {
  const sh = strictest(a.sh, s2.sh);
  if (s2.fwb) return forced(a, s2.memAttr & 7, sh);
  const type = s2.mtePerm && s2.memAttr === 4 ? (['WB', 'WB'] as const) : fromMemAttr(s2.memAttr);
  if (type === null) return device(0);
  if (typeof type === 'number') return device(Math.min(type, a.device ?? 3));
  if (a.device !== null) return a;
  return consistent(normal(weaker(a.inner, type[0]), weaker(a.outer, type[1]), sh));
}

function forced(a: MemoryAttributes, code: number, sh: Shareability): MemoryAttributes {
  if ((code & 4) === 0) return device(Math.min(code, a.device ?? 3));
  if (code === 7) return a.device !== null ? a : consistent({ ...a, sh });
  if (code === 6) {
    const level = (c: Cacheability): Cacheability =>
      a.device !== null || c.policy === 'NC' ? allocating('WB') : { ...c, policy: 'WB' };
    return consistent(normal(level(a.inner), level(a.outer), sh));
  }
  return a.device !== null ? a : normal(NC, NC, OSH);
}

/** The fields of GBPA (6.3.14). */
export function gbpaOverrides(gbpa: bigint): Overrides {
  return {
    MemAttr: num(gbpa, 3, 0),
    MTCFG: num(gbpa, 4),
    ALLOCCFG: num(gbpa, 11, 8),
    SHCFG: num(gbpa, 13, 12),
  };
}

/** Attr<n> of CD.MAIR; indices above 7 are Attr7 (5.4). */
export function mairByte(mair: bigint, index: number): number {
  const n = Math.min(index, 7) * 8;
  return Number(bits(mair, n + 7, n));
}
