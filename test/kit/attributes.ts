/**
 * Memory attributes once more, as records of words instead of packed bits: IHI 0070 13.1.4 to 13.1.7 and 13.4 read as
 * they stand, with nothing of src.
 */

type Policy = 'NC' | 'WT' | 'WB';
export type Shareability = 'NSH' | 'ISH' | 'OSH';

export interface Level {
  readonly policy: Policy;
  readonly ra: boolean;
  readonly wa: boolean;
  readonly tr: boolean;
}

export type Memory =
  | { readonly device: 'nGnRnE' | 'nGnRE' | 'nGRE' | 'GRE' }
  | { readonly inner: Level; readonly outer: Level; readonly sh: Shareability };

const DEVICES = ['nGnRnE', 'nGnRE', 'nGRE', 'GRE'] as const;
const POLICIES = ['NC', 'WT', 'WB'] as const;
const NC: Level = { policy: 'NC', ra: false, wa: false, tr: false };

/** 13.1.7. */
function consistentLevel(l: Level): Level {
  if (l.policy === 'NC') return NC;
  return l.ra || l.wa ? l : { ...l, tr: false };
}

export function consistent(m: Memory): Memory {
  if ('device' in m) return m;
  const inner = consistentLevel(m.inner);
  const outer = consistentLevel(m.outer);
  return { inner, outer, sh: inner.policy === 'NC' && outer.policy === 'NC' ? 'OSH' : m.sh };
}

/** Four bits of MAIR: the table of DDI 0487, MAIR_ELx. */
const LEVELS: readonly (Level | null)[] = [
  null,
  { policy: 'WT', ra: false, wa: true, tr: true },
  { policy: 'WT', ra: true, wa: false, tr: true },
  { policy: 'WT', ra: true, wa: true, tr: true },
  NC,
  { policy: 'WB', ra: false, wa: true, tr: true },
  { policy: 'WB', ra: true, wa: false, tr: true },
  { policy: 'WB', ra: true, wa: true, tr: true },
  { policy: 'WT', ra: false, wa: false, tr: false },
  { policy: 'WT', ra: false, wa: true, tr: false },
  { policy: 'WT', ra: true, wa: false, tr: false },
  { policy: 'WT', ra: true, wa: true, tr: false },
  { policy: 'WB', ra: false, wa: false, tr: false },
  { policy: 'WB', ra: false, wa: true, tr: false },
  { policy: 'WB', ra: true, wa: false, tr: false },
  { policy: 'WB', ra: true, wa: true, tr: false },
];

export function shareability(sh: number): Shareability {
  return sh === 2 ? 'OSH' : sh === 3 ? 'ISH' : 'NSH';
}

/** A byte of MAIR, the table of 5.4 for reserved ones. */
export function mair(byte: number, sh: number): Memory {
  if (byte < 0x10) return { device: DEVICES[byte >> 2] as (typeof DEVICES)[number] };
  const inner = LEVELS[byte & 0xf] ?? { policy: 'WT', ra: true, wa: true, tr: true };
  return consistent({ inner, outer: LEVELS[byte >> 4] as Level, sh: shareability(sh) });
}

/** The packed number of a record. */
export function packed(m: Memory): number {
  if ('device' in m) return (DEVICES.indexOf(m.device) << 2) | 0x200;
  const nibble = (l: Level): number => LEVELS.findIndex((x) => x !== null && same(x, l));
  return (nibble(m.outer) << 4) | nibble(m.inner) | ({ NSH: 0, OSH: 2, ISH: 3 }[m.sh] << 8);
}

function same(a: Level, b: Level): boolean {
  return a.policy === b.policy && a.ra === b.ra && a.wa === b.wa && a.tr === b.tr;
}

/** Figure 13.1: of two values the stronger. */
function stronger<T>(order: readonly T[], a: T, b: T): T {
  return order[Math.min(order.indexOf(a), order.indexOf(b))] as T;
}

function combineLevels(a: Level, b: Level): Level {
  return {
    policy: stronger(POLICIES, a.policy, b.policy),
    ra: a.ra && b.ra,
    wa: a.wa && b.wa,
    tr: a.tr || b.tr,
  };
}

export function combine(a: Memory, b: Memory): Memory {
  if ('device' in a && 'device' in b) return { device: stronger(DEVICES, a.device, b.device) };
  if ('device' in a) return a;
  if ('device' in b) return b;
  return consistent({
    inner: combineLevels(a.inner, b.inner),
    outer: combineLevels(a.outer, b.outer),
    sh: stronger(['OSH', 'ISH', 'NSH'], a.sh, b.sh),
  });
}

const ALLOCATING = { ra: true, wa: true, tr: false };

/** MemAttr of stage 2 with S2FWB=0, and of overrides: 5.2. */
export function memAttr(code: number, sh: number, mtePerm = false): Memory {
  if (mtePerm && code === 4) return memAttr(15, sh);
  if (code < 4) return { device: DEVICES[code] as (typeof DEVICES)[number] };
  if ((code & 3) === 0) return { device: 'nGnRnE' };
  const level = (bits: number): Level =>
    bits === 1 ? NC : { policy: bits === 2 ? 'WT' : 'WB', ...ALLOCATING };
  return consistent({ inner: level(code & 3), outer: level(code >> 2), sh: shareability(sh) });
}

function shOf(m: Memory): Shareability {
  return 'device' in m ? 'OSH' : m.sh;
}

/** MemAttr of stage 2 with S2FWB=1: 13.1.6 and 3.23.1. */
export function forced(input: Memory, code: number, sh: number, mtePerm: boolean): Memory {
  const combined = stronger(['OSH', 'ISH', 'NSH'] as const, shOf(input), shareability(sh));
  if (mtePerm && code >= 8 && code < 14) return combine(input, { device: 'nGnRnE' });
  const three = code & 7;
  if (three < 4) return combine(input, { device: DEVICES[three] as (typeof DEVICES)[number] });
  if (three === 4) return { device: 'nGnRnE' };
  if (three === 5) return 'device' in input ? input : { inner: NC, outer: NC, sh: 'OSH' };
  const hints = (l: Level | null): Level =>
    l === null || l.policy === 'NC' ? { policy: 'WB', ...ALLOCATING } : { ...l, policy: 'WB' };
  if (three === 6) {
    const [inner, outer] = 'device' in input ? [null, null] : [input.inner, input.outer];
    return consistent({ inner: hints(inner), outer: hints(outer), sh: combined });
  }
  return 'device' in input ? input : consistent({ ...input, sh: combined });
}

/** 13.4.2: hints of a cacheable input level combine with those of stage 1; all else is stage 1's. */
export function withHints(input: Memory, stage1: Memory): Memory {
  if ('device' in input || 'device' in stage1) return stage1;
  const level = (i: Level, s: Level): Level =>
    i.policy === 'NC' ? s : { policy: s.policy, ra: i.ra && s.ra, wa: i.wa && s.wa, tr: i.tr || s.tr };
  return consistent({
    inner: level(input.inner, stage1.inner),
    outer: level(input.outer, stage1.outer),
    sh: stage1.sh,
  });
}

/** 13.1.4. */
export function override(
  input: Memory,
  by: { mtcfg: number; memAttr: number; shcfg: number; alloccfg: number },
): Memory {
  let m = input;
  if (by.mtcfg === 1) {
    const type = memAttr(by.memAttr, 0);
    if ('device' in type) return type;
    const level = (old: Level | null, policy: Policy): Level =>
      policy === 'NC'
        ? NC
        : old === null || old.policy === 'NC'
          ? { policy, ...ALLOCATING }
          : { ...old, policy };
    const old = 'device' in input ? null : input;
    m = {
      inner: level(old?.inner ?? null, type.inner.policy),
      outer: level(old?.outer ?? null, type.outer.policy),
      sh: shOf(input),
    };
  }
  if ('device' in m) return m;
  const alloc = (l: Level): Level =>
    by.alloccfg < 8 || l.policy === 'NC'
      ? l
      : {
          policy: l.policy,
          ra: (by.alloccfg & 4) !== 0,
          wa: (by.alloccfg & 2) !== 0,
          tr: (by.alloccfg & 1) !== 0,
        };
  const sh = by.shcfg === 1 ? m.sh : shareability(by.shcfg);
  return consistent({ inner: alloc(m.inner), outer: alloc(m.outer), sh });
}
