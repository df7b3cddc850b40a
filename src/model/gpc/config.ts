/** What the Root registers say of granule protection: IHI 0070 6.3.112, 6.3.114, 6.3.115. */

import { L0GPTSZ_LOG2, PGS_LOG2, PPS_BITS } from '../../spec/gpc.ts';
import { GPT_CACHEABILITY, GPT_LOOKUP_ERROR, REGISTER_SH } from '../../spec/registers/encodings.ts';
import type { RegisterBank } from '../bank.ts';
import type { WorldState } from '../state.ts';

/** A lookup that fails whatever the table holds: CFG_ERR of ROOT_GPT_CFG_FAR, and what is wrong, in words. */
export interface LookupError {
  readonly code: number;
  readonly reason: string;
}

/** The registers of granule protection, decoded once for each change of a register. */
export interface GpcConfig {
  /** ROOT_CR0.ACCESSEN: accesses are not terminated outright. */
  readonly accessEnabled: boolean;
  /** ROOT_CR0.GPCEN: accesses are looked up in the table. */
  readonly enabled: boolean;
  /** Why no lookup can be made, or null. */
  readonly invalid: LookupError | null;
  /** GPT_BASE is beyond the protected address space; counts below it only. */
  readonly misplaced: LookupError | null;
  /** 2^PPS: the first address that the table does not cover. */
  readonly limit: number;
  /** log2 of the bytes of a granule, and of those that a level-0 entry covers. */
  readonly granuleBits: number;
  readonly level0Bits: number;
  /** Root PA of the level-0 table, in bytes. */
  readonly base: number;
}

const ENTRY_BITS = 3;
/** A table is aligned to its size, and to 4 KiB at least (6.3.114). */
const SMALLEST_TABLE = 12;
const GRANULES = ['GRAN4K', 'GRAN64K', 'GRAN16K'] as const;

function invalidFields(bank: RegisterBank, state: WorldState, raw: Raw): string | null {
  const { pps, pgs, sh, level0 } = raw;
  const off = (id: string): boolean => state.rulesOff.has(id);
  if (!off('gpc:CFG-FIELD')) {
    if (PPS_BITS[pps] === undefined) return `PPS=${pps} is reserved`;
    const granule = GRANULES[pgs];
    if (granule === undefined) return `PGS=${pgs} is reserved`;
    if (bank.field('IDR5', granule) === 0) return `PGS=${pgs} needs IDR5.${granule}`;
    if (L0GPTSZ_LOG2[level0] === undefined) return `L0GPTSZ=${level0} is reserved`;
    if (REGISTER_SH.values[sh as keyof typeof REGISTER_SH.values] === undefined)
      return `SH=${sh} is reserved`;
  }
  const bits = PPS_BITS[pps] ?? 0;
  if (bits > state.oasBits && !off('gpc:PPS-OAS'))
    return `PPS=${pps} means ${bits} bits, and OAS has ${state.oasBits}`;
  const { NC } = GPT_CACHEABILITY.names;
  const uncached = raw.irgn === NC && raw.orgn === NC;
  if (uncached && sh !== REGISTER_SH.names.OSH && !off('gpc:CFG-CACHEABILITY'))
    return `Non-cacheable reads of the table must be Outer Shareable, and SH=${sh}`;
  return null;
}

interface Raw {
  readonly pps: number;
  readonly pgs: number;
  readonly level0: number;
  readonly sh: number;
  readonly irgn: number;
  readonly orgn: number;
}

/**
 * Decodes the registers.
 * @returns null where nothing is to be checked: there is no Root state, or all accesses bypass the checks
 */
export function deriveGpc(bank: RegisterBank, state: WorldState): GpcConfig | null {
  const off = (id: string): boolean => state.rulesOff.has(id);
  if (bank.field('ROOT_IDR0', 'ROOT_IMPL') === 0 || off('world:ROOT-ROLE-GPC')) return null;
  const accessEnabled = bank.field('ROOT_CR0', 'ACCESSEN') === 1 || off('gpc:ACCESSEN');
  const enabled = bank.field('ROOT_CR0', 'GPCEN') === 1 && !off('gpc:GPCEN');
  if (accessEnabled && !enabled) return null;
  const cfg = (field: string): number => bank.field('ROOT_GPT_BASE_CFG', field);
  const raw: Raw = {
    pps: cfg('PPS'),
    pgs: cfg('PGS'),
    level0: cfg('L0GPTSZ'),
    sh: cfg('SH'),
    irgn: cfg('IRGN'),
    orgn: cfg('ORGN'),
  };
  const why = invalidFields(bank, state, raw);
  const { CONFIG, BASE } = GPT_LOOKUP_ERROR.names;
  const bits = PPS_BITS[raw.pps] ?? state.oasBits;
  const level0Bits = L0GPTSZ_LOG2[raw.level0] ?? 30;
  const alignment = 2 ** Math.max(bits - level0Bits + ENTRY_BITS, SMALLEST_TABLE);
  const written = bank.field('ROOT_GPT_BASE', 'ADDR') % state.oasLimit;
  const base = written - (written % alignment);
  const limit = 2 ** bits;
  const isBeyond = base >= limit && !off('gpc:BASE-PPS');
  return {
    accessEnabled,
    enabled,
    invalid: why === null ? null : { code: CONFIG, reason: `ROOT_GPT_BASE_CFG: ${why}` },
    misplaced: isBeyond
      ? { code: BASE, reason: `ROOT_GPT_BASE is beyond the ${bits} bits of ROOT_GPT_BASE_CFG.PPS` }
      : null,
    limit,
    granuleBits: PGS_LOG2[raw.pgs] ?? PGS_LOG2[0] ?? SMALLEST_TABLE,
    level0Bits,
    base,
  };
}

/** Whether the registers say the same. */
export function isSameGpc(a: GpcConfig | null, b: GpcConfig | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.accessEnabled === b.accessEnabled &&
    a.enabled === b.enabled &&
    a.invalid?.reason === b.invalid?.reason &&
    a.misplaced?.reason === b.misplaced?.reason &&
    a.limit === b.limit &&
    a.granuleBits === b.granuleBits &&
    a.base === b.base
  );
}
