/** What the registers of the Device Permission Table say: IHI 0070 6.3.46 to 6.3.48, for Non-secure and Realm. */

import type { World } from '../bits/world.ts';
import { feature, type IdValues } from '../spec/features.ts';
import { gerrorMask } from '../spec/gerror.ts';
import { L0GPTSZ_LOG2, PGS_LOG2, PPS_BITS } from '../spec/gpc.ts';
import { REGISTERS, WORLD_PREFIX } from '../spec/registers.ts';
import { offsetOf, type RegisterBank } from './bank.ts';
import type { Effect } from './plan.ts';

/** The worlds that may have a Device Permission Table. */
export type DptWorld = 'ns' | 'realm';

/** Where the table lies, and what its lookups report to. */
export interface DptConfig {
  readonly world: DptWorld;
  /** CR0.DPT_WALK_EN. */
  readonly walks: boolean;
  /** The registers describe a table (3.24.4); otherwise the numbers below mean nothing. */
  readonly valid: boolean;
  /** PA in bytes of level 0, aligned down to its size. */
  readonly base: number;
  /** log2 of what the whole table, one level-0 entry and one granule cover. */
  readonly sizeBits: number;
  readonly level0Bits: number;
  readonly granuleBits: number;
  /** DPT_CFG_FAR.FAULT: a fault is held, further ones are not reported there. */
  readonly faultHeld: boolean;
  /** GERROR as it is, and whether DPT_ERR is active in it. */
  readonly gerror: number;
  readonly errorActive: boolean;
}

const DPT_ERR = gerrorMask('DPT_ERR');
const PAGE = 4096;
const ENTRY_BYTES = 8;

/** Whether the world has a Device Permission Table (3.24). */
export function dptSupported(ids: IdValues, world: World): world is DptWorld {
  return (
    (world === 'ns' && feature(ids, 'IDR3.DPT') === 1) ||
    (world === 'realm' && feature(ids, 'R_IDR3.DPT') === 1)
  );
}

/** The granule by DPTGS: one that IDR5 offers. DPTGS, DPTPS and L0DPTSZ are encoded as those of the GPT. */
function granuleOf(ids: IdValues, code: number): number {
  const bits = PGS_LOG2[code] ?? 0;
  const name = bits === 12 ? 'IDR5.GRAN4K' : bits === 14 ? 'IDR5.GRAN16K' : 'IDR5.GRAN64K';
  return bits !== 0 && feature(ids, name) === 1 ? bits : 0;
}

/**
 * Decodes the registers.
 * @param outputBits OAS
 * @returns null where the world has no table
 */
export function deriveDpt(
  bank: RegisterBank,
  world: World,
  ids: IdValues,
  outputBits: number,
): DptConfig | null {
  if (!dptSupported(ids, world)) return null;
  const name = (stem: string): string => WORLD_PREFIX[world] + stem;
  const cfg = name('DPT_BASE_CFG');
  const sizeBits = PPS_BITS[bank.field(cfg, 'DPTPS')] ?? 0;
  const level0Bits = L0GPTSZ_LOG2[bank.field(cfg, 'L0DPTSZ')] ?? 0;
  const granuleBits = granuleOf(ids, bank.field(cfg, 'DPTGS'));
  // L0DPTSZ within DPTPS and DPTPS within OAS put L0DPTSZ within OAS.
  const valid =
    sizeBits !== 0 &&
    sizeBits <= outputBits &&
    level0Bits !== 0 &&
    level0Bits <= sizeBits &&
    granuleBits !== 0;
  const align = valid ? Math.max(PAGE, 2 ** (sizeBits - level0Bits) * ENTRY_BYTES) : PAGE;
  const gerror = bank.lo(name('GERROR'));
  return {
    world,
    walks: bank.field(name('CR0'), 'DPT_WALK_EN') === 1,
    valid,
    base: Math.floor((bank.field(name('DPT_BASE'), 'BADDR') % 2 ** outputBits) / align) * align,
    sizeBits,
    level0Bits,
    granuleBits,
    faultHeld: bank.field(name('DPT_CFG_FAR'), 'FAULT') === 1,
    gerror,
    errorActive: ((gerror ^ bank.lo(name('GERRORN'))) & DPT_ERR) !== 0,
  };
}

/** Why a lookup in the table failed (3.24.4). */
export interface DptFault {
  /** DPT_CFG_FAR.DPT_FAULTCODE. */
  readonly code: number;
  readonly level: 0 | 1;
  /** The address that was looked up (PA in bytes). */
  readonly pa: number;
}

const { FADDR, DPT_FAULTCODE, LEVEL, FAULT } = REGISTERS.DPT_CFG_FAR.layout.fields;

/**
 * Reports a failed lookup (3.24.4): in DPT_CFG_FAR, where the first fault stays until software clears it, and in
 * GERROR.DPT_ERR unless that is active.
 * @param effects gets the changes; one of GERROR that is there already is kept
 */
export function reportDptFault(config: DptConfig, fault: DptFault, effects: Effect[]): void {
  const prefix = WORLD_PREFIX[config.world];
  if (!config.faultHeld) {
    const far = new Uint32Array(2);
    FADDR.set(far, 0, fault.pa);
    DPT_FAULTCODE.set(far, 0, fault.code);
    LEVEL.set(far, 0, fault.level);
    FAULT.set(far, 0, 1);
    const offset = offsetOf(`${prefix}DPT_CFG_FAR`);
    const what = `${prefix}DPT_CFG_FAR holds the failed lookup`;
    effects.push({ kind: 'register', offset, value: far[0] as number, what });
    effects.push({ kind: 'register', offset: offset + 4, value: far[1] as number, what });
  }
  if (config.errorActive) return;
  const offset = offsetOf(`${prefix}GERROR`);
  let { gerror } = config;
  for (const effect of effects)
    if (effect.kind === 'register' && effect.offset === offset) gerror = effect.value;
  const what = `${prefix}GERROR.DPT_ERR toggles`;
  effects.push({ kind: 'register', offset, value: (gerror ^ DPT_ERR) >>> 0, what });
}
